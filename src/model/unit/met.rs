//! What was met and can't be converted: which chips, so that the next one to convert is chosen by facts.

use super::Unit;
use crate::model::chip::Chip;
use crate::model::cycle::fault::FaultCode;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// Kinds that are kept; the one that was longest not met goes.
const KINDS: usize = 200;

/// Boards of one kind that can't be converted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Met {
    /// Their chip; null: what they said names none.
    pub chip: Option<Chip>,
    /// Their module; null: the vendor's settings do not say, or nobody read them, as most are refused before that.
    pub module: Option<String>,
    /// CRC of the first bytes of their boot loader, eight hex digits; null: it was not asked.
    pub loader: Option<String>,
    /// Why they can't.
    pub fault: FaultCode,
    /// Units that ended so: a board that is pressed twice counts twice, as most of them tell no address.
    pub count: u64,
    /// The last of them.
    pub unit: u64,
    /// When that was.
    pub last: Timestamp,
}

/// All that was met. Records come in the order of their numbers.
#[derive(Clone, Debug, Default)]
pub(super) struct AllMet(BTreeMap<Kind, Met>);

type Kind = (Option<Chip>, Option<String>, Option<String>, &'static str);

/// Whether a fault is one of a kind of board, and not of one board or of the jig.
fn is_of_its_kind(code: FaultCode) -> bool {
    matches!(
        code,
        FaultCode::UnknownChip
            | FaultCode::UnsupportedChip
            | FaultCode::RfElsewhere
            | FaultCode::HiddenKey
            | FaultCode::NotAllowed
    )
}

impl AllMet {
    pub(super) fn add(&mut self, unit: &Unit) {
        let Some(fault) = unit.fault.as_ref().map(|fault| fault.code).filter(|code| is_of_its_kind(*code)) else {
            return;
        };
        let board = unit.board.as_ref();
        let chip = board.map(|board| board.chip);
        let module = board.and_then(|board| board.module.clone());
        let loader = board.and_then(|board| board.loader_crc.clone());
        let kind = (chip, module.clone(), loader.clone(), fault.code());
        let count = self.0.get(&kind).map_or(0, |met| met.count) + 1;
        self.0.insert(kind, Met { chip, module, loader, fault, count, unit: unit.seq, last: unit.finished });
        if self.0.len() > KINDS {
            let oldest = self.0.iter().min_by_key(|(_, met)| met.unit).map(|(kind, _)| kind.clone());
            oldest.and_then(|kind| self.0.remove(&kind));
        }
    }

    /// The kind that was met last comes first.
    pub(super) fn list(&self) -> Vec<Met> {
        let mut all: Vec<Met> = self.0.values().cloned().collect();
        all.sort_by_key(|met| std::cmp::Reverse(met.unit));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::fault::Fault;
    use crate::model::cycle::stage::Stage;
    use crate::store::sample;

    fn unit(seq: u64, chip: Chip, loader: &str, code: FaultCode) -> Unit {
        let mut unit = sample::unit();
        unit.seq = seq;
        let finished = unit.finished;
        let board = unit.board.as_mut().unwrap();
        (board.chip, board.module, board.loader_crc) = (chip, None, Some(loader.into()));
        unit.failed(Fault::new(code, Stage::Identify, "x"), finished)
    }

    fn met(units: &[Unit]) -> Vec<(Option<&'static str>, Option<String>, u64, u64)> {
        let mut all = AllMet::default();
        for unit in units {
            all.add(unit);
        }
        all.list().into_iter().map(|met| (met.chip.map(Chip::name), met.loader, met.count, met.unit)).collect()
    }

    #[test]
    fn boards_are_counted_by_chip_and_boot_loader_the_last_kind_first() {
        let (t1, u) = (Chip::Bk7238, Chip::Bk7231U);
        let nameless = Unit { board: None, ..unit(5, t1, "", FaultCode::UnknownChip) };
        let units = [
            unit(1, t1, "f42f8c32", FaultCode::NotAllowed),
            unit(2, u, "2739019f", FaultCode::UnsupportedChip),
            unit(3, t1, "6beb0924", FaultCode::NotAllowed),
            unit(4, t1, "f42f8c32", FaultCode::NotAllowed),
            nameless,
        ];
        assert_eq!(
            met(&units),
            [
                (None, None, 1, 5),
                (Some("BK7238"), Some("f42f8c32".into()), 2, 4),
                (Some("BK7238"), Some("6beb0924".into()), 1, 3),
                (Some("BK7231U"), Some("2739019f".into()), 1, 2),
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_one_board_or_with_the_jig_is_not_counted() {
        let codes = [FaultCode::NoAnswer, FaultCode::BadBoot, FaultCode::WriteFailed, FaultCode::PilotWaits];
        let units: Vec<Unit> = codes.map(|code| unit(1, Chip::Bk7231N, "e14191ba", code)).into();
        assert!(met(&units).is_empty() && met(&[sample::unit()]).is_empty());
    }

    #[test]
    fn memory_is_bounded() {
        let units: Vec<Unit> = (1..=KINDS as u64 + 50)
            .map(|n| unit(n, Chip::Bk7252, &format!("{n:08x}"), FaultCode::UnsupportedChip))
            .collect();
        let kept = met(&units);
        assert_eq!((kept.len(), kept[0].3), (KINDS, KINDS as u64 + 50));
        assert_eq!(kept.last().unwrap().3, 51);
    }
}
