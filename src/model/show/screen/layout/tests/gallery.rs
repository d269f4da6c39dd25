//! Every kind of screen.

use super::*;

pub(super) const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

pub(super) fn station(slots: &[&str]) -> Snapshot {
    let station = Station {
        name: "bench-1".into(),
        version: "0.1.0".into(),
        started: at(0),
        page: Some("http://192.168.100.200:8080/".into()),
    };
    Snapshot::new(station, slots.iter().map(|s| (*s).to_owned()))
}

pub(super) fn tell(snapshot: &mut Snapshot, slot: &str, events: impl IntoIterator<Item = Event>) {
    for event in events {
        let seq = snapshot.seq + 1;
        snapshot.apply(&Stamped { seq, time: at(seq as i64), slot: slot.into(), event });
    }
}

pub(super) fn board() -> Board {
    let (module, mac) = (Some("WB2S".into()), Some(Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F])));
    Board { module, mac, ..Board::new(Chip::Bk7231T, Key::Standard, 0x20_0000) }
}

pub(super) fn started() -> Event {
    Event::Started { recipe: "default".into() }
}

pub(super) fn reading(done: u64) -> Vec<Event> {
    let stage = Stage::Backup;
    let progress = Event::Progress { stage, done, total: 0x20_0000 };
    vec![started(), Event::Found { board: board() }, Event::Entered { stage }, progress]
}

pub(super) fn ended(verdict: Verdict, fault: Option<Fault>, ms: u64) -> Vec<Event> {
    vec![started(), Event::Found { board: board() }, Event::Finished { seq: Some(1247), verdict, fault, ms }]
}

pub(super) fn faulted(code: FaultCode) -> Vec<Event> {
    ended(code.verdict(), Some(Fault::new(code, Stage::Identify, "expected a, got b at 0x11000")), 12_300)
}

pub(super) fn passed_in_doubt(codes: &[Code]) -> Vec<Event> {
    let doubts = codes.iter().map(|code| Doubt::new(*code, "in words", Vec::new())).collect();
    let mut events = ended(Verdict::Pass, None, 23_400);
    events.insert(2, Event::Doubted { doubts });
    events
}

pub(super) fn blocked() -> Vec<Event> {
    vec![Event::Blocked {
        message: "The port /dev/ttyAMA0 is gone: check the cable, then restart flashjig".into(),
        fault: None,
    }]
}

/// Units that failed with this code until the line stopped, or a part of the jig that is dead.
pub(super) fn stopped(code: FaultCode, dead: bool) -> Vec<Event> {
    let fault = Fault::new(code, Stage::Settle, "expected a, got b");
    let message = format!("{code} 3 times in a row: find the cause, then hold the button or acknowledge on the page.");
    let why = Event::Blocked { message, fault: dead.then_some(fault) };
    if dead { vec![why] } else { [faulted(code), vec![why]].concat() }
}

pub(super) fn retried(times: usize) -> Vec<Event> {
    vec![Event::Retried { stage: Stage::Backup, message: "no reply".into() }; times]
}

pub(super) fn prompted() -> Vec<Event> {
    let message = "reset the board: touch CEN to GND for a moment, or switch its 3.3 V off and on".into();
    vec![started(), Event::Entered { stage: Stage::Attach }, Event::Prompt { message }]
}

pub(super) fn noticed() -> Vec<Event> {
    let message = "free the button: it is held down or short-circuited, so it starts nothing".into();
    vec![Event::Noticed { message }]
}

pub(super) fn offer() -> Offer {
    let (chip, version) = (Chip::Bk7231T, Some("1.18.300_tuyaMCU".into()));
    Offer { name: "OpenBK7231T_UA_1.18.300.bin".into(), chip, version, sha256: Digest::of(b"firmware") }
}

/// The station without what units are made from.
pub(super) fn lacking(mut snapshot: Snapshot, kind: LackKind) -> Snapshot {
    snapshot.readiness.lack = Some(Lack { kind, message: "x".into() });
    snapshot
}

pub(super) fn writing() -> Vec<Event> {
    let chosen = Event::Chosen { name: "a.bin".into(), version: None, sha256: Some(Digest::of(b"firmware")) };
    let progress = Event::Progress { stage: Stage::Write, done: 0x8_0000, total: 0xF_0000 };
    vec![started(), Event::Found { board: board() }, chosen, Event::Entered { stage: Stage::Write }, progress]
}

