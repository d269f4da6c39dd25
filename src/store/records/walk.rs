//! Walks over the numbers of all units that go on behind a part of the log that can't be read.

use crate::store::StoreError;
use crate::store::loss::refused;
use sled::{IVec, Iter, Tree};
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

/// Every key ends in the number of a unit.
pub(super) fn seq_of(key: &IVec) -> Option<u64> {
    key.last_chunk::<8>().map(|tail| u64::from_be_bytes(*tail))
}

/// How far the next attempt leaps.
#[derive(Default)]
pub(super) struct Leap(u32);

impl Leap {
    pub(super) fn next(&mut self) -> u64 {
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
