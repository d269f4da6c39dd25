//! What the station says of itself and of its slots. Records and arrivals go as the ledger has them.

use crate::model::cycle::fault::Fault;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;
use crate::model::unit::arrival::Arrival;
use crate::model::unit::awaited::Arrivals;
use crate::model::unit::batch::Count;
use crate::model::unit::snapshot::{Last, SlotState, SlotView, Snapshot};
use crate::model::unit::stats::Summary;
use jiff::Timestamp;
use serde::Serialize;

/// What stands under availability.
pub(super) const ONLINE: &str = "online";
pub(super) const OFFLINE: &str = "offline";

/// The station.
#[derive(Debug, Serialize)]
pub(super) struct State<'a> {
    station: &'a str,
    version: &'a str,
    started: Timestamp,
    /// Whether units can be made.
    ready: bool,
    /// Whether somebody must come and look.
    attention: bool,
    /// At what.
    attention_text: Option<String>,
    today: Today,
    batch: Option<&'a Count>,
    arrivals: &'a Arrivals,
}

/// The units that ended today, by the station's own day.
#[derive(Debug, Serialize)]
struct Today {
    units: u64,
    pass: u64,
    /// Boards that passed in the end, of all boards, percent with one decimal.
    yield_percent: Option<f64>,
}

/// A slot.
#[derive(Debug, Serialize)]
pub(super) struct Slot<'a> {
    #[serde(rename = "slot")]
    name: &'a str,
    state: SlotState,
    stage: Option<Stage>,
    /// The whole unit, percent.
    progress: u16,
    chip: Option<String>,
    module: Option<&'a str>,
    mac: Option<String>,
    /// Whether somebody must come and look at this slot.
    attention: bool,
    attention_text: Option<&'a str>,
    last: Option<LastUnit<'a>>,
}

#[derive(Debug, Serialize)]
struct LastUnit<'a> {
    unit: Option<u64>,
    verdict: Verdict,
    fault: Option<&'a Fault>,
    seconds: u64,
    finished: Timestamp,
}

/// An arrival, with the key of its unit.
#[derive(Debug, Serialize)]
pub(super) struct Hello<'a> {
    station: &'a str,
    seq: u64,
    mac: Option<String>,
    #[serde(flatten)]
    arrival: &'a Arrival,
}

pub(super) fn state<'a>(snapshot: &'a Snapshot, today: &Summary, arrivals: &'a Arrivals) -> State<'a> {
    let lack = snapshot.readiness.lack.as_ref();
    let slots = snapshot.slots.iter().filter_map(|slot| Some(format!("slot {}: {}", slot.name, attention(slot)?)));
    let texts: Vec<String> = lack.map(|lack| lack.message.clone()).into_iter().chain(slots).collect();
    let percent = |share: f64| (share * 1000.0).round() / 10.0;
    State {
        station: &snapshot.station.name,
        version: &snapshot.station.version,
        started: snapshot.station.started,
        ready: lack.is_none(),
        attention: !texts.is_empty(),
        attention_text: (!texts.is_empty()).then(|| texts.join("; ")),
        today: Today { units: today.units, pass: today.tally.pass, yield_percent: today.yields.map(percent) },
        batch: snapshot.batch.as_ref(),
        arrivals,
    }
}

/// What somebody must look at.
fn attention(slot: &SlotView) -> Option<&str> {
    slot.blocked.as_deref().or(slot.prompt.as_deref()).or(slot.notice.as_deref())
}

pub(super) fn slot(view: &SlotView) -> Slot<'_> {
    let board = view.board.as_ref();
    let text = attention(view);
    Slot {
        name: &view.name,
        state: view.state,
        stage: view.stage,
        progress: view.progress.overall / 10,
        chip: board.map(|board| board.chip.to_string()),
        module: board.and_then(|board| board.module.as_deref()),
        mac: board.and_then(|board| board.mac).map(|mac| mac.to_string()),
        attention: text.is_some(),
        attention_text: text,
        last: view.last.as_ref().map(last),
    }
}

fn last(last: &Last) -> LastUnit<'_> {
    let (unit, verdict, fault, finished) = (last.seq, last.verdict, last.fault.as_ref(), last.finished);
    LastUnit { unit, verdict, fault, seconds: last.ms / 1000, finished }
}

/// `None`: it did not arrive.
pub(super) fn hello(unit: &Unit) -> Option<Hello<'_>> {
    let mac = unit.board.as_ref().and_then(|board| board.mac).map(|mac| mac.to_string());
    Some(Hello { station: &unit.station, seq: unit.seq, mac, arrival: unit.arrival.as_ref()? })
}

/// As JSON; what can't be written is the program's own mistake and says nothing.
pub(super) fn json(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).unwrap_or_default()
}
