//! The checked configuration: every default filled in, nothing that contradicts.

use crate::model::screen::Size;
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
    /// Failures in a row with one code after which a slot asks for attention; 0: never.
    pub stop_after: u32,
    /// The page; a file always gives one, commands that open no page set it to `None`.
    pub web: Option<Web>,
    /// The small screen.
    pub panel: Panel,
    /// The message bus.
    pub dbus: Dbus,
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

/// The message bus that the daemon is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dbus {
    /// The system's, where there is one.
    #[default]
    Auto,
    /// The system's.
    System,
    /// The one of the user's session.
    Session,
    /// None.
    None,
}

/// The small screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// There is none.
    #[default]
    None,
    /// One that only the page shows.
    Virtual {
        /// Its pixels.
        size: Size,
    },
    /// An SSD1306 on I2C.
    Ssd1306 {
        /// The bus, such as `/dev/i2c-1`.
        bus: PathBuf,
        /// Seven-bit address.
        address: u8,
        /// Its pixels: 128x64 or 128x32.
        size: Size,
    },
    /// An SH1106 of 128 by 64 on I2C.
    Sh1106 {
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
    /// A second serial device, at the board's log output (UART2, 115200 baud).
    pub log_uart: Option<PathBuf>,
    /// What starts a unit.
    pub start: Start,
    /// Who switches the board.
    pub lines: LinesKind,
    /// The meter in its supply.
    pub supply: Option<Supply>,
}

/// A meter in the supply of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supply {
    /// Which chip.
    pub kind: MeterKind,
    /// The bus, such as `/dev/i2c-1`.
    pub bus: PathBuf,
    /// Seven-bit address.
    pub address: u8,
    /// Its shunt.
    pub shunt_milliohm: u32,
    /// A unit stops below it.
    pub min_millivolt: u32,
    /// A unit stops above it.
    pub max_milliamp: u32,
}

/// Which meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeterKind {
    /// Texas Instruments INA219.
    Ina219,
    /// Texas Instruments INA226.
    Ina226,
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
    /// Pins of a Raspberry Pi's header.
    Gpio(Box<Pins>),
    /// Lines of a GPIO chip of the kernel.
    Gpiochip {
        /// The chip, such as `/dev/gpiochip0`.
        chip: PathBuf,
        /// Its lines; the numbers are offsets.
        pins: Box<Pins>,
    },
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
            Self::Gpiochip { .. } => "gpiochip",
            Self::Socket { .. } => "socket",
            Self::Serial { .. } => "serial",
        }
    }

    /// Its pins, where it has any.
    pub fn pins(&self) -> Option<&Pins> {
        match self {
            Self::Gpio(pins) | Self::Gpiochip { pins, .. } => Some(pins),
            _ => None,
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
    /// CEN. Active low: the pin is driven low or left to float. Active high: a transistor that pulls CEN low.
    pub reset: Option<Pin>,
    /// What keeps TX from feeding a board without power.
    pub park: Option<Park>,
    /// The start button.
    pub button: Option<InputPin>,
    /// Closes when a board is in.
    pub contact: Option<InputPin>,
    /// Lamp of a pass.
    pub led_green: Option<Pin>,
    /// Lamp of a fail.
    pub led_red: Option<Pin>,
    /// Lamp of a unit in flight.
    pub led_busy: Option<Pin>,
    /// The buzzer.
    pub buzzer: Option<Pin>,
}

/// A pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// BCM number, 0 to 27, or offset of the chip.
    pub number: u32,
    /// Whether high means that it does its work.
    pub active_high: bool,
}

/// An input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputPin {
    /// Where, and its polarity.
    pub pin: Pin,
    /// The resistor inside.
    pub pull: Pull,
}

/// The resistor inside of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pull {
    /// To 3.3 V.
    Up,
    /// To ground.
    Down,
    /// None.
    Off,
}

/// How TX is kept from feeding a board that has no power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Park {
    /// A buffer in TX that this pin cuts off.
    Buffer(Pin),
    /// The TX pin itself, by its BCM number: driven low while the board has no power.
    Tx(u32),
}
