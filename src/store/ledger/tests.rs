use super::*;
use crate::model::chip::mac::Mac;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::store::room::tests::PRETENDED;
use crate::store::sample::{in_flight, unit};
use jiff::{Timestamp, ToSpan};
use std::time::Duration;

/// sled's threads may hold the lock a moment longer than the last handle lives.
fn reopen(dir: &Path) -> Ledger {
    for _ in 0..200 {
        match Ledger::open(dir) {
            Ok(ledger) => return ledger,
            Err(error) => assert!(error.to_string().contains("another flashjig"), "{error}"),
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
    panic!("the ledger stays locked");
}

fn numbers(units: &[Unit]) -> Vec<u64> {
    units.iter().map(|unit| unit.seq).collect()
}

#[tokio::test]
async fn numbers_rise_from_one_and_go_on_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(ledger.commit(unit()).await.unwrap());
    }
    assert_eq!(numbers(&kept), [1, 2, 3]);
    drop(ledger);
    let ledger = reopen(dir.path());
    kept.push(ledger.commit(unit()).await.unwrap());
    kept.reverse();
    assert_eq!(ledger.query(UnitQuery::default()).await.unwrap(), kept);
    assert_eq!(ledger.get(4).await.unwrap().as_ref(), kept.first());
    assert_eq!(ledger.get(5).await.unwrap(), None);
}

#[tokio::test]
async fn the_last_thousand_deeds_are_kept_newest_first_and_outlive_a_restart() {
    use crate::model::unit::deed::{By, Deed, Doer};
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let doer = Doer { who: "192.0.2.9".into(), by: By::Token };
    let deed = |n: u32| Deed::new(Timestamp::UNIX_EPOCH, &doer, "start", Some(&n.to_string()), true);
    assert_eq!(ledger.deeds(10).await.unwrap(), []);
    // all but the last of them without waiting for the disk
    {
        let log = ledger.inner.log.read().unwrap();
        (1..1100).for_each(|n| log.as_ref().unwrap().deeds.put(&deed(n)).unwrap());
    }
    ledger.note_deed(deed(1100)).await.unwrap();
    assert_eq!(ledger.deeds(3).await.unwrap(), [deed(1100), deed(1099), deed(1098)]);
    drop(ledger);
    let all = reopen(dir.path()).deeds(5000).await.unwrap();
    assert_eq!((all.len(), all.last()), (1000, Some(&deed(101))));
}

