//! The master end of a PTY: the board's side of the cable.
//!
//! No slave descriptor is kept open: then the kernel says when the host closes the port (the master hangs up), and
//! bytes sent to nobody are lost, as on a real line.

use super::end::BoardEnd;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// A PTY's master end.
pub(crate) struct Pty {
    master: OwnedFd,
    path: PathBuf,
}

impl Pty {
    /// A new PTY in raw mode, as if a host had opened and closed it.
    pub(crate) fn open() -> io::Result<Self> {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&master, true)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let path = PathBuf::from(std::ffi::OsString::from_vec(ptsname(&master, Vec::new())?.into_bytes()));
        let pty = Self { master, path };
        let slave = open(&pty.path, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
        // a fresh PTY would echo what the board sends until the host makes it raw
        let mut mode = tcgetattr(&slave)?;
        mode.make_raw();
        tcsetattr(&slave, OptionalActions::Now, &mode)?;
        Ok(pty)
    }

    /// Where the host opens it.
    pub(crate) fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Whether no host has it open.
    pub(super) fn is_hung_up(&self) -> bool {
        let mut fds = [PollFd::new(&self.master, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut fds, Some(&now)).is_ok() && fds.iter().any(|fd| fd.revents().contains(PollFlags::HUP))
    }
}

impl BoardEnd for Pty {
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.master.as_fd())
    }

    fn is_alone(&mut self) -> bool {
        self.is_hung_up()
    }

    /// Odd ones too: rustix asks by `TCGETS2`.
    fn host_rate(&self) -> u32 {
        tcgetattr(&self.master).map_or(0, |mode| mode.output_speed())
    }

    fn read(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let mut piece = [0; 4096];
        loop {
            match rustix::io::read(&self.master, &mut piece) {
                Ok(0) | Err(Errno::AGAIN | Errno::IO) => return Ok(()),
                Ok(n) => bytes.extend_from_slice(piece.get(..n).unwrap_or_default()),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        match rustix::io::write(&self.master, bytes) {
            Ok(n) => Ok(n),
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(Errno::IO) => Ok(bytes.len()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::termios::Termios;

    fn host(pty: &Pty, rate: u32) -> OwnedFd {
        let slave = open(pty.path(), OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let mut mode: Termios = tcgetattr(&slave).unwrap();
        mode.set_speed(rate).unwrap();
        tcsetattr(&slave, OptionalActions::Now, &mode).unwrap();
        slave
    }

    #[test]
    fn the_master_sees_any_rate_of_the_host_and_its_absence() {
        let mut pty = Pty::open().unwrap();
        assert!(pty.is_alone());
        for rate in [115_200, 921_600, 1_500_000, 2_000_000, 1_234_567] {
            let slave = host(&pty, rate);
            assert_eq!(pty.host_rate(), rate);
            assert!(!pty.is_alone());
            drop(slave);
        }
        assert!(pty.is_alone());
    }

    #[test]
    fn all_byte_values_pass_unaltered_both_ways() {
        let pty = Pty::open().unwrap();
        let slave = host(&pty, 115_200);
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(pty.write(&all).unwrap(), 256);
        let mut got = Vec::new();
        while got.len() < 256 {
            let mut piece = [0; 256];
            let n = rustix::io::read(&slave, &mut piece).unwrap();
            got.extend_from_slice(&piece[..n]);
        }
        assert_eq!(got, all);
        rustix::io::write(&slave, &all).unwrap();
        let mut got = Vec::new();
        while got.len() < 256 {
            pty.read(&mut got).unwrap();
        }
        assert_eq!(got, all);
    }
}
