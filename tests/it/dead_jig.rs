//! A slot whose jig is dead: the program behind its lines is missing, ends, or hangs. That slot is blocked and says why,
//! the other slots work, and it works again when its jig does.

mod daemon;
mod program;

use crate::common::{self, SPEED, quick};
use flashjig::hw::socket::SocketLines;
use flashjig::jig::{Drive, Line, SafeLines};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::show::lamps::Signal;
use flashjig::model::unit::Unit;
use flashjig::model::unit::event::Event;
use flashjig::model::unit::snapshot::{SlotState, SlotView};
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::hand::Hand;
use flashjig::station::{Library, Order, Station, StationHandle};
use flashjig::wiring;
use program::Program;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;

/// Far more than anything here needs, even on a loaded machine.
const LONG: Duration = Duration::from_secs(120);
const T: Chip = Chip::Bk7231T;

/// Two slots. The lines of A are behind a socket, those of B are always well.
struct Bench {
    station: Station,
    handle: StationHandle,
    hands: [Arc<Hand>; 2],
    socket: PathBuf,
    _dir: TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let firmware = dir.path().join("firmware");
        std::fs::create_dir_all(&firmware).unwrap();
        let (name, bytes) = factory::demo_image(T, "1.18.300");
        std::fs::write(firmware.join(name), bytes).unwrap();
        let (ledger, archive) = wiring::stores(dir.path()).unwrap();
        let socket = dir.path().join("lines.sock");
        let [(mut a, hand_a), (b, hand_b)] = ["A", "B"].map(|name| {
            let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
            wiring::virtual_slot(name, spec, quick()).unwrap()
        });
        a.nest.lines = SafeLines::later(Box::new(SocketLines::new(&socket)));
        // lines behind a socket have no buffer in TX
        hand_a.set(Line::Park, Drive::Released);
        let library = Library::open(dir.path(), &firmware, "default");
        let station = wiring::start(wiring::facts("test", None), library, ledger, archive, vec![a, b]);
        let hands = [hand_a, hand_b].map(Arc::new);
        Self { handle: station.handle(), station, hands, socket, _dir: dir }
    }

    fn insert(&self, slot: usize) {
        self.hands[slot].insert(BoardSpec::new(T, factory::stock(T, slot as u32)));
    }

    /// Waits until the slot is so.
    async fn until(&self, slot: usize, so: impl Fn(&SlotView) -> bool) -> SlotView {
        let (name, mut state) = (common::slot_name(slot), self.handle.watch());
        let found = timeout(LONG, state.wait_for(|snapshot| so(snapshot.slot(&name).unwrap()))).await;
        let found = found.unwrap_or_else(|_| panic!("still {:?}", self.handle.snapshot().slot(&name))).unwrap();
        found.slot(&name).unwrap().clone()
    }

    async fn start(&self, slot: usize) -> Result<(), String> {
        let name = common::slot_name(slot);
        let answer = self.handle.order(&name, Order::Start { redo: false });
        // the page gives up after five seconds
        timeout(Duration::from_secs(5), answer).await.expect("an answer").map_err(|refused| refused.to_string())
    }

    /// A new board, converted.
    async fn convert(&self, slot: usize) -> Unit {
        self.insert(slot);
        let mut events = self.handle.events();
        self.start(slot).await.unwrap();
        let name = common::slot_name(slot);
        loop {
            let stamped = events.recv().await.unwrap();
            if let (true, Event::Finished { seq, .. }) = (stamped.slot == name, &stamped.event) {
                return self.handle.unit(seq.expect("the unit is recorded")).await.unwrap().unwrap();
            }
        }
    }
}

fn dead(slot: &SlotView) -> bool {
    slot.state == SlotState::Blocked && slot.blocked_by.as_ref().is_some_and(|fault| fault.code == FaultCode::NoLines)
}

