use super::*;
use crate::model::air::routes::To;

fn device(interface: &str, at: Use) -> Device {
    Device { interface: interface.into(), is_wifi: interface.starts_with("wlan"), is_access_point: false, at }
}

fn world(interface: &str) -> Route {
    Route { interface: interface.into(), to: To::World }
}

fn net(interface: &str, address: [u8; 4], prefix: u32) -> Route {
    Route { interface: interface.into(), to: To::Net { address, prefix } }
}

/// A Pi on its cable with a Wi-Fi adapter that nobody uses.
fn station() -> Station {
    Station {
        devices: vec![
            device("eth0", Use::Busy { connection: "wired".into() }),
            device("wlan0", Use::Free),
            device("wlan1", Use::Free),
        ],
        routes: vec![world("eth0"), net("eth0", [192, 0, 2, 0], 24)],
        country: Some("GB".into()),
        ..Station::default()
    }
}

fn refused(change: impl FnOnce(&mut Station)) -> Refusal {
    let mut station = station();
    change(&mut station);
    station.may_lend(Some("wlan1")).unwrap_err()
}

#[test]
fn a_free_adapter_beside_the_stations_own_way_is_lent() {
    assert_eq!(station().may_lend(Some("wlan1")), Ok(()));
    assert_eq!(station().may_lend(Some("wlan0")), Ok(()));
}

#[test]
fn a_radio_that_nobody_named_is_not_lent() {
    assert_eq!(station().may_lend(None), Err(Refusal::NotNamed));
    assert_eq!(station().may_lend(Some("wlan7")), Err(Refusal::Missing { there: "wlan0, wlan1".into() }));
    assert_eq!(station().may_lend(Some("eth0")), Err(Refusal::NotWifi));
    let none = Station::default().may_lend(Some("wlan0")).unwrap_err();
    assert_eq!(none.to_string(), "there is no such device; this station has no Wi-Fi device");
}

#[test]
fn what_the_station_itself_needs_is_never_lent() {
    let route = || Refusal::Needed { route: world("wlan1") };
    assert_eq!(refused(|it| it.routes = vec![world("wlan1")]), route());
    // two ways are both its own
    assert_eq!(refused(|it| it.routes.push(world("wlan1"))), route());
    assert_eq!(
        refused(|it| it.devices[2].at = Use::Busy { connection: "home".into() }),
        Refusal::Busy { connection: "home".into() }
    );
    assert_eq!(refused(|it| it.devices[2].is_access_point = true), Refusal::AccessPoint);
    let meant = Profile { name: "home".into(), interface: Some("wlan1".into()) };
    assert_eq!(refused(|it| it.profiles = vec![meant]), Refusal::Meant { profile: "home".into() });
    let any = Profile { name: "home".into(), interface: None };
    let only = refused(|it| (it.routes, it.profiles) = (vec![], vec![any.clone()]));
    assert_eq!(only, Refusal::OnlyWay { profile: "home".into() });
    let mut with_way = station();
    with_way.profiles = vec![any, Profile { name: "other".into(), interface: Some("wlan0".into()) }];
    assert_eq!(with_way.may_lend(Some("wlan1")), Ok(()), "what another device carries does not need this one");
}

#[test]
fn a_network_of_the_stations_own_is_never_hidden_by_the_plugs() {
    for (address, prefix) in [([192, 168, 4, 0], 24), ([192, 168, 0, 0], 16), ([192, 168, 4, 9], 32)] {
        let route = net("eth0", address, prefix);
        assert_eq!(refused(|it| it.routes.push(route.clone())), Refusal::Range { route });
    }
    let mut own = station();
    own.routes.push(net("wlan1", [192, 168, 4, 0], 24));
    assert_eq!(own.may_lend(Some("wlan1")), Ok(()), "the radio's own addresses are no other network");
}

#[test]
fn a_radio_that_is_off_or_has_no_country_says_so() {
    assert_eq!(refused(|it| it.is_off_in_hardware = true), Refusal::SwitchedOff);
    assert_eq!(refused(|it| it.is_off_in_software = true), Refusal::Off);
    assert_eq!(refused(|it| it.country = None), Refusal::NoCountry);
    let both = refused(|it| (it.country, it.is_off_in_software) = (None, true));
    assert_eq!(both, Refusal::NoCountry, "a Pi holds the radio off because of the country");
    let right = || "org.freedesktop.NetworkManager.network-control".to_owned();
    assert_eq!(refused(|it| it.rights_missing = vec![right()]), Refusal::NotAllowed { right: right() });
    assert_eq!(refused(|it| it.devices[2].at = Use::Unmanaged), Refusal::Unmanaged);
    assert_eq!(refused(|it| it.devices[2].at = Use::Unavailable), Refusal::Unavailable);
}

#[test]
fn every_refusal_says_what_to_do() {
    let all = [
        Refusal::NotNamed,
        Refusal::Missing { there: "wlan0".into() },
        Refusal::NotWifi,
        Refusal::Needed { route: world("wlan1") },
        Refusal::Range { route: net("eth0", [192, 168, 4, 0], 24) },
        Refusal::Unmanaged,
        Refusal::SwitchedOff,
        Refusal::Off,
        Refusal::NoCountry,
        Refusal::NotAllowed { right: "org.freedesktop.NetworkManager.wifi.scan".into() },
        Refusal::Unavailable,
        Refusal::AccessPoint,
        Refusal::Busy { connection: "home".into() },
        Refusal::Meant { profile: "home".into() },
        Refusal::OnlyWay { profile: "home".into() },
    ];
    for refusal in all {
        let remedy = refusal.remedy("wlan1");
        assert!(remedy.len() > 15 && !remedy.contains("  "), "{remedy:?}");
    }
    assert!(Refusal::NotNamed.remedy("").contains("[air] interface = \"wlan1\""));
    assert_eq!(Refusal::Unmanaged.remedy("wlan1"), "sudo nmcli device set wlan1 managed yes");
}

#[test]
fn the_worlds_country_is_none() {
    assert_eq!(country("GB\n").as_deref(), Some("GB"));
    assert_eq!((country("00\n"), country(""), country("gb"), country("GBR")), (None, None, None, None));
}
