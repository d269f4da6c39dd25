//! Proof of life on the virtual bench: a converted plug starts, speaks and answers, and each way in which it does not has its
//! code.

use crate::common::{self, Outcome, Rig, SPEED, slot_name};
use flashjig::flow::Broker;
use flashjig::jig::{Supply, SupplyError};
use flashjig::model::chip::Chip;
use flashjig::model::chip::mac::Mac;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::openbeken::life::Way;
use flashjig::model::openbeken::{Config, config, fields};
use flashjig::model::unit::event::Event;
use flashjig::model::unit::sighting::Sighting;
use flashjig::model::unit::supply::{Limits, Reading};
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::Ailment;
use flashjig::sim::hello::Said;
use flashjig::sim::plug::home::{Hello, Home};
use flashjig::station::supply::Guard;
use flashjig::station::{Order, SlotPlan};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::sleep;

const CHIP: Chip = Chip::Bk7231T;
/// A plug says one thing a second; its seconds are as short as those of its board.
const SECOND: Duration = Duration::from_millis((1000.0 / SPEED) as u64);

/// A plug that joins the virtual network under an address of its own.
fn recipe(signs: &str, within: &str) -> String {
    format!(
        "[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\nname = \"kitchen-{{n:02}}\"\n\
         [openbeken.wifi]\nssid = \"attic\"\npassword_file = \"wifi.secret\"\n\
         [openbeken.mqtt]\nhost = \"127.0.0.1\"\n\
         [openbeken.address]\nip = \"127.77.1.{{n}}\"\nmask = \"255.0.0.0\"\ngateway = \"127.0.0.1\"\n\
         [proof]\nalive = [{signs}]\nwithin = \"{within}\"\n"
    )
}

fn write(folder: &Path, recipe: &str) {
    std::fs::create_dir_all(folder.join("recipes")).unwrap();
    std::fs::write(folder.join("recipes/default.toml"), recipe).unwrap();
    let secret = folder.join("recipes/wifi.secret");
    std::fs::write(&secret, "correct horse").unwrap();
    std::fs::set_permissions(&secret, Permissions::from_mode(0o600)).unwrap();
}

/// A station whose recipe asks for these signs. What its plugs say on the broker is told to it.
fn rig(slots: usize, signs: &str, within: &str) -> Rig {
    type Hears = Box<dyn Fn(Hello) + Send>;
    let heard: Arc<Mutex<Option<Hears>>> = Arc::default();
    let hears = Arc::clone(&heard);
    let mut home = Home::new("attic", "correct horse").unwrap();
    home.hears = Some(Arc::new(move |hello| {
        if let Some(hears) = &*hears.lock().unwrap() {
            hears(hello);
        }
    }));
    let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
    let rig = Rig::alive(slots, &[(&name, &file)], &home, |folder| write(folder, &recipe(signs, within)));
    let sightings = rig.handle.services().sightings().clone();
    sightings.tell_broker(Broker::There);
    let runtime = Handle::current();
    *heard.lock().unwrap() = Some(Box::new(move |hello: Hello| {
        let sightings = sightings.clone();
        runtime.spawn(async move {
            let mut plug = Sighting::new(hello.client, jiff::Timestamp::now());
            for Said { topic, text, .. } in hello.messages {
                match topic.rsplit('/').next() {
                    Some("mac") => plug.mac = Mac::parse(&text),
                    Some("build") => plug.build = Some(text),
                    Some("uptime") => plug.uptime_s = text.parse().ok(),
                    Some("ip") => plug.address = Some(text),
                    _ => {}
                }
                sightings.tell(plug.clone());
                sleep(SECOND).await;
            }
        });
    }));
    rig
}

fn board(unit: u32, ailment: Option<Ailment>) -> BoardSpec {
    common::living(CHIP, unit, ailment)
}

