//! Which names are the station's. A name that somebody else may point here is not: a foreign page would reach the station
//! by it, and be its own page to the browser.

use std::net::{IpAddr, Ipv6Addr};

/// The names by which this machine's own network knows it: its host name, the first part of that, and what mDNS makes of
/// it.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    /// Those of this machine.
    pub(super) fn of_this_machine() -> Self {
        let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Self::of(name.trim())
    }

    pub(super) fn of(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let first = host.split('.').next().unwrap_or_default();
        // as long as nobody has named the machine, its name says nothing of it
        if first.is_empty() || first == "localhost" || first == "(none)" {
            return Self::default();
        }
        let mut names = vec![format!("{first}.local"), first.to_owned(), host.clone()];
        names.dedup();
        Self(names)
    }

    /// The one that a person on the same network types, such as `jig.local`.
    pub(super) fn mdns(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|own| own == name)
    }
}

/// Whether `host` (with or without a port) is a loopback name, an IP address, or a name of the station's own.
pub(super) fn is_ours(host: &str, own: Option<&str>, names: &Names) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split_once(']').is_some_and(|(ip, port)| ip.parse::<Ipv6Addr>().is_ok() && is_port(port));
    }
    let (name, port) = host.find(':').map_or((host, ""), |at| host.split_at(at));
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let known = name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok()
        || names.has(&name)
        || own.is_some_and(|own| own.eq_ignore_ascii_case(&name));
    known && is_port(port)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_nobody_else_can_point_here_are_ours() {
        let none = Names::default();
        for host in ["localhost", "LOCALHOST:8080", "a.localhost", "127.0.0.1:8080", "192.0.2.7", "[::1]:8080", "[::1]"]
        {
            assert!(is_ours(host, None, &none), "{host}");
        }
        let foreign = [
            "",
            "evil.example",
            "127.0.0.1.evil.example:8080",
            "localhost.evil.example",
            "[evil]",
            "a:b:c",
            "127.0.0.1:x",
            "[::1]x",
            "notlocalhost",
        ];
        for host in foreign {
            assert!(!is_ours(host, None, &none), "{host}");
        }
        assert!(is_ours("Bench-1.lan:8080", Some("bench-1.lan"), &none));
        assert!(!is_ours("bench-2.lan:8080", Some("bench-1.lan"), &none));
    }

    #[test]
    fn the_machines_own_names_need_no_configuration() {
        let names = Names::of("RaspberryPi");
        for host in ["raspberrypi", "raspberrypi.local:8080", "RASPBERRYPI.LOCAL.", "raspberrypi:8080"] {
            assert!(is_ours(host, None, &names), "{host}");
        }
        for host in ["raspberrypi.evil.example", "evil.local", "raspberrypi.local.evil.example", "pi"] {
            assert!(!is_ours(host, None, &names), "{host}");
        }
        assert!(is_ours("jig.home.arpa", None, &Names::of("jig.home.arpa")));
        assert_eq!(Names::of("jig.home.arpa").mdns(), Some("jig.local"));
        for unnamed in ["", "localhost", "(none)", "localhost.localdomain"] {
            assert_eq!(Names::of(unnamed).mdns(), None, "{unnamed}");
        }
    }
}
