//! A serial port that vanishes, or whose driver makes this program panic, when it is told to.

use flashjig::jig::{Port, PortError, PortSource};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// How the port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mood {
    /// As it should be.
    Well,
    /// About to panic, once somebody says so.
    PanicInUse,
    /// Every use panics.
    PanicNow,
    /// Unplugged.
    Gone,
}

/// The port and where it is opened.
#[derive(Clone)]
pub(crate) struct Flaky {
    inner: Arc<dyn PortSource>,
    mood: Arc<AtomicU8>,
}

impl Flaky {
    pub(crate) fn new(inner: Arc<dyn PortSource>) -> Self {
        Self { inner, mood: Arc::default() }
    }

    pub(crate) fn set(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::SeqCst);
    }
}

impl PortSource for Flaky {
    fn open(&self) -> Result<Box<dyn Port>, PortError> {
        if self.mood.load(Ordering::SeqCst) == Mood::Gone as u8 {
            let remedy = "plug the adapter in".into();
            return Err(PortError { port: self.name().into(), what: "No such file or directory".into(), remedy });
        }
        Ok(Box::new(FlakyPort { inner: self.inner.open()?, mood: Arc::clone(&self.mood) }))
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}

struct FlakyPort {
    inner: Box<dyn Port>,
    mood: Arc<AtomicU8>,
}

impl FlakyPort {
    /// EIO, as from a USB adapter that was pulled out.
    fn look(&self) -> io::Result<()> {
        match self.mood.load(Ordering::SeqCst) {
            mood if mood == Mood::Gone as u8 => Err(io::Error::from_raw_os_error(5)),
            mood if mood == Mood::PanicNow as u8 => panic!("a mistake, on purpose"),
            _ => Ok(()),
        }
    }
}

impl Port for FlakyPort {
    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        self.look()?;
        self.inner.set_baud(rate)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.look()?;
        self.inner.discard()
    }
}

impl AsyncRead for FlakyPort {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.look()?;
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for FlakyPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.look()?;
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.look()?;
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
