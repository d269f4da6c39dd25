//! What keys want that hang together, each a function of what is gathered so far. Their order counts: what an earlier one
//! used is not looked at again.

mod coils;
mod curtain;
mod lamp;
mod led_chip;
mod meter;

pub(super) use coils::coils;
pub(super) use curtain::curtain;
pub(super) use lamp::lamp;
pub(super) use led_chip::led_chip;
pub(super) use meter::meter;
