//! Walks over the numbers of all units that go on behind a part of the log that can't be read.

use super::{Records, refused, seq_of};
use crate::model::unit::Unit;
use crate::store::StoreError;
use sled::{Iter, Tree};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// So many single steps are made over what can't be read, which is more than the records of a page of sled; then each is
/// twice as long as the one before.
const STEPS: u32 = 32;

/// Whether a part of the log could not be read.
#[derive(Clone, Default)]
pub(super) struct Hurt(Arc<AtomicBool>);

impl Hurt {
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Notes it, and says so the first time.
    pub(super) fn set(&self, error: &StoreError) {
        if !self.0.swap(true, Ordering::Relaxed) {
            tracing::error!("{error}");
        }
    }
}

/// How far the next attempt leaps.
#[derive(Default)]
struct Leap(u32);

impl Leap {
    fn next(&mut self) -> u64 {
        self.0 += 1;
        1_u64.checked_shl(self.0.saturating_sub(STEPS)).unwrap_or(u64::MAX)
    }
}

/// Numbers of units, newest first; those that can't be read are left out.
pub(super) struct Back {
    units: Tree,
    hurt: Hurt,
    iter: Iter,
    before: u64,
    leap: Leap,
}

impl Back {
    pub(super) fn new(units: &Tree, hurt: &Hurt, before: u64) -> Self {
        let iter = units.range(..before.to_be_bytes());
        Self { units: units.clone(), hurt: hurt.clone(), iter, before, leap: Leap::default() }
    }
}

impl Iterator for Back {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        loop {
            match self.iter.next_back()? {
                Ok((key, _)) => {
                    self.before = seq_of(&key).unwrap_or(0);
                    self.leap = Leap::default();
                    return Some(self.before);
                }
                Err(error) => {
                    self.hurt.set(&refused("reading the ledger", &error));
                    if self.before == 0 {
                        return None;
                    }
                    self.before = self.before.saturating_sub(self.leap.next());
                    self.iter = self.units.range(..self.before.to_be_bytes());
                }
            }
        }
    }
}

impl Records {
    /// Up to `limit` records with a greater number than `seq`, oldest first, and the last number that was looked at;
    /// `None`: there is none. One that can't be read is left out.
    pub(in crate::store) fn after(&self, seq: u64, limit: usize) -> Result<Option<(u64, Vec<Unit>)>, StoreError> {
        let (mut from, mut leap) = (seq.saturating_add(1), Leap::default());
        let end = self.last_seq().map_err(|error| refused("reading the ledger", &error))?;
        while from <= end {
            let (mut last, mut units) = (None, Vec::new());
            for entry in self.units.range(from.to_be_bytes()..).take(limit) {
                match entry {
                    Ok((key, json)) => {
                        last = seq_of(&key).or(last);
                        units.extend(serde_json::from_slice::<Unit>(&json));
                    }
                    Err(error) => {
                        self.hurt.set(&refused("reading the ledger", &error));
                        break;
                    }
                }
            }
            if let Some(last) = last {
                return Ok(Some((last, units)));
            }
            from = from.saturating_add(leap.next());
        }
        Ok(None)
    }
}
