//! Names with places to fill in, such as `plug-{mac6}`.

use crate::model::chip::Chip;
use crate::model::chip::mac::Mac;

/// A name with places that each unit fills in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Mac6,
    Mac,
    /// The running number, with zeros in front up to this many digits.
    Number(usize),
    Chip,
    Module,
    Name,
}

/// What fills the places.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'a> {
    /// `{mac6}` is its last six digits, `{mac}` all twelve, upper case without colons, as the firmware writes its own
    /// names.
    pub mac: Mac,
    /// `{chip}`
    pub chip: Chip,
    /// `{module}`
    pub module: Option<&'a str>,
    /// `{n}`, `{n:03}`
    pub number: Option<u32>,
    /// `{name}`
    pub name: Option<&'a str>,
}

/// Why a name can't be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// An unknown place.
    #[error("there is no {{{0}}}: use {{mac6}}, {{mac}}, {{n}}, {{n:03}}, {{chip}}, {{module}}, {{name}}")]
    Unknown(String),
    /// A brace without its partner.
    #[error("a {{ or }} has no partner")]
    Brace,
    /// The unit has nothing to fill in.
    #[error("this unit has nothing to fill in for {{{0}}}: take it out of the recipe")]
    Nothing(&'static str),
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|part| match part {
            Part::Text(text) => f.write_str(text),
            Part::Mac6 => f.write_str("{mac6}"),
            Part::Mac => f.write_str("{mac}"),
            Part::Number(0 | 1) => f.write_str("{n}"),
            Part::Number(digits) => write!(f, "{{n:0{digits}}}"),
            Part::Chip => f.write_str("{chip}"),
            Part::Module => f.write_str("{module}"),
            Part::Name => f.write_str("{name}"),
        })
    }
}

impl Pattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').ok_or(PatternError::Brace)?;
            plain(before, &mut parts)?;
            parts.push(place_of(place).ok_or_else(|| PatternError::Unknown(place.to_owned()))?);
            rest = after;
        }
        plain(rest, &mut parts)?;
        Ok(Self(parts))
    }

    /// Whether it needs the running number.
    pub fn has_number(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Number(_)))
    }

    /// Whether it differs from unit to unit.
    pub fn is_unique(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Number(_) | Part::Mac6 | Part::Mac | Part::Name))
    }

    /// Whether it names itself: `{name}` stands for what a name pattern gives.
    pub fn has_name(&self) -> bool {
        self.0.contains(&Part::Name)
    }

    /// The name of one unit.
    pub fn fill(&self, labels: &Labels<'_>) -> Result<String, PatternError> {
        let mac = labels.mac.to_string().replace(':', "");
        self.0
            .iter()
            .map(|part| match part {
                Part::Text(text) => Ok(text.clone()),
                Part::Mac6 => Ok(mac.get(6..).unwrap_or_default().to_owned()),
                Part::Mac => Ok(mac.clone()),
                Part::Number(width) => {
                    let number = labels.number.ok_or(PatternError::Nothing("n"))?;
                    Ok(format!("{number:0width$}"))
                }
                Part::Chip => Ok(labels.chip.name().to_owned()),
                Part::Module => labels.module.map(str::to_owned).ok_or(PatternError::Nothing("module")),
                Part::Name => labels.name.map(str::to_owned).ok_or(PatternError::Nothing("name")),
            })
            .collect()
    }
}

fn plain(text: &str, parts: &mut Vec<Part>) -> Result<(), PatternError> {
    if text.contains('}') {
        return Err(PatternError::Brace);
    }
    if !text.is_empty() {
        parts.push(Part::Text(text.to_owned()));
    }
    Ok(())
}

fn place_of(word: &str) -> Option<Part> {
    match word {
        "mac6" => Some(Part::Mac6),
        "mac" => Some(Part::Mac),
        "n" => Some(Part::Number(0)),
        "chip" => Some(Part::Chip),
        "module" => Some(Part::Module),
        "name" => Some(Part::Name),
        _ => match word.strip_prefix("n:0")?.as_bytes() {
            [digit @ b'1'..=b'9'] => Some(Part::Number(usize::from(digit - b'0'))),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<String, PatternError> {
        let mac = Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]);
        let labels = Labels { mac, chip: Chip::Bk7231T, module: None, number: Some(7), name: Some("x") };
        Pattern::parse(text)?.fill(&labels)
    }

    #[test]
    fn every_place_is_filled() {
        for (text, name) in [
            ("plug", "plug"),
            ("plug-{mac6}", "plug-3A8E3F"),
            ("{mac}", "18DE503A8E3F"),
            ("a{n}b{n:03}c{n:01}", "a7b007c7"),
            ("{chip}/{name}", "BK7231T/x"),
            ("", ""),
        ] {
            assert_eq!(filled(text).as_deref(), Ok(name), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_filled_is_named() {
        assert_eq!(filled("{module}"), Err(PatternError::Nothing("module")));
        for bad in ["{", "}", "{n", "a}b{n}", "{n:3}", "{n:00}", "{n:0x}", "{room}", "{{n}}"] {
            assert!(matches!(filled(bad), Err(PatternError::Brace | PatternError::Unknown(_))), "{bad}");
        }
    }
}
