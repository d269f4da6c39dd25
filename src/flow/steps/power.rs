//! Settle, power, safe: the lines around a unit.

use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::jig::{Drive, Line};
use crate::model::cycle::Outcome;
use tokio::time::sleep;

/// Lets the contacts settle with everything off.
pub(super) async fn settle(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    run.job.nest.lines.make_safe().await?;
    sleep(run.job.pace.settle).await;
    run.check_stop()?;
    Ok(Outcome::Done)
}

/// Gives the board its supply, with CEN held. The port is opened first: an adapter that touches its lines when it is
/// opened must not do so on a running chip.
pub(super) async fn power(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    super::attach::open(run)?;
    let (lines, pace) = (&run.job.nest.lines, run.job.pace);
    lines.set(Line::Reset, Drive::Asserted).await?;
    if lines.has(Line::Power) {
        super::decay::empty(&run.job).await;
        lines.set(Line::Power, Drive::Asserted).await?;
        sleep(pace.rise).await;
    }
    lines.set(Line::Park, Drive::Released).await?;
    run.check_stop()?;
    Ok(Outcome::Done)
}

/// Switches the board off and on, with TX cut off: the new firmware may drive that pin. `false`: nothing here can.
pub(super) async fn cycle(run: &mut Run<'_>) -> Result<bool, StageError> {
    let (lines, pace) = (&run.job.nest.lines, run.job.pace);
    let [power, reset] = [Line::Power, Line::Reset].map(|line| lines.has(line));
    if !power && !reset {
        return Ok(false);
    }
    lines.set(Line::Reset, Drive::Asserted).await?;
    if power {
        lines.set(Line::Power, Drive::Released).await?;
        super::decay::empty(&run.job).await;
        lines.set(Line::Power, Drive::Asserted).await?;
        sleep(pace.rise).await;
    } else {
        sleep(pace.pulse).await;
    }
    super::alive::watch::starts(run);
    run.job.nest.lines.set(Line::Reset, Drive::Released).await?;
    Ok(true)
}

/// Ends the session, then CEN held, power off, TX parked.
pub(super) async fn safe(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    run.session.hang_up();
    run.job.nest.lines.make_safe().await?;
    Ok(Outcome::Done)
}
