//! The SH1106: like the SSD1306 in page mode, with 132 columns of which a panel shows the middle 128. The crate of that
//! name is of 2023 and speaks embedded-hal 0.2, so the few commands are here. Bytes from the SH1106 datasheet, "Command
//! table".

use display_interface::{DataFormat::U8, DisplayError, WriteOnlyDataCommand};

/// The first column that is seen.
const FIRST: u8 = 2;

/// Contrast after a reset, and as dark as it can be read.
const CONTRAST: u8 = 0x80;
const DIM: u8 = 0x01;

/// Off; clock; 64 rows; no offset; first line 0; DC-DC on; columns and rows turned as panels are mounted; row pins
/// alternative; contrast; precharge; VCOM; RAM shown; not inverted; on.
const BEGIN: [&[u8]; 14] = [
    &[0xAE],
    &[0xD5, 0x80],
    &[0xA8, 0x3F],
    &[0xD3, 0x00],
    &[0x40],
    &[0xAD, 0x8B],
    &[0xA1],
    &[0xC8],
    &[0xDA, 0x12],
    &[0x81, CONTRAST],
    &[0xD9, 0x22],
    &[0xDB, 0x35],
    &[0xA4, 0xA6],
    &[0xAF],
];

/// An initialised SH1106.
pub(super) struct Sh1106<I>(I);

impl<I: WriteOnlyDataCommand> Sh1106<I> {
    pub(super) fn begin(mut interface: I) -> Result<Self, DisplayError> {
        for commands in BEGIN {
            interface.send_commands(U8(commands))?;
        }
        Ok(Self(interface))
    }

    /// Sets the contrast.
    pub(super) fn set_dim(&mut self, dim: bool) -> Result<(), DisplayError> {
        self.0.send_commands(U8(&[0x81, if dim { DIM } else { CONTRAST }]))
    }

    /// Writes bytes into a page from a column on.
    pub(super) fn draw(&mut self, page: u8, column: u8, bytes: &[u8]) -> Result<(), DisplayError> {
        let column = column + FIRST;
        self.0.send_commands(U8(&[0xB0 | page, column & 0x0F, 0x10 | column >> 4]))?;
        self.0.send_data(U8(bytes))
    }
}
