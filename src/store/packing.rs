//! An archive of before, packed, and the way back. Nothing is removed before its other form is on the disk and was read again,
//! so it may be killed at any moment and started again.

use super::archive::Archive;
use super::backup_file::{alone, clear_parts, place, read, remove};
use super::backup_name::{Form, Name, bases, is_base, names, needing, of, scan};
use super::error::{StoreError, blocking};
use super::{base, keeping};
use crate::model::chip::digest::Digest;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// A station that waits for the folder has it between two steps.
const BREATH: Duration = Duration::from_millis(2);

/// What packing or unpacking came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Stock flashes that are kept in another form now.
    pub changed: u64,
    /// Copies of bases that were written again from the other one, and what was wrong with each.
    pub mended: Vec<StoreError>,
    /// Stock flashes that were left as they are, because something about them is damaged.
    pub left: Vec<(Digest, StoreError)>,
    /// Bytes of all files before.
    pub before: u64,
    /// And now.
    pub after: u64,
}

impl Archive {
    /// Keeps each plain stock flash that has a base by what differs from it, and mends bases.
    pub async fn pack(&self) -> Result<Packed, StoreError> {
        let mut done = Packed { before: self.begin().await?, ..Packed::default() };
        for base in self.digests(bases).await? {
            match self.alone(move |folder| base::mend(folder, base)).await {
                Ok(wrong) => done.mended.extend(wrong),
                Err(error) => done.left.push((base, error)),
            }
        }
        // one without a base finds it in what the round before left
        loop {
            let changed = done.changed;
            for digest in self.loose().await? {
                match self.alone(move |folder| pack_one(folder, digest)).await {
                    Ok(packed) => done.changed += u64::from(packed),
                    Err(error @ StoreError::Disk { .. }) => return Err(error),
                    Err(error) if done.left.iter().any(|(left, _)| *left == digest) => drop(error),
                    Err(error) => done.left.push((digest, error)),
                }
            }
            if done.changed == changed {
                break;
            }
        }
        done.after = self.size().await?;
        Ok(done)
    }

    /// Keeps every plain stock flash as it is again, for a flashjig of before that knows nothing else.
    pub async fn unpack(&self) -> Result<Packed, StoreError> {
        let mut done = Packed { before: self.begin().await?, ..Packed::default() };
        for digest in self.digests(packed).await? {
            match self.alone(move |folder| unpack_one(folder, digest)).await {
                Ok(()) => done.changed += 1,
                Err(error @ StoreError::Disk { .. }) => return Err(error),
                Err(error) => done.left.push((digest, error)),
            }
        }
        for base in self.digests(bases).await? {
            match self.alone(move |folder| unbind(folder, base)).await {
                Ok(()) => {}
                Err(error) => done.left.push((base, error)),
            }
        }
        done.after = self.size().await?;
        Ok(done)
    }

