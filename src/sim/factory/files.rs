//! The plain file store of a virtual plug: the copy of its settings, its log, and what its factory measured.

use crate::model::chip::Chip;
use crate::model::openbeken::meter::Figures;
use crate::model::tuya::files::encode::{self, Plan};
use crate::model::tuya::files::{Areas, BLOCK};

/// How often a plug's index was written before it was thrown into the box.
const GENERATION: u32 = 45;
/// Blocks 0 and 1 hold the index.
const FIRST: u16 = 2;
/// From one file's block to the next file's: no divisor of the 22 and 25 data blocks, so that they are scattered over all
/// areas as in a plug that was used.
const STEP: u16 = 7;

/// Lays a store with these files over a flash, in scattered blocks. A chip whose store's place is not known gets none, and
/// what does not fit is left out.
pub fn put_files(flash: &mut [u8], chip: Chip, files: &[(&str, &[u8])]) {
    let Some(areas) = Areas::of(chip, 0) else { return };
    let room = areas.total() - FIRST;
    let mut free = (0..room).map(|n| FIRST + n * STEP % room);
    let plans = files.iter().map(|(name, content)| {
        let blocks: Vec<u16> = free.by_ref().take(content.len().div_ceil(BLOCK)).collect();
        Plan::new(name, &blocks, content)
    });
    encode::store(flash, &areas, &plans.collect::<Vec<_>>(), GENERATION);
}

/// What the factory measured on a unit: as scattered as real ones, and as consistent.
pub fn calibration(unit: u32) -> Figures {
    let (v, p) = (537 + unit % 60, 13_284 + unit % 70 * 43);
    // the chip's own gains give the third, the energy of 1 Wh at 86.4 W the fourth, counted in tens
    let i = (1000 + unit % 90) * p / v;
    let e = 3_600_000_000.0 / 86.4 / f64::from(p);
    Figures::new(v, i, p, (e / 10.0).round() as u32 * 10)
}

/// The files of a metering plug with these settings.
pub(super) fn of_metering(unit: u32, settings: &str) -> Vec<(&'static str, Vec<u8>)> {
    let Figures { v, i, p, e } = calibration(unit);
    vec![
        ("oem_cfg", settings.as_bytes().to_vec()),
        ("log_seq_stat", br#"{"w":1,"r":0}"#.to_vec()),
        ("measure_coe", [v, i, p, e].map(u32::to_le_bytes).concat()),
        ("measure_rslt", vec![1]),
        // as real ones do it names the network that the plug was in
        ("netcfg_log", b"join virtual home ok".to_vec()),
        ("day_energy", vec![0; 84]),
        ("RLY_STAT", b"{rl1:1,}".to_vec()),
    ]
}
