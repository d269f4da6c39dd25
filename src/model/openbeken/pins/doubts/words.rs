//! Words that doubts share.

/// `P6`, `P6 and P9`, `P6, P7 and P9`.
pub(super) fn pins(pins: impl IntoIterator<Item = u8>) -> String {
    let mut names: Vec<String> = pins.into_iter().map(|pin| format!("P{pin}")).collect();
    match (names.pop(), names.is_empty()) {
        (None, _) => "no pin".to_owned(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} and {last}", names.join(", ")),
    }
}
