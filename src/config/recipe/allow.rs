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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::problem::{Problem, Problems};
    use crate::config::recipe::parse;
    use crate::model::recipe::Recipe;
    use std::path::Path;

    fn try_parse(text: &str) -> Result<(Recipe, Vec<Problem>), Problems> {
        parse(Path::new("r.toml"), text)
    }

    #[test]
    fn a_chip_that_needs_a_word_is_allowed_by_its_name_and_check_and_page_say_what_that_means() {
        assert_eq!(Chip::by_word().collect::<Vec<_>>(), [Chip::Bk7238]);
        let (recipe, warnings) = try_parse("allow = [\"BK7238\"]").unwrap();
        assert_eq!(recipe.allow, [Chip::Bk7238]);
        let told = Problems(warnings).to_string();
        for words in [
            "r.toml:1: warning: allow: BK7238: the maker's boot loader stays",
            "updates over Wi-Fi do not work",
            "nobody here",
        ] {
            assert!(told.contains(words), "{told}");
        }
        let line = recipe.summary().into_iter().find(|line| line.starts_with("Allowed, BK7238: ")).unwrap();
        assert!(line.contains("do not work") && line.contains("nobody here has tried"), "{line}");
        assert!(try_parse("").unwrap().0.allow.is_empty(), "off by default");
    }

    #[test]
    fn what_no_word_allows_is_said_with_its_line() {
        let (recipe, warnings) = try_parse("allow = [\"BK7231T\", \"BK7238\", \"BK7238\"]").unwrap();
        assert_eq!((recipe.allow.len(), warnings.len()), (1, 3));
        let told = Problems(warnings).to_string();
        assert!(told.contains("a BK7231T is converted without it; remove it") && told.contains("twice"), "{told}");
        insta::assert_snapshot!(try_parse("allow = [\"BK7252\", \"t1\", \"LN882H\"]").unwrap_err(), @r#"
        r.toml:1: error: allow can't hold BK7252: flashjig does not convert it; it may hold BK7238
        r.toml:1: error: allow: there is no chip "t1"; did you mean "BK7238"?
        r.toml:1: error: allow: there is no chip "LN882H"; it may hold BK7238
        "#);
    }
}
