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
