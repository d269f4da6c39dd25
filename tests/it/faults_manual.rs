//! `docs/faults.md` is written from the fault table: `UPDATE_GOLDENS=1 cargo test --test it faults_manual::` makes it anew.

use flashjig::model::cycle::fault::{Class, FaultCode};
use std::fmt::Write;

fn manual() -> String {
    let mut text = String::from(
        "# Faults\n\nEvery fault has a stable code. The panel shows the code and the first instruction; the page and the \
         record show the message with what was expected and what came.\n",
    );
    for fault in FaultCode::ALL {
        let whose = match fault.class() {
            Class::Contact => "contact, wiring or supply; the same unit may pass when pressed again",
            Class::Unit => "this unit, or the image chosen for it",
            Class::Station => "the station",
            Class::Operator => "nobody: it was stopped",
            Class::Time => "a stage took too long",
        };
        let hint = fault.hint().replace('\n', " ");
        write!(
            text,
            "\n## {fault}\n\n**{hint}.**\n\n{}\n\nVerdict: `{}`. At fault: {whose}.\n",
            fault.help(),
            fault.verdict()
        )
        .unwrap();
    }
    text
}

#[test]
fn the_manual_has_an_entry_for_each_fault() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/faults.md");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(path, manual()).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == manual(), "docs/faults.md is old: UPDATE_GOLDENS=1 cargo test --test it faults_manual::");
}
