//! A board that is lifted in the middle of its unit, and another one of the same chip put in: nothing may happen to the
//! second one, and the first one goes on when it comes again. Whole station, real PTYs.
//!
//! `FLASHJIG_EXCHANGES=all` tries every chip, stage, place in it and wait, real seconds included, and prints the table.

mod adapter;

use crate::common::{Rig, quick, replaced, slot_name};
use adapter::{Adapter, Ahead};
use flashjig::flow::Pace;
use flashjig::jig::{Drive, Line};
use flashjig::model::chip::Chip;
use flashjig::model::chip::beken::Command;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::content::BackupKind;
use flashjig::model::unit::event::Event;
use flashjig::model::unit::{Unit, UnitQuery};
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::hand::Hand;
use flashjig::station::Order;
use flashjig::wiring;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const APP: usize = 0x1_0000;

/// When the first board is lifted.
#[derive(Clone, Copy, Debug)]
struct Moment {
    stage: Stage,
    /// Share of the stage that is done, in percent.
    percent: u64,
    /// How long the nest is empty.
    empty: Duration,
}

/// What came of one exchange.
struct Exchange {
    unit: Unit,
    /// The first board, as it was lifted.
    first: Vec<u8>,
    /// The second board, at the end of the unit.
    second: Vec<u8>,
    erases: u64,
}

fn rig(chip: Chip, pace: Pace) -> (Rig, Vec<u8>) {
    let (name, file) = factory::demo_image_of(chip, "1.18.300", APP);
    let spec = NestSpec { speed: 40.0, ..NestSpec::default() };
    let slot = wiring::virtual_slot(&slot_name(0), spec, pace).unwrap();
    (Rig::over(vec![slot], &[(&name, &file)], |_| {}), file)
}

/// The same with an adapter that makes no lower rate than this one, as some have a table of rates.
fn rig_at(chip: Chip, pace: Pace, lowest: u32, ahead: Ahead) -> (Rig, Vec<u8>) {
    let (name, file) = factory::demo_image_of(chip, "1.18.300", APP);
    let spec = NestSpec { speed: 40.0, ..NestSpec::default() };
    let (mut plan, hand) = wiring::virtual_slot(&slot_name(0), spec, pace).unwrap();
    plan.nest.source = Arc::new(Adapter { inner: Arc::clone(&plan.nest.source), lowest, ahead });
    (Rig::over(vec![(plan, hand)], &[(&name, &file)], |_| {}), file)
}

fn stock(chip: Chip, unit: u32) -> Vec<u8> {
    factory::small_stock(chip, unit, 0x2_8000)
}

/// Runs a unit and exchanges its board at the moment.
async fn exchange(rig: &Rig, order: Order, boards: (BoardSpec, BoardSpec), moment: Moment) -> Exchange {
    let (mut events, hand) = (rig.handle.events(), &rig.hands[0]);
    let (first, second) = boards;
    hand.insert(first);
    rig.handle.order(&slot_name(0), order).await.unwrap();
    let mut lifted = None;
    let mut second = Some(second);
    loop {
        let stamped = events.recv().await.unwrap();
        let reached = match &stamped.event {
            Event::Entered { stage } => *stage == moment.stage && moment.percent == 0,
            Event::Progress { stage, done, total } => {
                *stage == moment.stage && moment.percent > 0 && *done * 100 >= *total * moment.percent
            }
            Event::Finished { seq, .. } => {
                let unit = rig.handle.unit(seq.unwrap()).await.unwrap().unwrap();
                if lifted.is_none() {
                    lifted = hand.take();
                }
                if let Some(second) = second.take() {
                    hand.insert(second);
                }
                let (safe, erases) = hand.safety().unwrap();
                assert!(safe, "the nest is live after the unit");
                let second = hand.take().unwrap();
                return Exchange { unit, first: lifted.unwrap(), second, erases };
            }
            _ => false,
        };
        if reached && lifted.is_none() {
            lifted = hand.take();
            tokio::time::sleep(moment.empty).await;
            hand.insert(second.take().unwrap());
        }
    }
}

