//! The MQTT broker: there, and taking us; and whether the service may send to it at all.

use super::finding::Finding;
use super::root::Root;
use crate::broker::{Broker, probe};
use crate::config::{Config, Mqtt};
use std::net::{IpAddr, Ipv6Addr, ToSocketAddrs};
use std::path::Path;

const SUBJECT: &str = "broker";
const UNIT: &str = "flashjig.service";
/// Where systemd looks for a unit, the first that there is counts (systemd.unit(5)).
const UNITS: [&str; 4] =
    ["/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let Some(plan) = config.and_then(|config| config.mqtt.as_ref()) else { return Vec::new() };
    let mut findings: Vec<Finding> = shut_out(root, plan).into_iter().collect();
    // what it is spoken to with belongs to this machine and not to one of text files
    if root.is_live() {
        findings.push(reached(plan));
    }
    findings
}

fn reached(plan: &Mqtt) -> Finding {
    let address = plan.address();
    let id = format!("flashjig-doctor-{}", std::process::id());
    match Broker::open(plan).and_then(|broker| probe(&broker, &id)) {
        Ok(()) => Finding::ok(SUBJECT, format!("{address} takes flashjig")),
        Err(why) => Finding::warning(SUBJECT, format!("{address}, taking flashjig"), why.what).mend(why.remedy),
    }
}

/// An address of the broker that the service's rules do not let through.
fn shut_out(root: &Root, plan: &Mqtt) -> Option<Finding> {
    let rules = Rules::read(root)?;
    let address = addresses(root, plan).into_iter().find(|address| !rules.let_through(*address))?;
    let folder = format!("{}/{UNIT}.d", UNITS[0]);
    let expected = format!("{address} in the addresses that {UNIT} may send to (IPAddressAllow)");
    let found = "rules that shut this broker out";
    let drop_in = format!("[Service]\\nIPAddressAllow={address}\\n");
    let command = format!(
        "sudo mkdir -p {folder} && printf '{drop_in}' | sudo tee {folder}/broker.conf && sudo systemctl daemon-reload && \
         sudo systemctl restart flashjig"
    );
    Some(Finding::warning("service", expected, found).mend(command))
}

fn addresses(root: &Root, plan: &Mqtt) -> Vec<IpAddr> {
    match plan.host.parse() {
        Ok(address) => vec![address],
        // only the machine itself knows its names
        Err(_) if root.is_live() => {
            let found = (plan.host.as_str(), plan.port).to_socket_addrs();
            found.map(|found| found.map(|socket| socket.ip()).collect()).unwrap_or_default()
        }
        Err(_) => Vec::new(),
    }
}

/// What a unit may send to (systemd.resource-control(5)).
#[derive(Debug, Default)]
struct Rules {
    allow: Vec<Range>,
    deny: Vec<Range>,
}

impl Rules {
    /// Those of the unit file and all its drop-ins; `None`: flashjig is no service here.
    fn read(root: &Root) -> Option<Self> {
        let text = UNITS.iter().find_map(|folder| root.text(&format!("{folder}/{UNIT}")))?;
        let mut rules = Self::default();
        rules.add(&text);
        let mut drop_ins: Vec<(String, &str)> = Vec::new();
        for folder in UNITS {
            for name in root.names(&format!("{folder}/{UNIT}.d")) {
                // of two of one name the first folder's counts
                let is_known = drop_ins.iter().any(|(known, _)| *known == name);
                if Path::new(&name).extension().is_some_and(|end| end == "conf") && !is_known {
                    drop_ins.push((name, folder));
                }
            }
        }
        drop_ins.sort();
        for (name, folder) in drop_ins {
            rules.add(&root.text(&format!("{folder}/{UNIT}.d/{name}")).unwrap_or_default());
        }
        Some(rules)
    }

