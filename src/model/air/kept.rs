//! The station's own connections before and after a visit to a plug's access point.

use std::collections::BTreeMap;

/// What is on one device, as far as it must stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct On {
    /// The connection's own number, which stays when it is renamed; empty: none.
    pub uuid: String,
    /// Its name.
    pub name: String,
}

/// The connections of a station.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connections {
    /// What is on each device, by its interface. Those on which nothing is are not in it.
    pub active: BTreeMap<String, On>,
    /// The saved ones: number and name.
    pub saved: BTreeMap<String, String>,
}

impl Connections {
    /// What is not as it was `before`, in words; nothing when all is the same.
    pub fn changes(&self, before: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (interface, on) in &before.active {
            match self.active.get(interface) {
                Some(now) if now.uuid == on.uuid => {}
                Some(now) => changes.push(format!("{interface} had {} on it, now {}", on.name, now.name)),
                None => changes.push(format!("{interface} had {} on it, now nothing", on.name)),
            }
        }
        let new = self.active.iter().filter(|(interface, _)| !before.active.contains_key(*interface));
        changes.extend(new.map(|(interface, on)| format!("{interface} had nothing on it, now {}", on.name)));
        let gone = before.saved.iter().filter(|(uuid, _)| !self.saved.contains_key(*uuid));
        changes.extend(gone.map(|(_, name)| format!("the saved connection {name} is gone")));
        let added = self.saved.iter().filter(|(uuid, _)| !before.saved.contains_key(*uuid));
        changes.extend(added.map(|(_, name)| format!("the saved connection {name} is new")));
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(active: &[(&str, &str)], saved: &[&str]) -> Connections {
        let on = |name: &str| On { uuid: format!("uuid of {name}"), name: name.into() };
        Connections {
            active: active.iter().map(|(interface, name)| ((*interface).to_owned(), on(name))).collect(),
            saved: saved.iter().map(|name| (format!("uuid of {name}"), (*name).to_owned())).collect(),
        }
    }

    #[test]
    fn what_is_the_same_is_no_change() {
        let both = || connections(&[("eth0", "wired"), ("wlan0", "home")], &["wired", "home"]);
        assert_eq!(both().changes(&both()), Vec::<String>::new());
    }

    #[test]
    fn every_change_is_told() {
        let before = connections(&[("eth0", "wired"), ("wlan0", "home")], &["wired", "home"]);
        let after = connections(&[("wlan0", "other"), ("wlan1", "plug")], &["wired", "plug"]);
        let told = after.changes(&before).join("; ");
        let expected = "eth0 had wired on it, now nothing; wlan0 had home on it, now other; wlan1 had nothing on it, now \
                        plug; the saved connection home is gone; the saved connection plug is new";
        assert_eq!(told, expected);
    }
}
