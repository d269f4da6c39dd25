//! Judges what a board says on its log line.

use super::boot_log::Heard;
use super::expected::Expected;
use super::miss::Miss;
use crate::model::cycle::fault::FaultCode;

/// So many starts more than the one that was asked for are a loop. One may be a command at its start that restarts it.
const LOOP: u32 = 2;
/// Seconds behind which a start counts as steady where the firmware itself does not say that it is a good one.
const STEADY: u32 = 10;

/// What the log says so far: `None`, nothing is decided yet; or what was seen, or what is wrong.
pub fn judge(heard: &Heard, expected: &Expected) -> Option<Result<String, Miss>> {
    if let Some(miss) = wrong(heard, expected) {
        return Some(Err(miss));
    }
    let is_steady = heard.good || heard.seconds >= STEADY;
    let is_configured = heard.configured || expected.config.is_none();
    let drivers = expected.meters();
    let has_drivers = drivers.iter().all(|driver| heard.drivers.contains(*driver));
    if !(heard.ready && heard.seconds > 0 && is_steady) {
        return None;
    }
    // it is through with its start: what it has not said by now it will not say
    let Some(version) = heard.version.as_deref().or_else(|| expected.version.is_none().then_some("unknown")) else {
        let wanted = expected.version.clone().unwrap_or_default();
        let found = "a start without one: this build does not tell it";
        return Some(Err(Miss::new(FaultCode::OtherVersion, format!("version {wanted} in its log"), found)));
    };
    if !is_configured {
        let found = "a start that does not speak of one";
        return Some(Err(Miss::new(FaultCode::ConfigLost, "its configuration to be loaded", found)));
    }
    if !has_drivers {
        let wanted = format!("the driver {} to start", drivers.join(", "));
        return Some(Err(Miss::new(FaultCode::NotAsPlanned, wanted, "a start without it")));
    }
    let name = heard.name.as_deref().unwrap_or("the firmware");
    let mut seen = vec![format!("{name} {version} has started")];
    if heard.configured {
        seen.push("its configuration is loaded".into());
    }
    seen.extend(drivers.iter().map(|driver| format!("its meter's driver {driver} runs")));
    if heard.restarts() > 0 {
        seen.push(format!("it restarted {} time", heard.restarts()));
    }
    Some(Ok(seen.join(", ")))
}

/// What no further line can mend.
fn wrong(heard: &Heard, expected: &Expected) -> Option<Miss> {
    if heard.defaults && expected.config.is_some() {
        let found = "it refused: default config will be loaded";
        return Some(Miss::new(FaultCode::ConfigLost, "its configuration to be loaded", found));
    }
    if heard.safe {
        return Some(Miss::new(FaultCode::CrashLoop, "one start", "its safe mode, after too many starts that failed"));
    }
    if heard.restarts() >= LOOP {
        return Some(Miss::new(FaultCode::CrashLoop, "one start", format!("{} starts", heard.restarts() + 1)));
    }
    if let Some(name) = &heard.name
        && expected.name().is_some_and(|wanted| wanted != name)
    {
        let wanted = expected.name().unwrap_or_default();
        return Some(Miss::new(FaultCode::OtherVersion, format!("firmware {wanted}"), name.as_str()));
    }
    let said = heard.version.as_deref().filter(|version| !expected.is_version(version))?;
    let wanted = expected.version.as_deref().unwrap_or_default();
    Some(Miss::new(FaultCode::OtherVersion, format!("version {wanted}"), format!("version {said}")))
}

