//! A small OLED on I2C behind [`Panel`]: SSD1306 and SH1106. It may be unplugged and plugged in at any time: what fails
//! is begun anew, with its initialisation and the whole picture.

mod sh1106;

#[cfg(test)]
mod tests;

use super::i2c::BusError;
use crate::jig::{Panel, PanelError};
use crate::model::show::screen::{Frame, LOW, Size, USUAL};
use display_interface::DisplayError;
use embedded_hal::i2c::I2c;
use sh1106::Sh1106;
use ssd1306::Ssd1306;
use ssd1306::command::AddrMode;
use ssd1306::mode::BasicMode;
use ssd1306::prelude::{Brightness, DisplayRotation, DisplaySize128x32, DisplaySize128x64, I2CInterface};

/// Pixels of a page: eight rows of a column are one byte, the lowest bit on top.
const PAGE: u32 = 8;
/// Bit of the status byte that says that the display is off, as it is after power-up (SSD1306 datasheet, "Read
/// status"; the same in that of the SH1106).
const IS_OFF: u8 = 0x40;

/// Which controller the panel has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Controller {
    /// Most panels of 0.96 inch, and all of 128x32.
    Ssd1306,
    /// Most panels of 1.3 inch.
    Sh1106,
}

/// One row of pages: of every panel here 128 columns are seen.
type Row = [u8; USUAL.width as usize];

/// The controller, initialised.
enum Driver<B> {
    High(Ssd1306<I2CInterface<Shared<B>>, DisplaySize128x64, BasicMode>),
    Low(Ssd1306<I2CInterface<Shared<B>>, DisplaySize128x32, BasicMode>),
    Sh1106(Sh1106<I2CInterface<Shared<B>>>),
}

/// One bus for the driver and for the status, which the driver can't read.
struct Shared<B>(std::sync::Arc<std::sync::Mutex<B>>);

impl<B> Clone for Shared<B> {
    fn clone(&self) -> Self {
        Self(std::sync::Arc::clone(&self.0))
    }
}

impl<B: I2c> embedded_hal::i2c::ErrorType for Shared<B> {
    type Error = B::Error;
}

impl<B: I2c> I2c for Shared<B> {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [embedded_hal::i2c::Operation<'_>],
    ) -> Result<(), Self::Error> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).transaction(address, operations)
    }
}

/// A panel that answered, and what it shows.
struct Session<B> {
    driver: Driver<B>,
    bus: Shared<B>,
    shown: Vec<Option<Row>>,
    /// Its status byte can be believed: it said "on" when it was on. Some clones send anything.
    tells: bool,
    dim: bool,
}

/// Opens the bus.
pub(crate) type Opener<B> = Box<dyn FnMut() -> Result<B, BusError> + Send>;

/// A panel that may be there.
pub(crate) struct Oled<B> {
    open: Opener<B>,
    name: String,
    address: u8,
    controller: Controller,
    size: Size,
    dim: bool,
    session: Option<Session<B>>,
}

impl<B: I2c> Oled<B> {
    /// A panel by its bus and address; nothing is opened yet. An SSD1306 has 128x64 or 128x32, an SH1106 always
    /// 128x64.
    pub(crate) fn new(name: String, address: u8, controller: Controller, size: Size, open: Opener<B>) -> Self {
        let size = if controller == Controller::Ssd1306 && size == LOW { LOW } else { USUAL };
        Self { open, name, address, controller, size, dim: false, session: None }
    }

    fn begin(&mut self) -> Result<Session<B>, PanelError> {
        let bus =
            (self.open)().map_err(|BusError { what, remedy }| PanelError { panel: self.name.clone(), what, remedy })?;
        let bus = Shared(std::sync::Arc::new(std::sync::Mutex::new(bus)));
        let driver = self.driver(&bus).map_err(|error| self.silent(&error))?;
        let shown = vec![None; (self.size.height / PAGE) as usize];
        let mut session = Session { driver, bus, shown, tells: true, dim: false };
        session.tells = session.is_on(self.address).map_err(|what| self.lost(what))?;
        Ok(session)
    }

