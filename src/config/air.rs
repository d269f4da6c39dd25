//! `[air]`: the Wi-Fi radio that may be lent to plugs.

use super::read::{At, Section};

/// IFNAMSIZ of Linux without its end, bytes.
const LONGEST: usize = 15;

/// The interface of a radio.
pub(super) fn air(mut section: Section<'_>) -> Option<String> {
    section.require("interface", "add interface = \"wlan1\", a Wi-Fi adapter that this station does not need");
    let source = section.source;
    let interface = section.text("interface").and_then(|At { value, at }| {
        let bad = |c: char| !c.is_ascii_graphic() || matches!(c, '/' | ':');
        let good = (1..=LONGEST).contains(&value.len()) && !value.contains(bad);
        if !good {
            let what = format!("[air]: interface must be the name of a network interface, found {value:?}");
            source.error(at, what, "nmcli device lists them; a Wi-Fi adapter is such as wlan1");
        }
        good.then_some(value)
    });
    section.finish();
    interface
}
