//! The demo with a broker: its plugs say hello there.

use super::broker::Mosquitto;
use flashjig::model::unit::Unit;
use flashjig::sim::factory;
use std::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn in_the_demo_each_plug_says_hello_from_the_flash_that_it_holds_and_the_one_that_is_silent_is_named() {
    let Some(mosquitto) = Mosquitto::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo").display().to_string();
    let flashjig = |args: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_flashjig")).args(args).args(["--data-dir", &data]).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let url = format!("mqtt://127.0.0.1:{}", mosquitto.port);
    let demo = [
        "demo",
        "--units",
        "5",
        "--speed",
        "40",
        "--listen",
        "127.0.0.1:0",
        "--broker",
        &url,
        "--plug",
        "silent",
        "--plug",
        "renamed",
    ];
    // the second plug is silent, the fifth one has another name
    let (passed, told) = tokio::task::block_in_place(|| flashjig(&demo));
    assert!(passed && told.contains("4 of 5 arrived; not yet: demo-02"), "{told}");
    let (_, units) = flashjig(&["units", "--json"]);
    let units: Vec<Unit> = serde_json::from_str(&units).unwrap();
    let arrival = |seq: u64| units.iter().find(|unit| unit.seq == seq).unwrap().arrival.clone();
    for seq in [1, 3, 4] {
        let arrival = arrival(seq).unwrap();
        assert!(arrival.as_written && arrival.remarks.is_empty(), "{arrival:?}");
        assert_eq!((arrival.name, arrival.version.as_deref()), (format!("demo-{seq:02}"), Some(factory::DEMO_VERSION)));
    }
    assert_eq!(arrival(2), None);
    assert_eq!(arrival(5).unwrap().remarks, ["it says hello as demo-05-renamed; demo-05 was written"]);
    let (_, missing) = flashjig(&["units", "--arrived", "false"]);
    assert!(missing.lines().count() == 4 && missing.contains("0 of 1 arrived; not yet: demo-02"), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_each_way_not_to_live_with_its_code_beside_plugs_that_live() {
    let Some(mosquitto) = Mosquitto::start().await else { return };
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo").display().to_string();
    let url = format!("mqtt://127.0.0.1:{}", mosquitto.port);
    let demo = ["demo", "--ailing", "--slots", "8", "--speed", "40", "--listen", "127.0.0.1:0", "--broker", &url];
    let flashjig = |args: &[&str]| {
        let output =
            Command::new(env!("CARGO_BIN_EXE_flashjig")).args(args).args(["--data-dir", &data]).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (ended, told) = tokio::task::block_in_place(|| flashjig(&demo));
    assert!(ended && told.contains("20 of 20 units ended as they must"), "{told}");
    assert!(told.contains("11 of 20 units passed") && told.contains("9 of 10 arrived; not yet: demo-"), "{told}");
    for sign in ["log", "broker", "http", "air"] {
        assert!(told.contains(&format!("\n  {sign:<6}  seen ")), "{sign}: {told}");
    }
    let (_, units) = flashjig(&["units", "--json"]);
    let units: Vec<Unit> = serde_json::from_str(&units).unwrap();
    let mut codes: Vec<_> =
        units.iter().filter_map(|unit| unit.fault.as_ref()).map(|fault| fault.code.code()).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["V01", "V02", "V03", "V04", "V05", "V05", "V06", "V07", "V09"], "{told}");
}
