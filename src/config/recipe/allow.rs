//! The list `allow`: chips that are converted although nobody here has tried it.

use super::super::problem::nearest;
use super::super::read::{At, Section, Source};
use crate::model::chip::{Chip, Converted, listed};

/// Reads the chips, each once, and says what each word means.
pub(super) fn read(root: &mut Section<'_>, source: &Source<'_>) -> Vec<Chip> {
    let mut chips = Vec::new();
    let by_word: Vec<&str> = Chip::by_word().map(Chip::name).collect();
    for At { value: word, at } in root.words("allow", "a list of chips, such as [\"BK7238\"]") {
        let Some(chip) = Chip::ALL.into_iter().find(|chip| chip.name() == word) else {
            let names = Chip::ALL.map(Chip::name);
            let remedy = match Chip::parse(&word).map(Chip::name).or_else(|| nearest(&word.to_uppercase(), names)) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!("it may hold {}", listed(&by_word, "and")),
            };
            source.error(at, format!("allow: there is no chip {word:?}"), remedy);
            continue;
        };
        match chip.converted() {
            Converted::ByWord(_) if chips.contains(&chip) => {
                source.warn(at, format!("allow names {chip} twice"), "remove one");
            }
            Converted::ByWord(means) => {
                source.warn(at, format!("allow: {chip}: {means}"), "leave it only if you want that");
                chips.push(chip);
            }
            Converted::Yes => source.warn(at, format!("allow: a {chip} is converted without it"), "remove it"),
            Converted::No => {
                let what = format!("allow can't hold {chip}: flashjig does not convert it");
                source.error(at, what, format!("it may hold {}", listed(&by_word, "and")));
            }
        }
    }
    chips
}
