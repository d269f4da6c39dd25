//! `flashjig backup pack` and `unpack`.

use crate::fail::Failure;
use crate::store::packing::Packed;
use crate::store::{Archive, StoreError};
use std::fmt::Write as _;
use std::path::Path;

/// In which form they are to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Pack,
    Unpack,
}

/// What was done, and whether all is well.
pub(super) async fn pack(data_dir: &Path, way: Way) -> Result<(String, bool), Failure> {
    let archive = Archive::at(data_dir);
    let done = if way == Way::Pack { archive.pack().await } else { archive.unpack().await };
    let done = done.map_err(Failure::broken)?;
    let word = if way == Way::Pack { "packed" } else { "unpacked" };
    Ok((text(word, &done), done.left.is_empty()))
}

fn text(word: &str, done: &Packed) -> String {
    let mut text = String::new();
    // writing to a String can't fail
    for wrong in &done.mended {
        let _ = writeln!(text, "mended from its second copy: {wrong}");
    }
    for (_, error) in &done.left {
        let _ = match error {
            StoreError::Missing(_) => Ok(()),
            error => writeln!(text, "left as it is: {error}"),
        };
    }
    let Packed { changed, before, after, .. } = done;
    let _ = writeln!(text, "{changed} {word}; the archive had {} KiB and has {} KiB", before / 1024, after / 1024);
    text
}
