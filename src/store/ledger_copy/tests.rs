use super::*;
use crate::model::cycle::stage::Stage;
use crate::store::Ledger;
use crate::store::sample::{in_flight, unit};
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_while_the_daemon_writes_holds_every_unit_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    let (acknowledged, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let writer = {
        let (ledger, acknowledged, stop) = (ledger.clone(), Arc::clone(&acknowledged), Arc::clone(&stop));
        tokio::spawn(async move {
            while !stop.load(Ordering::Relaxed) {
                let unit = ledger.commit(unit()).await.unwrap();
                acknowledged.store(unit.seq, Ordering::SeqCst);
            }
        })
    };
    let mut taken = 0;
    for _ in 0..30 {
        let before = acknowledged.load(Ordering::SeqCst);
        let path = dir.path().to_owned();
        match tokio::task::spawn_blocking(move || LedgerCopy::take(&path)).await.unwrap() {
            Ok(copy) => {
                let units = copy.query(&UnitQuery::default()).unwrap();
                let numbers: Vec<_> = units.iter().map(|unit| unit.seq).collect();
                assert!(numbers.first().copied().unwrap_or(0) >= before);
                assert_eq!(numbers, (1..=numbers.len() as u64).rev().collect::<Vec<_>>(), "without a gap");
                taken += 1;
            }
            // This writer never rests; a real one does.
            Err(error) => assert!(error.to_string().contains("kept writing"), "{error}"),
        }
    }
    assert!(taken > 0, "at least now and then the log stands still");
    stop.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    let copy = LedgerCopy::take(dir.path()).unwrap();
    assert_eq!(copy.query(&UnitQuery::default()).unwrap(), ledger.query(UnitQuery::default()).await.unwrap());
}

#[test]
fn a_wrong_folder_is_not_an_empty_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let error = LedgerCopy::take(dir.path()).err().unwrap().to_string();
    assert!(error.contains("there is no ledger in"), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made");
}

/// Each unit is noted several times, so that most of the log is soon of no use; each opening gives what is empty back.
#[tokio::test]
async fn a_copy_holds_every_unit_after_the_log_was_opened_and_cleaned_many_times() {
    let dir = tempfile::tempdir().unwrap();
    let (mut units, mut cleaned) = (0, false);
    for _ in 0..24 {
        // sled's threads may hold the lock a moment longer than the last handle lives
        let ledger = (0..200).find_map(|_| {
            Ledger::open(dir.path()).ok().or_else(|| {
                std::thread::park_timeout(Duration::from_millis(10));
                None
            })
        });
        let ledger = ledger.expect("the lock is free in the end");
        for _ in 0..2 {
            for revision in 0..16 {
                let mut note = in_flight("A", revision, Stage::Keep);
                note.unit.station = "n".repeat(4000);
                if revision == 0 {
                    ledger.begin(note).await.unwrap();
                } else {
                    ledger.note(note, false).await.unwrap();
                }
            }
            ledger.commit(unit()).await.unwrap();
            units += 1;
        }
        // a page that is never written again would hold the segment that it is in
        ledger.acknowledged(units as u64, Vec::new()).await.unwrap();
        drop(ledger);
        let copy = LedgerCopy::take(dir.path()).unwrap();
        assert_eq!(copy.query(&UnitQuery::default()).unwrap().len(), units);
        cleaned |= fs::read(dir.path().join("ledger/db")).unwrap().starts_with(&[0; 32]);
    }
    assert!(cleaned, "the first segment was never given back, so this proves nothing");
}
