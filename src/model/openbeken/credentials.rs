//! Whether a stock flash holds what must not get into strange hands. Never which, and never what.

use crate::model::openbeken::Config;
use crate::model::openbeken::fields;
use crate::model::tuya::store::{Absent, decode};

/// Whether the dump holds Wi-Fi credentials or licence keys, as far as anybody can tell.
///
/// Any Tuya store counts: its licence is written at the factory, a reset only frees the pages of the Wi-Fi's name and
/// password, and older copies of blocks keep both. So does a store that can't be decrypted, since its key may be found
/// another way. Of a plug that runs OpenBeken already, its configuration counts when it has a password for Wi-Fi or for the page.
pub fn holds_credentials(dump: &[u8]) -> bool {
    match decode(dump) {
        Ok(_) | Err(Absent::KeyDamaged { .. }) => true,
        Err(Absent::OpenBeken { at }) => dump.get(at..).is_some_and(has_password),
        Err(Absent::Erased { .. } | Absent::NotFound { .. }) => false,
    }
}

/// A configuration that can't be read counts as one with a password. The MQTT password alone does not: the firmware's
/// defaults have one, the same in every plug.
fn has_password(sector: &[u8]) -> bool {
    let secrets = [fields::WIFI_PASS, fields::WIFI_PASS2, fields::WEB_PASS];
    Config::parse(sector).map_or(true, |config| secrets.iter().any(|field| !config.secret(*field).is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::chip::mac::Mac;
    use crate::model::tuya::encode::{self, Spec};
    use crate::model::tuya::format::SECTOR;

    fn put(flash: &mut [u8], at: usize, bytes: &[u8]) {
        flash[at..at + bytes.len()].copy_from_slice(bytes);
    }

    /// Where a BK7231T has its store.
    fn place() -> usize {
        Chip::Bk7231T.facts().store.unwrap().start as usize
    }

    fn dump(spec: &Spec) -> Vec<u8> {
        let mut flash = vec![0xFF; 0x20_0000];
        put(&mut flash, place(), &encode::store(spec).unwrap());
        flash
    }

    fn pair(name: &str, value: &str) -> encode::Pair {
        (name.into(), value.into())
    }

    #[test]
    fn a_store_counts_with_a_licence_with_a_network_and_with_only_freed_ones() {
        let entries = vec![pair("gw_bi", r#"{"auth_key":"k"}"#), pair("gw_wsm", r#"{"ssid":"aG9tZQ=="}"#)];
        assert!(holds_credentials(&dump(&Spec { entries: entries.clone(), ..Spec::default() })));
        assert!(holds_credentials(&dump(&Spec { entries: vec![entries[0].clone()], ..Spec::default() })));
        let pins = vec![pair("user_param_key", "{rl1_pin:6,}")];
        assert!(holds_credentials(&dump(&Spec { entries: pins, stale: entries, ..Spec::default() })));
    }

    #[test]
    fn a_store_that_nobody_can_read_counts_too() {
        let mut flash = dump(&Spec { entries: vec![pair("gw_bi", "{}")], ..Spec::default() });
        // Sound magic, and a device key that opens nothing.
        flash[place() + SECTOR..].fill(0xFF);
        assert!(holds_credentials(&flash));
    }

    #[test]
    fn a_blank_flash_and_code_alone_hold_none() {
        assert!(!holds_credentials(&[]));
        assert!(!holds_credentials(&vec![0xFF; 0x20_0000]));
        let code: Vec<u8> = (0..0x20_0000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        assert!(!holds_credentials(&code));
    }

    #[test]
    fn a_converted_plug_counts_when_it_has_a_password() {
        let mut config = Config::defaults(Chip::Bk7231T, Mac([2, 0, 0, 0, 0, 1])).unwrap();
        let at = Chip::Bk7231T.facts().config_at as usize;
        let mut flash = vec![0xFF; 0x20_0000];
        put(&mut flash, at, &config.sector());
        assert!(!holds_credentials(&flash));
        config.set_text(fields::WIFI_PASS, b"hunter2").unwrap();
        put(&mut flash, at, &config.sector());
        assert!(holds_credentials(&flash));
        flash[at + 3] ^= 1;
        assert!(holds_credentials(&flash), "its checksum is wrong, its password is there");
    }
}
