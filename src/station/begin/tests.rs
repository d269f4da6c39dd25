//! What was asked for is told, whatever happens next, and is stopped as soon as somebody wishes.

use crate::flow::{Pace, Restore};
use crate::model::chip::digest::Digest;
use crate::model::cycle::fault::FaultCode;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;
use crate::model::unit::event::Event;
use crate::model::unit::snapshot::SlotState;
use crate::sim::bench::NestSpec;
use crate::sim::hand::Hand;
use crate::station::{Library, Order, Station};
use crate::store::Ledger;
use crate::wiring;
use std::fs;
use std::path::Path;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tokio::time::timeout;

/// Far more than anything here needs, even on a loaded machine.
const LONG: Duration = Duration::from_secs(60);

/// A disk so slow that nobody can read a recipe before the gate is open.
struct Gate {
    held: Option<Sender<()>>,
}

impl Gate {
    fn shut(disk: Arc<RwLock<()>>) -> Self {
        let (held, free) = channel::<()>();
        let (holds, is_shut) = channel();
        std::thread::spawn(move || {
            let _disk = disk.write();
            holds.send(()).unwrap();
            // it ends with the gate, however the test ends
            _ = free.recv();
        });
        is_shut.recv().unwrap();
        Self { held: Some(held) }
    }

    fn open(&mut self) {
        drop(self.held.take());
    }
}

/// A station, and the disk on which its recipes lie.
fn station(dir: &Path) -> (Station, Ledger, Hand, Arc<RwLock<()>>) {
    let firmware = dir.join("firmware");
    fs::create_dir_all(&firmware).unwrap();
    let (ledger, archive) = wiring::stores(dir).unwrap();
    let (plan, hand) = wiring::piped_slot("A", NestSpec::default(), Pace::default()).unwrap();
    let library = Library::open(dir, &firmware, "default");
    let disk = library.disk();
    let station = wiring::start(wiring::facts("test", None), library, ledger.clone(), archive, vec![plan]);
    (station, ledger, hand, disk)
}

/// The ledger as the next start finds it, once everything of the station before is gone.
async fn reopened(dir: &Path) -> Ledger {
    loop {
        match Ledger::open(dir) {
            Ok(ledger) => return ledger,
            Err(error) => assert!(error.to_string().contains("another flashjig has it open"), "{error}"),
        }
        tokio::task::yield_now().await;
    }
}

/// What the next start tells of a unit whose program was killed with the answer to its order on the way.
async fn killed_after_the_answer(order: Order) -> Vec<Unit> {
    let dir = tempfile::tempdir().unwrap();
    let (station, ledger, _hand, disk) = station(dir.path());
    let mut gate = Gate::shut(disk);
    timeout(LONG, station.handle().order("A", order)).await.expect("an answer while the recipe is read").unwrap();
    // its tasks are aborted, nothing is brought to its end; the gate stays shut until they are gone: a task that is
    // running while it is aborted goes on to where it waits next
    drop((station, ledger));
    let ledger = timeout(LONG, reopened(dir.path())).await.expect("nothing holds the ledger while the recipe is read");
    gate.open();
    ledger.interrupted().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_was_promised_is_in_the_ledger_even_when_the_program_is_killed_with_the_answer_on_its_way() {
    let told = killed_after_the_answer(Order::Start { redo: false }).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let fault = told[0].fault.as_ref().unwrap();
    assert_eq!((fault.code, fault.stage), (FaultCode::Interrupted, Stage::Settle));
    assert!(fault.message.contains("its flash is as it was"), "{}", fault.message);
    assert_eq!((told[0].slot.as_str(), told[0].restored_from), ("A", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_restore_is_told_as_one() {
    let restore = Restore { unit: 7, sha256: Digest::of(b""), stock: vec![0xFF; 0x1000].into() };
    let told = killed_after_the_answer(Order::Restore(Arc::new(restore))).await;
    assert_eq!(told.iter().map(|unit| unit.restored_from).collect::<Vec<_>>(), [Some(7)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_the_ledger_cannot_take_is_answered_with_the_reason_and_touches_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (station, ledger, _hand, _disk) = station(dir.path());
    let handle = station.handle();
    // the disk went away under the ledger
    ledger.lose();
    fs::remove_dir_all(dir.path().join("ledger")).unwrap();
    fs::write(dir.path().join("ledger"), "").unwrap();
    let refused = handle.order("A", Order::Start { redo: false }).await.unwrap_err().to_string();
    assert!(refused.starts_with("S12 ") && refused.contains("ledger"), "{refused}");
    let mut state = handle.watch();
    let shown = state.wait_for(|snapshot| snapshot.slots[0].last.is_some()).await.unwrap().clone();
    let slot = &shown.slots[0];
    let last = slot.last.as_ref().unwrap();
    assert_eq!((last.seq, last.fault.as_ref().unwrap().code), (None, FaultCode::LedgerDown));
    assert!(slot.steps.is_empty() && slot.state == SlotState::Idle, "no stage began: {slot:?}");
    drop(state);
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_before_the_first_stage_is_seen_at_once_and_takes_effect() {
    let dir = tempfile::tempdir().unwrap();
    let (station, _ledger, _hand, disk) = station(dir.path());
    let mut gate = Gate::shut(disk);
    let handle = station.handle();
    let mut events = handle.events();
    handle.order("A", Order::Start { redo: false }).await.unwrap();
    timeout(LONG, handle.order("A", Order::Abort)).await.expect("an answer while the recipe is read").unwrap();
    let ended = async {
        let mut told = Vec::new();
        loop {
            match &events.recv().await.unwrap().event {
                Event::Started { .. } => told.push("started"),
                Event::Stopping => told.push("stopping"),
                Event::Entered { stage: Stage::Power } => told.push("power"),
                Event::Finished { seq, .. } => break (told, handle.unit(seq.unwrap()).await.unwrap().unwrap()),
                _ => {}
            }
        }
    };
    let (told, unit) = timeout(LONG, ended).await.expect("it ends while the recipe is read");
    gate.open();
    assert_eq!(told, ["started", "stopping"]);
    assert_eq!((unit.verdict, unit.fault.unwrap().code), (Verdict::Aborted, FaultCode::Stopped));
    station.stop().await;
}
