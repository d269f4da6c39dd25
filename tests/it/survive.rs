//! The station's own faults: a slot that panics, a UART that vanishes, a firmware file that is deleted while a unit
//! uses it, a disk that is full or read-only. The other slots go on, and every unit has its record.

mod disk;
mod flaky;

use crate::common::{Rig, SPEED, quick, slot_name};
use flaky::{Flaky, Mood};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::event::Event;
use flashjig::model::unit::{Unit, UnitQuery};
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::hand::Hand;
use flashjig::station::{Library, Order, Station, StationHandle};
use flashjig::wiring;
use std::sync::Arc;

/// Two slots; the port of slot A has moods.
struct Bench {
    station: Station,
    handle: StationHandle,
    hands: Vec<Hand>,
    flaky: Flaky,
    _dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let firmware = dir.path().join("firmware");
        std::fs::create_dir_all(&firmware).unwrap();
        let (name, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
        std::fs::write(firmware.join(name), bytes).unwrap();
        let (ledger, archive) = wiring::stores(dir.path()).unwrap();
        let (mut plans, mut hands, mut flaky) = (Vec::new(), Vec::new(), None);
        for name in ["A", "B"] {
            let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
            let (mut plan, hand) = wiring::virtual_slot(name, spec, quick()).unwrap();
            if name == "A" {
                let port = Flaky::new(Arc::clone(&plan.nest.source));
                plan.nest.source = Arc::new(port.clone());
                flaky = Some(port);
            }
            plans.push(plan);
            hands.push(hand);
        }
        let library = Library::open(dir.path(), &firmware, "default");
        let station = wiring::start(wiring::facts("test", None), library, ledger, archive, plans);
        Self { handle: station.handle(), station, hands, flaky: flaky.unwrap(), _dir: dir }
    }

    /// Converts a board; `at` is told each event of the slot.
    async fn convert(&self, slot: usize, unit: u32, mut at: impl FnMut(&Event)) -> Unit {
        let mut events = self.handle.events();
        self.hands[slot].insert(BoardSpec::new(Chip::Bk7231N, factory::stock(Chip::Bk7231N, unit)));
        self.hands[slot].press();
        let seq = loop {
            let stamped = events.recv().await.unwrap();
            if stamped.slot != slot_name(slot) {
                continue;
            }
            at(&stamped.event);
            if let Event::Finished { seq, .. } = &stamped.event {
                break seq.expect("the unit is recorded");
            }
        };
        let _ = self.hands[slot].remove();
        self.handle.unit(seq).await.unwrap().unwrap()
    }

    async fn count(&self) -> usize {
        self.handle.units(UnitQuery::default()).await.unwrap().len()
    }
}

fn code(unit: &Unit) -> FaultCode {
    unit.fault.as_ref().unwrap_or_else(|| panic!("a fault: {unit:?}")).code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_that_panics_records_its_unit_and_works_again_while_the_other_goes_on() {
    let bench = Bench::new();
    bench.flaky.set(Mood::PanicInUse);
    let panics = |event: &Event| {
        if matches!(event, Event::Kept { .. }) {
            bench.flaky.set(Mood::PanicNow);
        }
    };
    let (broken, other) = tokio::join!(bench.convert(0, 1, panics), bench.convert(1, 2, |_| ()));
    assert_eq!((broken.verdict, code(&broken)), (Verdict::Error, FaultCode::Panicked), "{broken:?}");
    assert!(broken.backup.is_some() && broken.board.is_some(), "what was known of it is kept: {broken:?}");
    assert_eq!(other.verdict, Verdict::Pass);
    bench.flaky.set(Mood::Well);
    assert_eq!(bench.convert(0, 1, |_| ()).await.verdict, Verdict::Pass);
    assert_eq!(bench.count().await, 3, "each unit once");
    bench.station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_panics_is_recorded_as_one() {
    let bench = Bench::new();
    let first = bench.convert(0, 1, |_| ()).await;
    let restore = bench.handle.restore_of(first.seq, None).await.unwrap();
    let mut events = bench.handle.events();
    bench.hands[0].insert(BoardSpec::new(Chip::Bk7231N, factory::stock(Chip::Bk7231N, 1)));
    bench.flaky.set(Mood::PanicNow);
    bench.handle.order("A", Order::Restore(restore)).await.unwrap();
    let seq = loop {
        if let Event::Finished { seq, .. } = &events.recv().await.unwrap().event {
            break seq.expect("it is recorded");
        }
    };
    let unit = bench.handle.unit(seq).await.unwrap().unwrap();
    assert_eq!((code(&unit), unit.restored_from), (FaultCode::Panicked, Some(first.seq)));
    bench.station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_uart_that_vanishes_fails_its_units_until_it_comes_back() {
    let bench = Bench::new();
    let unplug = |event: &Event| {
        if matches!(event, Event::Kept { .. }) {
            bench.flaky.set(Mood::Gone);
        }
    };
    let (broken, other) = tokio::join!(bench.convert(0, 1, unplug), bench.convert(1, 2, |_| ()));
    assert_eq!((broken.verdict, code(&broken)), (Verdict::Error, FaultCode::NoPort), "{broken:?}");
    assert!(broken.backup.is_some());
    assert_eq!(other.verdict, Verdict::Pass);
    let absent = bench.convert(0, 1, |_| ()).await;
    assert_eq!(code(&absent), FaultCode::NoPort);
    assert!(absent.fault.unwrap().message.contains("plug the adapter in"));
    bench.flaky.set(Mood::Well);
    assert_eq!(bench.convert(0, 1, |_| ()).await.verdict, Verdict::Pass);
    assert_eq!(bench.count().await, 4);
    bench.station.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_firmware_file_may_go_or_change_while_a_unit_uses_it() {
    let (name, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    let rig = Rig::new(1, &[(&name, &bytes)]);
    let file = rig.dir.path().join("firmware").join(&name);
    let digest = flashjig::model::chip::digest::Digest::of(&bytes);
    let mut events = rig.handle.events();
    let remover = tokio::spawn(async move {
        while !matches!(events.recv().await.unwrap().event, Event::Kept { .. }) {}
        std::fs::write(&file, b"half a new fi").unwrap();
        std::fs::remove_file(&file).unwrap();
    });
    let stock = factory::stock(Chip::Bk7231N, 1);
    let outcome = rig.convert(0, BoardSpec::new(Chip::Bk7231N, stock.clone())).await;
    remover.await.unwrap();
    assert_eq!(outcome.unit.verdict, Verdict::Pass, "{:?}", outcome.unit.fault);
    assert_eq!(outcome.unit.firmware.unwrap().sha256, digest);
    let board = BoardSpec::new(Chip::Bk7231N, factory::stock(Chip::Bk7231N, 2));
    let next = rig.run(0, board, Order::Start { redo: false }).await;
    assert_eq!(code(&next.unit), FaultCode::NoImage);
    rig.station.stop().await;
}
