//! Keep: the backup on disk and read again, while link checks keep the chip awake.

use crate::flow::note;
use crate::flow::run::{Run, mistake};
use crate::flow::trouble::Trouble;
use crate::model::cycle::Outcome;
use crate::model::event::Event;
use crate::model::openbeken::{Config, config};
use crate::model::stage::Stage;
use crate::model::tuya::holds_credentials;
use crate::model::unit::Backup;
use std::sync::Arc;

/// Keeps the backup.
pub(super) async fn keep(run: &mut Run<'_>) -> Result<Outcome, Trouble> {
    let dump = run.dump.clone().ok_or_else(|| mistake("nothing was read"))?;
    let bytes = dump.len() as u64;
    let archive = run.job.archive;
    let chip = run.board()?.chip;
    let looked_at = Arc::clone(&dump);
    let looking = tokio::task::spawn_blocking(move || {
        // a plug that was configured before has its owner's passwords in its configuration
        let own = looked_at.get(config::address(chip) as usize..).and_then(|sector| Config::parse(sector).ok());
        holds_credentials(&looked_at) || own.is_some_and(|own| own.holds_credentials())
    });
    let work = archive.keep_for(Arc::clone(&dump), run.job.kit.recipe.backup.encrypt_to.clone());
    let sha256 = run.link()?.keep_awake(work).await?.map_err(|e| Trouble::not_kept(&e))?;
    // Should the search fail, the backup is treated as one that has some.
    let contains_credentials = looking.await.unwrap_or(true);
    let (read_bytes, skipped_bytes) = (run.read_bytes, run.skipped_bytes);
    run.backup = Some(Backup { sha256, bytes, read_bytes, skipped_bytes, contains_credentials });
    note::write(run, Stage::Keep).await?;
    run.report.say(Event::Kept { sha256 }).await;
    run.check_stop()?;
    Ok(Outcome::Done)
}