#[tokio::test]
async fn slots_that_commit_at_once_get_different_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let ledger = ledger.clone();
            tokio::spawn(async move { ledger.commit(unit()).await.unwrap().seq })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.push(task.await.unwrap());
    }
    given.sort_unstable();
    assert_eq!(given, (1..=20).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_filter_gives_what_a_walk_over_all_would_give() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let verdicts = [Verdict::Pass, Verdict::Fail, Verdict::Pass, Verdict::Timeout];
    let start: Timestamp = "2026-11-01T23:00:00Z".parse().unwrap();
    for i in 0..40_u8 {
        let mut unit = unit();
        unit.verdict = verdicts[usize::from(i) % 4];
        // the clock of a Pi jumps back now and then
        unit.finished = start + (i64::from(i) * 3 - if i % 7 == 0 { 30 } else { 0 }).hours();
        unit.board.as_mut().unwrap().mac = (i % 5 != 0).then_some(Mac([0x18, 0xDE, 0x50, 0, 0, i % 3]));
        ledger.commit(unit).await.unwrap();
    }
    let all = ledger.query(UnitQuery::default()).await.unwrap();
    assert_eq!(numbers(&all), (1..=40).rev().collect::<Vec<_>>());
    for limit in [None, Some(0), Some(3)] {
        for before in [None, Some(1), Some(20)] {
            for verdict in [None, Some(Verdict::Fail), Some(Verdict::Aborted)] {
                for mac in [None, Some(Mac([0x18, 0xDE, 0x50, 0, 0, 1])), Some(Mac([0; 6]))] {
                    for since in [None, Some(start), Some(start + 60.hours())] {
                        let query = UnitQuery { limit, before, verdict, mac, since, ..UnitQuery::default() };
                        let walked = all.iter().filter(|unit| query.admits(unit)).cloned();
                        let want: Vec<_> = walked.take(limit.unwrap_or(usize::MAX)).collect();
                        assert_eq!(ledger.query(query.clone()).await.unwrap(), want, "{query:?}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_left_out_of_lists_and_named_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    ledger.commit(unit()).await.unwrap();
    ledger.commit(unit()).await.unwrap();
    let db = ledger.inner.log.read().unwrap().as_ref().unwrap().db();
    db.open_tree("units").unwrap().insert(9_u64.to_be_bytes(), b"{\"v\":7}").unwrap();
    drop(db);
    assert_eq!(numbers(&ledger.query(UnitQuery::default()).await.unwrap()), [2, 1]);
    let error = ledger.get(9).await.unwrap_err().to_string();
    assert!(error.contains("unit 9"), "{error}");
    drop(ledger);
    let ledger = reopen(dir.path());
    assert_eq!(ledger.commit(unit()).await.unwrap().seq, 10, "its number is never given again");
}

#[tokio::test]
async fn lost_indices_are_made_again_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let kept = ledger.commit(unit()).await.unwrap();
    let db = ledger.inner.log.read().unwrap().as_ref().unwrap().db();
    for tree in ["by_mac", "by_day", "by_verdict", "by_lot"] {
        db.open_tree(tree).unwrap().clear().unwrap();
    }
    drop((db, ledger));
    let ledger = reopen(dir.path());
    let mac = kept.board.as_ref().unwrap().mac;
    for query in [
        UnitQuery { mac, ..UnitQuery::default() },
        UnitQuery { since: Some(kept.finished), ..UnitQuery::default() },
        UnitQuery { verdict: Some(kept.verdict), ..UnitQuery::default() },
    ] {
        assert_eq!(ledger.query(query).await.unwrap(), std::slice::from_ref(&kept));
    }
}

#[test]
fn a_second_daemon_on_the_same_folder_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let _first = Ledger::open(dir.path()).unwrap();
    let error = Ledger::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("another flashjig has it open"), "{error}");
    assert!(error.contains(&dir.path().display().to_string()), "{error}");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_in_words() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), b"").unwrap();
    let error = Ledger::open(&dir.path().join("file")).err().unwrap().to_string();
    assert!(error.contains("a file is in the way"), "{error}");
}

#[tokio::test]
async fn a_snapshot_that_a_full_disk_cut_short_stops_neither_a_start_nor_a_copy() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    ledger.commit(unit()).await.unwrap();
    drop(ledger);
    let ledger = reopen(dir.path());
    ledger.commit(unit()).await.unwrap();
    drop(ledger);
    for content in [&[0x55; 9][..], b"", b"more than nothing, and not yet whole"] {
        drop(reopen(dir.path()));
        let left = dir.path().join("ledger/snap.0000000000FFFFFF.generating");
        std::fs::write(&left, content).unwrap();
        let copy = crate::store::LedgerCopy::take(dir.path()).unwrap();
        assert_eq!(numbers(&copy.query(&UnitQuery::default()).unwrap()), [2, 1], "the copy leaves it out");
        assert!(copy.lost().is_none());
        let ledger = reopen(dir.path());
        assert_eq!(numbers(&ledger.query(UnitQuery::default()).await.unwrap()), [2, 1]);
        assert!(!left.exists(), "it is cleared");
    }
}

#[test]
fn a_read_only_disk_is_said_in_words() {
    let error = sled::Error::Io(std::io::ErrorKind::ReadOnlyFilesystem.into());
    assert!(refused("opening", &error).to_string().contains("remount it writable"));
}

