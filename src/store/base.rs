//! The base of a stock flash: another one of its model, kept as it is, from which it hardly differs. A base lies there twice
//! before anything is kept by what differs from it.

use super::StoreError;
use super::backup_file::{place, read};
use super::backup_name::{Form, Name};
use crate::model::archive::difference;
use crate::model::archive::sketch::Sketch;
use crate::model::archive::spare::{self, HEAD, Head};
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::geometry::SECTOR;
use std::cmp::Reverse;
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A difference has at most one byte for so many of the flash: what differs more is of another model, and shall be a base
/// for its own.
const AT_MOST: usize = 4;
/// Bases that are tried, those that differ in the fewest sectors first.
const TRIED: usize = 2;
/// Stock flashes that are looked at for a new base, the newest.
const LOOKED_AT: usize = 64;
/// Sectors of each that are compared first.
const SAMPLES: usize = 8;

/// A stock flash and its digest.
pub(super) type Flash<'a> = (Digest, &'a [u8]);

/// Keeps a stock flash by what differs from a base, and says how many bytes that wrote; `None`: there is no base for it.
pub(super) fn pack(folder: &Path, names: &[Name], flash: Flash) -> Result<Option<(Name, u64)>, StoreError> {
    let sketch = Sketch::of(flash.1);
    for base in known(folder, names, flash.0, &sketch).into_iter().take(TRIED) {
        let Some((bytes, mended)) = secured(folder, base)? else { continue };
        if let Some((name, file)) = small((base, &bytes), flash) {
            drop(bytes);
            return place(folder, name, &file).map(|written| Some((name, written + mended)));
        }
    }
    let Some(base) = new(folder, names, flash, &sketch) else { return Ok(None) };
    let bytes = read(folder, Name::whole(base))?;
    let Some((name, file)) = small((base, &bytes), flash) else { return Ok(None) };
    let copy = spare::encode(base, &bytes);
    drop(bytes);
    let written = place(folder, Name::spare(base), &copy)?;
    drop(copy);
    place(folder, name, &file).map(|more| Some((name, written + more)))
}

/// The file of a difference, where it is small.
fn small(base: Flash, flash: Flash) -> Option<(Name, Vec<u8>)> {
    let file = difference::encode(base, flash)?;
    let name = Name { digest: flash.0, form: Form::Difference(base.0) };
    (file.len() <= flash.1.len() / AT_MOST).then_some((name, file))
}

/// Whether so few sectors differ that it is worth a try.
fn is_like((differing, sectors): (usize, usize)) -> bool {
    differing * 2 <= sectors
}

/// The bases that are like this flash, the one most like it first.
fn known(folder: &Path, names: &[Name], own: Digest, sketch: &Sketch) -> Vec<Digest> {
    let mut found = Vec::new();
    let mut head = Vec::with_capacity(HEAD);
    for name in names.iter().filter(|name| name.form == Form::Spare && name.digest != own) {
        head.clear();
        // one that can't be read is no base for anything new; a check names it
        let read = File::open(name.path(folder)).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
        let Some(other) = read.ok().and_then(|_| Head::read(&head).ok()) else { continue };
        let like = other.sketch.differing(sketch).filter(|differing| is_like(*differing));
        found.extend(like.map(|(differing, _)| (differing, name.digest)));
    }
    found.sort_unstable();
    found.into_iter().map(|(_, digest)| digest).collect()
}

/// A base that was one before, proven; where its first copy is not good, it is written again from the second, and how many
/// bytes that were. `None`: neither is good.
fn secured(folder: &Path, base: Digest) -> Result<Option<(Vec<u8>, u64)>, StoreError> {
    if let Ok(bytes) = read(folder, Name::whole(base)) {
        return Ok(Some((bytes, 0)));
    }
    let Ok(bytes) = read(folder, Name::spare(base)) else { return Ok(None) };
    let written = place(folder, Name::whole(base), &bytes)?;
    Ok(Some((bytes, written)))
}

/// A stock flash that is kept as it is, is no base yet, and is like this one; the newest such.
fn new(folder: &Path, names: &[Name], flash: Flash, sketch: &Sketch) -> Option<Digest> {
    let bases: HashSet<Digest> = names.iter().filter(|name| name.form == Form::Spare).map(|name| name.digest).collect();
    let mut wholes: Vec<_> = names
        .iter()
        .filter(|name| name.form == Form::Whole && name.digest != flash.0 && !bases.contains(&name.digest))
        .filter_map(|name| {
            let found = fs::metadata(name.path(folder)).ok()?;
            (found.len() == flash.1.len() as u64).then_some((found.modified().ok()?, name.digest))
        })
        .collect();
    wholes.sort_unstable_by_key(|whole| Reverse(*whole));
    let samples = samples(flash.1);
    wholes.into_iter().take(LOOKED_AT).map(|(_, digest)| digest).find(|digest| {
        let name = Name::whole(*digest);
        looks_like(&name.path(folder), flash.1, &samples)
            && read(folder, name).is_ok_and(|other| Sketch::of(&other).differing(sketch).is_some_and(is_like))
    })
}

/// Where to look first: sectors that are not blank, spread over the flash.
fn samples(flash: &[u8]) -> Vec<usize> {
    let is_written = |sector: &[u8]| sector.iter().any(|byte| *byte != 0xFF);
    let sectors = flash.chunks(SECTOR as usize).enumerate().filter(|(_, sector)| is_written(sector));
    let written: Vec<usize> = sectors.map(|(number, _)| number * SECTOR as usize).collect();
    written.iter().step_by(written.len().div_ceil(SAMPLES).max(1)).copied().collect()
}

/// Whether half of the samples are the same in this file.
fn looks_like(path: &Path, flash: &[u8], samples: &[usize]) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let is_same = |at: &&usize| {
        let own = flash.get(**at..).and_then(|rest| rest.chunks(SECTOR as usize).next()).unwrap_or_default();
        let mut other = vec![0; own.len()];
        file.read_exact_at(&mut other, **at as u64).is_ok() && other == own
    };
    samples.iter().filter(is_same).count() * 2 >= samples.len()
}

/// Writes the copy of a base that is not good again from the other one. Gives back what was wrong, where something was.
pub(super) fn mend(folder: &Path, base: Digest) -> Result<Option<StoreError>, StoreError> {
    match (read(folder, Name::whole(base)), read(folder, Name::spare(base))) {
        (Ok(_), Ok(_)) => Ok(None),
        (Ok(bytes), Err(wrong)) => place(folder, Name::spare(base), &spare::encode(base, &bytes)).map(|_| Some(wrong)),
        (Err(wrong), Ok(bytes)) => place(folder, Name::whole(base), &bytes).map(|_| Some(wrong)),
        (Err(wrong), Err(_)) => Err(wrong),
    }
}
