//! Plugs whose settings are damaged or hostile: what may come out of them, looked at without the station's own eyes.

use flashjig::model::chip::Chip;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::openbeken::{Config, config};
use flashjig::model::unit::Unit;
use flashjig::sim::factory;
use flashjig::sim::seed::Seed;
use std::collections::BTreeSet;

/// What the plugs of these cases are made by.
pub const RECIPE: &str = "[backup]\nmode = \"proven\"\n[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\n";

macro_rules! settings {
    ($($name:literal)*) => {
        [$(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/settings/", $name, ".json"))),*]
    };
}

/// Settings of real plugs.
const REAL: [&str; 12] = settings!(
    "nous-a1" "tongou-sy1" "lsc-3202087" "curtain-moes" "lsc-3004200-dual-latching" "kp18058-setti" "athom-garage"
    "rr620w" "deta-6921ha" "moes-rf-bdrate" "micpin-mosi-bar" "no-iicw-rgbc"
);
const STORE: usize = 0x1E_E000;
const SECTOR: usize = 0x1000;
/// Where the three factors of the meter lie in the configuration.
const FACTORS: usize = 0x498;
/// Voltage, current and power that the factory measures with.
const LOAD: [f64; 3] = [220.0, 0.392, 86.4];

/// A plug and the texts that its pins may come from.
pub struct Plug {
    pub flash: Vec<u8>,
    texts: Vec<String>,
    unit: u32,
}

/// A stock plug of this unit with damaged or hostile settings.
pub fn plug(chip: Chip, unit: u32, seed: u64) -> Plug {
    let mut seed = Seed::new(seed);
    let one = REAL[seed.draw() as usize % REAL.len()].trim().to_owned();
    let two = REAL[seed.draw() as usize % REAL.len()].trim().to_owned();
    let what = seed.draw() % 10;
    let text = match what {
        0 | 1 => one_number_changed(&one, &mut seed),
        2 => cut(&one, &mut seed),
        3 => swollen(&one, &mut seed),
        4 => hostile(&one, &mut seed),
        _ => one.clone(),
    };
    // the second copy is the same, another plug's, or missing
    let copy = match seed.draw() % 4 {
        0 => two,
        1 => String::new(),
        _ => text.clone(),
    };
    let mut flash = factory::metering(chip, unit, &[("user_param_key", &text)], &[("oem_cfg", copy.as_bytes())]);
    match what {
        5 => flip(&mut flash[STORE..STORE + 6 * SECTOR], &mut seed),
        6 => flip(&mut flash[STORE - 28 * SECTOR..STORE], &mut seed),
        7 => {
            let at = STORE + (seed.draw() % 6) as usize * SECTOR;
            flash[at..at + SECTOR].fill(0xFF);
        }
        8 => {
            let from = STORE + (seed.draw() % 6) as usize * SECTOR;
            let sector = flash[from..from + SECTOR].to_vec();
            let to = STORE + (seed.draw() % 6) as usize * SECTOR;
            flash[to..to + SECTOR].copy_from_slice(&sector);
        }
        _ => {}
    }
    Plug { flash, texts: vec![text, copy], unit }
}

/// One number of the settings becomes another one.
fn one_number_changed(text: &str, seed: &mut Seed) -> String {
    let places: Vec<(usize, usize)> = numbers(text).map(|(at, digits)| (at, digits.len())).collect();
    let Some(&(at, length)) = places.get(seed.draw() as usize % places.len().max(1)) else { return text.to_owned() };
    let other = match seed.draw() % 6 {
        0 => "-1".to_owned(),
        1 => "99999999999999999999".to_owned(),
        2 => "\"six\"".to_owned(),
        3 => "[[[7]]]".to_owned(),
        _ => (seed.draw() % 40).to_string(),
    };
    format!("{}{other}{}", &text[..at], &text[at + length..])
}

fn cut(text: &str, seed: &mut Seed) -> String {
    let mut end = seed.draw() as usize % text.len().max(1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// The same keys again and again, each with another pin.
fn swollen(text: &str, seed: &mut Seed) -> String {
    let more: Vec<String> =
        (0..seed.draw() % 40).map(|n| format!(",\"rl{}_pin\":{}", n % 6 + 1, seed.draw() % 29)).collect();
    let more = more.concat();
    format!("{}{more}}}", text.trim_end_matches(['}', '\0', ' ', '\n']))
}

/// Commands and control characters where names are expected.
fn hostile(text: &str, seed: &mut Seed) -> String {
    let evil = [
        "\"module\":\"X\\nsetPinRole 6 Rel\"",
        "\"module\":\"backlog reboot; reboot\"",
        "\"rl1_pin\":{\"a\":{\"b\":{\"c\":6}}}",
        "\"\\u0000\":\"\\u0000\"",
        "\"bt1_pin\":1e400",
    ];
    let evil = evil[seed.draw() as usize % evil.len()];
    format!("{{{evil},{}", text.trim_start_matches('{'))
}

fn flip(bytes: &mut [u8], seed: &mut Seed) {
    for _ in 0..=seed.draw() % 8 {
        let at = seed.draw() as usize % bytes.len();
        bytes[at] ^= 1 << (seed.draw() % 8);
    }
}

/// Runs of digits in a text, each with its place.
fn numbers(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_begin = |at: usize| at == 0 || !text.as_bytes()[at - 1].is_ascii_digit();
    let begins = (0..text.len()).filter(move |&at| text.as_bytes()[at].is_ascii_digit() && is_begin(at));
    begins.map(|at| {
        let length = text[at..].bytes().take_while(u8::is_ascii_digit).count();
        (at, &text[at..at + length])
    })
}

impl Plug {
    /// `want` with the configuration that the unit made of it, which [`Self::wrong`] looks at.
    pub fn expected(chip: Chip, want: &[u8], unit: Option<&Unit>, flash: &[u8]) -> Vec<u8> {
        let mut want = want.to_vec();
        let is_configured = unit.and_then(|unit| unit.config.as_ref()).is_some_and(|config| config.checked);
        if is_configured && flash.len() == want.len() {
            let at = config::address(chip) as usize;
            want[at..at + SECTOR].copy_from_slice(&flash[at..at + SECTOR]);
        }
        want
    }

    /// What must never come out.
    pub fn wrong(&self, chip: Chip, unit: Option<&Unit>, flash: &[u8], erases: u64) -> Vec<&'static str> {
        let Some(unit) = unit else { return Vec::new() };
        let mut wrong = Vec::new();
        if unit.verdict != Verdict::Pass {
            if erases > 0 || flash != self.flash {
                wrong.push("touched in doubt");
            }
            return wrong;
        }
        // its recipe accepts none
        if unit.config.as_ref().is_some_and(|config| !config.doubts.is_empty()) {
            wrong.push("passed in doubt");
        }
        let Ok(config) = Config::parse(&flash[config::address(chip) as usize..]) else {
            wrong.push("no configuration");
            return wrong;
        };
        let named: BTreeSet<u64> = self
            .texts
            .iter()
            .flat_map(|text| numbers(text).map(|(_, digits)| digits.parse().unwrap_or(u64::MAX)).collect::<Vec<_>>())
            .collect();
        if config.pins().keys().any(|pin| !named.contains(&u64::from(*pin))) {
            wrong.push("a pin out of nowhere");
        }
        let at = config::address(chip) as usize + FACTORS;
        let found: Vec<f64> = flash[at..at + 12]
            .chunks(4)
            .map(|word| f64::from(f32::from_le_bytes([word[0], word[1], word[2], word[3]])))
            .collect();
        let figures = factory::calibration(self.unit);
        let expected = [figures.v, figures.i, figures.p].map(f64::from);
        let is_near = |n: usize| (found[n] / (expected[n] * LOAD[n] * 1e-6) - 1.0).abs() < 0.02;
        if found.iter().any(|factor| *factor != 0.0) && !(0..3).all(is_near) {
            wrong.push("a false calibration");
        }
        wrong
    }
}
