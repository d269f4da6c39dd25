//! Stock flashes of one model: kept by what differs, read back, damaged, and the program killed between any two changes of
//! the folder.

use super::archive::Archive;
use super::archive_check::Piece;
use super::backup_file::tests::die_after;
use super::backup_name::Name;
use super::keeping::{self, Placed};
use super::{StoreError, packing};
use crate::model::chip::digest::Digest;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Size of the flashes.
const BYTES: usize = 0x2_0000;

/// A plug of a model: code that does not deflate, blank flash, and data of its own.
fn plug(model: u32, unit: u8) -> Vec<u8> {
    let mut state = model;
    let mut flash = vec![0xFF; BYTES];
    for byte in &mut flash[..BYTES / 2] {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8;
    }
    flash[0x1_D000..0x1_D006].copy_from_slice(&[0x18, 0xDE, 0x50, 0, model as u8, unit]);
    for (at, byte) in flash[0x1_E000..0x1_F000].iter_mut().enumerate() {
        *byte = (at as u8).wrapping_mul(unit).wrapping_add(unit);
    }
    flash
}

fn keep(dir: &TempDir, flash: &[u8]) -> Result<Placed, StoreError> {
    keeping::keep(&folder(dir), Digest::of(flash), flash, None)
}

fn folder(dir: &TempDir) -> PathBuf {
    dir.path().join("backups")
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(work)
}

fn read(dir: &TempDir, flash: &[u8]) -> Result<Vec<u8>, StoreError> {
    wait(Archive::at(dir.path()).read(Digest::of(flash)))
}

/// Ends of the names in the folder, in their order.
fn ends(folder: &Path) -> Vec<String> {
    let mut found: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().extension().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    found.sort();
    found
}

/// An archive with these plugs of one model, kept in this order.
fn kept(units: impl IntoIterator<Item = u8>) -> (TempDir, Vec<Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    Archive::open(dir.path()).unwrap();
    let flashes: Vec<Vec<u8>> = units.into_iter().map(|unit| plug(1, unit)).collect();
    for flash in &flashes {
        keep(&dir, flash).unwrap();
    }
    (dir, flashes)
}

/// An archive of before: each in a file of its own.
fn old(flashes: &[Vec<u8>]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    Archive::open(dir.path()).unwrap();
    for flash in flashes {
        fs::write(Archive::at(dir.path()).path(Digest::of(flash)), flash).unwrap();
    }
    dir
}

fn all_read_back(dir: &TempDir, flashes: &[Vec<u8>], case: &str) {
    for flash in flashes {
        assert!(read(dir, flash).unwrap_or_else(|error| panic!("{case}: {error}")) == *flash, "{case}");
    }
}

#[test]
fn the_first_of_a_model_is_kept_as_it_is_and_the_others_by_what_differs() {
    let (dir, flashes) = kept(1..=4);
    all_read_back(&dir, &flashes, "kept");
    assert_eq!(ends(&folder(&dir)), ["base", "bin", "diff", "diff", "diff"]);
    let list = wait(Archive::at(dir.path()).list()).unwrap();
    assert_eq!(list.len(), 4);
    let base = Digest::of(&flashes[0]);
    for kept in &list {
        if kept.digest == base {
            assert!(kept.base.is_none() && kept.bytes > BYTES as u64, "both copies: {kept:?}");
        } else {
            assert!(kept.base == Some(base) && kept.bytes < 6000, "{kept:?}");
        }
    }
    let report = wait(Archive::at(dir.path()).check()).unwrap();
    assert_eq!((report.good.len(), report.bad.len(), report.doubled.len()), (4, 0, 0));
}

#[test]
fn what_a_unit_wrote_is_counted_and_what_is_there_is_not_written_again() {
    let dir = tempfile::tempdir().unwrap();
    Archive::open(dir.path()).unwrap();
    let (one, two, three) = (plug(1, 1), plug(1, 2), plug(1, 3));
    let size = |end: &str| {
        let files = fs::read_dir(folder(&dir)).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|found| found == end));
        files.map(|path| fs::metadata(path).unwrap().len()).sum::<u64>()
    };
    assert_eq!(keep(&dir, &one).unwrap().written, BYTES as u64);
    let second = keep(&dir, &two).unwrap();
    assert_eq!(second.written, size("base") + size("diff"), "the base's second copy too");
    let before = size("diff");
    assert_eq!(keep(&dir, &three).unwrap().written, size("diff") - before);
    for flash in [&one, &two, &three] {
        assert_eq!(keep(&dir, flash).unwrap().written, 0);
    }
}

