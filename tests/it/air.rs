//! A radio that is lent to a plug's access point, against NetworkManager as python3-dbusmock plays it: whatever fails, the
//! station's own connections are as they were. Skipped, saying so, where dbus-daemon or python3-dbusmock is absent.

mod plugs;
mod station;
mod strict;

use flashjig::jig::air::{AirError, AirFault, Radio, Visit};
use station::{BSSID, LONG, SSID, Station, seen, wanted};
use std::time::Duration;
use tokio::time::timeout;
use zbus::Variant;

/// Long enough for what comes at once on a loaded machine, where what is waited for never comes.
const SHORT: Duration = Duration::from_secs(3);

fn failed(result: Result<Visit, AirError>) -> AirError {
    result.map(|_| ()).unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_is_seen_joined_and_left() {
    let Some(station) = Station::new().await else { return };
    let air = station.air();
    air.may_lend().await.unwrap();
    station.appear("a neighbour", "02:00:00:00:00:01", 0).await;
    let seen = seen(&station, &air).await;
    assert_eq!((seen.ssid.as_str(), seen.signal), (SSID, 71));
    assert_eq!(seen.bssid.to_string(), BSSID);
    let mut visit = air.join("A", seen, LONG).await.unwrap();
    assert_eq!(visit.way().address.to_string(), "192.168.4.1:80");
    assert_eq!(visit.way().interface.as_deref(), Some("wlan1"));
    let own: serde_json::Value = serde_json::from_str(&station.own().await).unwrap();
    assert_eq!(own["connection"]["interface-name"], "wlan1");
    assert_eq!((&own["ipv4"]["never-default"], &own["connection"]["autoconnect"]), (&"1".into(), &"0".into()));
    assert_eq!(visit.during(async { 1 }).await, Ok(1));
    visit.leave().await.unwrap();
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_that_opens_its_access_point_later_is_found_by_a_scan() {
    let Some(station) = Station::new().await else { return };
    // one of its name that went off long ago, and another plug of the same name
    station.appear(SSID, BSSID, 90).await;
    station.tell("AirAppear", &(SSID, "18:DE:50:77:77:3E", 0, true)).await;
    let air = station.air();
    let seen = air.look(&wanted(), LONG).await.unwrap();
    assert_eq!(seen.bssid.to_string(), "18:DE:50:77:77:3E", "the only one that is there now");
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plug_without_an_access_point_is_not_seen() {
    let Some(station) = Station::new().await else { return };
    let air = station.air();
    let error = air.look(&wanted(), Duration::from_millis(300)).await.unwrap_err();
    assert_eq!(error.fault, AirFault::NotSeen);
    let expected = "radio wlan1: expected the access point OpenBK7231T_503A8E3F within 0 s, found: none at all; press \
                    again; a plug that starts opens it after about 5 s";
    assert_eq!(error.to_string(), expected);
    station.appear("a neighbour", "02:00:00:00:00:01", 0).await;
    station.appear(SSID, BSSID, 200).await;
    let error = air.look(&wanted(), SHORT).await.unwrap_err();
    assert_eq!(
        (error.fault, error.found.as_str()),
        (AirFault::NotSeen, "2 others"),
        "what was seen before is not there"
    );
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_while_it_joins_is_told_and_leaves_the_station_as_it_was() {
    let Some(station) = Station::new().await else { return };
    let air = station.air();
    let seen = seen(&station, &air).await;
    for (plan, found) in [
        ("fail 53", "the access point is not there any more"),
        ("fail 17", "no lease: its DHCP server did not answer"),
        ("fail 11", "the access point did not answer"),
        ("fail 77", "the device failed (reason 77 of NetworkManager)"),
        ("lease 10.9.8.7/24", "10.9.8.7/24"),
        ("refuse", "device is busy"),
        ("hang", "none after 3 s"),
        ("drop settings", "another connection than was asked for"),
    ] {
        station.plan(plan).await;
        let error = failed(air.join("A", seen.clone(), SHORT).await);
        assert_eq!(error.fault, AirFault::NotJoined, "{plan}: {error}");
        assert!(error.found.contains(found), "{plan}: {error}");
        station.is_as_before().await;
    }
    station.plan("activate").await;
    station.tell("AirVanish", &()).await;
    let error = failed(air.join("A", seen.clone(), SHORT).await);
    assert!(error.found.contains("not in the scan list"), "{error}");
    station.is_as_before().await;
    // none of it stands in the way of the next
    let seen = self::seen(&station, &air).await;
    air.join("A", seen, LONG).await.unwrap().leave().await.unwrap();
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_point_that_vanishes_ends_the_visit() {
    let Some(station) = Station::new().await else { return };
    let air = station.air();
    let seen = seen(&station, &air).await;
    station.plan("vanish 300").await;
    let mut visit = air.join("A", seen, LONG).await.unwrap();
    let error = timeout(LONG, visit.during(std::future::pending::<()>())).await.unwrap().unwrap_err();
    assert_eq!((error.fault, error.found.as_str()), (AirFault::Lost, "the radio lost the access point"));
    visit.leave().await.unwrap();
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_manager_that_is_restarted_in_the_middle_leaves_nothing_of_ours() {
    let Some(mut station) = Station::new().await else { return };
    let air = station.air();
    let seen = seen(&station, &air).await;
    let mut visit = air.join("A", seen.clone(), LONG).await.unwrap();
    let own: serde_json::Value = serde_json::from_str(&station.own().await).unwrap();
    let uuid = own["connection"]["uuid"].as_str().unwrap().to_owned();
    station.kill_manager().await;
    let error = timeout(LONG, visit.during(std::future::pending::<()>())).await.unwrap().unwrap_err();
    assert_eq!((error.fault, error.found.as_str()), (AirFault::Lost, "NetworkManager itself ended"));
    station.start_manager().await;
    station.tell("AirLeftover", &uuid).await;
    visit.leave().await.unwrap();
    station.is_as_before().await;

    // and while it joins
    let seen = self::seen(&station, &air).await;
    station.plan("hang").await;
    let joining = tokio::spawn({
        let (air, seen) = (air.clone(), seen.clone());
        async move { failed(air.join("A", seen, LONG).await) }
    });
    station.busy().await;
    station.kill_manager().await;
    station.start_manager().await;
    let error = timeout(LONG, joining).await.unwrap().unwrap();
    assert_eq!((error.fault, error.found.as_str()), (AirFault::NotJoined, "NetworkManager itself ended"));
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_is_stopped_in_the_middle_leaves_the_station_as_it_was() {
    let Some(station) = Station::new().await else { return };
    let air = station.air();
    let seen = seen(&station, &air).await;
    // while it joins
    station.plan("hang").await;
    let joining = tokio::spawn({
        let (air, seen) = (air.clone(), seen.clone());
        async move { air.join("A", seen, LONG).await.map(drop) }
    });
    station.busy().await;
    joining.abort();
    assert!(joining.await.unwrap_err().is_cancelled());
    // the next waits until all of that is gone
    station.plan("activate").await;
    let visit = air.join("B", seen.clone(), LONG).await.unwrap();
    // while it is there
    drop(visit);
    station.becomes_as_before().await;
    air.join("C", seen, LONG).await.unwrap().leave().await.unwrap();
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_leaves_the_station_as_it_was() {
    let Some(station) = Station::new().await else { return };
    let seen = seen(&station, &station.air()).await;
    let radio = station.radio(Some("wlan1"));
    let joined = radio.join(&seen, LONG).await.unwrap();
    station.busy().await;
    // nobody leaves: all that is left of a program that was killed is a closed connection to the bus
    drop((radio, joined));
    station.becomes_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_slots_have_one_radio_one_after_the_other() {
    let Some(station) = Station::new().await else { return };
    let air = station.air();
    let seen = seen(&station, &air).await;
    let first = air.join("A", seen.clone(), LONG).await.unwrap();
    let second = tokio::spawn({
        let air = air.clone();
        async move { air.join("B", seen, LONG).await.unwrap().leave().await }
    });
    air.line().wait_for(|line| line.len() == 2).await.unwrap();
    // looking is for all of them, and what flashjig itself has on the radio speaks against nobody
    air.may_lend().await.unwrap();
    air.look(&wanted(), LONG).await.unwrap();
    first.leave().await.unwrap();
    timeout(LONG, second).await.unwrap().unwrap().unwrap();
    station.is_as_before().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_radio_that_the_station_needs_is_never_lent() {
    let Some(station) = Station::new().await else { return };
    let refused = async |interface: Option<&str>| station.radio(interface).may_lend().await.unwrap_err();
    let wlan1 = async || refused(Some("wlan1")).await.found;
    assert!(refused(None).await.remedy.contains("[air] interface"));
    assert_eq!(refused(Some("wlan9")).await.found, "there is no such device; this station has wlan0, wlan1");
    assert_eq!(refused(Some("eth0")).await.found, "it is no Wi-Fi device");
    assert_eq!(refused(Some("wlan0")).await.found, "the connection home of the station is on it");
    station.add_route("wlan1\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0");
    assert_eq!(wlan1().await, "it carries the default route through wlan1 of the station itself");
    station.add_route("eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t0000FFFF\t0\t0\t0");
    assert!(wlan1().await.ends_with("the station itself needs 192.168.0.0/16 through eth0"));
    station.add_route("");
    station.kernel("country", "00\n");
    assert_eq!(wlan1().await, "no country is set, whose rules a radio must follow");
    station.kernel("country", "GB\n");
    let right = "org.freedesktop.NetworkManager.network-control";
    station.tell("AirRight", &(right, "auth")).await;
    assert_eq!(wlan1().await, format!("NetworkManager does not allow this user {right}"));
    station.tell("AirRight", &(right, "yes")).await;
    let radio = "/Devices/wlan1";
    for (interface, name, wrong, right, found) in [
        (".Device", "Managed", Variant::Bool(false), Variant::Bool(true), "NetworkManager does not manage it"),
        (".Device", "State", Variant::U32(20), Variant::U32(30), "NetworkManager can't use it now"),
        (".Device.Wireless", "Mode", Variant::U32(3), Variant::U32(2), "it is an access point of the station itself"),
    ] {
        station.set(radio, interface, name, wrong).await;
        assert!(wlan1().await.starts_with(found), "{name}");
        station.set(radio, interface, name, right).await;
    }
    for (name, found) in [("WirelessEnabled", "Wi-Fi is switched off"), ("WirelessHardwareEnabled", "a switch of this")]
    {
        station.set("", "", name, Variant::Bool(false)).await;
        assert!(wlan1().await.starts_with(found), "{name}");
        station.set("", "", name, Variant::Bool(true)).await;
    }
    // "home", which may use any radio, is on wlan0; without a way into the network it may need this one
    station.radio(Some("wlan1")).may_lend().await.unwrap();
    station.kernel("routes", "");
    assert!(wlan1().await.contains("the saved connection home may need this radio"));
    station.add_route("");
    station.tell("AirSave", &("by hand", "wlan1", false)).await;
    station.radio(Some("wlan1")).may_lend().await.unwrap();
    station.tell("AirSave", &("shed", "wlan1", true)).await;
    assert_eq!(wlan1().await, "the saved connection shed is meant for it and comes up by itself");
    // what may not be lent is not joined either
    let seen = seen(&station, &station.air()).await;
    let error = failed(station.air().join("A", seen, LONG).await);
    assert_eq!(error.fault, AirFault::NoRadio);
    assert!(station.own().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_manager_that_is_what_is_said() {
    let Some(mut station) = Station::new().await else { return };
    station.kill_manager().await;
    let error = station.radio(Some("wlan1")).may_lend().await.unwrap_err();
    assert_eq!((error.fault, error.remedy.as_str()), (AirFault::NoRadio, "sudo apt install network-manager"));
    let error = station.air().look(&wanted(), Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(error.fault, AirFault::NoRadio);
}
