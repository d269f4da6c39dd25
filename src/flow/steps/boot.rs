//! Boot: starts the new firmware. OpenBeken is silent on this UART, so all that can be heard here is that the boot
//! loader has let go; the verdict does not hang on it. Whether it lives is seen in [`super::alive`].

use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::model::cycle::Outcome;

/// Starts the firmware.
pub(super) async fn boot(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    super::alive::watch::starts(run);
    run.link()?.reboot().await?;
    Ok(Outcome::Done)
}
