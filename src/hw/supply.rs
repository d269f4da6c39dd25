//! INA219 and INA226: volts at the board and milliamps through a shunt, by I2C. Both measure on their own after
//! power-up; two registers are all that is read (Texas Instruments datasheets SBOS448 and SBOS547, "Register maps"), so
//! no crate is needed.

use super::i2c::BusError;
use crate::jig::wiring::Meter;
use crate::jig::{Supply, SupplyError};
use crate::model::unit::supply::Reading;
use embedded_hal::i2c::I2c;

/// Register of the voltage across the shunt.
const SHUNT: u8 = 0x01;
/// Register of the voltage at the board.
const BUS: u8 = 0x02;

/// Opens the bus.
pub(crate) type Opener<B> = Box<dyn FnMut() -> Result<B, BusError> + Send>;

/// One meter on its bus.
pub(crate) struct Ina<B> {
    open: Opener<B>,
    bus: Option<B>,
    name: String,
    meter: Meter,
    address: u8,
    shunt_milliohms: u32,
}

impl<B: I2c> Ina<B> {
    /// A meter by its bus, address and shunt; nothing is opened yet.
    pub(crate) fn new(name: String, meter: Meter, address: u8, shunt_milliohms: u32, open: Opener<B>) -> Self {
        Self { open, bus: None, name, meter, address, shunt_milliohms: shunt_milliohms.max(1) }
    }

    fn register(&self, bus: &mut B, register: u8) -> Result<[u8; 2], SupplyError> {
        let mut bytes = [0; 2];
        match bus.write_read(self.address, &[register], &mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) => Err(SupplyError {
                meter: self.name.clone(),
                what: format!("{error:?}"),
                remedy: "check its wires and its address (`i2cdetect -y 1`), or remove [slot.supply]".into(),
            }),
        }
    }
}

impl<B: I2c + Send> Supply for Ina<B> {
    fn read(&mut self) -> Result<Reading, SupplyError> {
        let mut bus = match self.bus.take() {
            Some(bus) => bus,
            None => (self.open)().map_err(|BusError { what, remedy }| SupplyError {
                meter: self.name.clone(),
                what,
                remedy,
            })?,
        };
        let shunt = i32::from(i16::from_be_bytes(self.register(&mut bus, SHUNT)?));
        let board = u32::from(u16::from_be_bytes(self.register(&mut bus, BUS)?));
        self.bus = Some(bus);
        // steps in tenths of a microvolt; microvolts through milliohms are milliamps
        let (step, millivolts) = match self.meter {
            Meter::Ina219 => (100, (board >> 3) * 4),
            Meter::Ina226 => (25, board * 5 / 4),
        };
        let milliamps = i64::from(shunt) * step / 10 / i64::from(self.shunt_milliohms);
        Ok(Reading { millivolts, milliamps: milliamps as i32 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_hal::i2c::{ErrorKind, ErrorType, Operation};

    /// Two registers; `None`: unplugged.
    struct Bus(Option<[u16; 2]>);

    impl ErrorType for Bus {
        type Error = ErrorKind;
    }

    impl I2c for Bus {
        fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), ErrorKind> {
            let registers = self.0.filter(|_| address == 0x40).ok_or(ErrorKind::Other)?;
            let [Operation::Write([register]), Operation::Read(bytes)] = operations else { panic!() };
            bytes.copy_from_slice(&registers[usize::from(*register - 1)].to_be_bytes());
            Ok(())
        }
    }

    fn read(meter: Meter, registers: Option<[u16; 2]>) -> Result<Reading, SupplyError> {
        Ina::new("m".into(), meter, 0x40, 100, Box::new(move || Ok(Bus(registers)))).read()
    }

    #[test]
    fn registers_become_volts_and_milliamps() {
        // 80 mA through 100 mOhm are 8 mV: 800 steps of 10 uV, 3200 of 2.5 uV; 3.300 V are 825 of 4 mV, 2640 of 1.25 mV
        let right = Ok(Reading { millivolts: 3300, milliamps: 80 });
        assert_eq!(read(Meter::Ina219, Some([800, 825 << 3 | 0b10])), right);
        assert_eq!(read(Meter::Ina226, Some([3200, 2640])), right);
        let back = read(Meter::Ina219, Some([0xFFFF - 99, 0])).unwrap();
        assert_eq!((back.milliamps, back.millivolts), (-10, 0), "a board that feeds back is below zero");
    }

    #[test]
    fn a_meter_that_is_not_there_is_named_with_what_to_check() {
        let error = read(Meter::Ina226, None).unwrap_err().to_string();
        assert!(error.contains("supply meter m") && error.contains("i2cdetect"), "{error}");
    }
}
