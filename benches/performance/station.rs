//! The station: `flashjig run` in a process of its own.

use crate::board::{Board, PROGRAM};
use crate::process::{Process, wait_for};
use flashjig::model::unit::Unit;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// The slowest unit of the matrix takes less.
const LONGEST: Duration = Duration::from_secs(300);

/// A running station.
pub(crate) struct Station {
    pub(crate) process: Process,
    /// From its start until it was ready.
    pub(crate) ready: Duration,
    address: SocketAddr,
    journal: PathBuf,
}

/// Writes the configuration; gives its file.
pub(crate) fn configure(folder: &Path, rate: u32, boards: &[Board]) -> PathBuf {
    let data = folder.join("data");
    std::fs::create_dir_all(data.join("firmware")).expect("a folder");
    std::fs::create_dir_all(data.join("recipes")).expect("a folder");
    let mut text = format!(
        "[station]\nname = \"bench\"\ndata_dir = \"{}\"\n\n[web]\nlisten = \"127.0.0.1:0\"\n\n[panel]\nkind = \"virtual\"\n\n\
         [dbus]\nbus = \"none\"\n",
        data.display()
    );
    for (name, board) in names(boards.len()).zip(boards) {
        let (uart, lines) = (board.uart.display(), board.lines.display());
        _ = write!(
            text,
            "\n[[slot]]\nname = \"{name}\"\nuart = \"{uart}\"\nmax_baud = {rate}\nstart = \"remote\"\n\n\
             [slot.lines]\nkind = \"socket\"\npath = \"{lines}\"\n"
        );
    }
    let path = folder.join("flashjig.toml");
    std::fs::write(&path, text).expect("a configuration");
    path
}

/// The names of the slots.
pub(crate) fn names(slots: usize) -> impl Iterator<Item = char> {
    ('A'..='Z').take(slots)
}

impl Station {
    /// Starts it and waits until it is ready.
    pub(crate) fn start(config: &Path) -> Self {
        let journal = config.with_extension("log");
        let begun = Instant::now();
        let child = Command::new(PROGRAM)
            .args(["run", "--config"])
            .arg(config)
            .env("FLASHJIG_LOG", "info")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&journal).expect("a journal"))
            .spawn()
            .expect("a station");
        let process = Process(child);
        let address = wait_for("the station", Duration::from_secs(60), || {
            let said = std::fs::read_to_string(&journal).unwrap_or_default();
            said.lines().filter(|line| line.contains(" ready ")).find_map(page)
        });
        Self { process, ready: begun.elapsed(), address, journal }
    }

    /// Asks for something; gives the body.
    pub(crate) fn ask(&self, method: &str, path: &str) -> Vec<u8> {
        let mut stream = TcpStream::connect(self.address).expect("the station");
        let host = self.address;
        write!(stream, "{method} {path} HTTP/1.0\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n").expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("an answer");
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        let (head, body) = (String::from_utf8_lossy(&answer[..end]).into_owned(), &answer[end + 4..]);
        assert!(head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')), "{method} {path}: {head}");
        body.to_vec()
    }

    /// Starts a unit in each slot; gives the records in the order of the slots, and for each the time from the press to the
    /// light. Nobody asks the station meanwhile: its journal tells when a unit is done.
    pub(crate) fn units(&self, slots: usize) -> Vec<(Unit, Duration)> {
        let before = std::fs::read_to_string(&self.journal).unwrap_or_default().len();
        let begun: Vec<(char, Instant)> = names(slots)
            .map(|name| {
                let begun = Instant::now();
                self.ask("POST", &format!("/api/v1/slots/{name}/start"));
                (name, begun)
            })
            .collect();
        let mut ends: Vec<(u64, Instant)> = Vec::new();
        wait_for("the units", LONGEST, || {
            let said = std::fs::read_to_string(&self.journal).unwrap_or_default();
            for seq in said.get(before..).unwrap_or_default().lines().filter_map(finished) {
                if ends.iter().all(|(other, _)| *other != seq) {
                    ends.push((seq, Instant::now()));
                }
            }
            (ends.len() == slots).then_some(())
        });
        let mut units: Vec<(Unit, Duration)> = ends
            .into_iter()
            .map(|(seq, end)| {
                let unit: Unit =
                    serde_json::from_slice(&self.ask("GET", &format!("/api/v1/units/{seq}"))).expect("a record");
                let (_, begun) = begun.iter().find(|(name, _)| name.to_string() == unit.slot).expect("its slot");
                (unit, end - *begun)
            })
            .collect();
        units.sort_by(|(a, _), (b, _)| a.slot.cmp(&b.slot));
        units
    }
}

/// The address of the page in a line of the journal.
fn page(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("http://")?;
    rest.split(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ':'))).next()?.parse().ok()
}

/// The number of the unit whose end this line of the journal tells.
fn finished(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(", unit ")?;
    rest.split_once(", ")?.0.parse().ok()
}
