//! A serial port that can be pulled out and put in again, as a USB adapter can: the host's port hangs up, its name is
//! gone, and what comes back under that name is another device.

use super::end::BoardEnd;
use super::link::Link;
use super::pty::Pty;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The port that is in, and its name.
#[derive(Default)]
struct Door {
    pty: Option<Arc<Pty>>,
    link: Option<Link>,
}

/// The hand that pulls the port and puts it back. Cheap to clone.
#[derive(Clone, Default)]
pub struct Outlet {
    door: Arc<Mutex<Door>>,
    /// The name under which the port is found.
    name: Option<PathBuf>,
}

impl Outlet {
    /// An outlet whose port appears under this name, too.
    pub fn new(name: Option<&Path>) -> Self {
        Self { door: Arc::default(), name: name.map(Path::to_owned) }
    }

    fn door(&self) -> MutexGuard<'_, Door> {
        self.door.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a port in and gives its path; one that is in stays.
    pub fn plug(&self) -> io::Result<PathBuf> {
        let mut door = self.door();
        let pty = match &door.pty {
            Some(pty) => Arc::clone(pty),
            None => Arc::new(Pty::open()?),
        };
        if door.link.is_none() {
            door.link = self.name.as_deref().map(|name| Link::new(name, pty.path())).transpose()?;
        }
        let path = pty.path().to_path_buf();
        door.pty = Some(pty);
        Ok(path)
    }

    /// Pulls the port; the nest's thread lets go of it in its next round, and the host's end hangs up.
    pub fn pull(&self) {
        *self.door() = Door::default();
    }

    /// The board's end of it.
    pub(super) fn end(&self) -> OutletEnd {
        OutletEnd { outlet: self.clone(), pty: self.door().pty.clone() }
    }
}

/// What the nest's thread holds: the port as it was when it looked last.
pub(super) struct OutletEnd {
    outlet: Outlet,
    pty: Option<Arc<Pty>>,
}

impl BoardEnd for OutletEnd {
    fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.pty.as_ref().and_then(|pty| pty.fd())
    }

    /// Also where it looks whether another port is in.
    fn is_alone(&mut self) -> bool {
        self.pty.clone_from(&self.outlet.door().pty);
        self.pty.as_ref().is_none_or(|pty| pty.is_hung_up())
    }

    fn host_rate(&self) -> u32 {
        self.pty.as_ref().map_or(0, |pty| pty.host_rate())
    }

    fn read(&self, bytes: &mut Vec<u8>) -> io::Result<()> {
        self.pty.as_ref().map_or(Ok(()), |pty| pty.read(bytes))
    }

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.pty.as_ref().map_or(Ok(bytes.len()), |pty| pty.write(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Read;

    #[test]
    fn a_port_that_is_pulled_hangs_up_and_comes_back_under_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("tty");
        let outlet = Outlet::new(Some(&name));
        outlet.plug().unwrap();
        let mut end = outlet.end();
        let mut host = OpenOptions::new().read(true).write(true).open(&name).unwrap();
        assert!(!end.is_alone());
        outlet.pull();
        assert!(end.is_alone() && !name.exists());
        assert!(matches!(host.read(&mut [0; 8]), Ok(0) | Err(_)), "the host hears of it");
        outlet.plug().unwrap();
        let host = OpenOptions::new().read(true).write(true).open(&name).unwrap();
        assert!(!end.is_alone());
        drop(host);
        assert!(end.is_alone());
    }
}
