use super::*;
use crate::model::mac::Mac;
use crate::model::verdict::Verdict;
use crate::store::sample::unit;
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
    let db = ledger.inner.writer.lock().unwrap().db.clone();
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
    let db = ledger.inner.writer.lock().unwrap().db.clone();
    for tree in ["by_mac", "by_day", "by_verdict"] {
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
async fn a_ruined_file_is_an_error_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    ledger.commit(unit()).await.unwrap();
    drop(ledger);
    drop(reopen(dir.path()));
    for file in std::fs::read_dir(dir.path().join("ledger")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() && path.file_name().unwrap() != "conf" {
            std::fs::write(path, [0x55; 1000]).unwrap();
        }
    }
    let error = Ledger::open(dir.path()).err().unwrap().to_string();
    assert!(error.contains("copy the folder `ledger` away"), "{error}");
}

#[test]
fn a_read_only_disk_is_said_in_words() {
    let error = sled::Error::Io(std::io::ErrorKind::ReadOnlyFilesystem.into());
    assert!(refused("opening", &error).to_string().contains("remount it writable"));
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
