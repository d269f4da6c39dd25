use super::*;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::snapshot::Station as Facts;
use crate::station::hub::Hub;
use crate::store::{Archive, Ledger};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::time::sleep;

const WATCHDOG: Duration = Duration::from_secs(60);

/// Keeps what it was told.
#[derive(Clone, Default)]
struct Ear(Arc<Mutex<Vec<String>>>);

impl Ear {
    /// The way to it.
    fn way(&self) -> impl FnMut(&[NotifyState<'_>]) -> io::Result<()> + Send + use<> {
        let all = Arc::clone(&self.0);
        move |states| {
            all.lock().unwrap().extend(states.iter().map(ToString::to_string));
            Ok(())
        }
    }

    /// What was said since the last look.
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn food(&self) -> usize {
        self.heard().iter().filter(|line| *line == "WATCHDOG=1").count()
    }
}

fn snapshot() -> Snapshot {
    let facts = Facts { name: "test".into(), version: "0".into(), started: jiff::Timestamp::UNIX_EPOCH, page: None };
    Snapshot::new(facts, ["A".to_owned(), "B".to_owned()])
}

/// A handle over a hub that is not running yet.
fn station(dir: &std::path::Path) -> (StationHandle, Hub, crate::flow::EventSender) {
    let (hub, ends) = Hub::new(snapshot());
    let (ledger, archive) = (Ledger::open(dir).unwrap(), Archive::open(dir).unwrap());
    (StationHandle::new(ends.state, ends.happenings, ledger, archive, BTreeMap::new()), hub, ends.events)
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_hangs_stops_the_feeding_and_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (station, hub, _outbox) = station(dir.path());
    let mut slot = station.pulses().add("slot A");
    tokio::spawn(async move {
        loop {
            slot.beat().await;
        }
    });
    let hub = tokio::spawn(hub.run(station.pulses().add("hub")));
    let (ear, stop) = (Ear::default(), CancellationToken::new());
    tokio::spawn(run(station, ear.way(), Some(WATCHDOG), stop.clone()));
    sleep(10 * WATCHDOG).await;
    let heard = ear.heard();
    assert_eq!(heard.first().map(String::as_str), Some("READY=1"));
    assert!(heard.iter().filter(|line| *line == "WATCHDOG=1").count() >= 10, "{heard:?}");
    // a task that is not polled any more: from outside the same as one that blocks
    hub.abort();
    sleep(WATCHDOG).await;
    assert!(ear.heard().iter().any(|line| line.starts_with("STATUS=hub has hung for 3")), "named while it lasts");
    sleep(10 * WATCHDOG).await;
    assert_eq!(ear.food(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_slot_that_hangs_stops_the_feeding_and_food_comes_again_when_it_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (station, hub, _outbox) = station(dir.path());
    tokio::spawn(hub.run(station.pulses().add("hub")));
    let mut slot = station.pulses().add("slot B");
    let (ear, stop) = (Ear::default(), CancellationToken::new());
    tokio::spawn(run(station, ear.way(), Some(WATCHDOG), stop.clone()));
    sleep(WATCHDOG).await;
    ear.heard();
    sleep(WATCHDOG).await;
    assert_eq!(ear.food(), 0);
    slot.beat().await;
    sleep(WATCHDOG / 4).await;
    assert!(ear.food() > 0);
    stop.cancel();
    sleep(WATCHDOG).await;
    ear.heard();
    sleep(WATCHDOG).await;
    assert_eq!(ear.heard(), [""; 0], "nothing is said after the stop");
}

#[tokio::test(start_paused = true)]
async fn without_a_watchdog_there_is_status_and_no_food() {
    let dir = tempfile::tempdir().unwrap();
    let (station, hub, events) = station(dir.path());
    tokio::spawn(hub.run(station.pulses().add("hub")));
    let ear = Ear::default();
    tokio::spawn(run(station, ear.way(), None, CancellationToken::new()));
    events.send(("B".into(), Event::Started { recipe: "default".into() })).await.unwrap();
    sleep(3 * STATUS_EVERY).await;
    let heard = ear.heard();
    assert_eq!(heard.last().unwrap(), "STATUS=A: ready, B: starting 0 %; 0 passed, 0 not, since the start");
    assert!(!heard.contains(&"WATCHDOG=1".into()));
}

#[test]
fn the_status_follows_the_snapshot_on_one_line() {
    let mut state = snapshot();
    let mut happen = |slot: &str, event| {
        let seq = state.seq + 1;
        state.apply(&Stamped { seq, time: jiff::Timestamp::UNIX_EPOCH, slot: slot.into(), event });
        status(&state)
    };
    happen("A", Event::Started { recipe: "default".into() });
    happen("A", Event::Entered { stage: Stage::Backup });
    let line = happen("B", Event::Blocked { message: "the port\nis gone".into(), fault: None });
    assert_eq!(line, "A: backup 3 %, B: blocked: the port is gone; 0 passed, 0 not, since the start");
    happen("A", Event::Stopping);
    let line = happen("B", Event::Finished { seq: Some(1), verdict: Verdict::Pass, fault: None, ms: 1 });
    assert_eq!(line, "A: backup 3 %, stopping, B: ready; 1 passed, 0 not, since the start");
}
