//! Boards of a set of units, each once, by how they stand.

use crate::model::chip::mac::Mac;
use std::collections::HashMap;

/// Boards of a set of units.
#[derive(Clone, Debug, Default)]
pub(super) struct Boards {
    known: HashMap<Mac, Standing>,
    /// Units whose board nobody could name: each counts as a board of its own, else ten boards that never answer would
    /// leave no trace in the yield.
    unknown: u64,
    unknown_passed: u64,
}

/// How a board stands.
#[derive(Clone, Copy, Debug)]
struct Standing {
    /// By its last unit that was judged.
    passed: bool,
    /// No unit of it failed.
    clean: bool,
}

impl Boards {
    /// Takes a judged unit of a board.
    pub(super) fn add(&mut self, mac: Option<Mac>, passed: bool) {
        let Some(mac) = mac else {
            self.unknown += 1;
            self.unknown_passed += u64::from(passed);
            return;
        };
        let standing = self.known.entry(mac).or_insert(Standing { passed, clean: true });
        standing.passed = passed;
        standing.clean &= passed;
    }

    /// A board that does not belong to them any more.
    pub(super) fn forget(&mut self, mac: Mac) {
        self.known.remove(&mac);
    }

    /// Takes all of another's, which are later.
    pub(super) fn join(&mut self, other: &Self) {
        for (mac, later) in &other.known {
            let standing = self.known.entry(*mac).or_insert(*later);
            standing.passed = later.passed;
            standing.clean &= later.clean;
        }
        self.unknown += other.unknown;
        self.unknown_passed += other.unknown_passed;
    }

    /// All of them.
    pub(super) fn all(&self) -> u64 {
        self.known.len() as u64 + self.unknown
    }

    /// Those that passed in the end.
    pub(super) fn passed(&self) -> u64 {
        self.count(|standing| standing.passed) + self.unknown_passed
    }

    /// Those that passed without a single failure.
    pub(super) fn clean(&self) -> u64 {
        self.count(|standing| standing.passed && standing.clean) + self.unknown_passed
    }

    fn count(&self, is: impl Fn(&Standing) -> bool) -> u64 {
        self.known.values().filter(|standing| is(standing)).count() as u64
    }
}
