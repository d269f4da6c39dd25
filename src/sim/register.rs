//! The status registers of flash chips that do not do as they are told.

use super::faults::{Fault, FaultPlan, Quirk};
use super::nor::Nor;

/// What a P25Q16HBK's registers read after a write that confused it, until it was reset (bk7231tools, pull request 29).
pub(crate) const FLOODED: u16 = 0x7BFC;

/// What became of the registers since the reset.
#[derive(Default)]
pub(crate) struct Register {
    /// They were written since then.
    written: bool,
    /// What they hold once the flash chip is reset.
    before: Option<u16>,
    /// The flood that comes once has come.
    flooded: bool,
}

impl Register {
    /// Writes them, as this chip does it; whether that takes its time.
    pub(crate) fn takes(&mut self, nor: &mut Nor, faults: &FaultPlan, value: u16, at_once: bool) -> bool {
        let has = |quirk| faults.faults.contains(&Fault::Register(quirk));
        let is_first = !std::mem::replace(&mut self.written, true);
        if at_once && has(Quirk::OneByte) {
            return false;
        }
        let is_redundant = value == nor.status();
        let floods = is_first
            && ((at_once && is_redundant && has(Quirk::Redundant))
                || (has(Quirk::Flood) && !std::mem::replace(&mut self.flooded, true)));
        if floods {
            self.before = Some(nor.status());
            nor.set_status(FLOODED);
            return true;
        }
        // locked until the next reset
        if self.before.is_some() || is_redundant {
            return false;
        }
        nor.set_status(value);
        true
    }

    /// The board resets, and the flash chip with it.
    pub(crate) fn reset(&mut self, nor: &mut Nor) {
        self.written = false;
        if let Some(before) = self.before.take() {
            nor.set_status(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(quirk: Quirk) -> FaultPlan {
        FaultPlan { faults: vec![Fault::Register(quirk)] }
    }

    #[test]
    fn a_redundant_first_write_floods_the_register_until_the_reset() {
        let (mut nor, mut register) = (Nor::new(vec![0xFF; 0x1000], 0), Register::default());
        let faults = plan(Quirk::Redundant);
        assert!(register.takes(&mut nor, &faults, 0, true));
        assert_eq!(nor.status(), FLOODED);
        assert!(!register.takes(&mut nor, &faults, 0, true) && nor.status() == FLOODED, "it takes no other");
        register.reset(&mut nor);
        assert_eq!(nor.status(), 0);
        nor.set_status(0x4000);
        assert!(register.takes(&mut nor, &faults, 0, true) && nor.status() == 0, "one that changes something is taken");
    }

    #[test]
    fn a_register_of_one_byte_takes_no_two() {
        let (mut nor, mut register) = (Nor::new(vec![0xFF; 0x1000], 0x04), Register::default());
        let faults = plan(Quirk::OneByte);
        assert!(!register.takes(&mut nor, &faults, 0, true) && nor.status() == 0x04);
        assert!(register.takes(&mut nor, &faults, 0, false) && nor.status() == 0);
    }

    #[test]
    fn a_flood_comes_once() {
        let (mut nor, mut register) = (Nor::new(vec![0xFF; 0x1000], 0x04), Register::default());
        let faults = plan(Quirk::Flood);
        assert!(register.takes(&mut nor, &faults, 0, true) && nor.status() == FLOODED);
        register.reset(&mut nor);
        assert_eq!(nor.status(), 0x04);
        assert!(register.takes(&mut nor, &faults, 0, true) && nor.status() == 0);
    }
}
