//! The startup command. It runs after the drivers that start by their roles (APP `user_main.c`), so the commands of those
//! exist by then. Its order: drivers that nothing else starts, currents and maps of chips of LEDs, pulse, frequency,
//! handlers.

use super::coils;
use super::drawn::Drawn;
use super::led_chip::Found;
use super::meter::Meter;
use crate::model::openbeken::claim::Family;

/// The firmware's own frequency of PWM, Hz.
const USUAL_HERTZ: i64 = 1000;
/// Highest that is believed, Hz.
const HIGHEST_HERTZ: i64 = 100_000;
/// Order of the colours of a strip: the most usual one. What `colororder` means is not known.
const STRIP_ORDER: &str = "GRB";

/// The whole startup command; empty: none is needed.
pub(super) fn startup(drawn: &Drawn<'_>) -> String {
    let mut commands = drivers(drawn);
    if let Found::Chip(chip) = drawn.draft.led_chip
        && !drawn.pins_of(Family::LedChip).is_empty()
    {
        commands.extend(chip.current(drawn.draft.settings).ok());
        commands.extend(chip.map(drawn.draft.settings).ok().flatten());
    }
    if !drawn.pins_with(&["BridgeFWD"]).is_empty() {
        commands.push(format!("BridgePulseLength {}", coils::pulse(drawn.draft.settings)));
    }
    if let Some(hertz) = hertz(drawn) {
        commands.push(format!("PWMFrequency {hertz}"));
    }
    commands.extend(handlers(drawn));
    match commands.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        more => format!("backlog {}", more.join("; ")),
    }
}

/// Drivers that nothing else starts (APP `drv_main.c`, `user_main.c`).
fn drivers(drawn: &Drawn<'_>) -> Vec<String> {
    let mut commands = Vec::new();
    if let Meter::Serial { driver, .. } = drawn.draft.meter {
        commands.push(format!("startDriver {driver}"));
    }
    if !drawn.pins_with(&["RCRecv"]).is_empty() {
        commands.push("startDriver RC".to_owned());
    }
    if !drawn.pins_with(&["ShutterA"]).is_empty() {
        commands.push("startDriver Shutters".to_owned());
    }
    if !drawn.pins_with(&["DS1820_IO"]).is_empty() {
        commands.push("startDriver DS1820".to_owned());
    }
    if !drawn.pins_of(Family::Strip).is_empty() {
        commands.push("startDriver SM16703P".to_owned());
        if let Some(pixels) = pixels(drawn) {
            commands.push(format!("SM16703P_Init {pixels} {STRIP_ORDER}"));
        }
    }
    if let Some(baud) = mcu_baud(drawn) {
        commands.push("startDriver TuyaMCU".to_owned());
        commands.push(format!("tuyaMcu_setBaudRate {baud}"));
    }
    commands
}

/// Keys that say how many pixels a strip has, the one that counts first; the vendor writes the first one in two ways.
pub(super) const PIXELS: [&str; 3] = ["LedNum", "lednum", "totallen"];

/// Pixels of a strip.
pub(super) fn pixels(drawn: &Drawn<'_>) -> Option<i64> {
    let settings = drawn.draft.settings;
    PIXELS.into_iter().find_map(|key| settings.number(key)).filter(|count| (1..=2048).contains(count))
}

/// Serial speed of a second controller: beside the settings in the store, or in them.
pub(super) fn mcu_baud(drawn: &Drawn<'_>) -> Option<u64> {
    let own = drawn.draft.settings.number("wifi_bdrate").and_then(|baud| u64::try_from(baud).ok());
    own.or(drawn.draft.options.mcu_baud).filter(|baud| (300..=3_000_000).contains(baud))
}

/// The vendor's frequency, where it is not the firmware's: a lamp that hums or flickers is the price of leaving it out.
/// 87 of 193 lamps in CC have another than 1000 Hz.
fn hertz(drawn: &Drawn<'_>) -> Option<i64> {
    let hertz = drawn.draft.settings.number("pwmhz")?;
    let has_pwm = !drawn.pins_with(&["PWM", "PWM_n"]).is_empty();
    (has_pwm && hertz != USUAL_HERTZ && (1..=HIGHEST_HERTZ).contains(&hertz)).then_some(hertz)
}

/// Handlers of what no role does: the stop button of a curtain, the second switch of a lamp.
fn handlers(drawn: &Drawn<'_>) -> Vec<String> {
    let mut commands = Vec::new();
    if drawn.draft.curtain.is_some() {
        for pin in drawn.pins_with(&["Btn_ScriptOnly"]) {
            let is_stop = drawn.owners.get(&pin).is_some_and(|claim| claim.key.starts_with("bt"));
            if let (true, Some(what)) = (is_stop, drawn.pins.get(&pin)) {
                commands.push(format!("addEventHandler OnClick {pin} ShutterMove{} stop", what.channel));
            }
        }
    }
    for claim in drawn.owners.values().filter(|claim| claim.key.starts_with("i_dctr")) {
        // each change of the input, in both directions, toggles the relay of the same number
        let Some(input) = drawn.pins.get(&claim.pin) else { continue };
        for value in [0, 1] {
            commands
                .push(format!("addChangeHandler Channel{} == {value} ToggleChannel {}", input.channel, claim.number));
        }
    }
    commands
}
