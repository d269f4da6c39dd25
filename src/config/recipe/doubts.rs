//! The list `accept`: doubts that stop no unit.

use super::super::problem::nearest;
use super::super::read::{At, Section, Source};
use crate::model::openbeken::doubt::Code;

/// Reads the codes, each once.
pub(super) fn accept(section: &mut Section<'_>, source: &Source<'_>) -> Vec<Code> {
    let mut codes = Vec::new();
    for At { value: word, at } in section.words("accept", "a list of doubts, such as [\"strip\"]") {
        match Code::parse(&word).map(|code| (code, code.by_recipe())) {
            Some((code, Ok(()))) if !codes.contains(&code) => codes.push(code),
            Some((_, Ok(()))) => source.warn(at, format!("[openbeken]: accept names {word} twice"), "remove one"),
            Some((code, Err(way))) => {
                source.error(at, format!("[openbeken]: accept can't hold {code}: {}", lower(code.what())), way);
            }
            None => {
                let known = Code::ALL.iter().filter(|code| code.by_recipe().is_ok()).map(|code| code.word());
                let remedy = match nearest(&word, known.clone()) {
                    Some(meant) => format!("did you mean {meant:?}?"),
                    None => format!("the doubts are {}", known.collect::<Vec<_>>().join(", ")),
                };
                source.error(at, format!("[openbeken]: accept: there is no doubt {word:?}"), remedy);
            }
        }
    }
    codes
}

/// A sentence as the rest of another.
fn lower(sentence: &str) -> String {
    let mut chars = sentence.trim_end_matches('.').chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
