//! Text that others wrote, into the flash of a board or as the name of a file, made fit for a line of a journal, a page
//! and a table.

/// Longest name of a module; real ones have 4 to 10 letters.
const MODULE: usize = 24;

/// The text in one line, of so many characters at most: what ends a line, moves the cursor or turns the direction of
/// writing round stands as `?`, so that no two names look alike.
pub fn line(text: &str, most: usize) -> String {
    let mut chars = text.chars().map(|c| if is_hidden(c) { '?' } else { c });
    let mut line: String = chars.by_ref().take(most).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

/// A module's name, such as WB2L_M1; what no label has is left out.
pub fn module(text: &str) -> String {
    let is_label = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.chars().filter(is_label).take(MODULE).collect()
}

/// Control characters, separators of lines, and what is not seen but changes how the rest is.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_and_reads_in_its_own_direction() {
        assert_eq!(line("OpenBK7231T_UA_1.18.300.bin", 100), "OpenBK7231T_UA_1.18.300.bin");
        assert_eq!(line("a\nb\u{1b}[31mc\u{202e}nib.d\u{85}", 100), "a?b?[31mc?nib.d?");
        assert_eq!(line("Büro 店", 100), "Büro 店");
        assert_eq!(line("abcdef", 3), "abc…");
    }

    #[test]
    fn a_module_is_a_label() {
        assert_eq!(module("WB2S;=1+1;x"), "WB2S11x");
        assert_eq!(module("CB2L_M1.v2-a"), "CB2L_M1.v2-a");
        assert_eq!(module(&"x".repeat(3000)).len(), MODULE);
        assert_eq!(module("\u{202e}=\n"), "");
    }
}
