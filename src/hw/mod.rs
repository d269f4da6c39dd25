//! Real ports and lines behind the seams of [`crate::jig`].
//!
//! | file | what |
//! |---|---|
//! | [`serial`] | a serial port: the Pi's own, a USB adapter or a PTY |
//! | [`socket`] | lines in another program, over a Unix socket |
//! | [`modem`] | CEN on RTS or DTR of the serial port itself |
//! | [`manual`] | no lines: the operator's hands |
//! | [`i2c_scan`] | which addresses answer on an I2C bus |

pub mod i2c_scan;
pub mod manual;
pub mod modem;
pub mod serial;
pub mod socket;
