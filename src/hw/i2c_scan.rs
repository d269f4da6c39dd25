//! Which addresses answer on an I2C bus.

use rppal::i2c::I2c;
use std::io;
use std::path::Path;

/// Seven-bit addresses that are not reserved by the I2C specification.
pub(crate) const ALL: std::ops::RangeInclusive<u8> = 0x08..=0x77;

/// Asks these addresses for one byte each, as i2cdetect's `-r` does; a device that is there acknowledges. Some devices mind
/// it: a clock or a memory goes on to its next byte.
pub(crate) fn scan(bus: &Path, addresses: impl IntoIterator<Item = u8>) -> io::Result<Vec<u8>> {
    let number = bus.file_name().and_then(|name| name.to_str()?.strip_prefix("i2c-")?.parse().ok());
    let number = number.ok_or_else(|| io::Error::other("expected a name such as /dev/i2c-1"))?;
    let mut i2c = I2c::with_bus(number).map_err(io::Error::other)?;
    let mut found = Vec::new();
    for address in addresses {
        i2c.set_slave_address(u16::from(address)).map_err(io::Error::other)?;
        if i2c.read(&mut [0]).is_ok() {
            found.push(address);
        }
    }
    Ok(found)
}
