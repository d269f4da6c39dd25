//! The supply of a Raspberry Pi, as its firmware sees it.

use super::finding::Finding;
use super::root::Root;

/// Bits of get_throttled (documentation of vcgencmd): now in 0 to 3, since the boot in 16 to 19.
const THROTTLED: &str = "/sys/devices/platform/soc/soc:firmware/get_throttled";
const UNDER_VOLTAGE: u32 = 1;
const TOO_HOT: u32 = 1 << 3;
const SINCE_BOOT: u32 = 16;

pub(super) fn look(root: &Root) -> Option<Finding> {
    if let Some(bits) = root.text(THROTTLED).and_then(|text| u32::from_str_radix(text.trim(), 16).ok()) {
        return Some(judge(bits));
    }
    // newer kernels have the under-voltage alone, in a driver of its own
    let sensors = root.names("/sys/class/hwmon");
    let file = |sensor: &str, file: &str| root.text(&format!("/sys/class/hwmon/{sensor}/{file}"));
    let sensor = sensors.iter().find(|sensor| file(sensor, "name").as_deref() == Some("rpi_volt"))?;
    let alarm = file(sensor, "in0_lcrit_alarm")?;
    Some(judge(if alarm.trim() == "1" { UNDER_VOLTAGE } else { 0 }))
}

/// What the firmware's bits mean.
fn judge(bits: u32) -> Finding {
    const SUBJECT: &str = "supply";
    const REMEDY: &str =
        "use the supply of the Raspberry Pi's maker and a short cable; feed the jig from a supply of its own";
    let now = bits & UNDER_VOLTAGE != 0;
    if now || bits & UNDER_VOLTAGE << SINCE_BOOT != 0 {
        let when = if now { "now" } else { "since the boot" };
        let found = format!("under-voltage {when} (get_throttled {bits:#x})");
        let expected = "4.63 V or more";
        let finding =
            if now { Finding::fault(SUBJECT, expected, found) } else { Finding::warning(SUBJECT, expected, found) };
        return finding.mend(REMEDY);
    }
    if bits & (TOO_HOT | TOO_HOT << SINCE_BOOT) != 0 {
        return Finding::warning(SUBJECT, "a cool processor", format!("it was too hot (get_throttled {bits:#x})"))
            .mend("give it air or a heat sink");
    }
    Finding::ok(SUBJECT, "no under-voltage since the boot")
}
