//! Which units to list.

use super::Unit;
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use jiff::Timestamp;

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
    /// Only units with this text in MAC, chip, module, template, name, fault, firmware, slot or box.
    pub text: Option<String>,
}

impl UnitQuery {
    /// Whether a record, as JSON, may answer the query's text: false only where it certainly does not.
    pub fn may_admit(&self, json: &[u8]) -> bool {
        let Some(text) = &self.text else { return true };
        let text = text.trim().to_lowercase();
        // these look different in JSON
        if text.contains(['"', '\\']) || text.contains(char::is_control) {
            return true;
        }
        let json = String::from_utf8_lossy(json).to_lowercase();
        json.contains(&text) || mac_digits(&text).is_some_and(|digits| json.replace(':', "").contains(&digits))
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
            && self.text.as_deref().is_none_or(|text| has(unit, text))
    }
}

/// The digits of a text that may be a part of a MAC: a sticker may show the address with other signs between its digits,
/// or with none.
fn mac_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    (digits.len() >= 2 && digits.chars().all(|c| c.is_ascii_hexdigit())).then_some(digits)
}

/// Whether the text stands in one of the fields that a person would look for.
fn has(unit: &Unit, text: &str) -> bool {
    let text = text.trim().to_lowercase();
    let within = |field: &str| field.to_lowercase().contains(&text);
    let board = unit.board.as_ref();
    let mac = board.and_then(|board| board.mac).map(|mac| mac.to_string());
    let is_mac =
        mac_digits(&text).zip(mac).is_some_and(|(digits, mac)| mac.replace(':', "").to_lowercase().contains(&digits));
    let config = unit.config.as_ref();
    let fault = unit.fault.as_ref();
    let firmware = unit.firmware.as_ref();
    is_mac
        || board.is_some_and(|board| within(board.chip.name()))
        || fault.is_some_and(|fault| within(fault.code.code()) || within(&fault.message))
        || [
            board.and_then(|board| board.module.as_deref()),
            firmware.map(|firmware| firmware.name.as_str()),
            firmware.and_then(|firmware| firmware.version.as_deref()),
            config.and_then(|config| config.device.as_deref()),
            config.and_then(|config| config.name.as_deref()),
            config.and_then(|config| config.recipe.as_deref()),
            Some(unit.slot.as_str()),
            unit.batch.as_deref(),
        ]
        .into_iter()
        .flatten()
        .any(within)
        || config.and_then(|config| config.template.as_ref()).is_some_and(|template| within(&template.to_string()))
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
        for found in ["wb2s", "BK7231t", "18:de:50", "3A-8E-3F", "503a8e", "1.18.300", "OpenBK7231T_UA", "box 12", ""] {
            assert!(text(found).admits(&unit), "{found}");
            assert!(text(found).may_admit(&serde_json::to_vec(&unit).unwrap()), "{found}");
        }
        for absent in ["WB3S", "19:DE", "zz", "1.18.301", "bench-1"] {
            assert!(!text(absent).admits(&unit), "{absent}");
        }
        assert!(!text("WB3S").may_admit(&serde_json::to_vec(&unit).unwrap()));
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
