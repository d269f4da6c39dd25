//! What a file is.

use schemars::JsonSchema;
use serde::Serialize;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The app alone; its first byte belongs at 0x11000.
    Ua,
    /// Boot loader and app; its first byte belongs at 0x0.
    Qio,
    /// An update package for a running firmware; it can't be written by UART.
    Ota,
    /// The content of a whole flash.
    Dump,
    /// A part of a flash that begins elsewhere, such as one region.
    Part,
    /// OpenBeken's saved configuration.
    OpenbekenConfig,
    /// None of these.
    Unknown,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ua => "UA (app alone)",
            Self::Qio => "QIO (boot loader and app)",
            Self::Ota => "OTA (update package)",
            Self::Dump => "dump of a flash",
            Self::Part => "part of a flash",
            Self::OpenbekenConfig => "OpenBeken configuration",
            Self::Unknown => "unknown",
        })
    }
}
