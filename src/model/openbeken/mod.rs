//! What a converted unit is told about its hardware: pin roles, templates, scripts, and the configuration sector.
//!
//! [`pins::map`] makes a [`template::Template`] of the vendor's settings and raises each [`doubt::Doubt`] about it, a
//! [`device::Device`] of the list may override it, [`script`] and [`config`] bring it to the unit. [`findings`] does that for
//! a dump, [`tailor`] decides what a recipe makes of it and builds the configuration,
//! [`plug`] joins that with the choice of the image and with the meter.

pub mod calibration;
mod claim;
pub mod config;
pub mod crc;
mod credentials;
pub mod device;
mod differs;
pub mod doubt;
pub mod drivers;
pub mod fields;
pub mod findings;
mod judge;
mod key;
pub mod life;
pub mod meter;
pub mod pattern;
pub mod pins;
pub mod plug;
pub mod roles;
pub mod rule;
pub mod script;
mod settings;
mod settles;
mod table;
pub mod tailor;
pub mod template;
pub mod traces;
mod unfit;
pub mod wanted;

pub use calibration::Calibration;
pub use config::Config;
pub use credentials::holds_credentials;
pub use device::Device;
pub use doubt::Doubt;
pub use findings::Findings;
pub use roles::Role;
pub use template::{Pin, Template};
pub use traces::Traces;
pub use wanted::{Mqtt, Wanted, Wifi};

/// GPIO numbers of a BK7231, P0 to P28.
pub const PINS: u8 = 29;
