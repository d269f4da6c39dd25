//! The chip that a module's name stands for: a hint only, the flash decides. Seen in the wild: `CB3S` with a BK7238,
//! `WB2L_M1` with a BK7231N.

use crate::model::chip::Chip;

/// Modules of chips that have no row, by the start of their name (BK7231GUIFlashTool, `TuyaModules.cs`). Any other `C..`
/// is a BK7231N.
const OTHERS: [(&str, &str); 7] = [
    ("WR", "RTL87X0C"),
    ("WD", "RDA5981"),
    ("CR", "RTL87X0C"),
    ("C", "BK7231N"),
    ("T3", "BK7236"),
    ("T5", "BK7258"),
    ("X", "XR809"),
];

/// The chip's name: the longest start that fits.
pub(super) fn chip(module: &str) -> Option<&'static str> {
    let others = OTHERS.iter().filter(|(begin, _)| module.starts_with(begin)).map(|(begin, name)| (begin.len(), *name));
    let ours = Chip::of_module(module).map(|(chip, len)| (len, chip.name()));
    others.chain(ours).max_by_key(|(len, _)| *len).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_begin_wins() {
        for (module, name) in [
            ("WB2S", Some("BK7231T")),
            ("WB2L_M1", Some("BK7231N")),
            ("WR2", Some("RTL87X0C")),
            ("CB3S", Some("BK7231N")),
            ("T34", Some("BK7231N")),
            ("T2-U", Some("BK7231N")),
            ("T3-U", Some("BK7236")),
            ("T4-U", Some("BK7252N")),
            ("CM1", Some("BK7231N")),
            ("CR3L", Some("RTL87X0C")),
            ("XR3", Some("XR809")),
            ("T1-3S", Some("BK7238")),
            ("toaster", None),
        ] {
            assert_eq!(chip(module), name, "{module}");
        }
    }
}
