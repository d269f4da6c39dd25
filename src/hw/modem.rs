//! CEN on RTS or DTR of the serial port itself; power is always on. A laptop with a USB adapter becomes a bench.
//!
//! The port is open for one program only, and by one descriptor, so port and lines share one handle. It stays open
//! between two units, because closing it lets go of the line and the chip would run.

use super::serial;
use crate::jig::wiring::ModemLine;
use crate::jig::{Drive, Line, LineCounts, LineError, Lines, Port, PortError, PortSource};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{SerialPort as _, SerialStream};

/// One serial adapter as port and lines of a nest.
#[derive(Clone, Debug)]
pub(crate) struct SerialBench {
    path: String,
    reset: ModemLine,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    stream: Option<SerialStream>,
    /// Counts openings, so that an old port can't use a new opening.
    opening: u64,
    /// What CEN was told last; it takes effect when the port is opened.
    cen: Drive,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn drive(stream: &mut SerialStream, line: ModemLine, to: Drive) -> tokio_serial::Result<()> {
    match line {
        ModemLine::Rts => stream.write_request_to_send(to == Drive::Asserted),
        ModemLine::Dtr => stream.write_data_terminal_ready(to == Drive::Asserted),
    }
}

impl SerialBench {
    /// By the path of the port; nothing is opened yet.
    pub(crate) fn new(path: impl Into<String>, reset: ModemLine) -> Self {
        let shared = Shared { stream: None, opening: 0, cen: Drive::Released };
        Self { path: path.into(), reset, shared: Arc::new(Mutex::new(shared)) }
    }

    /// Its port, to be opened.
    pub(crate) fn source(&self) -> impl PortSource + use<> {
        self.clone()
    }

    /// Its lines.
    pub(crate) fn lines(&self) -> impl Lines + use<> {
        self.clone()
    }
}

impl PortSource for SerialBench {
    fn open(&self) -> Result<Box<dyn Port>, PortError> {
        let mut shared = lock(&self.shared);
        // the kept handle, as long as the adapter is still there
        let kept = shared.stream.take().and_then(|mut stream| {
            serial::set_baud(&mut stream, 115_200).and_then(|()| serial::discard(&mut stream)).ok().map(|()| stream)
        });
        let mut stream = match kept {
            Some(stream) => stream,
            None => serial::open(&self.path)?,
        };
        // whether the port has such a line is told when the line is used
        _ = drive(&mut stream, self.reset, shared.cen);
        shared.stream = Some(stream);
        shared.opening += 1;
        Ok(Box::new(SharedPort { shared: Arc::clone(&self.shared), opening: shared.opening }))
    }

    fn name(&self) -> &str {
        &self.path
    }
}

impl Lines for SerialBench {
    fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError> {
        if line != Line::Reset {
            return Ok(());
        }
        let mut shared = lock(&self.shared);
        shared.cen = to;
        let Some(stream) = shared.stream.as_mut() else { return Ok(()) };
        let driven = drive(stream, self.reset, to);
        if driven.is_err() && stream.baud_rate().is_err() {
            // the adapter was unplugged, and CEN with it: the next opening finds it, or says that it is missing
            shared.stream = None;
            return Ok(());
        }
        driven.map_err(|error| LineError {
            line: format!("{} of {}", self.reset, self.path),
            wanted: if to == Drive::Asserted { "low" } else { "released" }.to_owned(),
            what: error.to_string(),
            remedy: "use an adapter that has this line, or lines of another kind".to_owned(),
        })
    }

    fn has(&self, line: Line) -> bool {
        line == Line::Reset
    }
}

/// The port's half of the handle.
struct SharedPort {
    shared: Arc<Mutex<Shared>>,
    opening: u64,
}

impl SharedPort {
    fn with<T>(&self, work: impl FnOnce(&mut SerialStream) -> T) -> io::Result<T> {
        let mut shared = lock(&self.shared);
        let current = shared.opening == self.opening;
        match shared.stream.as_mut() {
            Some(stream) if current => Ok(work(stream)),
            _ => Err(io::Error::new(io::ErrorKind::NotConnected, "the port was opened again elsewhere")),
        }
    }
}

impl Port for SharedPort {
    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        self.with(|stream| serial::set_baud(stream, rate))?
    }

    fn discard(&mut self) -> io::Result<()> {
        self.with(serial::discard)?
    }

    fn counts(&self) -> Option<LineCounts> {
        self.with(|stream| serial::counts(stream)).ok()?
    }
}

impl AsyncRead for SharedPort {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| Pin::new(stream).poll_read(cx, buf)).unwrap_or_else(|error| Poll::Ready(Err(error)))
    }
}

impl AsyncWrite for SharedPort {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.with(|stream| Pin::new(stream).poll_write(cx, buf)).unwrap_or_else(|error| Poll::Ready(Err(error)))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| Pin::new(stream).poll_flush(cx)).unwrap_or_else(|error| Poll::Ready(Err(error)))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.with(|stream| Pin::new(stream).poll_shutdown(cx)).unwrap_or_else(|error| Poll::Ready(Err(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::serial::tests::pty;
    use super::*;
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn port_and_lines_share_one_exclusive_handle() {
        let (master, path) = pty();
        let bench = SerialBench::new(&path, ModemLine::Rts);
        let mut lines = bench.lines();
        assert!(lines.has(Line::Reset) && !lines.has(Line::Power) && !lines.has(Line::Park));
        lines.set(Line::Reset, Drive::Asserted).unwrap();
        let mut port = bench.source().open().unwrap();
        rustix::io::write(&master, b"x").unwrap();
        let mut byte = [0; 1];
        port.read_exact(&mut byte).await.unwrap();
        assert_eq!(&byte, b"x");
        // a PTY has no RTS
        let error = lines.set(Line::Reset, Drive::Released).unwrap_err().to_string();
        assert!(error.contains("RTS") && error.contains(&path), "{error}");
        assert!(serial::SerialSource::new(&path).open().is_err(), "kept open while the lines live");
    }

    #[tokio::test]
    async fn an_adapter_that_was_unplugged_is_let_go_so_that_it_can_be_opened_again() {
        let (master, path) = pty();
        let bench = SerialBench::new(&path, ModemLine::Rts);
        let mut lines = bench.lines();
        drop(bench.source().open().unwrap());
        drop(master);
        lines.set(Line::Reset, Drive::Asserted).unwrap();
        assert!(lock(&bench.shared).stream.is_none());
        assert!(bench.source().open().is_err(), "that it is missing is the port's fault, not that of the lines");
    }

    #[tokio::test]
    async fn an_old_port_cannot_use_a_new_opening() {
        let (_master, path) = pty();
        let bench = SerialBench::new(&path, ModemLine::Dtr);
        let mut old = bench.open().unwrap();
        let mut new = bench.open().unwrap();
        assert!(old.set_baud(9600).is_err());
        new.set_baud(9600).unwrap();
    }
}
