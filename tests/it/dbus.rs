//! The station on a private message bus: what others see of it and may do with it, and what it asks of logind and
//! timedated. Skipped, saying so, where dbus-daemon is absent.

pub mod bus;
use crate::common::Rig;
use bus::{Control, PrivateBus};
use flashjig::face::{dbus, host};
use flashjig::model::chip::Chip;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use futures_util::StreamExt;
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use zbus::{Connection, OwnedVariant, Proxy, Variant};

const SLOT: &str = "/org/flashjig/Station1/slot/A";
/// Far more than anything here takes; a test that waits this long has failed.
const LONG: Duration = Duration::from_secs(120);

/// What, who, why, mode, user, process.
type Inhibitor = (String, String, String, String, u32, u32);

struct Bench {
    rig: Rig,
    bus: PrivateBus,
    client: Connection,
    stop: CancellationToken,
}

impl Bench {
    /// A station with one slot on a bus of its own, visible to a client.
    async fn new(control: Control) -> Option<Self> {
        let bus = PrivateBus::start(control)?;
        let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
        let rig = Rig::new(1, &[(&name, &file)]);
        let stop = CancellationToken::new();
        tokio::spawn(dbus::run(rig.handle.clone(), dbus::Bus::Address(bus.address.clone()), stop.clone()));
        let client = zbus::connection::Builder::address(bus.address.as_str()).build().await.unwrap();
        bus::wait_for_name(&client, dbus::NAME).await;
        Some(Self { rig, bus, client, stop })
    }

    async fn slot(&self) -> Proxy<'static> {
        Proxy::new(&self.client, dbus::NAME, SLOT, "org.flashjig.Slot1").await.unwrap()
    }

    async fn property(&self, path: &'static str, interface: &'static str, name: &str) -> OwnedVariant {
        let proxy = Proxy::new(&self.client, dbus::NAME, path, "org.freedesktop.DBus.Properties").await.unwrap();
        proxy.call("Get", &(interface, name)).await.unwrap()
    }

    async fn text(&self, name: &str) -> String {
        self.property(SLOT, "org.flashjig.Slot1", name).await.try_into().unwrap()
    }

    async fn end(self) {
        self.stop.cancel();
        self.rig.station.stop().await;
    }
}

