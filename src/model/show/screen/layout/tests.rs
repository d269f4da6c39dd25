//! Screens as pictures: `tests/golden/screens/NAME.txt`, and a folder for each other size, written anew with
//! `UPDATE_GOLDENS=1`.

use super::parts::{LEFT, area, verdict};
use super::*;
use crate::model::chip::board::Board;
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Key};
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::Doubt;
use crate::model::openbeken::doubt::Code;
use crate::model::show::screen::{Face, Item, LOW, SQUARE, Shape, USUAL, draw, paint};
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::snapshot::Station;
use embedded_graphics::geometry::Point;
use embedded_graphics::mock_display::MockDisplay;
use embedded_graphics::pixelcolor::BinaryColor;

const NAMES: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn station(slots: &[&str]) -> Snapshot {
    let station = Station {
        name: "bench-1".into(),
        version: "0.1.0".into(),
        started: at(0),
        page: Some("http://192.168.100.200:8080/".into()),
    };
    Snapshot::new(station, slots.iter().map(|s| (*s).to_owned()))
}

fn tell(snapshot: &mut Snapshot, slot: &str, events: impl IntoIterator<Item = Event>) {
    for event in events {
        let seq = snapshot.seq + 1;
        snapshot.apply(&Stamped { seq, time: at(seq as i64), slot: slot.into(), event });
    }
}

fn board() -> Board {
    Board {
        chip: Chip::Bk7231T,
        module: Some("WB2S".into()),
        mac: Some(Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F])),
        flash_id: None,
        flash_size: 0x20_0000,
        bootloader: None,
        key: Key::Standard,
        evidence: Vec::new(),
        calibration: None,
    }
}

fn started() -> Event {
    Event::Started { recipe: "default".into() }
}

fn reading(done: u64) -> Vec<Event> {
    let stage = Stage::Backup;
    let progress = Event::Progress { stage, done, total: 0x20_0000 };
    vec![started(), Event::Found { board: board() }, Event::Entered { stage }, progress]
}

fn ended(verdict: Verdict, fault: Option<Fault>, ms: u64) -> Vec<Event> {
    vec![started(), Event::Found { board: board() }, Event::Finished { seq: Some(1247), verdict, fault, ms }]
}

fn faulted(code: FaultCode) -> Vec<Event> {
    ended(code.verdict(), Some(Fault::new(code, Stage::Identify, "expected a, got b at 0x11000")), 12_300)
}

fn passed_in_doubt(codes: &[Code]) -> Vec<Event> {
    let doubts = codes.iter().map(|code| Doubt::new(*code, "in words", Vec::new())).collect();
    let mut events = ended(Verdict::Pass, None, 23_400);
    events.insert(2, Event::Doubted { doubts });
    events
}

fn blocked() -> Vec<Event> {
    vec![Event::Blocked {
        message: "The port /dev/ttyAMA0 is gone: check the cable, then restart flashjig".into(),
        fault: None,
    }]
}

fn retried(times: usize) -> Vec<Event> {
    vec![Event::Retried { stage: Stage::Backup, message: "no reply".into() }; times]
}

fn prompted() -> Vec<Event> {
    let message = "reset the board: touch CEN to GND for a moment, or switch its 3.3 V off and on".into();
    vec![started(), Event::Entered { stage: Stage::Attach }, Event::Prompt { message }]
}

fn noticed() -> Vec<Event> {
    let message = "free the button: it is held down or short-circuited, so it starts nothing".into();
    vec![Event::Noticed { message }]
}

/// Every kind of screen, by the name of its golden.
fn gallery() -> Vec<(String, Snapshot)> {
    let alone = |events: Vec<Event>| {
        let mut snapshot = station(&["A"]);
        tell(&mut snapshot, "A", events);
        snapshot
    };
    let mut all = vec![
        ("idle", alone(vec![])),
        ("idle-seated", alone(vec![Event::Seated])),
        ("idle-notice", alone(noticed())),
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
        ("no-slot", station(&[])),
    ];
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
    all.extend([
        ("two-prompt", asking(&NAMES[..2])),
        ("two-prompt-long-names", asking(&["left", "right"])),
        ("four-prompt", asking(&NAMES[..4])),
        ("eight-prompt", asking(&["1", "2", "3", "4", "5", "6", "7", "8"])),
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
    ]);
    all.into_iter().map(|(name, snapshot)| (name.to_owned(), snapshot)).collect()
}

/// Screens of the station itself, by the name of their golden.
fn notices(size: Size) -> Vec<(String, Screen)> {
    [
        ("station-starting", starting("bench-1", "0.1.0", size)),
        ("station-ending", ending(size)),
        ("station-fault", station_fault(FaultCode::NotRecorded, size)),
    ]
    .map(|(name, screen)| (name.to_owned(), screen))
    .into()
}

