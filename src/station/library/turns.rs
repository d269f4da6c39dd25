//! Who looked when: of many who ask at once one looks, and all that asked before it began get the same.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts who asks and who begins to look.
#[derive(Default)]
pub(super) struct Turns(AtomicU64);

/// A place in that count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn(u64);

impl Turns {
    /// The next place: later than all that were given before.
    pub(super) fn next(&self) -> Turn {
        Turn(self.0.fetch_add(1, Ordering::SeqCst))
    }
}
