//! Latching relays: two coils, each fed for a moment only.
//!
//! Three facts of the firmware (APP `drv_bridge_driver.c`): it joins the pins by rank, the lowest `BridgeFWD` with the
//! lowest `BridgeREV`, whatever their channels; at rest both pins are low, and no inverted bridge exists; a single
//! `BridgeFWD` starts no driver. A coil as `Rel` would be fed as long as the outlet is on.

use crate::model::openbeken::settings::Settings;
use crate::model::openbeken::template::{Pin, Template};
use std::collections::BTreeMap;

/// What the settings say of an outlet with coils.
#[derive(Clone, Debug)]
pub(super) struct Coil {
    /// Number of the outlet.
    pub(super) number: u8,
    /// The pins that are known.
    pub(super) pins: Vec<u8>,
    /// Why none of them gets a role.
    pub(super) trouble: Option<Trouble>,
}

/// Why a coil gets no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Not both coils are known, or a third pin is named.
    Half,
    /// A low level feeds it.
    LowActive,
    /// Another part has one of the pins.
    Taken,
}

/// Takes the roles from coils of which one lost its pin, and from all of them where the order of the pins would join the
/// wrong ones. Says whether the order is wrong.
pub(super) fn check(coils: &mut [Coil], pins: &mut BTreeMap<u8, Pin>) -> Option<String> {
    for coil in coils.iter_mut().filter(|coil| coil.trouble.is_none()) {
        let has = |role: &str| coil.pins.iter().any(|pin| pins.get(pin).is_some_and(|what| what.is(role)));
        if !(has("BridgeFWD") && has("BridgeREV")) {
            coil.trouble = Some(Trouble::Taken);
            for pin in &coil.pins {
                if pins.get(pin).is_some_and(|what| is_bridge(*what)) {
                    pins.remove(pin);
                }
            }
        }
    }
    let wrong = wrong_order(pins)?;
    pins.retain(|_, what| !is_bridge(*what));
    Some(wrong)
}

fn is_bridge(what: Pin) -> bool {
    what.is("BridgeFWD") || what.is("BridgeREV")
}

/// What the firmware would join that does not belong together; `None`: all is well.
fn wrong_order(pins: &BTreeMap<u8, Pin>) -> Option<String> {
    let of = |role: &str| -> Vec<(u8, u8)> {
        pins.iter().filter(|(_, what)| what.is(role)).map(|(&pin, what)| (pin, what.channel)).collect()
    };
    let (forward, reverse) = (of("BridgeFWD"), of("BridgeREV"));
    let joined = forward.iter().zip(&reverse);
    if forward.len() == reverse.len() && joined.clone().all(|((_, a), (_, b))| a == b) {
        return None;
    }
    let firmware: Vec<String> = joined.map(|((a, _), (b, _))| format!("P{a} with P{b}")).collect();
    let board: Vec<String> = forward
        .iter()
        .filter_map(|(a, channel)| {
            let (b, _) = reverse.iter().find(|(_, other)| other == channel)?;
            Some(format!("P{a} with P{b}"))
        })
        .collect();
    let firmware = if firmware.is_empty() { "none of them".to_owned() } else { firmware.join(" and ") };
    let board = if board.is_empty() { "others".to_owned() } else { board.join(" and ") };
    Some(format!("OpenBeken joins {firmware}; the board joins {board}"))
}

/// The same for a finished template, such as one of the device list.
pub(in crate::model::openbeken) fn joins_wrongly(template: &Template) -> Option<String> {
    wrong_order(&template.pins)
}

/// Length of the pulse in ticks of 25 ms. The firmware's own 50 is 1.25 s, twenty times the vendor's: a coil gets warm.
pub(super) fn pulse(settings: Settings<'_>) -> i64 {
    let times = settings.any(&["rl_drvtime", "rl#_drvtime"]);
    let longest = times.into_iter().filter_map(|key| settings.number(key)).max().unwrap_or(0);
    // 25 ms a tick (APP `quicktick.h`); the firmware takes 5 to 10000
    (longest.clamp(0, 250_000) + 24).div_euclid(25).clamp(5, 10_000)
}
