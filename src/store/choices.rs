//! What the operators chose at the page: the box in work, the recipe, the firmware that they approved; and what commands did
//! beside a station, which has the ledger, until it takes that there. A small file, `desk.json` in the data folder. Commands write it beside a daemon that runs, so it is read again whenever it is another
//! one, and changed under a lock.

use super::StoreError;
use crate::model::chip::digest::Digest;
use crate::model::firmware::approval::Approved;
use crate::model::unit::batch::Batch;
use crate::model::unit::deed::Deed;
use crate::model::unit::lot::Confirmed;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// More deeds than this do not wait for a station: the oldest goes.
const MOST_DEEDS: usize = 200;
/// More approved digests than this are not kept: the oldest goes.
const MOST_APPROVED: usize = 500;

/// The choices of the operators. Cheap to clone; all clones see the same.
#[derive(Clone, Default)]
pub struct Choices {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    /// `None`: kept in memory only.
    file: Option<PathBuf>,
    read: Mutex<Read>,
}

/// The file as it was read last.
#[derive(Default)]
struct Read {
    stamp: Stamp,
    written: Written,
}

/// What tells one file from the next: each change is a new one under the same name.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    modified: (i64, i64),
    bytes: u64,
}

impl Stamp {
    /// Of a file that is not there, a stamp of its own.
    fn of(file: &Path) -> Self {
        fs::metadata(file).map_or_else(
            |_| Self::default(),
            |meta| Self { inode: meta.ino(), modified: (meta.mtime(), meta.mtime_nsec()), bytes: meta.len() },
        )
    }
}

/// The file. Unknown keys are those of a newer version, and are left alone.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Written {
    batch: Option<Batch>,
    recipe: Option<Chosen>,
    /// The oldest first.
    approved: Vec<Approved>,
    /// What commands did and no ledger has, the oldest first.
    deeds: Vec<Deed>,
    /// Pilots that commands confirmed and no ledger has yet, the oldest first.
    confirmed: Vec<Confirmation>,
}

/// That somebody saw the plug of a pilot live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The pilot's unit.
    pub unit: u64,
    /// Who saw it.
    #[serde(flatten)]
    pub confirmed: Confirmed,
}

/// A recipe that was chosen at the page.
#[derive(Clone, Serialize, Deserialize)]
struct Chosen {
    name: String,
    /// What the configuration named then. Once it names another one, the choice is void.
    instead_of: String,
}

impl Choices {
    /// Those of a data folder. A file that can't be read is left alone until something is chosen anew.
    pub fn open(data_dir: &Path) -> Self {
        let file = data_dir.join("desk.json");
        let read = Read { stamp: Stamp::of(&file), written: Written::read(&file) };
        Self { inner: Arc::new(Inner { file: Some(file), read: Mutex::new(read) }) }
    }

    /// The box in work.
    pub fn batch(&self) -> Option<Batch> {
        self.look(|choices| choices.batch.clone())
    }

    /// Its name.
    pub fn batch_name(&self) -> Option<String> {
        self.look(|choices| choices.batch.as_ref().map(|batch| batch.name.clone()))
    }

    /// The recipe that was chosen where the configuration names `instead_of`.
    pub fn recipe(&self, instead_of: &str) -> Option<String> {
        self.look(|choices| choices.recipe.clone())
            .filter(|chosen| chosen.instead_of == instead_of)
            .map(|chosen| chosen.name)
    }

    /// Begins another box, or none. Returns when it is on disk.
    pub fn set_batch(&self, batch: Option<Batch>) -> Result<(), StoreError> {
        self.change(|choices| choices.batch = batch)
    }

    /// Chooses a recipe where the configuration names `instead_of`. Returns when it is on disk.
    pub fn set_recipe(&self, name: &str, instead_of: &str) -> Result<(), StoreError> {
        let chosen = Chosen { name: name.into(), instead_of: instead_of.into() };
        self.change(|choices| choices.recipe = Some(chosen).filter(|chosen| chosen.name != chosen.instead_of))
    }

    /// The firmware digests that somebody approved, the oldest first.
    pub fn approved(&self) -> Vec<Approved> {
        self.look(|choices| choices.approved.clone())
    }

    /// Approves a digest. Returns when it is on disk.
    pub fn approve(&self, approved: Approved) -> Result<(), StoreError> {
        self.change(|choices| {
            choices.approved.retain(|known| known.sha256 != approved.sha256);
            choices.approved.push(approved);
            let beyond = choices.approved.len().saturating_sub(MOST_APPROVED);
            choices.approved.drain(..beyond);
        })
    }

