//! A half-open range of flash addresses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `start..end`, in bytes, never inverted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First address.
    pub start: u32,
    /// One past the last address.
    pub end: u32,
}

impl Span {
    /// `start..end`; an inverted pair gives an empty span at `start`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end: if end > start { end } else { start } }
    }

    /// `len` bytes from `start`; saturates at the top of the address space.
    pub const fn sized(start: u32, len: u32) -> Self {
        Self { start, end: start.saturating_add(len) }
    }

    /// Length in bytes.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether nothing is in it.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether `addr` lies in it.
    pub fn contains(self, addr: u32) -> bool {
        (self.start..self.end).contains(&addr)
    }

    /// Whether they share a byte.
    pub fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end && !self.is_empty() && !other.is_empty()
    }

    /// Grown outwards to multiples of `unit` (a power of two).
    pub fn aligned(self, unit: u32) -> Self {
        Self::new(self.start & !(unit - 1), self.end.saturating_add(unit - 1) & !(unit - 1))
    }

    /// Cut in pieces that end at multiples of `unit` bytes.
    pub fn pieces(self, unit: u32) -> impl Iterator<Item = Self> {
        let mut at = self.start;
        std::iter::from_fn(move || {
            (at < self.end).then(|| {
                let end = (at / unit + 1).saturating_mul(unit).min(self.end);
                let piece = Self::new(at, end);
                at = end;
                piece
            })
        })
    }

    /// The bytes of this span in a full dump; `None` when the dump is too short.
    pub fn of(self, dump: &[u8]) -> Option<&[u8]> {
        dump.get(self.start as usize..self.end as usize)
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#08x}..{:#08x}", self.start, self.end)
    }
}
