//! Plan: the gate before the first erase, and what must move.

use super::configure;
use crate::flow::run::{Run, mistake};
use crate::flow::trouble::Trouble;
use crate::model::board::Board;
use crate::model::cycle::Outcome;
use crate::model::event::Event;
use crate::model::fault::FaultCode;
use crate::model::flash::geometry::BOOT_END;
use crate::model::flash::map::{Area, What};
use crate::model::flash::{Span, plan as planner, rf};
use crate::model::image::Image;
use crate::model::image::anatomy::Boot;
use crate::model::openbeken::Findings;
use crate::model::recipe::Kit;
use std::sync::Arc;

/// Checks image against board and backup, then plans. Host work runs beside link checks: an L-boot resets itself when
/// nothing comes.
pub(super) async fn plan(run: &mut Run<'_>) -> Result<Outcome, Trouble> {
    run.check_stop()?;
    if run.want.is_none() {
        gate(run).await?;
    }
    let want = run.want()?;
    let have = have(run, &want)?;
    let (keep, dialect) = (run.keep.clone(), run.board()?.chip.dialect());
    let work = tokio::task::spawn_blocking(move || planner::plan(&have, &want, &keep, dialect));
    let plan = run.link()?.keep_awake(work).await?.map_err(|e| mistake(&e.to_string()))?;
    run.plan = plan.map_err(|error| Trouble::failed(FaultCode::NotPlanned, error))?;
    let (erase, write) = (run.plan.erase_bytes(), run.plan.write_bytes());
    run.report.say(Event::Planned { erase, write, same: run.plan.same }).await;
    Ok(if erase == 0 && write == 0 { Outcome::Nothing } else { Outcome::Done })
}

/// What the flash holds now: the backup, or after a verify the wanted content but for the sectors that differ. What
/// is in those nobody knows, so they are taken as different in every byte.
fn have(run: &Run<'_>, want: &Arc<[u8]>) -> Result<Arc<[u8]>, Trouble> {
    if run.dirty.is_empty() {
        return run.dump.clone().ok_or_else(|| mistake("there is no backup"));
    }
    let mut have = want.to_vec();
    for sector in &run.dirty {
        if let Some(bytes) = have.get_mut(sector.start as usize..sector.end as usize) {
            for byte in bytes {
                *byte = if *byte == 0xFF { 0 } else { !*byte };
            }
        }
    }
    Ok(have.into())
}

/// Everything that must be true before the first erase.
async fn gate(run: &mut Run<'_>) -> Result<(), Trouble> {
    let dump = run.dump.clone().ok_or_else(|| mistake("there is no backup"))?;
    let image = run.image.clone().ok_or_else(|| mistake("no image was chosen"))?;
    let board = run.board()?.clone();
    let kit = Arc::clone(&run.job.kit);
    let work = tokio::task::spawn_blocking(move || judge(&dump, &image, &board, &kit));
    let mut judged = run.link()?.keep_awake(work).await?.map_err(|e| mistake(&e.to_string()))??;
    let board = run.board.as_mut().ok_or_else(|| mistake("the board is not identified"))?;
    board.mac = Some(judged.rf.mac);
    board.module.clone_from(&judged.found.module);
    let board = board.clone();
    configure::lay(run, &judged.found, judged.rf, &mut judged.want).await?;
    show(run, judged.areas, judged.rf.sector).await;
    run.keep = vec![Span::new(0, BOOT_END), judged.rf.sector];
    run.want = Some(judged.want.into());
    run.report.say(Event::Found { board }).await;
    Ok(())
}

/// Shows where what lies, and what stays.
async fn show(run: &mut Run<'_>, mut areas: Vec<Area>, rf: Span) {
    let own = run.sector.as_ref().map(|(span, _)| Area { name: "config".into(), span: *span });
    areas.push(Area { name: "calibration".into(), span: rf });
    areas.extend(own);
    areas.sort_by_key(|area| area.span);
    run.report.areas(areas).await;
    run.report.mark(Span::new(0, BOOT_END), What::Kept);
    run.report.mark(rf, What::Kept);
}

/// The areas that the boot loader's own table and the vendor's store give.
fn areas(dump: &[u8], found: &Findings) -> Vec<Area> {
    let table = Boot::read(dump).map(|boot| boot.partitions).unwrap_or_default();
    let listed = table.into_iter().map(|partition| Area { name: partition.name, span: partition.span });
    listed.chain(found.store.map(|span| Area { name: "settings".into(), span })).collect()
}

struct Judged {
    rf: rf::Rf,
    areas: Vec<Area>,
    found: Findings,
    want: Vec<u8>,
}

fn judge(dump: &[u8], image: &Image, board: &Board, kit: &Kit) -> Result<Judged, Trouble> {
    let boot = dump.get(..BOOT_END as usize).unwrap_or_default();
    if boot.windows(2).all(|pair| pair.first() == pair.last()) {
        let byte = boot.first().copied().unwrap_or_default();
        return Err(Trouble::failed(
            FaultCode::BadBoot,
            format!("expected a boot loader below {BOOT_END:#x}, found {byte:#04x} in every byte"),
        ));
    }
    let rf = rf::find(dump).map_err(|problem| Trouble::failed(FaultCode::NoRf, problem))?;
    image.fits(board, Some(dump)).map_err(|refusal| Trouble::failed(refusal.fault(), refusal))?;
    let want = planner::expected(dump, image.span().start, image.app());
    let found = Findings::of(dump, board.chip, kit.recipe.openbeken.levels, &kit.devices);
    Ok(Judged { rf, areas: areas(dump, &found), found, want })
}
