//! The vendor's settings as a template: which pin gets which role and channel, what the firmware must be told at each
//! start, and what is in doubt.
//!
//! The rows of `super::table` are the most of it. What hangs on more than one key has files of its own: what is known of
//! coils, lamps, chips of LEDs, meters and trees lies here, what their keys want is in `claims`. `draft` gathers it, `drawn`
//! chooses one owner for each pin, `command`, `notes` and `doubts` look at what came out, and `conclude` joins all that.

mod claims;
mod coils;
mod command;
mod conclude;
mod doubts;
mod draft;
mod drawn;
mod lamp;
mod led_chip;
mod mapping;
mod meter;
mod module;
mod notes;
mod tree;

pub use super::claim::Sure;
use super::settings::Settings;
pub(super) use coils::joins_wrongly;
use draft::Draft;
use drawn::Drawn;
pub use mapping::{Ignored, Level, Mapping, Options, Origin, Why};
use serde_json::{Map, Value};

/// Maps settings as they lie in the vendor's store.
pub fn map(settings: &Map<String, Value>, options: Options) -> Mapping {
    let mut draft = Draft::new(Settings(settings), options);
    claims::curtain(&mut draft);
    claims::coils(&mut draft);
    claims::lamp(&mut draft);
    claims::led_chip(&mut draft);
    claims::meter(&mut draft);
    draft.rows();
    conclude::mapping(Drawn::of(draft))
}

#[cfg(test)]
mod tests;
