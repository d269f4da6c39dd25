//! Reads every backup again. A stock flash that is kept by what differs from its base is made whole and compared with its
//! digest; of each base both copies are read.

use super::archive::{Archive, Kept};
use super::backup_file::{alone, difference, either, lost, made_of, read};
use super::backup_name::{Form, Name, bases, is_base, names, needing, scan};
use super::base;
use super::error::{StoreError, blocking};
use crate::model::chip::digest::Digest;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Bytes a second of a gentle check.
const GENTLE: f64 = 8.0 * 1024.0 * 1024.0;

/// What [`Archive::check`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Backups that read back as they were written.
    pub good: Vec<Kept>,
    /// Those that do not, and why.
    pub bad: Vec<(Digest, StoreError)>,
    /// Copies of bases that are damaged.
    pub pieces: Vec<Piece>,
    /// Further files of a stock flash that has one already: power failed when its form was changed.
    pub doubled: Vec<PathBuf>,
    /// Files that are not backups.
    pub strangers: Vec<PathBuf>,
}

/// A damaged copy of a base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What is wrong with it.
    pub error: StoreError,
    /// The other copy, if that one is good.
    pub spare: Option<PathBuf>,
    /// Every backup that needs the base, its own among them.
    pub needed_by: Vec<Digest>,
}

/// What [`Archive::check_gently`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Backups that read back as they were written.
    pub ok: u64,
    /// Those that do not, and why.
    pub damaged: Vec<(Digest, StoreError)>,
    /// What was wrong with copies of bases that were written again from the other one.
    pub mended: Vec<StoreError>,
}

impl Archive {
    /// Reads every backup again, one at a time and with pauses, so that units in work do not wait for the disk. A damaged
    /// copy of a base is written again from the other one.
    pub async fn check_gently(&self) -> Result<Health, StoreError> {
        let folder = self.shared_folder();
        let mut round = blocking("listing the archive", move || Round::begin(folder)).await?;
        let mut mended = Vec::new();
        while !round.todo.is_empty() {
            let (next, bytes) = blocking("reading a backup", move || {
                let bytes = round.step();
                Ok((round, bytes))
            })
            .await?;
            round = next;
            for piece in std::mem::take(&mut round.report.pieces) {
                let folder = self.shared_folder();
                let Some(base) = piece.needed_by.first().copied().filter(|_| piece.spare.is_some()) else { continue };
                let mend = move || {
                    let _alone = alone(&folder);
                    // it may be no base any more
                    if is_base(base, &names(&folder)?) { base::mend(&folder, base) } else { Ok(None) }
                };
                match blocking("mending a base", mend).await {
                    Ok(wrong) => mended.extend(wrong),
                    Err(error) => round.report.bad.push((base, error)),
                }
            }
            tokio::time::sleep(Duration::from_secs_f64(bytes as f64 / GENTLE)).await;
        }
        let Report { good, mut bad, .. } = round.report;
        // it was kept in another form meanwhile
        bad.retain(|(_, error)| !matches!(error, StoreError::Missing(_)));
        Ok(Health { ok: good.len() as u64, damaged: bad, mended })
    }

    /// Reads every backup again and compares it with its digest. Changes nothing.
    pub async fn check(&self) -> Result<Report, StoreError> {
        let folder = self.shared_folder();
        blocking("checking the archive", move || {
            let mut round = Round::begin(folder)?;
            while !round.todo.is_empty() {
                round.step();
            }
            Ok(round.report)
        })
        .await
    }
}

/// What is read in one step.
enum Step {
    /// Both copies of a base, for the backups behind it.
    Base(Digest, Vec<(Name, u64)>),
    /// A backup that needs no other file.
    Alone(Name, u64),
    /// A backup that needs the base that was read last.
    Difference(Name, u64),
}

struct Round {
    folder: Arc<Path>,
    names: Vec<Name>,
    todo: VecDeque<Step>,
    /// The base that was read last; else what was found of its two copies.
    base: Result<Vec<u8>, String>,
    report: Report,
}