#[tokio::test]
async fn a_unit_in_flight_is_recorded_at_the_next_start_once_with_its_backup() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    ledger.begin(in_flight("A", 0, Stage::Settle)).await.unwrap();
    ledger.begin(in_flight("B", 0, Stage::Settle)).await.unwrap();
    ledger.note(in_flight("A", 2, Stage::Erase), true).await.unwrap();
    ledger.note(in_flight("A", 1, Stage::Keep), false).await.unwrap();
    let done = ledger.commit(Unit { slot: "B".into(), ..unit() }).await.unwrap();
    ledger.note(in_flight("B", 9, Stage::Boot), true).await.unwrap();
    drop(ledger);

    let ledger = reopen(dir.path());
    let units = ledger.query(UnitQuery::default()).await.unwrap();
    assert_eq!(units, [ledger.interrupted().to_vec(), vec![done]].concat());
    let [told] = ledger.interrupted() else { panic!("one unit was in flight: {:?}", ledger.interrupted()) };
    let fault = told.fault.as_ref().unwrap();
    assert_eq!((told.seq, told.slot.as_str(), fault.code, fault.stage), (2, "A", FaultCode::Interrupted, Stage::Erase));
    assert_eq!(told.backup, unit().backup);
    assert_eq!(ledger.number("home", Mac([1; 6]), 1).await.unwrap().value(), 1);
    drop(ledger);
    let ledger = reopen(dir.path());
    assert!(ledger.interrupted().is_empty(), "it is told once");
    assert_eq!(ledger.query(UnitQuery::default()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_unit_whose_record_could_not_be_written_is_recorded_before_the_next_one_of_its_slot() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    assert_eq!(ledger.begin(in_flight("A", 0, Stage::Verify)).await.unwrap(), None);
    let mut next = in_flight("A", 0, Stage::Settle);
    next.unit.started += 1.minute();
    let left = ledger.begin(next).await.unwrap().unwrap();
    assert_eq!((left.seq, left.fault.unwrap().code), (1, FaultCode::NotRecorded));
    let closed = ledger.close("A", FaultCode::Panicked, "the program panicked").await.unwrap().unwrap();
    assert_eq!((closed.seq, closed.fault.unwrap().stage), (2, Stage::Settle));
    assert_eq!(ledger.close("A", FaultCode::Panicked, "x").await.unwrap(), None);
}

#[tokio::test]
async fn after_a_failed_write_the_ledger_works_on_and_no_number_is_given_twice() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    ledger.commit(unit()).await.unwrap();
    let fail = ledger.write("failing", |log, next| {
        put(&log.records, unit(), next)?;
        Err::<(), _>(crashed("failing"))
    });
    fail.await.unwrap_err();
    let panicking = ledger.write::<()>("panicking", |_, _| panic!("a mistake in the database"));
    assert!(panicking.await.unwrap_err().to_string().contains("gave up"));
    let unit = ledger.commit(unit()).await.unwrap();
    let mut numbers = numbers(&ledger.query(UnitQuery::default()).await.unwrap());
    assert_eq!(numbers.first(), Some(&unit.seq));
    numbers.dedup();
    assert_eq!(numbers.len() as u64, unit.seq, "without a gap and without a double");
}

