//! Each file of the data folder, missing, empty, cut, doubled, foreign and more, in turn: the station starts with all that
//! it had, or says exactly what to do and changes nothing. Never is a record lost or a number given twice.

use super::sample::{in_flight, unit};
use super::{Archive, Choices, Ledger, LedgerCopy, StoreError, token};
use crate::model::chip::mac::Mac;
use crate::model::cycle::stage::Stage;
use crate::model::firmware::content::BackupKind;
use crate::model::unit::batch::{AtEnd, Batch};
use crate::model::unit::history::StockRef;
use crate::model::unit::{Unit, UnitQuery};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

/// Units in the ledger of the folder.
const UNITS: u64 = 30;
/// Of its board the stock backup is noted.
const BOARD: Mac = Mac([1, 2, 3, 4, 5, 6]);

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    Missing,
    Empty,
    /// The first half of it.
    Cut,
    /// Twice behind itself.
    Doubled,
    /// The file of this name of another station, or other content where that has none.
    Foreign,
    /// As long as it was, and nothing in it: a power cut on some file systems.
    Zeros,
    /// A folder in its place.
    Folder,
}

use Harm::{Cut, Doubled, Empty, Folder, Foreign, Missing, Zeros};

const ALL: [Harm; 7] = [Missing, Empty, Cut, Doubled, Foreign, Zeros, Folder];

/// What comes of it.
#[derive(Clone, Copy, Debug)]
enum Comes {
    /// It starts, and has all.
    Starts,
    /// It starts, says what it lost, and has the rest.
    Misses,
    /// It says so, and starts as soon as that is done.
    Says(&'static [&'static str]),
}

use Comes::{Misses, Says, Starts};

struct Station {
    ledger: Ledger,
    archive: Archive,
    choices: Choices,
    token: String,
}

impl Station {
    /// In the order of the daemon.
    fn start(dir: &Path) -> Result<Self, StoreError> {
        let ledger = open(dir)?;
        let (archive, choices) = (Archive::open(dir)?, Choices::open(dir));
        Ok(Self { ledger, archive, choices, token: token::ensure(dir)? })
    }

