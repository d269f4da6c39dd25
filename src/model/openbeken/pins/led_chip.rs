//! Lamps whose LEDs hang on a chip with two wires: which chip, how much current, which colour on which output.
//!
//! The public importer prints the vendor's numbers into `LED_Map`, which wants their inverse: `iicr` to `iicw` say on which
//! output of the chip a colour sits (0 is OUT1), the command says which colour each output gets. In addition BP5758D,
//! BP1658CJ and SM2235 take OUT4 from the fifth argument and OUT5 from the fourth (APP `drv_bp5758d.c`, `drv_bp1658cj.c`,
//! `drv_sm2235.c`). Evidence: Arlec GLD130HA (2 0 1 4 3, SM2135, template 1 2 0 4 3), LSC 2578539 (1 0 2 4 3, BP5758D,
//! template 1 0 2 3 4), Feit OM60 (traced on its board, APP #1656), Smarteck (4 2 3 1 0, two templates 4 3 1 0 2),
//! LightingInside (1 2 0 4 3, SM2235, template 2 0 1 3 4).

use crate::model::openbeken::settings::Settings;

/// A row of the chips.
pub(super) struct LedChip {
    /// The vendor's number of the chip, `dmod`; `None`: not known.
    dmod: Option<i64>,
    /// Keys of the current of the colours, and of the whites; the first that is there counts.
    pub(super) colour: &'static [&'static str],
    pub(super) white: &'static [&'static str],
    unit: Unit,
    /// The driver's name, also the start of its commands.
    pub(super) name: &'static str,
    pub(super) data: &'static str,
    pub(super) clock: &'static str,
    /// OUT4 is the fifth argument of the map, OUT5 the fourth.
    is_crossed: bool,
}

/// What the numbers of the current mean.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Steps as the command takes them, up to this one.
    Code(i64),
    /// Milliamperes where the command takes steps of 5 mA from 10 on.
    Steps,
    /// Milliamperes as the command takes them; of cold and warm white the higher counts.
    Milliampere,
    /// Codes, of which nobody knows which is which: only equal ones are sure.
    Equal(i64),
}

/// All chips. `dmod` fits the keys in all 71 units of CC.
#[rustfmt::skip]
static CHIPS: [LedChip; 7] = [
    // mA (APP `drv_sm2135.h`: code 0 is 10 mA, each step 5 mA)
    LedChip { dmod: Some(2), colour: &["campere"], white: &["wampere"], unit: Unit::Steps, name: "SM2135", data: "SM2135DAT", clock: "SM2135CLK", is_crossed: false },
    // codes (template LAB22S: 1 6)
    LedChip { dmod: Some(3), colour: &["ehccur"], white: &["ehwcur"], unit: Unit::Code(15), name: "SM2135", data: "SM2135DAT", clock: "SM2135CLK", is_crossed: false },
    LedChip { dmod: Some(4), colour: &["iicccur"], white: &["iicwcur"], unit: Unit::Code(15), name: "SM2135", data: "SM2135DAT", clock: "SM2135CLK", is_crossed: false },
    // 4-bit codes
    LedChip { dmod: Some(5), colour: &["cjccur"], white: &["cjwcur"], unit: Unit::Code(15), name: "BP1658CJ", data: "BP1658CJ_DAT", clock: "BP1658CJ_CLK", is_crossed: true },
    // mA (Merkury MI-BW210: 29 and 65 in settings and template)
    LedChip { dmod: Some(6), colour: &["drgbcur"], white: &["dccur", "dwcur"], unit: Unit::Milliampere, name: "BP5758D", data: "BP5758D_DAT", clock: "BP5758D_CLK", is_crossed: true },
    LedChip { dmod: Some(7), colour: &["2235ccur", "2335ccur"], white: &["2235wcur", "2335wcur"], unit: Unit::Code(15), name: "SM2235", data: "SM2235DAT", clock: "SM2235CLK", is_crossed: true },
    // By the pattern of the others c is the colour; BK7231GUIFlashTool and APP #1967 put `kp58wcur` first.
    LedChip { dmod: None, colour: &["kp58ccur"], white: &["kp58wcur"], unit: Unit::Equal(31), name: "KP18058", data: "KP18058_DAT", clock: "KP18058_CLK", is_crossed: false },
];