    /// Takes an approval back. Returns when it is on disk.
    pub fn revoke(&self, sha256: Digest) -> Result<(), StoreError> {
        self.change(|choices| choices.approved.retain(|known| known.sha256 != sha256))
    }

    /// Leaves word of what a command did, for the station that has the ledger. Returns when it is on disk.
    pub fn leave(&self, deed: Deed) -> Result<(), StoreError> {
        self.change(|choices| {
            choices.deeds.push(deed);
            let beyond = choices.deeds.len().saturating_sub(MOST_DEEDS);
            choices.deeds.drain(..beyond);
        })
    }

    /// What commands left word of, the oldest first.
    pub fn left(&self) -> Vec<Deed> {
        self.look(|choices| choices.deeds.clone())
    }

    /// These are in the ledger.
    pub fn took(&self, deeds: &[Deed]) -> Result<(), StoreError> {
        self.change(|choices| choices.deeds.retain(|deed| !deeds.contains(deed)))
    }

    /// Leaves word that somebody saw the plug of a pilot live, for the station that has the ledger. Returns when it is on disk.
    pub fn confirm(&self, confirmation: Confirmation) -> Result<(), StoreError> {
        self.change(|choices| {
            choices.confirmed.retain(|known| known.unit != confirmation.unit);
            choices.confirmed.push(confirmation);
            let beyond = choices.confirmed.len().saturating_sub(MOST_DEEDS);
            choices.confirmed.drain(..beyond);
        })
    }

    /// The pilots that commands left word of, the oldest first.
    pub fn confirmations(&self) -> Vec<Confirmation> {
        self.look(|choices| choices.confirmed.clone())
    }

    /// These are in the ledger, or can't be.
    pub fn took_confirmations(&self, taken: &[Confirmation]) -> Result<(), StoreError> {
        self.change(|choices| choices.confirmed.retain(|word| !taken.contains(word)))
    }

    fn look<T>(&self, look: impl FnOnce(&Written) -> T) -> T {
        let mut read = self.inner.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(&mut read);
        look(&read.written)
    }

    /// Takes over what another program wrote. A file that went away takes nothing with it.
    fn refresh(&self, read: &mut Read) {
        let Some(file) = &self.inner.file else { return };
        let stamp = Stamp::of(file);
        if stamp != read.stamp && stamp != Stamp::default() {
            *read = Read { stamp, written: Written::read(file) };
        }
    }

    fn change(&self, change: impl FnOnce(&mut Written)) -> Result<(), StoreError> {
        let mut read = self.inner.read.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = &self.inner.file else {
            change(&mut read.written);
            return Ok(());
        };
        let failed = |error: std::io::Error| StoreError::io(format!("writing {}", file.display()), &error);
        // two programs that change it one upon the other would each undo what the other did
        let door = file.parent().map(File::open).transpose().map_err(failed)?;
        if let Some(door) = &door {
            door.lock().map_err(failed)?;
        }
        self.refresh(&mut read);
        let mut changed = read.written.clone();
        change(&mut changed);
        let json = serde_json::to_vec_pretty(&changed).unwrap_or_default();
        replace(file, &json).map_err(failed)?;
        *read = Read { stamp: Stamp::of(file), written: changed };
        Ok(())
    }
}

impl Written {
    fn read(file: &Path) -> Self {
        let Ok(json) = fs::read(file) else { return Self::default() };
        serde_json::from_slice(&json).unwrap_or_else(|error| {
            tracing::warn!(%error, file = %file.display(), "not readable: no box, no other recipe, nothing approved");
            Self::default()
        })
    }
}

