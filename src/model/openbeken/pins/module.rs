//! The chip that a module's name stands for: a hint only, the flash decides. LineLevels in the wild: `CB3S` with a BK7238,
//! `WB2L_M1` with a BK7231N.

/// Names by their begin, the first that fits (BK7231GUIFlashTool, `TuyaModules.cs`).
const BY_BEGIN: [(&str, &str); 14] = [
    ("WB2L_M1", "BK7231N"),
    ("WR", "RTL87X0C"),
    ("WD", "RDA5981"),
    ("W", "BK7231T"),
    ("CR", "RTL87X0C"),
    ("CB", "BK7231N"),
    ("C", "BK7231N"),
    ("T34", "BK7231N"),
    ("T1", "BK7238"),
    ("T2", "BK7231N"),
    ("T3", "BK7236"),
    ("T4", "BK7252N"),
    ("T5", "BK7258"),
    ("X", "XR809"),
];

/// The chip's name.
pub(super) fn chip(module: &str) -> Option<&'static str> {
    BY_BEGIN.iter().find(|(begin, _)| module.starts_with(begin)).map(|(_, chip)| *chip)
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
            ("T1-3S", Some("BK7238")),
            ("toaster", None),
        ] {
            assert_eq!(chip(module), name, "{module}");
        }
    }
}