    fn units(&self) -> Vec<Unit> {
        wait(self.ledger.query(UnitQuery::default())).unwrap()
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// sled's threads may hold the lock a moment longer than the last handle lives.
fn open(dir: &Path) -> Result<Ledger, StoreError> {
    for _ in 0..500 {
        match Ledger::open(dir) {
            Err(error) if error.to_string().contains("another flashjig") => {
                std::thread::park_timeout(Duration::from_millis(10));
            }
            other => return other,
        }
    }
    panic!("the ledger stays locked");
}

/// A data folder after a few weeks: its log was opened and cleaned many times, and has values of every size.
fn made(seed: u8, units: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for round in 0..units / 2 {
        let station = Station::start(dir.path()).unwrap();
        wait(async {
            for _ in 0..2 {
                for revision in 0..12 {
                    let mut note = in_flight("A", revision, Stage::Keep);
                    note.unit.station = "n".repeat(4000);
                    if revision == 0 {
                        station.ledger.begin(note).await.unwrap();
                    } else {
                        station.ledger.note(note, false).await.unwrap();
                    }
                }
                let large = if round < 10 { 20_000 } else { 10 };
                let board_log = vec![format!("{seed} {}", "x".repeat(large))];
                station.ledger.commit(Unit { board_log, ..unit() }).await.unwrap();
            }
        });
        if round == 0 {
            let stock: std::sync::Arc<[u8]> = vec![seed; 10_000].into();
            let sha256 = wait(station.archive.keep(stock)).unwrap();
            wait(
                station
                    .ledger
                    .note_stock(BOARD, StockRef { sha256, calibration: sha256, open: true, kind: BackupKind::Stock }),
            )
            .unwrap();
            station
                .choices
                .set_batch(Some(Batch {
                    name: format!("box {seed}"),
                    size: None,
                    accept: Vec::new(),
                    at_end: AtEnd::Ask,
                }))
                .unwrap();
        }
    }
    drop(open(dir.path()).unwrap());
    // its threads are done when the lock is free
    drop(open(dir.path()).unwrap());
    assert!(fs::read_dir(dir.path().join("ledger/blobs")).unwrap().count() > 0, "some pages are files of their own");
    dir
}

/// A copy with the times of the files.
fn copy(from: &Path) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(dir.path()).status().unwrap();
    assert!(done.success());
    dir
}

/// The files whose names begin so.
fn files(dir: &Path, name: &str) -> Vec<PathBuf> {
    let (folder, prefix) = name.rsplit_once('/').unwrap_or((".", name));
    let entries = fs::read_dir(dir.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let named = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(prefix);
    let mut found: Vec<_> = entries.filter(named).collect();
    found.sort();
    found
}

fn harm(path: &Path, other: Option<&Path>, harm: Harm) {
    let was = fs::read(path).unwrap_or_default();
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        fs::remove_file(path).unwrap();
    }
    let content = match harm {
        Missing => return,
        Folder => return fs::create_dir(path).unwrap(),
        Empty => Vec::new(),
        Cut => was[..was.len() / 2].to_vec(),
        Doubled => was.repeat(2),
        Foreign => other.map_or_else(|| b"\xFFwhat is this\n".to_vec(), |other| fs::read(other).unwrap()),
        Zeros => vec![0; was.len()],
    };
    fs::write(path, content).unwrap();
}

/// Every file with its content, the traces of a look apart.
fn content(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(dir).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// What is missing, by the words of an offline command.
fn told(copied: Result<LedgerCopy, StoreError>) -> Option<String> {
    match copied {
        Ok(copy) => copy.lost().map(ToString::to_string),
        Err(error) => Some(error.to_string()),
    }
}

/// What is in the ledger of a folder that nobody harmed.
struct Kept {
    units: Vec<Unit>,
    stock: Option<StockRef>,
}

impl Kept {
    fn of(made: &Path) -> Self {
        let whole = copy(made);
        let station = Station::start(whole.path()).unwrap();
        Self { units: station.units(), stock: wait(station.ledger.stock_of(BOARD)).unwrap() }
    }
}

/// Harms one file of a copy of the folder and starts there.
fn check(made: &Path, kept: &Kept, other: &Path, name: &str, harm: Harm, comes: Comes) {
    let case = format!("{name} {harm:?}");
    let dir = copy(made);
    let path = files(dir.path(), name).pop().unwrap_or_else(|| panic!("there is no {name}"));
    self::harm(&path, files(other, name).last().map(PathBuf::as_path), harm);
    let before = content(dir.path());
    let told = told(LedgerCopy::take(dir.path()));
    assert!(content(dir.path()) == before, "{case}: an offline command changes nothing");
    match (comes, Station::start(dir.path())) {
        (Starts, Ok(station)) => {
            assert!(station.units() == kept.units, "{case}: {} units", station.units().len());
            assert_eq!(told, None, "{case}");
            assert_eq!(wait(station.ledger.stock_of(BOARD)).unwrap(), kept.stock, "{case}");
            assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 1, "{case}");
            assert!(!station.token.is_empty(), "{case}");
            drop(station);
            assert_eq!(Station::start(dir.path()).unwrap().units().len() as u64, UNITS + 1, "{case}: mended for good");
        }
        (Misses, Ok(station)) => {
            let units = station.units();
            assert!(units.iter().all(|unit| kept.units.contains(unit)), "{case}");
            assert!(units == kept.units || told.is_some_and(|told| told.contains("works with the others")), "{case}");
            assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 1, "{case}");
            drop(station);
            assert_eq!(Station::start(dir.path()).unwrap().units().len(), units.len() + 1, "{case}: no fewer");
        }
        (Says(_) | Misses, Err(error)) => {
            let said = error.to_string();
            let words = if let Says(words) = comes { words } else { NEWEST };
            for word in words {
                assert!(said.contains(word), "{case}: expected {word:?} in: {said}");
            }
            if name.starts_with("ledger") {
                assert!(told.is_some(), "{case}: an offline command tells it too");
                let now = content(dir.path());
                let changed: Vec<_> =
                    now.keys().chain(before.keys()).filter(|file| now.get(*file) != before.get(*file)).collect();
                assert!(changed.is_empty(), "{case}: a refusal changes nothing, {changed:?}: {said}");
            }
            put_back(made, dir.path(), &path);
            assert!(Station::start(dir.path()).unwrap().units() == kept.units, "{case}: nothing was lost meanwhile");
        }
        (comes, Ok(station)) => panic!("{case}: expected {comes:?}, it started with {} units", station.units().len()),
        (comes, Err(error)) => panic!("{case}: expected {comes:?}: {error}"),
    }
}

