//! The gate: everything that must be true before the first erase, each check noted in the record with what was found.

use super::making::{Layers, Making};
use super::{care, configure};
use crate::flow::found::{Analysis, Kept, Made, Mark, Plug, Target};
use crate::flow::host_work::host_work;
use crate::flow::job::Task;
use crate::flow::pilot;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::beken::crc;
use crate::model::chip::board::Board;
use crate::model::chip::flash::map::{Area, What};
use crate::model::chip::flash::rf::Rf;
use crate::model::chip::flash::{Span, parts};
use crate::model::chip::identify;
use crate::model::cycle::fault::FaultCode;
use crate::model::dump::origin;
use crate::model::firmware::content::{BackupKind, Content};
use crate::model::firmware::image::Image;
use crate::model::firmware::image::anatomy::Boot;
use crate::model::openbeken::Findings;
use crate::model::openbeken::plug::{self, Unable};
use crate::model::openbeken::tailor::Choice;
use crate::model::recipe::LoadedRecipe;
use crate::model::unit::event::Event;
use crate::model::unit::history::{self, StockRef};
use std::sync::Arc;

/// Link checks that must all be answered, one by one, at the rate of the bulk.
const ECHOES: u32 = 16;
/// How often they are sent again when one is lost: a single damaged byte is no unstable link.
const MEASUREMENTS: u32 = 3;

/// Passes, or says what is wrong. Gives how to make what the whole flash must hold: that is done with the plan.
pub(super) async fn gate(run: &mut Run<'_>) -> Result<Making, StageError> {
    link(run).await?;
    identity(run)?;
    boot_area(run)?;
    care::gate(run).await?;
    let rf = calibration(run).await?;
    content(run);
    let Laid { areas, making, made } = match run.job.task.clone() {
        Task::Restore(restore) => {
            let want = super::restore::lay(run, &restore, rf)?;
            Laid { areas: areas(&want, None), making: Making::As(want), made: Made::default() }
        }
        Task::Convert { .. } if run.is_done_already() => {
            let making = Making::As(run.dump()?);
            Laid { areas: look(run).await?, making, made: Made::default() }
        }
        Task::Convert { .. } => lay(run, rf).await?,
    };
    if !run.is_done_already() {
        note(run, rf).await?;
    }
    show(run, areas, made.sector.as_ref().map(|(span, _)| *span), rf.sector).await;
    let keep = vec![run.board()?.chip.boot_area(), rf.sector];
    run.kept()?.target = Some(Target::new(made, keep));
    let board = run.board()?.clone();
    run.report.say(Event::Found { board }).await;
    Ok(making)
}

/// What the flash is to become.
struct Laid {
    areas: Vec<Area>,
    making: Making,
    made: Made,
}

/// The link must be stable now: every echo of a row comes back whole.
async fn link(run: &mut Run<'_>) -> Result<(), StageError> {
    let mut lost = 0;
    for _ in 0..MEASUREMENTS {
        lost = run.link()?.echoes(ECHOES).await?;
        if lost == 0 {
            let result = format!("{ECHOES} of {ECHOES} echoes at {} baud", run.session.uart.baud);
            run.checks.held("link", result);
            return Ok(());
        }
    }
    let found = format!("{lost} of {ECHOES} echoes lost at {} baud, {MEASUREMENTS} times", run.session.uart.baud);
    run.checks.failed("link", found.clone());
    Err(StageError::lost(
        FaultCode::BadReply,
        format!("expected every link check answered before an erase, found {found}"),
    ))
}

/// Chip, key and flash id: identify has refused what is unknown, the image is compared again here.
fn identity(run: &mut Run<'_>) -> Result<(), StageError> {
    let board = run.board()?.clone();
    let image = run.image().cloned();
    let same = |what: &str| if image.is_some() { format!("{what}, as the image") } else { what.to_owned() };
    if let Some(image) = &image
        && (image.chip, image.key) != (board.chip, board.key)
    {
        run.checks.failed("chip", format!("{}, the image is for a {}", board.chip, image.chip));
        return Err(bug("the image chosen is not for this chip and key"));
    }
    run.checks.held("chip", same(board.chip.name()));
    run.checks.held("key", same(&board.key.to_string()));
    let size = board.flash_size / 1024;
    let id = match (run.found()?.flash_id.and_then(parts::find), &board.flash_id) {
        (Some(part), Some(id)) => format!("{id} ({}), {size} KiB", part.name),
        _ => format!("this boot loader can't be asked; {size} KiB by where reads wrap round"),
    };
    run.checks.held("flash_id", id);
    Ok(())
}

/// The boot area is never written; its CRC is remembered and compared at the end.
fn boot_area(run: &mut Run<'_>) -> Result<(), StageError> {
    let dump = run.dump()?;
    let area = run.board()?.chip.boot_area();
    let boot = area.of(&dump).unwrap_or_default();
    if boot.windows(2).all(|pair| pair.first() == pair.last()) {
        let byte = boot.first().copied().unwrap_or_default();
        let found = format!("{byte:#04x} in every byte");
        run.checks.failed("boot_area", found.clone());
        let what = format!("expected a boot loader below {:#x}, found {found}", area.end);
        return Err(StageError::failed(FaultCode::BadBoot, what));
    }
    let unlisted = run.board()?.evidence.iter().find(|line| line.contains(identify::UNLISTED)).cloned();
    let unlisted = unlisted.map(|line| format!("; {line}")).unwrap_or_default();
    run.checks.held("boot_area", format!("CRC {:#010x} of 0x0..{:#x}{unlisted}", crc::wire(boot), area.end));
    Ok(())
}

