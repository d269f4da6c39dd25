//! Outlets with coils: both of a pair, or a plain relay that is named like one.

use crate::model::openbeken::claim::{Family, Sure};
use crate::model::openbeken::pins::coils::{Coil, Trouble};
use crate::model::openbeken::pins::draft::{Draft, as_role};

/// Finds the outlets with coils and claims their pins.
pub(in crate::model::openbeken::pins) fn coils(draft: &mut Draft<'_>) {
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