/// As somebody who has a copy does.
fn put_back(made: &Path, dir: &Path, path: &Path) {
    if path.is_dir() {
        fs::remove_dir_all(path).unwrap();
    } else {
        _ = fs::remove_file(path);
    }
    let good = made.join(path.strip_prefix(dir).unwrap());
    assert!(Command::new("cp").arg("-r").args([&good, path]).status().unwrap().success());
}

/// The log alone holds the records: without it a copy is needed, or somebody who goes on behind the last number.
const BAD_LOG: Comes = Says(&["ledger: expected", "flashjig units", "/floor", "number 31"]);
/// Where the newest records are missed their numbers must not be given twice: somebody has to say so.
const NEWEST: &[&str] = &["expected records up to unit 30, found ", "flashjig units", "/floor", "number 31"];
const IN_THE_WAY: Comes = Says(&["is in the way", "move it"]);

/// What comes of each harm to each file. A name is the start of the file's.
#[rustfmt::skip]
const MATRIX: &[(&str, &[(Harm, Comes)])] = &[
    ("ledger/db",     &[(Missing, BAD_LOG), (Empty, BAD_LOG), (Cut, BAD_LOG), (Doubled, BAD_LOG), (Foreign, BAD_LOG), (Zeros, BAD_LOG), (Folder, BAD_LOG)]),
    ("ledger/conf",   &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, Starts)]),
    ("ledger/snap.",  &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, Starts)]),
    ("ledger/spare.", &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, Starts)]),
    ("ledger/last",   &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, IN_THE_WAY)]),
    ("backups/",      &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, Starts)]),
    ("desk.json",     &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, Starts)]),
    ("token",         &[(Missing, Starts), (Empty, Starts), (Cut, Starts), (Doubled, Starts), (Foreign, Starts), (Zeros, Starts), (Folder, IN_THE_WAY)]),
    ("ledger",        &[(Missing, Says(&["ledger/floor", "highest number"])), (Empty, IN_THE_WAY)]),
    ("ledger/blobs",  &[(Missing, Misses), (Empty, Misses)]),
    ("backups",       &[(Missing, Starts), (Empty, IN_THE_WAY)]),
];

#[test]
fn each_file_of_the_data_folder_harmed_in_each_way_stops_no_start_or_is_told_with_what_to_do() {
    let (made, other) = (made(1, UNITS), made(2, UNITS / 2));
    let kept = Kept::of(made.path());
    for (name, row) in MATRIX {
        for (harm, comes) in *row {
            check(made.path(), &kept, other.path(), name, *harm, *comes);
        }
    }
    let pages = files(made.path(), "ledger/blobs/");
    for (page, harm) in pages.iter().flat_map(|page| ALL.map(|harm| (page, harm))) {
        let name = page.strip_prefix(made.path()).unwrap().to_string_lossy();
        check(made.path(), &kept, other.path(), &name, harm, Misses);
    }
}

/// What a program that was killed, or found no room, leaves, and what people leave.
#[test]
fn what_should_not_be_there_stops_no_start() {
    let made = made(1, UNITS);
    let snapshot = files(made.path(), "ledger/snap.").pop().unwrap();
    let expected = Kept::of(made.path()).units;
    let (half, text) = (&fs::read(&snapshot).unwrap()[..100], &b"what is this"[..]);
    let name = snapshot.file_name().unwrap().to_string_lossy();
    let cases: &[(&str, Option<&[u8]>)] = &[
        ("ledger/snap.FFFFFFFFFFFFFFFF.generating", Some(half)),
        ("ledger/snap.FFFFFFFFFFFFFFFF.generating", Some(b"")),
        (&format!("ledger/{name}.generating"), Some(half)),
        ("ledger/snap.FFFFFFFFFFFFFFFF.generating", None),
        ("ledger/snap.FFFFFFFFFFFFFFFF", Some(half)),
        ("ledger/snap.FFFFFFFFFFFFFFFF", Some(&fs::read(&snapshot).unwrap())),
        ("ledger/snap.0000000000000000", Some(half)),
        (&format!("ledger/{name}.bak"), Some(&fs::read(&snapshot).unwrap())),
        ("ledger/snap.old", None),
        ("ledger/spare.part", Some(half)),
        ("ledger/blobs/99999999999", Some(text)),
        ("ledger/blobs/README", Some(text)),
        ("ledger/blobs/5", None),
        ("ledger/README", Some(text)),
        (".ledger-trial-abc/db", Some(text)),
        ("backups/.part-1-1", Some(text)),
        ("backups/.part-1-1", None),
        ("backups/README", Some(text)),
        ("desk.part", Some(text)),
        ("token.part", Some(text)),
        ("uploads/.upload-abc", Some(text)),
    ];
    for (name, content) in cases {
        let dir = copy(made.path());
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::create_dir(&path).unwrap(),
        }
        assert_eq!(told(LedgerCopy::take(dir.path())), None, "{name}");
        let station = Station::start(dir.path()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(station.units() == expected, "{name}");
        assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 1, "{name}");
        station.choices.set_batch(None).unwrap();
        token::renew(&token::path(dir.path())).unwrap();
        let ours = ["generating", "trial", "part-1-1", "spare.part"].iter().any(|mark| name.contains(mark));
        assert!(!ours || content.is_none() || !path.exists(), "{name} is cleared");
        drop(station);
        assert!(Station::start(dir.path()).is_ok(), "{name}: and again");
    }
}