fn ready(slot: &SlotView) -> bool {
    slot.state == SlotState::Idle && slot.blocked.is_none() && slot.blocked_by.is_none()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_whose_lines_are_missing_is_blocked_with_its_reason_while_the_other_one_passes() {
    let mut bench = Bench::new();
    bench.station.tried().await;
    let slot = bench.until(0, dead).await;
    let fault = slot.blocked_by.clone().unwrap();
    assert!(fault.message.contains("lines.sock") && fault.message.contains("start the program"), "{fault:?}");
    assert_eq!(slot.blocked, Some(fault.text()));
    assert_eq!(slot.lines.power, None, "nobody knows what they are set to");
    assert_eq!(Signal::of(&slot).0, Signal::Attention);
    assert_eq!(bench.start(0).await, Err(fault.text()));
    let refused = bench.handle.order("A", Order::Acknowledge).await.unwrap_err().to_string();
    assert_eq!(refused, fault.text());
    assert_eq!(bench.convert(1).await.verdict, Verdict::Pass);

    let mut events = bench.handle.events();
    let _program = Program::start(&bench.socket, &bench.hands[0], true).await;
    bench.insert(0);
    // no need to wait for the next attempt: whoever starts it tries it
    bench.start(0).await.unwrap();
    let mut told = Vec::new();
    while !told.contains(&"started") {
        match timeout(LONG, events.recv()).await.unwrap().unwrap().event {
            Event::Mended => told.push("mended"),
            Event::Started { .. } => told.push("started"),
            _ => {}
        }
    }
    assert_eq!(told, ["mended", "started"]);
    let slot = bench.until(0, |slot| slot.last.is_some()).await;
    assert_eq!(slot.last.unwrap().verdict, Verdict::Pass);
    bench.station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_die_in_a_unit_cost_that_unit_alone_and_the_board_is_made_safe_as_soon_as_they_are_back() {
    let bench = Bench::new();
    let program = Program::start(&bench.socket, &bench.hands[0], true).await;
    bench.insert(0);
    bench.start(0).await.unwrap();
    bench.until(0, |slot| slot.stage == Some(Stage::Backup)).await;
    program.end().await;
    let other = bench.convert(1).await;
    assert_eq!(other.verdict, Verdict::Pass);
    let slot = bench.until(0, dead).await;
    let fault = slot.last.unwrap().fault.unwrap();
    assert_eq!(fault.code, FaultCode::NoLines, "{fault:?}");
    assert!(bench.hands[0].stats().unwrap().powered, "nobody could take its power");

    let _program = Program::start(&bench.socket, &bench.hands[0], true).await;
    bench.until(0, ready).await;
    let stats = bench.hands[0].stats().unwrap();
    assert_eq!((stats.powered, stats.cen), (false, "low"), "safe before it is ready");
    assert_eq!(bench.convert(0).await.verdict, Verdict::Pass);
    bench.station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_hang_hold_up_neither_the_start_nor_the_other_slot() {
    let mut bench = Bench::new();
    let program = Program::start(&bench.socket, &bench.hands[0], false).await;
    timeout(Duration::from_secs(10), bench.station.tried()).await.expect("the start waits only a moment");
    bench.until(0, dead).await;
    let passed = bench.convert(1).await;
    assert_eq!(passed.verdict, Verdict::Pass);
    let refused = bench.start(0).await.unwrap_err();
    assert!(refused.starts_with("S02 "), "{refused}");
    let slot = bench.until(0, |slot| dead(slot) && slot.blocked.as_ref().unwrap().contains("no answer within")).await;
    assert!(slot.blocked.unwrap().contains("lines.sock"), "in the end the message says who does not answer");
    assert_eq!(bench.handle.pulses().stuck(Duration::from_secs(30)), [], "the watchdog is fed");
    program.wake();
    bench.until(0, ready).await;
    assert_eq!(bench.convert(0).await.verdict, Verdict::Pass);
    bench.station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_that_die_while_nothing_is_done_are_found_out_and_made_safe_when_they_are_back() {
    let bench = Bench::new();
    let program = Program::start(&bench.socket, &bench.hands[0], true).await;
    bench.until(0, |slot| slot.lines.power == Some(false)).await;
    program.end().await;
    bench.until(0, dead).await;
    // the program begins with everything on
    bench.insert(0);
    bench.hands[0].set(Line::Power, Drive::Asserted);
    bench.hands[0].set(Line::Reset, Drive::Released);
    let _program = Program::start(&bench.socket, &bench.hands[0], true).await;
    bench.until(0, ready).await;
    let stats = bench.hands[0].stats().unwrap();
    assert_eq!((stats.powered, stats.cen), (false, "low"));
    bench.station.stop().await;
}
