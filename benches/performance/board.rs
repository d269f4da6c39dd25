//! A virtual board: `flashjig sim` in a process of its own, paced like a real one, on a PTY.

use crate::process::{Process, wait_for};
use flashjig::model::chip::Chip;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The program of this benchmark: station and boards.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_flashjig");

/// How a board is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    pub(crate) chip: Chip,
    /// Bytes that its chip counts for a CRC in a second.
    pub(crate) crc_rate: u32,
}

/// A board in a jig of its own: whoever has the jig moves power and CEN.
pub(crate) struct Board {
    process: Process,
    wire: BufReader<UnixStream>,
    folder: PathBuf,
    pub(crate) uart: PathBuf,
    pub(crate) lines: PathBuf,
}

fn sim(kind: Kind, more: impl FnOnce(&mut Command)) -> (Process, PathBuf) {
    let mut command = Command::new(PROGRAM);
    command.args(["sim", "--chip", kind.chip.name(), "--crc-rate", &kind.crc_rate.to_string()]);
    more(&mut command);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a virtual board");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its port");
    assert!(line.starts_with("/dev/"), "expected a port, the board said {line:?}");
    (Process(child), line.trim().into())
}

impl Board {
    pub(crate) fn start(folder: &Path, name: &str, kind: Kind, speed: f64) -> Self {
        let (uart, lines) = (folder.join(format!("{name}.uart")), folder.join(format!("{name}.lines")));
        let (process, _) = sim(kind, |command| {
            command.args(["--speed", &speed.to_string()]).arg("--link").arg(&uart).arg("--control").arg(&lines);
        });
        let wire = wait_for("the jig", Duration::from_secs(5), || UnixStream::connect(&lines).ok());
        let folder = folder.join(name);
        std::fs::create_dir(&folder).expect("a folder");
        Self { process, wire: BufReader::new(wire), folder, uart, lines }
    }

    /// One order of the control socket.
    pub(crate) fn tell(&mut self, order: &str) {
        writeln!(self.wire.get_mut(), "{order}").expect("the jig");
        let mut answer = String::new();
        self.wire.read_line(&mut answer).expect("the jig");
        assert!(answer.starts_with("ok"), "{order}: {answer}");
    }

    /// Puts a board with this flash in the place of the one that is in.
    pub(crate) fn insert(&mut self, chip: Chip, flash: &[u8]) {
        let path = self.folder.join("stock.bin");
        _ = std::fs::remove_file(&path);
        std::fs::write(&path, flash).expect("a dump");
        self.tell(&format!("insert {} {}", chip.name(), path.display()));
    }

    /// Its flash, as it truly is.
    pub(crate) fn flash(&mut self) -> Vec<u8> {
        let path = self.folder.join("flash.bin");
        self.tell(&format!("save {}", path.display()));
        std::fs::read(path).expect("a dump")
    }

    /// What the board itself uses.
    pub(crate) fn cpu_s(&self) -> f64 {
        self.process.usage().cpu_s
    }
}

/// A board without lines: power is on, and CEN is pulled once link checks stay unanswered, as by a person with a wire.
pub(crate) struct LoneBoard {
    process: Process,
    saved: PathBuf,
    pub(crate) uart: PathBuf,
}

impl LoneBoard {
    pub(crate) fn start(folder: &Path, kind: Kind, flash: &[u8]) -> Self {
        let (dump, saved) = (folder.join("stock.bin"), folder.join("final.bin"));
        std::fs::write(&dump, flash).expect("a dump");
        let (process, uart) = sim(kind, |command| {
            command.arg("--flash").arg(&dump).arg("--save").arg(&saved);
        });
        Self { process, saved, uart }
    }

    /// Ends it; gives the flash that it had then.
    pub(crate) fn end(self) -> Vec<u8> {
        self.process.end();
        std::fs::read(self.saved).expect("a dump")
    }
}
