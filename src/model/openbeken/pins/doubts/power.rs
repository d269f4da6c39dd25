//! Relays, coils, motors, meters.

use super::words::pins;
use crate::model::openbeken::doubt::{Code, Doubt};
use crate::model::openbeken::pins::coils::{Coil, Trouble};
use crate::model::openbeken::pins::drawn::Drawn;
use crate::model::openbeken::pins::meter::{self, Meter};
use std::collections::BTreeSet;

fn coils_with<'d>(drawn: &'d Drawn<'_>, wanted: &'d [Trouble]) -> Vec<&'d Coil> {
    let is_wanted = |coil: &&Coil| coil.trouble.is_some_and(|trouble| wanted.contains(&trouble));
    drawn.draft.coils.iter().filter(is_wanted).collect()
}

fn coil_facts(drawn: &Drawn<'_>, coils: &[&Coil]) -> Vec<String> {
    let keys = coils.iter().flat_map(|coil| {
        let n = coil.number;
        ["rl_on#_pin", "rl_on#_lv", "rl_off#_pin", "rl_off#_lv", "rl#_pin", "rl#_type"]
            .map(|key| key.replace('#', &n.to_string()))
    });
    let keys: Vec<String> = keys.chain(["rl_type".to_owned()]).collect();
    drawn.draft.settings.facts(keys.iter().map(String::as_str))
}

/// Not both coils are known, or one has another part on its pin.
pub(super) fn coil(drawn: &Drawn<'_>) -> Option<Doubt> {
    let coils = coils_with(drawn, &[Trouble::Half, Trouble::Taken]);
    let one = |coil: &&Coil| {
        let found = pins(coil.pins.iter().copied());
        match coil.trouble {
            Some(Trouble::Taken) => format!(
                "Outlet {} has a latching relay on {found}, and another part has one of these pins",
                coil.number
            ),
            _ if coil.pins.len() == 1 => {
                format!("Outlet {} has a latching relay, and only one of its two coils is known: {found}", coil.number)
            }
            _ => format!("Outlet {} has a latching relay, and its pins contradict each other: {found}", coil.number),
        }
    };
    let outlets: Vec<String> = coils.iter().map(one).collect();
    if outlets.is_empty() {
        return None;
    }
    let text = format!(
        "{}. It must not be driven by one pin: the coil would stay under current. Its pins get no role. Only a device of \
         the list that names both coils goes on.",
        outlets.join("; ")
    );
    Some(Doubt::new(Code::Coil, text, coil_facts(drawn, &coils)).on(coils.iter().flat_map(|coil| coil.pins.clone())))
}

/// Coils that a low level feeds.
pub(super) fn coil_level(drawn: &Drawn<'_>) -> Option<Doubt> {
    let coils = coils_with(drawn, &[Trouble::LowActive]);
    if coils.is_empty() {
        return None;
    }
    let all: Vec<u8> = coils.iter().flat_map(|coil| coil.pins.clone()).collect();
    let text = format!(
        "The coils of {} are low-active. OpenBeken holds their pins low at rest and would keep them under current. Their \
         pins get no role, and nothing in a recipe or in the list changes that: leave this unit to another firmware.",
        pins(all.iter().copied())
    );
    Some(Doubt::new(Code::CoilLevel, text, coil_facts(drawn, &coils)).on(all))
}

/// Coils that the firmware would join in another order.
pub(super) fn coil_order(drawn: &Drawn<'_>) -> Option<Doubt> {
    let wrong = drawn.wrong_order.as_ref()?;
    let coils: Vec<&Coil> = drawn.draft.coils.iter().filter(|coil| coil.trouble.is_none()).collect();
    let text = format!(
        "{wrong}. An outlet could not be switched off. The pins of the coils get no role; a device of the list may give \
         them other ones."
    );
    Some(
        Doubt::new(Code::CoilOrder, text, coil_facts(drawn, &coils))
            .on(coils.iter().flat_map(|coil| coil.pins.clone())),
    )
}

/// A curtain or shutter.
pub(super) fn motor(drawn: &Drawn<'_>) -> Option<Doubt> {
    let curtain = drawn.draft.curtain.as_ref()?;
    let (a, b) = (drawn.pins_with(&["ShutterA"]), drawn.pins_with(&["ShutterB"]));
    let is_whole = curtain.is_whole && a.len() == b.len() && a.len() + b.len() == curtain.pins.len();
    let way = if is_whole {
        format!(
            "accept = [\"motor\"] makes {} ShutterA and {} ShutterB, which OpenBeken (1.18.272 or later) never switches on \
             together; which of them opens must be tried.",
            pins(a),
            pins(b)
        )
    } else {
        "Not each of these relays can be made a ShutterA or ShutterB, so a recipe can't accept this; a device of the list \
         that gives them these roles goes on."
            .to_owned()
    };
    // they move a channel's value, and the firmware's shutters follow commands and buttons of their own only
    let rockers = drawn.pins_with(&["TglChanOnTgl"]);
    let dead = if rockers.is_empty() {
        String::new()
    } else {
        format!(" OpenBeken has no rocker switch for a motor: on {} nothing would happen.", pins(rockers))
    };
    let text = format!(
        "This is a curtain or shutter motor: {} must never be on together. {way}{dead}",
        pins(curtain.pins.iter().copied())
    );
    let settings = drawn.draft.settings;
    let switches = settings.numbered("onoff#").into_iter().map(|(_, key)| key);
    let facts = settings.facts(curtain.keys.iter().map(String::as_str).chain(switches));
    Some(Doubt::new(Code::Motor, text, facts).on(curtain.pins.iter().copied()).acceptable(is_whole))
}

