//! No secret byte of a made-up flash is left in it, and what says nothing of anybody is.

use super::*;
use crate::model::chip::digest::Digest;
use crate::sim::factory;
use std::collections::HashSet;

const UNIT: u32 = 7;

fn put(flash: &mut [u8], at: u32, bytes: &[u8]) {
    flash[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
}

fn has(flash: &[u8], what: &[u8]) -> bool {
    let first = what[0];
    flash.iter().enumerate().any(|(at, byte)| *byte == first && flash[at..].starts_with(what))
}

/// Not one of the pieces of 8 bytes that these secrets are made of, be they blocks of a cipher or a text, is anywhere left.
fn assert_gone(left: &[u8], secrets: &[u8], what: &str) {
    let telling = |piece: &&[u8; 8]| piece.iter().any(|byte| !matches!(byte, 0 | 0xFF));
    let pieces: HashSet<u64> =
        secrets.as_chunks::<8>().0.iter().filter(telling).map(|piece| u64::from_be_bytes(*piece)).collect();
    let mut last = 0_u64;
    for (at, byte) in left.iter().enumerate() {
        last = last << 8 | u64::from(*byte);
        // most of a flash is blank, and most of what is left are fillers
        let is_plain = matches!(last, 0 | u64::MAX) || *byte == FILLER[at % FILLER.len()];
        assert!(is_plain || at < 7 || !pieces.contains(&last), "{what}: a piece is left at {:#x}", at - 7);
    }
}

#[test]
fn no_block_of_the_vendors_stores_and_no_address_is_left() {
    for chip in factory::chips().filter(|chip| chip.facts().store.is_some()) {
        let mut flash = factory::stock(chip, UNIT);
        if !chip.facts().files.is_empty() {
            factory::put_files(&mut flash, chip, &[("secret.txt", b"a password in a file of the vendor")]);
        }
        assert!(holds_credentials(&flash), "{chip}");
        let redacted = redact(&flash, Some(chip)).unwrap();
        let left = &redacted.bytes;
        assert_eq!(left.len(), flash.len(), "{chip}: addresses stay");
        assert_gone(left, chip.facts().store.unwrap().of(&flash).unwrap(), chip.name());
        assert!(!has(left, b"a password in a file"), "{chip}");
        let Mac(mac) = factory::mac(UNIT);
        assert!(has(&flash, &mac) && !has(left, &mac), "{chip}: its address");
        assert!(!holds_credentials(left) && tuya::decode(left).is_err(), "{chip}");
        let words = redacted.words().join("\n");
        assert!(words.contains("the vendor's store of settings") && words.contains("an address (MAC)"), "{words}");
    }
}

#[test]
fn boot_loader_and_code_are_as_they_were_and_every_byte_is_accounted_for() {
    for chip in factory::chips() {
        let flash = factory::stock(chip, UNIT);
        let Redacted { bytes: left, areas } = redact(&flash, Some(chip)).unwrap();
        let boot = chip.boot_area();
        assert!(boot.of(&left) == boot.of(&flash), "{chip}");
        let head = Span::sized(chip.boot_end(), 0x1_0000);
        assert!(head.of(&left) == head.of(&flash), "{chip}: its app");
        let mut at = 0;
        for area in &areas {
            assert_eq!(area.span.start, at, "{chip}: a gap");
            let same = area.span.of(&left) == area.span.of(&flash);
            assert_eq!(same, !area.blanked, "{chip}: {} {}", area.span, area.what);
            at = area.span.end;
        }
        assert_eq!(at as usize, flash.len());
    }
}

#[test]
fn a_converted_plug_loses_its_passwords_and_even_their_lengths() {
    let chip = Chip::Bk7231T;
    let mut config = Config::defaults(chip, factory::mac(UNIT)).unwrap();
    let secrets = [
        (fields::WIFI_SSID, "the neighbours"),
        (fields::WIFI_PASS, "correct horse battery"),
        (fields::MQTT_USER, "plugs-of-ada"),
        (fields::MQTT_PASS, "swordfish-1234"),
        (fields::WEB_PASS, "hunter2-hunter2"),
    ];
    for (field, text) in secrets {
        config.set_text(field, text.as_bytes()).unwrap();
    }
    let at = chip.facts().config_at;
    let mut flash = factory::stock(chip, UNIT);
    put(&mut flash, at, &config.sector());
    // a copy in a place that nobody knows, and in a text
    put(&mut flash, 0x1F_8000, &config.sector());
    put(&mut flash, 0x1F_B123, b"the log said correct horse battery");
    let redacted = redact(&flash, Some(chip)).unwrap();
    for (_, text) in secrets {
        assert!(has(&flash, text.as_bytes()) && !has(&redacted.bytes, text.as_bytes()), "{text}");
    }
    let sector = Span::sized(at, SECTOR);
    assert!(sector.of(&redacted.bytes).unwrap().chunks(8).all(|piece| piece == FILLER));
    assert!(redacted.words().iter().any(|line| line.starts_with("OpenBeken's configuration")));
}

#[test]
fn a_credential_in_the_midst_of_code_goes_too() {
    let chip = Chip::Bk7238;
    let mut flash = factory::stock(chip, UNIT);
    let mac = factory::mac(UNIT).to_string();
    let mut plain = vec![0x55; 0x400];
    plain[0x100..0x111].copy_from_slice(mac.as_bytes());
    plain[0x220..0x226].copy_from_slice(&factory::mac(UNIT).0);
    let text = mac.replace(':', "").to_lowercase();
    plain[0x300..0x30C].copy_from_slice(text.as_bytes());
    put(&mut flash, 0x8_0000, &flash_cipher::wrap(&plain));
    put(&mut flash, 0x100, mac.as_bytes());
    let left = redact(&flash, Some(chip)).unwrap().bytes;
    for form in [mac.as_bytes(), text.as_bytes(), factory::mac(UNIT).0.as_slice()] {
        assert!(has(&flash, form) && !has(&left, form));
    }
    assert!(has(&left, &[0x55; 32]), "the code around it stays");
}

#[test]
fn data_that_nobody_knows_is_never_kept() {
    let chip = Chip::Bk7231N;
    let mut flash = factory::stock(chip, UNIT);
    let noise: Vec<u8> = (0..0x3000_u32).flat_map(|n| Digest::of(&n.to_le_bytes()).to_string().into_bytes()).collect();
    let noise = &noise[..0x3000];
    put(&mut flash, 0x1F_4000, noise);
    let left = redact(&flash, Some(chip)).unwrap().bytes;
    assert_gone(&left, noise, "unknown data");
}

#[test]
fn a_flash_of_zeros_or_of_nothing_is_no_code_and_is_kept_as_it_is() {
    for byte in [0x00, 0xFF] {
        let flash = vec![byte; 0x20_0000];
        assert_eq!(redact(&flash, None).unwrap().bytes, flash);
    }
    assert_eq!(redact(&[], None).unwrap().areas, []);
}

#[test]
fn a_part_of_a_flash_is_refused() {
    let flash = factory::stock(Chip::Bk7231T, UNIT);
    assert_eq!(redact(&flash[0x1_1000..], Some(Chip::Bk7231T)), Err(NotRedacted::Part));
}

#[test]
fn real_stock_dumps_lose_every_secret_and_keep_their_code() {
    for (name, chip) in [
        ("T_Woox_R5111_bulb_WB3S", Chip::Bk7231T),
        ("T_DS-101JL_4gang_WB3S", Chip::Bk7231T),
        ("N_Mirabella_I003632_plug_CB2S", Chip::Bk7231N),
        ("N_TSL-PS-F4U_plug", Chip::Bk7231N),
    ] {
        let Some(flash) = crate::testdata::read(&format!("stock/{name}.bin")) else { return };
        let redacted = redact(&flash, Some(chip)).unwrap();
        let left = &redacted.bytes;
        assert!(!holds_credentials(left), "{name}");
        assert_gone(left, chip.facts().store.unwrap().of(&flash).unwrap(), name);
        let Mac(mac) = rf::find(&flash).unwrap().mac;
        assert!(!has(left, &mac), "{name}: its address");
        let masks = masks(&flash, tuya::decode(&flash).ok().as_ref());
        assert!(masks.places(left, &[]).unwrap().is_empty(), "{name}");
        let kept: u32 = redacted.areas.iter().filter(|area| !area.blanked).map(|area| area.span.len()).sum();
        assert!(kept > 0x10_0000, "{name}: {kept} bytes are kept");
    }
}
