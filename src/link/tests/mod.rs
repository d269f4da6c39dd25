//! The session against a scripted chip on a paused clock: every rule in milliseconds.

mod attach;
mod awake;
mod chip;
mod exchange;
mod flash;
mod probe;
mod protect;
mod rate;
mod vouch;
mod writes;
