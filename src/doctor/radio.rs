//! The Wi-Fi radio that is lent to plugs: which one would be used, or why none.

use super::finding::Finding;
use super::root::Root;
use crate::config::Config;
use crate::hw::radio::look::look as ask;

const SUBJECT: &str = "radio for plugs";

pub(super) fn look(root: &Root, config: &Config) -> Finding {
    let Some(interface) = &config.air else {
        return Finding::ok(SUBJECT, "none is lent; recipes with alive = [\"air\"] need [air] interface");
    };
    if !root.is_live() {
        return here(root, interface);
    }
    match ask(interface) {
        Ok(()) => Finding::ok(SUBJECT, format!("{interface} may be lent")),
        Err(error) => {
            Finding::warning(SUBJECT, format!("{interface}: {}", error.expected), error.found).mend(error.remedy)
        }
    }
}

/// What the files of a machine tell alone.
fn here(root: &Root, interface: &str) -> Finding {
    if root.exists(format!("/sys/class/net/{interface}/phy80211")) {
        return Finding::ok(SUBJECT, format!("{interface} is there"));
    }
    Finding::warning(SUBJECT, format!("the Wi-Fi device {interface}"), "nothing there").mend("nmcli device lists them")
}
