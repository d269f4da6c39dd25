//! Whose the socket at the other end of a connection within this machine is, as the kernel's tables of TCP sockets tell
//! it: /proc/net/tcp and tcp6, proc_net_tcp.txt of the kernel's documentation.
//!
//! A socket that its program has closed is listed on, until its last bytes are through, with the inode 0, and older
//! kernels list it as root's. They read the two one after the other, so one line alone proves nothing: the owner counts
//! only when a later look still finds the socket open.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where they are: sockets of IPv6 may speak IPv4, too.
const TABLES: [&str; 2] = ["/proc/net/tcp", "/proc/net/tcp6"];
/// No longer table is read, bytes: some 40 000 sockets. A machine that has more tells nobody's user.
const LONGEST: u64 = 8 * 1024 * 1024;

/// An open socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Socket {
    uid: u32,
    inode: u64,
}

/// The user whose socket `theirs` is, connected to `ours`; `None`: nobody can tell. It reads files.
pub(super) fn of(theirs: SocketAddr, ours: SocketAddr) -> Option<u32> {
    let (first, again) = (look(theirs, ours)?, look(theirs, ours)?);
    (first == again).then_some(first.uid)
}

fn look(theirs: SocketAddr, ours: SocketAddr) -> Option<Socket> {
    TABLES.into_iter().find_map(|table| find(BufReader::new(File::open(table).ok()?.take(LONGEST)), theirs, ours))
}

fn find(table: impl BufRead, theirs: SocketAddr, ours: SocketAddr) -> Option<Socket> {
    let (theirs, ours) = (canonical(theirs), canonical(ours));
    let mut lines = table.lines().map_while(Result::ok);
    lines.find_map(|line| socket(&line, theirs, ours))
}

/// The open socket of a line, if the line is that of this connection.
fn socket(line: &str, theirs: SocketAddr, ours: SocketAddr) -> Option<Socket> {
    // sl local rem st tx:rx tr:when retrnsmt uid timeout inode
    let mut fields = line.split_ascii_whitespace();
    let (local, remote) = (fields.nth(1)?, fields.next()?);
    if address(local)? != theirs || address(remote)? != ours {
        return None;
    }
    let (uid, inode) = (fields.nth(4)?.parse().ok()?, fields.nth(1)?.parse().ok()?);
    (inode != 0).then_some(Socket { uid, inode })
}

/// Such as `0100007F:1F90`: words of four bytes in the machine's own order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let mut bytes = Vec::new();
    for at in (0..ip.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(ip.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(bytes) => IpAddr::V4(Ipv4Addr::from(bytes)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?)),
    };
    Some(canonical(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?)))
}

/// Without scopes, and IPv4 as itself.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
        \u{20}  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000   990        0 41 1 0 100 0 0 10 0\n\
        \u{20}  1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000   990        0 42 1 0 20 4 30 10 -1\n\
        \u{20}  2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 43 1 0 20 4 30 10 -1\n\
        \u{20}  3: 0100007F:C351 0100007F:1F90 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0 20 4 30 10 -1\n\
        \u{20}  4: 0100007F:C352 0100007F:1F90 06 00000000:00000000 03:00000000 00000000     0        0 0 3 0\n\
        \u{20}  5: 0100007F:C353 0100007F:1F90 05 00000000:00000000 00:00000000 00000000  1001        0 44 1 0 20 4 30 10 -1\n";
    const TABLE6: &str = "  sl  local_address                         remote_address                        st\n\
        \u{20}  0: 00000000000000000000000001000000:C350 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000  1002        0 51 1\n\
        \u{20}  1: 0000000000000000FFFF00000100007F:C354 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000  1003        0 52 1\n";

    fn uid(table: &str, theirs: &str, ours: &str) -> Option<u32> {
        find(table.as_bytes(), theirs.parse().unwrap(), ours.parse().unwrap()).map(|socket| socket.uid)
    }

    // the tables are written in the order of the machine that wrote them
    #[cfg(target_endian = "little")]
    #[test]
    fn the_other_ends_owner_is_found_and_not_our_own() {
        assert_eq!(uid(TABLE, "127.0.0.1:50000", "127.0.0.1:8080"), Some(1000));
        assert_eq!(uid(TABLE, "[::ffff:127.0.0.1]:50000", "[::ffff:127.0.0.1]:8080"), Some(1000));
        assert_eq!(uid(TABLE, "127.0.0.1:50003", "127.0.0.1:8080"), Some(1001), "it has only ended its sending");
        assert_eq!(uid(TABLE, "127.0.0.1:50000", "127.0.0.1:8081"), None);
        assert_eq!(uid(TABLE6, "[::1]:50000", "[::1]:8080"), Some(1002));
        assert_eq!(uid(TABLE6, "127.0.0.1:50004", "127.0.0.1:8080"), Some(1003));
    }

    #[cfg(target_endian = "little")]
    #[test]
    fn a_socket_that_was_closed_is_nobodys_although_the_kernel_lists_it_as_roots() {
        assert_eq!(uid(TABLE, "127.0.0.1:50001", "127.0.0.1:8080"), None);
        assert_eq!(uid(TABLE, "127.0.0.1:50002", "127.0.0.1:8080"), None);
    }

    #[test]
    fn nonsense_is_nobodys() {
        for table in ["", "x", "0: 1 2", "0: 0100007F:C350", "0: zz:zz 0100007F:1F90 01", "0: 0100007FA:C350 0:0 01"] {
            assert_eq!(uid(table, "127.0.0.1:50000", "127.0.0.1:8080"), None, "{table}");
        }
        assert_eq!(uid(&"x".repeat(1 << 20), "127.0.0.1:50000", "127.0.0.1:8080"), None);
    }

    #[test]
    fn the_kernel_tells_our_own_user_while_the_socket_is_open_and_nobody_afterwards() {
        let own = nix::unistd::geteuid().as_raw();
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = std::net::TcpListener::bind(address) else {
                crate::testdata::skipped("this machine has no IPv6");
                continue;
            };
            let ours = listener.local_addr().unwrap();
            let client = std::net::TcpStream::connect(ours).unwrap();
            let (_served, theirs) = listener.accept().unwrap();
            assert_eq!(of(theirs, ours), Some(own), "{address}");
            drop(client);
            assert_eq!(of(theirs, ours), None, "{address}");
        }
    }
}