/// What is told when the time is up.
pub fn too_late(heard: &Heard) -> Miss {
    let found = if heard.ready && heard.seconds > 0 {
        "a start that is not over yet; give it more time (within)"
    } else if heard.version.is_some() || heard.configured || heard.defaults {
        "a start that went no further than its configuration"
    } else if heard.applications > 0 {
        "an application that began and said no more"
    } else if heard.loaders > 0 {
        "the boot loader alone"
    } else if heard.lines > 0 {
        "lines of something else"
    } else {
        "silence"
    };
    Miss::new(FaultCode::NoBoot, "the firmware to start", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::chip::mac::Mac;
    use crate::model::openbeken::life::boot_log::{BootLog, tests::GOOD};
    use crate::model::openbeken::{Config, Pin, Role};
    use std::collections::BTreeMap;

    const MAC: Mac = Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]);

    fn expected(meter: bool) -> Expected {
        let mut config = Config::defaults(Chip::Bk7231T, MAC).unwrap();
        if meter {
            let pins = [(11, "BL0937SEL"), (24, "BL0937CF1"), (26, "BL0937CF")];
            config.set_pins(&BTreeMap::from(pins.map(|(pin, role)| (pin, Pin::new(Role::parse(role).unwrap(), 0)))));
        }
        Expected { chip: Chip::Bk7231T, mac: MAC, version: Some("1.18.300".into()), config: Some(config) }
    }

    fn heard(text: &str) -> Heard {
        let mut log = BootLog::default();
        log.hear(text.as_bytes());
        log.heard().clone()
    }

    fn whole() -> String {
        format!("{GOOD}Info:MAIN:Boot complete time reached (5 seconds)\r\n")
    }

    fn code(text: &str, expected: &Expected) -> Option<FaultCode> {
        judge(&heard(text), expected).map(|judged| judged.unwrap_err().code)
    }

    #[test]
    fn a_start_holds_once_the_firmware_itself_calls_it_good() {
        assert_eq!(judge(&heard(GOOD), &expected(true)), None);
        let seen = judge(&heard(&whole()), &expected(true)).unwrap().unwrap();
        assert_eq!(
            seen,
            "OpenBK7231T 1.18.300 has started, its configuration is loaded, its meter's driver BL0937 runs"
        );
        let once = format!("V:BK7231S_1.0.5\r\n{}", whole());
        assert!(judge(&heard(&once), &expected(true)).unwrap().unwrap().ends_with("it restarted 1 time"));
    }

    #[test]
    fn each_way_to_be_wrong_has_its_code() {
        let (plan, whole) = (expected(true), whole());
        let without = |line: &str| whole.split_inclusive('\n').filter(|l| !l.contains(line)).collect::<String>();
        let lost = whole.replace(
            "Correct config has been loaded with 3 changes count",
            "Config crc or ident mismatch. Default config will be loaded",
        );
        assert_eq!(code(&lost, &plan), Some(FaultCode::ConfigLost));
        assert_eq!(code(&format!("{lost}{whole}"), &plan), Some(FaultCode::ConfigLost), "the defaults are loaded then");
        assert_eq!(code(&without("CFG_InitAndLoad"), &plan), Some(FaultCode::ConfigLost));
        assert_eq!(code(&whole.replace("1.18.300", "1.18.299"), &plan), Some(FaultCode::OtherVersion));
        assert_eq!(code(&whole.replace("OpenBK7231T", "OpenBK7231N"), &plan), Some(FaultCode::OtherVersion));
        assert_eq!(code(&without(", version"), &plan), Some(FaultCode::OtherVersion));
        assert_eq!(code(&without("Started BL0937"), &plan), Some(FaultCode::NotAsPlanned));
        assert_eq!(code(&GOOD.repeat(3), &plan), Some(FaultCode::CrashLoop));
        assert_eq!(code("###### safe mode activated - boot failures 5\r\n", &plan), Some(FaultCode::CrashLoop));
        assert_eq!(code(&GOOD.repeat(2), &plan), None);
    }

    #[test]
    fn a_plug_that_was_left_unconfigured_may_make_its_own_configuration() {
        let plan = Expected { config: None, ..expected(false) };
        let own = whole().replace(
            "Correct config has been loaded with 3 changes count",
            "Config crc or ident mismatch. Default config will be loaded",
        );
        assert_eq!(judge(&heard(&own), &plan).unwrap().unwrap(), "OpenBK7231T 1.18.300 has started");
    }

    #[test]
    fn how_far_it_came_is_told_when_the_time_is_up() {
        for (text, words) in [
            ("", "silence"),
            ("xyz\n", "something else"),
            ("V:BK7231S_1.0.5\n", "boot loader alone"),
            ("prvHeapInit-start addr\n", "began and said no more"),
            ("OpenBK7231T, version 1.18.300\n", "no further"),
            (GOOD, "more time"),
        ] {
            let miss = too_late(&heard(text));
            assert!(miss.code == FaultCode::NoBoot && miss.found.contains(words), "{miss}");
        }
    }

    #[test]
    fn only_what_a_new_start_may_heal_gets_one() {
        assert!(too_late(&heard("")).may_heal());
        assert!(!Miss::new(FaultCode::ConfigLost, "a", "b").may_heal());
    }
}
