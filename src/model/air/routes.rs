//! The kernel's routes, as `/proc/net/route` and `/proc/net/ipv6_route` print them (Linux, `net/ipv4/fib_trie.c` and
//! `net/ipv6/route.c`): of which devices the station has need.

/// The network of a plug's own access point: 192.168.4.1, and leases of the same /24 (reference: OpenBeken, section 3).
pub const PLUG: [u8; 4] = [192, 168, 4, 1];
/// The bits of its network.
const PLUG_PREFIX: u32 = 24;
/// Below so many bits a route stands for the world: some tunnels write the default route as two halves.
const WORLD: u32 = 8;
/// RTF_UP and RTF_REJECT of `include/uapi/linux/route.h`.
const UP: u32 = 0x0001;
const REJECT: u32 = 0x0200;

/// Where a route leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Anywhere: a default route.
    World,
    /// A network of IPv4.
    Net {
        /// Its address.
        address: [u8; 4],
        /// The bits of its network.
        prefix: u32,
    },
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The device that it goes through.
    pub interface: String,
    /// Where it leads.
    pub to: To,
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.to {
            To::World => write!(f, "the default route through {}", self.interface),
            To::Net { address: [a, b, c, d], prefix } => {
                write!(f, "{a}.{b}.{c}.{d}/{prefix} through {}", self.interface)
            }
        }
    }
}

impl Route {
    /// Whether it shares addresses with the network of a plug. The world does not count.
    pub fn meets_plug(&self) -> bool {
        let To::Net { address, prefix } = self.to else { return false };
        let shared = prefix.min(PLUG_PREFIX);
        let mask = u32::MAX.checked_shl(32 - shared).unwrap_or(0);
        u32::from_be_bytes(address) & mask == u32::from_be_bytes(PLUG) & mask
    }

    /// Whether it is a default route.
    pub fn is_world(&self) -> bool {
        self.to == To::World
    }
}

/// The routes of both tables of text. Lines that are none are passed over: the first is a heading.
pub fn routes(v4: &str, v6: &str) -> Vec<Route> {
    v4.lines().filter_map(line_v4).chain(v6.lines().filter_map(line_v6)).collect()
}

fn hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 16).ok()
}

/// `Iface Destination Gateway Flags RefCnt Use Metric Mask ...`; addresses are words of this machine's byte order, as
/// their bytes lie in memory.
fn line_v4(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [interface, destination, _, flags, _, _, _, mask, ..] = fields.as_slice() else { return None };
    let (destination, flags, mask) = (hex(destination)?, hex(flags)?, hex(mask)?);
    let prefix = mask.count_ones();
    let address = destination.to_ne_bytes();
    let to = if prefix < WORLD { To::World } else { To::Net { address, prefix } };
    is_live(interface, flags).then(|| Route { interface: (*interface).to_owned(), to })
}

/// `destination prefix source prefix hop metric references use flags device`; default routes alone are of interest.
fn line_v6(line: &str) -> Option<Route> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [destination, prefix, _, _, _, _, _, _, flags, interface] = fields.as_slice() else { return None };
    let is_default = destination.bytes().all(|byte| byte == b'0') && hex(prefix)? == 0;
    (is_default && is_live(interface, hex(flags)?)).then(|| Route { interface: (*interface).to_owned(), to: To::World })
}

fn is_live(interface: &str, flags: u32) -> bool {
    interface != "lo" && flags & UP != 0 && flags & REJECT == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n\
eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n\
wlan1\t0004A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n\
gone\t00000000\t010200C0\t0200\t0\t0\t100\t00000000\t0\t0\t0\n";
    const V6: &str = "\
fd000000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000064 00000001 00000000 00000001     eth0\n\
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000064 00000001 00000000 00000003    wlan0\n\
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

    #[cfg(target_endian = "little")]
    #[test]
    fn routes_are_read_as_the_kernel_prints_them() {
        let told: Vec<String> = routes(V4, V6).iter().map(ToString::to_string).collect();
        let expected = [
            "the default route through eth0",
            "192.0.2.0/24 through eth0",
            "192.168.4.0/24 through wlan1",
            "the default route through wlan0",
        ];
        assert_eq!(told, expected);
        assert_eq!(routes("", "\n garbage \n"), []);
    }

    #[test]
    fn a_network_that_shares_one_address_with_a_plugs_meets_it() {
        let meets =
            |address: [u8; 4], prefix| Route { interface: "eth0".into(), to: To::Net { address, prefix } }.meets_plug();
        assert!(meets([192, 168, 4, 0], 24) && meets([192, 168, 0, 0], 16) && meets([192, 168, 4, 77], 32));
        assert!(meets([192, 168, 4, 128], 25) && meets([192, 0, 0, 0], 8));
        assert!(!meets([192, 168, 5, 0], 24) && !meets([10, 0, 0, 0], 8) && !meets([192, 168, 8, 0], 21));
        assert!(!Route { interface: "eth0".into(), to: To::World }.meets_plug());
    }
}
