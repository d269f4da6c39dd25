//! The journal: one line for each event that a person may look for later. Progress is not among them.

use crate::model::chip::board::Board;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::arrival::Arrival;
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::readiness::Readiness;
use crate::model::unit::snapshot::{SlotView, Snapshot};
use crate::station::StationHandle;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Debug,
    Info,
    Warn,
}

/// Writes the journal until `stop`.
pub async fn run(station: StationHandle, stop: CancellationToken) {
    let mut events = station.events();
    // what was told before anybody listened
    let begun = station.snapshot();
    for stamped in standing(&begun) {
        write(&stamped);
    }
    // A handle holds the channel open; the journal must not be what keeps a stopped station's channel alive.
    drop(station);
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => return,
            event = events.recv() => event,
        };
        match event {
            Ok(event) if event.seq <= begun.seq && stands(&event.event) => {}
            Ok(event) => write(&event),
            Err(RecvError::Lagged(lost)) => warn!("the journal missed {lost} events; the ledger holds every unit"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Whether an event stays true until another one says otherwise, so that a snapshot still tells of it.
fn stands(event: &Event) -> bool {
    matches!(event, Event::Blocked { .. } | Event::Noticed { .. } | Event::Readiness { .. })
}

/// The events that a snapshot still tells of.
fn standing(snapshot: &Snapshot) -> Vec<Stamped> {
    let (seq, time) = (snapshot.seq, snapshot.station.started);
    let of = |slot: &SlotView| {
        let blocked = slot.blocked.clone().map(|message| Event::Blocked { message, fault: slot.blocked_by.clone() });
        let noticed = slot.notice.clone().map(|message| Event::Noticed { message });
        let slot = slot.name.clone();
        [blocked, noticed].into_iter().flatten().map(move |event| Stamped { seq, time, slot: slot.clone(), event })
    };
    let lacks = snapshot.readiness.lack.is_some();
    let readiness = lacks.then(|| Event::Readiness { readiness: snapshot.readiness.clone() });
    let readiness = readiness.map(|event| Stamped { seq, time, slot: String::new(), event });
    readiness.into_iter().chain(snapshot.slots.iter().flat_map(of)).collect()
}

fn write(stamped: &Stamped) {
    let Some((level, text)) = line(&stamped.event) else { return };
    let seq = stamped.seq;
    let place = if stamped.slot.is_empty() { "station".to_owned() } else { format!("slot {}", stamped.slot) };
    match level {
        Level::Debug => debug!(seq, "{place}: {text}"),
        Level::Info => info!(seq, "{place}: {text}"),
        Level::Warn => warn!(seq, "{place}: {text}"),
    }
}

/// The words of an event; `None` for what would only fill the disk.
fn line(event: &Event) -> Option<(Level, String)> {
    let (level, text) = match event {
        Event::Progress { .. }
        | Event::Supply { .. }
        | Event::Map { .. }
        | Event::Areas { .. }
        | Event::Lines { .. }
        | Event::Button { .. }
        | Event::Shelf
        | Event::Batch
        | Event::Counted { .. } => return None,
        Event::Seated => (Level::Debug, "board seated".into()),
        Event::Lifted => (Level::Debug, "board lifted".into()),
        Event::Started { recipe } => (Level::Info, format!("started, recipe {recipe}")),
        Event::Entered { stage } => (Level::Debug, format!("stage {stage}")),
        Event::Rate { baud } => (Level::Debug, format!("rate {baud} baud")),
        Event::Found { board } => (Level::Info, format!("found {}", named(board))),
        Event::Chosen { name, version, sha256 } => {
            let sha256 = sha256.map(|sha256| format!(", sha256 {sha256}")).unwrap_or_default();
            (Level::Info, format!("firmware {name}, version {}{sha256}", version.as_deref().unwrap_or("unknown")))
        }
        Event::Readiness { readiness: Readiness { lack: Some(lack), .. } } => {
            (Level::Warn, format!("not ready: {}", lack.message))
        }
        Event::Readiness { readiness: Readiness { lack: None, offer } } => {
            let offer = offer.as_ref().map(|offer| format!("; {} ({}) is offered", offer.name, offer.sha256));
            (Level::Info, format!("firmware is there{}", offer.unwrap_or_default()))
        }
        Event::Kept { sha256 } => (Level::Info, format!("backup kept, sha256 {sha256}")),
        Event::Planned { erase, write, same } => (
            Level::Info,
            format!(
                "plan: erase {} KiB, write {} KiB, {} KiB are there already",
                erase / 1024,
                write / 1024,
                same / 1024
            ),
        ),
        Event::Retried { stage, message } => (Level::Warn, format!("retry in {stage}: {message}")),
        Event::BoardLog { lines } => (Level::Info, format!("the board's log ends: {}", lines.join(" | "))),
        Event::Awaited { awaited } if awaited.signs.is_empty() => return None,
        Event::Awaited { awaited } => {
            let level = if awaited.left_s == awaited.of_s { Level::Info } else { Level::Debug };
            (level, format!("signs of life still to come: {}, {} s left", awaited.words(), awaited.left_s))
        }
        Event::Prompt { message } => (Level::Warn, format!("to do now: {message}")),
        Event::Stopping => (Level::Info, "stops at the next safe point".into()),
        Event::Noticed { message } => (Level::Warn, format!("look: {message}")),
        Event::Settled => (Level::Info, "what was to be looked at is over".into()),
        Event::Recalled => (Level::Debug, "last verdict shown again".into()),
        Event::ArchiveChecked { ok, damaged: 0, .. } => {
            (Level::Info, format!("archive read again: {ok} backups, all good"))
        }
        Event::ArchiveChecked { ok, damaged, names } => {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let (names, first) = (names.join(", "), if names.len() as u64 == *damaged { "" } else { " (the first)" });
            (
                Level::Warn,
                format!(
                    "archive read again: {ok} backups good, {damaged} DAMAGED: {names}{first}; put copies in their \
                     place, `flashjig backup check` tells more"
                ),
            )
        }
        Event::Arrived { seq, arrival } => arrived(*seq, arrival),
        Event::Confirmed { seq, confirmed } => {
            (Level::Info, format!("pilot, unit {seq}: {} saw its plug live, its lot is released", confirmed.who))
        }
        Event::Already { already } => {
            (Level::Info, format!("converted before, left as it is: OpenBeken {}, {}", already.version, already.proof))
        }
        Event::Doubted { doubts } => {
            let doubts: Vec<String> = doubts.iter().map(ToString::to_string).collect();
            (Level::Warn, format!("in doubt: {}", doubts.join(" ")))
        }
        Event::Acknowledged => (Level::Info, "acknowledged, takes boards again".into()),
        Event::Blocked { message, .. } => (Level::Warn, format!("blocked: {message}")),
        Event::Mended => (Level::Info, "what blocked it works again, takes boards".into()),
        Event::Finished { seq, verdict, fault, ms } => {
            let level = if *verdict == Verdict::Pass { Level::Info } else { Level::Warn };
            let unit = seq.map_or("not recorded".into(), |seq| format!("unit {seq}"));
            let why = fault.as_ref().map_or(String::new(), |fault| {
                format!(", {} in {}: {} ({})", fault.code, fault.stage, fault.message, fault.hint)
            });
            (level, format!("{verdict}, {unit}, {}.{:03} s{why}", ms / 1000, ms % 1000))
        }
    };
    // A message may quote what a chip sent; one event stays one line.
    Some((level, text.replace(char::is_control, " ")))
}

fn arrived(seq: u64, arrival: &Arrival) -> (Level, String) {
    let Arrival { name, address, version, remarks, .. } = arrival;
    let at = address.as_ref().map(|address| format!(" at {address}")).unwrap_or_default();
    let version = version.as_ref().map(|version| format!(", version {version}")).unwrap_or_default();
    let level = if remarks.is_empty() { Level::Info } else { Level::Warn };
    let hello = format!("the plug of unit {seq} says hello as {name}{at}{version}");
    (level, [std::slice::from_ref(&hello), remarks].concat().join("; "))
}

fn named(board: &Board) -> String {
    let mut text = board.chip.to_string();
    for part in [board.module.clone(), board.mac.map(|mac| mac.to_string())].into_iter().flatten() {
        text = format!("{text} {part}");
    }
    format!("{text}, {} KiB flash", board.flash_size / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::fault::{Fault, FaultCode};
    use crate::model::cycle::stage::Stage;
    use crate::model::unit::event::story::{kinds, story};
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_of_event_has_its_line_but_what_only_moves() {
        let kind = |event: &Event| serde_json::to_value(event).unwrap()["kind"].as_str().unwrap().to_owned();
        let logged: BTreeSet<String> = story()
            .iter()
            .filter_map(|stamped| {
                let (_, text) = line(&stamped.event)?;
                assert!(!text.is_empty() && !text.contains(char::is_control), "{text:?}");
                Some(kind(&stamped.event))
            })
            .collect();
        let silent =
            ["progress", "supply", "map", "areas", "lines", "button", "shelf", "batch", "counted"].map(str::to_owned);
        assert_eq!(kinds().difference(&logged).cloned().collect::<BTreeSet<_>>(), silent.into());
    }

    #[test]
    fn a_verdict_is_one_line_with_all_that_one_would_grep_for() {
        let fault = Some(Fault::new(FaultCode::NoAnswer, Stage::Attach, "expected a link check's reply,\ngot nothing"));
        let (level, text) = line(&Event::Finished { seq: Some(7), verdict: Verdict::Fail, fault, ms: 4_005 }).unwrap();
        assert_eq!(level, Level::Warn);
        assert_eq!(
            text,
            "fail, unit 7, 4.005 s, L01 in attach: expected a link check's reply, got nothing \
             (No answer: reseat board, press again)"
        );
    }

    #[test]
    fn a_unit_that_was_not_recorded_says_so() {
        let (_, text) = line(&Event::Finished { seq: None, verdict: Verdict::Error, fault: None, ms: 1 }).unwrap();
        assert_eq!(text, "error, not recorded, 0.001 s");
    }

    #[test]
    fn what_was_told_before_anybody_listened_is_in_the_journal_all_the_same() {
        let started = jiff::Timestamp::UNIX_EPOCH;
        let station =
            crate::model::unit::snapshot::Station { name: "b".into(), version: "0".into(), started, page: None };
        let mut snapshot = Snapshot::new(station, ["A".to_owned(), "B".to_owned()]);
        let fault = Some(Fault::new(FaultCode::NoLines, Stage::Settle, "nobody answers"));
        let told = [
            ("A", Event::Blocked { message: "S02 nobody answers".into(), fault }),
            ("A", Event::Lines { power: None, cen: None }),
            ("B", Event::Noticed { message: "free the button".into() }),
        ];
        for (seq, (slot, event)) in (1..).zip(told.clone()) {
            snapshot.apply(&Stamped { seq, time: started, slot: slot.into(), event });
        }
        let standing: Vec<_> = standing(&snapshot).into_iter().map(|stamped| (stamped.slot, stamped.event)).collect();
        let [blocked, _, noticed] = told.map(|(slot, event)| (slot.to_owned(), event));
        assert_eq!(standing, [blocked, noticed]);
        assert!(standing.iter().all(|(_, event)| stands(event)));
    }
}