/// A relay that must only pulse.
pub(super) fn momentary(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let relays = drawn.pins_with(&["Rel", "Rel_n", "BridgeFWD"]);
    let mut keys = settings.any(&["rl#_dr_type"]);
    keys.retain(|key| settings.number(key) == Some(2));
    keys.extend(settings.any(&["trl#_time"]));
    let is_timed = !keys.is_empty();
    let doors = settings.any(&["door#_magt_pin", "gate_sensor_pin_pin"]);
    keys.extend(doors.into_iter().filter(|key| settings.pin(key).is_some()));
    if keys.is_empty() || (relays.is_empty() && !is_timed) {
        return None;
    }
    let text = format!(
        "Looks like a garage door or another pulse: the relay on {} must only pulse, OpenBeken would leave it on. Only a \
         device of the list that names it and has a startup command for the pulse goes on.",
        pins(relays.iter().copied())
    );
    Some(Doubt::new(Code::Momentary, text, settings.facts(keys)).on(relays))
}

/// More channels than relays.
pub(super) fn channel_count(drawn: &Drawn<'_>) -> Option<Doubt> {
    let said = drawn.draft.channels()?;
    if !drawn.draft.coils.iter().all(|coil| coil.trouble.is_none()) || drawn.wrong_order.is_some() {
        return None;
    }
    let relays = drawn.pins_with(&["Rel", "Rel_n", "BridgeFWD", "ShutterA"]);
    let found: BTreeSet<u8> = relays.iter().filter_map(|pin| drawn.pins.get(pin)).map(|what| what.channel).collect();
    if drawn.draft.tree.is_some() || found.len() >= usize::from(said) {
        return None;
    }
    let missing: Vec<String> = (1..=said).filter(|number| !found.contains(number)).map(|n| n.to_string()).collect();
    let text = format!(
        "The settings say {said} {}, {} found ({} missing). The others would be dead. Accept it, or give a device of the \
         list that has them.",
        if said == 1 { "outlet" } else { "outlets" },
        match found.len() {
            0 => "none was".to_owned(),
            1 => "1 was".to_owned(),
            n => format!("{n} were"),
        },
        missing.join(", ")
    );
    Some(Doubt::new(Code::ChCount, text, drawn.draft.settings.facts(["ch_num", "chnum"])))
}

/// A meter that nothing starts.
pub(super) fn meter(drawn: &Drawn<'_>) -> Option<Doubt> {
    let settings = drawn.draft.settings;
    let pulses = [["BL0937CF"].as_slice(), &["BL0937CF1"], &["BL0937SEL", "BL0937SEL_n"]];
    let what = match drawn.draft.meter {
        Meter::None | Meter::Serial { .. } => return None,
        Meter::Pulses if pulses.iter().all(|roles| !drawn.pins_with(roles).is_empty()) => return None,
        Meter::Pulses => "its three pins (CF, CF1, SEL) are not all known".to_owned(),
        Meter::Unknown => settings.number("chip_type").map_or_else(
            || "which chip it is is not told".to_owned(),
            |kind| format!("nobody knows chip_type {kind} with these lines"),
        ),
    };
    let text = format!(
        "The unit has a power meter, and nothing would start it: {what}. Accept it to go on without meter, or give a \
         device of the list."
    );
    let keys = ["chip_type", "ele_pin", "vi_pin", "sel_pin_pin"].into_iter().chain(meter::signs(drawn.draft.settings));
    let keys: BTreeSet<&str> = keys.collect();
    Some(Doubt::new(Code::Meter, text, settings.facts(keys)))
}

/// A serial port with something else on its pins.
pub(super) fn uart_clash(drawn: &Drawn<'_>) -> Option<Doubt> {
    let (who, lines) = match drawn.draft.meter {
        Meter::Serial { second: false, .. } => ("the meter's line", [10, 11]),
        Meter::Serial { second: true, .. } => ("the meter's line", [0, 1]),
        _ if crate::model::openbeken::pins::command::mcu_baud(drawn).is_some() => {
            ("the second controller's line", [10, 11])
        }
        _ => return None,
    };
    let shared: Vec<(u8, String)> = lines
        .into_iter()
        .filter_map(|pin| drawn.pins.get(&pin).map(|what| (pin, format!("P{pin} carries {what} and {who}"))))
        .collect();
    if shared.is_empty() {
        return None;
    }
    let words: Vec<&str> = shared.iter().map(|(_, words)| words.as_str()).collect();
    let text = format!("{}. One of the two would not work. Accept it, or give a device of the list.", words.join("; "));
    let owners = shared.iter().filter_map(|(pin, _)| drawn.owners.get(pin)).map(|claim| claim.key);
    let facts = drawn.draft.settings.facts(owners.chain(["chip_type", "ele_rx", "ele_tx", "wifi_bdrate"]));
    Some(Doubt::new(Code::UartClash, text, facts).on(shared.iter().map(|(pin, _)| *pin)))
}
