//! The figures are what a person with the list of records would work out.

use super::*;
use crate::model::cycle::fault::{Fault, FaultCode};
use crate::model::cycle::stage::Stage;
use crate::model::unit::Already;
use crate::store::sample;
use jiff::SignedDuration;
use jiff::civil::date;

/// A unit of board `tail` that took `ms` and ended `minute` minutes after nine.
fn unit(seq: u64, tail: u8, verdict: Verdict, ms: u64, minute: i64) -> Unit {
    let mut unit = sample::unit();
    unit.seq = seq;
    unit.verdict = verdict;
    unit.finished = "2026-11-03T09:00:00Z".parse::<jiff::Timestamp>().unwrap() + SignedDuration::from_mins(minute);
    unit.stages.truncate(1);
    unit.stages[0].ms = ms;
    unit.fault = (verdict != Verdict::Pass).then(|| Fault::new(FaultCode::NoAnswer, Stage::Attach, "x"));
    if let Some(mac) = unit.board.as_mut().and_then(|board| board.mac.as_mut()) {
        mac.0[5] = tail;
    }
    unit
}

fn counted(units: &[Unit]) -> Stats {
    let mut stats = Stats::default();
    for unit in units {
        stats.add(unit, date(2026, 11, 3));
    }
    stats
}

#[test]
fn an_empty_ledger_has_no_yield() {
    assert_eq!(Stats::default().all(), Summary::default());
    assert_eq!(Stats::default().batch("box 1"), None);
}