    fn add(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            let Some((key, value)) = line.split_once('=') else { continue };
            let list = match key.trim() {
                "IPAddressAllow" => &mut self.allow,
                "IPAddressDeny" => &mut self.deny,
                _ => continue,
            };
            if value.trim().is_empty() {
                list.clear();
            }
            list.extend(value.split_whitespace().flat_map(Range::read));
        }
    }

    fn let_through(&self, address: IpAddr) -> bool {
        let is_in = |ranges: &[Range]| ranges.iter().any(|range| range.has(address));
        is_in(&self.allow) || !is_in(&self.deny)
    }
}

/// Addresses that begin alike.
#[derive(Clone, Copy, Debug)]
struct Range {
    first: IpAddr,
    bits: u32,
}

impl Range {
    fn read(word: &str) -> Vec<Self> {
        let names: &[&str] = match word {
            "any" => &["0.0.0.0/0", "::/0"],
            "localhost" => &["127.0.0.0/8", "::1/128"],
            "link-local" => &["169.254.0.0/16", "fe80::/64"],
            "multicast" => &["224.0.0.0/4", "ff00::/8"],
            _ => &[word],
        };
        names.iter().filter_map(|name| Self::parse(name)).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().ok()?;
        let all = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(all), str::parse).ok()?;
        (bits <= all).then_some(Self { first, bits })
    }

    fn has(&self, address: IpAddr) -> bool {
        let (own, its) = match (self.first, address) {
            (IpAddr::V4(own), IpAddr::V4(its)) => (own.to_ipv6_mapped(), its.to_ipv6_mapped()),
            (IpAddr::V6(own), IpAddr::V6(its)) => (own, its),
            _ => return false,
        };
        let bits = if self.first.is_ipv4() { self.bits + 96 } else { self.bits };
        let differ = |a: Ipv6Addr, b: Ipv6Addr| u128::from(a) ^ u128::from(b);
        differ(own, its).leading_zeros() >= bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(url: &str) -> Config {
        let text = format!(
            "[station]\ndata_dir = \"/d\"\n[mqtt]\nurl = \"{url}\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/null\"\n"
        );
        crate::config::parse("f.toml".as_ref(), &text).unwrap().0
    }

    fn put(folder: &Path, path: &str, text: &str) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn a_broker_that_the_services_rules_shut_out_is_named_with_the_drop_in_that_lets_it_in() {
        let machine = tempfile::tempdir().unwrap();
        let found = |url: &str| look(&Root::at(machine.path()), Some(&plan(url)));
        assert_eq!(found("mqtt://203.0.113.7"), [], "no service, no rules");
        put(
            machine.path(),
            "usr/lib/systemd/system/flashjig.service",
            &std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/systemd/flashjig.service")).unwrap(),
        );
        for inside in ["192.168.1.9", "10.0.0.1", "127.0.0.1", "[::1]", "[fd00::1]", "172.31.0.1", "[fe80::1]"] {
            assert_eq!(found(&format!("mqtt://{inside}")), [], "{inside}");
        }
        for outside in ["203.0.113.7", "172.32.0.1", "[2001:db8::1]"] {
            assert_eq!(found(&format!("mqtt://{outside}")).len(), 1, "{outside}");
        }
        let finding = found("mqtt://203.0.113.7").remove(0);
        let remedy = finding.remedy.unwrap();
        assert!(remedy.contains("[Service]\\nIPAddressAllow=203.0.113.7\\n"), "{remedy}");
        put(
            machine.path(),
            "etc/systemd/system/flashjig.service.d/broker.conf",
            "[Service]\nIPAddressAllow=203.0.113.7\n",
        );
        assert_eq!(found("mqtt://203.0.113.7"), []);
        put(machine.path(), "etc/systemd/system/flashjig.service.d/zz.conf", "[Service]\nIPAddressAllow=\n");
        assert_eq!(found("mqtt://203.0.113.7").len(), 1, "an empty one takes all before it back");
    }
}
