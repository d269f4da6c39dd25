//! The vendor's settings in a stock dump: Tuya's encrypted key-value store.
//!
//! A store is a *key sector* followed by *data sectors* (usually 17), all 4 KiB, AES-128-ECB. Newer SDKs put a
//! *protected sector* in front. A data sector has 32 pages of 128 bytes: a header, index pages (name, length,
//! checksum, where the value lies) and raw pages.
//!
//! Sources: openshwprojects/BK7231GUIFlashTool (`TuyaConfig.cs`), tuya-cloudcutter/bk7231tools (`kvstorage.py`),
//! libretiny-eu/upk2esphome.

pub mod cipher;
pub mod encode;
pub mod format;
