//! The rules that raise doubts, each a function of what came out.

mod light;
mod power;
mod rest;
mod words;

use super::drawn::Drawn;
use crate::model::openbeken::doubt::Doubt;

/// All doubts, those that could burn something first.
pub(super) fn of(drawn: &Drawn<'_>) -> Vec<Doubt> {
    let rules: [fn(&Drawn<'_>) -> Option<Doubt>; 21] = [
        power::coil,
        power::coil_level,
        power::coil_order,
        power::motor,
        power::momentary,
        power::channel_count,
        power::meter,
        power::uart_clash,
        light::lamp,
        light::pwm_pin,
        light::led_chip,
        light::led_map,
        light::enable_pin,
        light::strip,
        rest::actor,
        rest::three_way,
        rest::battery,
        rest::mcu,
        rest::tree,
        rest::pin_clash,
        rest::few,
    ];
    let mut doubts: Vec<Doubt> = rules.iter().filter_map(|rule| rule(drawn)).collect();
    doubts.extend(rest::no_pins(drawn));
    doubts
}