#[test]
fn a_board_counts_once_and_a_second_try_not_for_the_first_pass_yield() {
    let stats = counted(&[
        unit(1, 1, Verdict::Pass, 30_000, 0),
        unit(2, 2, Verdict::Fail, 5_000, 1),
        unit(3, 2, Verdict::Pass, 30_000, 2),
        unit(4, 3, Verdict::Error, 1_000, 3),
        unit(5, 3, Verdict::Pass, 30_000, 4),
        unit(6, 4, Verdict::Aborted, 1_000, 5),
    ]);
    let all = stats.all();
    assert_eq!((all.units, all.tally.pass, all.tally.fail), (6, 3, 1));
    assert_eq!((all.boards, all.boards_passed, all.boards_first), (3, 3, 2), "nothing was said of board 4");
    assert_eq!(all.yields, Some(1.0));
    assert_eq!(all.first_pass_yield, Some(2.0 / 3.0), "boards 1 and 3 of 1, 2 and 3");
    assert_eq!(all.faults, [FaultCount { code: "L01", count: 3 }]);
    assert_eq!(all.recent.iter().map(|recent| recent.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(stats.last(), 6);
}

#[test]
fn the_first_pass_yield_is_never_above_the_yield_and_both_have_the_boards_for_their_base() {
    let silent = |seq| Unit { board: None, ..unit(seq, 0, Verdict::Fail, 5_000, 0) };
    // one board passes and fails at its second turn, two never answer, one passes on the day after its failure
    let units = [
        (unit(1, 1, Verdict::Pass, 30, 0), 3),
        (unit(2, 1, Verdict::Fail, 30, 1), 3),
        (silent(3), 3),
        (silent(4), 3),
        (unit(5, 2, Verdict::Timeout, 30, 2), 3),
        (unit(6, 2, Verdict::Pass, 30, 3), 4),
    ];
    let mut stats = Stats::default();
    for (unit, day) in &units {
        stats.add(unit, date(2026, 11, *day));
    }
    let told = |sums: Summary| (sums.boards, sums.boards_passed, sums.boards_first);
    assert_eq!(told(stats.day(date(2026, 11, 3))), (4, 0, 0));
    assert_eq!(told(stats.day(date(2026, 11, 4))), (1, 1, 1));
    assert_eq!(told(stats.since(date(2026, 11, 3))), (4, 1, 0), "days are joined board by board");
    assert_eq!(told(stats.all()), (4, 1, 0));
    assert_eq!((stats.all().yields, stats.all().first_pass_yield), (Some(0.25), Some(0.0)));
}

#[test]
fn times_are_those_of_passed_units() {
    let stats = counted(&[unit(1, 1, Verdict::Pass, 30, 0), unit(2, 2, Verdict::Fail, 60_000, 1)]);
    assert_eq!(stats.all().cycle_ms, Times { p50: Some(30), p95: Some(30) });
    assert_eq!(stats.all().stages.len(), 1);
}

#[test]
fn a_board_that_was_converted_before_passes_without_a_time() {
    let already = Some(Already { version: "1.18.300".into(), proof: "each CRC".into(), unit: None });
    let stats = counted(&[unit(1, 1, Verdict::Pass, 30, 0), Unit { already, ..unit(2, 2, Verdict::Pass, 5, 1) }]);
    assert_eq!((stats.all().tally.pass, stats.all().tally.already), (2, 1));
    assert_eq!(stats.all().cycle_ms.p50, Some(30));
}

#[test]
fn a_plug_that_got_its_stock_back_is_not_done_any_more() {
    let boxed = |unit: Unit| Unit { batch: Some("box 1".into()), ..unit };
    let converted = boxed(unit(1, 1, Verdict::Pass, 30, 0));
    let restored = Unit { restored_from: Some(1), ..unit(2, 1, Verdict::Pass, 30, 1) };
    assert_eq!(counted(std::slice::from_ref(&converted)).boxed("box 1").0, 1);
    let stats = counted(&[converted, restored]);
    assert_eq!((stats.boxed("box 1").0, stats.all().units, stats.records()), (0, 1, 2));
}

#[test]
fn a_break_is_not_work() {
    // 60 units, one a minute; a night; 60 more
    let day = |from: u64, hour: i64| {
        (0..60_u8).map(move |n| unit(from + u64::from(n), n, Verdict::Pass, 60_000, hour * 60 + i64::from(n)))
    };
    let stats = counted(&day(1, 0).chain(day(61, 16)).collect::<Vec<_>>());
    assert_eq!(stats.all().units_per_hour, Some(60.0));
}

#[test]
fn days_and_boxes_have_their_own_figures() {
    let mut stats = Stats::default();
    for (seq, tail, day, batch) in
        [(1, 1, 3, Some("box 1")), (2, 1, 3, Some("box 1")), (3, 2, 4, Some("box 2")), (4, 3, 5, None)]
    {
        let mut unit = unit(seq, tail, Verdict::Pass, 10, 0);
        unit.batch = batch.map(str::to_owned);
        stats.add(&unit, date(2026, 11, day));
    }
    assert_eq!(stats.batch("box 1").unwrap().units, 2);
    assert_eq!(stats.boxed("box 1").0, 1, "the same plug twice is one plug");
    assert_eq!((stats.boxed("box 2").0, stats.boxed("box 3").0), (1, 0));
    assert_eq!(stats.day(date(2026, 11, 3)).units, 2);
    assert_eq!(stats.day(date(2026, 11, 9)).units, 0);
    assert_eq!(stats.since(date(2026, 11, 4)).units, 2);
    assert_eq!(stats.since(date(2026, 11, 1)).recent, stats.all().recent);
}

#[test]
fn memory_is_bounded() {
    let mut stats = Stats::default();
    for n in 0..1000_u32 {
        let mut unit = unit(u64::from(n) + 1, 1, Verdict::Pass, 10, 0);
        unit.batch = Some(format!("box {n}"));
        stats.add(&unit, date(2020, 1, 1).checked_add(jiff::Span::new().days(i64::from(n))).unwrap());
    }
    assert_eq!((stats.days.len(), stats.batches.len(), stats.all().recent.len()), (DAYS, BATCHES, 100));
    assert!(stats.batches.contains_key("box 999") && !stats.batches.contains_key("box 0"));
}
