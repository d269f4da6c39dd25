//! The vendor's settings in a stock dump: Tuya's encrypted key-value store.
//!
//! A store is a *key sector* followed by *data sectors* (usually 17), all 4 KiB, AES-128-ECB. Newer SDKs put a
//! *protected sector* in front. A data sector has 32 pages of 128 bytes: a header, index pages (name, length,
//! checksum, where the value lies) and raw pages. Blocks are rewritten in place after their previous contents went
//! to a spare sector, so several copies of a block lie about; the highest generation is the live one.
//!
//! [`decode`] reads one, [`encode::store`] writes one. Every value is a [`secret::Secret`]: a stock dump holds
//! licence keys and Wi-Fi credentials, even those of owners before the last reset.
//!
//! Beside it lies a plain store of files, see [`files`]; [`settings`] takes both as witnesses of one another.
//!
//! Sources: openshwprojects/BK7231GUIFlashTool (`TuyaConfig.cs`), tuya-cloudcutter/bk7231tools (`kvstorage.py`),
//! libretiny-eu/upk2esphome. Where they differ the rule that 24 public dumps bear out is taken.

mod app_table;
mod area;
pub mod cipher;
pub mod encode;
pub mod files;
pub mod format;
pub mod keys;
mod pages;
mod protected;
pub mod secret;
pub mod settings;
pub mod store;
mod tidy;
pub mod value;
mod vault;
pub mod view;

pub use files::FileStore;
pub use keys::{Entry, Health};
pub use settings::{Settings, Witness};
pub use store::{Absent, Layout, Source, Store, app_settings, app_settings_in, decode};

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod tests;
