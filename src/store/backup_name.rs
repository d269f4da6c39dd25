//! What the names of the archive's files promise. docs/archive.md has all four.

use super::StoreError;
use crate::model::chip::digest::Digest;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Start of the names of files that are being written.
pub(super) const PART: &str = ".part-";
/// End of the names of stock flashes as they are.
const WHOLE: &str = ".bin";
/// End of the names of differences.
const DIFFERENCE: &str = ".diff";
/// End of the names of encrypted backups.
const SEALED: &str = ".age";
/// End of the names of second copies.
const SPARE: &str = ".base";

/// How a stock flash is kept. In the order in which they are read: each needs less than the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// As it is.
    Whole,
    /// By what differs from the stock flash with this digest.
    Difference(Digest),
    /// Encrypted, in a file with this digest, so that it can be proven without the key.
    Sealed(Digest),
    /// As the second copy of a base.
    Spare,
}

/// A file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    /// Digest of the stock flash.
    pub(super) digest: Digest,
    pub(super) form: Form,
}

impl Name {
    pub(super) fn whole(digest: Digest) -> Self {
        Self { digest, form: Form::Whole }
    }

    pub(super) fn spare(digest: Digest) -> Self {
        Self { digest, form: Form::Spare }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        let two = |pair: &str| {
            let (one, two) = pair.split_once('-')?;
            Some((Digest::parse(one)?, Digest::parse(two)?))
        };
        if let Some(digest) = name.strip_suffix(WHOLE) {
            return Digest::parse(digest).map(Self::whole);
        }
        if let Some(digest) = name.strip_suffix(SPARE) {
            return Digest::parse(digest).map(Self::spare);
        }
        if let Some(pair) = name.strip_suffix(DIFFERENCE) {
            return two(pair).map(|(digest, base)| Self { digest, form: Form::Difference(base) });
        }
        two(name.strip_suffix(SEALED)?).map(|(digest, cipher)| Self { digest, form: Form::Sealed(cipher) })
    }

    pub(super) fn path(self, folder: &Path) -> PathBuf {
        let digest = self.digest;
        folder.join(match self.form {
            Form::Whole => format!("{digest}{WHOLE}"),
            Form::Difference(base) => format!("{digest}-{base}{DIFFERENCE}"),
            Form::Sealed(cipher) => format!("{digest}-{cipher}{SEALED}"),
            Form::Spare => format!("{digest}{SPARE}"),
        })
    }

    /// Digest of the base, where it has one.
    pub(super) fn base(self) -> Option<Digest> {
        match self.form {
            Form::Difference(base) => Some(base),
            _ => None,
        }
    }

    pub(super) fn is_sealed(self) -> bool {
        matches!(self.form, Form::Sealed(_))
    }
}

/// The archive's names in their order, with the sizes of the files, and what else lies there.
pub(super) type Scan = (Vec<(Name, u64)>, Vec<PathBuf>);

/// All files of a folder. No folder is an empty archive.
pub(super) fn scan(folder: &Path) -> Result<Scan, StoreError> {
    let io = |error| StoreError::io(format!("listing the archive {}", folder.display()), &error);
    let (mut kept, mut strangers) = (Vec::new(), Vec::new());
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((kept, strangers)),
        Err(error) => return Err(io(error)),
    };
    for entry in entries {
        let entry = entry.map_err(io)?;
        match entry.file_name().to_str().and_then(Name::parse) {
            Some(name) => match entry.metadata() {
                Ok(found) => kept.push((name, found.len())),
                // it was kept in another form meanwhile
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io(error)),
            },
            None => strangers.push(entry.path()),
        }
    }
    kept.sort_unstable();
    strangers.sort();
    Ok((kept, strangers))
}

/// The names alone, in their order.
pub(super) fn names(folder: &Path) -> Result<Vec<Name>, StoreError> {
    let io = |error| StoreError::io(format!("listing the archive {}", folder.display()), &error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry.map_err(io)?.file_name().to_str().and_then(Name::parse));
    }
    names.sort_unstable();
    Ok(names)
}

/// Those of one stock flash, in the order in which they are read. There is one, two of a base, and more where power failed
/// between the writing of one form and the removal of the one before.
pub(super) fn of(digest: Digest, names: &[Name]) -> impl Iterator<Item = Name> {
    names.iter().copied().filter(move |name| name.digest == digest)
}

/// The stock flashes that need this base.
pub(super) fn needing(base: Digest, names: &[Name]) -> impl Iterator<Item = Digest> {
    names.iter().filter(move |name| name.base() == Some(base)).map(|name| name.digest)
}

/// All bases: those with a second copy, and those that others need.
pub(super) fn bases(names: &[Name]) -> BTreeSet<Digest> {
    let spares = names.iter().filter(|name| name.form == Form::Spare).map(|name| name.digest);
    spares.chain(names.iter().filter_map(|name| name.base())).collect()
}

/// Whether this is one of them.
pub(super) fn is_base(digest: Digest, names: &[Name]) -> bool {
    names.binary_search(&Name::spare(digest)).is_ok() || needing(digest, names).next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_its_name_and_is_known_by_it() {
        let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
        let forms = [Form::Whole, Form::Difference(two), Form::Sealed(two), Form::Spare];
        let expected =
            [format!("{one}.bin"), format!("{one}-{two}.diff"), format!("{one}-{two}.age"), format!("{one}.base")];
        for (form, expected) in forms.into_iter().zip(expected) {
            let name = Name { digest: one, form };
            assert_eq!(name.path(Path::new("")).to_str(), Some(&*expected));
            assert_eq!(Name::parse(&expected), Some(name));
            assert_eq!(Name::parse(&expected[1..]), None);
        }
        for strange in ["README", ".bin", "x.diff", &format!("{one}.diff"), &format!("{one}-{two}.bin")] {
            assert_eq!(Name::parse(strange), None, "{strange}");
        }
        assert!(forms.is_sorted(), "the whole one is read first, the second copy last");
    }
}
