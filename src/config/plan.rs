//! The checked configuration: every default filled in, nothing that contradicts.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name of the station, for records and screens.
    pub name: String,
    /// Where ledger, backups and recipes are.
    pub data_dir: PathBuf,
    /// Where the images are.
    pub firmware_dir: PathBuf,
    /// Folder under which USB sticks appear, if their firmware counts, too.
    pub usb_dir: Option<PathBuf>,
    /// Name of the recipe: `recipes/NAME.toml` in `data_dir`.
    pub recipe: String,
    /// The page; a file always gives one, commands that open no page set it to `None`.
    pub web: Option<Web>,
    /// The small screen.
    pub panel: Panel,
    /// The slots, at least one.
    pub slots: Vec<Slot>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where it listens.
    pub listen: SocketAddr,
    /// File with the token that control needs; without it the token of the data folder is used, and control from this
    /// machine needs none.
    pub token_file: Option<PathBuf>,
    /// The station's own host name, beside `localhost` and any IP address.
    pub host: Option<String>,
}

/// The small screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// There is none.
    #[default]
    None,
    /// One that only the page shows.
    Virtual,
    /// An SSD1306 of 128 by 64 on I2C.
    Ssd1306 {
        /// The bus, such as `/dev/i2c-1`.
        bus: PathBuf,
        /// Seven-bit address.
        address: u8,
    },
}

/// One jig.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its name, for records, screens and addresses of the page.
    pub name: String,
    /// The serial device.
    pub uart: PathBuf,
    /// Top of the ladder of rates, bits per second.
    pub max_baud: u32,
    /// What starts a unit.
    pub start: Start,
    /// Who switches the board.
    pub lines: LinesKind,
}

/// What starts a unit. The page and `once` always do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Start {
    /// The button of the jig.
    #[default]
    Button,
    /// A board that is put in.
    Contact,
    /// Only the page and other programs.
    Remote,
}

/// Who switches the board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LinesKind {
    /// The operator's hands.
    #[default]
    Manual,
    /// Pins of this computer.
    Gpio(Box<Pins>),
    /// Another program, over a Unix socket.
    Socket {
        /// The socket.
        path: PathBuf,
    },
    /// A control line of the serial adapter; power is always on.
    Serial {
        /// Which one CEN hangs on.
        reset: ModemLine,
    },
}

impl LinesKind {
    /// The word in the file.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Manual => "manual",
            Self::Gpio(_) => "gpio",
            Self::Socket { .. } => "socket",
            Self::Serial { .. } => "serial",
        }
    }
}

/// A control line of a serial adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModemLine {
    /// Request to send.
    Rts,
    /// Data terminal ready.
    Dtr,
}

/// The pins of one jig.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    /// The board's 3.3 V.
    pub power: Option<Pin>,
    /// CEN, driven low or left to float.
    pub reset: Option<Pin>,
    /// The buffer of our TX.
    pub park: Option<Pin>,
    /// The start button.
    pub button: Option<Pin>,
    /// Closes when a board is in.
    pub contact: Option<Pin>,
    /// Lamp of a pass.
    pub led_green: Option<Pin>,
    /// Lamp of a fail.
    pub led_red: Option<Pin>,
    /// Lamp of a unit in flight.
    pub led_busy: Option<Pin>,
    /// The buzzer.
    pub buzzer: Option<Pin>,
}

/// A pin of the Pi's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// BCM number, 0 to 27.
    pub number: u8,
    /// Whether high means that it does its work.
    pub active_high: bool,
}