/// What the settings say of the chip.
#[derive(Clone, Copy, Default)]
pub(super) enum Found {
    /// There is none.
    #[default]
    None,
    /// This one.
    Chip(&'static LedChip),
    /// Two wires, and the reason why the chip is not known.
    Unknown(&'static str),
}

/// Which chip the currents name.
pub(super) fn find(settings: Settings<'_>) -> Found {
    let wires = ["iicsda", "iicscl"].map(|key| settings.pin(key));
    if wires == [None, None] {
        return Found::None;
    }
    if wires.contains(&None) {
        return Found::Unknown("only one of its two wires is named");
    }
    let has = |chip: &&LedChip| chip.colour.iter().chain(chip.white).any(|key| settings.has(key));
    let mut fitting = CHIPS.iter().filter(has);
    match (fitting.next(), fitting.next()) {
        (None, _) => Found::Unknown("no current names it"),
        (Some(_), Some(_)) => Found::Unknown("the currents of two chips are given"),
        (Some(chip), None) => {
            let fits =
                |dmod: i64| chip.dmod.map_or_else(|| CHIPS.iter().all(|c| c.dmod != Some(dmod)), |own| own == dmod);
            if settings.number("dmod").is_none_or(fits) {
                Found::Chip(chip)
            } else {
                Found::Unknown("dmod is another chip's")
            }
        }
    }
}

impl LedChip {
    /// The command for the current; without it the firmware's start values hold, and most lamps glow at a part of their
    /// light. The error says why there is none.
    pub(super) fn current(&self, settings: Settings<'_>) -> Result<String, String> {
        let highest = |keys: &[&str]| keys.iter().filter_map(|key| settings.number(key)).max();
        let (colour, white) = (highest(self.colour), highest(self.white));
        // a lamp without colours has no current for them, and any limit will do
        let [red, cold] = ["iicr", "iicc"].map(|key| settings.number(key).is_some());
        let (colour, white) = match (colour, white) {
            (Some(colour), Some(white)) => (colour, white),
            (None, Some(white)) if !red => (white, white),
            (Some(colour), None) if !cold => (colour, colour),
            _ => return Err("one of two is missing".to_owned()),
        };
        let limit = match self.unit {
            Unit::Equal(_) if colour != white => {
                return Err("they differ, and which is which is not known".to_owned());
            }
            Unit::Code(limit) | Unit::Equal(limit) => limit,
            Unit::Steps => 85,
            Unit::Milliampere => 90,
        };
        if [colour, white].iter().any(|value| !(0..=limit).contains(value)) {
            return Err(format!("expected 0 to {limit}, found {colour} and {white}"));
        }
        let value = |given: i64| if self.unit == Unit::Steps { (given - 10).max(0) / 5 } else { given };
        Ok(format!("{}_Current {} {}", self.name, value(colour), value(white)))
    }

    /// The command for the map of colours; `None`: the settings say nothing, the firmware's start map holds. `LED_Map` is
    /// an alias that a KP18058 does not have, so each driver's own command is used.
    pub(super) fn map(&self, settings: Settings<'_>) -> Result<Option<String>, &'static str> {
        let Some(out) = outputs(settings)? else { return Ok(None) };
        let [a, b, c, d, e] = out.map(|colour| colour.to_string());
        let (d, e) = if self.is_crossed { (e, d) } else { (d, e) };
        Ok(Some(format!("{}_Map {a} {b} {c} {d} {e}", self.name)))
    }
}

/// Outputs of red, green, blue, cold and warm.
pub(super) const OUTPUTS: [&str; 5] = ["iicr", "iicg", "iicb", "iicc", "iicw"];

/// The colour on each output, -1 for none.
fn outputs(settings: Settings<'_>) -> Result<Option<[i8; 5]>, &'static str> {
    let places = OUTPUTS.map(|key| settings.number(key).filter(|&place| (0..29).contains(&place)));
    if places.iter().all(Option::is_none) {
        return Ok(None);
    }
    let mut out = [-1_i8; 5];
    for (colour, place) in (0_i8..).zip(places) {
        let Some(place) = place else { continue };
        let output = usize::try_from(place).ok().and_then(|place| out.get_mut(place)).ok_or("an output above OUT5")?;
        match (*output, colour) {
            (-1, _) => *output = colour,
            // a lamp with one white names it twice
            (3, 4) => {}
            (0..=2, 3 | 4) => return Err("a colour and a white are said to be on one output"),
            _ => return Err("two colours are said to be on one output"),
        }
    }
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn lamp(places: [i64; 5]) -> Value {
        OUTPUTS
            .iter()
            .zip(places)
            .filter(|(_, place)| *place >= 0)
            .map(|(key, place)| (key.to_string(), Value::from(place)))
            .collect()
    }

    fn map(name: &str, places: [i64; 5]) -> String {
        let chip = CHIPS.iter().find(|chip| chip.name == name).unwrap();
        let lamp = lamp(places);
        let command = chip.map(Settings(lamp.as_object().unwrap())).unwrap().unwrap();
        command.strip_prefix(&format!("{name}_Map ")).unwrap().to_owned()
    }

    #[test]
    fn the_map_is_the_inverse_of_the_vendors_numbers() {
        for (vendor, straight, crossed) in [
            ([2, 1, 0, 4, 3], "2 1 0 4 3", "2 1 0 3 4"),
            ([1, 0, 2, 4, 3], "1 0 2 4 3", "1 0 2 3 4"),
            ([2, 0, 1, 4, 3], "1 2 0 4 3", "1 2 0 3 4"),
            ([1, 2, 0, 4, 3], "2 0 1 4 3", "2 0 1 3 4"),
            ([1, 2, 0, 3, 4], "2 0 1 3 4", "2 0 1 4 3"),
            ([4, 2, 3, 1, 0], "4 3 1 2 0", "4 3 1 0 2"),
            ([2, 1, 0, 4, -1], "2 1 0 -1 3", "2 1 0 3 -1"),
            ([2, 1, 0, 3, 3], "2 1 0 3 -1", "2 1 0 -1 3"),
        ] {
            for (names, expected) in
                [(["SM2135", "KP18058"].as_slice(), straight), (&["BP5758D", "BP1658CJ", "SM2235"], crossed)]
            {
                assert!(names.iter().all(|name| map(name, vendor) == expected), "{vendor:?} {expected}");
            }
        }
    }

    #[test]
    fn two_colours_on_one_output_are_no_map() {
        for places in [[1, 1, 0, 4, 3], [0, 1, 2, 2, 3], [0, 1, 5, 3, 4], [-1, -1, 9, -1, -1]] {
            assert!(outputs(Settings(lamp(places).as_object().unwrap())).is_err(), "{places:?}");
        }
        assert_eq!(outputs(Settings(lamp([-1; 5]).as_object().unwrap())), Ok(None));
    }

    #[test]
    fn the_chip_is_told_by_its_current_and_dmod_may_not_contradict() {
        for (key, dmod, name) in [
            ("campere", 2, "SM2135"),
            ("wampere", 2, "SM2135"),
            ("ehccur", 3, "SM2135"),
            ("iicwcur", 4, "SM2135"),
            ("cjwcur", 5, "BP1658CJ"),
            ("dccur", 6, "BP5758D"),
            ("2235ccur", 7, "SM2235"),
            ("2335wcur", 7, "SM2235"),
            ("kp58wcur", 9, "KP18058"),
        ] {
            let found = |json: Value| match find(Settings(json.as_object().unwrap())) {
                Found::Chip(chip) => Some(chip.name),
                _ => None,
            };
            assert_eq!(found(json!({"iicsda": 7, "iicscl": 8, key: 5})), Some(name), "{key}");
            assert_eq!(found(json!({"iicsda": 7, "iicscl": 8, key: 5, "dmod": dmod})), Some(name), "{key}");
            let other = if dmod == 2 { 6 } else { 2 };
            assert_eq!(found(json!({"iicsda": 7, "iicscl": 8, key: 5, "dmod": other})), None, "{key}");
            assert_eq!(found(json!({"iicsda": 7, "iicscl": 31, key: 5})), None, "{key}");
        }
        let two = json!({"iicsda": 7, "iicscl": 8, "dccur": 5, "cjwcur": 5});
        assert!(matches!(find(Settings(two.as_object().unwrap())), Found::Unknown(why) if why.contains("two chips")));
        assert!(matches!(find(Settings(json!({"r_pin": 7}).as_object().unwrap())), Found::None));
    }

    #[test]
    fn currents_come_in_the_commands_own_unit() {
        let command = |json: Value| {
            let settings = Settings(json.as_object().unwrap());
            let chip = CHIPS.iter().find(|chip| chip.colour.iter().chain(chip.white).any(|key| settings.has(key)));
            chip.unwrap().current(settings)
        };
        for (json, expected) in [
            (json!({"campere": 20, "wampere": 37}), "SM2135_Current 2 5"),
            (json!({"ehccur": 1, "ehwcur": 6}), "SM2135_Current 1 6"),
            (json!({"iicccur": "3", "iicwcur": 4}), "SM2135_Current 3 4"),
            (json!({"cjccur": 5, "cjwcur": 9}), "BP1658CJ_Current 5 9"),
            (json!({"drgbcur": 15, "dccur": 50, "dwcur": 53}), "BP5758D_Current 15 53"),
            (json!({"2235ccur": 2, "2235wcur": 4}), "SM2235_Current 2 4"),
            (json!({"kp58wcur": 7, "kp58ccur": 7}), "KP18058_Current 7 7"),
            (json!({"cjwcur": 9, "iicc": 0}), "BP1658CJ_Current 9 9"),
        ] {
            assert_eq!(command(json), Ok(expected.to_owned()));
        }
        for json in [
            json!({"kp58wcur": 7, "kp58ccur": 9}),
            json!({"cjwcur": 9, "iicr": 0}),
            json!({"cjccur": 16, "cjwcur": 9}),
            json!({"drgbcur": 200, "dccur": 1}),
            json!({"ehccur": -1, "ehwcur": 6}),
        ] {
            assert!(command(json.clone()).is_err(), "{json}");
        }
    }
}
