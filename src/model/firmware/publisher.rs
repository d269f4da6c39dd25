//! The key of a publisher whose signature answers for a firmware file: minisign
//! (<https://jedisct1.github.io/minisign/>), `FILE.minisig` beside `FILE`.

use minisign_verify::{PublicKey, Signature};

/// What a signature's file is called after the file that it is for.
pub const SUFFIX: &str = ".minisig";
/// A signature has four short lines; what is longer is none, bytes.
pub const MAX_SIGNATURE: u64 = 4096;

/// A publisher, by his public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher(PublicKey);

impl Publisher {
    /// From the second line of `minisign.pub`: `RW` and 54 letters.
    pub fn parse(text: &str) -> Option<Self> {
        PublicKey::from_base64(text.trim()).ok().map(Self)
    }

    /// Whether the text of a `.minisig` file is his signature of these bytes. Those of before minisign 0.8, which sign the
    /// bytes and not their hash, are not taken.
    pub fn signed(&self, bytes: &[u8], signature: &str) -> bool {
        Signature::decode(signature).is_ok_and(|signature| self.0.verify(bytes, &signature, false).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of minisign's own documentation: key, signature, and the bytes `test`.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key\n\
        RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n\
        trusted comment: timestamp:1556193335\tfile:test\n\
        y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n";

    #[test]
    fn only_the_signature_of_these_very_bytes_counts() {
        let publisher = Publisher::parse(KEY).unwrap();
        assert!(publisher.signed(b"test", SIGNATURE));
        assert!(!publisher.signed(b"Test", SIGNATURE));
        assert!(!publisher.signed(b"test", &SIGNATURE.replace("file:test", "file:tesu")), "its comment is signed, too");
        assert!(!publisher.signed(b"test", &SIGNATURE.replace("RUQf6LRCGA9i559", "RUQf6LRCGA9i558")));
        for text in ["", "x", "untrusted comment: x\n", "a\nb\nc\nd\n"] {
            assert!(!publisher.signed(b"test", text), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in ["", "RW", "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z", &KEY[1..]] {
            assert_eq!(Publisher::parse(text), None, "{text}");
        }
    }
}
