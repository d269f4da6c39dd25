//! I2C buses, through rppal; whoever uses one takes any bus of embedded-hal.

use embedded_hal::i2c::I2c;
use std::path::Path;

/// Why a bus can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BusError {
    /// What the system said.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Opens a bus by its device, such as `/dev/i2c-1`.
pub(crate) fn open(bus: &Path) -> Result<impl I2c + Send + use<>, BusError> {
    let remedy = |error: &rppal::i2c::Error| -> String {
        match error {
            rppal::i2c::Error::Io(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                "add the user that runs flashjig to the group i2c (`sudo usermod -aG i2c USER`) and log in again".into()
            }
            _ => "switch I2C on (`sudo raspi-config nonint do_i2c 0`, then reboot); `ls /dev/i2c-*` shows the buses"
                .into(),
        }
    };
    let number = bus.to_str().and_then(|path| path.strip_prefix("/dev/i2c-")).and_then(|number| number.parse().ok());
    let Some(number) = number else {
        return Err(BusError {
            what: format!("{} is no I2C bus", bus.display()),
            remedy: "write the bus as /dev/i2c-1; `ls /dev/i2c-*` shows them".into(),
        });
    };
    rppal::i2c::I2c::with_bus(number).map_err(|error| BusError { what: error.to_string(), remedy: remedy(&error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bus_that_is_none_is_told_from_one_that_is_not_there() {
        let none = open(Path::new("/dev/spidev0.0")).err().unwrap();
        assert!(none.what.contains("no I2C bus"), "{none:?}");
        let missing = open(Path::new("/dev/i2c-213")).err().unwrap();
        assert!(missing.remedy.contains("raspi-config"), "{missing:?}");
    }
}
