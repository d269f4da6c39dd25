//! Which units to list.

mod words;

pub use words::mac_digits;

use super::Unit;
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use jiff::Timestamp;
use words::Word;

/// Which units to list; newest first. Texts are compared without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitQuery {
    /// At most this many; `None`: all.
    pub limit: Option<usize>,
    /// Only units with a smaller number.
    pub before: Option<u64>,
    /// Only this verdict.
    pub verdict: Option<Verdict>,
    /// Only this MAC.
    pub mac: Option<Mac>,
    /// Only units finished at or after this time.
    pub since: Option<Timestamp>,
    /// Only units finished before this time.
    pub until: Option<Timestamp>,
    /// Only this slot.
    pub slot: Option<String>,
    /// Only this fault code.
    pub fault: Option<String>,
    /// Only this module.
    pub module: Option<String>,
    /// Only this box.
    pub batch: Option<String>,
    /// Only plugs that are to say hello on a broker, those that did or those that did not.
    pub arrived: Option<bool>,
    /// Only units whose MAC has these digits: its end, or with four digits and more any part of it.
    pub mac_part: Option<String>,
    /// Only units that have every word of this text in number, verdict, MAC, chip, module, template, name, fault,
    /// firmware, slot or box.
    pub text: Option<String>,
}

impl UnitQuery {
    /// Whether a record, as JSON, may answer the query's text: false only where it certainly does not.
    pub fn may_admit(&self, json: &[u8]) -> bool {
        let Some(text) = &self.text else { return true };
        let text = text.trim().to_lowercase();
        let json = String::from_utf8_lossy(json).to_lowercase();
        let bare = json.replace(':', "");
        mac_digits(&text).is_some_and(|digits| bare.contains(&digits))
            || text.split_whitespace().all(|word| Word::read(word).may_stand_in(&json, &bare))
    }

    /// Whether `unit` answers the query, its limit apart.
    pub fn admits(&self, unit: &Unit) -> bool {
        let board = unit.board.as_ref();
        let is = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found.is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        };
        self.before.is_none_or(|before| unit.seq < before)
            && self.verdict.is_none_or(|verdict| unit.verdict == verdict)
            && self.mac.is_none_or(|mac| board.and_then(|b| b.mac) == Some(mac))
            && self.since.is_none_or(|since| unit.finished >= since)
            && self.until.is_none_or(|until| unit.finished < until)
            && is(&self.slot, Some(&unit.slot))
            && is(&self.fault, unit.fault.as_ref().map(|fault| fault.code.code()))
            && is(&self.module, board.and_then(|board| board.module.as_deref()))
            && is(&self.batch, unit.batch.as_deref())
            && self.arrived.is_none_or(|arrived| unit.is_awaited() && unit.arrival.is_some() == arrived)
            && self.mac_part.as_deref().is_none_or(|part| words::mac_has(unit, part))
            && self.text.as_deref().is_none_or(|text| words::has(unit, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample;

    fn text(text: &str) -> UnitQuery {
        UnitQuery { text: Some(text.into()), ..UnitQuery::default() }
    }

    #[test]
    fn a_text_is_found_in_what_a_person_would_look_for() {
        let mut unit = sample::unit();
        unit.batch = Some("Box 12".into());
        unit.seq = 42;
        for found in [
            "wb2s",
            "BK7231t",
            "18:de:50",
            "3A-8E-3F",
            "3A 8E 3F",
            "503a8e",
            "8e:3f",
            "3f",
            "1.18.300",
            "OpenBK7231T_UA",
            "box 12",
            "",
            "42",
            "#42",
            "unit 42",
            "pass",
            "PASS",
            "A",
            "slot a",
            "BK7231T A",
            "pass wb2s #42",
        ] {
            assert!(text(found).admits(&unit), "{found}");
            assert!(text(found).may_admit(&serde_json::to_vec(&unit).unwrap()), "{found}");
        }
        for absent in [
            "WB3S",
            "19:DE",
            "zz",
            "1.18.301",
            "bench-1",
            "4",
            "#4",
            "#421",
            "fail",
            "B",
            "slot B",
            "BK7231T B",
            "BK7231N A",
            "8E",
            "de",
            "done",
        ] {
            assert!(!text(absent).admits(&unit), "{absent}");
        }
        assert!(!text("WB3S").may_admit(&serde_json::to_vec(&unit).unwrap()));
    }

    #[test]
    fn words_that_the_screens_print_find_what_they_stand_for() {
        let mut unit = sample::unit();
        unit.verdict = Verdict::Aborted;
        assert!(text("stopped").admits(&unit) && text("ABORTED").admits(&unit) && !text("pass").admits(&unit));
        assert!(text("stopped").may_admit(&serde_json::to_vec(&unit).unwrap()));
        unit.verdict = Verdict::Pass;
        unit.already = Some(crate::model::unit::Already { version: "1".into(), proof: "x".into(), unit: None });
        assert!(text("done").admits(&unit) && text("pass").admits(&unit));
        assert!(text("done").may_admit(&serde_json::to_vec(&unit).unwrap()));
    }

    #[test]
    fn the_end_of_a_mac_is_enough() {
        let unit = sample::unit();
        let part = |digits: &str| UnitQuery { mac_part: mac_digits(digits), ..UnitQuery::default() };
        for found in ["8e:3f", "8E3F", "3f", "18:DE:50:3A:8E:3F", "50-3a"] {
            assert!(part(found).admits(&unit), "{found}");
        }
        assert!(!part("8e:40").admits(&unit) && !part("18").admits(&unit));
        assert_eq!((mac_digits("8g"), mac_digits("3")), (None, None));
    }

    #[test]
    fn each_filter_can_refuse() {
        let unit = sample::unit();
        let none = UnitQuery::default();
        let same = |slot: &str, module: &str| UnitQuery {
            slot: Some(slot.into()),
            module: Some(module.into()),
            until: Some(unit.finished + jiff::SignedDuration::from_secs(1)),
            ..UnitQuery::default()
        };
        assert!(none.admits(&unit) && same("a", "wb2s").admits(&unit));
        assert!(!same("B", "WB2S").admits(&unit) && !same("A", "CB2S").admits(&unit));
        assert!(!UnitQuery { until: Some(unit.finished), ..none.clone() }.admits(&unit));
        assert!(!UnitQuery { fault: Some("L01".into()), ..none.clone() }.admits(&unit));
        assert!(!UnitQuery { batch: Some("box".into()), ..none }.admits(&unit));
    }
}