/// The calibration sector, its MAC, and whether another board has that MAC.
async fn calibration(run: &mut Run<'_>) -> Result<Rf, StageError> {
    let rf = match &run.kept()?.study.rf {
        Ok(rf) => *rf,
        Err(problem) => {
            let text = problem.to_string();
            run.checks.failed("calibration", text.clone());
            return Err(StageError::failed(FaultCode::NoRf, text));
        }
    };
    let digest = run.kept()?.study.calibration;
    let digest = digest.ok_or_else(|| bug("the calibration sector lies outside the flash"))?;
    // a stock backup goes back wherever its vendor has it
    let is_conversion = matches!(run.job.task, Task::Convert { .. });
    if let Some(why) = origin::misplaced(run.board()?.chip, rf.sector.start).filter(|_| is_conversion) {
        run.checks.failed("calibration", why.clone());
        return Err(StageError::failed(FaultCode::RfElsewhere, format!("{why}; set the board aside")));
    }
    care::calibration(run, rf)?;
    run.checks.held(
        "calibration",
        match rf.copy {
            Some(copy) => format!("found at {}, and its copy at {copy}", rf.sector),
            None => format!("found once, at {}", rf.sector),
        },
    );
    let own = rf.sector.of(&run.dump()?).unwrap_or_default().to_vec();
    run.mark = Some(Mark { span: rf.sector, bytes: own });
    if let Some(why) = history::placeholder(rf.mac) {
        run.checks.failed("mac", why.clone());
        return Err(StageError::failed(FaultCode::PlaceholderMac, why));
    }
    run.checks.held("mac", format!("{}, the board's own", rf.mac));
    let found = run.found()?;
    (found.board.mac, found.board.calibration) = (Some(rf.mac), Some(digest));
    let board = found.board.clone();
    let Analysis { content, units, note, .. } = &run.kept()?.study;
    let known = match units.len() {
        0 => "new to the ledger".to_owned(),
        n => format!("{n} earlier units of this board, no other has it"),
    };
    if let Some((seq, differs)) = history::other_board(&board, digest, content, units, *note) {
        let found = format!("unit {seq} has {} too: {differs}", rf.mac);
        run.checks.failed("mac_unique", found.clone());
        let what = format!("expected a MAC that no other board of the ledger has, found: {found}");
        return Err(StageError::failed(FaultCode::ForeignMac, what));
    }
    run.checks.held("mac_unique", known);
    Ok(rf)
}

/// What the flash holds: the backup must not pass for stock when it is not.
fn content(run: &mut Run<'_>) {
    let Some(Kept { backup, study, .. }) = run.what_was_kept() else { return };
    let traces = match &study.content {
        Content::Openbeken { .. } => Some(study.traces.beside_openbeken()),
        _ => study.traces.beside_another(),
    };
    let traces = traces.map(|traces| format!(", {traces}")).unwrap_or_default();
    let what = format!("{}{traces}; the backup counts as {}", study.content, backup.kind.name());
    run.checks.held("content", what);
}

/// Shows where what lies, and what stays.
async fn show(run: &mut Run<'_>, mut areas: Vec<Area>, config: Option<Span>, rf: Span) {
    let own = config.map(|span| Area { name: "config".into(), span });
    areas.push(Area { name: "calibration".into(), span: rf });
    areas.extend(own);
    areas.sort_by_key(|area| area.span);
    run.report.areas(areas).await;
    if let Ok(chip) = run.board().map(|board| board.chip) {
        run.report.mark(chip.boot_area(), What::Kept);
    }
    run.report.mark(rf, What::Kept);
}

/// How the area of the vendor's settings is called.
const SETTINGS: &str = "settings";

/// The areas that the boot loader's own table and the vendor's store give.
fn areas(dump: &[u8], found: Option<&Findings>) -> Vec<Area> {
    let table = Boot::read(dump).map(|boot| boot.partitions).unwrap_or_default();
    let listed = table.into_iter().map(|partition| Area { name: partition.name, span: partition.span });
    let store = found.and_then(|found| found.store);
    listed.chain(store.map(|span| Area { name: SETTINGS.into(), span })).collect()
}