/// An opening needs room for a segment and a snapshot: on a full disk it would stop half-way.
#[tokio::test]
async fn a_ledger_that_failed_is_opened_again_when_there_is_room_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let kept = ledger.commit(unit()).await.unwrap();
    let folder = dir.path().join("ledger");
    let files = || {
        let mut names: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        (names, std::fs::read(folder.join("db")).unwrap())
    };
    let before = files();
    PRETENDED.lock().unwrap().insert(folder.clone(), 300 * 1024);
    let fail = ledger.write("failing", |_, _| Err::<(), _>(crashed("failing")));
    fail.await.unwrap_err();
    let error = ledger.commit(unit()).await.unwrap_err().to_string();
    assert!(error.contains("300 KiB free on its disk, expected 4096 KiB; free some space"), "{error}");
    let error = ledger.get(1).await.unwrap_err().to_string();
    assert!(error.contains("nothing that was stored before is lost"), "{error}");
    assert!(files() == before, "nothing was begun");
    let second = Ledger::open(dir.path()).err().unwrap().to_string();
    assert!(second.contains("300 KiB free"), "a start is no different: {second}");

    PRETENDED.lock().unwrap().remove(&folder);
    assert_eq!(ledger.get(1).await.unwrap(), Some(kept), "reading alone opens it, before the next unit does");
    assert_eq!(ledger.commit(unit()).await.unwrap().seq, 2);
}

#[tokio::test]
async fn a_search_looks_at_so_many_records_and_goes_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    for n in 0..25 {
        let slot = if n == 3 { "Z" } else { "A" };
        ledger.commit(Unit { slot: slot.into(), ..unit() }).await.unwrap();
    }
    let mut query = UnitQuery { slot: Some("Z".into()), ..UnitQuery::default() };
    let (mut found, mut parts) = (Vec::new(), 0);
    loop {
        let part = ledger.search(query.clone(), 10).await.unwrap();
        found.extend(part.units.iter().map(|unit| unit.seq));
        parts += 1;
        query.before = part.next;
        if part.next.is_none() {
            break;
        }
    }
    assert_eq!((found, parts), (vec![4], 3));
    let (last, units) = ledger.after(20, 3).await.unwrap().unwrap();
    assert_eq!((last, units.iter().map(|unit| unit.seq).collect::<Vec<_>>()), (23, vec![21, 22, 23]));
    assert_eq!(ledger.after(25, 3).await.unwrap(), None);
}

/// Lots and their pilots.
mod lots {
    use super::*;
    use crate::model::chip::digest::Digest;
    use crate::model::cycle::fault::Fault;
    use crate::model::unit::StageTime;
    use crate::model::unit::deed::By;
    use crate::model::unit::lot::{Confirmed, Lot};
    use crate::model::unit::pilot::Entry;

    fn lot() -> Lot {
        Lot { loader: "f42f8c32".into(), module: Some("T1-2S-NL".into()), image: Digest::of(b"firmware") }
    }

    /// The note of a unit of the lot in this slot, of the board with this address.
    fn note(slot: &str, tail: u8) -> OpenUnit {
        let mut open = in_flight(slot, 2, Stage::Plan);
        open.unit.lot = Some(lot());
        open.unit.board.as_mut().unwrap().mac = Some(Mac([0x18, 0xDE, 0x50, 0, 0, tail]));
        open
    }

    /// The record of such a unit that was erased, and passed.
    fn done(open: OpenUnit) -> Unit {
        let mut unit = Unit { verdict: Verdict::Pass, ..*open.unit };
        unit.stages.push(StageTime { name: Stage::Erase, start_ms: 0, ms: 1, bytes: 1, retries: 0 });
        unit
    }

    async fn claim(ledger: &Ledger, open: OpenUnit) -> Entry {
        ledger.claim(lot(), open).await.unwrap()
    }

    fn held(entry: Entry) -> (FaultCode, String) {
        let Entry::Held(held) = entry else { panic!("{entry:?}") };
        (held.code, held.why)
    }

    fn by(who: &str) -> Confirmed {
        Confirmed { at: Timestamp::UNIX_EPOCH, who: who.into(), by: By::Token }
    }

