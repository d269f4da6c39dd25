//! Real ports and lines behind the seams of [`crate::jig`].
//!
//! | file | what |
//! |---|---|
//! | [`serial`] | a serial port: the Pi's own, a USB adapter or a PTY |
//! | [`pins`] | lines, lamps and inputs on pins, whoever drives them |
//! | [`gpio`] | pins of a Raspberry Pi (rppal) |
//! | [`gpiochip`] | pins of any computer, by the kernel's GPIO device |
//! | [`oled`] | the small display on I2C |
//! | [`i2c`] | buses |
//! | [`supply`] | volts and milliamps of a nest |
//! | [`uart`] | what the system says of a serial device |
//! | [`socket`] | lines in another program, over a Unix socket |
//! | [`modem`] | CEN on RTS or DTR of the serial port itself |
//! | [`manual`] | no lines: the operator's hands |
//! | [`radio`] | a Wi-Fi radio that NetworkManager drives |
//! | [`i2c_scan`] | which addresses answer on an I2C bus |

pub(crate) mod gpio;
pub(crate) mod gpiochip;
pub(crate) mod i2c;
pub(crate) mod i2c_scan;
pub mod manual;
pub(crate) mod modem;
pub(crate) mod oled;
pub(crate) mod pins;
pub mod radio;
pub mod serial;
pub mod socket;
pub(crate) mod supply;
pub(crate) mod uart;
