//! Firmware files made up for tests, shaped like OpenBeken's.

use crate::model::chip::board::Board;
use crate::model::chip::flash::rf;
use crate::model::chip::flash_cipher::{self, APP_BASE, DATA};
use crate::model::chip::{Chip, Key};
use crate::model::firmware::fal;
use crate::model::firmware::image::{builds, drivers};
use crate::model::firmware::rbl;

/// Start of every app: `b`, then `ldr pc, [pc, #20]`.
const VECTORS: [u8; 8] = [0x0E, 0x00, 0x00, 0xEA, 0x14, 0xF0, 0x9F, 0xE5];

/// `code` under `key` with its header at the end of a partition of `len` bytes of flash.
fn partition(
    name: &str,
    base: u32,
    mut plain: Vec<u8>,
    key: Key,
    plain_parts: &[(usize, Vec<u8>)],
    len: usize,
) -> Vec<u8> {
    plain.resize(plain.len().next_multiple_of(DATA), 0);
    flash_cipher::crypt(base, &mut plain, flash_cipher::coefficients(key));
    for (at, bytes) in plain_parts {
        plain[*at..at + bytes.len()].copy_from_slice(bytes);
    }
    let mut raw = flash_cipher::wrap(&plain);
    raw.resize(len - rbl::SEALED, 0xFF);
    raw.extend(rbl::Header::of(name, "1.00", &plain).seal());
    raw
}

/// A UA file; `text` is put into its code, with the drivers of the variant that it names.
pub(crate) fn ua(chip: Chip, key: Key, text: &str) -> Vec<u8> {
    // the T's published files end at 1 MiB, the others at the end of Tuya's app partition
    let end = if chip == Chip::Bk7231T { 0x10_0000 } else { 0x12_9F70 };
    let mut plain = VECTORS.to_vec();
    plain.extend((0..0x4000u32).flat_map(|i| i.wrapping_mul(0x9E37_79B9).to_le_bytes()));
    let variant =
        text.rsplit_once('_').map_or("", |(_, version)| version).trim_start_matches(|c: char| !c.is_alphabetic());
    plain.extend(drivers::encode(&builds::drivers(chip, variant), plain.len()));
    plain.extend(b"\0OpenBK7231T_App\0OpenBK7231N_%s\0");
    plain.extend(text.as_bytes());
    plain.extend([0; 64]);
    partition("app", APP_BASE, plain, key, &[], end - chip.boot_end() as usize)
}

/// The text in the code of a chip's file.
pub(crate) fn marker(chip: Chip, version: &str) -> String {
    format!("{}_{version}", chip.facts().firmware.unwrap_or_default())
}

/// A boot loader's area.
pub(crate) fn boot(chip: Chip, key: Key) -> Vec<u8> {
    boot_with(chip, key, chip.app_limit())
}

/// The same whose table has the update area here.
pub(crate) fn boot_with(chip: Chip, key: Key, download: u32) -> Vec<u8> {
    let for_rom = !chip.dialect().boots_from_flash();
    let mut plain = VECTORS.to_vec();
    plain.resize(0x400, 0x42);
    plain.extend(if for_rom { b"BK7231N_1.0.1\0" } else { b"BK7231S_1.0.5\0" });
    plain.resize(0x600, 0x43);
    let table = [
        fal::entry("bootloader", fal::CODE, 0, 0x1_0000),
        fal::entry("app", fal::CODE, 0x1_0000, 0x10_8700),
        fal::entry(fal::DOWNLOAD, fal::DATA, download, 0xA_6000),
    ];
    let mut as_is = vec![(0x500, table.concat())];
    if for_rom {
        as_is.push((0x100, chip.facts().rom_magic.unwrap_or_default().to_vec()));
    }
    partition("bootloader", 0, plain, key, &as_is, chip.boot_end() as usize)
}

/// A QIO file.
pub(crate) fn qio(chip: Chip, version: &str) -> Vec<u8> {
    [boot(chip, chip.key()), ua(chip, chip.key(), &marker(chip, version))].concat()
}

/// A dump of 2 MiB.
pub(crate) fn dump(chip: Chip) -> Vec<u8> {
    let mut dump = qio(chip, "1.18.300");
    dump.resize(0x20_0000, 0xFF);
    let sector = chip.facts().calibration.working as usize;
    dump[sector..sector + 4].copy_from_slice(rf::MAGIC);
    dump[sector + 0x1C..sector + 0x24].copy_from_slice(&rf::MAC_TAG);
    dump[sector + 0x24..sector + 0x2A].copy_from_slice(&[0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]);
    dump
}

/// A board of a chip with 2 MiB, of which nothing else is known.
pub(crate) fn board(chip: Chip) -> Board {
    Board::new(chip, chip.key(), 0x20_0000)
}