#[test]
fn another_model_another_size_and_what_is_encrypted_are_no_base() {
    let (dir, _) = kept([1]);
    let mut larger = plug(1, 2);
    larger.extend(vec![0xFF; 4096]);
    for other in [plug(2, 1), larger] {
        assert_eq!(keep(&dir, &other).unwrap().base, None);
    }
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    let sealed = plug(3, 1);
    keeping::keep(&folder(&dir), Digest::of(&sealed), &sealed, Some(&recipient)).unwrap();
    assert_eq!(keep(&dir, &plug(3, 2)).unwrap().base, None);
    assert_eq!(keep(&dir, &plug(2, 2)).unwrap().base, Some(Digest::of(&plug(2, 1))));
    assert_eq!(keep(&dir, &plug(1, 9)).unwrap().base, Some(Digest::of(&plug(1, 1))));
}

#[test]
fn many_models_in_turn_each_find_their_base() {
    let dir = tempfile::tempdir().unwrap();
    Archive::open(dir.path()).unwrap();
    for unit in 1..=3 {
        for model in 1..=12 {
            let placed = keep(&dir, &plug(model, unit)).unwrap();
            let base = Digest::of(&plug(model, 1));
            assert_eq!(placed.base, (unit > 1).then_some(base), "model {model} unit {unit}");
        }
    }
}

#[test]
fn a_base_that_is_needed_stays_beside_its_encrypted_form_and_goes_when_it_is_not() {
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    let (dir, flashes) = kept(1..=2);
    let seal = |flash: &[u8]| {
        keeping::keep(&folder(&dir), Digest::of(flash), flash, Some(&recipient)).unwrap();
    };
    seal(&flashes[0]);
    assert_eq!(ends(&folder(&dir)), ["age", "base", "bin", "diff"]);
    assert_eq!(read(&dir, &flashes[1]).unwrap(), flashes[1]);
    let report = wait(Archive::at(dir.path()).check()).unwrap();
    assert!(report.doubled.is_empty() && report.bad.is_empty() && report.pieces.is_empty(), "{report:?}");
    seal(&flashes[1]);
    assert_eq!(ends(&folder(&dir)), ["age", "age", "base", "bin"]);
    seal(&flashes[0]);
    assert_eq!(ends(&folder(&dir)), ["age", "age"]);
}

#[test]
fn what_can_not_be_kept_by_what_differs_is_kept_as_it_is() {
    let (dir, flashes) = kept([1]);
    let two = plug(1, 2);
    // the second copy of the base finds no place
    fs::create_dir(Name::spare(Digest::of(&flashes[0])).path(&folder(&dir))).unwrap();
    let placed = keep(&dir, &two).unwrap();
    assert_eq!((placed.base, placed.written), (None, BYTES as u64));
    all_read_back(&dir, &[flashes[0].clone(), two], "as it is");
}

#[test]
fn who_keeps_the_folder_for_ever_stops_no_unit_and_loses_nothing() {
    let recipient = age::x25519::Identity::generate().to_public().to_string();
    let (dir, flashes) = kept(1..=3);
    let _stopped = super::backup_file::alone(&folder(&dir)).unwrap();
    let new = plug(1, 9);
    assert!(keep(&dir, &new).unwrap().base.is_some());
    assert!(wait(Archive::at(dir.path()).pack()).unwrap_err().to_string().contains("stopped by its terminal"));
    // what might be a base for the one that has the folder stays
    let lone = plug(2, 1);
    keep(&dir, &lone).unwrap();
    keeping::keep(&folder(&dir), Digest::of(&lone), &lone, Some(&recipient)).unwrap();
    assert!(Archive::at(dir.path()).path(Digest::of(&lone)).exists());
    all_read_back(&dir, &[flashes, vec![new, lone]].concat(), "beside");
}