/// One exchange with all that must hold after it; gives the fault code of the unit.
async fn judged(rig: &Rig, file: &[u8], chip: Chip, unit: u32, moment: Moment) -> String {
    let (one, two) = (stock(chip, unit), stock(chip, unit + 1));
    let boards = (BoardSpec::new(chip, one.clone()), BoardSpec::new(chip, two.clone()));
    let out = exchange(rig, Order::Start { redo: false }, boards, moment).await;
    let told = || format!("{chip} {moment:?}: {:?}", out.unit.fault);
    assert!(out.second == two && out.erases == 0, "the second board was touched: {}", told());
    let code = out.unit.fault.as_ref().map_or_else(|| "pass".to_owned(), |fault| fault.code.to_string());
    if out.unit.verdict == Verdict::Pass {
        assert_eq!(moment.stage, Stage::Boot, "{}", told());
        assert!(out.first == replaced(&one, file), "{}", told());
    }
    // the first one goes on, and the second one is a unit like any other
    let again = rig.run(0, BoardSpec::new(chip, out.first), Order::Start { redo: false }).await;
    assert_eq!(again.unit.verdict, Verdict::Pass, "{}: {:?}", told(), again.unit.fault);
    assert!(again.flash == replaced(&one, file), "{}", told());
    if again.unit.already.is_none() {
        let backup = again.unit.backup.as_ref().unwrap();
        assert_eq!(backup.kind, BackupKind::Stock, "{}", told());
        assert!(rig.backup(&again.unit).await == one, "{}", told());
    }
    let other = rig.run(0, BoardSpec::new(chip, two.clone()), Order::Start { redo: false }).await;
    assert_eq!(other.unit.verdict, Verdict::Pass, "{}: {:?}", told(), other.unit.fault);
    assert!(other.flash == replaced(&two, file) && rig.backup(&other.unit).await == two, "{}", told());
    code
}

fn moments() -> Vec<(Stage, u64)> {
    let mut moments = vec![(Stage::Identify, 0), (Stage::Backup, 0), (Stage::Backup, 50), (Stage::Keep, 0)];
    moments.extend([(Stage::Erase, 0), (Stage::Erase, 50), (Stage::Write, 5), (Stage::Write, 50), (Stage::Write, 95)]);
    moments.extend([(Stage::Verify, 0), (Stage::Verify, 50), (Stage::Boot, 0)]);
    moments
}

