use super::*;
use crate::store::database::config;

fn written_by_sled(folder: &Path) {
    for round in 0..3_u8 {
        // its threads may hold the lock a moment longer than the last handle lives
        let db = (0..200).find_map(|_| {
            config(folder).open().ok().or_else(|| {
                std::thread::park_timeout(std::time::Duration::from_millis(10));
                None
            })
        });
        let db = db.unwrap();
        db.insert([round], vec![round; 1000]).unwrap();
        db.flush().unwrap();
    }
}

#[test]
fn what_sled_writes_is_known() {
    let dir = tempfile::tempdir().unwrap();
    written_by_sled(dir.path());
    let files = LedgerFiles::look(dir.path()).unwrap();
    assert!(files.are_ordinary() && files.snapshots.len() == 1, "{files:?}");
    files.keep_spare(dir.path()).unwrap();
    let files = LedgerFiles::look(dir.path()).unwrap();
    assert!(files.are_ordinary() && files.spare.as_ref() == files.snapshots.first(), "{files:?}");
}

#[test]
fn what_is_not_sleds_is_put_aside_and_the_spare_takes_the_place_of_what_is_damaged() {
    let dir = tempfile::tempdir().unwrap();
    written_by_sled(dir.path());
    LedgerFiles::look(dir.path()).unwrap().keep_spare(dir.path()).unwrap();
    let before = LedgerFiles::look(dir.path()).unwrap();
    let good = before.snapshots[0].clone();
    let name = good.name(SNAPSHOT);
    fs::write(dir.path().join(&name), &good.bytes[1..]).unwrap();
    fs::write(dir.path().join("conf"), "segment_size: 1\n").unwrap();
    fs::write(dir.path().join("snap.old"), "").unwrap();
    fs::create_dir(dir.path().join("snap.FFFFFFFFFFFFFFFF")).unwrap();
    fs::write(dir.path().join("snap.FFFFFFFFFFFFFFFF.generating"), "").unwrap();

    let mut files = LedgerFiles::look(dir.path()).unwrap();
    assert!(!files.are_ordinary());
    assert_eq!(files.choices(), [Some(&good), None]);
    files.clear_unfinished(dir.path()).unwrap();
    files.settle(dir.path(), Some(&good)).unwrap();
    assert_eq!(LedgerFiles::look(dir.path()).unwrap(), before);
    let mut left: Vec<_> =
        entries(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    left.sort();
    let spare = good.name(SPARE);
    let aside = ["aside.conf", "aside.snap.FFFFFFFFFFFFFFFF", "aside.snap.old"].map(str::to_owned);
    let expected =
        [&[format!("aside.{name}")], &aside[..], &["blobs".into(), "db".into(), name.clone(), spare]].concat();
    let mut expected = expected;
    expected.sort();
    assert_eq!(left, expected, "nothing is deleted but what was never finished");
}
