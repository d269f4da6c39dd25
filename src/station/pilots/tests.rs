//! Whoever starts a unit hears beforehand that a pilot waits, and that it does no longer.

use super::*;
use crate::flow::Pace;
use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::cycle::stage::Stage;
use crate::model::unit::deed::By;
use crate::model::unit::lot::Lot;
use crate::sim::bench::NestSpec;
use crate::sim::factory;
use crate::sim::hand::Hand;
use crate::station::{Order, Refused, Station};
use crate::store::{Confirmation, sample};
use crate::wiring;
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// Far more than anything here needs, even on a loaded machine.
const LONG: Duration = Duration::from_secs(60);

const ALLOWING: &str = "allow = [\"BK7238\"]\n";

/// A station of two slots, with a recipe and firmware that may be used.
fn station(dir: &Path, recipe: &str) -> (Station, Ledger, Vec<Hand>) {
    let firmware = dir.join("firmware");
    std::fs::create_dir_all(&firmware).unwrap();
    std::fs::create_dir_all(dir.join("recipes")).unwrap();
    std::fs::write(dir.join("recipes/default.toml"), recipe).unwrap();
    let (name, bytes) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    std::fs::write(firmware.join(name), bytes).unwrap();
    let (ledger, archive) = wiring::stores(dir).unwrap();
    let slots = ["A", "B"].map(|name| wiring::piped_slot(name, NestSpec::default(), Pace::default()).unwrap());
    let (plans, hands) = slots.into_iter().unzip();
    let library = Library::open(dir, &firmware, "default");
    let station = wiring::start(wiring::facts("test", None), library, ledger.clone(), archive, plans);
    (station, ledger, hands)
}

fn lot() -> Lot {
    Lot { loader: "f42f8c32".into(), module: None, image: Digest::of(b"firmware") }
}

fn firmware() -> Firmware {
    let (name, version) = ("OpenBK7238_QIO_1.18.300.bin".into(), Some("1.18.300".into()));
    Firmware { name, version, sha256: Digest::of(b"firmware"), chip: Chip::Bk7238 }
}

/// A board of the lot that passed, whose plug nobody saw.
fn pilot() -> Unit {
    Unit { lot: Some(lot()), firmware: Some(firmware()), ..sample::unit() }
}

fn doer() -> Doer {
    Doer { who: "ada".into(), by: By::Token }
}

async fn refusal(station: &Station) -> Option<String> {
    let refused = station.handle().start("A", false).await.err()?;
    let Refused::NotNow(why) = refused else { panic!("{refused}") };
    Some(why)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_is_refused_while_a_pilot_waits_and_taken_once_somebody_confirmed_it() {
    let dir = tempfile::tempdir().unwrap();
    let (station, ledger, _hands) = station(dir.path(), ALLOWING);
    // at once behind its record: nobody has to have heard of it
    ledger.commit(pilot()).await.unwrap();
    let why = refusal(&station).await.expect("refused");
    assert!(why.contains("unit 1") && why.contains("flashjig units --confirm 1"), "{why}");
    let services = station.handle().services().clone();
    assert!(matches!(services.confirm(2, &doer()).await, Err(Declined::Missing(_))));
    let mut events = station.handle().events();
    let unit = services.confirm(1, &doer()).await.unwrap();
    assert_eq!(unit.confirmed.unwrap().who, "ada");
    assert!(matches!(services.confirm(1, &doer()).await, Err(Declined::Taken(_))), "once");
    let told = async {
        loop {
            if let Event::Confirmed { seq, .. } = events.recv().await.unwrap().event {
                break seq;
            }
        }
    };
    assert_eq!(timeout(LONG, told).await.unwrap(), 1);
    let lots = services.lots().await;
    assert_eq!((lots.len(), lots[0].state), (1, State::Released));
    assert_eq!(refusal(&station).await, None);
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_holds_nobody_whose_recipe_would_not_make_another_of_its_lot() {
    for recipe in ["", "allow = [\"BK7238\"]\n[firmware]\nBK7238 = \"OpenBK7238_QIO_1.19*.bin\"\n"] {
        let dir = tempfile::tempdir().unwrap();
        let (station, ledger, _hands) = station(dir.path(), recipe);
        ledger.commit(pilot()).await.unwrap();
        assert_eq!(refusal(&station).await, None, "{recipe:?}");
        station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn converting_again_and_the_command_in_the_foreground_are_let_through_to_the_board() {
    let dir = tempfile::tempdir().unwrap();
    let (station, ledger, _hands) = station(dir.path(), ALLOWING);
    ledger.commit(pilot()).await.unwrap();
    assert!(refusal(&station).await.is_some());
    station.handle().start("A", true).await.unwrap();
    station.handle().order("B", Order::Start { redo: false }).await.unwrap();
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_said_beside_the_station_counts_before_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let (station, ledger, _hands) = station(dir.path(), ALLOWING);
    ledger.commit(pilot()).await.unwrap();
    assert!(refusal(&station).await.is_some());
    let confirmed = Confirmed { at: crate::clock::now(), who: "ada".into(), by: By::Command };
    let command = Choices::open(dir.path());
    command.confirm(Confirmation { unit: 1, confirmed: confirmed.clone() }).unwrap();
    // one that can't be is not asked for again and again
    command.confirm(Confirmation { unit: 9, confirmed: confirmed.clone() }).unwrap();
    assert_eq!(refusal(&station).await, None);
    assert_eq!(ledger.get(1).await.unwrap().unwrap().confirmed, Some(confirmed));
    assert_eq!(Choices::open(dir.path()).confirmations(), []);
    station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pilot_in_work_in_another_slot_holds_a_start_and_not_its_own_slots_answer() {
    let dir = tempfile::tempdir().unwrap();
    let (station, ledger, _hands) = station(dir.path(), ALLOWING);
    let mut open = sample::in_flight("B", 1, Stage::Erase);
    (open.unit.lot, open.unit.firmware) = (Some(lot()), Some(firmware()));
    ledger.begin(open).await.unwrap();
    assert!(refusal(&station).await.unwrap().contains("in work in slot B"));
    let services = station.handle().services().clone();
    assert!(services.held("A").await.is_some() && services.held("B").await.is_none());
    ledger.commit(Unit { slot: "B".into(), confirmed: None, ..pilot() }).await.unwrap();
    assert!(refusal(&station).await.unwrap().contains("waits"));
    station.stop().await;
}
