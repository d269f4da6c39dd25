//! Which of the vendor's keys names which pin.
//!
//! Sources: OpenBekenIOT/webapp (`templateParser.js`), openshwprojects/BK7231GUIFlashTool (`TuyaConfig.cs`),
//! libretiny-eu/upk2esphome (levels).

use super::roles::Role;

/// Where a pin's channel comes from.
#[derive(Clone, Copy)]
pub(super) enum Channel {
    /// The number in the key.
    Number,
    /// Always this one.
    Fixed(u8),
}

/// What an importer makes of a key.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) role: &'static str,
    pub(super) channel: Channel,
}

/// A row of the mapping; `#` in a key stands for digits.
pub(super) struct Row {
    pub(super) key: &'static str,
    /// The web application's importer; `None`: it ignores the key.
    pub(super) web: Option<Target>,
    /// BK7231GUIFlashTool.
    pub(super) flasher: Option<Target>,
    /// The key of the active level, and the role at level 1 and at level 0; empty: the level cannot be honoured.
    pub(super) level: (&'static str, &'static str, &'static str),
}

const fn at(role: &'static str, channel: u8) -> Target {
    Target { role, channel: Channel::Fixed(channel) }
}

const fn numbered(role: &'static str) -> Target {
    Target { role, channel: Channel::Number }
}

const fn both(key: &'static str, target: Target, level: (&'static str, &'static str, &'static str)) -> Row {
    Row { key, web: Some(target), flasher: Some(target), level }
}

const fn flasher(key: &'static str, target: Target, level: (&'static str, &'static str, &'static str)) -> Row {
    Row { key, web: None, flasher: Some(target), level }
}

const NO_LEVEL: (&str, &str, &str) = ("", "", "");

/// All rows, in the order in which the web importer applies them: a later row wins a pin that two rows name.
pub(super) static ROWS: &[Row] = &[
    both("rl#_pin", numbered("Rel"), ("rl#_lv", "Rel", "Rel_n")),
    both("netled_pin", at("WifiLED_n", 0), ("netled_lv", "WifiLED", "WifiLED_n")),
    both("netled#_pin", at("WifiLED_n", 0), ("netled#_lv", "WifiLED", "WifiLED_n")),
    both("door#_magt_pin", numbered("dInput"), NO_LEVEL),
    both("led#_pin", numbered("LED"), ("led#_lv", "LED", "LED_n")),
    both("bt#_pin", numbered("Btn"), ("bt#_lv", "Btn_n", "Btn")),
    both("onoff#", numbered("TglChanOnTgl"), NO_LEVEL),
    both("gate_sensor_pin_pin", at("dInput", 0), NO_LEVEL),
    both("ele_pin", at("BL0937CF", 0), NO_LEVEL),
    both("vi_pin", at("BL0937CF1", 0), NO_LEVEL),
    both("sel_pin_pin", at("BL0937SEL", 0), ("sel_pin_lv", "BL0937SEL", "BL0937SEL_n")),
    both("wfst_pin", at("WifiLED_n", 0), ("wfst_lv", "WifiLED", "WifiLED_n")),
    both("infrr", at("IRRecv", 0), NO_LEVEL),
    both("infre", at("IRSend", 0), NO_LEVEL),
    both("remote_io", at("RCRecv", 0), NO_LEVEL),
    Row { key: "r_pin", web: Some(at("PWM", 1)), flasher: Some(at("PWM", 0)), level: ("r_lv", "PWM", "PWM_n") },
    Row { key: "g_pin", web: Some(at("PWM", 2)), flasher: Some(at("PWM", 1)), level: ("g_lv", "PWM", "PWM_n") },
    Row { key: "b_pin", web: Some(at("PWM", 3)), flasher: Some(at("PWM", 2)), level: ("b_lv", "PWM", "PWM_n") },
    Row { key: "c_pin", web: Some(at("PWM", 4)), flasher: Some(at("PWM", 3)), level: ("c_lv", "PWM", "PWM_n") },
    Row { key: "w_pin", web: Some(at("PWM", 5)), flasher: Some(at("PWM", 4)), level: ("w_lv", "PWM", "PWM_n") },
    both("total_bt_pin", at("Btn_Tgl_All", 0), ("total_bt_lv", "Btn_Tgl_All_n", "Btn_Tgl_All")),
    both("reset_pin", at("Btn", 0), NO_LEVEL),
    Row {
        key: "key_pin",
        web: Some(at("Btn_Tgl_All", 0)),
        flasher: None,
        level: ("key_lv", "Btn_Tgl_All_n", "Btn_Tgl_All"),
    },
    Row { key: "mic", web: Some(at("ADC", 0)), flasher: None, level: NO_LEVEL },
    Row { key: "firstpin_pin", web: Some(at("PWM", 1)), flasher: None, level: NO_LEVEL },
    Row { key: "secpin_pin", web: Some(at("PWM", 2)), flasher: None, level: NO_LEVEL },
    // The web importer knows bridges of one relay only; a bridge has no inverted role.
    Row { key: "rl_on1_pin", web: Some(at("BridgeFWD", 1)), flasher: Some(at("Rel", 1)), level: NO_LEVEL },
    Row { key: "rl_off1_pin", web: Some(at("BridgeREV", 1)), flasher: Some(at("Rel_n", 1)), level: NO_LEVEL },
    flasher("rl_on#_pin", numbered("Rel"), ("rl_on#_lv", "Rel", "Rel_n")),
    flasher("rl_off#_pin", numbered("Rel_n"), ("rl_off#_lv", "Rel", "Rel_n")),
    flasher("rl", at("Rel", 0), NO_LEVEL),
    flasher("bt_pin", at("Btn", 0), ("bt_lv", "Btn_n", "Btn")),
    flasher("bt", at("Btn", 0), NO_LEVEL),
    flasher("k#pin_pin", numbered("Btn"), ("k#pin_lv", "Btn_n", "Btn")),
    flasher("wfst", at("WifiLED_n", 0), ("wfst_lv", "WifiLED", "WifiLED_n")),
    flasher("status_led_pin", at("WifiLED_n", 0), NO_LEVEL),
    flasher("backlit_io_pin", at("LED", 0), NO_LEVEL),
    flasher("basic_pin_pin", at("dInput", 0), NO_LEVEL),
    flasher("epin", at("BL0937CF", 0), NO_LEVEL),
    flasher("ivpin", at("BL0937CF1", 0), NO_LEVEL),
    flasher("ivcpin", at("BL0937SEL", 0), NO_LEVEL),
    flasher("irpin", at("IRRecv", 0), NO_LEVEL),
    flasher("samp_pin", at("BAT_ADC", 0), NO_LEVEL),
    flasher("samp_sw_pin", at("BAT_Relay", 0), NO_LEVEL),
    flasher("mosi", at("SM16703P_DIN", 0), NO_LEVEL),
];

