//! Screens as pictures: `tests/golden/screens/NAME.txt`, and a folder for each other size, written anew with
//! `UPDATE_GOLDENS=1`.

mod gallery;

use super::parts::{LEFT, area, verdict};
use super::*;
use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Key};
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::Doubt;
use crate::model::openbeken::doubt::Code;
use crate::model::openbeken::life::{Awaited, Way};
use crate::model::show::screen::{Face, Item, LOW, SQUARE, Shape, USUAL, draw, paint};
use crate::model::unit::batch::{self, AtEnd, Count};
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::readiness::{Lack, LackKind, Offer};
use crate::model::unit::snapshot::Station;
use embedded_graphics::geometry::Point;
use embedded_graphics::mock_display::MockDisplay;
use embedded_graphics::pixelcolor::BinaryColor;
use gallery::*;

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
fn a_blocked_slot_tells_fault_remedy_and_what_ends_it_on_every_panel_that_has_a_line_for_it() {
    for code in FaultCode::ALL {
        let (first, _) = code.hint().split_once('\n').unwrap();
        for (slots, size) in [(&["A"][..], USUAL), (&["A"], LOW), (&["A"], SQUARE), (&["left", "right"], USUAL)] {
            for dead in [false, true] {
                let mut snapshot = station(slots);
                tell(&mut snapshot, slots[0], stopped(*code, dead));
                let screen = layout(&snapshot, size, at(67));
                assert_neat(code.code(), &screen);
                let shown = texts(&screen).join(" ");
                let end = if dead { ["goes on by itself", "goes on"] } else { ["hold button", "hold btn"] };
                assert!(shown.contains(first) && shown.contains(code.code()), "{slots:?} {size}: {shown}");
                let then = code.hint().lines().nth(1).unwrap().trim_end_matches("press again");
                let then = then.trim_end_matches(" and ").trim_end_matches(", ");
                assert!(shown.contains(then), "{slots:?} {size}: {shown}");
                assert!(end.iter().any(|end| shown.contains(end)) || then.len() >= 12, "{slots:?} {size}: {shown}");
                assert!(!shown.contains(".."), "{slots:?} {size}: {shown}");
            }
        }
    }
}

#[test]
fn every_order_is_shown_whole_with_one_and_with_two_slots() {
    for order in crate::model::show::prompt::ALL {
        for (slots, size) in [(&["A"][..], USUAL), (&["A"], LOW), (&["left", "right"], USUAL), (&["A", "B"], SQUARE)] {
            let mut snapshot = station(slots);
            tell(&mut snapshot, slots[0], [Event::Noticed { message: order.into() }]);
            let shown = texts(&layout(&snapshot, size, at(67))).join(" ");
            assert!(!shown.contains(".."), "{slots:?} {size}: {shown}");
        }
    }
}

#[test]
fn a_stop_a_comma_and_a_colon_are_dots_in_the_light_letters() {
    for face in [Face::Small, Face::Plain, Face::Cell] {
        let lit = |text: &str| {
            let mut screen = Screen::new(USUAL);
            screen.text(LEFT, 1, face, text);
            let frame = paint(&screen);
            (0..64).flat_map(|y| (0..128).map(move |x| (x, y))).filter(|(x, y)| frame.is_lit(*x, *y)).count()
        };
        assert_eq!([lit("."), lit(","), lit(":"), lit(" ")], [4, 5, 8, 0], "{face:?}");
        assert_eq!(lit("A:B"), lit("A") + lit(":") + lit("B"), "{face:?}");
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
fn what_is_waited_for_of_a_plugs_life_stands_beside_the_seconds_that_are_left() {
    let mut snapshot = station(&NAMES[..1]);
    let awaited = |left_s| Event::Awaited { awaited: Awaited { signs: Way::ALL.to_vec(), left_s, of_s: 600 } };
    tell(&mut snapshot, NAMES[0], [started(), awaited(600)]);
    tell(&mut snapshot, NAMES[0], [Event::Entered { stage: Stage::Alive }, awaited(600)]);
    let before = snapshot.slots[0].progress.overall;
    tell(&mut snapshot, NAMES[0], [awaited(300)]);
    assert!(snapshot.slots[0].progress.overall > before, "the bar goes on while it is waited for");
    for (folder, size) in SIZES {
        let laid = layout(&snapshot, size, at(99_999));
        assert_neat(folder, &laid);
    }
    let usual = format!("{:?}", layout(&snapshot, SIZES[0].1, at(0)).items);
    assert!(usual.contains("300 s") && usual.contains("log, broker"), "{usual}");
}

#[test]
fn a_long_name_of_a_module_is_shown_as_far_as_the_number_of_the_unit_leaves_room() {
    let passed = |seq| {
        let mut snapshot = station(&NAMES[..1]);
        let board = Board { module: Some("T1-2S-NL".into()), ..Board::new(Chip::Bk7238, Key::Plain, 0x20_0000) };
        let finished = Event::Finished { seq: Some(seq), verdict: Verdict::Pass, fault: None, ms: 4400 };
        tell(&mut snapshot, NAMES[0], [started(), Event::Found { board }, finished]);
        snapshot
    };
    let usual = layout(&passed(1247), USUAL, at(67));
    assert!(texts(&usual).contains(&"BK7238 T1-2S-NL"), "{:?}", texts(&usual));
    for (folder, size) in SIZES {
        for seq in [1, 12_345, 1_234_567, u64::MAX] {
            assert_neat(folder, &layout(&passed(seq), size, at(67)));
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
fn what_is_missing_is_asked_for_where_a_board_is_waited_for_and_covers_nothing_that_must_be_seen() {
    let shows = |events: Vec<Event>| {
        let mut snapshot = lacking(station(&["A"]), LackKind::Firmware);
        tell(&mut snapshot, "A", events);
        texts(&layout(&snapshot, USUAL, at(0))).contains(&"NOT READY")
    };
    assert!(shows(vec![]) && shows([ended(Verdict::Pass, None, 1), vec![Event::Lifted]].concat()));
    let still: [Vec<Event>; 5] =
        [ended(Verdict::Pass, None, 1), faulted(FaultCode::NoImage), reading(1), blocked(), noticed()];
    for events in still {
        assert!(!shows(events.clone()), "{events:?}");
    }
    assert!(!shows([faulted(FaultCode::NoImage), vec![Event::Lifted]].concat()), "why it failed stays");
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
