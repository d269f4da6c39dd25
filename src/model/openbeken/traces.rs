//! Marks that OpenBeken leaves in a flash beside its app: its configuration, its variables.
//!
//! Up to 1.18.254 the variables (boot counter, remembered states) lie in two sectors behind the SDK's own; from 1.18.255
//! on, in all builds for Beken's chips alike, in eight sectors of an EasyFlash. The boot counter is among them: a board
//! that restarts again and again stays in its safe mode until they are cleared, whatever is written to its app. Nothing
//! moves the old form to the new one.
//!
//! Vendors have data in the same places, so only the marks count; and only sectors with a mark are cleared.
//!
//! Source: OpenBK7231T_App (`hal_flashVars`, `ef_cfg.h`, `ef_env.c`; change ac925a6a1).

use super::config::{self, Config};
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::{Chip, listed};

/// The variables since 1.18.255.
const EASY_FLASH: Span = Span::new(0x1E_5000, 0x1E_D000);
/// How a sector of them begins behind two bytes of status, filled up to four.
const EASY_MARK: &[u8] = b"EF40";
const EASY_MARK_AT: usize = 4;
/// The variables before, counted from the configuration.
const OLD_BEHIND_CONFIG: u32 = 0x2000;
const OLD_LENGTH: u32 = 2 * SECTOR;
const OLD_MARK: [u8; 4] = [0xFE; 4];

/// What OpenBeken has left in a flash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// A configuration that the firmware would load.
    pub config: Option<Span>,
    /// Sectors of variables, form of 1.18.255 and later.
    pub variables: Vec<Span>,
    /// Variables, form of before.
    pub old_variables: Option<Span>,
}

impl Traces {
    /// Looks through a whole flash.
    pub fn of(flash: &[u8], chip: Chip) -> Self {
        let config = Span::sized(config::address(chip), SECTOR);
        let old = Span::sized(config.start + OLD_BEHIND_CONFIG, OLD_LENGTH);
        let is_easy = |span: &Span| {
            span.of(flash).and_then(|sector| sector.get(EASY_MARK_AT..)).is_some_and(|rest| rest.starts_with(EASY_MARK))
        };
        Self {
            config: Some(config).filter(|span| span.of(flash).is_some_and(|sector| Config::parse(sector).is_ok())),
            variables: EASY_FLASH.pieces(SECTOR).filter(is_easy).collect(),
            old_variables: Some(old).filter(|span| span.of(flash).is_some_and(|bytes| bytes.starts_with(&OLD_MARK))),
        }
    }

    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.spans().is_empty()
    }

    /// Where they lie.
    pub fn spans(&self) -> Vec<Span> {
        self.config.into_iter().chain(self.old_variables).chain(self.variables.iter().copied()).collect()
    }

    /// What they are, in words.
    pub fn words(&self) -> String {
        let config = self.config.map(|span| format!("a configuration at {:#x}", span.start));
        let new = self.variables.first().map(|span| format!("variables at {:#x} (1.18.255 or later)", span.start));
        let old = self.old_variables.map(|span| format!("variables at {:#x} (before 1.18.255)", span.start));
        let all: Vec<String> = [config, new, old].into_iter().flatten().collect();
        if all.is_empty() { "none".to_owned() } else { listed(all, "and") }
    }

    /// What they say beside OpenBeken's own app.
    pub fn beside_openbeken(&self) -> String {
        if self.is_none() {
            "no configuration and no variables yet, so it never came to its first start".to_owned()
        } else if self.config.is_none() {
            format!("no configuration of its own, but {}", self.words())
        } else {
            format!("with {}", self.words())
        }
    }

    /// What they say beside any other app; `None`: nothing.
    pub fn beside_another(&self) -> Option<String> {
        (!self.is_none()).then(|| {
            format!(
                "but OpenBeken was on it: {}; its app was replaced over them, or a conversion was not finished",
                self.words()
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::flash::rf;
    use crate::model::chip::mac::Mac;
    use crate::sim::factory;

    const CHIPS: [(Chip, u32, u32); 2] = [(Chip::Bk7231T, 0x1E_1000, 0x1E_3000), (Chip::Bk7231N, 0x1D_1000, 0x1D_3000)];

    fn put(flash: &mut [u8], at: u32, bytes: &[u8]) {
        flash[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    #[test]
    fn both_layouts_are_known_by_their_marks() {
        for (chip, config_at, old_at) in CHIPS {
            let mut flash = factory::stock(chip, 3);
            assert_eq!(Traces::of(&flash, chip), Traces::default(), "{chip}");
            put(&mut flash, config_at, &Config::defaults(chip, Mac([2; 6])).unwrap().sector());
            put(&mut flash, old_at, &[0xFE; 4]);
            let old = Traces::of(&flash, chip);
            assert_eq!(old.spans(), [Span::sized(config_at, 0x1000), Span::sized(old_at, 0x2000)], "{chip}");
            assert!(old.words().contains("before 1.18.255"), "{}", old.words());
            put(&mut flash, 0x1E_7000, b"\xFF\xFF\xFF\xFFEF40");
            put(&mut flash, 0x1E_C000, b"\0\0\xFF\xFFEF40");
            put(&mut flash, 0x1E_D000, b"\0\0\xFF\xFFEF40");
            let new = Traces::of(&flash, chip);
            assert_eq!(new.variables, [Span::sized(0x1E_7000, 0x1000), Span::sized(0x1E_C000, 0x1000)], "{chip}");
            assert!(new.words().contains("1.18.255 or later"), "{}", new.words());
            let rf = rf::find(&flash).unwrap().sector;
            assert!(new.spans().iter().all(|span| !span.overlaps(rf)), "the calibration is none of them");
        }
    }

    #[test]
    fn data_without_a_mark_proves_nothing() {
        for (chip, config_at, old_at) in CHIPS {
            let mut flash = factory::stock(chip, 3);
            put(&mut flash, config_at, b"CFG, but with a wrong checksum");
            put(&mut flash, old_at, &[0xFE, 0xFE, 0xFE, 0]);
            put(&mut flash, 0x1E_5000, b"EF40 at the wrong place");
            assert!(Traces::of(&flash, chip).is_none(), "{chip}");
            assert_eq!(Traces::of(&flash, chip).beside_another(), None);
        }
        assert!(Traces::of(&[], Chip::Bk7231T).is_none());
    }

    #[test]
    fn what_the_marks_say_depends_on_the_app_beside_them() {
        let config = Some(Span::sized(0x1E_1000, 0x1000));
        let some = Traces { config, ..Traces::default() };
        assert!(some.beside_another().unwrap().contains("OpenBeken was on it: a configuration at 0x1e1000"));
        assert!(Traces::default().beside_openbeken().contains("never came to its first start"));
        let lost = Traces { variables: vec![Span::sized(0x1E_5000, 0x1000)], ..Traces::default() };
        assert!(lost.beside_openbeken().contains("no configuration of its own, but variables at 0x1e5000"));
    }

    #[test]
    fn real_stock_dumps_have_none() {
        for (name, chip) in [
            ("T_Woox_R5111_bulb_WB3S", Chip::Bk7231T),
            ("T_DS-101JL_4gang_WB3S", Chip::Bk7231T),
            ("N_Mirabella_I003632_plug_CB2S", Chip::Bk7231N),
            ("N_TSL-PS-F4U_plug", Chip::Bk7231N),
        ] {
            let Some(dump) = crate::testdata::read(&format!("stock/{name}.bin")) else { return };
            assert!(Traces::of(&dump, chip).is_none(), "{name}");
        }
    }
}
