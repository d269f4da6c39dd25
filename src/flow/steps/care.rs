//! What must hold besides of a chip whose maker's boot loader stays beside a firmware that was not made for it, and what its
//! flash gets besides: [`crate::model::chip::Care`].

use crate::flow::host_work::host_work;
use crate::flow::job::Task;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::plan::Plan;
use crate::model::chip::flash::rf::Rf;
use crate::model::chip::{Chip, Loader};
use crate::model::cycle::fault::FaultCode;
use crate::model::firmware::content::Content;
use crate::model::firmware::maker::{self, Odd, Pending};

/// What the flash shows.
struct Seen {
    loader: Result<&'static Loader, Odd>,
    app: Result<(), String>,
    pending: Option<Pending>,
}

/// Before anything is made for the board; its own stock backup goes back without these.
pub(super) async fn gate(run: &mut Run<'_>) -> Result<(), StageError> {
    let (chip, size) = (run.board()?.chip, run.board()?.flash_size);
    let Some(care) = &chip.facts().care else { return Ok(()) };
    if run.is_done_already() || matches!(run.job.task, Task::Restore(_)) {
        return Ok(());
    }
    if size != care.flash_size {
        let (known, found) = (care.flash_size / 1024, size / 1024);
        let what = format!(
            "expected a flash of {known} KiB, as all boards of a {chip} that are known have, found {found} KiB"
        );
        run.checks.failed("flash_id", what.clone());
        return Err(StageError::failed(FaultCode::RfElsewhere, format!("{what}; set the board aside")));
    }
    // a half-written board goes on from its backup: that shows what ran on it
    let (dump, base) = (run.dump()?, run.base()?);
    let is_base = run.reading()?.is_base();
    let mixed = match &run.kept()?.study.content {
        Content::Mixed { why } if is_base => Some(why.clone()),
        _ => None,
    };
    let looking = host_work(move || Seen {
        loader: maker::loader(chip, &dump),
        app: maker::app(chip, &base),
        pending: maker::pending(chip, &dump),
    });
    let Seen { loader, app, pending } = run.link()?.keep_awake(looking).await?.map_err(|e| bug(&e.to_string()))?;
    match loader {
        Ok(loader) => {
            let whose = if loader.is_sdk { "Beken's own" } else { loader.name.unwrap_or("the maker's") };
            run.checks.held("loader", format!("CRC {:08X}, {whose}: it stays", loader.crc));
        }
        Err(odd) => {
            run.checks.failed("loader", odd.to_string());
            return Err(StageError::failed(odd.fault(), odd));
        }
    }
    if let Err(found) = mixed.map_or(app, Err) {
        let what = format!("expected whole plain code on a {chip}, found {found}");
        run.checks.failed("plain_app", what.clone());
        let way = "write its own stock backup back, or set the board aside";
        return Err(StageError::failed(FaultCode::NoWholeApp, format!("{what}; {way}")));
    }
    run.checks.held("plain_app", "whole plain code, which this boot loader starts");
    if let Some(Pending { at, state }) = pending {
        let what = format!("expected no update of the maker's that waits, found one at {at:#08x} in state {state}");
        run.checks.failed("no_update", what.clone());
        let way = "its boot loader would unpack it over OpenBeken: let the plug finish it outside the jig, then put it in again";
        return Err(StageError::failed(FaultCode::UpdatePending, format!("{what}; {way}")));
    }
    run.checks.held("no_update", "no update of the maker's waits in the flash");
    Ok(())
}

/// A calibration where OpenBeken looks, and none where the maker has it, is a board's own only where the whole boot loader is
/// not the maker's either.
pub(super) fn calibration(run: &mut Run<'_>, rf: Rf) -> Result<(), StageError> {
    let chip = run.board()?.chip;
    let (Some(copy), Some(stock)) = (chip.calibration_copy(), chip.facts().calibration.stock) else { return Ok(()) };
    let is_own = rf.sector != copy || matches!(run.job.task, Task::Restore(_)) || run.is_done_already();
    if is_own || maker::loader(chip, &run.dump()?).is_ok_and(|loader| loader.is_sdk) {
        return Ok(());
    }
    let what = format!(
        "expected the calibration at {stock:#x}, where the maker of this boot loader has it, found one at {:#x} alone",
        rf.sector.start
    );
    run.checks.failed("calibration", what.clone());
    Err(StageError::failed(FaultCode::RfElsewhere, format!("{what}; set the board aside")))
}

/// Whether a board with OpenBeken lacks the copy of its calibration: it runs, with a MAC that all such boards share.
pub(super) fn lacks_copy(chip: Chip, rf: Option<Rf>) -> bool {
    let copy = chip.calibration_copy();
    rf.is_some_and(|rf| copy.is_some_and(|copy| rf.sector != copy && rf.copy.is_none()))
}

/// Lays what such a board gets besides its application over `want`: the copy of its calibration, nothing behind the
/// application in its area, and no word of an update.
pub(super) fn lay(chip: Chip, rf: Rf, app_end: u32, want: &mut [u8]) {
    let Some(copy) = chip.calibration_copy() else { return };
    if rf.sector != copy {
        let (from, to) = (rf.sector.start as usize..rf.sector.end as usize, copy.start as usize);
        if from.end <= want.len() && to + from.len() <= want.len() {
            want.copy_within(from, to);
        }
    }
    let behind = Span::new(app_end, chip.app_limit().max(app_end));
    let config = Span::sized(chip.facts().config_at, SECTOR);
    let is_control = config.of(want).is_some_and(|sector| sector.starts_with(&maker::CONTROL));
    for span in [Some(behind), Some(config).filter(|_| is_control)].into_iter().flatten() {
        if let Some(area) = want.get_mut(span.start as usize..span.end as usize) {
            area.fill(0xFF);
        }
    }
}

/// First the copy of the calibration and the configuration, each proven, while the board is still the vendor's plug; of its
/// application the first sector comes last.
pub(super) fn order(plan: Plan, chip: Chip) -> Plan {
    match chip.calibration_copy() {
        Some(copy) if !chip.dialect().boots_from_flash() => {
            let config = Span::sized(chip.facts().config_at, SECTOR);
            plan.in_order(&[copy, config], Span::sized(chip.boot_end(), SECTOR))
        }
        _ => plan,
    }
}
