//! The two checksums of the chips.

use crc::{CRC_16_CMS, CRC_32_JAMCRC, Crc, Digest};

/// CRC-32 without the final inversion, as the chips answer it: "123456789" gives 0x340BC6D9.
static CRC32: Crc<u32, crc::Table<16>> = Crc::<u32, crc::Table<16>>::new(&CRC_32_JAMCRC);
/// CRC-16 of one 32-byte code record, stored high byte first: "123456789" gives 0xAEE7.
static CRC16: Crc<u16> = Crc::<u16>::new(&CRC_16_CMS);

/// The CRC that the chip's CheckCrc command answers for these bytes ("wire value"; standard CRC-32 with all bits
/// inverted).
pub fn wire(bytes: &[u8]) -> u32 {
    CRC32.checksum(bytes)
}

/// Standard CRC-32 (zip, RBL headers, the public tables of boot loaders).
pub fn standard(bytes: &[u8]) -> u32 {
    !wire(bytes)
}

/// The CRC-16 of a code record's 32 bytes; stored big-endian behind them.
pub fn record(bytes: &[u8]) -> u16 {
    CRC16.checksum(bytes)
}

/// A wire CRC built piece by piece.
pub struct Running(Digest<'static, u32, crc::Table<16>>);

impl Default for Running {
    fn default() -> Self {
        Self(CRC32.digest())
    }
}

impl Running {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The wire value of all bytes so far.
    pub fn finish(self) -> u32 {
        self.0.finalize()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_check_values_hold() {
        assert_eq!(wire(b"123456789"), 0x340B_C6D9);
        assert_eq!(standard(b"123456789"), 0xCBF4_3926);
        assert_eq!(record(b"123456789"), 0xAEE7);
        assert_eq!(record(&[0xFF; 32]), 0x000C);
    }

    #[test]
    fn erased_ranges_have_their_published_crc() {
        for (len, crc) in [(256, 0x0157_57DE), (4096, 0x0EAB_98F5), (65536, 0x2154_81B1), (2 << 20, 0x65BE_F61A)] {
            assert_eq!(wire(&vec![0xFF; len]), crc, "{len} bytes of FF");
        }
    }

    #[test]
    fn a_running_crc_equals_the_one_shot() {
        let mut running = Running::default();
        running.update(b"1234");
        running.update(b"56789");
        assert_eq!(running.finish(), wire(b"123456789"));
    }
}
