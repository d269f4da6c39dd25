//! A cable without a terminal, for machines that have no PTYs or whose PTYs know no odd rates: a pair of sockets, and
//! the host's rate beside it.
//!
//! What it does not show: the serial driver of the host. The boards notice no difference.

use super::end::BoardEnd;
use crate::jig::{Port, PortError, PortSource};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as Socket;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UnixStream;

/// The rate that a port is opened with.
const FIRST_RATE: u32 = 115_200;

/// What both ends see.
#[derive(Default)]
struct Cord {
    rate: AtomicU32,
    taken: AtomicBool,
}

/// Both ends of a new cable: the host opens one again and again, the board's thread has the other.
pub(super) fn cable() -> (PipeSource, PipeEnd) {
    let cord = Arc::new(Cord::default());
    let (plug, plugged) = channel();
    let source = PipeSource { cord: Arc::clone(&cord), plug: Mutex::new(plug) };
    (source, PipeEnd { cord, plugged, host: None })
}

/// The host's side.
pub(super) struct PipeSource {
    cord: Arc<Cord>,
    plug: Mutex<Sender<OwnedFd>>,
}

impl PortSource for PipeSource {
    fn open(&self) -> Result<Box<dyn Port>, PortError> {
        let failed = |what: String| PortError {
            port: self.name().into(),
            what,
            remedy: "end whatever else uses the board".into(),
        };
        if self.cord.taken.swap(true, Ordering::AcqRel) {
            return Err(failed("a host that is connected already".into()));
        }
        // from here on dropping it frees the cable
        let held = Held(Arc::clone(&self.cord));
        let pair = || -> io::Result<(UnixStream, Socket)> {
            let (host, board) = Socket::pair()?;
            host.set_nonblocking(true)?;
            board.set_nonblocking(true)?;
            Ok((UnixStream::from_std(host)?, board))
        };
        let (socket, board) = pair().map_err(|error| failed(error.to_string()))?;
        self.cord.rate.store(FIRST_RATE, Ordering::Release);
        let plug = self.plug.lock().unwrap_or_else(PoisonError::into_inner);
        plug.send(board.into()).map_err(|_| failed("a bench that is gone".into()))?;
        Ok(Box::new(PipePort { socket, held }))
    }

    fn name(&self) -> &'static str {
        "memory pipe"
    }
}

/// A host that is connected.
struct Held(Arc<Cord>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.taken.store(false, Ordering::Release);
    }
}

/// An open port. The socket goes before the cable is free for the next host.
struct PipePort {
    socket: UnixStream,
    held: Held,
}

impl Port for PipePort {
    fn set_baud(&mut self, rate: u32) -> io::Result<()> {
        self.held.0.rate.store(rate, Ordering::Release);
        Ok(())
    }

    fn discard(&mut self) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            match rustix::io::read(&self.socket, &mut piece) {
                Ok(0) | Err(Errno::AGAIN) => return Ok(()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsyncRead for PipePort {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for PipePort {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

/// The board's side.
pub(super) struct PipeEnd {
    cord: Arc<Cord>,
    plugged: Receiver<OwnedFd>,
    host: Option<OwnedFd>,
}

impl BoardEnd for PipeEnd {
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.host.as_ref().map(AsFd::as_fd)
    }

    fn is_alone(&mut self) -> bool {
        if let Some(host) = self.plugged.try_iter().last() {
            self.host = Some(host);
        }
        let Some(host) = &self.host else { return true };
        let mut fds = [PollFd::new(host, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let gone = poll(&mut fds, Some(&now)).is_ok() && fds.iter().any(|fd| fd.revents().contains(PollFlags::HUP));
        if gone {
            self.host = None;
        }
        gone
    }

    fn host_rate(&self) -> u32 {
        self.cord.rate.load(Ordering::Acquire)
    }

    fn read(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let Some(host) = &self.host else { return Ok(()) };
        let mut piece = [0; 4096];
        loop {
            match rustix::io::read(host, &mut piece) {
                Ok(0) | Err(Errno::AGAIN | Errno::CONNRESET) => return Ok(()),
                Ok(n) => bytes.extend_from_slice(piece.get(..n).unwrap_or_default()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        let Some(host) = &self.host else { return Ok(bytes.len()) };
        match rustix::io::write(host, bytes) {
            Ok(n) => Ok(n),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(Errno::PIPE | Errno::CONNRESET) => Ok(bytes.len()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn bytes_and_rate_reach_the_board_and_its_bytes_the_host() {
        let (source, mut end) = cable();
        assert!(end.is_alone());
        let mut port = source.open().unwrap();
        assert!(!end.is_alone());
        assert_eq!(end.host_rate(), 115_200);
        port.set_baud(1_234_567).unwrap();
        assert_eq!(end.host_rate(), 1_234_567);
        let all: Vec<u8> = (0..=255).collect();
        port.write_all(&all).await.unwrap();
        let mut heard = Vec::new();
        end.read(&mut heard).unwrap();
        assert_eq!(heard, all);
        assert_eq!(end.write(&all).unwrap(), 256);
        let mut back = vec![0; 256];
        port.read_exact(&mut back).await.unwrap();
        assert_eq!(back, all);
    }

    #[tokio::test]
    async fn a_second_host_is_refused_and_the_next_one_starts_afresh() {
        let (source, mut end) = cable();
        let mut first = source.open().unwrap();
        assert!(source.open().is_err());
        first.set_baud(921_600).unwrap();
        drop(first);
        let mut second = source.open().unwrap();
        assert!(!end.is_alone());
        assert_eq!(end.host_rate(), 115_200);
        end.write(b"stale").unwrap();
        second.discard().unwrap();
        end.write(b"new").unwrap();
        let mut bytes = [0; 3];
        second.read_exact(&mut bytes).await.unwrap();
        assert_eq!(&bytes, b"new");
        drop(second);
        assert!(end.is_alone());
        assert_eq!(end.write(b"to nobody").unwrap(), 9);
    }
}