/// Every kind of screen, by the name of its golden.
pub(super) fn gallery() -> Vec<(String, Snapshot)> {
    let alone = |events: Vec<Event>| {
        let mut snapshot = station(&["A"]);
        tell(&mut snapshot, "A", events);
        snapshot
    };
    let mut all = vec![
        ("idle", alone(vec![])),
        ("idle-seated", alone(vec![Event::Seated])),
        ("idle-notice", alone(noticed())),
        ("idle-offer", alone(vec![Event::Noticed { message: offer().question() }])),
        ("not-ready", lacking(alone(vec![]), LackKind::Firmware)),
        ("not-ready-approval", lacking(alone(vec![]), LackKind::Approval)),
        ("busy-write", alone(writing())),
        ("busy-start", alone(vec![started(), Event::Entered { stage: Stage::Settle }])),
        ("busy-identify", alone(vec![started(), Event::Entered { stage: Stage::Identify }])),
        ("busy-backup", alone(reading(0x0C_C000))),
        ("busy-retries", alone([reading(0x18_0000), retried(3)].concat())),
        ("busy-stopping", alone([reading(0x10_0000), vec![Event::Stopping]].concat())),
        ("busy-prompt", alone(prompted())),
        ("pass", alone(ended(Verdict::Pass, None, 23_400))),
        ("pass-in-doubt", alone(passed_in_doubt(&[Code::Strip]))),
        ("pass-in-doubts", alone(passed_in_doubt(&[Code::DriversUnknown, Code::Motor]))),
        ("fail", alone(faulted(FaultCode::NoAnswer))),
        ("error", alone(faulted(FaultCode::NotRecorded))),
        ("timeout", alone(faulted(FaultCode::TooLong))),
        ("aborted", alone(faulted(FaultCode::Stopped))),
        ("blocked", alone(blocked())),
        ("blocked-in-a-row", alone(stopped(FaultCode::NoPort, false))),
        ("blocked-dead", alone(stopped(FaultCode::NoLines, true))),
        ("no-slot", station(&[])),
    ];
    let counted = |events: Vec<Event>, done: u64| {
        let mut snapshot = alone(events);
        let count = Count { name: "kitchen box 12".into(), size: Some(40), done, failed: 2, at_end: AtEnd::Ask };
        tell(&mut snapshot, "", [Event::Counted { count: Some(count) }]);
        snapshot
    };
    let full = vec![Event::Noticed { message: batch::ASK.into() }];
    all.extend([
        ("box-idle", counted(vec![], 37)),
        ("box-pass", counted(ended(Verdict::Pass, None, 23_400), 38)),
        ("box-full", counted(full, 40)),
    ]);
    all.extend(crowd());
    all.into_iter().map(|(name, snapshot)| (name.to_owned(), snapshot)).collect()
}

/// Those of several slots.
fn crowd() -> Vec<(&'static str, Snapshot)> {
    let scenes: [Vec<Event>; 9] = [
        reading(0x0C_C000),
        ended(Verdict::Pass, None, 23_400),
        faulted(FaultCode::NoAnswer),
        vec![],
        [reading(0x1F_0000), vec![Event::Stopping]].concat(),
        faulted(FaultCode::NotRecorded),
        blocked(),
        faulted(FaultCode::TooLong),
        faulted(FaultCode::Stopped),
    ];
    let many = |slots: &[&str], from: usize| {
        let mut snapshot = station(slots);
        for (slot, events) in slots.iter().zip(scenes.iter().cycle().skip(from)) {
            tell(&mut snapshot, slot, events.clone());
        }
        snapshot
    };
    let asking = |slots: &[&str]| {
        let mut snapshot = many(slots, 0);
        tell(&mut snapshot, slots[0], prompted());
        snapshot
    };
    let doubting = |slots: &[&str]| {
        let mut snapshot = many(slots, 1);
        tell(&mut snapshot, slots[0], passed_in_doubt(&[Code::EnablePin]));
        snapshot
    };
    let stopping = |slots: &[&str]| {
        let mut snapshot = many(slots, 0);
        tell(&mut snapshot, slots[0], stopped(FaultCode::NoAnswer, false));
        tell(&mut snapshot, slots[1], stopped(FaultCode::NoLines, true));
        snapshot
    };
    vec![
        ("two-blocked", stopping(&["left", "right"])),
        ("four-blocked", stopping(&["front", "B", "C", "D"])),
        ("six-blocked", stopping(&NAMES[..6])),
        ("two-prompt", asking(&NAMES[..2])),
        ("two-prompt-long-names", asking(&["left", "right"])),
        ("four-prompt", asking(&NAMES[..4])),
        ("eight-prompt", asking(&["1", "2", "3", "4", "5", "6", "7", "8"])),
        ("two-not-ready", lacking(station(&NAMES[..2]), LackKind::Firmware)),
        ("four-not-ready", lacking(many(&NAMES[..4], 1), LackKind::Recipe)),
        ("two-busy-pass", many(&NAMES[..2], 0)),
        ("two-fail-idle", many(&NAMES[..2], 2)),
        ("two-in-doubt", doubting(&NAMES[..2])),
        ("four-in-doubt", doubting(&NAMES[..4])),
        ("six-in-doubt", doubting(&NAMES[..6])),
        ("two-stopping-error", many(&NAMES[..2], 4)),
        ("two-blocked-timeout", many(&["left", "right"], 6)),
        ("three", many(&NAMES[..3], 0)),
        ("four-a", many(&NAMES[..4], 0)),
        ("four-b", many(&["N1", "N2", "N3", "N4"], 4)),
        ("six", many(&NAMES[..6], 0)),
        ("eight", many(&["1", "2", "3", "4", "5", "6", "7", "8"], 0)),
        ("nine", many(&["1", "2", "3", "4", "5", "6", "7", "8", "9"], 1)),
    ]
}

/// Screens of the station itself, by the name of their golden.
pub(super) fn notices(size: Size) -> Vec<(String, Screen)> {
    [
        ("station-starting", starting("bench-1", "0.1.0", size)),
        ("station-ending", ending(size)),
        ("station-fault", station_fault(FaultCode::NotRecorded, size)),
    ]
    .map(|(name, screen)| (name.to_owned(), screen))
    .into()
}
