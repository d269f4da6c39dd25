//! The station on a real broker: mosquitto, started here on a loopback port. Skipped, saying so, where it is not installed.

mod broker;
mod demo;

use crate::common::Rig;
use broker::{Listener, Mosquitto, Relay, at, plan, private};
use flashjig::broker::{Broker, probe};
use flashjig::clock;
use flashjig::face::mqtt::{self, Plan, Retry, Topics};
use flashjig::flow;
use flashjig::model::chip::board::Board;
use flashjig::model::chip::mac::Mac;
use flashjig::model::chip::{Chip, Key};
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::event::Event;
use flashjig::model::unit::snapshot::SlotState;
use flashjig::model::unit::{Config, Unit, UnitQuery};
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::{Library, Station, StationHandle};
use flashjig::store::Ledger;
use flashjig::wiring;
use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A station without slots: a ledger, and what is told of it.
struct Desk {
    station: Station,
    handle: StationHandle,
    ledger: Ledger,
    _dir: TempDir,
}

impl Desk {
    async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    /// With these records: the station reads them at its start, and later ones when their units end.
    async fn with(units: Vec<Unit>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, archive) = wiring::stores(dir.path()).unwrap();
        for unit in units {
            ledger.commit(unit).await.unwrap();
        }
        let library = Library::open(dir.path(), &dir.path().join("firmware"), "default");
        let facts = wiring::facts("bench 1", None);
        let station = wiring::start(facts, library, ledger.clone(), archive, Vec::new());
        let handle = station.handle();
        Self { station, handle, ledger, _dir: dir }
    }
}

/// The station's talk with the broker, until it is dropped.
struct Talk {
    stop: CancellationToken,
    task: AbortOnDropHandle<()>,
}

impl Talk {
    fn begin(handle: &StationHandle, broker: Broker) -> Self {
        let stop = CancellationToken::new();
        let retry = Retry { first: Duration::from_millis(10), longest: Duration::from_millis(100) };
        let home_assistant = Some("homeassistant".into());
        let plan = Plan { broker, topic: "flashjig".into(), home_assistant, commands: true, retry };
        let task = tokio::spawn(mqtt::run(handle.clone(), plan, stop.clone()));
        Self { stop, task: AbortOnDropHandle::new(task) }
    }

    async fn end(self) {
        self.stop.cancel();
        timeout(broker::LONG, self.task).await.expect("the talk ends").unwrap();
    }
}

/// A plug that passed and was given this topic.
fn unit(mac: u16, topic: Option<&str>) -> Unit {
    let now = clock::now();
    let [high, low] = mac.to_be_bytes();
    let mut unit = Unit::begun("bench 1".into(), "A".into(), now);
    (unit.verdict, unit.finished) = (Verdict::Pass, now);
    unit.board = Some(Board {
        module: Some("WB2S".into()),
        mac: Some(Mac([0x18, 0xDE, 0x50, 0, high, low])),
        ..Board::new(Chip::Bk7231T, Key::Standard, 0x20_0000)
    });
    unit.config = Some(Config { topic: topic.map(str::to_owned), ..Config::default() });
    unit
}

/// The key of a record or of an arrival.
fn key(text: &str) -> (String, u64) {
    let json: serde_json::Value = serde_json::from_str(text).unwrap();
    (json["station"].as_str().unwrap().to_owned(), json["seq"].as_u64().unwrap())
}

