//! Boot: starts the new firmware. OpenBeken is silent on this UART, so all that can be heard here is that the boot
//! loader has let go; the verdict does not hang on it.

use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::cycle::Outcome;

/// Starts the firmware.
pub(super) async fn boot(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    run.link()?.reboot().await?;
    Ok(Outcome::Done)
}
