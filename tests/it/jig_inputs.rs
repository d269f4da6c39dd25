//! Button, contact, cable, supply and lamps of a jig while the station runs: whole units over virtual nests with a
//! contact.

use crate::common::{SPEED, quick};
use flashjig::face::lights;
use flashjig::hw::serial::SerialSource;
use flashjig::jig::wiring::Start;
use flashjig::jig::{Edge, Input, Lamps, Levels, LineError, Supply, SupplyError};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::show::lamps::{Lit, Signal};
use flashjig::model::unit::UnitQuery;
use flashjig::model::unit::batch::{AtEnd, Batch, Count};
use flashjig::model::unit::snapshot::SlotView;
use flashjig::model::unit::supply::{Limits, Reading};
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::hand::Hand;
use flashjig::station::supply::Guard;
use flashjig::station::{Library, Order, SlotPlan, Station, StationHandle};
use flashjig::wiring;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

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
        Self::with_page(None, levels, start, change)
    }

    fn with_page(
        page: Option<String>,
        levels: Levels,
        start: Start,
        change: impl FnOnce(&mut SlotPlan, &Path),
    ) -> Self {
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
        let library = Library::open(dir.path(), &firmware, "default");
        let station = wiring::start(wiring::facts("test", page), library, ledger, archive, vec![plan]);
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

    /// Holds the button for longer than a second.
    async fn hold(&mut self) {
        self.edge(Input::Button, true).await;
        self.now += Duration::from_millis(1200);
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

/// The box in work.
fn boxed(name: &str, at_end: AtEnd) -> Batch {
    Batch { name: name.into(), size: Some(1), accept: Vec::new(), at_end }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_box_stops_the_next_unit_until_somebody_says_how_it_goes_on() {
    let page = Some("http://127.0.0.1:9/".to_owned());
    let mut jig = Jig::with_page(page, Levels::default(), Start::Button, |_, _| {});
    let (services, handle) = (jig.handle.services().clone(), jig.handle.clone());
    let counted = async |name: &str, done: u64, at_end: AtEnd| {
        let mut state = handle.watch();
        let is = |count: &Count| (count.name.as_str(), count.done, count.at_end) == (name, done, at_end);
        _ = state.wait_for(|snapshot| snapshot.batch.as_ref().is_some_and(is)).await.unwrap();
    };
    services.set_batch(Some(boxed("box 1", AtEnd::Ask))).await.unwrap();
    jig.board();
    jig.press().await;
    _ = jig.finished(1).await;
    counted("box 1", 1, AtEnd::Ask).await;

    let refused = handle.order("A", Order::Start { redo: false }).await.unwrap_err().to_string();
    assert!(refused.contains("box full"), "{refused}");
    jig.press().await;
    _ = jig.until(says("or hold the button to count on")).await;
    jig.hold().await;
    counted("box 1", 1, AtEnd::GoOn).await;
    _ = jig.until(|slot| slot.notice.is_none()).await;
    jig.press().await;
    _ = jig.finished(2).await;

    // a box that ends knows no way on but the next one, which takes the notice away by itself
    services.set_batch(Some(boxed("box 1", AtEnd::Stop))).await.unwrap();
    counted("box 1", 1, AtEnd::Stop).await;
    jig.press().await;
    _ = jig.until(says("begin the next one on the page")).await;
    services.set_batch(Some(boxed("box 2", AtEnd::Stop))).await.unwrap();
    _ = jig.until(|slot| slot.notice.is_none()).await;
    jig.press().await;
    _ = jig.finished(3).await;
    counted("box 2", 1, AtEnd::Stop).await;
    jig.station.stop().await;
}

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
async fn a_station_that_is_not_ready_starts_nothing_and_goes_on_the_moment_it_is() {
    let mut aside = None;
    let mut jig = Jig::new(Levels::default(), Start::Button, |_, dir| {
        let file = std::fs::read_dir(dir.join("firmware")).unwrap().next().unwrap().unwrap();
        std::fs::rename(file.path(), dir.join("aside")).unwrap();
        aside = Some((dir.join("aside"), file.path()));
    });
    let mut state = jig.handle.watch();
    _ = state.wait_for(|snapshot| snapshot.readiness.lack.is_some()).await.unwrap();
    drop(state);
    jig.board();
    jig.press().await;
    let slot = jig.until(says("no unit can be made now")).await;
    assert_eq!((Signal::of(&slot).0, slot.last), (Signal::Attention, None));
    let refused = jig.handle.start("A", false).await.unwrap_err().to_string();
    assert!(refused.starts_with("expected firmware, found none in "), "{refused}");
    assert_eq!(jig.handle.units(UnitQuery::default()).await.unwrap(), [], "nothing is recorded");

    // who copied the file and starts does not wait for the folder's watch
    let (from, to) = aside.unwrap();
    std::fs::rename(from, to).unwrap();
    jig.handle.start("A", false).await.unwrap();
    let slot = jig.finished(1).await;
    assert_eq!((Signal::of(&slot).0, slot.notice), (Signal::Pass, None));
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

/// A meter that shows what the test says.
#[derive(Clone)]
struct Meter(Arc<Mutex<Reading>>);

impl Meter {
    const GOOD: Reading = Reading { millivolts: 3_290, milliamps: 90 };

    fn new() -> Self {
        Self(Arc::new(Mutex::new(Self::GOOD)))
    }

    fn shows(&self, reading: Reading) {
        *self.0.lock().unwrap() = reading;
    }
}

impl Supply for Meter {
    fn read(&mut self) -> Result<Reading, SupplyError> {
        Ok(*self.0.lock().unwrap())
    }
}

/// A jig with this meter, slow enough for it to be read three times in any stage that moves data.
fn metered(meter: &Meter) -> Jig {
    Jig::new(EMPTY, Start::Contact, |plan, _| {
        plan.supply = Some(Guard::new(Box::new(meter.clone()), Limits::default()));
        plan.pace.max_baud = 230_400;
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_circuit_takes_the_power_off_and_leaves_the_flash_as_it_was() {
    let meter = Meter::new();
    let mut jig = metered(&meter);
    jig.board();
    jig.edge(Input::Contact, true).await;
    jig.until(|slot| slot.stage == Some(Stage::Backup) && slot.supply == Some(Meter::GOOD)).await;
    meter.shows(Reading { millivolts: 600, milliamps: 1_500 });
    let slot = jig.finished(1).await;
    assert_eq!(Signal::of(&slot).0, Signal::Fail);
    let fault = slot.last.unwrap().fault.unwrap();
    assert_eq!((fault.code, fault.code.code()), (FaultCode::ShortCircuit, "P02"));
    assert!(fault.message.contains("1500 mA at 600 mV") && !fault.hint.is_empty(), "{}", fault.message);
    let (flash, stats) = jig.hand.remove().unwrap();
    assert!(!stats.powered && stats.cen == "low", "the jig was left live");
    assert!(flash == factory::stock(Chip::Bk7231T, 7), "nothing was written");
    jig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_supply_that_breaks_down_stops_a_write_and_the_next_unit_goes_on_from_the_kept_backup() {
    let meter = Meter::new();
    let mut jig = metered(&meter);
    jig.board();
    jig.edge(Input::Contact, true).await;
    jig.until(|slot| slot.stage == Some(Stage::Write)).await;
    meter.shows(Reading { millivolts: 2_700, milliamps: 120 });
    let fault = jig.finished(1).await.last.unwrap().fault.unwrap();
    assert_eq!((fault.code, fault.code.code(), fault.stage), (FaultCode::LowSupply, "P03", Stage::Write));
    let first = jig.handle.unit(1).await.unwrap().unwrap();
    meter.shows(Meter::GOOD);
    jig.edge(Input::Contact, false).await;
    jig.until(|slot| slot.seated == Some(false)).await;
    jig.edge(Input::Contact, true).await;
    assert_eq!(jig.finished(2).await.last.unwrap().verdict, Verdict::Pass);
    let second = jig.handle.unit(2).await.unwrap().unwrap();
    let sha256 = |backup: Option<flashjig::model::unit::Backup>| backup.unwrap().sha256;
    assert_eq!(sha256(first.backup), sha256(second.backup), "the stock flash of before the breakdown");
    let (_, stats) = jig.hand.remove().unwrap();
    assert!(!stats.powered && stats.boot_intact);
    jig.station.stop().await;
}

/// Lamps that tell what they were asked to show.
struct Seen(mpsc::UnboundedSender<Lit>);

impl Lamps for Seen {
    fn show(&mut self, lit: Lit) -> Result<(), LineError> {
        _ = self.0.send(lit);
        Ok(())
    }
}

/// What the lamps showed, up to what is waited for.
async fn shown(lamps: &mut mpsc::UnboundedReceiver<Lit>, wanted: impl Fn(&Lit) -> bool) -> Vec<Lit> {
    let mut all = Vec::new();
    loop {
        let lit = lamps.recv().await.unwrap();
        all.push(lit);
        if wanted(&lit) {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lamps_tell_attention_busy_pass_and_fail_apart() {
    let mut jig = Jig::new(EMPTY, Start::Button, |plan, _| plan.pace.max_baud = 230_400);
    let (send, mut lamps) = mpsc::unbounded_channel();
    let stop = CancellationToken::new();
    let lights = tokio::spawn(lights::run(jig.handle.clone(), "A".into(), Box::new(Seen(send)), stop.clone()));
    let dark = |lit: &Lit| *lit == Lit::default();
    let colours = |lit: &Lit| (lit.green, lit.red, lit.busy);

    // the lid is open: red and busy together, again and again, with the buzzer
    jig.press().await;
    for _ in 0..3 {
        let lit = shown(&mut lamps, |lit| lit.red).await;
        assert!(lit.iter().all(|lit| dark(lit) || lit.buzzer || colours(lit) == (false, true, true)), "{lit:?}");
        shown(&mut lamps, |lit| !lit.red).await;
    }
    jig.board();
    jig.edge(Input::Contact, true).await;
    jig.until(|slot| slot.notice.is_none()).await;

    // at work: the busy lamp alone, on and off; then green, and one long sound
    jig.press().await;
    jig.until(|slot| slot.stage == Some(Stage::Backup)).await;
    shown(&mut lamps, |lit| colours(lit) == (false, false, true)).await;
    let lit = shown(&mut lamps, |lit| lit.green).await;
    assert!(lit.iter().all(|lit| !lit.red && (lit.green || !lit.buzzer)), "{lit:?}");
    assert!(lit.last().unwrap().buzzer, "a sound comes with it");
    let lit = shown(&mut lamps, |lit| !lit.buzzer).await;
    assert_eq!(lit, [Lit { green: true, ..Lit::default() }], "green stays when the sound ends");

    // lifted at work: red in a rhythm, never green
    jig.handle.order("A", Order::Start { redo: true }).await.unwrap();
    jig.until(|slot| slot.stage == Some(Stage::Backup)).await;
    jig.edge(Input::Contact, false).await;
    jig.finished(2).await;
    shown(&mut lamps, |lit| lit.red).await;
    for _ in 0..2 {
        let lit = shown(&mut lamps, |lit| !lit.red).await;
        let lit = [lit, shown(&mut lamps, |lit| lit.red).await].concat();
        assert!(lit.iter().all(|lit| !lit.green && !lit.busy), "{lit:?}");
    }
    stop.cancel();
    lights.await.unwrap();
    let rest = shown(&mut lamps, dark).await;
    assert!(rest.iter().all(|lit| !lit.green));
    jig.station.stop().await;
}
