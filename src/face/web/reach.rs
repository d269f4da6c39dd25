//! Where others reach the page.

use super::names::Names;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// The kernel's table of routes; its leaves are this machine's own addresses, too.
const ROUTES: &str = "/proc/net/fib_trie";
/// An address of no machine (RFC 5737): the route to it says which of our own is used towards the rest of the network.
const ELSEWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// What people type to see a page that listens there, likeliest first; never empty. It reads files.
pub(crate) fn addresses(listen: SocketAddr) -> Vec<String> {
    if !listen.ip().is_unspecified() {
        return vec![format!("http://{listen}/")];
    }
    let own = usual().map(|usual| vec![usual]);
    let own = own.unwrap_or_else(|| local(&std::fs::read_to_string(ROUTES).unwrap_or_default()));
    told(listen.port(), &own, &Names::of_this_machine())
}

fn told(port: u16, own: &[Ipv4Addr], names: &Names) -> Vec<String> {
    let own = own.iter().map(ToString::to_string).chain(names.mdns().map(str::to_owned));
    let mut told: Vec<String> = own.map(|name| format!("http://{name}:{port}/")).collect();
    if told.is_empty() {
        told.push(format!("http://127.0.0.1:{port}/"));
    }
    told
}

/// The one that leads to the rest of the network. Nothing is sent.
fn usual() -> Option<Ipv4Addr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(ELSEWHERE).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V4(ip) if !ip.is_loopback() && !ip.is_unspecified() => Some(ip),
        _ => None,
    }
}

/// All of this machine but loopback, from the table of routes: a leaf's address stands in the line before its kind.
fn local(table: &str) -> Vec<Ipv4Addr> {
    let mut found = Vec::new();
    let mut leaf = None;
    for line in table.lines().map(str::trim) {
        if let Some(address) = line.strip_prefix("|-- ") {
            leaf = address.parse::<Ipv4Addr>().ok();
        } else if let (true, Some(ip)) = (line.starts_with("/32 host LOCAL"), leaf)
            && !ip.is_loopback()
            && !found.contains(&ip)
        {
            found.push(ip);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     +-- 192.168.7.0/24 2 0 2\n        |-- 192.168.7.0\n           /24 link UNICAST\n\
        \u{20}       |-- 192.168.7.42\n           /32 host LOCAL\n        |-- 192.168.7.255\n           /32 link BROADCAST\n\
        Local:\n        |-- 127.0.0.1\n           /32 host LOCAL\n        |-- 192.168.7.42\n           /32 host LOCAL\n";

    #[test]
    fn a_page_for_all_is_told_by_the_addresses_that_others_can_type() {
        assert_eq!(local(TABLE), [Ipv4Addr::new(192, 168, 7, 42)]);
        assert_eq!(local("nonsense\n|-- x\n/32 host LOCAL\n"), [Ipv4Addr::UNSPECIFIED; 0]);
        let (names, none) = (Names::of("jig"), Names::default());
        assert_eq!(told(8080, &local(TABLE), &names), ["http://192.168.7.42:8080/", "http://jig.local:8080/"]);
        assert_eq!(told(8080, &[], &names), ["http://jig.local:8080/"]);
        assert_eq!(told(8080, &[], &none), ["http://127.0.0.1:8080/"]);
        for told in addresses("0.0.0.0:8080".parse().unwrap()) {
            assert!(!told.contains("0.0.0.0"), "{told}");
        }
        assert_eq!(addresses("192.0.2.7:80".parse().unwrap()), ["http://192.0.2.7:80/"]);
        assert_eq!(addresses("[::1]:80".parse().unwrap()), ["http://[::1]:80/"]);
    }
}
