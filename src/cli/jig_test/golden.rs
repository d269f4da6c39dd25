//! A golden board: attached, identified, its whole flash checked by its own CRC. Only questions are sent: no erase, no
//! write, no unlocking.

use super::figures::{Figures, compare};
use super::keep::keep;
use crate::cli::out::say;
use crate::config::{Config, Slot};
use crate::fail::Failure;
use crate::flow::Pace;
use crate::jig::{Drive, Line, LineError, Nest, SafeLines};
use crate::link::{self, ChipLink, LinkError};
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::{BLOCK, SECTOR};
use crate::model::chip::identify;
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Reads the board; keeps its figures, or compares them with the kept ones. Gives what is wrong.
pub(in crate::cli) async fn test(
    config: &Config,
    slot: &Slot,
    nest: &Nest,
    against: bool,
) -> Result<Vec<String>, Failure> {
    let file = config.data_dir.join("golden").join(format!("{}.json", slot.name));
    let kept = if against { Some(load(&file)?) } else { None };
    let now = figures(nest, crate::wiring::pace(&config.data_dir, slot)).await?;
    say(&format!("ok     {now}"))?;
    let Some(kept) = kept else {
        keep(&file, &now)?;
        say(&format!("ok     kept in {}; compare with --compare at the start of a shift", file.display()))?;
        return Ok(Vec::new());
    };
    let drift = compare(&kept, &now);
    for what in &drift.slower {
        say(&format!("drift  {what}"))?;
    }
    if drift.faults.is_empty() && drift.slower.is_empty() {
        say(&format!("ok     nothing drifted since {}", kept.taken))?;
    }
    Ok(drift.faults)
}

/// One whole run.
pub(in crate::cli) async fn figures(nest: &Nest, pace: Pace) -> Result<Figures, Failure> {
    let lines = &nest.lines;
    lines.make_safe().await.map_err(Failure::broken)?;
    let mut link = ChipLink::new(nest.source.open().map_err(Failure::broken)?);
    let mut released = None;
    let by_hand = !lines.has(Line::Reset) && !lines.has(Line::Power);
    if by_hand {
        say("to do  reset the board: touch CEN to GND for a moment, or switch its 3.3 V off and on")?;
    }
    let patience = if by_hand { pace.by_hand } else { pace.patience };
    let mut ladder = link::ladder(pace.max_baud);
    let (link_ms, baud) = loop {
        link.attach(start(lines, pace, &mut released), patience).await.map_err(Failure::no)?;
        let link_ms = millis(released.map(|at| at.elapsed()));
        match link.raise(&ladder).await {
            Ok(baud) => break (link_ms, baud),
            // the adapter or the wires can't make this one
            Err(LinkError::Lost { rate, .. }) if ladder.last() != Some(&rate) => {
                let behind = ladder.iter().position(|rung| *rung == rate).map_or(1, |at| at + 1);
                ladder.drain(..behind);
            }
            Err(error) => return Err(Failure::no(error)),
        }
    };
    let evidence = link.probe().await.map_err(Failure::no)?;
    let identity = identify::identify(&evidence).map_err(Failure::no)?;
    if evidence.flash_size == 0 {
        return Err(Failure::no("expected a proven flash size, found none; take another board for the golden one"));
    }
    link.set_chip(identity.chip);
    let begun = Instant::now();
    let mut crcs = Vec::new();
    for block in Span::new(0, evidence.flash_size).pieces(BLOCK) {
        crcs.extend(link.crc(block).await.map_err(Failure::no)?.to_le_bytes());
    }
    let crc_ms = millis(Some(begun.elapsed()));
    let begun = Instant::now();
    let some = Span::sized(identity.chip.boot_end(), 16 * SECTOR);
    link.read(some, evidence.flash_size, &mut |_: u32, _: &[u8]| {}).await.map_err(Failure::no)?;
    let read_ms = millis(Some(begun.elapsed()));
    Ok(Figures {
        taken: crate::clock::now(),
        chip: identity.chip.name().into(),
        flash_id: evidence.flash_id.map(|[a, b, c]| format!("{a:02x}{b:02x}{c:02x}")),
        flash_size: evidence.flash_size,
        flash: Digest::of(&crcs).to_string(),
        link_ms,
        baud,
        crc_ms,
        read_ms,
        errors: link.stats().errors,
    })
}

/// Power with CEN held, then CEN released; notes the moment.
async fn start(lines: &SafeLines, pace: Pace, released: &mut Option<Instant>) -> Result<(), LineError> {
    lines.set(Line::Reset, Drive::Asserted).await?;
    if lines.has(Line::Power) {
        sleep(pace.decay).await;
        lines.set(Line::Power, Drive::Asserted).await?;
        sleep(pace.rise).await;
    }
    lines.set(Line::Park, Drive::Released).await?;
    sleep(pace.pulse).await;
    lines.set(Line::Reset, Drive::Released).await?;
    *released = Some(Instant::now());
    Ok(())
}

fn millis(time: Option<Duration>) -> u64 {
    u64::try_from(time.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
}

fn load(file: &Path) -> Result<Figures, Failure> {
    let remedy = "run jig-test --golden with a good board first";
    let expected =
        |found: String| Failure::broken(format!("{}: expected kept figures, found: {found}; {remedy}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| expected(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| expected(error.to_string()))
}
