//! What a plug's own interface says of it: `/api/info` and `/api/pins`.

use super::expected::Expected;
use super::miss::Miss;
use crate::model::chip::mac::Mac;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::template::Pin;
use crate::model::openbeken::{PINS, Role};
use serde::Deserialize;

/// `/api/info`. What it has beside this may hold its owner's data and is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Info {
    /// Seconds since its start.
    pub uptime_s: u64,
    /// The firmware's text of itself, such as `Built on Aug  2 2026 19:38:07 version 1.18.300`.
    pub build: String,
    /// The MAC that it uses.
    pub mac: String,
    /// The chip that it was built for.
    pub chipset: String,
}

/// `/api/pins`: lists by GPIO number; one that is too short has zeros behind its end, as the firmware means it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Pins {
    /// Roles.
    pub roles: Vec<u8>,
    /// First channels.
    pub channels: Vec<u8>,
    /// Second channels.
    #[serde(default)]
    pub channels2: Vec<u8>,
}

impl Info {
    /// Reads an answer.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        read(body)
    }
}

impl Pins {
    /// Reads an answer.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        read(body)
    }

    fn pin(&self, number: u8) -> Pin {
        let of = |list: &[u8]| list.get(usize::from(number)).copied().unwrap_or(0);
        let role = of(&self.roles);
        // a channel without a role means nothing
        if role == 0 {
            return Pin::default();
        }
        Pin { role: Role(role), channel: of(&self.channels), channel2: of(&self.channels2) }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("an answer that is not OpenBeken's: {error}"))
}

/// Holds what a plug says of itself against what it must be.
pub fn judge_info(info: &Info, expected: &Expected) -> Result<(), Miss> {
    if Mac::parse(&info.mac) != Some(expected.mac) {
        return Err(Miss::new(FaultCode::NotAsPlanned, format!("MAC {}", expected.mac), format!("MAC {:?}", info.mac)));
    }
    let wanted = expected.name().map(|name| name.trim_start_matches("Open"));
    if let Some(wanted) = wanted.filter(|wanted| *wanted != info.chipset) {
        let found = format!("a build for {:?}", info.chipset);
        return Err(Miss::new(FaultCode::OtherVersion, format!("a build for {wanted:?}"), found));
    }
    let said = info.build.rsplit(' ').next().unwrap_or_default();
    if !expected.is_version(said) {
        let wanted = expected.version.as_deref().unwrap_or_default();
        return Err(Miss::new(FaultCode::OtherVersion, format!("version {wanted}"), format!("version {said}")));
    }
    Ok(())
}

/// Holds its pins against the plan.
pub fn judge_pins(pins: &Pins, expected: &Expected) -> Result<(), Miss> {
    let planned = expected.pins();
    let differs = |number: &u8| planned.get(number).copied().unwrap_or_default() != pins.pin(*number);
    let differing: Vec<u8> = (0..PINS).filter(differs).collect();
    if differing.is_empty() {
        return Ok(());
    }
    let list = |pin: &dyn Fn(u8) -> Pin| {
        let texts: Vec<String> = differing.iter().map(|number| format!("P{number} {}", pin(*number))).collect();
        texts.join(", ")
    };
    let wanted = list(&|number| planned.get(&number).copied().unwrap_or_default());
    Err(Miss::new(FaultCode::NotAsPlanned, wanted, list(&|number| pins.pin(number))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::openbeken::Config;
    use std::collections::BTreeMap;

    const MAC: Mac = Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]);

    fn expected() -> Expected {
        let mut config = Config::defaults(Chip::Bk7231M, MAC).unwrap();
        config.set_pins(&BTreeMap::from([
            (6, Pin::new(Role(1), 1)),
            (7, Pin { role: Role(3), channel: 1, channel2: 2 }),
        ]));
        Expected { chip: Chip::Bk7231M, mac: MAC, version: Some("1.18.300_tuyaMCU".into()), config: Some(config) }
    }

    const INFO: &str = r#"{"uptime_s":7,"build":"Built on Aug  2 2026 19:38:07 version 1.18.300","ip":"192.0.2.7",
        "mac":"18:DE:50:3A:8E:3F","flags":"1024","mqtthost":":1883","mqtttopic":"obk","chipset":"BK7231N","webapp":"",
        "shortName":"obk","startcmd":"","supportsSSDP":1,"supportsClientDeviceDB":true}"#;

    #[test]
    fn what_a_plug_says_of_itself_is_held_against_the_flash() {
        let info: Info = read(INFO.as_bytes()).unwrap();
        assert_eq!(
            judge_info(&info, &expected()),
            Ok(()),
            "an M's builds call themselves N's, a variant leaves its suffix out"
        );
        let code = |info: Info| judge_info(&info, &expected()).unwrap_err().code;
        assert_eq!(code(Info { mac: "18:DE:50:3A:8E:40".into(), ..info.clone() }), FaultCode::NotAsPlanned);
        assert_eq!(code(Info { build: "Built on x version 1.18.30".into(), ..info.clone() }), FaultCode::OtherVersion);
        assert_eq!(code(Info { chipset: "BK7231T".into(), ..info }), FaultCode::OtherVersion);
        assert!(read::<Info>(b"<html>").is_err());
    }

    #[test]
    fn roles_and_both_channels_of_every_pin_are_compared() {
        let list = |at: &[(usize, u8)]| {
            let mut list = vec![0; 29];
            for (at, value) in at {
                list[*at] = *value;
            }
            list
        };
        let pins = Pins {
            roles: list(&[(6, 1), (7, 3)]),
            channels: list(&[(6, 1), (7, 1), (9, 4)]),
            channels2: vec![0, 0, 0, 0, 0, 0, 0, 2],
        };
        assert_eq!(judge_pins(&pins, &expected()), Ok(()), "a channel without a role, and a list cut short");
        let miss = |pins: Pins| judge_pins(&pins, &expected()).unwrap_err().to_string();
        assert_eq!(miss(Pins { channels2: Vec::new(), ..pins.clone() }), "expected P7 Btn;1;2, found P7 Btn;1");
        assert_eq!(
            miss(Pins { roles: list(&[(6, 1), (7, 3), (8, 5)]), ..pins.clone() }),
            "expected P8 None;0, found P8 LED;0"
        );
        assert_eq!(
            miss(Pins { roles: list(&[(6, 2)]), ..pins }),
            "expected P6 Rel;1, P7 Btn;1;2, found P6 Rel_n;1, P7 None;0"
        );
    }
}