#[tokio::test(flavor = "multi_thread")]
async fn another_board_in_the_middle_of_a_unit_stays_as_it_is_and_the_first_one_goes_on() {
    let all = std::env::var_os("FLASHJIG_EXCHANGES").is_some();
    let waits: &[u64] = if all { &[0, 1000, 4000, 7000] } else { &[0] };
    let all_moments = moments();
    // two halves of a unit beside each other: each waits for its own silences
    let halves = [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M]
        .into_iter()
        .flat_map(|chip| all_moments.chunks(6).map(move |half| (chip, half.to_vec())));
    let tasks = halves.map(|(chip, half)| {
        tokio::spawn(async move {
            let (rig, file) = rig(chip, quick());
            let (mut unit, mut rows) = (0x100, Vec::new());
            for (stage, percent) in half {
                let mut codes = Vec::new();
                for wait in waits {
                    let moment = Moment { stage, percent, empty: Duration::from_millis(*wait) };
                    codes.push(judged(&rig, &file, chip, unit, moment).await);
                    unit += 2;
                }
                rows.push(format!("{chip} {stage} {percent} %: {}", codes.join(" ")));
            }
            rig.station.stop().await;
            rows
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        for row in task.await.unwrap() {
            println!("{row}");
        }
    }
}

/// At the rate of a reset a board that is put in between two frames understands the next one.
#[tokio::test(flavor = "multi_thread")]
async fn without_any_silence_at_the_lowest_rates_another_board_stays_as_it_is_too() {
    let at = |chip, lowest| async move {
        let (rig, file) = rig_at(chip, Pace { max_baud: 115_200, ..quick() }, lowest, Arc::new(|_| {}));
        for (n, (stage, percent)) in
            [(Stage::Backup, 50), (Stage::Erase, 50), (Stage::Write, 50)].into_iter().enumerate()
        {
            let moment = Moment { stage, percent, empty: Duration::ZERO };
            judged(&rig, &file, chip, 0x200 + 2 * n as u32, moment).await;
        }
        let units = rig.handle.units(UnitQuery::default()).await.unwrap();
        assert!(units.iter().all(|unit| unit.uart.baud == lowest), "{chip}: {:?}", units[0].uart);
        rig.station.stop().await;
    };
    // each waits for its own wire
    tokio::join!(
        at(Chip::Bk7231T, 100_000),
        at(Chip::Bk7231N, 100_000),
        at(Chip::Bk7231T, 115_200),
        at(Chip::Bk7231N, 115_200)
    );
}

/// The frames of a unit before its first erase.
async fn frames_before_the_first_erase(chip: Chip) -> usize {
    let (count, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let ahead = {
        let last = Arc::clone(&last);
        move |frame: &[u8]| {
            let number = count.fetch_add(1, Ordering::SeqCst);
            if frame.get(7) == Some(&0x0F) && frame.starts_with(&[0x01, 0xE0, 0xFC, 0xFF]) {
                _ = last.compare_exchange(0, number, Ordering::SeqCst, Ordering::SeqCst);
            }
        }
    };
    let pace = Pace { max_baud: 115_200, ..quick() };
    let (rig, _) = rig_at(chip, pace, 115_200, Arc::new(ahead));
    let unit = rig.run(0, BoardSpec::new(chip, stock(chip, 0x400)), Order::Start { redo: false }).await.unit;
    assert_eq!((unit.verdict, unit.uart.baud), (Verdict::Pass, 115_200), "{:?}", unit.fault);
    rig.station.stop().await;
    last.load(Ordering::SeqCst)
}

/// The board is exchanged in the moment between an answer and the next command: none is lost, and the second one understands
/// what follows.
#[tokio::test(flavor = "multi_thread")]
async fn a_board_that_comes_between_two_answers_at_the_rate_of_a_reset_is_not_erased_nor_kept_as_the_first() {
    let at = |chip| async move {
        let frames = frames_before_the_first_erase(chip).await;
        let hit = Arc::new(AtomicUsize::new(0));
        // in the backup, and behind it: among the link checks one by one that try the line before the plan
        for eighth in (2..8).map(Some).chain([None]) {
            let (number, checks) = (AtomicUsize::new(0), AtomicUsize::new(0));
            let nest = Arc::new(Mutex::new(None::<(Hand, Option<BoardSpec>)>));
            let (seat, done) = (Arc::clone(&nest), Arc::clone(&hit));
            let ahead = move |frame: &[u8]| {
                let number = number.fetch_add(1, Ordering::SeqCst);
                let in_a_row = if frame == Command::LinkCheck.encode() { checks.load(Ordering::SeqCst) + 1 } else { 0 };
                checks.store(in_a_row, Ordering::SeqCst);
                let is_now = eighth.map_or(in_a_row == 12, |eighth| number == frames * eighth / 8);
                if is_now
                    && let Some((hand, second)) = seat.lock().unwrap().as_mut()
                    && let Some(second) = second.take()
                {
                    hand.exchange(second);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            };
            let pace = Pace { max_baud: 115_200, ..quick() };
            let (mut rig, file) = rig_at(chip, pace, 115_200, Arc::new(ahead));
            let (one, two) = (stock(chip, 0x400), stock(chip, 0x401));
            rig.hands[0].insert(BoardSpec::new(chip, one.clone()));
            *nest.lock().unwrap() = Some((rig.hands.remove(0), Some(BoardSpec::new(chip, two.clone()))));
            let mut events = rig.handle.events();
            rig.handle.order(&slot_name(0), Order::Start { redo: false }).await.unwrap();
            let seq = loop {
                if let Event::Finished { seq, .. } = events.recv().await.unwrap().event {
                    break seq.unwrap();
                }
            };
            let unit = rig.handle.unit(seq).await.unwrap().unwrap();
            let place =
                eighth.map_or("behind the backup".to_owned(), |eighth| format!("{eighth}/8 of {frames} frames"));
            let told = || format!("{chip}, {place}: {:?}", unit.fault);
            let (hand, _) = nest.lock().unwrap().take().unwrap();
            let second = hand.take().unwrap();
            // whoever sees another board from the start on may convert it; its own backup is kept then
            let is_converted = second == replaced(&two, &file) && unit.verdict == Verdict::Pass;
            assert!(second == two || is_converted, "the second board was touched: {}", told());
            if let Some(kept) = &unit.backup {
                let kept = rig.handle.backup(kept.sha256).await.unwrap();
                assert!(kept == one || is_converted && kept == two, "a mixed backup was kept: {}", told());
            }
            rig.station.stop().await;
        }
        assert_eq!(hit.load(Ordering::SeqCst), 7, "each time the boards were exchanged");
    };
    tokio::join!(at(Chip::Bk7231T), at(Chip::Bk7231N));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_board_that_is_caught_has_its_own_code_and_words() {
    let (rig, _) = rig(Chip::Bk7231T, quick());
    let (one, two) = (stock(Chip::Bk7231T, 0x300), stock(Chip::Bk7231T, 0x301));
    let boards = (BoardSpec::new(Chip::Bk7231T, one), BoardSpec::new(Chip::Bk7231T, two));
    let moment = Moment { stage: Stage::Write, percent: 50, empty: Duration::ZERO };
    let out = exchange(&rig, Order::Start { redo: false }, boards, moment).await;
    let fault = out.unit.fault.unwrap();
    assert_eq!(fault.code, FaultCode::Exchanged, "{fault:?}");
    let first = out.unit.board.unwrap().mac.unwrap().to_string();
    assert!(fault.message.contains(&format!("expected the calibration of the board with MAC {first}")), "{fault:?}");
    assert!(fault.message.contains("it goes on from its backup"), "{fault:?}");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_of_another_chip_in_the_middle_of_a_unit_stays_as_it_is() {
    let (rig, _) = rig(Chip::Bk7231T, quick());
    let (one, two) = (stock(Chip::Bk7231T, 0x310), stock(Chip::Bk7231N, 0x311));
    let boards = (BoardSpec::new(Chip::Bk7231T, one), BoardSpec::new(Chip::Bk7231N, two.clone()));
    let moment = Moment { stage: Stage::Write, percent: 50, empty: Duration::ZERO };
    let out = exchange(&rig, Order::Start { redo: false }, boards, moment).await;
    assert_eq!(out.unit.fault.unwrap().code, FaultCode::Exchanged);
    assert!(out.second == two && out.erases == 0);
    rig.station.stop().await;
}

/// Restore and redo erase as well.
#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_in_a_restore_or_a_redo_touches_no_other_board_and_loses_no_stock() {
    for chip in [Chip::Bk7231T, Chip::Bk7231N] {
        let (rig, file) = rig(chip, quick());
        let one = stock(chip, 0x320);
        let first = rig.run(0, BoardSpec::new(chip, one.clone()), Order::Start { redo: false }).await;
        assert_eq!(first.unit.verdict, Verdict::Pass, "{:?}", first.unit.fault);
        let (name, newer) = factory::demo_image_of(chip, "1.18.301", APP);
        std::fs::write(rig.dir.path().join("firmware").join(name), &newer).unwrap();
        let restore = rig.handle.restore_of(first.unit.seq, None).await.unwrap();
        let mut flash = first.flash;
        for (n, order) in [Order::Restore(restore), Order::Start { redo: true }].into_iter().enumerate() {
            let two = stock(chip, 0x330 + n as u32);
            let boards = (BoardSpec::new(chip, flash), BoardSpec::new(chip, two.clone()));
            let moment = Moment { stage: Stage::Write, percent: 50, empty: Duration::ZERO };
            let out = exchange(&rig, order, boards, moment).await;
            assert_eq!(out.unit.fault.as_ref().unwrap().code, FaultCode::Exchanged, "{:?}", out.unit.fault);
            assert!(out.second == two && out.erases == 0);
            let again = rig.run(0, BoardSpec::new(chip, out.first), Order::Start { redo: false }).await;
            assert_eq!(again.unit.verdict, Verdict::Pass, "{:?}", again.unit.fault);
            assert!(again.flash == replaced(&one, &newer) || again.flash == replaced(&one, &file));
            let backup = again.unit.backup.as_ref().unwrap();
            assert_eq!(backup.kind, BackupKind::Stock, "it goes on from the true stock flash");
            assert!(rig.backup(&again.unit).await == one);
            flash = again.flash;
            if n == 0 {
                // so that the redo has something to write
                let older = replaced(&one, &file);
                flash = older;
            }
        }
        rig.station.stop().await;
    }
}

/// With lines of kind `manual` nobody but the operator resets a board.
#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_resets_by_hand_an_exchanged_board_stays_as_it_is() {
    let chip = Chip::Bk7231T;
    let (name, file) = factory::demo_image_of(chip, "1.18.300", APP);
    let spec = NestSpec { speed: 40.0, ..NestSpec::default() };
    let (mut plan, hand) =
        wiring::virtual_slot(&slot_name(0), spec, Pace { by_hand: Duration::from_secs(60), ..quick() }).unwrap();
    plan.nest.lines = flashjig::jig::SafeLines::new(Box::new(flashjig::hw::manual::ManualLines)).unwrap();
    let rig = Rig::over(vec![(plan, hand)], &[(&name, &file)], |_| {});
    let (one, two) = (stock(chip, 0x340), stock(chip, 0x341));
    // the supply is always on, and somebody touches CEN to ground now and then
    rig.hands[0].set(Line::Power, Drive::Asserted);
    rig.hands[0].set(Line::Park, Drive::Released);
    let resets = async {
        loop {
            rig.hands[0].set(Line::Reset, Drive::Asserted);
            tokio::time::sleep(Duration::from_millis(20)).await;
            rig.hands[0].set(Line::Reset, Drive::Released);
            tokio::time::sleep(Duration::from_millis(700)).await;
            // who has put a board in and sees it at work keeps the fingers off
            while rig.hands[0].glance().is_some_and(|(_, linked, _)| linked) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let (mut events, hand) = (rig.handle.events(), &rig.hands[0]);
    let unit = async {
        hand.insert(BoardSpec::new(chip, one.clone()));
        rig.handle.order(&slot_name(0), Order::Start { redo: false }).await.unwrap();
        let mut lifted = false;
        loop {
            match &events.recv().await.unwrap().event {
                Event::Progress { stage: Stage::Write, done, total } if !lifted && *done * 2 > *total => {
                    lifted = true;
                    hand.take();
                    tokio::time::sleep(Duration::from_millis(300)).await;
                    hand.insert(BoardSpec::new(chip, two.clone()));
                }
                Event::Finished { seq, .. } => return rig.handle.unit(seq.unwrap()).await.unwrap().unwrap(),
                _ => {}
            }
        }
    };
    let unit = tokio::select! {
        unit = unit => unit,
        () = resets => unreachable!("the operator never ends"),
    };
    assert_eq!(unit.fault.as_ref().unwrap().code, FaultCode::Exchanged, "{:?}", unit.fault);
    assert!(rig.hands[0].flash().unwrap() == two);
    rig.station.stop().await;
}

/// A size that noise made wrong is no other board: the calibration says who it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_flash_that_is_smaller_at_the_second_look_is_looked_at_anew_where_the_calibration_is_the_same() {
    let chip = Chip::Bk7231T;
    let (rig, file) = rig(chip, quick());
    let one = stock(chip, 0x350);
    let mut large = one.clone();
    large.resize(0x40_0000, 0xFF);
    let boards = (BoardSpec::new(chip, large), BoardSpec::new(chip, one.clone()));
    let moment = Moment { stage: Stage::Backup, percent: 10, empty: Duration::ZERO };
    let out = exchange(&rig, Order::Start { redo: false }, boards, moment).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert_eq!(out.unit.board.as_ref().unwrap().flash_size, 0x20_0000);
    assert!(out.second == replaced(&one, &file) && rig.backup(&out.unit).await == one);
    rig.station.stop().await;
}