impl Round {
    fn begin(folder: Arc<Path>) -> Result<Self, StoreError> {
        let (kept, strangers) = scan(&folder)?;
        let names: Vec<Name> = kept.iter().map(|(name, _)| *name).collect();
        // each base with its own files
        let mut bases: BTreeMap<Digest, Vec<(Name, u64)>> =
            bases(&names).into_iter().map(|base| (base, Vec::new())).collect();
        let (mut alone, mut differences) = (Vec::new(), BTreeMap::<Digest, Vec<(Name, u64)>>::new());
        for (name, bytes) in &kept {
            match (name.form, bases.get_mut(&name.digest)) {
                (Form::Difference(base), _) => differences.entry(base).or_default().push((*name, *bytes)),
                (Form::Whole | Form::Spare, Some(own)) => own.push((*name, *bytes)),
                _ => alone.push((*name, *bytes)),
            }
        }
        let mut todo: VecDeque<Step> = alone.into_iter().map(|(name, bytes)| Step::Alone(name, bytes)).collect();
        for (base, own) in bases {
            todo.push_back(Step::Base(base, own));
            let needing = differences.remove(&base).unwrap_or_default();
            todo.extend(needing.into_iter().map(|(name, bytes)| Step::Difference(name, bytes)));
        }
        let mut report = Report { strangers, ..Report::default() };
        let doubled = names.windows(2).filter_map(|pair| match pair {
            // what is encrypted beside a base that others need is no leftover
            [one, two] if one.digest == two.digest && two.form != Form::Spare => {
                let is_needed =
                    one.form == Form::Whole && two.is_sealed() && needing(one.digest, &names).next().is_some();
                (!is_needed).then(|| two.path(&folder))
            }
            _ => None,
        });
        report.doubled = doubled.collect();
        Ok(Self { folder, names, todo, base: Ok(Vec::new()), report })
    }

    /// Does the next step, and says how many bytes it read and made.
    fn step(&mut self) -> u64 {
        match self.todo.pop_front() {
            None => 0,
            Some(Step::Alone(name, bytes)) => {
                let found = read(&self.folder, name).map(|_| ());
                self.note(name, bytes, found);
                bytes
            }
            Some(Step::Base(base, own)) => {
                let size = own.iter().map(|(_, bytes)| bytes).sum();
                self.read_base(base, size);
                size
            }
            Some(Step::Difference(name, bytes)) => {
                let made = difference(&self.folder, name).and_then(|difference| match &self.base {
                    Ok(base) => made_of(&self.folder, name, &difference, base.clone()),
                    Err(found) => Err(lost(&self.folder, name, difference.base, found)),
                });
                let read = bytes + made.as_ref().map_or(0, |flash| flash.len() as u64);
                self.note(name, bytes, made.map(|_| ()));
                read
            }
        }
    }

    fn note(&mut self, name: Name, bytes: u64, found: Result<(), StoreError>) {
        match found {
            Ok(()) => self.report.good.push(Kept::of(name, bytes)),
            Err(error) => self.report.bad.push((name.digest, error)),
        }
    }

    /// Reads both copies. The base is a backup itself, which is good where one of them is.
    fn read_base(&mut self, base: Digest, bytes: u64) {
        let needed_by = || std::iter::once(base).chain(needing(base, &self.names)).collect();
        let copies = [Name::whole(base), Name::spare(base)];
        let wrong = copies.map(|name| read(&self.folder, name).err());
        let mut pieces = Vec::new();
        let others = copies.iter().rev();
        for ((error, other), is_good) in wrong.iter().zip(others).zip(wrong.iter().rev().map(Option::is_none)) {
            let spare = is_good.then(|| other.path(&self.folder));
            pieces.extend(error.clone().map(|error| Piece { error, spare, needed_by: needed_by() }));
        }
        self.base = either(&self.folder, base);
        let found = match &self.base {
            Ok(_) => Ok(()),
            Err(found) => Err(lost(&self.folder, copies[0], base, found)),
        };
        self.report.pieces.extend(pieces);
        self.note(Name::whole(base), bytes, found);
    }
}
