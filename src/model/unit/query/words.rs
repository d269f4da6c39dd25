//! What a person types to find a unit, against what stands in its record.

use crate::model::cycle::verdict::Verdict;
use crate::model::unit::Unit;

/// From this many digits on, a part of a MAC may stand anywhere in it; a shorter one is its end. Every MAC has most pairs
/// of digits somewhere.
const ANYWHERE: usize = 4;

/// One word of a search.
pub(super) enum Word {
    /// `#12`, `12`: the unit's number; without the sign also a part of any text.
    Number { seq: u64, text: Option<String> },
    /// `pass`, `stopped`: how a unit ended.
    Ended(Verdict),
    /// `done`: it was converted before.
    Already,
    /// `unit` and `slot`, which the screens print before a number or a name.
    Label,
    /// Anything else, in small letters.
    Text(String),
}

impl Word {
    pub(super) fn read(word: &str) -> Self {
        let word = word.to_lowercase();
        if let Some(seq) = word.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
            return Self::Number { seq, text: None };
        }
        if let Ok(seq) = word.parse() {
            return Self::Number { seq, text: Some(word) };
        }
        match word.as_str() {
            "done" => Self::Already,
            "unit" | "slot" => Self::Label,
            other => Verdict::parse_shown(other).map_or(Self::Text(word), Self::Ended),
        }
    }

    /// Whether it may be found in a record: false only where it certainly is not. `bare` is the JSON without colons.
    pub(super) fn may_stand_in(&self, json: &str, bare: &str) -> bool {
        match self {
            Self::Label => true,
            Self::Ended(verdict) => json.contains(verdict.name()),
            Self::Already => json.contains("already"),
            Self::Number { seq, text: _ } => json.contains(&seq.to_string()),
            // these look different in JSON
            Self::Text(text) if text.contains(['"', '\\']) || text.contains(char::is_control) => true,
            Self::Text(text) => json.contains(text) || mac_digits(text).is_some_and(|digits| bare.contains(&digits)),
        }
    }

    fn is_in(&self, unit: &Unit) -> bool {
        match self {
            Self::Label => true,
            Self::Ended(verdict) => unit.verdict == *verdict,
            Self::Already => unit.already.is_some(),
            Self::Number { seq, text } => unit.seq == *seq || text.as_deref().is_some_and(|text| stands_in(unit, text)),
            Self::Text(text) => stands_in(unit, text),
        }
    }
}

/// The digits of a text that may be a part of a MAC: a sticker may show the address with other signs between its digits,
/// or with none.
pub fn mac_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    let is_part = digits.len() >= 2 && digits.chars().all(|c| c.is_ascii_hexdigit());
    is_part.then(|| digits.to_lowercase())
}

/// Whether a unit's MAC has these digits, at its end or, where there are enough of them, anywhere.
pub(super) fn mac_has(unit: &Unit, digits: &str) -> bool {
    let mac =
        unit.board.as_ref().and_then(|board| board.mac).map(|mac| mac.to_string().replace(':', "").to_lowercase());
    mac.is_some_and(|mac| mac.ends_with(digits) || (digits.len() >= ANYWHERE && mac.contains(digits)))
}

/// Whether all of the text is a MAC's, or every word of it stands in one of the fields that a person would look for.
pub(super) fn has(unit: &Unit, text: &str) -> bool {
    let text = text.trim();
    mac_digits(text).is_some_and(|digits| mac_has(unit, &digits))
        || text.split_whitespace().all(|word| Word::read(word).is_in(unit))
}

/// Whether a word in small letters stands in one field.
fn stands_in(unit: &Unit, word: &str) -> bool {
    // one letter stands in everything: it can only be the name of a slot
    if word.chars().count() == 1 {
        return unit.slot.to_lowercase() == word;
    }
    let within = |field: &str| field.to_lowercase().contains(word);
    let board = unit.board.as_ref();
    let (config, fault, firmware) = (unit.config.as_ref(), unit.fault.as_ref(), unit.firmware.as_ref());
    mac_digits(word).is_some_and(|digits| mac_has(unit, &digits))
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