/// Writes a file that is either the old or the new one after a power cut, for its owner alone.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let part = file.with_extension("part");
    let mut options = fs::OpenOptions::new();
    let mut out = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    out.write_all(bytes)?;
    // a command that root gives must not take the file away from the user who runs the daemon
    let is_roots = out.metadata()?.uid() == 0;
    if let Some(folder) = file.parent().map(fs::metadata).transpose()?.filter(|_| is_roots) {
        fchown(&out, Some(folder.uid()), Some(folder.gid()))?;
    }
    out.sync_all()?;
    fs::rename(&part, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::firmware::approval::Approval;
    use crate::model::openbeken::doubt::Code;
    use crate::model::unit::batch::AtEnd;
    use crate::model::unit::deed::{By, Doer};

    #[test]
    fn choices_are_there_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let choices = Choices::open(dir.path());
        assert_eq!((choices.batch(), choices.recipe("default")), (None, None));
        let batch = Batch { name: "box 12".into(), size: Some(40), accept: vec![Code::Strip], at_end: AtEnd::Stop };
        choices.clone().set_batch(Some(batch.clone())).unwrap();
        choices.set_recipe("home", "default").unwrap();
        let again = Choices::open(dir.path());
        assert_eq!((again.batch(), again.batch_name().as_deref()), (Some(batch), Some("box 12")));
        assert_eq!(again.recipe("default").as_deref(), Some("home"));
        assert_eq!(again.recipe("kitchen"), None, "the configuration was changed: it counts");
        again.set_recipe("default", "default").unwrap();
        assert_eq!(Choices::open(dir.path()).recipe("default"), None);
    }

    #[test]
    fn what_is_approved_is_there_after_a_restart_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let of = |text: &str| Approved { sha256: Digest::of(text.as_bytes()), name: text.into(), by: Approval::Page };
        let choices = Choices::open(dir.path());
        choices.approve(of("a")).unwrap();
        choices.approve(of("b")).unwrap();
        choices.approve(Approved { by: Approval::Panel, ..of("a") }).unwrap();
        let again = Choices::open(dir.path());
        assert_eq!(again.approved(), [of("b"), Approved { by: Approval::Panel, ..of("a") }], "once each");
        let mode = fs::metadata(dir.path().join("desk.json")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o600);
        again.revoke(Digest::of(b"b")).unwrap();
        assert_eq!(again.approved().len(), 1);
    }

    #[test]
    fn what_another_program_wrote_counts_at_once_and_is_not_undone() {
        let dir = tempfile::tempdir().unwrap();
        let (daemon, command) = (Choices::open(dir.path()), Choices::open(dir.path()));
        let approved = Approved { sha256: Digest::of(b"a"), name: "a.bin".into(), by: Approval::Command };
        command.approve(approved.clone()).unwrap();
        assert_eq!(daemon.approved(), std::slice::from_ref(&approved));
        command.revoke(approved.sha256).unwrap();
        command.approve(approved.clone()).unwrap();
        daemon.set_recipe("home", "default").unwrap();
        assert_eq!(Choices::open(dir.path()).approved(), [approved]);
        assert_eq!(command.recipe("default").as_deref(), Some("home"));
    }

    #[test]
    fn a_command_leaves_word_of_what_it_did_until_a_station_has_taken_it() {
        let dir = tempfile::tempdir().unwrap();
        let (daemon, command) = (Choices::open(dir.path()), Choices::open(dir.path()));
        let doer = Doer { who: "ada".into(), by: By::Command };
        let deed = |n: usize| Deed::new(jiff::Timestamp::UNIX_EPOCH, &doer, "approve", Some(&n.to_string()), true);
        for n in 0..=MOST_DEEDS {
            command.leave(deed(n)).unwrap();
        }
        let left = daemon.left();
        assert_eq!((left.len(), left.first()), (MOST_DEEDS, Some(&deed(1))), "the oldest goes");
        command.leave(deed(1000)).unwrap();
        daemon.took(&left).unwrap();
        assert_eq!(Choices::open(dir.path()).left(), [deed(1000)], "what came meanwhile stays");
    }

    #[test]
    fn a_command_leaves_word_of_a_pilot_until_a_station_has_taken_it() {
        let dir = tempfile::tempdir().unwrap();
        let (daemon, command) = (Choices::open(dir.path()), Choices::open(dir.path()));
        let word = |unit| {
            let confirmed = Confirmed { at: jiff::Timestamp::UNIX_EPOCH, who: "ada".into(), by: By::Command };
            Confirmation { unit, confirmed }
        };
        for unit in [3, 5, 3] {
            command.confirm(word(unit)).unwrap();
        }
        let left = daemon.confirmations();
        assert_eq!(left, [word(5), word(3)], "once each");
        command.confirm(word(9)).unwrap();
        daemon.took_confirmations(&left).unwrap();
        assert_eq!(Choices::open(dir.path()).confirmations(), [word(9)], "what came meanwhile stays");
    }

    #[test]
    fn the_oldest_approvals_go_where_there_are_too_many() {
        let choices = Choices::default();
        for n in 0..=MOST_APPROVED {
            let sha256 = Digest::of(n.to_string().as_bytes());
            choices.approve(Approved { sha256, name: n.to_string(), by: Approval::Page }).unwrap();
        }
        let names: Vec<_> = choices.approved().into_iter().map(|approved| approved.name).collect();
        assert_eq!((names.len(), names[0].as_str()), (MOST_APPROVED, "1"));
    }

    #[test]
    fn a_broken_file_stops_nothing() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("desk.json"), "{").unwrap();
        assert_eq!(Choices::open(dir.path()).batch(), None);
    }
}
