//! One jig: the virtual board in a program of its own, its control socket, and the lines program before it.

use crate::lines::Lines;
use crate::mould::Chip;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The program; `FLASHJIG_LIFE_STATION` is another one to be the station, such as that of a package.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_flashjig");

/// A connection to the board's control socket.
pub(crate) struct Wire(BufReader<UnixStream>);

impl Wire {
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        Ok(Self(BufReader::new(stream)))
    }

    /// One order and its answer.
    pub(crate) fn ask(&mut self, order: &str) -> std::io::Result<String> {
        writeln!(self.0.get_mut(), "{order}")?;
        let mut answer = String::new();
        self.0.read_line(&mut answer)?;
        if answer.ends_with('\n') {
            Ok(answer.trim_end().to_owned())
        } else {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        }
    }
}

/// A program that ends with this.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.0.id().to_string()]).status().unwrap();
        assert!(sent.success(), "kill -{name}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// One jig.
pub(crate) struct Nest {
    pub(crate) name: &'static str,
    pub(crate) uart: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) lines: Lines,
    pub(crate) process: Process,
    wire: Wire,
    scratch: PathBuf,
}

/// How a virtual board is started.
pub(crate) struct Recipe<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) chip: Chip,
    pub(crate) speed: u64,
    pub(crate) seed: u64,
    /// Where its image goes, and the version that it claims.
    pub(crate) image: (&'a Path, &'a str),
}

fn spawn(recipe: &Recipe<'_>, name: &str) -> Process {
    let path = |end: &str| recipe.folder.join(format!("{name}.{end}"));
    let (image, version) = recipe.image;
    let said = std::fs::File::create(path("log")).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(["sim", "--chip", recipe.chip.letter(), "--speed", &recipe.speed.to_string()])
        .args(["--seed", &recipe.seed.to_string(), "--image-version", version, "--firmware"])
        .arg(image)
        .arg("--link")
        .arg(path("uart"))
        .arg("--control")
        .arg(path("control"))
        .stdout(Stdio::piped())
        .stderr(said)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let process = Process(child);
    assert!(line.starts_with("/dev/pts/"), "the first line is the PTY: {line:?}; see {}", path("log").display());
    process
}

/// Starts a virtual board only for the image that it writes.
pub(crate) fn image(recipe: &Recipe<'_>) {
    drop(spawn(recipe, "image"));
    for end in ["uart", "control"] {
        _ = std::fs::remove_file(recipe.folder.join(format!("image.{end}")));
    }
}

impl Nest {
    pub(crate) fn new(name: &'static str, recipe: &Recipe<'_>) -> Self {
        let process = spawn(recipe, name);
        let path = |end: &str| recipe.folder.join(format!("{name}.{end}"));
        let (socket, control) = (path("lines"), path("control"));
        let lines = Lines::new(&socket, &control);
        let wire = Wire::open(&control).unwrap();
        let scratch = path("flash");
        let mut nest = Self { name, uart: path("uart"), socket, lines, process, wire, scratch };
        // a jig that nobody has switched on yet is at rest
        nest.tell("cen low");
        nest
    }

    /// An order that can't fail; gives what stands behind `ok`.
    pub(crate) fn tell(&mut self, order: &str) -> String {
        let answer = self.wire.ask(order).unwrap_or_else(|error| panic!("slot {}: {order}: {error}", self.name));
        let more = answer.strip_prefix("ok").unwrap_or_else(|| panic!("slot {}: {order}: {answer}", self.name));
        more.trim().to_owned()
    }

    /// What the virtual board says of itself.
    pub(crate) fn status(&mut self) -> Value {
        serde_json::from_str(&self.tell("status")).unwrap()
    }

    /// Whether power is off and CEN held.
    pub(crate) fn is_safe(&mut self) -> bool {
        let status = self.status();
        status["powered"] == false && status["cen"] == "low"
    }

    /// The flash of the board that is in, as it truly is.
    pub(crate) fn flash(&mut self) -> Vec<u8> {
        self.take("save")
    }

    /// The flash of the board that was taken out last.
    pub(crate) fn tray(&mut self) -> Vec<u8> {
        self.take("tray")
    }

    fn take(&mut self, order: &str) -> Vec<u8> {
        let path = self.scratch.display().to_string();
        self.tell(&format!("{order} {path}"));
        std::fs::read(&self.scratch).unwrap()
    }

    /// Puts a board in, in place of the one that is in.
    pub(crate) fn insert(&mut self, chip: Chip, flash: &[u8]) {
        // the file that a board was made from is never written again by the board's program
        let path = self.scratch.with_extension("insert");
        _ = std::fs::remove_file(&path);
        std::fs::write(&path, flash).unwrap();
        self.tell(&format!("insert {} {}", chip.letter(), path.display()));
    }
}
