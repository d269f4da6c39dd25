//! What Linux has counted on a serial port, by the request `TIOCGICOUNT`.
//!
//! A crate of its own for one reason: no kept crate offers this request without `unsafe`, and flashjig forbids that in its
//! own code. `/proc/tty/driver/` has the same figures for root alone.

use std::io;
use std::os::fd::AsRawFd;

/// `struct serial_icounter_struct` of the kernel (include/uapi/linux/serial.h): twenty ints.
#[repr(C)]
#[derive(Default)]
struct Raw {
    cts: libc::c_int,
    dsr: libc::c_int,
    rng: libc::c_int,
    dcd: libc::c_int,
    rx: libc::c_int,
    tx: libc::c_int,
    frame: libc::c_int,
    overrun: libc::c_int,
    parity: libc::c_int,
    brk: libc::c_int,
    buf_overrun: libc::c_int,
    reserved: [libc::c_int; 9],
}

// what the kernel writes, whatever this crate reads of it
const _: () = assert!(size_of::<Raw>() == 80);

/// Since the port is there; each wraps round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Times that the UART's own buffer was full.
    pub overrun: u32,
    /// Times that the kernel's buffer was full.
    pub buf_overrun: u32,
    /// Bytes without a stop bit.
    pub frame: u32,
    /// Bytes of wrong parity.
    pub parity: u32,
    /// Breaks.
    pub brk: u32,
}

/// Asks the driver of an open port.
///
/// # Errors
///
/// The system's own, where the driver does not count, as a PTY's does not.
pub fn read(port: &impl AsRawFd) -> io::Result<LineCounts> {
    let mut raw = Raw::default();
    // SAFETY: for this request the kernel writes one `serial_icounter_struct` to the address, which is that of a live
    // value of the same layout; a descriptor that is no serial port is answered with an error.
    let result = unsafe { libc::ioctl(port.as_raw_fd(), libc::TIOCGICOUNT, &raw mut raw) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(LineCounts {
        overrun: raw.overrun.cast_unsigned(),
        buf_overrun: raw.buf_overrun.cast_unsigned(),
        frame: raw.frame.cast_unsigned(),
        parity: raw.parity.cast_unsigned(),
        brk: raw.brk.cast_unsigned(),
    })
}
