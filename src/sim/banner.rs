//! What the boot loaders of a chip print on its flashing port when they start the app.

use crate::model::chip::Chip;
use crate::model::chip::beken::crc;

/// Beken's, as its SDK has it. Source: logs of OpenBeken's users.
const SDK: &[u8] =
    b"\r\nBK7238_1.0.15\r\nREG:cpsr     spsr     r13      r14\r\nFal(V0.4.0)success\r\ngo os_addr(0x10000)\r\n";
/// A maker's. Nobody knows what it prints; this is a text that is in one.
const MAKER: &[u8] = b"bk7238 app_start_addr:0x11000\r\n";

/// The text of the loader in this flash.
pub(super) fn of(chip: Chip, flash: &[u8]) -> &'static [u8] {
    let crc = flash.get(..257).map(crc::standard);
    let is_sdk = chip.facts().loaders.iter().any(|loader| loader.is_sdk && Some(loader.crc) == crc);
    if is_sdk { SDK } else { MAKER }
}
