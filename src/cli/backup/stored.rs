//! A unit's flash out of the archive, and into a file.

use crate::fail::Failure;
use crate::model::chip::digest::Digest;
use crate::model::unit::{Backup, Unit};
use crate::store::archive::Stored;
use crate::store::{Archive, LedgerCopy, StoreError, seal};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A unit, and its flash as it was kept, proven.
pub(super) async fn stored(
    data_dir: &Path,
    seq: u64,
    identity: Option<&Path>,
) -> Result<(Unit, Backup, Vec<u8>), Failure> {
    let ledger = LedgerCopy::take(data_dir).map_err(Failure::broken)?;
    let unit = ledger.get(seq).map_err(Failure::broken)?;
    let unit = unit.ok_or_else(|| Failure::no(format!("there is no unit {seq}; `flashjig units` lists them")))?;
    let backup = unit.backup.clone().ok_or_else(|| {
        Failure::no(format!("unit {seq} has no backup: it ended ({}) before one was kept", unit.verdict))
    })?;
    let stored = Archive::at(data_dir).load(backup.sha256).await.map_err(|error| match error {
        StoreError::Disk { .. } => Failure::broken(error),
        _ => Failure::no(error),
    })?;
    let bytes = match (stored, identity) {
        (Stored::Plain(bytes), _) => bytes,
        (Stored::Encrypted(sealed), Some(key)) => decrypt(&sealed, key, backup.sha256)?,
        (Stored::Encrypted(_), None) => {
            return Err(Failure::no(format!(
                "the backup of unit {seq} is encrypted: give the key that belongs to the recipe's encrypt_to with \
                 --identity KEYFILE"
            )));
        }
    };
    Ok((unit, backup, bytes))
}

/// The stock flash in an age file, compared with the digest of the record.
fn decrypt(sealed: &[u8], key: &Path, expected: Digest) -> Result<Vec<u8>, Failure> {
    let what = format!("reading the key file {}", key.display());
    let text = fs::read_to_string(key).map_err(|error| Failure::broken(StoreError::io(&what, &error)))?;
    let bytes = seal::open(sealed, &text).map_err(Failure::no)?;
    let found = Digest::of(&bytes);
    if found != expected {
        return Err(Failure::no(StoreError::Damaged {
            what: "the decrypted backup".into(),
            expected: format!("SHA-256 {expected}"),
            found: format!("{found} over {} bytes", bytes.len()),
            remedy: "do not write it to a board, look for another copy".into(),
        }));
    }
    Ok(bytes)
}

/// A new file, for the owner's eyes only.
pub(super) fn save(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let what = format!("writing {}", file.display());
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::broken(format!("{what}: the file exists and is not overwritten; choose another name"))
        } else {
            Failure::broken(format!("{what}: {error}; choose a folder that is there and that you may write to"))
        }
    })?;
    out.write_all(bytes).and_then(|()| out.sync_all()).map_err(|error| {
        // half a dump would pass for a whole one
        let _ = fs::remove_file(file);
        Failure::broken(StoreError::io(&what, &error))
    })
}
