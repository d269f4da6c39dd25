//! A serial port.

use std::io;
use tokio::io::{AsyncRead, AsyncWrite};

/// An open serial port, 8N1 without flow control.
pub trait Port: AsyncRead + AsyncWrite + Send + Unpin {
    /// Changes the rate, in bits per second, once all bytes written before have left.
    fn set_baud(&mut self, rate: u32) -> io::Result<()>;

    /// Waits until all bytes written have left the machine (as far as the driver can tell) and throws away what was
    /// received and not read.
    fn discard(&mut self) -> io::Result<()>;

    /// What was counted on it since it is there; nothing where nobody counts.
    fn counts(&self) -> Option<LineCounts> {
        None
    }
}

/// What the driver of a port has counted; each figure wraps round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Times that bytes were lost because nobody took them in time, in the UART or in the kernel.
    pub overruns: u32,
    /// Bytes without a stop bit: noise, or another rate.
    pub framing: u32,
    /// Bytes of wrong parity.
    pub parity: u32,
    /// Breaks: the line was low for longer than a byte.
    pub breaks: u32,
}

/// Where a port can be opened, again and again.
pub trait PortSource: Send + Sync {
    /// Opens it at 115200 baud, for this program alone. DTR and RTS, where there are any, are released.
    fn open(&self) -> Result<Box<dyn Port>, PortError>;

    /// Its name for people, such as `/dev/ttyAMA0`.
    fn name(&self) -> &str;
}

/// A port that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("{port}: expected a free serial port, found: {what}; {remedy}")]
pub struct PortError {
    /// Its name.
    pub port: String,
    /// What the system said.
    pub what: String,
    /// What to do.
    pub remedy: String,
}