#[tokio::test(flavor = "multi_thread")]
async fn plugs_that_live_pass_and_the_record_has_each_sign_with_its_time() {
    let rig = rig(2, "\"log\", \"broker\", \"http\"", "60s");
    for round in 0..2 {
        let (a, b) = tokio::join!(rig.convert(0, board(round * 2, None)), rig.convert(1, board(round * 2 + 1, None)));
        for out in [a, b] {
            assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
            let mut names: Vec<Way> = out.unit.life.iter().map(|sign| sign.name).collect();
            names.sort();
            assert_eq!(names, [Way::Log, Way::Broker, Way::Http]);
            assert!(out.unit.life.iter().all(|sign| sign.held && sign.ms > 0 && sign.starts == 1), "{}", out.told());
            let log = &out.unit.life.iter().find(|sign| sign.name == Way::Log).unwrap().found;
            assert!(log.contains("OpenBK7231T 1.18.300") && log.contains("BL0937"), "{log}");
            assert!(out.unit.stages.iter().any(|stage| stage.name == Stage::Alive));
            let record = serde_json::to_string(&out.unit).unwrap();
            assert!(!record.contains("correct horse"), "the log prints it, the record must not");
            assert!(!out.stats.powered && out.stats.cen == "low");
        }
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_not_to_live_has_its_code_and_leaves_the_backup() {
    // what shows by itself how wrong it is needs no short time
    let seen = rig(1, "\"log\", \"broker\", \"http\"", "60s");
    let cases = [
        (Ailment::CrashLoop, FaultCode::CrashLoop, "log: expected one start, found 3 starts"),
        (Ailment::ConfigLost, FaultCode::ConfigLost, "default config will be loaded"),
        (Ailment::OtherVersion, FaultCode::OtherVersion, "expected version 1.18.300, found version 1.18.299"),
        (Ailment::OtherPins, FaultCode::NotAsPlanned, "http: expected P6 Rel;1, found P6 Rel_n;1"),
        (Ailment::OtherName, FaultCode::OtherName, "-2\""),
    ];
    for (unit, (ailment, code, words)) in (0..).zip(cases) {
        fails(&seen, unit, ailment, code, words).await;
    }
    seen.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_that_shows_nothing_is_given_a_second_start_and_then_fails_with_how_far_it_came() {
    let rig = rig(1, "\"log\", \"broker\", \"http\"", "2s");
    let cases = [
        (Ailment::NoBoot, FaultCode::NoBoot, "log: expected the firmware to start, found the boot loader alone"),
        (Ailment::WifiLost, FaultCode::NotReached, "does not say that it joined the Wi-Fi"),
        (Ailment::NoArrival, FaultCode::NotReached, "broker: expected a hello as \"kitchen-"),
    ];
    for (unit, (ailment, code, words)) in (0..).zip(cases) {
        let out = fails(&rig, unit, ailment, code, words).await;
        let missing: Vec<_> = out.unit.life.iter().filter(|sign| !sign.held).collect();
        assert!(!missing.is_empty() && missing.iter().all(|sign| sign.starts == 2), "{}", out.told());
        let alive = out.unit.stages.iter().find(|stage| stage.name == Stage::Alive).unwrap();
        assert_eq!(alive.retries, 1, "one power cycle: {}", out.told());
    }
    rig.station.stop().await;
}

async fn fails(rig: &Rig, unit: u32, ailment: Ailment, code: FaultCode, words: &str) -> Outcome {
    let out = rig.convert(0, board(unit, Some(ailment))).await;
    let fault = out.unit.fault.as_ref().unwrap_or_else(|| panic!("{ailment:?} passed: {}", out.told()));
    assert_eq!(
        (fault.code, fault.stage, out.unit.verdict),
        (code, Stage::Alive, Verdict::Fail),
        "{ailment:?}: {}",
        out.told()
    );
    assert!(fault.message.contains(words), "{ailment:?}: {}", fault.message);
    assert!(rig.backup(&out.unit).await == factory::small_stock(CHIP, unit, 0x1_0000), "{ailment:?}");
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_that_lives_at_its_second_start_passes_and_it_is_told() {
    let rig = rig(1, "\"log\"", "3s");
    let out = rig.convert(0, board(1, Some(Ailment::LateBoot))).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
    assert_eq!((out.unit.life.len(), out.unit.life[0].starts), (1, 2), "{}", out.told());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_whose_configuration_was_lost_is_mended_by_the_next_press() {
    let rig = rig(1, "\"log\", \"http\"", "60s");
    let lost = fails(&rig, 1, Ailment::ConfigLost, FaultCode::ConfigLost, "default config").await;
    let again = rig.convert(0, BoardSpec::new(CHIP, lost.flash)).await;
    assert_eq!(again.unit.verdict, Verdict::Pass, "{}", again.told());
    assert!(again.unit.life.iter().all(|sign| sign.held) && again.unit.already.is_none());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_without_a_log_port_refuses_a_recipe_that_asks_for_the_log_before_it_touches_anything() {
    let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
    let rig = Rig::with(1, &[(&name, &file)], |folder| write(folder, &recipe("\"log\"", "60s")));
    let out = rig.convert(0, board(1, None)).await;
    let fault = out.unit.fault.as_ref().unwrap();
    assert_eq!((fault.code, out.unit.verdict), (FaultCode::BadRecipe, Verdict::Error));
    assert!(fault.message.contains("\"log\"") && fault.message.contains("log_uart"), "{}", fault.message);
    assert_eq!((out.stats.counts.resets, out.stats.wear.erases), (0, 0));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_boards_proof_of_life_holds_no_other_slot_and_ends_when_it_is_stopped() {
    let rig = rig(2, "\"log\"", "600s");
    let mut events = rig.handle.events();
    rig.hands[0].insert(board(1, Some(Ailment::NoBoot)));
    rig.hands[0].press();
    let slot = || rig.handle.snapshot().slots[0].clone();
    rig.until(|| slot().stage == Some(Stage::Alive)).await;
    let other = rig.convert(1, board(2, None)).await;
    assert_eq!(other.unit.verdict, Verdict::Pass, "{}", other.told());
    let waits = slot();
    let awaited = waits.awaited.expect("it is told what is waited for");
    assert_eq!((waits.stage, awaited.signs, awaited.of_s), (Some(Stage::Alive), vec![Way::Log], 600));
    rig.handle.order(&slot_name(0), Order::Abort).await.unwrap();
    rig.until(|| slot().stage.is_none()).await;
    let verdict = loop {
        let stamped = events.recv().await.unwrap();
        if let (true, Event::Finished { verdict, .. }) = (stamped.slot == slot_name(0), &stamped.event) {
            break *verdict;
        }
    };
    assert_eq!(verdict, Verdict::Aborted);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_is_configured_over_its_own_interface_and_checked_there_after_its_restart() {
    let recipe = |signs: &str| recipe(signs, "60s").replace("configure = \"flash\"", "configure = \"http\"");
    // nobody has to ask for the sign: what was sent is always seen
    for signs in ["\"log\"", ""] {
        let home = Home::new("attic", "correct horse").unwrap();
        let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
        let rig = Rig::alive(1, &[(&name, &file)], &home, |folder| write(folder, &recipe(signs)));
        let out = rig.convert(0, board(3, None)).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
        let http = out.unit.life.iter().find(|sign| sign.name == Way::Http).unwrap();
        assert!(http.held && http.found.contains("7 pins as planned"), "{http:?}");
        let injected = out.unit.config.as_ref().unwrap().injected.clone();
        assert!(injected.contains(&"pin roles".to_owned()), "{injected:?}");
        let at = config::address(CHIP) as usize;
        let own = Config::parse(&out.flash[at..]).unwrap();
        assert_eq!((own.pins().len(), own.text(fields::WIFI_SSID)), (7, Some("attic")));
        // it goes on after it was asked to restart: what it shows by then proves nothing of what it has kept
        let late = rig.convert(0, board(5, Some(Ailment::LateRestart))).await;
        assert_eq!(late.unit.verdict, Verdict::Pass, "{}", late.told());
        let http = late.unit.life.iter().find(|sign| sign.name == Way::Http).unwrap();
        assert!(http.ms as f64 >= 60_000.0 / SPEED, "{}", late.told());
        if signs.is_empty() {
            let declined = rig.convert(0, board(4, Some(Ailment::Declines))).await;
            let fault = declined.unit.fault.as_ref().unwrap();
            assert_eq!((fault.code, declined.unit.verdict), (FaultCode::Declined, Verdict::Fail));
            assert!(fault.message.contains("status 501 for \"backlog setPinRole 6 Rel;"), "{}", fault.message);
        }
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_counts_once_it_says_whose_it_is_and_in_which_version() {
    let rig = rig(1, "\"broker\"", "60s");
    let out = rig.convert(0, board(1, None)).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{}", out.told());
    fails(&rig, 2, Ailment::OtherVersion, FaultCode::OtherVersion, "found version 1.18.299").await;
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_plug_of_the_same_name_is_not_the_one_in_the_jig() {
    let rig = rig(1, "\"broker\"", "2s");
    let sightings = rig.handle.services().sightings().clone();
    let mut state = rig.handle.watch();
    let stranger = tokio::spawn(async move {
        _ = state.wait_for(|snapshot| snapshot.slots[0].stage == Some(Stage::Alive)).await;
        // the first unit of its recipe
        let name = Sighting::new("kitchen-01", jiff::Timestamp::now());
        let whole = Sighting {
            mac: Mac::parse("02:00:00:00:00:01"),
            build: Some("OpenBK7231T 1.18.300 Aug  2 2026 19:37:59".into()),
            ..name.clone()
        };
        for plug in [name, whole] {
            sightings.tell(plug);
            sleep(SECOND).await;
        }
    });
    fails(&rig, 1, Ailment::NoArrival, FaultCode::NotReached, "broker: expected a hello as \"kitchen-01\"").await;
    stranger.await.unwrap();
    rig.station.stop().await;
}

/// A meter in the supply: it shows so many mA, and nothing below zero.
struct Meter(Arc<AtomicI32>);

impl Supply for Meter {
    fn read(&mut self) -> Result<Reading, SupplyError> {
        let milliamps = self.0.load(Ordering::Relaxed);
        let (meter, what) = ("the meter of the test".to_owned(), "no answer".to_owned());
        if milliamps < 0 {
            Err(SupplyError { meter, what, remedy: "look at its wires".into() })
        } else {
            Ok(Reading { millivolts: 3_290, milliamps })
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plug_draws_while_it_lives_is_held_against_the_limits_of_its_recipe() {
    let draws = Arc::new(AtomicI32::new(85));
    let home = Home::new("attic", "correct horse").unwrap();
    let (name, file) = factory::demo_image_of(CHIP, "1.18.300", 0x1_0000);
    let metered = |plan: &mut SlotPlan| {
        plan.supply = Some(Guard::new(Box::new(Meter(Arc::clone(&draws))), Limits::default()));
        // the meter is looked at in the world's time: some 60 times
        plan.pace.good_start = Duration::from_secs(3);
    };
    let recipe = recipe("\"log\", \"current\"", "60s") + "milliamps = [30, 250]\n";
    let rig = Rig::alive_with(1, &[(&name, &file)], &home, metered, |folder| write(folder, &recipe));
    let lives = rig.convert(0, board(1, None)).await;
    assert_eq!(lives.unit.verdict, Verdict::Pass, "{}", lives.told());
    let current = lives.unit.life.iter().find(|sign| sign.name == Way::Current).unwrap();
    assert!(current.held && current.found == "85 mA on the average, 85 to 85 mA", "{}", lives.told());
    // a meter that says nothing is no fault of the board
    let cases = [
        (
            9,
            FaultCode::WrongCurrent,
            Verdict::Fail,
            "30 to 250 mA on the average, found 9 mA on the average, 9 to 9 mA",
        ),
        (-1, FaultCode::NoMeter, Verdict::Error, "20 readings of the supply's meter, found 0 of them"),
    ];
    for (shown, code, verdict, told) in cases {
        draws.store(shown, Ordering::Relaxed);
        let out = rig.convert(0, board(2, None)).await;
        let fault = out.unit.fault.as_ref().unwrap();
        assert_eq!((out.unit.verdict, fault.code), (verdict, code), "{}", out.told());
        assert_eq!(fault.message, format!("current: expected {told}"));
        assert!(out.unit.backup.is_some() && !out.stats.powered);
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_without_a_meter_refuses_a_recipe_that_asks_for_the_current() {
    let rig = rig(1, "\"current\"", "60s\"\nmilliamps = [30, 250]#");
    let out = rig.convert(0, board(1, None)).await;
    let fault = out.unit.fault.as_ref().unwrap();
    assert_eq!(fault.code, FaultCode::BadRecipe, "{}", out.told());
    assert!(fault.message.contains("the slot has none; wire an INA219"), "{}", fault.message);
    assert_eq!(out.stats.wear.erases, 0);
    rig.station.stop().await;
}
