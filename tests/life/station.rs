//! The station: the program as its user starts it, `flashjig run`, and what the kernel knows of it.

use crate::clock;
use crate::nest::{Nest, PROGRAM, Process};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

/// A station is ready, or says why not, within this time.
const START: Duration = Duration::from_secs(90);
/// After SIGTERM units stop at their next safe point; longer than this it hangs.
const END: Duration = Duration::from_secs(120);

/// A running station.
pub(crate) struct Station {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    journal: PathBuf,
}

/// Why a station did not start: what it said, and its exit code; none: it hangs.
pub(crate) struct NoStart {
    pub(crate) said: String,
    pub(crate) code: Option<i32>,
}

/// Writes the configuration.
pub(crate) fn configure(path: &Path, data: &Path, nests: &[Nest]) {
    let mut text = format!(
        "[station]\nname = \"life\"\ndata_dir = \"{}\"\nstop_after = 3\n\n[web]\nlisten = \"127.0.0.1:0\"\n\n\
         [panel]\nkind = \"virtual\"\n\n[dbus]\nbus = \"none\"\n",
        data.display()
    );
    for nest in nests {
        let (uart, socket) = (nest.uart.display(), nest.socket.display());
        let slot = format!("\n[[slot]]\nname = \"{}\"\nuart = \"{uart}\"\nstart = \"remote\"\n", nest.name);
        text += &slot;
        let lines = format!("\n[slot.lines]\nkind = \"socket\"\npath = \"{socket}\"\n");
        text += &lines;
    }
    std::fs::write(path, text).unwrap();
}

impl Station {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(config: &Path, journal: PathBuf) -> Result<Self, NoStart> {
        let program = std::env::var("FLASHJIG_LIFE_STATION");
        let child = Command::new(program.as_deref().unwrap_or(PROGRAM))
            .args(["run", "--config"])
            .arg(config)
            .env("FLASHJIG_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&journal).unwrap())
            .spawn()
            .unwrap();
        let mut process = Process(child);
        let (mut address, mut ended) = (None, None);
        clock::until(START, || {
            let said = std::fs::read_to_string(&journal).unwrap_or_default();
            address = said.lines().filter(|line| line.contains(" ready ")).find_map(page);
            ended = process.0.try_wait().unwrap();
            address.is_some() || ended.is_some()
        });
        match address {
            Some(address) if ended.is_none() => Ok(Self { process, address, journal }),
            _ => {
                let said = std::fs::read_to_string(&journal).unwrap_or_default();
                Err(NoStart { said, code: ended.and_then(|status| status.code()) })
            }
        }
    }

    /// What it said so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.journal).unwrap_or_default()
    }

    /// Whether it runs; it must, unless somebody ended it.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.0.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// SIGKILL.
    pub(crate) fn kill(mut self) {
        _ = self.process.0.kill();
        _ = self.process.0.wait();
    }

    /// SIGTERM; none: it hangs.
    pub(crate) fn stop(mut self) -> Option<ExitStatus> {
        self.process.signal("TERM");
        let mut ended = None;
        clock::until(END, || {
            ended = self.process.0.try_wait().unwrap();
            ended.is_some()
        });
        ended
    }

    /// Resident memory in KiB, and open descriptors.
    pub(crate) fn size(&self) -> (u64, u64) {
        let folder = PathBuf::from(format!("/proc/{}", self.process.0.id()));
        let status = std::fs::read_to_string(folder.join("status")).unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or(0);
        let open = std::fs::read_dir(folder.join("fd")).map_or(0, |names| names.count() as u64);
        (resident, open)
    }
}

/// The address of the page in a line of the journal.
fn page(line: &str) -> Option<SocketAddr> {
    let at = line.find("http://")? + "http://".len();
    let text: String = line[at..].chars().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | ':')).collect();
    text.parse().ok()
}
