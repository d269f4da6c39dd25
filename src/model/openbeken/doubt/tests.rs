//! What may be accepted, and the manual of doubts.

use super::*;
use std::fmt::Write as _;

#[test]
fn words_are_the_contracts() {
    let words: Vec<&str> = Code::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(
        words,
        [
            "coil",
            "coil-level",
            "coil-order",
            "motor",
            "momentary",
            "ch-count",
            "meter",
            "image-lacks",
            "drivers-unknown",
            "uart-clash",
            "lamp",
            "pwm-pin",
            "led-chip",
            "led-map",
            "enable-pin",
            "strip",
            "actor",
            "three-way",
            "battery",
            "mcu",
            "tree",
            "pin-clash",
            "few",
            "no-pins",
            "two-copies",
            "list-differs"
        ]
    );
    for code in Code::ALL {
        assert_eq!(Code::parse(code.word()), Some(*code));
        assert_eq!(serde_json::to_value(code).unwrap(), code.word());
    }
}

#[test]
fn of_what_could_burn_something_a_recipe_accepts_the_motor_only() {
    let doubts: Vec<Doubt> = Code::ALL.iter().map(|code| Doubt::new(*code, "", Vec::new())).collect();
    let Accepted { accepted, standing } = accept(doubts, Code::ALL);
    assert!(accepted.iter().all(|doubt| !doubt.code.burns()));
    let left: Vec<&str> = standing.iter().map(|doubt| doubt.code.word()).collect();
    // a motor only with its roles, see the rule
    assert_eq!(left, ["coil", "coil-level", "coil-order", "motor", "momentary", "drivers-unknown", "no-pins"]);
    let motor = Doubt::new(Code::Motor, "", Vec::new()).acceptable(true);
    assert_eq!(accept(vec![motor.clone()], &[Code::Strip]).accepted, []);
    assert_eq!(accept(vec![motor.clone()], &[Code::Motor]).accepted, std::slice::from_ref(&motor));
}

#[test]
fn the_record_has_code_text_and_facts() {
    let doubt = Doubt::new(Code::Motor, "two relays", vec!["rl1_pin 6".into()]).on([6]).acceptable(true);
    let json = serde_json::to_value(&doubt).unwrap();
    let expected =
        serde_json::json!({"code": "motor", "text": "two relays", "facts": ["rl1_pin 6"], "acceptable": true});
    assert_eq!(json, expected);
    let read: Doubt = serde_json::from_value(json).unwrap();
    assert!(read.is_acceptable());
}

/// `docs/doubts.md`, written from the table: `UPDATE_GOLDENS=1 cargo test --lib doubt` makes it anew.
fn manual() -> String {
    let mut text = String::from(
        "# Doubts\n\nA unit in doubt fails with C04 before anything is erased, unless its recipe accepts the doubt: \
         `accept = [\"strip\"]` under\n`[openbeken]`; so does its box (on the page, `Accept for this box`) and \
         `flashjig once --accept strip`.\nWhat is accepted is told with the verdict. `pins = \"none\"` writes no pins and asks nothing. A device of the \
         list whose `[match]` holds and whose\n`[template.pins]` names the pins in question settles a doubt by itself.\n\
         `flashjig extract FILE` shows the doubts of a dump.\n",
    );
    for code in Code::ALL {
        let burns = if code.burns() { " Could burn something." } else { "" };
        write!(text, "\n## {code}\n\n{}{burns}\n\nWay on: {}\n", code.what(), code.way_on()).unwrap();
    }
    text
}

#[test]
fn the_manual_has_an_entry_for_each() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/doubts.md");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(path, manual()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == manual(), "docs/doubts.md is old: UPDATE_GOLDENS=1 cargo test --lib doubt");
}
