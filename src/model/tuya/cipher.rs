//! The store's keys: AES-128 in ECB mode over whole sectors.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

/// Bytes of a cipher block and of every key.
pub const BLOCK: usize = 16;
/// Key of the key sector and of the protected sector's outer layer; the same in every device.
pub const MASTER: [u8; BLOCK] = *b"qwertyuiopasdfgh";
/// The part of every data key that no device changes.
const COMMON: [u8; BLOCK] = *b"HHRRQbyemofrtytf";
/// Sixteen bytes FF under the master key: what a key sector is filled with.
pub const MARKER: [u8; BLOCK] =
    [0x46, 0xDC, 0xED, 0x0E, 0x67, 0x2F, 0x3B, 0x70, 0xAE, 0x12, 0x76, 0xA3, 0xF8, 0x71, 0x2E, 0x03];

/// What the device key is added to. Which chip uses which is known for the first two only; a decoder tries all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BaseKey {
    /// `8710_2M`: every BK72xx seen, RTL8710B.
    #[default]
    Beken,
    /// `8721D`: RTL8720D.
    Rtl8721D,
    /// `8711AM_4M`: RTL8711AM.
    Rtl8711Am,
    /// `RDA5981_2M`: RDA5981.
    Rda5981,
    /// The common part alone.
    Common,
    /// The common part doubled.
    Doubled,
}

impl BaseKey {
    /// All of them, the likeliest first.
    pub const ALL: [Self; 6] =
        [Self::Beken, Self::Rtl8721D, Self::Rtl8711Am, Self::Rda5981, Self::Common, Self::Doubled];

    /// The chip family's word; only its first four bytes matter.
    fn family(self) -> [u8; 4] {
        match self {
            Self::Beken => *b"8710",
            Self::Rtl8721D => *b"8721",
            Self::Rtl8711Am => *b"8711",
            Self::Rda5981 => *b"RDA5",
            Self::Common | Self::Doubled => [0; 4],
        }
    }

    /// Short name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Beken => "8710_2M",
            Self::Rtl8721D => "8721D",
            Self::Rtl8711Am => "8711AM_4M",
            Self::Rda5981 => "RDA5981_2M",
            Self::Common => "common part alone",
            Self::Doubled => "common part doubled",
        }
    }

    /// The key of the data sectors of the device with this key.
    pub fn data_key(self, device: &[u8; BLOCK]) -> [u8; BLOCK] {
        let mut key = *device;
        for ((byte, common), family) in key.iter_mut().zip(COMMON).zip(self.family().into_iter().cycle()) {
            let common = if self == Self::Doubled { common.wrapping_mul(2) } else { common };
            *byte = byte.wrapping_add(common).wrapping_add(family);
        }
        key
    }
}

/// Encrypts whole blocks in place; a rest shorter than a block stays as it is.
pub fn encrypt(key: &[u8; BLOCK], data: &mut [u8]) {
    let cipher = Aes128::new(&Array(*key));
    for block in data.chunks_exact_mut(BLOCK) {
        if let Ok(block) = block.try_into() {
            cipher.encrypt_block(block);
        }
    }
}

/// Decrypts whole blocks in place; a rest shorter than a block stays as it is.
pub fn decrypt(key: &[u8; BLOCK], data: &mut [u8]) {
    #[cfg(test)]
    DECRYPTED.set(DECRYPTED.get() + data.len());
    let cipher = Aes128::new(&Array(*key));
    for block in data.chunks_exact_mut(BLOCK) {
        if let Ok(block) = block.try_into() {
            cipher.decrypt_block(block);
        }
    }
}

#[cfg(test)]
thread_local! {
    /// Bytes that this thread decrypted: what a search costs.
    pub(super) static DECRYPTED: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marker_is_ff_under_the_master_key() {
        let mut block = [0xFF; BLOCK];
        encrypt(&MASTER, &mut block);
        assert_eq!(block, MARKER);
        decrypt(&MASTER, &mut block);
        assert_eq!(block, [0xFF; BLOCK]);
    }

    #[test]
    fn the_data_key_adds_family_common_part_and_device_key() {
        // Worked example with the invented device key 10 11 .. 1f.
        let device: [u8; BLOCK] = std::array::from_fn(|i| 0x10 + i as u8);
        let key = u128::from_be_bytes(BaseKey::Beken.data_key(&device));
        assert_eq!(key, 0x9090_9595_9dae_c0ac_bdbf_b1bd_c8cd_c3b5);
    }

    #[test]
    fn every_family_gives_another_key() {
        let keys: Vec<_> = BaseKey::ALL.iter().map(|base| base.data_key(&[7; BLOCK])).collect();
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{:?}", BaseKey::ALL[i]);
        }
    }
}
