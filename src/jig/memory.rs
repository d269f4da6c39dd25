//! An in-memory port, for tests on a paused clock: a real port's bytes come from outside the clock, so a paused clock
//! would run ahead of them.

use super::Port;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// The host's end.
#[derive(Debug)]
pub(crate) struct MemoryPort {
    stream: DuplexStream,
    rates: Arc<Mutex<Vec<u32>>>,
}

/// The rates that a [`MemoryPort`] was set to, oldest first.
#[derive(Clone, Debug)]
pub(crate) struct Rates(Arc<Mutex<Vec<u32>>>);

impl Rates {
    /// All of them; the first is 115200, from the opening.
    pub(crate) fn all(&self) -> Vec<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The rate now.
    pub(crate) fn now(&self) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).last().copied().unwrap_or_default()
    }
}

/// A port, the chip's end of it, and a view of the port's rate. Each direction holds up to 64 KiB.
pub(crate) fn pair() -> (MemoryPort, DuplexStream, Rates) {
    let (stream, chip) = tokio::io::duplex(64 * 1024);
    let rates = Arc::new(Mutex::new(vec![115_200]));
    (MemoryPort { stream, rates: Arc::clone(&rates) }, chip, Rates(rates))
}

impl Port for MemoryPort {
    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        self.rates.lock().unwrap_or_else(PoisonError::into_inner).push(rate);
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        let mut context = Context::from_waker(Waker::noop());
        let mut bytes = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(Err(error)) => return Err(error),
                _ => return Ok(()),
            }
        }
    }
}

impl AsyncRead for MemoryPort {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for MemoryPort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn it_carries_bytes_both_ways_remembers_rates_and_discards() {
        let (mut port, mut chip, rates) = pair();
        chip.write_all(b"stale").await.unwrap();
        port.discard().unwrap();
        port.set_baud(921_600).unwrap();
        chip.write_all(b"new").await.unwrap();
        port.write_all(b"out").await.unwrap();
        let mut bytes = [0; 3];
        port.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"new");
        chip.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"out");
        assert_eq!(rates.all(), [115_200, 921_600]);
        assert_eq!(rates.now(), 921_600);
    }
}
