//! Button, contact and cable of a jig while the station runs: whole units over virtual nests with a contact.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can't go on shall say where"
)]

mod common;

use common::{SPEED, quick};
use flashjig::hw::serial::SerialSource;
use flashjig::jig::{Edge, Input, Levels};
use flashjig::model::chip::Chip;
use flashjig::model::fault::FaultCode;
use flashjig::model::lamps::Signal;
use flashjig::model::snapshot::SlotView;
use flashjig::model::stage::Stage;
use flashjig::model::verdict::Verdict;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::hand::Hand;
use flashjig::station::slot::Start;
use flashjig::station::{Order, SlotPlan, Station, StationHandle};
use flashjig::wiring;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;

struct Jig {
    station: Station,
    handle: StationHandle,
    hand: Hand,
    /// Edges of a jig of our own, in place of the virtual one's.
    edges: mpsc::Sender<Edge>,
    now: Duration,
    _dir: TempDir,
}

impl Jig {
    /// A station with one slot; `change` may alter its plan.
    fn new(levels: Levels, start: Start, change: impl FnOnce(&mut SlotPlan, &Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let firmware = dir.path().join("firmware");
        std::fs::create_dir_all(&firmware).unwrap();
        let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
        std::fs::write(firmware.join(name), file).unwrap();
        let (ledger, archive) = wiring::stores(dir.path()).unwrap();
        let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
        let (mut plan, hand) = wiring::virtual_slot("A", spec, quick()).unwrap();
        let (edges, heard) = mpsc::channel(8);
        (plan.edges, plan.levels, plan.start) = (heard, levels, start);
        change(&mut plan, dir.path());
        let shelf = wiring::shelf(dir.path(), &firmware, "default");
        let station = wiring::start(wiring::facts("test", None), shelf, ledger, archive, vec![plan]);
        let handle = station.handle();
        Self { station, handle, hand, edges, now: Duration::from_secs(70), _dir: dir }
    }

    fn board(&self) {
        self.hand.insert(BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 7)));
    }

    async fn edge(&mut self, input: Input, active: bool) {
        self.now += Duration::from_millis(60);
        self.edges.send(Edge { input, active, at: self.now }).await.unwrap();
    }

    async fn press(&mut self) {
        self.edge(Input::Button, true).await;
        self.edge(Input::Button, false).await;
    }

    /// Waits for a state; whatever was before it may have been too quick to be seen.
    async fn until(&self, wanted: impl Fn(&SlotView) -> bool) -> SlotView {
        let mut state = self.handle.watch();
        let found = state.wait_for(|snapshot| snapshot.slot("A").is_some_and(&wanted)).await.unwrap().clone();
        found.slot("A").unwrap().clone()
    }

    /// Waits for the end of the unit with this number.
    async fn finished(&self, unit: u64) -> SlotView {
        self.until(|slot| slot.last.as_ref().is_some_and(|last| last.seq == Some(unit))).await
    }
}

const EMPTY: Levels = Levels { button: false, contact: Some(false) };

/// A notice with these words.
fn says(words: &str) -> impl Fn(&SlotView) -> bool {
    move |slot| slot.notice.as_deref().is_some_and(|notice| notice.contains(words))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_the_lid_open_is_refused_with_words_and_a_double_press_shows_the_last_verdict_again() {
    let mut jig = Jig::new(EMPTY, Start::Button, |_, _| {});
    jig.press().await;
    let slot = jig.until(says("contact is open")).await;
    assert_eq!(Signal::of(&slot).0, Signal::Attention);
    let refused = jig.handle.order("A", Order::Start { redo: false }).await.unwrap_err().to_string();
    assert!(refused.contains("put a board in"), "{refused}");

    jig.board();
    jig.edge(Input::Contact, true).await;
    jig.until(|slot| slot.notice.is_none() && slot.seated == Some(true)).await;
    jig.press().await;
    let slot = jig.finished(1).await;
    assert_eq!(Signal::of(&slot).0, Signal::Pass);

    jig.edge(Input::Contact, false).await;
    let slot = jig.until(|slot| slot.seated == Some(false)).await;
    assert_eq!(Signal::of(&slot).0, Signal::Idle, "the verdict is not that of the next board");
    jig.press().await;
    jig.press().await;
    let slot = jig.until(|slot| slot.recalled.is_some()).await;
    assert_eq!(Signal::of(&slot).0, Signal::Pass);
    jig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_is_put_in_starts_and_one_that_is_lifted_on_a_live_jig_fails_safe() {
    let mut jig = Jig::new(EMPTY, Start::Contact, |_, _| {});
    jig.board();
    jig.edge(Input::Contact, true).await;
    jig.until(|slot| slot.stage == Some(Stage::Backup)).await;
    jig.edge(Input::Contact, false).await;
    let last = jig.finished(1).await.last.unwrap();
    let fault = last.fault.unwrap();
    assert_eq!((last.verdict, fault.code), (Verdict::Fail, FaultCode::Lifted));
    assert!(fault.message.contains("it opened"), "{}", fault.message);
    let (_, stats) = jig.hand.remove().unwrap();
    assert!(!stats.powered && stats.cen == "low", "the jig was left live");
    jig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_and_a_button_that_were_there_before_start_nothing_and_say_so() {
    let mut jig = Jig::new(Levels { button: true, contact: Some(true) }, Start::Contact, |_, _| {});
    jig.until(says("free the button")).await;
    jig.edge(Input::Button, false).await;
    jig.until(says("take it out")).await;
    jig.edge(Input::Contact, false).await;
    let slot = jig.until(|slot| slot.notice.is_none()).await;
    assert_eq!(slot.last, None);
    jig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_that_was_unplugged_works_again_when_it_is_back_without_a_restart() {
    let mut cable = None;
    let mut jig = Jig::new(Levels::default(), Start::Button, |plan, dir| {
        let (link, device) = (dir.join("adapter"), plan.nest.source.name().to_owned());
        std::os::unix::fs::symlink(&device, &link).unwrap();
        plan.nest.source = Arc::new(SerialSource::new(link.display().to_string()));
        cable = Some((link, device));
    });
    let (link, device) = cable.unwrap();
    jig.board();
    jig.press().await;
    assert_eq!(jig.finished(1).await.last.unwrap().verdict, Verdict::Pass);
    std::fs::remove_file(&link).unwrap();
    jig.handle.order("A", Order::Start { redo: false }).await.unwrap();
    let last = jig.finished(2).await.last.unwrap();
    assert_eq!(last.fault.unwrap().code, FaultCode::NoPort);
    std::os::unix::fs::symlink(device, link).unwrap();
    jig.handle.order("A", Order::Start { redo: false }).await.unwrap();
    assert_eq!(jig.finished(3).await.last.unwrap().verdict, Verdict::Pass);
    jig.station.stop().await;
}
