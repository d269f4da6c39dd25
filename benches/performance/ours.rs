//! flashjig at its work: a station with so many slots converts a first board of a model in each of them, then another one.

use crate::board::{Board, Kind};
use crate::floor::Floors;
use crate::process::Usage;
use crate::station::{self, Station};
use crate::work::Work;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::unit::Unit;
use std::time::Duration;

/// What is measured of a station.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Setting {
    pub(crate) kind: Kind,
    pub(crate) rate: u32,
    pub(crate) slots: usize,
    /// The recipe's mode of the backup.
    pub(crate) mode: String,
}

/// Boards that were converted at the same time.
pub(crate) struct Group {
    /// Each record, with the seconds from the press to the light.
    pub(crate) units: Vec<(Unit, f64)>,
    /// What the least time of each is made of.
    pub(crate) floors: Floors,
    /// Of the station, for all of them.
    pub(crate) usage: Usage,
    /// Of the boards, for all of them.
    pub(crate) boards_cpu_s: f64,
}

/// What came of a setting.
pub(crate) struct Ours {
    /// The first unit of each slot, with nothing known; and the second, when the model is known.
    pub(crate) groups: [Group; 2],
    /// The station's peak of memory, KiB.
    pub(crate) peak_kib: u64,
}

/// Converts and compares what came of it byte by byte; the error: a unit that did not pass.
pub(crate) fn convert(setting: &Setting, work: &Work) -> Result<Ours, String> {
    let Setting { kind, rate, slots, mode } = setting.clone();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut boards: Vec<Board> =
        station::names(slots).map(|name| Board::start(folder.path(), &name.to_string(), kind, 1.0)).collect();
    let config = station::configure(folder.path(), rate, &boards);
    let data = folder.path().join("data");
    std::fs::write(data.join("firmware").join(&work.file.0), &work.file.1).expect("an image");
    std::fs::write(data.join("recipes/default.toml"), format!("[backup]\nmode = \"{mode}\"\n")).expect("a recipe");
    let station = Station::start(&config);
    // a station is not started for one press: it has looked at its firmware by then
    std::thread::sleep(Duration::from_secs(2));
    let mut known = None;
    let mut turn = |turn: u32| {
        let first = 1 + turn * slots as u32;
        let stocks: Vec<Vec<u8>> = (first..).take(slots).map(|unit| work.stock(unit)).collect();
        for (board, stock) in boards.iter_mut().zip(&stocks) {
            board.insert(kind.chip, stock);
        }
        let (before, boards_before) = (station.process.usage(), boards.iter().map(Board::cpu_s).sum::<f64>());
        let done = station.units(slots);
        let usage = station.process.usage() - before;
        let boards_cpu_s = boards.iter().map(Board::cpu_s).sum::<f64>() - boards_before;
        for (((unit, _), board), (number, stock)) in done.iter().zip(&mut boards).zip((first..).zip(&stocks)) {
            if unit.verdict != Verdict::Pass {
                return Err(format!("unit {} of slot {}: {:?}", unit.seq, unit.slot, unit.fault));
            }
            let kept = station.ask("GET", &format!("/api/v1/units/{}/backup", unit.seq));
            assert!(kept == *stock, "{setting:?}: the backup is not the flash");
            assert!(board.flash() == work.want(number), "{setting:?}: the flash is not as it must be");
        }
        let floors = Floors::new(kind, rate, &stocks[0], &work.want(first), known.as_deref());
        known = Some(stocks[0].clone());
        let units = done.into_iter().map(|(unit, time)| (unit, time.as_secs_f64())).collect();
        Ok(Group { units, floors, usage, boards_cpu_s })
    };
    let groups = [turn(0)?, turn(1)?];
    let peak_kib = station.process.memory_kib("VmHWM");
    station.process.end();
    Ok(Ours { groups, peak_kib })
}