    #[tokio::test]
    async fn of_many_slots_that_ask_at_once_one_has_the_pilot() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let asked = tokio::join!(
            claim(&ledger, note("A", 1)),
            claim(&ledger, note("B", 2)),
            claim(&ledger, note("C", 3)),
            claim(&ledger, note("D", 4)),
        );
        let entries = [asked.0, asked.1, asked.2, asked.3];
        assert_eq!(entries.iter().filter(|entry| **entry == Entry::Pilot).count(), 1, "{entries:?}");
        assert!(
            entries.into_iter().filter(|entry| *entry != Entry::Pilot).all(|entry| held(entry).1.contains("in work"))
        );
    }

    #[tokio::test]
    async fn a_pilot_that_asks_again_is_still_the_pilot_and_its_end_decides() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        for _ in 0..2 {
            assert_eq!(claim(&ledger, note("A", 1)).await, Entry::Pilot);
        }
        ledger.commit(done(note("A", 1))).await.unwrap();
        let (code, why) = held(claim(&ledger, note("B", 2)).await);
        assert!(code == FaultCode::PilotWaits && why.contains("unit 1"), "{why}");
        assert_eq!(claim(&ledger, note("B", 1)).await, Entry::Pilot, "its own board");
        let unit = ledger.confirm(1, by("ada")).await.unwrap().unwrap();
        assert_eq!(ledger.get(1).await.unwrap(), Some(unit));
        assert_eq!(claim(&ledger, note("B", 2)).await, Entry::Released);
    }

    #[tokio::test]
    async fn a_pilot_that_was_in_work_when_the_power_went_stops_its_lot_for_every_other_board() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        assert_eq!(claim(&ledger, note("A", 1)).await, Entry::Pilot);
        let mut erasing = note("A", 1);
        (erasing.revision, erasing.stage, erasing.touched) = (3, Stage::Erase, true);
        erasing.unit.stages = done(note("A", 1)).stages;
        ledger.note(erasing, true).await.unwrap();
        drop(ledger);
        let ledger = reopen(dir.path());
        let (code, why) = held(claim(&ledger, note("B", 2)).await);
        assert!(code == FaultCode::LotStopped && why.contains("S10"), "{why}");
        assert_eq!(claim(&ledger, note("B", 1)).await, Entry::Pilot, "it is repaired");
    }

    #[tokio::test]
    async fn one_that_ended_before_its_first_erase_leaves_the_lot_to_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        assert_eq!(claim(&ledger, note("A", 1)).await, Entry::Pilot);
        let unit = *note("A", 1).unit;
        let finished = unit.finished;
        ledger.commit(unit.failed(Fault::new(FaultCode::LinkLost, Stage::Plan, "x"), finished)).await.unwrap();
        assert_eq!(claim(&ledger, note("B", 2)).await, Entry::Pilot);
    }

    #[tokio::test]
    async fn how_a_lot_stands_outlives_a_restart_and_a_restore_stops_it() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        ledger.commit(done(note("A", 1))).await.unwrap();
        // what the bare board got back has no lot of its own
        ledger.commit(Unit { lot: None, restored_from: Some(1), ..done(note("A", 1)) }).await.unwrap();
        drop(ledger);
        let ledger = reopen(dir.path());
        let (code, why) = held(claim(&ledger, note("B", 2)).await);
        assert!(code == FaultCode::LotStopped && why.contains("unit 2 wrote the stock flash"), "{why}");
        let refused = ledger.confirm(1, by("ada")).await.unwrap().unwrap_err();
        assert!(refused.contains("can't be confirmed"), "{refused}");
        for (seq, why) in [(2, "no pilot"), (7, "no unit 7")] {
            assert!(ledger.confirm(seq, by("ada")).await.unwrap().unwrap_err().contains(why), "{seq}");
        }
    }

    #[tokio::test]
    async fn the_index_of_lots_is_made_again_where_it_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        ledger.commit(done(note("A", 1))).await.unwrap();
        let db = ledger.inner.log.read().unwrap().as_ref().unwrap().db();
        db.open_tree("by_lot").unwrap().clear().unwrap();
        drop((db, ledger));
        let ledger = reopen(dir.path());
        assert_eq!(held(claim(&ledger, note("B", 2)).await).0, FaultCode::PilotWaits);
    }
}
