//! Attach: reset under a flood of link checks, then the fastest rate that proves itself.

use super::decay::empty;
use super::same_board;
use crate::flow::job::Job;
use crate::flow::run::Run;
use crate::flow::stage_error::StageError;
use crate::jig::{Drive, Line, LineError};
use crate::link::{ChipLink, LinkError};
use crate::model::cycle::Outcome;
use crate::model::cycle::fault::FaultCode;
use crate::model::show::prompt;
use crate::model::unit::event::Event;
use tokio::time::sleep;

/// Opens the port and begins a session, unless there is one.
pub(super) fn open(run: &mut Run<'_>) -> Result<(), StageError> {
    if run.session.link.is_none() {
        run.session.link = Some(ChipLink::new(run.job.nest.source.open()?));
    }
    Ok(())
}

/// Pulls the chip through a reset with what lines there are. The flood runs meanwhile.
async fn reset(job: &Job<'_>) -> Result<(), LineError> {
    let lines = &job.nest.lines;
    if lines.has(Line::Reset) {
        lines.set(Line::Reset, Drive::Asserted).await?;
        sleep(job.pace.pulse).await;
        lines.set(Line::Reset, Drive::Released).await
    } else if lines.has(Line::Power) {
        lines.set(Line::Power, Drive::Released).await?;
        empty(job).await;
        lines.set(Line::Power, Drive::Asserted).await
    } else {
        Ok(())
    }
}

/// Links with the chip and raises the rate.
pub(super) async fn attach(run: &mut Run<'_>) -> Result<Outcome, StageError> {
    run.check_stop()?;
    open(run)?;
    let pace = run.job.pace;
    let lines = &run.job.nest.lines;
    if run.session.linked && lines.has(Line::Power) {
        // what made the chip fall silent may need more than a reset
        lines.set(Line::Reset, Drive::Asserted).await?;
        lines.set(Line::Power, Drive::Released).await?;
        empty(&run.job).await;
        lines.set(Line::Power, Drive::Asserted).await?;
    }
    run.session.relinked = std::mem::replace(&mut run.session.linked, true);
    let by_hand = !lines.has(Line::Reset) && !lines.has(Line::Power);
    if by_hand {
        run.report.say(Event::Prompt { message: prompt::RESET.into() }).await;
    }
    let patience = if by_hand { pace.by_hand } else { pace.patience };
    let (stop, touched) = (run.job.stop.clone(), run.touched);
    let stopped = async { if touched { std::future::pending().await } else { stop.cancelled().await } };
    let link = run.session.link()?;
    tokio::select! {
        linked = link.attach(reset(&run.job), patience) => match linked {
            // nobody came to reset the board: asking for another minute would only hide that
            Err(error @ LinkError::NoAnswer { .. }) if by_hand => {
                return Err(StageError::failed(FaultCode::NoAnswer, error));
            }
            linked => linked?,
        },
        () = stopped => return Err(StageError::stopped()),
    }
    let ladder = run.session.ladder.clone();
    match run.link()?.raise(&ladder).await {
        Ok(baud) => {
            run.session.ladder.retain(|rate| *rate <= baud);
            run.session.uart.baud = baud;
            run.report.say(Event::Rate { baud }).await;
            same_board::look(run).await?;
            Ok(Outcome::Done)
        }
        Err(error) => {
            // the rate on top let the link down: begin below it next time, but keep the last one
            run.session.lost_on_the_way(&error);
            Err(error.into())
        }
    }
}
