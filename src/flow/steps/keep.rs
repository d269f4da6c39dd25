//! Keep: what the flash holds, what the ledger knows of the board, and the stock flash on disk, read again, before
//! anything may be erased.

use super::care;
use crate::flow::found::{Analysis, Kept, Plug};
use crate::flow::host_work::{archive_work, host_work};
use crate::flow::job::Task;
use crate::flow::note;
use crate::flow::run::{Run, bug};
use crate::flow::stage_error::StageError;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::rf;
use crate::model::cycle::Outcome;
use crate::model::cycle::stage::Stage;
use crate::model::firmware::content::{self, BackupKind, Content};
use crate::model::openbeken::holds_credentials;
use crate::model::openbeken::{Config, Traces, config};
use crate::model::unit::Backup;
use crate::model::unit::event::Event;
use crate::model::unit::history::{self, Course, StockRef};
use crate::store::keeping::Placed;
use std::sync::Arc;

/// Keeps the backup, or finds the one that a conversion that was cut short began from.
pub(super) async fn keep(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    let dump = run.dump()?;
    let study = study(run, &dump).await?;
    let redo = match &run.job.task {
        Task::Convert { redo } => *redo || run.job.loaded.recipe.reflash,
        Task::Restore(_) => true,
    };
    let noted = noted(run, &study, &dump).await?;
    let app = run.board()?.chip.app_area();
    let has_holes = noted.as_ref().is_some_and(|stock| content::has_holes(&dump, stock, app));
    let Analysis { content, sha256, note, .. } = &study;
    let reading = history::Reading { content, sha256: *sha256, note: *note, is_there: noted.is_some(), has_holes };
    let course = match &run.job.task {
        Task::Restore(_) => Course::Convert(reading.kind()),
        Task::Convert { .. } => history::course(&reading, &study.units, redo),
    };
    let lacks_copy = care::lacks_copy(run.board()?.chip, study.rf.as_ref().ok().copied());
    let course = match course {
        Course::Leave(_) if lacks_copy => Course::Convert(reading.kind()),
        course => course,
    };
    let (kept, is_new) = match (course, noted) {
        (Course::Resume(note), Some(stock)) => (resume(run, study, note, stock)?, false),
        (Course::Leave(already), _) => {
            let kept = archive(run, study, BackupKind::Openbeken).await?;
            (Kept { already: Some(already), ..kept }, true)
        }
        (Course::Convert(kind), _) => (archive(run, study, kind).await?, true),
        (Course::Resume(_), None) => return Err(bug("a backup was chosen that is not there")),
    };
    let (sha256, already) = (kept.backup.sha256, kept.already.clone());
    run.reading()?.kept = Some(kept);
    note::write(run, Stage::Keep).await?;
    if is_new {
        run.report.say(Event::Kept { sha256 }).await;
    }
    if let Some(already) = already {
        run.report.say(Event::Already { already }).await;
    }
    run.check_stop()?;
    Ok(Outcome::Done)
}

async fn study(run: &mut Run<'_>, dump: &Arc<[u8]>) -> Result<Analysis, StageError> {
    let (looked_at, image, chip) = (Arc::clone(dump), run.image().cloned(), run.board()?.chip);
    let find = if matches!(run.job.task, Task::Restore(_)) { rf::find_kept } else { rf::find };
    let looking = host_work(move || {
        let rf = find(&looked_at);
        let calibration = rf.as_ref().ok().and_then(|rf| rf.sector.of(&looked_at)).map(Digest::of);
        let content = Content::of(&looked_at, image.as_deref());
        (content, Traces::of(&looked_at, chip), Digest::of(&looked_at), rf, calibration)
    });
    let (content, traces, sha256, rf, calibration) =
        run.link()?.keep_awake(looking).await?.map_err(|error| bug(&error.to_string()))?;
    let mac = rf.as_ref().ok().map(|rf| rf.mac);
    let ledger = run.job.ledger.clone();
    let asking = async move {
        let Some(mac) = mac else { return Ok((Vec::new(), None)) };
        let units = ledger.query(crate::model::unit::UnitQuery { mac: Some(mac), ..Default::default() }).await?;
        Ok::<_, crate::store::StoreError>((units, ledger.stock_of(mac).await?))
    };
    let known = run.link()?.keep_awake(asking).await?;
    let (units, note) = known.map_err(|error| StageError::not_recorded(&error))?;
    Ok(Analysis { content, traces, sha256, rf, calibration, units, note })
}

/// The backup that the ledger notes for this board, proven, and only if it is this board's: calibration and boot loader
/// are never written, so both must be the same.
async fn noted(run: &mut Run<'_>, study: &Analysis, dump: &[u8]) -> Result<Option<Arc<[u8]>>, StageError> {
    let Some(note) = study.note.filter(|note| Some(note.calibration) == study.calibration) else { return Ok(None) };
    if note.sha256 == study.sha256 {
        return Ok(None);
    }
    let archive = run.job.archive;
    let Ok(stock) = run.link()?.keep_awake(archive.read(note.sha256)).await? else { return Ok(None) };
    let sector = study.rf.as_ref().ok().map(|rf| rf.sector);
    let never_written = [Some(run.board()?.chip.boot_area()), sector];
    let same =
        stock.len() == dump.len() && never_written.into_iter().flatten().all(|span| span.of(&stock) == span.of(dump));
    Ok(same.then(|| stock.into()))
}

/// Goes on from a backup of before; it was read again and compared with its digest just now.
fn resume(run: &mut Run<'_>, study: Analysis, note: StockRef, base: Arc<[u8]>) -> Result<Kept, StageError> {
    let backup = run.reading()?.backup(note.sha256, true, note.kind);
    run.checks.held("backup", format!("{}, kept by an earlier unit of this board, read again", note.sha256));
    Ok(Kept { backup, study, base: Some(base), already: None, plug: Plug::default(), target: None })
}

/// Keeps what was read.
async fn archive(run: &mut Run<'_>, study: Analysis, kind: BackupKind) -> Result<Kept, StageError> {
    let archive = run.job.archive;
    let chip = run.board()?.chip;
    let dump = run.dump()?;
    let looked_at = Arc::clone(&dump);
    let looking = tokio::task::spawn_blocking(move || {
        // a plug that was configured before has its owner's passwords in its configuration
        let own = looked_at.get(config::address(chip) as usize..).and_then(|sector| Config::parse(sector).ok());
        holds_credentials(&looked_at) || own.is_some_and(|own| own.holds_credentials())
    });
    let work = archive_work(archive.keep_for(Arc::clone(&dump), run.job.loaded.recipe.backup.encrypt_to.clone()));
    let Placed { digest: sha256, written, base: _ } = match run.link()?.keep_awake(work).await? {
        Ok(placed) => placed,
        Err(error) => {
            run.checks.failed("backup", error.to_string());
            return Err(StageError::not_kept(&error));
        }
    };
    // Should the search fail, the backup is treated as one that has some.
    let contains_credentials = looking.await.unwrap_or(true);
    let backup = Backup { written_bytes: written, ..run.reading()?.backup(sha256, contains_credentials, kind) };
    run.checks.held("backup", format!("{sha256}, {} KiB of {}, kept and read again", backup.bytes / 1024, kind.name()));
    if let Some(told) = backup.compared() {
        run.checks.held(if backup.audit { "audit" } else { "compared" }, told);
    }
    Ok(Kept { backup, study, base: Some(dump), already: None, plug: Plug::default(), target: None })
}
