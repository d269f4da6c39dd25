//! Colour for the words that decide, where a person reads: never in a file, a pipe, or with `NO_COLOR`.

use console::{Style, style};
use std::borrow::Cow;

type Colour = fn() -> Style;

/// A word and its colour; each also differs in its letters.
const WORDS: [(&str, Colour); 9] = [
    ("PASS", good),
    ("DONE", good),
    ("ok", good),
    ("FAIL", bad),
    ("ERROR", bad),
    ("FAULT", bad),
    ("TIMEOUT", doubtful),
    ("STOPPED", doubtful),
    ("warning", doubtful),
];

fn good() -> Style {
    Style::new().green().bold()
}

fn bad() -> Style {
    Style::new().red().bold()
}

fn doubtful() -> Style {
    Style::new().yellow().bold()
}

/// The text with the first such word of each line in its colour, if colours are `wanted`.
pub(super) fn tint(text: &str, wanted: bool) -> Cow<'_, str> {
    if !wanted {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_inclusive('\n').map(line).collect())
}

fn line(line: &str) -> String {
    let mut at = 0;
    for word in line.split_inclusive(char::is_whitespace) {
        let bare = word.trim_end();
        if let Some((_, colour)) = WORDS.iter().find(|(known, _)| *known == bare) {
            let (before, rest) = line.split_at(at);
            let rest = rest.strip_prefix(bare).unwrap_or_default();
            return format!("{before}{}{rest}", colour().force_styling(true).apply_to(bare));
        }
        at += word.len();
    }
    line.to_owned()
}

/// An error's first word.
pub(super) fn error() -> impl std::fmt::Display {
    style("error:").for_stderr().red().bold()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deciding_word_of_a_line_is_coloured_and_nothing_else_changes() {
        let text = "PASS      unit 1, 8.4 s\n  12  A  FAIL  L01\nno word, PASSED\n";
        assert_eq!(tint(text, false), text);
        let tinted = tint(text, true);
        assert_eq!(console::strip_ansi_codes(&tinted), text);
        let lines: Vec<bool> = tinted.lines().map(|line| line.contains('\u{1b}')).collect();
        assert_eq!(lines, [true, true, false]);
        assert!(tinted.starts_with("\u{1b}[") && tinted.contains("  12  A  \u{1b}["), "{tinted:?}");
    }
}
