//! `docs/lamps.md` is written from the patterns: `UPDATE_GOLDENS=1 cargo test --test it lamps_manual::` makes it anew.

use flashjig::model::show::lamps::manual;

const BEFORE: &str = "# Lamps, buzzer and button

Every signal has a rhythm of its own: it is told apart by somebody who does not see colours, by one lamp alone, and
verdicts by the buzzer alone. A nest needs none of these lamps; a nest with one lamp shows every rhythm on it.

";

const AFTER: &str = "
The verdict stays until the next unit starts, or until the board is taken out where a contact tells: it must not be taken
for that of the next board.

## The button

| press | what it does |
|---|---|
| short | starts a unit, when it is let go |
| long (1 s) | stops the unit in flight at its next safe point; felt at once, not when it is let go |
| long, while the panel asks *HOLD 1 S TO USE* | approves the firmware file on the stick that the panel names by chip, version and digest |
| twice | while no unit is in flight: shows the last verdict again, on lamps, buzzer and panel |
| held for 10 s, or when flashjig begins | it is stuck: said as *attention* and ignored until it is let go |

A press on a board that was just put in (a contact tells) starts at once, and so does the first one after flashjig began.
Else a short press waits 400 ms for a second one, while there is a verdict that could be shown again.

## The contact

With `start = \"contact\"` a unit starts when a board was put in and lies still for 500 ms; the button starts it again without
lifting it. A board that was in when flashjig began does not start: take it out and put it in. With a contact, nothing
starts while it is open. When it opens while a board has power, the power goes off at once and the unit fails with L05.
";

#[test]
fn the_manual_of_the_lamps_says_what_they_do() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lamps.md");
    let text = format!("{BEFORE}{}{AFTER}", manual());
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == text, "docs/lamps.md is old: UPDATE_GOLDENS=1 cargo test --test it lamps_manual::");
}
