//! How a stock flash comes into the archive, and in which form it stays.

use super::backup_file::{alone, place, prove, remove, sync};
use super::backup_name::{Form, Name, names, needing, of};
use super::base;
use super::{StoreError, seal};
use crate::model::chip::digest::Digest;
use std::path::Path;

/// A stock flash that is kept, and what that took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The stock flash.
    pub digest: Digest,
    /// Bytes that were written to the disk; 0: it was there.
    pub written: u64,
    /// Digest of the stock flash that it is kept by what differs from.
    pub base: Option<Digest>,
}

/// Keeps the bytes under their digest, encrypted where a recipient is given. On return they are on the disk, were read
/// again from it, and no other file holds them: neither their plain form beside an encrypted one, nor one for a key of
/// before. A base that others need stays.
pub(super) fn keep(folder: &Path, digest: Digest, bytes: &[u8], recipient: Option<&str>) -> Result<Placed, StoreError> {
    let alone = alone(folder);
    let names = names(folder)?;
    let (name, written) = match recipient {
        None => plain(folder, &names, (digest, bytes))?,
        Some(recipient) => {
            let sealed = seal::seal(bytes, recipient)?;
            let name = Name { digest, form: Form::Sealed(Digest::of(&sealed)) };
            (name, place(folder, name, &sealed)?)
        }
    };
    settle(folder, name, &names, alone.is_some())?;
    Ok(Placed { digest, written, base: name.base() })
}

fn plain(folder: &Path, names: &[Name], flash: base::Flash) -> Result<(Name, u64), StoreError> {
    let (digest, bytes) = flash;
    // a base that others need comes back as it is
    let mut is_base = needing(digest, names).next().is_some();
    for name in of(digest, names) {
        match name.form {
            Form::Whole | Form::Difference(_) if prove(folder, name).is_ok() => {
                // A crash may have come between its rename and the sync of the folder.
                let io = |error| StoreError::io(format!("keeping the backup {}", name.path(folder).display()), &error);
                sync(folder).map_err(io)?;
                return Ok((name, 0));
            }
            Form::Spare => is_base = true,
            _ => {}
        }
    }
    if !is_base {
        match base::pack(folder, names, flash) {
            Ok(Some(kept)) => return Ok(kept),
            Ok(None) => {}
            // as it is, it needs no other file
            Err(error) => tracing::warn!("{digest} is kept as it is: {error}"),
        }
    }
    let name = Name::whole(digest);
    place(folder, name, bytes).map(|written| (name, written))
}

/// Removes the other forms, among the names of before, of a stock flash that is kept in this one now; where others may write
/// meanwhile, none that may become a base for them.
pub(super) fn settle(folder: &Path, kept: Name, names: &[Name], alone: bool) -> Result<(), StoreError> {
    let needing = needing(kept.digest, names).count();
    for other in of(kept.digest, names).filter(|other| *other != kept) {
        match other.form {
            Form::Spare if kept.form == Form::Whole => {}
            Form::Whole | Form::Spare if !alone => {}
            Form::Whole | Form::Spare if needing > 0 => {
                if other.form == Form::Whole {
                    tracing::warn!(
                        "the stock flash {} stays in the archive as it is too: {needing} others are kept by what differs \
                         from it; `flashjig backup unpack` parts them",
                        kept.digest
                    );
                }
            }
            _ => remove(folder, other)?,
        }
    }
    Ok(())
}
