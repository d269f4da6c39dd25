//! Faces show the station and hand orders to it; they hold a [`crate::station::StationHandle`] and nothing else.
//! Without any of them the slots work on.

pub mod dbus;
pub mod host;
pub mod journal;
pub mod lights;
pub mod mqtt;
pub mod oled;
pub(crate) mod people;
pub(crate) mod systemd;
pub(crate) mod tail;
pub mod web;
