//! A serial port of the system: `/dev/ttyAMA0`, a USB adapter, a PTY.

use super::uart::System;
use crate::jig::{LineCounts, Port, PortError, PortSource};
use crate::model::chip::baud;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{
    ClearBuffer, DataBits, ErrorKind, FlowControl, Parity, SerialPort as _, SerialPortBuilderExt, SerialStream,
    StopBits,
};

/// The rate that a port is opened with.
const FIRST_RATE: u32 = 115_200;
/// A rate that is further off does not pass, in hundredths of a percent: chip and host may be 5 % apart over a byte.
const OFF: u32 = 250;

/// A serial device that can be opened again and again.
#[derive(Clone, Debug)]
pub struct SerialSource {
    path: String,
}

impl SerialSource {
    /// By its path. For USB adapters `/dev/serial/by-path/..` stays the same after unplugging.
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into() }
    }
}

impl PortSource for SerialSource {
    fn open(&self) -> Result<Box<dyn Port>, PortError> {
        let port = open(&self.path)?;
        System::default().hasten(Path::new(&self.path));
        Ok(Box::new(SerialPort(port)))
    }

    fn name(&self) -> &str {
        &self.path
    }
}

/// An open one.
#[derive(Debug)]
struct SerialPort(SerialStream);

/// Opens a device for this program alone, DTR and RTS released where there are any (a PTY has none).
pub(super) fn open(path: &str) -> Result<SerialStream, PortError> {
    let failed = |what: String, remedy: String| PortError { port: path.to_owned(), what, remedy };
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(failed("no running event loop".into(), "report this mistake of flashjig".into()));
    }
    let mut stream = tokio_serial::new(path, FIRST_RATE)
        .data_bits(DataBits::Eight)
        .parity(Parity::None)
        .stop_bits(StopBits::One)
        .flow_control(FlowControl::None)
        .open_native_async()
        .map_err(|error| failed(error.to_string(), remedy(path, error.kind())))?;
    // Linux asserts both when the port is opened; where one of them is wired to CEN it holds the chip in reset
    _ = stream.write_data_terminal_ready(false);
    _ = stream.write_request_to_send(false);
    Ok(stream)
}

fn remedy(path: &str, kind: ErrorKind) -> String {
    if matches!(kind, ErrorKind::Io(io::ErrorKind::NotFound)) || !Path::new(path).exists() {
        return "plug the adapter in, or correct `uart`; `ls /dev/serial/by-path /dev/ttyAMA*` shows what is there"
            .into();
    }
    match kind {
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => {
            "add the user that runs flashjig to the group dialout (`sudo usermod -aG dialout USER`) and log in again"
                .into()
        }
        ErrorKind::NoDevice => {
            format!("another program uses it: `fuser -v {path}` names it; a login console on the UART counts too")
        }
        _ => "check that it is a serial port and that the adapter works; unplug it and plug it in again".into(),
    }
}

/// Changes the rate once all bytes written have left. A rate that the UART does not make is an error: Linux takes the nearest
/// one that it makes and says which.
pub(super) fn set_baud(stream: &mut SerialStream, rate: u32) -> io::Result<()> {
    drain(stream)?;
    stream.set_baud_rate(rate).map_err(io::Error::from)?;
    match stream.baud_rate() {
        Ok(made) if baud::error(made, rate) > OFF => {
            let what = format!("expected {rate} baud, the port makes {made} of it");
            Err(io::Error::new(io::ErrorKind::Unsupported, what))
        }
        _ => Ok(()),
    }
}

/// Waits for the output, as far as the driver can tell, and throws the input away.
pub(super) fn discard(stream: &mut SerialStream) -> io::Result<()> {
    drain(stream)?;
    stream.clear(ClearBuffer::Input).map_err(io::Error::from)
}

/// What the driver has counted, where it counts: PTYs and some adapters do not.
pub(super) fn counts(stream: &SerialStream) -> Option<LineCounts> {
    let counts = line_counts::read(stream).ok()?;
    Some(LineCounts {
        overruns: counts.overrun.wrapping_add(counts.buf_overrun),
        framing: counts.frame,
        parity: counts.parity,
        breaks: counts.brk,
    })
}

fn drain(stream: &mut SerialStream) -> io::Result<()> {
    match stream.flush() {
        // some drivers can't tell
        Err(error) if matches!(error.kind(), io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput) => Ok(()),
        done => done,
    }
}

impl Port for SerialPort {
    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        set_baud(&mut self.0, rate)
    }

    fn discard(&mut self) -> io::Result<()> {
        discard(&mut self.0)
    }

    fn counts(&self) -> Option<LineCounts> {
        counts(&self.0)
    }
}

impl AsyncRead for SerialPort {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for SerialPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use rustix::fd::OwnedFd;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// A PTY: its master end, and the path of the port.
    pub(crate) fn pty() -> (OwnedFd, String) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        (master, path)
    }

    fn rate(master: &OwnedFd) -> u32 {
        rustix::termios::tcgetattr(master).unwrap().output_speed()
    }

    #[tokio::test]
    async fn any_rate_reaches_the_other_end_and_all_bytes_pass_unaltered() {
        let (master, path) = pty();
        let mut port = SerialSource::new(&path).open().unwrap();
        assert_eq!(rate(&master), 115_200);
        for odd in [2_000_000, 1_234_567, 460_800] {
            port.set_baud(odd).unwrap();
            assert_eq!(rate(&master), odd);
        }
        let all: Vec<u8> = (0..=255).collect();
        rustix::io::write(&master, &all).unwrap();
        let mut back = vec![0; 256];
        port.read_exact(&mut back).await.unwrap();
        assert_eq!(back, all);
        port.write_all(&all).await.unwrap();
        let mut out = [0; 300];
        assert_eq!(rustix::io::read(&master, &mut out).unwrap(), 256);
        assert_eq!(out[..256], all);
    }

    #[tokio::test]
    async fn a_pty_does_not_count_what_it_loses() {
        let (_master, path) = pty();
        assert_eq!(SerialSource::new(&path).open().unwrap().counts(), None);
    }

    #[tokio::test]
    async fn discard_throws_old_bytes_away() {
        let (master, path) = pty();
        let mut port = SerialSource::new(&path).open().unwrap();
        rustix::io::write(&master, b"stale").unwrap();
        port.discard().unwrap();
        rustix::io::write(&master, b"new").unwrap();
        let mut bytes = [0; 3];
        port.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"new");
    }

    #[tokio::test]
    async fn a_second_open_is_refused_and_told_what_to_do() {
        let (_master, path) = pty();
        let source = SerialSource::new(&path);
        let first = source.open().unwrap();
        let error = source.open().err().unwrap().to_string();
        assert!(error.contains(&path) && error.contains("another program"), "{error}");
        drop(first);
        source.open().unwrap();
    }

    #[tokio::test]
    async fn a_missing_port_and_a_file_that_is_none_are_told_apart() {
        let missing = SerialSource::new("/dev/no-such-port").open().err().unwrap();
        assert!(missing.remedy.contains("plug"), "{missing}");
        let file = SerialSource::new("/dev/null").open().err().unwrap();
        assert!(file.remedy.contains("serial port"), "{file}");
    }

    #[tokio::test]
    async fn the_other_end_closing_is_an_error_and_not_silence() {
        let (master, path) = pty();
        let mut port = SerialSource::new(&path).open().unwrap();
        drop(master);
        let mut byte = [0; 1];
        assert!(!matches!(port.read(&mut byte).await, Ok(1)));
    }
}
