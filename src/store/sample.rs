//! A plausible unit for tests.

use crate::model::chip::board::Board;
use crate::model::chip::digest::Digest;
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Key};
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::firmware::content::BackupKind;
use crate::model::unit::open_unit::OpenUnit;
use crate::model::unit::{Backup, Firmware, StageTime, Uart, Unit, VERSION};

/// A plug that passed. Its number is not given yet.
pub(crate) fn unit() -> Unit {
    let time = |text: &str| text.parse().unwrap();
    Unit {
        seq: 0,
        v: VERSION,
        station: "bench-1".into(),
        slot: "A".into(),
        batch: None,
        started: time("2026-11-03T09:15:00Z"),
        finished: time("2026-11-03T09:15:41.5Z"),
        clock_synced: true,
        boot_id: "0b5d1f9e-7c5b-4d7c-9a53-0a2c6c1d1f10".into(),
        verdict: Verdict::Pass,
        fault: None,
        board: Some(Board {
            chip: Chip::Bk7231T,
            module: Some("WB2S".into()),
            mac: Some(Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F])),
            flash_id: Some("eb6015".into()),
            flash_size: 0x20_0000,
            bootloader: Some("BK7231S_1.0.5".into()),
            loader_crc: Some("ba54c1b8".into()),
            key: Key::Standard,
            evidence: vec!["boot text BK7231S_1.0.5".into()],
            calibration: None,
        }),
        backup: Some(Backup {
            sha256: Digest::of(b"stock"),
            bytes: 0x20_0000,
            read_bytes: 0x20_0000,
            skipped_bytes: 0,
            same_bytes: 0,
            base: None,
            audit: false,
            comparisons: 0,
            written_bytes: 0,
            contains_credentials: true,
            kind: BackupKind::Stock,
        }),
        firmware: Some(Firmware {
            name: "OpenBK7231T_UA_1.18.300.bin".into(),
            version: Some("1.18.300".into()),
            sha256: Digest::of(b"firmware"),
            chip: Chip::Bk7231T,
        }),
        config: None,
        meter: None,
        stages: vec![
            StageTime { name: Stage::Attach, start_ms: 0, ms: 900, bytes: 0, retries: 0 },
            StageTime { name: Stage::Backup, start_ms: 900, ms: 40_600, bytes: 0x20_0000, retries: 1 },
        ],
        uart: Uart { baud: 2_000_000, tx_bytes: 1_200_000, rx_bytes: 2_300_000, errors: 1, overruns: Some(2) },
        map: None,
        checks: Vec::new(),
        already: None,
        restored_from: None,
        board_log: Vec::new(),
        life: Vec::new(),
        arrival: None,
        lot: None,
        confirmed: None,
    }
}

/// The note of such a unit while it is in the jig.
pub(crate) fn in_flight(slot: &str, revision: u32, stage: Stage) -> OpenUnit {
    let done = unit();
    let mut open = Unit::begun(done.station, slot.into(), done.started);
    (open.clock_synced, open.boot_id) = (true, done.boot_id);
    (open.board, open.backup, open.firmware) = (done.board, done.backup, done.firmware);
    OpenUnit { revision, noted: done.finished, stage, touched: stage == Stage::Erase, unit: Box::new(open) }
}
