//! Latching relays: two coils, each fed for a moment only.
//!
//! Three facts of the firmware (APP `drv_bridge_driver.c`): it joins the pins by rank, the lowest `BridgeFWD` with the
//! lowest `BridgeREV`, whatever their channels; at rest both pins are low, and no inverted bridge exists; a single
//! `BridgeFWD` starts no driver. A coil as `Rel` would be fed as long as the outlet is on.

use super::draft::as_role;
use super::{Draft, Family, Sure};
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

/// Finds the outlets with coils and claims their pins.
pub(super) fn assign(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let mut numbers: Vec<u8> = ["rl_on#_pin", "rl_off#_pin", "rl#_pin"]
        .iter()
        .flat_map(|pattern| settings.numbered(pattern))
        .filter(|(_, key)| settings.pin(key).is_some())
        .map(|(number, _)| number)
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    for number in numbers {
        outlet(draft, number);
    }
}

fn outlet(draft: &mut Draft<'_>, number: u8) {
    let settings = draft.settings;
    let [on_key, off_key, relay_key] = ["rl_on#_pin", "rl_off#_pin", "rl#_pin"].map(|key| named(key, number));
    let (on, off, relay) = (settings.pin(&on_key), settings.pin(&off_key), settings.pin(&relay_key));
    let is_latching = settings.number(&named("rl#_type", number)).or_else(|| settings.number("rl_type")) == Some(1);
    let trouble = match (on, off) {
        (Some(on), Some(off)) => {
            let low = [named("rl_on#_lv", number), named("rl_off#_lv", number)];
            match relay {
                _ if on == off => Some(Trouble::Half),
                Some(relay) if relay != on => Some(Trouble::Half),
                _ if low.iter().any(|key| settings.level(key) == Some(false)) => Some(Trouble::LowActive),
                _ => None,
            }
        }
        (None, None) if !is_latching => return,
        // A touch switch (2 gang, v1.1.2) has its plain relays as `rl_on` too.
        (Some(on), None) if !is_latching && relay.is_none_or(|relay| relay == on) => {
            return plain(draft, number, &on_key, relay.is_some());
        }
        _ => Some(Trouble::Half),
    };
    let mut pins: Vec<u8> = [on, off, relay].into_iter().flatten().collect();
    pins.sort_unstable();
    pins.dedup();
    for key in [&on_key, &off_key, &relay_key] {
        draft.use_key(key);
    }
    if trouble.is_none() {
        for (key, role) in [(&on_key, "BridgeFWD"), (&off_key, "BridgeREV")] {
            draft.claim(key, Family::Power, number, as_role(role, number), Sure::Certain);
        }
    }
    draft.coils.push(Coil { number, pins, trouble });
}

/// A relay that is named `rl_on`.
fn plain(draft: &mut Draft<'_>, number: u8, key: &str, is_repeated: bool) {
    draft.use_key(key);
    if is_repeated {
        draft.notes.push(format!("{key} names the pin of rl{number}_pin: one plain relay"));
        return;
    }
    let is_low = draft.settings.level(&named("rl_on#_lv", number)) == Some(false);
    let role = if is_low { "Rel_n" } else { "Rel" };
    let channel = draft.relay_channel(number);
    draft.claim(key, Family::Power, number, as_role(role, channel), Sure::Likely);
}

fn named(pattern: &str, number: u8) -> String {
    pattern.replace('#', &number.to_string())
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
pub(super) fn pulse(draft: &Draft<'_>) -> i64 {
    let times = draft.settings.any(&["rl_drvtime", "rl#_drvtime"]);
    let longest = times.into_iter().filter_map(|key| draft.settings.number(key)).max().unwrap_or(0);
    // 25 ms a tick (APP `quicktick.h`); the firmware takes 5 to 10000
    (longest.clamp(0, 250_000) + 24).div_euclid(25).clamp(5, 10_000)
}