/// All of both, on a panel of this size.
fn screens(size: Size) -> Vec<(String, Screen)> {
    let states = gallery().into_iter().map(|(name, snapshot)| (name, layout(&snapshot, size, at(67))));
    states.chain(notices(size)).collect()
}

/// The sizes that panels have, each with its folder of goldens.
const SIZES: [(&str, Size); 3] = [("screens", USUAL), ("screens-low", LOW), ("screens-square", SQUARE)];

/// Nothing touches the border, nothing overlaps, nothing is drawn outside of its place.
fn assert_neat(name: &str, screen: &Screen) {
    let Size { width, height } = screen.size;
    let inside = area(LEFT, 1, width as i32 - 2, height as i32 - 2);
    for (i, item) in screen.items.iter().enumerate() {
        let bounds = item.bounds();
        assert!(!bounds.is_zero_sized(), "{name}: {item:?}");
        assert_eq!(bounds.intersection(&inside), bounds, "{name}: {item:?} reaches the border");
        for other in screen.items.iter().skip(i + 1) {
            assert!(bounds.intersection(&other.bounds()).is_zero_sized(), "{name}: {item:?} overlaps {other:?}");
        }
    }
    let frame = paint(screen);
    for y in 0..height as i32 {
        for x in (0..width as i32).filter(|x| frame.is_lit(*x, y)) {
            let covered = screen.items.iter().any(|item| item.bounds().contains(Point::new(x, y)));
            assert!(covered, "{name}: the pixel {x},{y} lies outside of every item\n{}", frame.to_text());
        }
    }
}

/// Compares each picture with its file in a folder of goldens that holds nothing else.
fn compare(folder: &str, pictures: impl IntoIterator<Item = (String, String)>) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let mut known: Vec<String> = Vec::new();
    for (name, text) in pictures {
        let path = folder.join(format!("{name}.txt"));
        if update {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(golden == text, "{name} differs from {}; it is now\n{text}", path.display());
        known.push(format!("{name}.txt"));
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        assert!(known.contains(&file), "{file} is the golden of no screen");
    }
}

#[test]
fn every_screen_of_every_size_looks_like_its_golden() {
    for (folder, size) in SIZES {
        compare(folder, screens(size).into_iter().map(|(name, screen)| (name, paint(&screen).to_text())));
    }
}

#[test]
fn no_screen_touches_its_border_or_overlaps() {
    for (folder, size) in SIZES {
        for (name, screen) in screens(size) {
            assert_neat(&format!("{folder}/{name}"), &screen);
        }
    }
}

#[test]
fn a_wider_panel_is_used_and_a_size_that_is_none_harms_nobody() {
    for (_, snapshot) in gallery() {
        let wide = Size::new(256, 64);
        let screen = layout(&snapshot, wide, at(67));
        let inside = area(LEFT, 1, 254, 62);
        assert!(screen.items.iter().all(|item| item.bounds().intersection(&inside) == item.bounds()), "{screen:?}");
        assert!(screen.items.iter().any(|item| item.bounds().bottom_right().unwrap().x > 130), "{screen:?}");
        for size in [(64, 48), (96, 16), (64, 128), (8, 8), (0, 0), (1, 500), (500, 1)] {
            let size = Size::new(size.0, size.1);
            assert_eq!(paint(&layout(&snapshot, size, at(67))).pixels().count() as u32, size.width * size.height);
        }
    }
}

#[test]
fn a_verdict_is_at_least_24_pixels_high() {
    for (verdict, code) in [
        (Verdict::Pass, None),
        (Verdict::Fail, Some(FaultCode::NoAnswer)),
        (Verdict::Error, Some(FaultCode::NotRecorded)),
        (Verdict::Timeout, Some(FaultCode::TooLong)),
        (Verdict::Aborted, Some(FaultCode::Stopped)),
    ] {
        let mut snapshot = station(&["A"]);
        tell(&mut snapshot, "A", ended(verdict, code.map(|code| Fault::new(code, Stage::Attach, "x")), 1));
        let screen = layout(&snapshot, USUAL, at(67));
        // the symbol and the word are read together; the symbol alone tells the verdict
        let high =
            screen.items.iter().filter(|item| item.bounds().top_left.y < 30).map(|item| item.bounds().size.height);
        assert!(high.max().unwrap() >= 24, "{verdict}: {screen:?}");
    }
}

#[test]
fn every_fault_of_the_station_fits_its_screen() {
    for code in FaultCode::ALL {
        for (_, size) in SIZES {
            assert_neat(code.code(), &station_fault(*code, size));
        }
    }
}

#[test]
fn every_fault_is_shown_whole_with_one_slot() {
    for code in FaultCode::ALL {
        let mut snapshot = station(&["A"]);
        tell(&mut snapshot, "A", faulted(*code));
        let screen = layout(&snapshot, USUAL, at(67));
        assert_neat(code.code(), &screen);
        let shown: Vec<&str> = texts(&screen);
        assert!(code.hint().lines().all(|line| shown.contains(&line)), "{code}: {shown:?}");
        assert!(shown.iter().any(|text| text.starts_with(code.code())), "{code}: {shown:?}");
    }
}

