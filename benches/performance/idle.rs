//! A station that does nothing, and one that starts with a long ledger.

use crate::board::{Board, Kind};
use crate::station::{self, Station};
use crate::work::Work;
use flashjig::model::chip::mac::Mac;
use flashjig::model::unit::Unit;
use flashjig::wiring;
use jiff::SignedDuration;
use std::path::Path;
use std::time::Duration;

/// How long it is watched.
const WATCH: Duration = Duration::from_secs(20);
/// How much faster than real time the one board runs that the records are made from.
const FAST: f64 = 30.0;

/// An idle station with so many slots: its share of one core, and its memory in KiB.
pub(crate) fn idle(kind: Kind, slots: usize) -> (f64, u64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let boards: Vec<Board> =
        station::names(slots).map(|name| Board::start(folder.path(), &name.to_string(), kind, 1.0)).collect();
    let station = Station::start(&station::configure(folder.path(), 2_000_000, &boards));
    // what the start leaves to do
    std::thread::sleep(Duration::from_secs(3));
    let before = station.process.usage().cpu_s;
    std::thread::sleep(WATCH);
    let share = (station.process.usage().cpu_s - before) / WATCH.as_secs_f64();
    let memory = station.process.memory_kib("VmRSS");
    station.process.end();
    (share, memory)
}

/// A record as the station makes it, with its backup in the data folder; and the jig, which stays.
fn record(folder: &Path, kind: Kind, work: &Work) -> (Unit, Board) {
    let mut board = Board::start(folder, "A", kind, FAST);
    let config = station::configure(folder, 2_000_000, std::slice::from_ref(&board));
    std::fs::write(folder.join("data/firmware").join(&work.file.0), &work.file.1).expect("an image");
    let station = Station::start(&config);
    board.insert(work.chip, &work.stock(1));
    let (unit, _) = station.units(1).remove(0);
    station.process.end();
    (unit, board)
}

/// From the start of a station with so many units in its ledger until it is ready, each time, s; and its peak of memory,
/// KiB. The records are made durable one by one, which takes minutes on a disk: they are made in memory and moved.
pub(crate) fn ready(kind: Kind, work: &Work, units: u64, times: usize) -> (Vec<f64>, u64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let (model, _board) = record(folder.path(), kind, work);
    let data = folder.path().join("data");
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (ledger, archive) = wiring::stores(made.path()).expect("stores");
    runtime.block_on(async {
        for n in 0..units {
            let mut unit = model.clone();
            unit.seq = 0;
            unit.finished += SignedDuration::from_secs(30 * n.cast_signed());
            let [.., a, b, c] = n.wrapping_mul(0x9E37).to_be_bytes();
            unit.board.as_mut().expect("a board").mac = Some(Mac([0x18, 0xDE, 0x50, a, b, c]));
            ledger.commit(unit).await.expect("a disk");
        }
    });
    drop((ledger, archive, runtime));
    std::fs::remove_dir_all(data.join("ledger")).expect("the old ledger");
    copy(&made.path().join("ledger"), &data.join("ledger"));
    drop(made);
    let config = folder.path().join("flashjig.toml");
    let mut peak = 0;
    let mut took: Vec<f64> = (0..=times)
        .map(|_| {
            let station = Station::start(&config);
            peak = station.process.memory_kib("VmHWM").max(peak);
            let took = station.ready.as_secs_f64();
            station.process.end();
            took
        })
        .collect();
    // the first one tries another program's files on a copy
    took.remove(0);
    (took, peak)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("a file");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a copy");
        }
    }
}
