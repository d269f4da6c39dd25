//! Pin roles: the numbers that the firmware stores and the names that its commands and templates use.
//!
//! Source: openshwprojects/OpenBK7231T_App, `new_pins.h` and `new_http.c`, at 1.18.299. The list is append-only: a
//! number never changes its meaning, an older firmware lacks the tail.

/// What a pin does, as its number in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Role(pub u8);

/// Names by number.
#[rustfmt::skip]
const NAMES: [&str; 99] = [
    "None", "Rel", "Rel_n", "Btn", "Btn_n", "LED", "LED_n", "PWM", "WifiLED", "WifiLED_n", "Btn_Tgl_All",
    "Btn_Tgl_All_n", "dInput", "dInput_n", "TglChanOnTgl", "dInput_NoPullUp", "dInput_NoPullUp_n", "BL0937SEL",
    "BL0937CF", "BL0937CF1", "ADC", "SM2135DAT", "SM2135CLK", "BP5758D_DAT", "BP5758D_CLK", "BP1658CJ_DAT",
    "BP1658CJ_CLK", "PWM_n", "IRRecv", "IRSend", "Btn_NextColor", "Btn_NextColor_n", "Btn_NextDimmer",
    "Btn_NextDimmer_n", "AlwaysHigh", "AlwaysLow", "UCS1912_DIN", "SM16703P_DIN", "Btn_NextTemperature",
    "Btn_NextTemperature_n", "Btn_ScriptOnly", "Btn_ScriptOnly_n", "DHT11", "DHT12", "DHT21", "DHT22", "CHT83XX_SDA",
    "CHT83XX_SCK", "SHT3X_SDA", "SHT3X_SCK", "SoftSDA", "SoftSCL", "SM2235DAT", "SM2235CLK", "BridgeFWD", "BridgeREV",
    "Btn_SmartLED", "Btn_SmartLED_n", "DoorSnsrWSleep", "DoorSnsrWSleep_nPup", "BAT_ADC", "BAT_Relay", "TM1637_DIO",
    "TM1637_CLK", "BL0937SEL_n", "DoorSnsrWSleep_pd", "SGP_CLK", "SGP_DAT", "ADC_Button", "GN6932_CLK", "GN6932_DAT",
    "GN6932_STB", "TM1638_CLK", "TM1638_DAT", "TM1638_STB", "BAT_Relay_n", "KP18058_CLK", "KP18058_DAT", "DS1820_IO",
    "PWM_ScriptOnly", "PWM_ScriptOnly_n", "Counter_f", "Counter_r", "IRRecv_nPup", "StripState", "StripState_n",
    "HLW_8112_SCSN", "RCRecv", "RCRecv_nPup", "Btn_pd", "Btn_pd_n", "TglChanOnTgl_pd", "ShutterA", "ShutterB",
    "BtnShutterUp", "BtnShutterDown", "BL0939_SCLK", "BL0939_MOSI", "BL0939_MISO",
];

impl Role {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// The firmware's name; `None` for a number that this list does not know.
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(usize::from(self.0)).copied()
    }

    /// From a name, in either case. The spellings `Button`, `Button_n`, `Relay` and `Relay_n` of old templates count
    /// too.
    pub fn parse(name: &str) -> Option<Self> {
        let name = match name.to_ascii_lowercase().as_str() {
            "button" => "Btn",
            "button_n" => "Btn_n",
            "relay" => "Rel",
            "relay_n" => "Rel_n",
            _ => name,
        };
        let number = NAMES.iter().position(|known| known.eq_ignore_ascii_case(name))?;
        u8::try_from(number).ok().map(Self)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "role {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_firmware() {
        for (number, name) in [
            (0, "None"),
            (1, "Rel"),
            (3, "Btn"),
            (5, "LED"),
            (9, "WifiLED_n"),
            (17, "BL0937SEL"),
            (18, "BL0937CF"),
            (19, "BL0937CF1"),
            (64, "BL0937SEL_n"),
            (98, "BL0939_MISO"),
        ] {
            assert_eq!(Role::parse(name), Some(Role(number)));
            assert_eq!(Role(number).to_string(), name);
        }
        assert_eq!(Role(99).name(), None);
    }

    #[test]
    fn case_and_old_spellings_do_not_matter() {
        assert_eq!(Role::parse("wifiled_N"), Some(Role(9)));
        assert_eq!(Role::parse("Button"), Some(Role(3)));
        assert_eq!(Role::parse("relay_n"), Some(Role(2)));
        assert_eq!(Role::parse("Toaster"), None);
    }

    #[test]
    fn no_name_occurs_twice() {
        for number in 0..NAMES.len() as u8 {
            assert_eq!(Role::parse(Role(number).name().unwrap()), Some(Role(number)));
        }
    }
}
