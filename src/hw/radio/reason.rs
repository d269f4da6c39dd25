//! Why a connection did not come up or went, by NetworkManager's numbers (`nm-dbus-interface.h`).

/// It left the bus.
pub(super) const MANAGER: &str = "NetworkManager itself ended";

/// By the device's reason, else by the connection's own.
pub(super) fn in_words(device: Option<u32>, connection: Option<u32>) -> String {
    let by_device = device.and_then(|reason| match reason {
        4 => Some("the radio could not be set up"),
        5 => Some("no address could be had"),
        7 => Some("it asked for a password: the network is not open"),
        8 => Some("the access point went away or turned the radio down"),
        9 | 10 => Some("wpa_supplicant failed"),
        11 => Some("the access point did not answer"),
        15..=17 => Some("no lease: its DHCP server did not answer"),
        36 => Some("the radio was unplugged"),
        37 => Some("NetworkManager was put to sleep"),
        38 => Some("the connection was removed"),
        39 => Some("somebody else took the radio"),
        53 => Some("the access point is not there any more"),
        60 => Some("somebody else's connection took the radio"),
        _ => None,
    });
    let by_connection = connection.and_then(|reason| match reason {
        2 => Some("somebody else ended it"),
        3 => Some("the radio lost the access point"),
        5 => Some("its address was of no use"),
        6 => Some("it took too long"),
        11 => Some("the connection was removed"),
        14 => Some("the radio was unplugged"),
        _ => None,
    });
    match (by_device.or(by_connection), device, connection) {
        (Some(words), ..) => words.to_owned(),
        (None, Some(number), _) => format!("the device failed (reason {number} of NetworkManager)"),
        (None, None, Some(number)) => format!("the connection ended (reason {number} of NetworkManager)"),
        (None, None, None) => "the connection ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_device_knows_better_than_the_connection() {
        assert_eq!(in_words(Some(17), Some(3)), "no lease: its DHCP server did not answer");
        assert_eq!(in_words(None, Some(3)), "the radio lost the access point");
        assert_eq!(in_words(Some(77), None), "the device failed (reason 77 of NetworkManager)");
        assert_eq!(in_words(None, None), "the connection ended");
    }
}
