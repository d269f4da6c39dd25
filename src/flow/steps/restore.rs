//! Restore: a unit's own stock backup is what the whole flash must hold. What is never written (boot loader,
//! calibration) must be the same on both sides: that is how a board proves that the backup is its own.

use crate::flow::job::Restore;
use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::rf::{self, Rf};
use crate::model::cycle::fault::FaultCode;
use std::sync::Arc;

/// Takes the backup as what the flash must hold, or says why it is another board's.
pub(super) fn lay(run: &mut Run<'_>, restore: &Restore, here: Rf) -> Result<Arc<[u8]>, StageError> {
    let dump = run.dump()?;
    let what = format!("the backup of unit {}", restore.unit);
    if let Err(differs) = compare(&dump, &restore.stock, here, run.board()?.chip.boot_area()) {
        run.checks.failed("own_backup", differs.clone());
        let message = format!("expected the board of {what}, found another one: {differs}");
        return Err(StageError::failed(FaultCode::OtherBoard, message));
    }
    run.checks.held("own_backup", format!("{what}: MAC, calibration, boot loader and size are this board's"));
    Ok(Arc::clone(&restore.stock))
}

fn compare(dump: &[u8], stock: &[u8], here: Rf, boot: Span) -> Result<(), String> {
    if dump.len() != stock.len() {
        return Err(format!("its flash has {} KiB, the backup {} KiB", dump.len() / 1024, stock.len() / 1024));
    }
    let there =
        rf::find_kept(stock).map_err(|problem| format!("the backup has no calibration of its own: {problem}"))?;
    if here.mac != there.mac {
        return Err(format!("its MAC is {}, that of the backup {}", here.mac, there.mac));
    }
    if here.sector != there.sector || here.sector.of(dump) != there.sector.of(stock) {
        return Err(format!("MAC {} on both, but another calibration at {}", here.mac, there.sector));
    }
    if boot.of(dump) != boot.of(stock) {
        return Err(format!("another boot loader at {boot}, where nothing is ever written"));
    }
    Ok(())
}
