//! The connection of our own: what it asks for, and above all what it leaves to the station.

use super::manager::{Settings, WIRELESS};
use crate::jig::air::Seen;
use std::collections::HashMap;
use std::time::Duration;
use zbus::Variant;

/// NM_SETTING_WIRELESS_POWERSAVE_DISABLE: a visit lasts seconds, and a plug that waits for a radio to wake is slow.
const AWAKE: u32 = 2;
/// How its name begins.
pub(super) const NAME: &str = "flashjig ";
/// NM_SETTING_CONNECTION_MDNS_NO, and the same of LLMNR.
const NO: i32 = 0;

/// Settings of a connection to a plug's open access point, for this interface alone. It takes an address and nothing else: no
/// default route, no name server, no routes, no IPv6. Its one route, to its own /24, lies in the usual table, for a socket
/// that is bound to the interface looks there.
///
/// It belongs to one user: so the right to change one's own connections is enough, and the station's are out of reach.
pub(super) fn settings(
    interface: &str,
    uuid: &str,
    user: Option<&str>,
    seen: &Seen,
    patience: Duration,
) -> Settings<'static> {
    let mut connection = HashMap::from([
        ("id", Variant::from(format!("{NAME}{}", seen.ssid))),
        ("uuid", Variant::from(uuid.to_owned())),
        ("type", Variant::from(WIRELESS)),
        ("interface-name", Variant::from(interface.to_owned())),
        ("autoconnect", Variant::from(false)),
        ("mdns", Variant::from(NO)),
        ("llmnr", Variant::from(NO)),
    ]);
    if let Some(user) = user {
        connection.insert("permissions", Variant::from(vec![format!("user:{user}:")]));
    }
    let wireless = HashMap::from([
        ("ssid", Variant::from(seen.ssid.clone().into_bytes())),
        ("bssid", Variant::from(seen.bssid.0.to_vec())),
        ("mode", Variant::from("infrastructure")),
        ("powersave", Variant::from(AWAKE)),
    ]);
    let seconds = i32::try_from(patience.as_secs()).unwrap_or(i32::MAX).max(1);
    let ipv4 = HashMap::from([
        ("method", Variant::from("auto")),
        ("never-default", Variant::from(true)),
        ("ignore-auto-dns", Variant::from(true)),
        ("ignore-auto-routes", Variant::from(true)),
        ("dhcp-send-hostname", Variant::from(false)),
        ("dhcp-timeout", Variant::from(seconds)),
        ("may-fail", Variant::from(false)),
    ]);
    let ipv6 = HashMap::from([("method", Variant::from("disabled"))]);
    HashMap::from([("connection", connection), (WIRELESS, wireless), ("ipv4", ipv4), ("ipv6", ipv6)])
}

/// How it is kept: never on disk, gone when it is left, and left by NetworkManager itself when this program dies.
pub(super) fn options() -> HashMap<&'static str, Variant<'static>> {
    HashMap::from([("persist", Variant::from("volatile")), ("bind-activation", Variant::from("dbus-client"))])
}

/// Whether a saved connection is another user's.
pub(super) fn is_hidden(error: &zbus::Error) -> bool {
    matches!(error, zbus::Error::MethodError(name, ..) if name.as_str().ends_with(".PermissionDenied"))
}

/// Whose connection it is to be; nobody's in particular where root works, who needs no right.
pub(super) fn user() -> Option<String> {
    let uid = nix::unistd::Uid::effective();
    if uid.is_root() {
        return None;
    }
    nix::unistd::User::from_uid(uid).ok().flatten().map(|user| user.name)
}

/// A number of its own for a connection, by the kernel's generator.
pub(super) fn uuid() -> std::io::Result<String> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/uuid")?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::mac::Mac;

    #[test]
    fn it_takes_an_address_and_nothing_of_the_stations() {
        let seen = Seen {
            ssid: "OpenBK7231T_503A8E3F".into(),
            bssid: Mac([1, 2, 3, 4, 5, 6]),
            signal: 60,
            handle: "/ap/1".into(),
        };
        let settings = settings("wlan1", "u-u-i-d", Some("flashjig"), &seen, Duration::from_secs(20));
        let flag = |section: &str, key: &str| settings[section][key].downcast_ref::<bool>().unwrap();
        let word = |section: &str, key: &str| settings[section][key].downcast_ref::<&str>().unwrap();
        let refused = ["never-default", "ignore-auto-dns", "ignore-auto-routes"];
        assert!(refused.iter().all(|key| flag("ipv4", key)));
        assert!(!flag("ipv4", "dhcp-send-hostname") && !flag("ipv4", "may-fail") && !flag("connection", "autoconnect"));
        assert_eq!((word("ipv4", "method"), word("ipv6", "method")), ("auto", "disabled"));
        assert_eq!(word("connection", "interface-name"), "wlan1");
        let permissions = Vec::<String>::try_from(settings["connection"]["permissions"].try_clone().unwrap()).unwrap();
        assert_eq!(permissions, ["user:flashjig:"]);
        assert!(!settings.contains_key("802-11-wireless-security"), "a plug's network is open");
        let (options, text) = (options(), |value: &Variant<'_>| value.downcast_ref::<&str>().unwrap().to_owned());
        assert_eq!(
            (text(&options["persist"]), text(&options["bind-activation"])),
            ("volatile".into(), "dbus-client".into())
        );
    }
}