/// An I2C driver of a bulb's LEDs: it is the one whose current the settings give; the first match wins.
pub(super) struct LedDriver {
    /// Keys of which one must exist.
    pub(super) currents: &'static [&'static str],
    pub(super) data: &'static str,
    pub(super) clock: &'static str,
    pub(super) name: &'static str,
    /// Whether only BK7231GUIFlashTool knows it.
    pub(super) flasher_only: bool,
}

/// The drivers.
pub(super) static LED_DRIVERS: &[LedDriver] = &[
    LedDriver {
        currents: &["ehccur", "wampere", "iicccur"],
        data: "SM2135DAT",
        clock: "SM2135CLK",
        name: "SM2135",
        flasher_only: false,
    },
    LedDriver { currents: &["dccur"], data: "BP5758D_DAT", clock: "BP5758D_CLK", name: "BP5758D", flasher_only: false },
    LedDriver {
        currents: &["cjwcur"],
        data: "BP1658CJ_DAT",
        clock: "BP1658CJ_CLK",
        name: "BP1658CJ",
        flasher_only: false,
    },
    LedDriver {
        currents: &["2235ccur", "2335ccur"],
        data: "SM2235DAT",
        clock: "SM2235CLK",
        name: "SM2235",
        flasher_only: false,
    },
    LedDriver {
        currents: &["kp58wcur"],
        data: "KP18058_DAT",
        clock: "KP18058_CLK",
        name: "KP18058",
        flasher_only: true,
    },
];

/// Keys that name pins for which the firmware has no role, or none that an importer would set.
pub(super) const UNMAPPED: [&str; 11] = [
    "ctrl_pin",
    "buzzer_io",
    "bz_pin_pin",
    "i2c_scl_pin",
    "i2c_sda_pin",
    "one_wire_pin",
    "alt_pin_pin",
    "ir",
    "miso",
    "SCL",
    "CS",
];

/// The digits of `key` where `pattern` has `#`; an empty string for a pattern without.
pub(super) fn digits<'a>(pattern: &str, key: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once('#') else {
        return (pattern == key).then_some("");
    };
    let digits = key.strip_prefix(before)?.strip_suffix(after)?;
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

impl Target {
    /// The role's number.
    pub(super) fn role(self) -> Role {
        Role::parse(self.role).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_of_the_table_exists() {
        for row in ROWS {
            for target in [row.web, row.flasher].into_iter().flatten() {
                assert!(Role::parse(target.role).is_some(), "{}", target.role);
            }
            let (key, high, low) = row.level;
            assert!(key.is_empty() || (Role::parse(high).is_some() && Role::parse(low).is_some()), "{}", row.key);
        }
        for driver in LED_DRIVERS {
            assert!(Role::parse(driver.data).is_some() && Role::parse(driver.clock).is_some(), "{}", driver.name);
        }
    }

    #[test]
    fn digits_stand_where_the_pattern_says() {
        assert_eq!(digits("rl#_pin", "rl12_pin"), Some("12"));
        assert_eq!(digits("rl#_pin", "rl_pin"), None);
        assert_eq!(digits("rl#_pin", "rl_on1_pin"), None);
        assert_eq!(digits("onoff#", "onoff3"), Some("3"));
        assert_eq!(digits("onoff#", "onoffmode"), None);
        assert_eq!(digits("mic", "mic"), Some(""));
    }
}
