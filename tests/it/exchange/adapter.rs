//! A serial adapter that makes no rate below a limit, and tells of each frame before it is on the line.

use flashjig::jig::{Port, PortError, PortSource};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is told of a write.
pub(super) type Ahead = Arc<dyn Fn(&[u8]) + Send + Sync>;

pub(super) struct Adapter {
    pub(super) inner: Arc<dyn PortSource>,
    /// Bits per second.
    pub(super) lowest: u32,
    /// Is told each write, nothing of which is on the line yet.
    pub(super) ahead: Ahead,
}

struct Limited {
    inner: Box<dyn Port>,
    lowest: u32,
    ahead: Ahead,
}

impl PortSource for Adapter {
    fn open(&self) -> Result<Box<dyn Port>, PortError> {
        Ok(Box::new(Limited { inner: self.inner.open()?, lowest: self.lowest, ahead: Arc::clone(&self.ahead) }))
    }

    fn name(&self) -> &str {
        self.inner.name()
    }
}

impl Port for Limited {
    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        if rate < self.lowest {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        self.inner.set_baud(rate)
    }

    fn discard(&mut self) -> io::Result<()> {
        self.inner.discard()
    }
}

impl AsyncRead for Limited {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl AsyncWrite for Limited {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        (self.ahead)(buf);
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
