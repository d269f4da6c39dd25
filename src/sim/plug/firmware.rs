//! What a flash makes of a plug: the chip runs what it can decrypt, the firmware takes a configuration that its checksum
//! proves.

use crate::model::chip::flash::rf;
use crate::model::chip::mac::Mac;
use crate::model::chip::{CONFIG_IDENT, Chip, flash_cipher};
use crate::model::openbeken::config;
use crate::model::openbeken::{Config, crc};

/// How an application begins: the ARM vector table.
const VECTORS: [u8; 4] = [0x0E, 0x00, 0x00, 0xEA];
/// The configuration's bytes that its checksum covers (version 4 and up).
const COVERED: std::ops::Range<usize> = 4..3584;

/// A firmware that runs.
#[derive(Clone, Debug)]
pub struct Firmware {
    /// What it calls itself, such as `OpenBK7231T`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The MAC that it uses.
    pub mac: Mac,
    /// Its configuration: that of the flash, or its defaults.
    pub config: Config,
    /// Whether the flash had one that it could take.
    pub configured: bool,
}

impl Firmware {
    /// What the chip runs with this flash; `None`: what lies there is no application for it.
    pub fn of(chip: Chip, flash: &[u8]) -> Option<Self> {
        let app = flash.get(chip.boot_end() as usize..)?;
        let run = flash_cipher::unseal(flash_cipher::APP_BASE, app, chip.key());
        if !run.plain.starts_with(&VECTORS) {
            return None;
        }
        let name = chip.facts().firmware?;
        let version = version(&run.plain, name)?;
        let mac = rf::find(flash).map_or(Mac([0; 6]), |rf| rf.mac);
        let at = config::address(chip) as usize;
        let sector = flash.get(at..at + 0x1000)?;
        let own = takes(sector).then(|| Config::parse(sector).ok()).flatten();
        let configured = own.is_some();
        let config = own.or_else(|| Config::defaults(chip, mac).ok())?;
        Some(Self { name: name.to_owned(), version, mac, config, configured })
    }
}

/// Whether the firmware takes a sector as its configuration: ident and checksum.
fn takes(sector: &[u8]) -> bool {
    let sum = sector.get(COVERED).map(crc::signed);
    sector.starts_with(&CONFIG_IDENT) && sum.is_some() && sector.get(3).copied() == sum
}

/// The version behind the firmware's name, in its code.
fn version(code: &[u8], name: &str) -> Option<String> {
    let mark = format!("{name}_");
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    code.windows(mark.len()).enumerate().filter(|(_, window)| *window == mark.as_bytes()).find_map(|(at, _)| {
        let behind = code.get(at + mark.len()..)?;
        let text: String = behind.iter().take(40).take_while(|b| is_part(b)).map(|b| char::from(*b)).collect();
        text.starts_with(|c: char| c.is_ascii_digit()).then_some(text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::factory;

    fn converted(chip: Chip) -> Vec<u8> {
        let (_, app) = factory::demo_image_of(chip, "1.18.300", 0x8000);
        let mut flash = factory::small_stock(chip, 1, 0x1000);
        flash[0x1_1000..0x1_1000 + app.len()].copy_from_slice(&app);
        let config = Config::defaults(chip, factory::mac(1)).unwrap();
        let at = config::address(chip) as usize;
        flash[at..at + 0x1000].copy_from_slice(&config.sector());
        flash
    }

    #[test]
    fn a_converted_flash_runs_with_its_own_configuration() {
        for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M] {
            let runs = Firmware::of(chip, &converted(chip)).unwrap();
            assert_eq!(
                (runs.version.as_str(), runs.mac, runs.configured),
                ("1.18.300", factory::mac(1), true),
                "{chip}"
            );
        }
    }

    #[test]
    fn a_wrong_byte_anywhere_in_the_configuration_gives_the_defaults() {
        let flash = converted(Chip::Bk7231T);
        let at = config::address(Chip::Bk7231T) as usize;
        for byte in [0, 3, 4, 0x33E, 0xDFF] {
            let mut damaged = flash.clone();
            damaged[at + byte] ^= 0x20;
            assert!(!Firmware::of(Chip::Bk7231T, &damaged).unwrap().configured, "+{byte:#x}");
        }
        let mut padding = flash;
        padding[at + 0xE00] = 0;
        assert!(Firmware::of(Chip::Bk7231T, &padding).unwrap().configured, "what lies behind it is not looked at");
    }

    #[test]
    fn an_application_with_another_key_or_a_broken_first_record_does_not_run() {
        let mut flash = converted(Chip::Bk7231T);
        assert!(Firmware::of(Chip::Bk7231M, &flash).is_none());
        flash[0x1_1000] ^= 1;
        assert!(Firmware::of(Chip::Bk7231T, &flash).is_none());
        assert!(
            Firmware::of(Chip::Bk7231T, &factory::small_stock(Chip::Bk7231T, 1, 0x1000)).is_none(),
            "the vendor's app"
        );
    }
}
