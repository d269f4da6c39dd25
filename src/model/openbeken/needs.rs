//! Which drivers a plug's pins and startup command need. Without the driver a role does nothing, and the firmware says so
//! only in its log.
//!
//! Source: `user_main.c` (drivers that start by the roles of pins) and `new_pins.h` of openshwprojects/OpenBK7231T_App.

use super::roles::Role;
use super::template::Pin;
use std::collections::BTreeMap;

/// Roles, as they begin or are named, and their driver.
#[rustfmt::skip]
const DRIVERS: [(&str, &str); 17] = [
    ("BL0937", "BL0937"),
    ("SM2135", "SM2135"),
    ("SM2235", "SM2235"),
    ("BP5758D", "BP5758D"),
    ("BP1658CJ", "BP1658CJ"),
    ("KP18058", "KP18058"),
    ("SM16703P", "SM16703P"),
    ("Bridge", "Bridge"),
    ("IR", "IR"),
    ("RCRecv", "RC"),
    ("Shutter", "Shutters"),
    ("BtnShutter", "Shutters"),
    ("BAT_", "Battery"),
    ("CHT83XX", "CHT83XX"),
    ("SHT3X", "SHT3X"),
    ("DS1820", "DS1820"),
    ("DoorSnsr", "DoorSensor"),
];
/// Commands that start a driver.
const START: &str = "startDriver";

/// The drivers that these pins and this startup command need, each once, in the firmware's spelling where a role asks
/// for it.
pub fn drivers(pins: &BTreeMap<u8, Pin>, command: &str) -> Vec<String> {
    let by_role = pins.values().filter_map(|pin| driver(pin.role)).map(str::to_owned);
    let mut needed: Vec<String> = Vec::new();
    for name in by_role.chain(started(command)) {
        if !needed.iter().any(|other| other.eq_ignore_ascii_case(&name)) {
            needed.push(name);
        }
    }
    needed
}

fn driver(role: Role) -> Option<&'static str> {
    let name = role.name()?;
    DRIVERS.iter().find(|(begin, _)| name.starts_with(begin)).map(|(_, driver)| *driver)
}

/// What a command starts: `startDriver X`, alone or in a backlog.
fn started(command: &str) -> impl Iterator<Item = String> {
    command.split(';').filter_map(|part| {
        let mut words = part.split_whitespace().skip_while(|word| word.eq_ignore_ascii_case("backlog"));
        let name = words.next().filter(|word| word.eq_ignore_ascii_case(START)).and(words.next())?;
        Some(name.trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pins(names: &[&str]) -> BTreeMap<u8, Pin> {
        (6..).zip(names).map(|(pin, name)| (pin, Pin::new(Role::parse(name).unwrap(), 1))).collect()
    }

    #[test]
    fn roles_need_their_drivers() {
        let meter = pins(&["Rel", "Btn", "BL0937CF", "BL0937CF1", "BL0937SEL_n", "WifiLED_n"]);
        assert_eq!(drivers(&meter, ""), ["BL0937"]);
        for (name, driver) in [
            ("BridgeFWD", "Bridge"),
            ("IRRecv_nPup", "IR"),
            ("IRSend", "IR"),
            ("RCRecv", "RC"),
            ("ShutterA", "Shutters"),
            ("BtnShutterUp", "Shutters"),
            ("BAT_Relay_n", "Battery"),
            ("KP18058_DAT", "KP18058"),
            ("SM2235CLK", "SM2235"),
            ("DS1820_IO", "DS1820"),
            ("DoorSnsrWSleep_nPup", "DoorSensor"),
        ] {
            assert_eq!(drivers(&pins(&[name]), ""), [driver], "{name}");
        }
        let none = ["Rel_n", "Btn_SmartLED", "PWM_n", "LED", "TglChanOnTgl", "dInput", "Btn_Tgl_All", "ADC"];
        assert_eq!(drivers(&pins(&none), ""), [""; 0]);
    }

    #[test]
    fn commands_need_what_they_start() {
        for (command, expected) in [
            ("startDriver BL0942", vec!["BL0942"]),
            ("backlog startDriver TuyaMCU; tuyaMcu_setBaudRate 9600", vec!["TuyaMCU"]),
            ("Backlog  STARTDRIVER RC ;startdriver rc; startDriver Shutters", vec!["RC", "Shutters"]),
            ("setChannel 1 1; restartDriver X; echo startDriver Y", vec![]),
            ("startDriver", vec![]),
        ] {
            assert_eq!(drivers(&BTreeMap::new(), command), expected, "{command}");
        }
        assert_eq!(drivers(&pins(&["BL0937CF"]), "startDriver bl0937"), ["BL0937"]);
    }
}
