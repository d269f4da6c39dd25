//! What was asked for is told, whatever happens next, and is stopped as soon as somebody wishes.

use crate::flow::{Pace, Restore};
use crate::model::digest::Digest;
use crate::model::event::Event;
use crate::model::fault::FaultCode;
use crate::model::recipe::{BackupRule, Kit};
use crate::model::snapshot::SlotState;
use crate::model::stage::Stage;
use crate::model::unit::Unit;
use crate::model::verdict::Verdict;
use crate::sim::bench::NestSpec;
use crate::sim::hand::Hand;
use crate::station::shelf::{RecipeBook, RecipePage};
use crate::station::{Order, Shelf, Station};
use crate::store::Ledger;
use crate::wiring;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tokio::time::timeout;

/// Far more than anything here needs, even on a loaded machine.
const LONG: Duration = Duration::from_secs(60);

/// Recipes that nobody can read before the gate is open: a slow disk.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }
}

/// A test that fails leaves no thread behind that waits for ever.
struct Opens(Gate);

impl Drop for Opens {
    fn drop(&mut self) {
        self.0.open();
    }
}

impl RecipeBook for Gate {
    fn read(&self, _: &str) -> Result<Kit, String> {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
        Ok(Kit::default())
    }

    fn backup_rule(&self, _: &str) -> BackupRule {
        BackupRule::default()
    }

    fn list(&self) -> Vec<RecipePage> {
        let (problems, summary) = (Vec::new(), Vec::new());
        vec![RecipePage { name: "default".into(), chosen: false, ok: true, problems, summary }]
    }

    fn folder(&self) -> Option<PathBuf> {
        None
    }
}

fn station(dir: &Path, gate: &Gate) -> (Station, Ledger, Hand) {
    let firmware = dir.join("firmware");
    std::fs::create_dir_all(&firmware).unwrap();
    let (ledger, archive) = wiring::stores(dir).unwrap();
    let (plan, hand) = wiring::piped_slot("A", NestSpec::default(), Pace::default()).unwrap();
    let shelf = Shelf::new(&firmware, "default", Box::new(gate.clone()));
    let station = wiring::start(wiring::facts("test", None), shelf, ledger.clone(), archive, vec![plan]);
    (station, ledger, hand)
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
    let (dir, gate) = (tempfile::tempdir().unwrap(), Gate::default());
    let _opens = Opens(gate.clone());
    let (station, ledger, _hand) = station(dir.path(), &gate);
    timeout(LONG, station.handle().order("A", order)).await.expect("an answer while the recipe is read").unwrap();
    // its tasks are aborted, nothing is brought to its end
    drop((station, ledger));
    gate.open();
    let ledger = reopened(dir.path()).await;
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
    let (dir, gate) = (tempfile::tempdir().unwrap(), Gate::default());
    gate.open();
    let (station, ledger, _hand) = station(dir.path(), &gate);
    let handle = station.handle();
    // the disk went away under the ledger
    ledger.lose();
    std::fs::remove_dir_all(dir.path().join("ledger")).unwrap();
    std::fs::write(dir.path().join("ledger"), "").unwrap();
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
    let (dir, gate) = (tempfile::tempdir().unwrap(), Gate::default());
    let _opens = Opens(gate.clone());
    let (station, _ledger, _hand) = station(dir.path(), &gate);
    let handle = station.handle();
    let mut events = handle.events();
    handle.order("A", Order::Start { redo: false }).await.unwrap();
    timeout(LONG, handle.order("A", Order::Abort)).await.expect("an answer while the recipe is read").unwrap();
    let mut state = handle.watch();
    let stopping = |snapshot: &Arc<crate::model::snapshot::Snapshot>| snapshot.slots[0].state == SlotState::Stopping;
    timeout(LONG, state.wait_for(stopping)).await.expect("it is shown while the recipe is read").unwrap();
    gate.open();
    let mut told = Vec::new();
    let unit = loop {
        match &events.recv().await.unwrap().event {
            Event::Started { .. } => told.push("started"),
            Event::Stopping => told.push("stopping"),
            Event::Entered { stage: Stage::Power } => told.push("power"),
            Event::Finished { seq, .. } => break handle.unit(seq.unwrap()).await.unwrap().unwrap(),
            _ => {}
        }
    };
    assert_eq!(told, ["started", "stopping"]);
    assert_eq!((unit.verdict, unit.fault.unwrap().code), (Verdict::Aborted, FaultCode::Stopped));
    drop(state);
    station.stop().await;
}
