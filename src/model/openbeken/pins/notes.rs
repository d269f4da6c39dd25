//! What a reader must know and no station need stop for.

use super::drawn::Drawn;
use super::led_chip::Found;
use super::meter::Meter;
use super::{lamp, module};
use crate::model::openbeken::claim::{Family, Meaning};

/// The notes.
pub(super) fn of(drawn: &Drawn<'_>) -> Vec<String> {
    let mut notes = drawn.draft.notes.clone();
    board(drawn, &mut notes);
    let leftovers = drawn.clashes.iter().filter(|clash| clash.meaning == Meaning::Leftover);
    notes.extend(
        leftovers.map(|clash| format!("{} names P{} again, {} has it", clash.lost.key, clash.won.pin, clash.won.key)),
    );
    keys(drawn, &mut notes);
    lights(drawn, &mut notes);
    serial_port(drawn, &mut notes);
    notes
}

fn board(drawn: &Drawn<'_>, notes: &mut Vec<String>) {
    let module = drawn.draft.settings.text("module");
    match (drawn.draft.options.chip, module.and_then(module::chip)) {
        (Some(chip), Some(guess)) if guess != chip.name() => {
            notes.push(format!(
                "module {} suggests a {guess}; the flash is that of a {chip}",
                module.unwrap_or_default()
            ));
        }
        (None, None) => notes.push("the chip is a guess: no known module is named".to_owned()),
        _ => {}
    }
}

fn keys(drawn: &Drawn<'_>, notes: &mut Vec<String>) {
    let settings = drawn.draft.settings;
    let buttons = settings.numbered("bt#_lv").into_iter().chain(settings.key("reset_lv").map(|key| (0, key)));
    for (_, key) in buttons.filter(|(_, key)| settings.level(key) == Some(true)) {
        let button = key.replace("_lv", "_pin");
        if drawn.pin_of(&button).is_some() {
            notes.push(format!("{key} 1 says that the button is active high; tested templates of such units say Btn"));
        }
    }
    if let Some(kind) = settings.number("onoff_type").filter(|kind| *kind != 0) {
        notes.push(format!("what onoff_type {kind} means is not known: the switch may have to be tried"));
    }
    let scripted: Vec<String> = drawn
        .pins_with(&["Btn_ScriptOnly"])
        .into_iter()
        .filter(|pin| drawn.owners.get(pin).is_some_and(|claim| claim.key.starts_with('k')))
        .map(|pin| format!("P{pin}"))
        .collect();
    if !scripted.is_empty() {
        notes.push(format!("buttons on {} do nothing without a script", scripted.join(", ")));
    }
    if !drawn.pins_with(&["IRRecv"]).is_empty() {
        notes.push("a remote control does nothing without a script".to_owned());
    }
    if drawn.owners.values().any(|claim| claim.key == "reset_bt_pin") {
        notes.push("reset_bt_pin is a button that resets: no role does that".to_owned());
    }
    if let Some(baud) = settings.number("baud") {
        notes.push(format!("a serial port at {baud} baud: a TuyaMCU or a BL0942 sits behind it"));
    }
}

fn lights(drawn: &Drawn<'_>, notes: &mut Vec<String>) {
    let settings = drawn.draft.settings;
    let is_reused = ["netled_reuse", "reuse_led_m", "reuse"].iter().any(|key| settings.number(key) == Some(1));
    if is_reused && !drawn.pins_of(Family::NetLed).is_empty() {
        notes.push("one LED shows network and relay with the vendor; here it shows the network".to_owned());
    }
    if let Some(pin) = drawn.pin_of("total_led_pin") {
        notes.push(format!("P{pin} is lit with any relay with the vendor; here it follows the first"));
    }
    for key in lamp::missing(drawn.draft.settings) {
        notes.push(format!("cmod has a colour without a pin: {key}"));
    }
    if drawn.draft.is_lamp && !drawn.pins_of(Family::Power).is_empty() {
        notes.push("a button of a lamp switches the lamp, whatever its channel: its relay needs a script".to_owned());
    }
    if let Found::Chip(chip) = drawn.draft.led_chip {
        if let Err(why) = chip.current(settings) {
            notes.push(format!("the currents of the {} stay at the firmware's start values: {why}", chip.name));
        }
        if chip.map(settings) == Ok(None) {
            notes.push(format!("no map of colours is given: that of the {}'s driver holds", chip.name));
        }
    }
}

/// P10 and P11 are UART1, the port that the unit is flashed through.
fn serial_port(drawn: &Drawn<'_>, notes: &mut Vec<String>) {
    if [10, 11].iter().any(|pin| drawn.pins.contains_key(pin)) {
        notes.push(
            "P10 and P11 are also UART1, the flashing port: once converted the unit drives them, so take the adapter off"
                .to_owned(),
        );
    } else if matches!(drawn.draft.meter, Meter::Serial { second: false, .. }) {
        notes.push(
            "the meter talks over P10 and P11, the flashing port: it reads nothing until the adapter is off".to_owned(),
        );
    }
}