/// What the plug becomes, with which image, and the whole flash as it must be.
async fn lay(run: &mut Run<'_>, rf: Rf) -> Result<Laid, StageError> {
    let base = run.base()?;
    let (board, kit) = (run.board()?.clone(), Arc::clone(&run.job.loaded));
    let board_chip = board.chip;
    let images = run.allowed(board.chip);
    let judged = Arc::clone(&base);
    let work = host_work(move || judge(&judged, &images, &board, &kit));
    let Judged { areas, module, plug, settled } =
        run.link()?.keep_awake(work).await?.map_err(|e| bug(&e.to_string()))?;
    if board_chip.facts().care.is_some() {
        // without it the plug is converted all the same
        let store = areas.iter().find(|area| area.name == SETTINGS).map(|area| area.span);
        run.checks.held("vendor_store", store.map_or_else(|| "not found".to_owned(), |at| format!("found at {at}")));
    }
    run.found()?.board.module = module;
    if let Err(Unable::Image(refusal)) = &settled {
        run.checks.failed("image", refusal.to_string());
    }
    let settled = settled.map_err(StageError::from);
    let stopped = settled.as_ref().err().and_then(StageError::code);
    let doubts = plug.config.as_ref().map(|config| config.doubts_told(stopped)).unwrap_or_default();
    run.kept()?.plug = plug;
    if !doubts.is_empty() {
        run.report.say(Event::Doubted { doubts }).await;
    }
    let Chosen { choice, image, reason } = settled?;
    run.checks.held("image", format!("{reason}; it fits chip, key, layout and flash"));
    super::identify::choose(run, Arc::clone(&image)).await?;
    pilot::gate(run).await?;
    let cleared = clear(run, rf)?;
    let made = configure::make(run, &choice, rf, base.len()).await?;
    let config = made.sector.as_ref().map(|(sector, config)| (*sector, config.sector()));
    let layers = Layers { chip: board_chip, base, image, cleared, rf, config };
    Ok(Laid { areas, making: Making::Over(layers), made })
}

/// Where the recipe asks for it, a board that is converted again loses what OpenBeken has left beside its app: a boot
/// counter among its variables keeps a board that restarts again and again in its safe mode. Only sectors with a mark of
/// OpenBeken are cleared, and never the calibration.
fn clear(run: &mut Run<'_>, rf: Rf) -> Result<Vec<Span>, StageError> {
    let (Some(kept), Some(reading)) = (run.what_was_kept(), run.what_was_read()) else { return Ok(Vec::new()) };
    let Analysis { content, traces, .. } = &kept.study;
    // a half-written board goes on from its backup, which is right as it is
    let is_asked = run.job.loaded.recipe.reflash_clears;
    if !reading.is_base() || !matches!(content, Content::Openbeken { .. }) || !is_asked {
        return Ok(Vec::new());
    }
    let (spans, words) = (traces.spans(), traces.words());
    if spans.iter().any(|span| span.overlaps(rf.sector)) {
        return Err(bug("what is to be cleared reaches into the calibration"));
    }
    run.checks.held("cleared", words);
    Ok(spans)
}

struct Judged {
    areas: Vec<Area>,
    module: Option<String>,
    plug: Plug,
    settled: Result<Chosen, Unable>,
}

struct Chosen {
    choice: Choice,
    image: Arc<Image>,
    reason: String,
}

fn judge(base: &[u8], images: &[Arc<Image>], board: &Board, kit: &LoadedRecipe) -> Judged {
    let order = plug::Order { rule: &kit.recipe.openbeken, devices: &kit.devices, board, base };
    let plug::Plug { found, doubts, meter, settled } = plug::settle(&order, images);
    let settled =
        settled.map(|plug::Settled { choice, image, reason }| Chosen { choice, image: Arc::clone(image), reason });
    let config = configure::told(&found, doubts, settled.as_ref().ok().map(|chosen| &chosen.choice));
    let areas = areas(base, Some(&found));
    Judged { areas, module: found.module, plug: Plug { config, meter }, settled }
}

/// What is known of a plug that is left as it is, and its areas.
async fn look(run: &mut Run<'_>) -> Result<Vec<Area>, StageError> {
    let (dump, board) = (run.dump()?, run.board()?.clone());
    let kit = Arc::clone(&run.job.loaded);
    let work = host_work(move || {
        let order = plug::Order { rule: &kit.recipe.openbeken, devices: &kit.devices, board: &board, base: &dump };
        let (found, meter) = plug::look(&order);
        (areas(&dump, Some(&found)), found.module, meter)
    });
    let (areas, module, meter) = run.link()?.keep_awake(work).await?.map_err(|e| bug(&e.to_string()))?;
    run.found()?.board.module = module;
    run.kept()?.plug.meter = meter;
    Ok(areas)
}

/// Notes in the ledger which backup this board goes on from, before the first erase of any unit: while that note is open
/// its flash may be half written.
async fn note(run: &mut Run<'_>, rf: Rf) -> Result<(), StageError> {
    let task = run.job.task.clone();
    let Kept { backup, study, .. } = run.kept()?;
    let calibration = study.calibration.ok_or_else(|| bug("the calibration sector lies outside the flash"))?;
    let kept = match task {
        Task::Restore(restore) => (restore.sha256, BackupKind::Stock),
        Task::Convert { .. } => (backup.sha256, backup.kind),
    };
    let note = StockRef::opened(study.note, kept, calibration);
    let ledger = run.job.ledger.clone();
    let work = async move { ledger.note_stock(rf.mac, note).await };
    run.link()?.keep_awake(work).await?.map_err(|error| StageError::not_recorded(&error))
}
