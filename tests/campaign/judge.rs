//! What must hold whatever went wrong, by the board's true flash.

use super::case::{Case, REFUSED};
use super::rig::Place;
use super::table::Row;
use flashjig::model::chip::Chip;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::Unit;

/// What came out of one unit.
#[derive(Clone)]
pub struct Outcome {
    /// `None`: no verdict in time.
    pub unit: Option<Unit>,
    /// The backup that its record names, read from the archive.
    pub kept: Option<Vec<u8>>,
    pub flash: Vec<u8>,
    pub erases: u64,
    pub safe: bool,
}

/// What a unit is measured by.
pub struct Measure<'a> {
    /// The flash before the unit.
    pub before: &'a [u8],
    /// The stock flash of the board: what a kept backup must be once anything was erased.
    pub stock: &'a [u8],
    /// What a PASS must leave.
    pub want: &'a [u8],
}

/// Where the vendor has the calibration.
pub fn calibration(chip: Chip) -> usize {
    chip.facts().calibration.stock.expect("a chip that is converted") as usize
}

/// Looks at everything.
pub fn judge(case: &Case, measure: &Measure<'_>, out: &Outcome) -> Row {
    let rf = calibration(case.chip);
    let passed = out.unit.as_ref().is_some_and(|unit| unit.verdict == Verdict::Pass);
    let right = out.flash == measure.want;
    let mut wrong = Vec::new();
    if out.unit.is_none() {
        wrong.push("hang");
    }
    if passed && !right {
        wrong.push("FALSE PASS");
    }
    if !out.safe {
        wrong.push("live nest");
    }
    if out.erases > 0 && out.kept.as_deref() != Some(measure.stock) {
        wrong.push("erase without a kept backup");
    }
    if out.flash[..0x1_1000] != measure.before[..0x1_1000] {
        wrong.push("boot area changed");
    }
    if out.flash[rf..rf + 0x1000] != measure.before[rf..rf + 0x1000] {
        wrong.push("calibration changed");
    }
    if REFUSED.contains(&case.kind) {
        if passed {
            wrong.push("passed in doubt");
        }
        if out.erases > 0 {
            wrong.push("touched in doubt");
        }
    }
    let unit = out.unit.as_ref();
    if unit.is_some_and(|unit| !passed && unit.fault.is_none()) {
        wrong.push("failure without a reason");
    }
    Row {
        kind: case.kind,
        stage: case.stage,
        chip: case.chip,
        place: if case.full { Place::Full } else { Place::Small },
        case: case.to_string(),
        seq: unit.map_or(0, |unit| unit.seq),
        passed,
        right,
        code: unit.and_then(|unit| unit.fault.as_ref()).map(|fault| fault.code.code()),
        message: unit.and_then(|unit| unit.fault.as_ref()).map(|fault| format!("{}: {}", fault.stage, fault.message)),
        wrong,
    }
}