    fn driver(&self, bus: &Shared<B>) -> Result<Driver<B>, DisplayError> {
        // 0x40: what follows is picture, not commands
        let interface = I2CInterface::new(bus.clone(), self.address, 0x40);
        Ok(match (self.controller, self.size) {
            (Controller::Sh1106, _) => Driver::Sh1106(Sh1106::begin(interface)?),
            (Controller::Ssd1306, LOW) => {
                let mut driver = Ssd1306::new(interface, DisplaySize128x32, DisplayRotation::Rotate0);
                driver.init_with_addr_mode(AddrMode::Page)?;
                Driver::Low(driver)
            }
            (Controller::Ssd1306, _) => {
                let mut driver = Ssd1306::new(interface, DisplaySize128x64, DisplayRotation::Rotate0);
                driver.init_with_addr_mode(AddrMode::Page)?;
                Driver::High(driver)
            }
        })
    }

    fn silent(&self, error: &DisplayError) -> PanelError {
        self.lost(match error {
            DisplayError::BusWriteError => "no answer".into(),
            other => format!("{other:?}"),
        })
    }

    fn lost(&self, what: String) -> PanelError {
        let remedy = "check its four wires and its address (`i2cdetect -y 1` lists 0x3C or 0x3D); it is tried again";
        PanelError { panel: self.name.clone(), what, remedy: remedy.into() }
    }
}

impl<B: I2c> Session<B> {
    /// Sends what differs, page by page, from the first changed column to the last.
    fn show(&mut self, frame: &Frame) -> Result<(), DisplayError> {
        for (index, shown) in self.shown.iter_mut().enumerate() {
            let row = row(frame, index as u32);
            let differs = |column: &usize| shown.as_ref().is_none_or(|shown| shown.get(*column) != row.get(*column));
            let Some(first) = (0..row.len()).find(differs) else { continue };
            let last = (first..row.len()).rev().find(differs).unwrap_or(first);
            let bytes = row.get(first..=last).unwrap_or_default();
            // not known until it arrived whole
            *shown = None;
            let (page, column) = (index as u8, first as u8);
            match &mut self.driver {
                Driver::High(driver) => {
                    driver.set_row(page * PAGE as u8)?;
                    driver.set_column(column)?;
                    driver.draw(bytes)?;
                }
                Driver::Low(driver) => {
                    driver.set_row(page * PAGE as u8)?;
                    driver.set_column(column)?;
                    driver.draw(bytes)?;
                }
                Driver::Sh1106(driver) => driver.draw(page, column, bytes)?,
            }
            *shown = Some(row);
        }
        Ok(())
    }

    /// Sets how bright it is.
    fn set_dim(&mut self, dim: bool) -> Result<(), DisplayError> {
        let brightness = if dim { Brightness::DIMMEST } else { Brightness::NORMAL };
        match &mut self.driver {
            Driver::High(driver) => driver.set_brightness(brightness)?,
            Driver::Low(driver) => driver.set_brightness(brightness)?,
            Driver::Sh1106(driver) => driver.set_dim(dim)?,
        }
        self.dim = dim;
        Ok(())
    }

    /// Whether the panel says that it is on.
    fn is_on(&mut self, address: u8) -> Result<bool, String> {
        let mut status = [0];
        self.bus.read(address, &mut status).map_err(|error| format!("no answer: {error:?}"))?;
        Ok(status.first().is_some_and(|status| status & IS_OFF == 0))
    }
}

/// The bytes of one row of pages.
#[allow(clippy::cast_possible_wrap, reason = "places on a panel of 128x64 pixels")]
fn row(frame: &Frame, page: u32) -> Row {
    let mut row = [0; USUAL.width as usize];
    for (x, byte) in row.iter_mut().enumerate() {
        for bit in 0..PAGE {
            *byte |= u8::from(frame.is_lit(x as i32, (page * PAGE + bit) as i32)) << bit;
        }
    }
    row
}

impl<B: I2c + Send> Panel for Oled<B> {
    fn show(&mut self, frame: &Frame) -> Result<(), PanelError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.begin()?,
        };
        if session.dim != self.dim {
            session.set_dim(self.dim).map_err(|error| self.silent(&error))?;
        }
        session.show(frame).map_err(|error| self.silent(&error))?;
        self.session = Some(session);
        Ok(())
    }

    fn dim(&mut self, dim: bool) {
        self.dim = dim;
    }

    fn size(&self) -> Size {
        self.size
    }

    /// A panel that was plugged in again answers, but it is off and has forgotten everything.
    fn check(&mut self) -> Result<bool, PanelError> {
        let Some(mut session) = self.session.take() else { return Ok(false) };
        let is_on = session.is_on(self.address).map_err(|what| self.lost(what))?;
        if is_on && session.tells {
            self.session = Some(session);
            return Ok(true);
        }
        Ok(false)
    }
}