#[test]
fn two_harms_at_once_lose_no_record_in_silence_and_give_no_number_twice() {
    let (made, other) = (made(1, UNITS), made(2, UNITS / 2));
    let expected = Kept::of(made.path()).units;
    let names = ["ledger/conf", "ledger/snap.", "ledger/spare.", "ledger/last"];
    let pairs = names.iter().enumerate().flat_map(|(n, a)| names[n + 1..].iter().map(move |b| (a, b)));
    for (pair, harm) in pairs.flat_map(|pair| [Missing, Cut, Foreign].map(|harm| (pair, harm))) {
        let dir = copy(made.path());
        for name in [pair.0, pair.1] {
            let path = files(dir.path(), name).pop().unwrap();
            self::harm(&path, files(other.path(), name).last().map(PathBuf::as_path), harm);
        }
        let before = content(dir.path());
        match Station::start(dir.path()) {
            Ok(station) => {
                assert!(station.units() == expected, "{pair:?} {harm:?}");
                assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 1, "{pair:?} {harm:?}");
            }
            Err(error) => {
                assert!(error.to_string().contains("/floor"), "{pair:?} {harm:?}: {error}");
                assert!(content(dir.path()) == before, "{pair:?} {harm:?}: a refusal changes nothing");
            }
        }
    }
}

/// The commands of a refusal's last resort.
fn last_resort(said: &str) -> &str {
    let (_, from) = said.split_once("as the user who runs flashjig: `").unwrap_or_else(|| panic!("{said}"));
    from.split_once('`').unwrap().0
}

#[test]
fn the_last_resort_starts_the_station_and_no_number_is_given_twice() {
    let made = made(1, UNITS);
    for (name, harm) in [("ledger/db", Missing), ("ledger/db", Cut), ("ledger/db", Zeros), ("ledger", Missing)] {
        let dir = copy(made.path());
        self::harm(&dir.path().join(name), None, harm);
        let said = Station::start(dir.path()).err().unwrap().to_string();
        let commands = last_resort(&said).replace("echo N", "echo 30");
        assert!(Command::new("sh").args(["-ec", &commands]).status().unwrap().success(), "{commands}");
        let station = Station::start(dir.path()).unwrap_or_else(|error| panic!("{name} {harm:?} {commands}: {error}"));
        assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 1, "{name} {harm:?}");
        drop(station);
        let station = Station::start(dir.path()).unwrap();
        assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 2, "{name} {harm:?}");
        assert_eq!(told(LedgerCopy::take(dir.path())), None, "{name} {harm:?}");
        drop(station);
        // a second loss is no more silent than the first
        fs::remove_file(dir.path().join("ledger/db")).unwrap();
        let said = Station::start(dir.path()).err().unwrap().to_string();
        assert!(said.contains(&format!("the next unit is number {}", UNITS + 3)), "{name} {harm:?}: {said}");
        assert!(Command::new("sh").args(["-ec", last_resort(&said)]).status().unwrap().success(), "{said}");
        let station = Station::start(dir.path()).unwrap();
        assert_eq!(wait(station.ledger.commit(unit())).unwrap().seq, UNITS + 3, "{name} {harm:?}");
    }
}
