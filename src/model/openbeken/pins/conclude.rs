//! The mapping, of what came out.

use super::drawn::Drawn;
use super::meter::Meter;
use super::{Draft, Ignored, Mapping, Origin, Why, command, doubts, module, notes};
use crate::model::openbeken::claim::Meaning;
use crate::model::openbeken::key::digits;
use crate::model::openbeken::table::DROPPED;
use crate::model::openbeken::template::Template;
use crate::model::openbeken::wanted::{FLAG_MIXED_WHITE, FLAG_SELF_STATE, FLAG_UART2};

/// All of it.
pub(super) fn mapping(mut drawn: Drawn<'_>) -> Mapping {
    let board = drawn.draft.settings.text("module");
    let chip = match (drawn.draft.options.chip, board.and_then(module::chip)) {
        (Some(chip), _) => chip.name().to_owned(),
        (None, Some(guess)) => guess.to_owned(),
        (None, None) => Template::default().chip,
    };
    let mut template = Template {
        chip,
        flags: Some(flags(&drawn).to_string()),
        pins: drawn.pins.clone(),
        command: command::startup(&drawn),
        ..Template::default()
    };
    if let Some(board) = board {
        board.clone_into(&mut template.board);
    }
    let notes = notes::of(&drawn);
    leave(&mut drawn);
    let doubts = doubts::of(&drawn);
    let origins = drawn.owners.iter().filter(|(pin, _)| drawn.pins.contains_key(pin));
    let origins = origins.map(|(&pin, claim)| (pin, Origin { key: claim.key.to_owned(), sure: claim.sure })).collect();
    let conflicts = drawn.clashes.iter().filter(|clash| clash.meaning != Meaning::Leftover);
    let conflicts = conflicts.map(ToString::to_string).collect();
    let Draft { levels, ignored, .. } = drawn.draft;
    Mapping { template, origins, conflicts, levels, ignored, notes, doubts }
}

fn flags(drawn: &Drawn<'_>) -> u64 {
    let mixed = if drawn.is_mixed_white() { FLAG_MIXED_WHITE } else { 0 };
    let second = if matches!(drawn.draft.meter, Meter::Serial { second: true, .. }) { FLAG_UART2 } else { 0 };
    FLAG_SELF_STATE | mixed | second
}

/// Names what is left over.
fn leave(drawn: &mut Drawn<'_>) {
    let settings = drawn.draft.settings;
    for key in DROPPED {
        if settings.pin(key).is_some() {
            drawn.draft.drop_key(key, "nothing hangs on it");
        }
    }
    for (key, number) in [("ir", "irfunc"), ("remote_io", "remote_select")] {
        if settings.pin(key).is_some() && settings.number(number) == Some(0) {
            drawn.draft.drop_key(key, "its function is switched off");
        }
    }
    let like: Vec<&str> = settings.pin_like().into_iter().map(|(key, _)| key).collect();
    let names_a_pin = |key: &str| key.ends_with("pin") || key.ends_with("_io") || digits("onoff#", key).is_some();
    let left: Vec<&str> = settings.keys().filter(|key| !drawn.draft.used.contains(key)).collect();
    for key in left {
        let why = if key.ends_with("_lv") || key.ends_with("ledlv") || matches!(key, "btlv" | "rlylv") {
            Why::Level
        } else if like.contains(&key) {
            Why::NoRole
        } else if names_a_pin(key) {
            Why::NotFitted
        } else {
            Why::NotAPin
        };
        drawn.draft.ignored.push(Ignored { key: key.to_owned(), why });
    }
}