/// Records in all, and outages among them: of the way, of the broker, of the station's own talk.
const RECORDS: u64 = 1000;
const OUTAGES: u64 = 50;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_records_go_through_fifty_outages_and_each_is_there_once_by_its_key() {
    let Some(mut mosquitto) = Mosquitto::start().await else { return };
    let relay = Relay::to(mosquitto.port).await;
    let desk = Desk::new().await;
    let topic = Topics::of("flashjig", "bench 1").unit();
    let mut listener = Listener::new(mosquitto.port, "database", &[&topic]).await;
    for n in 0..RECORDS / 2 {
        desk.ledger.commit(unit(n as u16, None)).await.unwrap();
    }
    let ledger = desk.ledger.clone();
    let more = tokio::spawn(async move {
        for n in RECORDS / 2..RECORDS {
            ledger.commit(unit(n as u16, None)).await.unwrap();
        }
    });
    let mut talk = Talk::begin(&desk.handle, at(relay.port));
    let mut records = BTreeMap::new();
    let (mut outages, mut doubled) = (0, 0);
    while records.len() < RECORDS as usize {
        let message = listener.next().await;
        let (_, seq) = key(&message.text);
        if let Some(before) = records.insert(seq, message.text.clone()) {
            assert_eq!(before, message.text, "another content under the key of unit {seq}");
            doubled += 1;
        }
        if outages < OUTAGES && records.len() as u64 >= (outages + 1) * RECORDS / (OUTAGES + 1) {
            match outages % 5 {
                0 => {
                    mosquitto.stop();
                    mosquitto.go().await;
                }
                1 => {
                    talk.end().await;
                    talk = Talk::begin(&desk.handle, at(relay.port));
                }
                _ => relay.cut(),
            }
            outages += 1;
        }
    }
    more.await.unwrap();
    assert_eq!(outages, OUTAGES);
    assert!(records.keys().copied().eq(1..=RECORDS), "each once");
    // what came twice is what was not acknowledged when it broke: no more than a window each time
    assert!(doubled <= OUTAGES * 64, "{doubled} came twice");
    let noted = async {
        while desk.ledger.unsent().await.unwrap() > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(broker::LONG, noted).await.expect("the ledger knows what the broker has");
    let figures = desk.handle.services().broker().now().unwrap();
    assert!(figures.connected && figures.published >= RECORDS, "{figures:?}");
    talk.end().await;
    // a ledger that knows all of it tells nothing again
    let mut late = Listener::new(mosquitto.port, "late", &[&topic]).await;
    assert_eq!(key(&late.next().await.text).1, RECORDS, "what the broker keeps");
    let talk = Talk::begin(&desk.handle, at(relay.port));
    desk.ledger.commit(unit(0, None)).await.unwrap();
    assert_eq!(key(&late.next().await.text).1, RECORDS + 1);
    talk.end().await;
    desk.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_that_is_gone_is_offline_and_one_that_is_back_is_online() {
    let Some(mosquitto) = Mosquitto::start().await else { return };
    let relay = Relay::to(mosquitto.port).await;
    let desk = Desk::new().await;
    let availability = Topics::of("flashjig", "bench 1").availability();
    let discovery = "homeassistant/device/flashjig_bench_201/config";
    let mut listener = Listener::new(mosquitto.port, "home", &[&availability, discovery]).await;
    let talk = Talk::begin(&desk.handle, at(relay.port));
    listener.until(&availability, |message| message.text == "online").await;
    let found = listener.until(discovery, |_| true).await;
    let found: serde_json::Value = serde_json::from_str(&found.text).unwrap();
    assert_eq!(found["availability_topic"], availability);
    relay.cut();
    listener.until(&availability, |message| message.text == "offline").await;
    listener.until(&availability, |message| message.text == "online").await;
    talk.end().await;
    listener.until(&availability, |message| message.text == "offline").await;
    // the broker keeps it for those who come later
    let mut late = Listener::new(mosquitto.port, "late", &[&availability, discovery]).await;
    assert!(late.until(&availability, |message| message.text == "offline").await.retained);
    late.until(discovery, |message| message.retained).await;
    desk.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn plugs_that_say_hello_are_noted_in_their_records_and_strangers_are_nobodys_business() {
    let Some(mosquitto) = Mosquitto::start().await else { return };
    let mut units = Vec::new();
    for (mac, topic) in [(1, "kitchen-1"), (2, "home/kitchen-2"), (3, "kitchen-3")] {
        let mut unit = unit(mac, Some(topic));
        unit.firmware = Some(flashjig::model::unit::Firmware {
            name: "OpenBK7231T_UA_1.18.300.bin".into(),
            version: Some("1.18.300".into()),
            sha256: flashjig::model::chip::digest::Digest::of(b""),
            chip: Chip::Bk7231T,
        });
        units.push(unit);
    }
    let desk = Desk::with(units).await;
    let topics = Topics::of("flashjig", "bench 1");
    let mut listener = Listener::new(mosquitto.port, "database", &[&topics.arrival(), &topics.unit()]).await;
    let mut events = desk.handle.events();
    let since = desk.handle.services().sightings().now();
    let talk = Talk::begin(&desk.handle, at(mosquitto.port));
    // the station listens by the time that it hears a stranger
    let sightings = desk.handle.services().sightings().clone();
    let heard = async {
        while sightings.look(None, Some("stranger"), since).is_none() {
            listener.say("stranger/host", "stranger").await;
            listener.say("a/b/rssi", "-40").await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(broker::LONG, heard).await.expect("what plugs say is heard");
    assert_eq!(sightings.broker(), flow::Broker::There);
    let waiting = tokio::spawn({
        let sightings = sightings.clone();
        async move { sightings.seen(Mac::parse("18:DE:50:00:00:02"), None, since).await.unwrap() }
    });
    for (name, mac, version) in
        [("stranger", 9, "1.18.300"), ("kitchen-1", 1, "1.18.300"), ("obk00000002", 2, "1.17.469")]
    {
        for (word, text) in [
            ("connected", "online".to_owned()),
            ("host", name.to_owned()),
            ("build", format!("OpenBK7231T {version} Aug  2 2026 19:37:59")),
            ("mac", format!("18:DE:50:00:00:{mac:02X}")),
            ("rssi", "-61".to_owned()),
            ("uptime", "9".to_owned()),
            ("ip", format!("192.0.2.10{mac}")),
        ] {
            listener.say(&format!("{name}/{word}"), &text).await;
        }
    }
    assert_eq!(timeout(broker::LONG, waiting).await.unwrap().unwrap().name, "obk00000002");
    let mut arrivals = BTreeMap::new();
    while arrivals.len() < 2 {
        let stamped = timeout(broker::LONG, events.recv()).await.expect("an arrival is told").unwrap();
        if let Event::Arrived { seq, arrival } = &stamped.event {
            arrivals.insert(*seq, arrival.clone());
        }
    }
    assert!(arrivals[&1].as_written && arrivals[&1].address.as_deref() == Some("192.0.2.101"));
    assert!(!arrivals[&2].as_written);
    assert_eq!(
        arrivals[&2].remarks,
        ["it says hello as obk00000002; home/kitchen-2 was written", "it runs version 1.17.469; 1.18.300 was written"]
    );
    for seq in [1, 2] {
        let message = listener.until(&topics.arrival(), |message| key(&message.text).1 == seq).await;
        assert_eq!(key(&message.text).0, "bench 1");
        let unit = desk.ledger.get(seq).await.unwrap().unwrap();
        assert_eq!((unit.verdict, unit.arrival.as_ref()), (Verdict::Pass, Some(&arrivals[&seq])));
    }
    let units = desk.ledger.query(UnitQuery::default()).await.unwrap();
    assert_eq!(units.len(), 3, "a stranger is no unit");
    let count = desk.handle.services().roll().count(None);
    assert_eq!(count.line().as_deref(), Some("2 of 3 arrived; not yet: kitchen-3"));
    let missing = UnitQuery { arrived: Some(false), ..UnitQuery::default() };
    let missing = desk.ledger.query(missing).await.unwrap();
    assert_eq!(missing.iter().map(|unit| unit.seq).collect::<Vec<_>>(), [3]);
    talk.end().await;
    desk.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_starts_a_unit_and_is_noted_and_one_that_the_broker_kept_is_not_obeyed() {
    let Some(mosquitto) = Mosquitto::start().await else { return };
    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let rig = Rig::new(1, &[(&name, &file)]);
    let topics = Topics::of("flashjig", "test");
    let listener = Listener::new(mosquitto.port, "home", &[&topics.state()]).await;
    let kept = rumqttc::PublishOptions::new(rumqttc::QoS::AtLeastOnce).retained();
    listener.client.publish(topics.order("A"), b"start".to_vec(), kept).await.unwrap();
    listener.say("flushed", "x").await;
    let talk = Talk::begin(&rig.handle, at(mosquitto.port));
    let mut listener = Listener::new(mosquitto.port, "home 2", &[&topics.slot("A")]).await;
    listener.until(&topics.slot("A"), |message| message.text.contains("\"state\":\"idle\"")).await;
    assert_eq!(rig.handle.snapshot().slots[0].state, SlotState::Idle, "the one that was kept is from another time");
    rig.hands[0].insert(BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 1)));
    // it is listened to by now or a little later
    let begun = async {
        while rig.handle.snapshot().slots[0].started.is_none() && rig.handle.snapshot().slots[0].last.is_none() {
            listener.say(&topics.order("A"), "start").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(broker::LONG, begun).await.expect("the unit begins");
    let done = |message: &broker::Message| message.text.contains("\"verdict\":\"pass\"");
    listener.until(&topics.slot("A"), done).await;
    let deeds = rig.handle.deeds(10).await.unwrap();
    let deed = deeds.iter().find(|deed| deed.what == "start" && deed.done).expect("the order is noted");
    assert_eq!((deed.who.as_str(), deed.on.as_deref()), ("mqtt", Some("A")));
    talk.end().await;
    rig.station.stop().await;
}

/// Why a broker is not reached.
async fn why(broker: Broker) -> flashjig::broker::Why {
    tokio::task::spawn_blocking(move || probe(&broker, "probe")).await.unwrap().unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_broker_that_is_not_there_are_told_with_what_to_do() {
    let made = |folder: &std::path::Path| {
        let mut made = Command::new("mosquitto_passwd");
        made.arg("-b").arg("-c").arg(folder.join("users")).args(["bench", "right"]);
        assert!(made.stderr(Stdio::null()).status().unwrap().success());
    };
    let Some(mosquitto) = Mosquitto::with("allow_anonymous false\npassword_file DIR/users", made).await else { return };
    let secret = mosquitto.folder().join("mqtt.secret");
    let with = |text: &str| {
        private(&secret, text);
        let lines =
            format!("url = \"mqtt://127.0.0.1:{}\"\nuser = \"bench\"\npassword_file = {secret:?}", mosquitto.port);
        Broker::open(&plan(&lines)).unwrap()
    };
    let right = with("right\n");
    tokio::task::spawn_blocking(move || probe(&right, "probe")).await.unwrap().unwrap();
    let wrong = why(with("hunter2")).await.to_string();
    assert!(wrong.contains("does not take user \"bench\"") && wrong.contains("mosquitto_passwd"), "{wrong}");
    assert!(!wrong.contains("hunter2") && !format!("{:?}", with("hunter2")).contains("hunter2"));
    let nobody = why(at(mosquitto.port)).await.to_string();
    assert!(nobody.contains("wants a user and a password"), "{nobody}");
    let gone = why(at(1)).await.to_string();
    assert!(gone.contains("nobody listens there"), "{gone}");
    let unknown = Broker::open(&plan("url = \"mqtt://no-such-broker.invalid\"")).unwrap();
    let unknown = why(unknown).await.to_string();
    assert!(unknown.contains("no computer of this name"), "{unknown}");
}

/// An authority and a broker's certificate by it, made by openssl; `None`, saying why, where it is not there.
fn certificates(folder: &std::path::Path, authority: &str) -> Option<()> {
    let openssl = |args: &[&str]| {
        Command::new("openssl").args(args).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status()
    };
    let (key, ca) = (format!("{authority}.key"), format!("{authority}.pem"));
    let subject = format!("/CN={authority}");
    let made = openssl(&[
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", &subject, "-keyout", &key, "-out", &ca,
    ]);
    if made.is_err() {
        flashjig::testdata::skipped("openssl is not installed");
        return None;
    }
    std::fs::write(folder.join("names"), "subjectAltName=IP:127.0.0.1\n").unwrap();
    let request =
        ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=broker", "-keyout", "own.key", "-out", "own.csr"];
    let sign = [
        "x509",
        "-req",
        "-in",
        "own.csr",
        "-CA",
        &ca,
        "-CAkey",
        &key,
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "own.pem",
    ];
    assert!(openssl(&request).unwrap().success() && openssl(&sign).unwrap().success());
    Some(())
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_the_own_authority_is_known_and_another_one_is_not() {
    let lines = "allow_anonymous true\ncertfile DIR/own.pem\nkeyfile DIR/own.key\ncafile DIR/ours.pem";
    let folder = tempfile::tempdir().unwrap();
    if certificates(folder.path(), "theirs").is_none() || certificates(folder.path(), "ours").is_none() {
        return;
    }
    let copied = |to: &std::path::Path| {
        for name in ["ours.pem", "own.pem", "own.key"] {
            std::fs::copy(folder.path().join(name), to.join(name)).unwrap();
        }
    };
    let Some(mosquitto) = Mosquitto::with(lines, copied).await else { return };
    let with = |host: &str, ca: Option<&str>| {
        let ca = ca.map(|ca| format!("ca_file = {:?}", folder.path().join(ca))).unwrap_or_default();
        Broker::open(&plan(&format!("url = \"mqtts://{host}:{}\"\n{ca}", mosquitto.port))).unwrap()
    };
    let ours = with("127.0.0.1", Some("ours.pem"));
    let desk = Desk::new().await;
    let availability = Topics::of("flashjig", "bench 1").availability();
    let talk = Talk::begin(&desk.handle, ours.clone());
    let sightings = desk.handle.services().sightings().clone();
    let up = async {
        while sightings.broker() != flow::Broker::There {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(broker::LONG, up).await.unwrap_or_else(|_| panic!("{availability}: {:?}", sightings.broker()));
    talk.end().await;
    desk.station.stop().await;
    for (broker, words) in [
        (with("127.0.0.1", Some("theirs.pem")), "nobody in the certificates of ca_file vouches for it"),
        (with("localhost", Some("ours.pem")), "its certificate is for another name"),
        (with("127.0.0.1", None), "nobody whom this machine trusts"),
        (at(mosquitto.port), "closed the connection"),
    ] {
        let why = why(broker).await.to_string();
        assert!(why.contains(words), "{words}: {why}");
    }
    private(&folder.path().join("empty.pem"), "no certificate");
    let empty = why(with("127.0.0.1", Some("empty.pem"))).await.to_string();
    assert!(empty.contains("ca_file holds no certificate"), "{empty}");
    let Some(plain) = Mosquitto::start().await else { return };
    let ca = folder.path().join("ours.pem");
    let plain = plan(&format!("url = \"mqtts://127.0.0.1:{}\"\nca_file = {ca:?}", plain.port));
    let plain = why(Broker::open(&plain).unwrap()).await.to_string();
    assert!(plain.contains("does not speak TLS") || plain.contains("closed the connection"), "{plain}");
}
