//! Which of the firmware's drivers a template needs. A driver that an image lacks is a function that is dead, and the
//! firmware says nothing of it but a line in its log.

use super::doubt::{Code, Doubt};
use super::template::Template;
use crate::model::firmware::image::need::MAY_BE_MISSING;

/// Roles by the start of their name, and the driver behind them.
const BY_ROLE: [(&str, &str); 20] = [
    ("BL0937", "BL0937"),
    ("BL0939_", "BL0939SPI"),
    ("HLW_8112", "HLW8112SPI"),
    ("Bridge", "Bridge"),
    ("IRRecv", "IR"),
    ("IRSend", "IR"),
    ("RCRecv", "RC"),
    ("Shutter", "Shutters"),
    ("BtnShutter", "Shutters"),
    ("SM16703P", "SM16703P"),
    ("SM2135", "SM2135"),
    ("SM2235", "SM2235"),
    ("BP5758D", "BP5758D"),
    ("BP1658CJ", "BP1658CJ"),
    ("KP18058", "KP18058"),
    ("BAT_", "Battery"),
    ("CHT83XX", "CHT83XX"),
    ("SHT3X", "SHT3X"),
    ("DS1820", "DS1820"),
    ("DoorSnsr", "DoorSensor"),
];

/// Drivers that a command starts.
const BY_COMMAND: [&str; 7] = ["BL0942", "CSE7766", "TuyaMCU", "RC", "Shutters", "SM16703P", "DS1820"];

/// Drivers of energy meters.
pub const METERS: [&str; 5] = ["BL0937", "BL0942", "CSE7766", "BL0939SPI", "HLW8112SPI"];

/// An image, as far as its drivers matter.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// Its file's name.
    pub name: &'a str,
    /// Names in its table of drivers; `None`: the table can't be read, and nothing is refused for it.
    pub drivers: Option<&'a [String]>,
}

/// The drivers that a template needs, each once.
pub fn needed(template: &Template) -> Vec<&'static str> {
    let roles = template.pins.values().filter_map(|what| what.role.name());
    let mut found: Vec<&'static str> = roles
        .filter_map(|role| BY_ROLE.iter().find(|(begin, _)| role.starts_with(begin)).map(|(_, driver)| *driver))
        .collect();
    for part in template.command.split([';', '"']) {
        let mut words = part.split_whitespace().skip_while(|word| word.eq_ignore_ascii_case("backlog"));
        if words.next().is_some_and(|word| word.eq_ignore_ascii_case("startDriver"))
            && let Some(name) = words.next()
        {
            found.extend(BY_COMMAND.iter().chain(&METERS).find(|known| known.eq_ignore_ascii_case(name)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Those of them that an image lacks.
pub fn lacking(template: &Template, image: &Image<'_>) -> Vec<&'static str> {
    let Some(drivers) = image.drivers else { return Vec::new() };
    let has = |name: &str| drivers.iter().any(|driver| driver.eq_ignore_ascii_case(name));
    needed(template).into_iter().filter(|name| !has(name)).collect()
}

/// The doubt that an image raises.
pub fn doubt(template: &Template, image: &Image<'_>) -> Option<Doubt> {
    let lacking = lacking(template, image);
    if lacking.is_empty() {
        return None;
    }
    let names = lacking.join(", ");
    let text = format!(
        "{} has no {names}; this plug needs it, and without it that function is dead. Take an image that has it: the \
         plain build has most drivers.",
        image.name
    );
    let facts = vec![format!("image {}", image.name), format!("lacks {names}")];
    let is_minor = lacking.iter().all(|name| MAY_BE_MISSING.contains(name));
    Some(Doubt::new(Code::ImageLacks, text, facts).acceptable(is_minor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openbeken::roles::Role;
    use crate::model::openbeken::template::Pin;

    fn template(role: &str, command: &str) -> Template {
        let mut template = Template { command: command.into(), ..Template::default() };
        template.pins.insert(6, Pin::new(Role::parse(role).unwrap(), 1));
        template
    }

    #[test]
    fn roles_and_commands_name_their_drivers() {
        for (role, command, drivers) in [
            ("Rel", "", vec![]),
            ("BridgeFWD", "backlog startDriver BL0942; BridgePulseLength 5", vec!["BL0942", "Bridge"]),
            ("BL0937SEL_n", "", vec!["BL0937"]),
            ("SM16703P_DIN", "backlog startDriver SM16703P; SM16703P_Init 30 GRB", vec!["SM16703P"]),
            ("RCRecv", "startdriver rc", vec!["RC"]),
            ("KP18058_DAT", "KP18058_Current 7 7", vec!["KP18058"]),
            ("PWM", "startDriver NTP", vec![]),
        ] {
            assert_eq!(needed(&template(role, command)), drivers, "{role} {command}");
        }
    }

    #[test]
    fn what_an_image_lacks_is_a_doubt_and_only_small_things_can_be_accepted() {
        let drivers: Vec<String> = ["NTP", "TuyaMCU"].map(str::to_owned).to_vec();
        let image = Image { name: "OpenBK7231T_1.18.300_tuyaMCU", drivers: Some(&drivers) };
        let found = doubt(&template("BL0937CF", ""), &image).unwrap();
        assert!(found.text.starts_with("OpenBK7231T_1.18.300_tuyaMCU has no BL0937; this plug needs it"), "{found:?}");
        assert!(!found.is_acceptable());
        assert!(doubt(&template("IRRecv", ""), &image).unwrap().is_acceptable());
        assert_eq!(doubt(&template("Rel", "startDriver TuyaMCU"), &image), None);
        assert_eq!(doubt(&template("BL0937CF", ""), &Image { drivers: None, ..image }), None);
    }
}
