//! One case: which board, what goes wrong with it, in which stage and where.

use flashjig::model::chip::Chip;
use flashjig::model::cycle::stage::Stage;
use flashjig::sim::faults::{Damage, Fault, Quirk, Way};
use flashjig::sim::seed::Seed;
use std::collections::HashMap;
use std::time::Duration;

/// What can go wrong. `none` and `again` are boards that nothing is wrong with.
pub const KINDS: [&str; 23] = [
    "none",
    "lose",
    "duplicate",
    "flip",
    "delay",
    "cut",
    "reset",
    "brownout",
    "lazy-erase",
    "slip",
    "noise",
    "stuck",
    "misread",
    "stray-crc",
    "flash-id",
    "pulled",
    "again",
    "half",
    "placeholder",
    "same-mac",
    "two",
    "exchanged",
    "settings",
];
/// What can go wrong besides with a chip whose maker's boot loader stays: it is lifted after its so-manyeth erase, its registers
/// are odd, an old update lies where the copy goes; and what must be refused: an update that waits, two calibrations, a half
/// board that nobody has a backup of.
pub const MAKERS: [&str; 6] = ["step", "status", "patch", "update", "two-rf", "orphan"];
/// Those of them that must be refused with nothing erased.
pub const REFUSED: [&str; 3] = ["update", "two-rf", "orphan"];
/// The chips, by turns.
pub const CHIPS: [Chip; 3] = [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7238];

/// What may go wrong with a chip. Settings are damaged where stores are laid out as on plugs of the first two, and a half
/// board is an orphan where only a proven one may be written.
pub fn kinds(chip: Chip) -> Vec<&'static str> {
    if chip.facts().care.is_none() {
        return KINDS.to_vec();
    }
    let others = KINDS.into_iter().filter(|kind| !matches!(*kind, "settings" | "half"));
    others.chain(MAKERS).collect()
}

/// A board that is lifted in the middle of its unit, and another one put in: the longest time that the nest is empty.
const EMPTY: u64 = 400;
/// Those that a unit must survive by itself: a single lost or flipped byte, one reset, one failed sector, and
/// their kin.
pub const RECOVERABLE: [&str; 9] =
    ["lose", "duplicate", "flip", "delay", "cut", "reset", "brownout", "lazy-erase", "slip"];
/// Stages in which the chip is spoken to.
pub const STAGES: [Stage; 9] = [
    Stage::Attach,
    Stage::Identify,
    Stage::Backup,
    Stage::Keep,
    Stage::Plan,
    Stage::Erase,
    Stage::Write,
    Stage::Verify,
    Stage::Boot,
];

/// Bytes that host and board have sent at the start of each stage of an undisturbed unit.
pub type Spans = HashMap<(Chip, bool, Stage), ((u64, u64), (u64, u64))>;

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    pub number: u64,
    pub chip: Chip,
    /// The whole stock flash is full and read in full; otherwise there is little code, and blank parts are proven by CRC.
    pub full: bool,
    pub kind: &'static str,
    pub stage: Stage,
    pub faults: Vec<Fault>,
    /// For boards that are pulled or half written: bytes of the host, or sectors written, at that moment.
    pub at: u64,
    /// For boards that are exchanged: how long the nest is empty. 0: the next byte goes to the other board.
    pub empty: Duration,
}

