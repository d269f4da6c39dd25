//! The figures of a golden board, and what drifted since they were kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One run over a golden board.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::cli) struct Figures {
    /// When.
    pub(in crate::cli) taken: Timestamp,
    /// Chip of the board.
    pub(in crate::cli) chip: String,
    /// JEDEC id of its flash, where the chip gives one.
    pub(in crate::cli) flash_id: Option<String>,
    /// Bytes of its flash.
    pub(in crate::cli) flash_size: u32,
    /// Digest over the chip's own CRCs of all its blocks.
    pub(in crate::cli) flash: String,
    /// CEN released until the chip was linked, ms.
    pub(in crate::cli) link_ms: u64,
    /// The fastest rate that proved itself, bits per second.
    pub(in crate::cli) baud: u32,
    /// The chip's CRCs of the whole flash, ms.
    pub(in crate::cli) crc_ms: u64,
    /// Reading 64 KiB, ms.
    pub(in crate::cli) read_ms: u64,
    /// Damaged or missing replies.
    pub(in crate::cli) errors: u64,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { chip, link_ms, baud, crc_ms, read_ms, errors, .. } = self;
        let kib = self.flash_size / 1024;
        write!(
            f,
            "{chip}, {kib} KiB; link {link_ms} ms after CEN, {baud} baud, CRC of all {crc_ms} ms, 64 KiB read in \
             {read_ms} ms, {errors} damaged replies"
        )
    }
}

/// What is not as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Drift {
    /// Another board, or one that has changed: nothing can be said of the jig.
    pub(in crate::cli) faults: Vec<String>,
    /// The jig is slower or noisier.
    pub(in crate::cli) slower: Vec<String>,
}

/// A time has drifted when it is longer by half and by more than this, ms; less is the computer's own scatter.
const SCATTER_MS: u64 = 100;

/// Compares a run with the kept one.
pub(in crate::cli) fn compare(kept: &Figures, now: &Figures) -> Drift {
    let mut drift = Drift::default();
    let text = |id: &Option<String>| id.clone().unwrap_or_else(|| "none".into());
    let same = [
        ("chip", kept.chip.clone(), now.chip.clone()),
        ("flash id", text(&kept.flash_id), text(&now.flash_id)),
        ("flash size", kept.flash_size.to_string(), now.flash_size.to_string()),
        ("flash content", kept.flash.clone(), now.flash.clone()),
    ];
    for (what, kept, now) in same {
        if kept != now {
            drift.faults.push(format!(
                "{what}: expected {kept}, found {now}; put the golden board in, or keep this one with --golden"
            ));
        }
    }
    if now.baud < kept.baud {
        drift.slower.push(format!("rate: {} baud was {} baud; check wires and ground", now.baud, kept.baud));
    }
    let times = [
        ("link after CEN", kept.link_ms, now.link_ms),
        ("CRC of the flash", kept.crc_ms, now.crc_ms),
        ("reading 64 KiB", kept.read_ms, now.read_ms),
    ];
    for (what, kept, now) in times {
        if now > kept + kept / 2 && now > kept + SCATTER_MS {
            drift.slower.push(format!("{what}: {now} ms was {kept} ms; check contacts and supply"));
        }
    }
    if now.errors > kept.errors {
        let (now, kept) = (now.errors, kept.errors);
        drift.slower.push(format!("damaged replies: {now} was {kept}; clean the pogo pins, check the ground"));
    }
    drift
}

#[cfg(test)]
pub(in crate::cli) mod tests {
    use super::*;

    /// Those of a good jig.
    pub(in crate::cli) fn figures() -> Figures {
        Figures {
            taken: Timestamp::UNIX_EPOCH,
            chip: "BK7231T".into(),
            flash_id: None,
            flash_size: 0x20_0000,
            flash: "ab".into(),
            link_ms: 40,
            baud: 2_000_000,
            crc_ms: 1000,
            read_ms: 400,
            errors: 0,
        }
    }

    #[test]
    fn the_same_board_and_a_little_scatter_are_no_drift() {
        let now = Figures { link_ms: 130, crc_ms: 1490, read_ms: 480, ..figures() };
        assert_eq!(compare(&figures(), &now), Drift::default());
    }

    #[test]
    fn a_worn_jig_is_slower_and_noisier() {
        let now = Figures { baud: 921_600, crc_ms: 1700, errors: 3, link_ms: 300, ..figures() };
        let drift = compare(&figures(), &now);
        assert!(drift.faults.is_empty());
        assert_eq!(
            drift.slower,
            [
                "rate: 921600 baud was 2000000 baud; check wires and ground",
                "link after CEN: 300 ms was 40 ms; check contacts and supply",
                "CRC of the flash: 1700 ms was 1000 ms; check contacts and supply",
                "damaged replies: 3 was 0; clean the pogo pins, check the ground",
            ]
        );
    }

    #[test]
    fn another_board_says_nothing_of_the_jig() {
        let now = Figures { chip: "BK7231N".into(), flash: "cd".into(), flash_id: Some("eb6015".into()), ..figures() };
        assert_eq!(compare(&figures(), &now).faults.len(), 3);
    }
}