fn error_name(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(name, ..) => name.to_string(),
        zbus::Error::FDO(error) => zbus::DBusError::name(&**error).to_string(),
        other => panic!("expected an answer of the bus, found {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_is_started_and_seen_over_the_bus() {
    let Some(bench) = Bench::new(Control::Us).await else { return };
    let slot = bench.slot().await;
    let properties = Proxy::new(&bench.client, dbus::NAME, SLOT, "org.freedesktop.DBus.Properties").await.unwrap();
    let mut changes = properties.receive_signal("PropertiesChanged").await.unwrap();
    let mut ends = slot.receive_signal("UnitFinished").await.unwrap();
    assert_eq!(bench.text("State").await, "idle");
    let refused = slot.call_method("Abort", &()).await.unwrap_err();
    assert_eq!(error_name(&refused), "org.flashjig.Error.NotNow");

    bench.rig.hands[0].insert(BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 5)));
    slot.call_method("Start", &()).await.unwrap();
    let end = timeout(LONG, ends.next()).await.unwrap().unwrap();
    let (unit, verdict, fault): (u64, String, String) = end.body().deserialize().unwrap();
    assert_eq!((unit, verdict.as_str(), fault.as_str()), (1, "pass", ""));
    // who hears the end finds it in the properties
    assert_eq!(bench.text("Verdict").await, "pass");
    assert_eq!((bench.text("State").await, bench.text("Chip").await), ("idle".into(), "BK7231T".into()));
    assert_eq!(u64::try_from(bench.property(dbus::PATH, "org.flashjig.Station1", "Passed").await).unwrap(), 1);

    let mut states = Vec::new();
    while states.last().map(String::as_str) != Some("idle") {
        let change = timeout(LONG, changes.next()).await.unwrap().unwrap();
        let body = change.body();
        let (interface, values, _): (String, HashMap<String, Variant<'_>>, Vec<String>) = body.deserialize().unwrap();
        assert_eq!(interface, "org.flashjig.Slot1");
        assert!(!values.is_empty());
        states.extend(values.get("State").map(|state| String::try_from(state.try_clone().unwrap()).unwrap()));
    }
    assert_eq!(states, ["busy", "idle"]);
    let deeds = bench.rig.handle.deeds(9).await.unwrap();
    let told: Vec<_> = deeds.iter().map(|deed| (deed.what.as_str(), deed.on.as_deref(), deed.done)).collect();
    assert_eq!(told, [("start", Some("A"), true), ("abort", Some("A"), false)]);
    let uid = format!("{}", rustix::process::geteuid().as_raw());
    assert!(deeds.iter().all(|deed| deed.who.contains(&uid)), "{deeds:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_answers_what_the_committed_description_says() {
    let Some(bench) = Bench::new(Control::Us).await else { return };
    let committed = include_str!("../../systemd/dbus/org.flashjig.Station1.xml");
    let interfaces = |xml: &str| -> Vec<String> {
        let parts = xml.split("<interface ").skip(1).map(|part| part.split("</interface>").next().unwrap());
        let squeeze = |part: &str| part.split_whitespace().collect::<Vec<_>>().join(" ");
        parts.filter(|part| part.starts_with("name=\"org.flashjig.")).map(squeeze).collect()
    };
    // the station's own answer has its slots in it
    let mut found = BTreeSet::new();
    for path in [dbus::PATH, SLOT] {
        let proxy = Proxy::new(&bench.client, dbus::NAME, path, "org.freedesktop.DBus.Introspectable").await.unwrap();
        let xml: String = proxy.call("Introspect", &()).await.unwrap();
        found.extend(interfaces(&xml));
    }
    assert_eq!(found.len(), 2);
    assert_eq!(found, interfaces(committed).into_iter().collect());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_of_the_group_may_look_and_not_control() {
    let Some(bench) = Bench::new(Control::Others).await else { return };
    assert_eq!(bench.text("State").await, "idle");
    let slot = bench.slot().await;
    for method in ["Start", "Abort"] {
        let refused = slot.call_method(method, &()).await.unwrap_err();
        assert_eq!(error_name(&refused), "org.freedesktop.DBus.Error.AccessDenied", "{method}");
    }
    let snapshot = bench.rig.handle.snapshot();
    let slot = snapshot.slot("A").unwrap();
    assert!(slot.started.is_none() && slot.last.is_none(), "nothing reached the slot");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_waits_for_the_unit_in_flight_and_records_know_that_the_clock_is_right() {
    let Some(bench) = Bench::new(Control::Us).await else { return };
    let (Some(_logind), Some(_timedated)) = (bench.bus.mock("logind"), bench.bus.mock("timedated")) else { return };
    bus::wait_for_name(&bench.client, "org.freedesktop.login1").await;
    bus::wait_for_name(&bench.client, "org.freedesktop.timedate1").await;
    let login = Proxy::new(
        &bench.client,
        "org.freedesktop.login1",
        "/org/freedesktop/login1",
        "org.freedesktop.login1.Manager",
    )
    .await
    .unwrap();
    let held = async || -> Vec<Inhibitor> { login.call("ListInhibitors", &()).await.unwrap() };
    let clock = bench.rig.handle.clock().clone();
    clock.tell(Some(false));
    let address = dbus::Bus::Address(bench.bus.address.clone());
    tokio::spawn(host::run(bench.rig.handle.clone(), address, bench.stop.clone()));
    timeout(LONG, async {
        while !clock.get() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("timedated says that the clock is synchronised");
    assert!(held().await.is_empty(), "nothing is in flight");

    let mut state = bench.rig.handle.watch();
    let work = bench.rig.convert(0, BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 6)));
    let seen = async {
        // held while the unit runs, which takes longer than the question
        state.wait_for(|state| state.slots[0].stage.is_some()).await.unwrap();
        loop {
            if let Some(inhibitor) = held().await.pop() {
                return inhibitor;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let (out, seen) = timeout(LONG, async { tokio::join!(work, seen) }).await.unwrap();
    assert_eq!((seen.0.as_str(), seen.1.as_str(), seen.3.as_str()), ("shutdown:sleep", "flashjig", "block"));
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert!(out.unit.clock_synced);
    timeout(LONG, async {
        while !held().await.is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the inhibitor is released after the unit");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_bus_the_station_works_on() {
    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let rig = Rig::new(1, &[(&name, &file)]);
    let nowhere = dbus::Bus::Address("unix:path=/nonexistent/bus".into());
    let stop = CancellationToken::new();
    let faces = [
        tokio::spawn(dbus::run(rig.handle.clone(), nowhere.clone(), stop.clone())),
        tokio::spawn(host::run(rig.handle.clone(), nowhere, stop.clone())),
    ];
    let out = rig.convert(0, BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 7))).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    stop.cancel();
    for face in faces {
        timeout(LONG, face).await.expect("it ends when it is told to").unwrap();
    }
    rig.station.stop().await;
}
