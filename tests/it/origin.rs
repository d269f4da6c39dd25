//! Where firmware comes from: a file that nobody answers for reaches no board, whatever it says of itself.

use crate::common::{Rig, SPEED, quick, replaced};
use flashjig::jig::{Edge, Input};
use flashjig::model::chip::Chip;
use flashjig::model::chip::digest::Digest;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::deed::By;
use flashjig::model::unit::readiness::LackKind;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::Order;
use flashjig::wiring;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::sync::mpsc;

const T: Chip = Chip::Bk7231T;

/// A good file, and another one with other code, a version above all and every checksum made anew, to lie under the good
/// one's name.
fn files() -> (String, Vec<u8>, Vec<u8>) {
    let (name, good) = factory::demo_image(T, "1.18.300");
    let (_, changed) = factory::demo_image(T, "9.18.300");
    (name, good, changed)
}

fn prepare(recipe: String, on_stick: Option<(String, Vec<u8>)>) -> impl FnOnce(&Path) {
    move |data| {
        for folder in ["media/stick", "recipes"] {
            fs::create_dir_all(data.join(folder)).unwrap();
        }
        fs::write(data.join("recipes/default.toml"), recipe).unwrap();
        if let Some((name, bytes)) = on_stick {
            fs::write(data.join("media/stick").join(name), bytes).unwrap();
        }
    }
}

fn lack(rig: &Rig) -> Option<LackKind> {
    rig.handle.snapshot().readiness.lack.as_ref().map(|lack| lack.kind)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_on_a_stick_under_the_very_name_that_the_recipe_pins_reaches_no_board() {
    let (name, good, changed) = files();
    let recipe = format!("[firmware]\nBK7231T = {name:?}\n");
    let rig = Rig::with(1, &[], prepare(recipe, Some((name.clone(), changed.clone()))));
    rig.until(|| lack(&rig) == Some(LackKind::Approval)).await;
    let stock = factory::stock(T, 7);
    let out = rig.run(0, BoardSpec::new(T, stock.clone()), Order::Start { redo: false }).await;
    let fault = out.unit.fault.unwrap();
    assert_eq!((out.unit.verdict, fault.code), (Verdict::Fail, FaultCode::NotApproved), "{fault:?}");
    assert!(fault.message.contains(&Digest::of(&changed).to_string()), "{}", fault.message);
    assert!(out.flash == stock, "nothing was written");
    fs::write(rig.dir.path().join("firmware").join(&name), &good).unwrap();
    let out = rig.convert(0, BoardSpec::new(T, stock.clone())).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert_eq!(out.unit.firmware.unwrap().sha256, Digest::of(&good), "although the other one claims a higher version");
    assert!(out.flash == replaced(&stock, &good));
    rig.until(|| lack(&rig).is_none()).await;
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_content_than_the_pinned_one_is_refused_before_any_erase() {
    let (name, good, changed) = files();
    let (own, other) = (Digest::of(&good), Digest::of(&changed));
    let recipe = format!("[firmware]\nBK7231T = {{ name = {name:?}, sha256 = [\"{own}\"] }}\n");
    let rig = Rig::with(1, &[(&name, &changed)], prepare(recipe, None));
    let stock = factory::stock(T, 7);
    // a press would be answered by the slot, once it has looked what is there
    let out = rig.run(0, BoardSpec::new(T, stock.clone()), Order::Start { redo: false }).await;
    let fault = out.unit.fault.unwrap();
    assert_eq!((out.unit.verdict, fault.code), (Verdict::Fail, FaultCode::WrongDigest), "{fault:?}");
    assert!(fault.message.contains(&own.to_string()) && fault.message.contains(&other.to_string()), "{fault:?}");
    assert!(out.flash == stock && out.unit.firmware.is_none(), "nothing was written");
    fs::write(rig.dir.path().join("firmware").join(&name), &good).unwrap();
    let out = rig.convert(0, BoardSpec::new(T, stock)).await;
    assert_eq!((out.unit.verdict, out.unit.firmware.unwrap().sha256), (Verdict::Pass, own));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_button_of_a_slot_that_shows_the_offer_approves_that_very_content() {
    let (name, good, _) = files();
    let spec = NestSpec { speed: SPEED, ..NestSpec::default() };
    let (mut plan, hand) = wiring::virtual_slot("A", spec, quick()).unwrap();
    let (edges, heard) = mpsc::channel(8);
    plan.edges = heard;
    let rig = Rig::over(vec![(plan, hand)], &[], prepare(String::new(), Some((name, good.clone()))));
    let notice = || rig.handle.snapshot().slots[0].notice.clone();
    rig.until(|| notice().is_some()).await;
    let asked = notice().unwrap();
    assert!(asked.starts_with("hold 1 s to use: ") && asked.contains(&Digest::of(&good).short()), "{asked}");
    let press = |active, at| edges.send(Edge { input: Input::Button, active, at: Duration::from_secs(at) });
    press(true, 100).await.unwrap();
    rig.until(|| lack(&rig).is_none() && notice().is_none()).await;
    press(false, 102).await.unwrap();
    let stock = factory::stock(T, 7);
    let out = rig.run(0, BoardSpec::new(T, stock), Order::Start { redo: false }).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert_eq!(out.unit.firmware.unwrap().sha256, Digest::of(&good));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_does_beside_the_station_is_in_the_stations_ledger() {
    let rig = Rig::new(1, &[]);
    let (sha256, data) = (Digest::of(b"x"), rig.dir.path().to_owned());
    let command = move |what: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flashjig"));
        command
            .args(["firmware", what, &sha256.to_string(), "--data-dir"])
            .arg(&data)
            .output()
            .unwrap()
            .status
            .success()
    };
    assert!(command("approve") && command("revoke"));
    let noted = async {
        loop {
            let deeds = rig.handle.deeds(9).await.unwrap();
            if deeds.len() >= 2 {
                return deeds;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let deeds =
        tokio::time::timeout(Duration::from_secs(60), noted).await.expect("the station looks every few seconds");
    let told: Vec<_> = deeds.iter().map(|deed| (deed.what.as_str(), deed.by, deed.sha256)).collect();
    assert_eq!(told, [("revoke", By::Command, Some(sha256)), ("approve", By::Command, Some(sha256))], "once each");
    rig.station.stop().await;
}
