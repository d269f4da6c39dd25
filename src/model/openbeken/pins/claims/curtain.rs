//! Curtain and shutter motors: two relays that must never be on together.
//!
//! The firmware has roles for them since 1.18.268 and a driver that is switched on since 1.18.272 (March 2026): A opens, B
//! closes, never both, a pause of 200 ms on reversal. It does not start by itself, and no inverted role exists. Which of
//! the two relays opens is not known for certain: `ShutterCalibrate` and a look tell.

use crate::model::openbeken::claim::{Family, Sure};
use crate::model::openbeken::pins::draft::{Curtain, Draft, as_role};

/// Keys that only the settings of such a motor have.
const MARKS: [&str; 4] = ["dev_ctrl#", "percent_ctrl#", "trav_t_set", "reverse_ctrl#"];

/// Relays of the motors in the vendor's numbers: one direction, stop, the other; the buttons have the same numbers.
const MOTORS: [[u8; 3]; 2] = [[1, 2, 3], [4, 5, 6]];

/// Finds motors and claims their pins. Such a unit gets no plain relay.
pub(in crate::model::openbeken::pins) fn curtain(draft: &mut Draft<'_>) {
    let settings = draft.settings;
    let relays: Vec<(u8, &str)> =
        settings.numbered("rl#_pin").into_iter().filter(|(_, key)| settings.pin(key).is_some()).collect();
    let mut marks = settings.any(&MARKS);
    marks.extend(settings.keys().filter(|key| key.starts_with("travel")));
    let numbers: Vec<u8> = relays.iter().map(|(number, _)| *number).collect();
    let by_numbers = matches!((numbers.as_slice(), draft.channels()), ([1, 3], Some(1)) | ([1, 3, 4, 6], Some(2)));
    if relays.is_empty() || (marks.is_empty() && !by_numbers) {
        return;
    }
    let mut motors: Vec<[u8; 3]> =
        MOTORS.into_iter().filter(|[a, _, b]| numbers.contains(a) && numbers.contains(b)).collect();
    if let (true, [a, b]) = (motors.is_empty(), numbers.as_slice()) {
        motors.push([*a, 2, *b]);
    }
    let mut placed = 0;
    for (motor, [a, stop, b]) in (1..).zip(motors) {
        let (keys, is_high) = ([a, b].map(|n| format!("rl{n}_pin")), [a, b].map(|n| format!("rl{n}_lv")));
        let is_low = is_high.iter().any(|key| settings.level(key) == Some(false));
        let [pin_a, pin_b] = keys.each_ref().map(|key| settings.pin(key));
        if is_low || pin_a == pin_b {
            continue;
        }
        placed += 2;
        for (key, (number, role)) in keys.iter().zip([(a, "ShutterA"), (b, "ShutterB")]) {
            draft.claim(key, Family::Power, number, as_role(role, motor), Sure::Certain);
        }
        // A second button of two has a motor's numbers 1 and 3, or 1 and 2.
        let buttons = [(a, "BtnShutterUp"), (stop, "Btn_ScriptOnly"), (b, "BtnShutterDown")];
        for (number, role) in buttons {
            let key = format!("bt{number}_pin");
            if settings.pin(&key).is_some() {
                draft.claim(&key, Family::Button, number, as_role(role, motor), Sure::Likely);
            }
            draft.use_key(&key);
        }
    }
    let mut pins: Vec<u8> = relays.iter().filter_map(|(_, key)| settings.pin(key)).collect();
    let count = pins.len();
    pins.sort_unstable();
    pins.dedup();
    let keys = relays.iter().map(|(_, key)| *key).chain(marks).chain(["ch_num"]);
    let curtain = Curtain {
        pins,
        keys: keys.filter(|key| settings.has(key)).map(str::to_owned).collect(),
        is_whole: placed == count && count > 0,
    };
    for (_, key) in relays {
        draft.use_key(key);
    }
    draft.curtain = Some(curtain);
}