#[test]
fn every_fault_in_every_stage_fits_with_up_to_nine_slots() {
    for code in FaultCode::ALL {
        for stage in Stage::ALL {
            for count in 1..=9 {
                let names: Vec<String> = (1..=count).map(|n| format!("slot-{n}")).collect();
                let mut snapshot = station(&names.iter().map(String::as_str).collect::<Vec<_>>());
                for name in &names {
                    tell(&mut snapshot, name, ended(code.verdict(), Some(Fault::new(*code, stage, "")), 5_999_000));
                }
                for (folder, size) in SIZES {
                    let inside = area(LEFT, 1, size.width as i32 - 2, size.height as i32 - 2);
                    for item in layout(&snapshot, size, at(0)).items {
                        let bounds = item.bounds();
                        assert_eq!(bounds.intersection(&inside), bounds, "{folder} {code} {stage} {count}: {item:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn every_stage_fits_from_its_first_byte_to_its_last() {
    for stage in Stage::ALL {
        for (done, total) in [(0, 0), (0, 0x100_0000), (0x100_0000, 0x100_0000)] {
            for slots in [&NAMES[..1], &NAMES[..2], &NAMES[..4], &NAMES[..8]] {
                let mut snapshot = station(slots);
                for slot in slots {
                    let progress = Event::Progress { stage, done, total };
                    tell(&mut snapshot, slot, [started(), Event::Entered { stage }, progress]);
                    tell(&mut snapshot, slot, retried(120));
                }
                for (folder, size) in SIZES {
                    assert_neat(&format!("{folder} {stage}"), &layout(&snapshot, size, at(99_999)));
                }
            }
        }
    }
}

#[test]
fn a_custom_hint_is_wrapped_rather_than_clipped() {
    let mut fault = Fault::new(FaultCode::NoImage, Stage::Plan, "none");
    fault.hint = "Put OpenBK7231N_UA_1.18.300.bin into the folder".into();
    let mut snapshot = station(&["A"]);
    tell(&mut snapshot, "A", ended(Verdict::Fail, Some(fault), 1));
    let screen = layout(&snapshot, USUAL, at(0));
    assert_neat("custom hint", &screen);
    assert!(texts(&screen).iter().any(|text| text.ends_with("..")), "{screen:?}");
}

#[test]
fn a_prompt_gives_way_to_the_next_stage_and_to_a_stop() {
    let todo = |events: &[Event]| {
        let mut snapshot = station(&["A"]);
        tell(&mut snapshot, "A", events.to_vec());
        texts(&layout(&snapshot, USUAL, at(0))).contains(&"RESET THE BOARD")
    };
    assert!(todo(&prompted()));
    assert!(!todo(&[prompted(), vec![Event::Entered { stage: Stage::Identify }]].concat()));
    assert!(!todo(&[prompted(), vec![Event::Stopping]].concat()));
}

#[test]
fn any_prompt_fits_with_any_number_of_slots() {
    for message in ["reset the board: touch", "x", "a long order that is no headline at all and goes on and on and on"]
    {
        for count in 1..=9 {
            let names: Vec<String> = (1..=count).map(|n| format!("slot-{n}")).collect();
            let mut snapshot = station(&names.iter().map(String::as_str).collect::<Vec<_>>());
            for name in &names {
                tell(&mut snapshot, name, [started(), Event::Prompt { message: message.into() }]);
            }
            for (_, size) in SIZES {
                assert_neat(message, &layout(&snapshot, size, at(99_999)));
            }
        }
    }
}

#[test]
fn verdicts_differ_by_shape() {
    let all = [Verdict::Pass, Verdict::Fail, Verdict::Error, Verdict::Timeout, Verdict::Aborted];
    let shapes: Vec<Shape> = all.iter().map(|v| verdict(*v).0).collect();
    for (i, shape) in shapes.iter().enumerate() {
        assert!(!shapes[i + 1..].contains(shape));
    }
}

#[test]
fn the_big_words_of_a_verdict_are_24_pixels_or_more() {
    assert!(Face::Big4.height() >= 24);
}

#[test]
fn any_one_bit_display_can_be_drawn_on() {
    let mut screen = Screen::new(USUAL);
    screen.icon(0, 0, 13, Shape::Tick);
    screen.text(16, 0, Face::Strong, "PASS");
    let mut display = MockDisplay::<BinaryColor>::new();
    display.set_allow_overdraw(true);
    draw(&screen, &mut display).unwrap();
    assert!(display.affected_area().size.width > 40);
}

fn texts(screen: &Screen) -> Vec<&str> {
    fn text(item: &Item) -> Option<&str> {
        if let Item::Text { text, .. } = item { Some(text) } else { None }
    }
    screen.items.iter().filter_map(text).collect()
}
