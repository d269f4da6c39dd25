//! From a name, an id, a CRC or an address back to the chips. Everything here goes over the whole table, so that a new
//! row is found without a further line.

use super::{Chip, Converted, Facts, Key, KeyRule};

/// What an OpenBeken configuration begins with, at one of [`config_places`].
pub const CONFIG_IDENT: [u8; 3] = *b"CFG";

impl Chip {
    /// The chips whose facts are so, in the table's order.
    pub fn that(is_so: impl Fn(&Facts) -> bool) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |chip| is_so(chip.facts()))
    }

    /// Those that flashjig converts without a further word.
    pub fn supported() -> impl Iterator<Item = Self> {
        Self::that(|facts| facts.converted == Converted::Yes)
    }

    /// Those that it converts only where a recipe allows them.
    pub fn by_word() -> impl Iterator<Item = Self> {
        Self::that(|facts| matches!(facts.converted, Converted::ByWord(_)))
    }

    /// From a name such as `BK7231T`, `bk7231t`, just `t` or `T34`.
    pub fn parse(text: &str) -> Option<Self> {
        let is_it = |name: &&str| name.eq_ignore_ascii_case(text);
        Self::that(|facts| is_it(&facts.name) || facts.aliases.iter().any(is_it)).next()
    }

    /// Those with this value in the id register.
    pub fn of_id(id: u32) -> impl Iterator<Item = Self> {
        Self::that(move |facts| facts.ids.contains(&id))
    }

    /// Those of which a boot loader with this CRC is known.
    pub fn of_loader(crc: u32) -> impl Iterator<Item = Self> {
        Self::that(move |facts| facts.loaders.iter().any(|loader| loader.crc == crc))
    }

    /// The one whose boot loaders call their platform so.
    pub fn of_platform(platform: &str) -> Option<Self> {
        Self::that(|facts| facts.platforms.contains(&platform)).next()
    }

    /// The one whose builds of OpenBeken call themselves so.
    pub fn of_firmware(name: &str) -> Option<Self> {
        Self::that(|facts| facts.firmware == Some(name)).next()
    }

    /// Those that have their calibration here, in the vendor's flash or in OpenBeken's.
    pub fn of_calibration(at: u32) -> impl Iterator<Item = Self> {
        Self::that(move |facts| facts.calibration.each().any(|place| place == at))
    }

    /// The one whose modules are named so, with the length of the prefix that says it.
    pub fn of_module(module: &str) -> Option<(Self, usize)> {
        let named = |chip: Self| {
            let prefixes = chip.facts().modules.iter().filter(|prefix| module.starts_with(**prefix));
            Some((chip, prefixes.map(|prefix| prefix.len()).max()?))
        };
        Self::ALL.into_iter().filter_map(named).max_by_key(|(_, len)| *len)
    }

    /// The chip of the same silicon whose eFuse holds this key; this one where there is none.
    #[must_use]
    pub fn with_key(self, key: Key) -> Self {
        let own = self.facts();
        let is_sibling =
            |facts: &Facts| facts.key == KeyRule::Fused(key) && facts.ids == own.ids && facts.family == own.family;
        match own.key {
            KeyRule::Always(_) => self,
            KeyRule::Fused(_) => Self::that(is_sibling).next().unwrap_or(self),
        }
    }
}

/// Where OpenBeken's configuration may lie in a flash whose chip is not known.
pub fn config_places() -> Vec<u32> {
    let mut places = Vec::new();
    for chip in Chip::ALL {
        let at = chip.facts().config_at;
        if !places.contains(&at) {
            places.push(at);
        }
    }
    places
}

/// Names as a sentence lists them: `a, b or c`.
pub fn listed<T: AsRef<str>>(names: impl IntoIterator<Item = T>, last: &str) -> String {
    let names: Vec<T> = names.into_iter().collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [first @ .., end] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", first.join(", "), end.as_ref())
        }
    }
}
