//! The board's end of a cable, as the thread of a nest sees it.

use std::io;
use std::os::fd::BorrowedFd;

/// A terminal's master end, or a pipe.
pub(super) trait BoardEnd: Send {
    /// For waiting, while a host is there.
    fn fd(&self) -> Option<BorrowedFd<'_>>;

    /// Whether no host has the port open.
    fn is_alone(&mut self) -> bool;

    /// The rate that the host has set, bits per second.
    fn host_rate(&self) -> u32;

    /// What the host has sent, without waiting; an absent host has sent nothing.
    fn read(&self, bytes: &mut Vec<u8>) -> io::Result<()>;

    /// Sends to the host; gives how much was taken. What an absent host does not take is gone.
    fn write(&self, bytes: &[u8]) -> io::Result<usize>;
}
