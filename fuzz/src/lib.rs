//! What must hold for any bytes from outside: no panic, no hang, no memory without bound, and the properties below.
//!
//! Each module has `check`, which a fuzz target feeds, and `seeds`, made-up inputs to begin with. `tests/it/hostile.rs` of
//! the project runs the same checks on the seeds and on damaged copies of them.

pub mod configuration;
pub mod frames;
pub mod http;
pub mod images;
pub mod patch;
pub mod settings;

/// A check and where it begins.
pub type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

/// All of them.
pub const TARGETS: [Target; 5] = [
    ("frames", frames::check, frames::seeds),
    ("images", images::check, images::seeds),
    ("settings", settings::check, settings::seeds),
    ("configuration", configuration::check, configuration::seeds),
    ("http", http::check, http::seeds),
];
