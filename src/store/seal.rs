//! Backups encrypted to a public key: the station writes what it can't read.
//!
//! The format is age v1 (age-encryption.org/v1), so that `age -d` of any machine reads a backup without flashjig.

use super::StoreError;
use age::DecryptError;
use age::x25519::Recipient;

/// Encrypts to the recipient, `age1...`.
pub(super) fn seal(bytes: &[u8], recipient: &str) -> Result<Vec<u8>, StoreError> {
    let wrong = |found: String| StoreError::Damaged {
        what: "encrypting a backup".into(),
        expected: "an age recipient".into(),
        found,
        remedy: "correct encrypt_to in the recipe's section [backup]; `age-keygen` prints the recipient of a key"
            .into(),
    };
    let recipient: Recipient = recipient.parse().map_err(|error: &str| wrong(error.into()))?;
    age::encrypt(&recipient, bytes).map_err(|error| wrong(error.to_string()))
}

/// Decrypts with the key file's identities, `AGE-SECRET-KEY-1...`, one a line. No word of the key is in any error.
pub(crate) fn open(sealed: &[u8], key_file: &str) -> Result<Vec<u8>, StoreError> {
    let wrong = |found: &str, remedy: &str| StoreError::Damaged {
        what: "decrypting a backup".into(),
        expected: "the key that it was encrypted to".into(),
        found: found.into(),
        remedy: remedy.into(),
    };
    let keys =
        || wrong("no age key in the key file", "give the file that `age-keygen` wrote, not protected by a passphrase");
    let identities = age::IdentityFile::from_buffer(key_file.as_bytes())
        .ok()
        .and_then(|file| file.into_identities().ok())
        .filter(|identities| !identities.is_empty())
        .ok_or_else(keys)?;
    let bytes = age::Decryptor::new(sealed).and_then(|decryptor| {
        let mut reader = decryptor.decrypt(identities.iter().map(|identity| &**identity as &dyn age::Identity))?;
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut reader, &mut plain)?;
        Ok(plain)
    });
    bytes.map_err(|error| match error {
        DecryptError::NoMatchingKeys => {
            wrong("another key", "give the key whose recipient was encrypt_to at that time")
        }
        _ => wrong("a damaged file", "look for another copy; `flashjig backup check` names damaged backups"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use age::secrecy::ExposeSecret as _;

    fn key() -> (String, String) {
        let key = age::x25519::Identity::generate();
        (key.to_public().to_string(), key.to_string().expose_secret().to_owned())
    }

    #[test]
    fn only_the_owner_of_the_key_reads_it() {
        let (recipient, secret) = key();
        let sealed = seal(b"stock flash", &recipient).unwrap();
        assert!(sealed.starts_with(b"age-encryption.org/v1\n"));
        assert!(!sealed.windows(5).any(|window| window == b"stock"));
        let file = format!("# created: 2026-11-22\n# public key: {recipient}\n{secret}\n");
        assert_eq!(open(&sealed, &file).unwrap(), b"stock flash");
        let error = open(&sealed, &key().1).unwrap_err().to_string();
        assert!(error.contains("another key"), "{error}");
    }

    #[test]
    fn what_is_no_key_is_said_without_showing_it() {
        let (recipient, secret) = key();
        let sealed = seal(b"x", &recipient).unwrap();
        let torn = secret.get(..30).unwrap();
        for file in ["", "# nothing\n", torn] {
            let error = open(&sealed, file).unwrap_err().to_string();
            assert!(error.contains("no age key") && !error.contains("SECRET"), "{error}");
        }
        assert!(open(b"not age", &secret).is_err());
        assert!(seal(b"x", "age1x").unwrap_err().to_string().contains("encrypt_to"));
    }
}