#[test]
fn a_damaged_copy_of_a_base_is_named_with_every_backup_that_needs_it_and_written_again_from_the_other() {
    for end in ["bin", "base"] {
        for harm in ["gone", "cut", "other"] {
            let (dir, flashes) = kept(1..=3);
            keep(&dir, &plug(2, 1)).unwrap();
            let (base, other) = (Digest::of(&flashes[0]), if end == "bin" { "base" } else { "bin" });
            let [path, spare] = [end, other].map(|end| folder(&dir).join(format!("{base}.{end}")));
            let was = fs::read(&path).unwrap();
            match harm {
                "gone" => fs::remove_file(&path).unwrap(),
                "cut" => fs::write(&path, &was[..was.len() - 1]).unwrap(),
                _ => fs::write(&path, vec![0x55; was.len()]).unwrap(),
            }
            all_read_back(&dir, &flashes, end);
            let report = wait(Archive::at(dir.path()).check()).unwrap();
            assert_eq!((report.good.len(), report.bad.len()), (4, 0), "{end} {harm}");
            let [Piece { error, spare: Some(good), needed_by }] = &report.pieces[..] else { panic!("{report:?}") };
            assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
            let all: Vec<Digest> = flashes.iter().map(|flash| Digest::of(flash)).collect();
            assert!(*good == spare && needed_by.len() == 3, "{end} {harm}: {needed_by:?}");
            assert!(all.iter().all(|digest| needed_by.contains(digest)));

            let health = wait(Archive::at(dir.path()).check_gently()).unwrap();
            assert_eq!((health.ok, health.damaged.len(), health.mended.len()), (4, 0, 1), "{end} {harm}");
            assert!(fs::read(&path).unwrap() == was, "{end} {harm}: as it was");
            let packed = wait(Archive::at(dir.path()).pack()).unwrap();
            assert!(packed.mended.is_empty() && packed.left.is_empty(), "{packed:?}");
        }
    }
}

#[test]
fn a_base_that_is_lost_in_both_copies_is_told_with_each_backup_that_went_with_it() {
    let (dir, flashes) = kept(1..=3);
    let base = Digest::of(&flashes[0]);
    fs::write(Name::whole(base).path(&folder(&dir)), b"x").unwrap();
    fs::remove_file(Name::spare(base).path(&folder(&dir))).unwrap();
    let report = wait(Archive::at(dir.path()).check()).unwrap();
    assert_eq!((report.good.len(), report.bad.len(), report.pieces.len()), (0, 3, 2));
    assert!(report.pieces.iter().all(|piece| piece.spare.is_none() && piece.needed_by.len() == 3));
    for (digest, error) in &report.bad {
        assert!(error.to_string().contains(&base.to_string()), "{digest}: {error}");
    }
    let health = wait(Archive::at(dir.path()).check_gently()).unwrap();
    assert_eq!((health.ok, health.damaged.len(), health.mended.len()), (0, 3, 0));
    let error = read(&dir, &flashes[1]).unwrap_err().to_string();
    assert!(error.contains("one of its two copies") && error.contains(".base good"), "{error}");
    // the next unit of the model finds another base, and the plug itself brings its own back
    assert_eq!(keep(&dir, &plug(1, 9)).unwrap().base, None);
    keep(&dir, &flashes[0]).unwrap();
    all_read_back(&dir, &flashes, "the base is there again");
}

#[test]
fn a_damaged_difference_is_named_alone_and_its_plug_brings_it_back() {
    let (dir, flashes) = kept(1..=3);
    let (base, two) = (Digest::of(&flashes[0]), Digest::of(&flashes[1]));
    let path = folder(&dir).join(format!("{two}-{base}.diff"));
    let was = fs::read(&path).unwrap();
    let mut hurt = was.clone();
    hurt[200] ^= 1;
    let other = fs::read(folder(&dir).join(format!("{}-{base}.diff", Digest::of(&flashes[2])))).unwrap();
    for content in [hurt, was[..100].to_vec(), Vec::new(), other] {
        fs::write(&path, content).unwrap();
        let report = wait(Archive::at(dir.path()).check()).unwrap();
        assert_eq!((report.good.len(), report.bad.len(), report.pieces.len()), (2, 1, 0));
        assert!(report.bad[0].0 == two && report.bad[0].1.to_string().contains(path.to_str().unwrap()));
        let error = read(&dir, &flashes[1]).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(keep(&dir, &flashes[1]).unwrap().written > 0);
        all_read_back(&dir, &flashes, "kept again");
        assert!(fs::read(&path).unwrap() == was);
    }
}