impl Case {
    /// The case of a number; the same every time.
    pub fn draw(seed: u64, number: u64, only: (Option<Chip>, Option<&'static str>), spans: &Spans) -> Self {
        let mut seed = Seed::new(seed.wrapping_mul(1_000_003).wrapping_add(number));
        let (chip, turn) = match only.0 {
            Some(chip) => (chip, number),
            None => (CHIPS[(number % 3) as usize], number / 3),
        };
        let all = kinds(chip);
        let count = only.1.map_or(all.len() as u64, |_| 1);
        let kind = only.1.filter(|kind| all.contains(kind)).unwrap_or(all[turn as usize % all.len()]);
        let stage = STAGES[(turn / count) as usize % STAGES.len()];
        let full = seed.draw().is_multiple_of(16);
        let ((rx, tx), (rx_end, tx_end)) = spans[&(chip, full, stage)];
        let mut within = |from: u64, to: u64| from + seed.draw() % (to.saturating_sub(from)).max(8);
        let (at_rx, at_tx) = (within(rx, rx_end), within(tx, tx_end));
        let empty = Duration::from_millis((seed.draw() % (2 * EMPTY)).saturating_sub(EMPTY));
        let mut case = Self { number, chip, full, kind, stage, faults: Vec::new(), at: at_rx, empty };
        let kinds: &[&str] = if kind == "two" { &["lose", "flip"] } else { &[kind] };
        for kind in kinds {
            case.add(kind, at_rx, at_tx, &mut seed);
        }
        case
    }

    fn add(&mut self, kind: &str, at_rx: u64, at_tx: u64, seed: &mut Seed) {
        let (way, at) = if seed.draw().is_multiple_of(2) { (Way::Rx, at_rx) } else { (Way::Tx, at_tx) };
        let byte = |damage| Fault::Byte { way, at, damage };
        // what the image will cover, in sectors behind 0x11000
        let sectors = if self.full { 0xDD } else { 0x10 };
        let addr = 0x1_1000 + (seed.draw() % sectors) as u32 * 0x1000 + (seed.draw() % 0x1000) as u32;
        match kind {
            "lose" => self.faults.push(byte(Damage::Lose)),
            "duplicate" => self.faults.push(byte(Damage::Duplicate)),
            "flip" => self.faults.push(byte(Damage::Flip(1 << (seed.draw() % 8)))),
            "delay" => self.faults.push(byte(Damage::Delay(Duration::from_millis(20 + seed.draw() % 20_000)))),
            "cut" => {
                let length = 2 + seed.draw() % 40;
                self.faults.extend((at..at + length).map(|at| Fault::Byte { way, at, damage: Damage::Lose }));
            }
            "reset" => self.faults.push(Fault::Reset { at: at_rx }),
            "brownout" => self.faults.push(Fault::BrownOut { at: at_rx }),
            "lazy-erase" => self.faults.push(Fault::LazyErase),
            "slip" => self.faults.push(Fault::Slip { addr }),
            "stuck" => self.faults.push(Fault::Stuck { addr }),
            "misread" => self.faults.push(Fault::Misread { addr }),
            "stray-crc" => {
                let by = [0x100, 0x1000, 0x8000, 0x1_0000, 0x10_0000][(seed.draw() % 5) as usize];
                self.faults.push(Fault::StrayCrc { one_of: [1, 2, 3, 7, 40][(seed.draw() % 5) as usize], by });
            }
            "noise" => {
                let rate = [2_000_000, 1_500_000, 921_600][(seed.draw() % 3) as usize];
                self.faults.push(Fault::Noise { rate, one_of: 2_000 + (seed.draw() % 200_000) as u32 });
            }
            "flash-id" => {
                let id = [[0; 3], [0xFF; 3], [0x12, 0x34, 0x15]][(seed.draw() % 3) as usize];
                self.faults.push(Fault::FlashId { id });
            }
            "status" => {
                let (id, quirk) = [
                    ([0x85, 0x20, 0x15], Quirk::Redundant),
                    ([0x85, 0x42, 0x15], Quirk::OneByte),
                    ([0x85, 0x20, 0x15], Quirk::Flood),
                ][(seed.draw() % 3) as usize];
                self.faults.extend([Fault::FlashId { id }, Fault::Register(quirk)]);
            }
            // the copy, the configuration, then the application
            "step" => self.at = 1 + seed.draw() % 20,
            "orphan" => self.at = seed.draw() % sectors,
            // which block, and its state
            "update" => self.at = seed.draw(),
            "half" => self.at = seed.draw() % (sectors + 1),
            // which settings, and what is wrong with them
            "settings" => (self.full, self.at) = (false, seed.draw()),
            _ => {}
        }
    }
}

impl std::fmt::Display for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = self.faults.first().map(|fault| format!("{fault:?}")).unwrap_or_default();
        let size = if self.full { "full" } else { "small" };
        write!(f, "#{} {} {size} {} in {} {first}", self.number, self.chip, self.kind, self.stage)
    }
}