    /// One step, during which nobody else changes the archive.
    async fn alone<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Path) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let folder: Arc<Path> = self.shared_folder();
        let done = blocking("packing the archive", move || {
            let Some(_alone) = alone(&folder) else { return Err(busy(&folder)) };
            step(&folder)
        })
        .await;
        tokio::time::sleep(BREATH).await;
        done
    }

    /// Clears what a kill left, and tells the size of the archive.
    async fn begin(&self) -> Result<u64, StoreError> {
        let parts = |folder: &Path| {
            let io = |error| StoreError::io(format!("clearing up the archive {}", folder.display()), &error);
            // without a lock a running station may be at work on one
            let Some(_alone) = alone(folder) else { return Err(busy(folder)) };
            let owner = fs::metadata(folder).map_err(io)?.uid();
            if owner != rustix::process::geteuid().as_raw() {
                return Err(StoreError::Disk {
                    what: format!("packing the archive {}", folder.display()),
                    found: format!("it belongs to the user {owner}, who could not read what another one writes"),
                    remedy: "run the command as the user who runs flashjig: `sudo -u flashjig flashjig backup ...`"
                        .into(),
                });
            }
            clear_parts(folder).map_err(io)
        };
        let folder = self.shared_folder();
        blocking("packing the archive", move || parts(&folder)).await?;
        self.size().await
    }

    async fn size(&self) -> Result<u64, StoreError> {
        let folder = self.shared_folder();
        blocking("listing the archive", move || Ok(scan(&folder)?.0.iter().map(|(_, bytes)| bytes).sum())).await
    }

    async fn digests(&self, of: fn(&[Name]) -> BTreeSet<Digest>) -> Result<BTreeSet<Digest>, StoreError> {
        let folder = self.shared_folder();
        blocking("listing the archive", move || Ok(of(&names(&folder)?))).await
    }

    /// The stock flashes that are kept as they are and are no base, the newest first: a model's next unit will find the base
    /// among the newest, too.
    async fn loose(&self) -> Result<Vec<Digest>, StoreError> {
        let folder = self.shared_folder();
        blocking("listing the archive", move || {
            let names = names(&folder)?;
            let bases = bases(&names);
            let mut loose: Vec<_> = names
                .iter()
                .filter(|name| name.form == Form::Whole && !bases.contains(&name.digest))
                .filter_map(|name| Some((fs::metadata(name.path(&folder)).ok()?.modified().ok()?, name.digest)))
                .collect();
            loose.sort_unstable_by_key(|whole| Reverse(*whole));
            Ok(loose.into_iter().map(|(_, digest)| digest).collect())
        })
        .await
    }
}

/// That nobody may have the folder for himself.
fn busy(folder: &Path) -> StoreError {
    StoreError::Disk {
        what: format!("packing the archive {}", folder.display()),
        found: "the folder is not there, its file system has no locks, or another program has had it for seconds"
            .into(),
        remedy:
            "check --data-dir; look whether another `flashjig backup pack` was stopped by its terminal; pack a copy of \
                 the data folder on a disk with locks"
                .into(),
    }
}

/// Packs one stock flash; `false`: it has no base, or is one.
pub(super) fn pack_one(folder: &Path, digest: Digest) -> Result<bool, StoreError> {
    let (whole, names) = (Name::whole(digest), names(folder)?);
    if names.binary_search(&whole).is_err() || is_base(digest, &names) {
        return Ok(false);
    }
    // a kill came between its difference and this removal
    let packed = of(digest, &names).find(|name| name.base().is_some() && read(folder, *name).is_ok());
    if let Some(name) = packed {
        return keeping::settle(folder, name, &names, true).map(|()| true);
    }
    let bytes = read(folder, whole)?;
    match base::pack(folder, &names, (digest, &bytes))? {
        Some((name, _)) => keeping::settle(folder, name, &names, true).map(|()| true),
        None => Ok(false),
    }
}

/// Those that are kept by what differs.
fn packed(names: &[Name]) -> BTreeSet<Digest> {
    names.iter().filter(|name| name.base().is_some()).map(|name| name.digest).collect()
}

fn unpack_one(folder: &Path, digest: Digest) -> Result<(), StoreError> {
    let names = names(folder)?;
    let (whole, mut differences) = (Name::whole(digest), of(digest, &names).filter(|name| name.base().is_some()));
    let Some(name) = differences.next() else { return Ok(()) };
    if read(folder, whole).is_err() {
        place(folder, whole, &read(folder, name)?)?;
    }
    keeping::settle(folder, whole, &names, true)
}

/// All steps of unpacking at once.
#[cfg(test)]
pub(super) fn unpack_all(folder: &Path) -> Result<(), StoreError> {
    packed(&names(folder)?).into_iter().try_for_each(|digest| unpack_one(folder, digest))?;
    bases(&names(folder)?).into_iter().try_for_each(|base| unbind(folder, base))
}

/// Removes the second copy of a base that nothing needs any more.
fn unbind(folder: &Path, digest: Digest) -> Result<(), StoreError> {
    let names = names(folder)?;
    let (whole, spare) = (Name::whole(digest), Name::spare(digest));
    let is_there = names.binary_search(&spare).is_ok();
    if is_there && needing(digest, &names).next().is_none() && read(folder, whole).is_ok() {
        return remove(folder, spare);
    }
    Ok(())
}