#[test]
fn an_archive_of_before_is_read_as_it_is_packed_and_unpacked() {
    let mut flashes: Vec<Vec<u8>> = (1..=5).map(|unit| plug(1, unit)).collect();
    flashes.extend([plug(2, 1), plug(3, 1), plug(3, 2)]);
    let dir = old(&flashes);
    all_read_back(&dir, &flashes, "old");
    let archive = Archive::at(dir.path());
    let packed = wait(archive.pack()).unwrap();
    assert_eq!((packed.changed, packed.left.len()), (5, 0), "4 of the first model, one of the third");
    assert!(packed.before == 8 * BYTES as u64 && packed.after < 5 * BYTES as u64, "{packed:?}");
    all_read_back(&dir, &flashes, "packed");
    let report = wait(archive.check()).unwrap();
    assert_eq!((report.good.len(), report.bad.len(), report.doubled.len()), (8, 0, 0));
    let again = wait(archive.pack()).unwrap();
    assert_eq!((again.changed, again.before), (0, again.after), "nothing is left to do");

    let unpacked = wait(archive.unpack()).unwrap();
    assert_eq!((unpacked.changed, unpacked.after), (5, 8 * BYTES as u64));
    assert_eq!(ends(&folder(&dir)), ["bin"; 8]);
    all_read_back(&dir, &flashes, "unpacked");
}

#[test]
fn a_damaged_backup_of_before_is_left_and_told() {
    let flashes: Vec<Vec<u8>> = (1..=4).map(|unit| plug(1, unit)).collect();
    let dir = old(&flashes);
    let path = Archive::at(dir.path()).path(Digest::of(&flashes[2]));
    fs::write(&path, b"rotten").unwrap();
    let packed = wait(Archive::at(dir.path()).pack()).unwrap();
    assert_eq!((packed.changed, packed.left.len()), (2, 1));
    assert!(fs::read(&path).unwrap() == b"rotten");
    all_read_back(&dir, &[flashes[0].clone(), flashes[1].clone(), flashes[3].clone()], "the others");
}

/// Does the work over and over on copies of a folder, each time killed after one change more, until it comes through. After
/// each kill all is there, and the work done again comes to its end.
fn killed(made: &dyn Fn() -> TempDir, flashes: &[Vec<u8>], work: &dyn Fn(&TempDir) -> Result<(), StoreError>) -> u32 {
    for changes in 0.. {
        let dir = made();
        die_after(Some(changes));
        let through = work(&dir).is_ok();
        die_after(None);
        let case = format!("killed after {changes} changes");
        all_read_back(&dir, flashes, &case);
        let report = wait(Archive::at(dir.path()).check()).unwrap();
        assert!(report.bad.is_empty() && report.pieces.is_empty(), "{case}: {report:?}");
        if through {
            return changes;
        }
        // as the station's next start does
        Archive::open(dir.path()).unwrap();
        work(&dir).unwrap_or_else(|error| panic!("{case}: {error}"));
        all_read_back(&dir, flashes, &case);
        let report = wait(Archive::at(dir.path()).check()).unwrap();
        assert!(
            report.bad.is_empty() && report.doubled.is_empty() && report.strangers.is_empty(),
            "{case}: {report:?}"
        );
    }
    unreachable!()
}

#[test]
fn killed_between_any_two_changes_packing_and_unpacking_lose_nothing_and_end_when_they_are_done_again() {
    let flashes: Vec<Vec<u8>> = (1..=3).map(|unit| plug(1, unit)).collect();
    let digests: Vec<Digest> = flashes.iter().map(|flash| Digest::of(flash)).collect();
    let pack =
        |dir: &TempDir| digests.iter().try_for_each(|digest| packing::pack_one(&folder(dir), *digest).map(|_| ()));
    let changes = killed(&|| old(&flashes), &flashes, &pack);
    assert!(changes >= 16, "{changes} changes: second copy, two differences, two removals");
    let packed = || {
        let dir = old(&flashes);
        pack(&dir).unwrap();
        dir
    };
    let unpack = |dir: &TempDir| packing::unpack_all(&folder(dir));
    let changes = killed(&packed, &flashes, &unpack);
    assert!(changes >= 14, "{changes} changes: two wholes, three removals");
}

#[test]
fn killed_between_any_two_changes_a_unit_loses_no_backup_of_another_and_is_kept_when_it_comes_again() {
    let flashes: Vec<Vec<u8>> = (1..=2).map(|unit| plug(1, unit)).collect();
    let new = plug(1, 3);
    for before in [1, 2] {
        let made = || {
            let dir = tempfile::tempdir().unwrap();
            Archive::open(dir.path()).unwrap();
            for flash in &flashes[..before] {
                keep(&dir, flash).unwrap();
            }
            dir
        };
        let work = |dir: &TempDir| keep(dir, &new).map(|_| assert_eq!(read(dir, &new).unwrap(), new));
        killed(&made, &flashes[..before], &work);
    }
}
