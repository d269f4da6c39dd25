//! `flashjig once`.

use super::deed::deed;
use super::faces::Faces;
use super::progress::Progress;
use super::signals::{self, Signals};
use crate::config::Config;
use crate::fail::{BROKEN, Failure, NO};
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::doubt::Code;
use crate::model::unit::deed::Deed;
use crate::model::unit::event::{Event, Stamped};
use crate::station::{Order, Station, StationHandle};
use crate::wiring;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::broadcast;

/// Convert one unit on one slot in the foreground.
///
/// Exit code 0: passed; 1: the unit failed; 2: the station, the call or the configuration is at fault.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = crate::config::DEFAULT_PATH)]
    config: PathBuf,
    /// The slot; needed where the configuration has several.
    #[arg(long, value_name = "NAME")]
    slot: Option<String>,
    /// Print the unit's record on standard output as one JSON object.
    #[arg(long)]
    json: bool,
    /// Convert also a board that is converted already.
    #[arg(long)]
    reflash: bool,
    /// Doubts that do not stop this unit, by their codes; `docs/doubts.md` has them all.
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = code)]
    accept: Vec<Code>,
}

/// A code that may be accepted.
fn code(word: &str) -> Result<Code, String> {
    let code = Code::parse(word).ok_or_else(|| {
        let known: Vec<&str> =
            Code::ALL.iter().filter(|code| code.by_recipe().is_ok()).map(|code| code.word()).collect();
        format!("expected one of {}", known.join(", "))
    })?;
    code.by_recipe().map(|()| code).map_err(|instead| format!("it can't be accepted: {instead}"))
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("warn");
    let mut config = super::data_dir::load(&args.config)?;
    let slot = choose(&mut config, args.slot.as_deref())?;
    signals::run(convert(config, slot, args.json, Wish::Start { redo: args.reflash, accept: args.accept.clone() }))
}

/// Leaves one slot in the configuration and gives its name.
pub(super) fn choose(config: &mut Config, wanted: Option<&str>) -> Result<String, Failure> {
    let names: Vec<String> = config.slots.iter().map(|slot| slot.name.clone()).collect();
    let name = match (wanted, names.as_slice()) {
        (Some(name), _) if names.iter().any(|n| n == name) => name.to_string(),
        (Some(name), _) => return Err(Failure::broken(format!("expected one of the slots {names:?}, found {name:?}"))),
        (None, [only]) => only.clone(),
        (None, _) => {
            return Err(Failure::broken(format!("there are several slots: name one of {names:?} with --slot")));
        }
    };
    config.slots.retain(|slot| slot.name == name);
    Ok(name)
}

/// What is wanted of the unit.
pub(super) enum Wish {
    /// Convert it.
    Start {
        /// Also when it is converted already.
        redo: bool,
        /// Doubts that do not stop it, beside those that the recipe accepts.
        accept: Vec<Code>,
    },
    /// Write back the stock backup of this unit; with the text of an age key file where it is encrypted.
    Restore {
        /// Its number.
        unit: u64,
        /// The key.
        identity: Option<String>,
    },
}

/// One unit on one slot in the foreground.
pub(super) async fn convert(config: Config, slot: String, json: bool, wish: Wish) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    let accept = match &wish {
        Wish::Start { accept, .. } => accept.as_slice(),
        Wish::Restore { .. } => &[],
    };
    let (station, lamps) = wiring::station(&config, None, accept)?;
    let handle = station.handle();
    let faces = Faces::lamps(&handle, lamps);
    let events = handle.events();
    let order = match &wish {
        Wish::Start { redo, .. } => Ok(Order::Start { redo: *redo }),
        Wish::Restore { unit, identity } => handle.restore_of(*unit, identity.as_deref()).await.map(Order::Restore),
    };
    let (what, on) = match &wish {
        Wish::Start { .. } => ("start", slot.clone()),
        Wish::Restore { unit, .. } => ("restore", format!("{slot}, from unit {unit}")),
    };
    let sha256 = match &order {
        Ok(Order::Restore(restore)) => Some(restore.sha256),
        _ => None,
    };
    handle.note_deed(Deed { sha256, ..deed(what, &on, order.is_ok()) }).await;
    let result = match order {
        Ok(order) => watch(&handle, events, &slot, order, &mut signals).await,
        Err(refused) => Err(Failure::broken(refused)),
    };
    let code = match result {
        Ok((verdict, seq)) => finish(&handle, verdict, seq, json).await,
        Err(failure) => Err(failure),
    };
    Station::stop(station).await;
    faces.stop().await;
    code
}

/// Starts the unit and follows it to its end.
async fn watch(
    handle: &StationHandle,
    mut events: broadcast::Receiver<Arc<Stamped>>,
    slot: &str,
    order: Order,
    signals: &mut Signals,
) -> Result<(Verdict, Option<u64>), Failure> {
    let mut progress = Progress::new();
    progress.warn();
    handle.order(slot, order).await.map_err(Failure::broken)?;
    loop {
        tokio::select! {
            stamped = events.recv() => match stamped {
                Ok(stamped) => {
                    progress.take(&stamped.event);
                    if let Event::Finished { seq, verdict, fault, ms } = &stamped.event {
                        progress.end(*verdict, fault.as_ref(), *seq, *ms);
                        return Ok((*verdict, *seq));
                    }
                }
                // what was missed is only progress: the end is in the state as well
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    if let Some(last) = handle.snapshot().slot(slot).and_then(|slot| slot.last.clone()) {
                        progress.end(last.verdict, last.fault.as_ref(), last.seq, last.ms);
                        return Ok((last.verdict, last.seq));
                    }
                }
                Err(broadcast::error::RecvError::Closed) => {
                    return Err(Failure::broken("the station ended before the unit did; see the log"));
                }
            },
            () = signals.next() => {
                // refused only when the unit has just ended
                _ = handle.order(slot, Order::Abort).await;
            }
        }
    }
}

async fn finish(handle: &StationHandle, verdict: Verdict, seq: Option<u64>, json: bool) -> Result<ExitCode, Failure> {
    if json && let Some(seq) = seq {
        let unit = handle.unit(seq).await.map_err(Failure::broken)?;
        let text = serde_json::to_string(&unit).map_err(Failure::broken)?;
        super::out::say(&text)?;
    }
    Ok(match verdict {
        Verdict::Pass => ExitCode::SUCCESS,
        Verdict::Error => ExitCode::from(BROKEN),
        Verdict::Fail | Verdict::Timeout | Verdict::Aborted => ExitCode::from(NO),
    })
}
