//! What is read from a chip's row.

use super::{Chip, Converted, Facts, Key};
use crate::model::chip::beken::Dialect;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::span::Span;

impl Chip {
    /// The name printed on the chip.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// Which download server it has.
    pub const fn dialect(self) -> Dialect {
        self.facts().dialect
    }

    /// The key its code is encrypted with.
    pub const fn key(self) -> Key {
        self.facts().key.key()
    }

    /// End of the boot loader, start of the app.
    pub const fn boot_end(self) -> u32 {
        self.facts().boot_end
    }

    /// Where the app must end at the latest: the update area of OpenBeken's build.
    pub const fn app_limit(self) -> u32 {
        self.facts().update.working.start
    }

    /// The boot loader's area, which is never written.
    pub const fn boot_area(self) -> Span {
        Span { start: 0, end: self.boot_end() }
    }

    /// Where the app lies.
    pub const fn app_area(self) -> Span {
        Span { start: self.boot_end(), end: self.app_limit() }
    }

    /// Whether flashjig converts it.
    pub const fn converted(self) -> Converted {
        self.facts().converted
    }

    /// The sector that gets a copy of the maker's calibration; none: OpenBeken looks where the maker has it, or nobody knows
    /// whether a copy would do.
    pub fn calibration_copy(self) -> Option<Span> {
        let Facts { calibration, care, .. } = self.facts();
        let is_elsewhere = calibration.stock.is_some_and(|stock| stock != calibration.working);
        (care.is_some() && is_elsewhere).then(|| Span::sized(calibration.working, SECTOR))
    }

    /// Whether flashjig converts it at all, be it only where a recipe allows it.
    pub const fn is_converted(self) -> bool {
        !matches!(self.converted(), Converted::No)
    }
}

impl std::fmt::Display for Chip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
