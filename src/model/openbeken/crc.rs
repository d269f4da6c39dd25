//! The configuration's CRC-8.
//!
//! The firmware keeps the register in a C `char` (OpenBK7231T_App, `tiny_crc8.c`). Where `char` is signed, as on every
//! Beken chip, the shift keeps the top bit, and the result is no catalogued CRC any more.

/// As Beken chips compute it: signed `char`.
pub fn signed(bytes: &[u8]) -> u8 {
    crc(bytes, |register| (register >> 1) | (register & 0x80))
}

/// As chips with an unsigned `char` compute it: CRC-8 of Dallas/Maxim.
pub fn unsigned(bytes: &[u8]) -> u8 {
    crc(bytes, |register| register >> 1)
}

fn crc(bytes: &[u8], shift: impl Fn(u8) -> u8) -> u8 {
    bytes.iter().fold(0, |register, byte| {
        (0..8).fold(register, |register, bit| {
            let shifted = shift(register);
            if (register ^ (byte >> bit)) & 1 == 1 { shifted ^ 0x8C } else { shifted }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_firmwares_own_code_gives_these_values() {
        // tiny_crc8.c, compiled with signed and with unsigned char.
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!((signed(b"123456789"), unsigned(b"123456789")), (0x63, 0xA1));
        assert_eq!((signed(&all), unsigned(&all)), (0xDB, 0x18));
        assert_eq!((signed(&[0; 99]), unsigned(&[0; 99])), (0, 0));
    }
}
