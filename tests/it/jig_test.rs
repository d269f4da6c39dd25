//! `flashjig jig-test` and `flashjig doctor` as an operator uses them, on a board that `flashjig sim` serves.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const BIN: &str = env!("CARGO_BIN_EXE_flashjig");

struct Sim {
    child: Child,
    uart: PathBuf,
    control: PathBuf,
}

impl Sim {
    fn start(dir: &Path, chip: &str) -> Self {
        let (uart, control) = (dir.join(format!("uart-{chip}")), dir.join(format!("control-{chip}")));
        let mut child = Command::new(BIN)
            .args(["sim", "--speed", "40", "--chip", chip, "--link"])
            .arg(&uart)
            .arg("--control")
            .arg(&control)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("/dev/pts/"), "the first line is the PTY: {line:?}");
        Self { child, uart, control }
    }

    fn status(&self) -> Value {
        let mut socket = UnixStream::connect(&self.control).unwrap();
        writeln!(socket, "status").unwrap();
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).unwrap();
        serde_json::from_str(line.strip_prefix("ok ").expect("ok and an object")).unwrap()
    }

    /// A configuration with this board in its only slot.
    fn config(&self, dir: &Path) -> PathBuf {
        let file = dir.join("flashjig.toml");
        let text = format!(
            "[station]\ndata_dir = \"{}\"\n[[slot]]\nname = \"A\"\nuart = \"{}\"\nstart = \"remote\"\n[slot.lines]\n\
             kind = \"socket\"\npath = \"{}\"\n",
            dir.join("data").display(),
            self.uart.display(),
            self.control.display()
        );
        std::fs::write(&file, text).unwrap();
        std::fs::create_dir_all(dir.join("data")).unwrap();
        file
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn flashjig(args: &[&str], config: &Path) -> Output {
    Command::new(BIN).args(args).arg("--config").arg(config).stdin(Stdio::null()).output().unwrap()
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_golden_boards_figures_are_kept_and_compared_and_nothing_is_written_on_it() {
    for chip in ["t", "n"] {
        let dir = tempfile::tempdir().unwrap();
        let sim = Sim::start(dir.path(), chip);
        let before = sim.status()["sha256"].clone();
        let config = sim.config(dir.path());
        let missing = flashjig(&["jig-test", "--yes", "--compare"], &config);
        assert_eq!(missing.status.code(), Some(2), "{}", told(&missing));
        assert!(told(&missing).contains("jig-test --golden"), "{}", told(&missing));
        let kept = flashjig(&["jig-test", "--yes", "--golden"], &config);
        assert!(kept.status.success(), "{}", told(&kept));
        let file = std::fs::read_to_string(dir.path().join("data/golden/A.json")).unwrap();
        let figures: Value = serde_json::from_str(&file).unwrap();
        assert_eq!(figures["chip"], if chip == "t" { "BK7231T" } else { "BK7231N" });
        assert_eq!(figures["flash_size"], 0x20_0000);
        let again = flashjig(&["jig-test", "--yes", "--compare"], &config);
        assert!(again.status.success(), "{}", told(&again));
        let status = sim.status();
        assert_eq!((&status["erases"], &status["sha256"]), (&0.into(), &before), "{status:#}");
        assert_eq!((&status["powered"], &status["cen"]), (&false.into(), &"low".into()), "{status:#}");
    }
}

#[test]
fn another_board_than_the_golden_one_is_a_fault() {
    let dir = tempfile::tempdir().unwrap();
    let golden = Sim::start(dir.path(), "t");
    let kept = flashjig(&["jig-test", "--yes", "--golden"], &golden.config(dir.path()));
    assert!(kept.status.success(), "{}", told(&kept));
    let other = Sim::start(dir.path(), "n");
    let compared = flashjig(&["jig-test", "--yes", "--compare"], &other.config(dir.path()));
    assert_eq!(compared.status.code(), Some(1), "{}", told(&compared));
    assert!(told(&compared).contains("chip: expected BK7231T, found BK7231N"), "{}", told(&compared));
}

#[test]
fn a_line_that_the_operator_does_not_see_is_a_fault_and_the_jig_is_safe() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::start(dir.path(), "t");
    let config = sim.config(dir.path());
    let mut child = Command::new(BIN)
        .args(["jig-test", "--config"])
        .arg(&config)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // power comes and does not go, the rest is well; what is no answer is asked again
    child.stdin.take().unwrap().write_all(b"y\ny\nwhat\nyes\nno\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("FAULT  power does not go off"), "{}", told(&output));
    assert_eq!(sim.status()["powered"], false);
}

#[test]
fn a_jig_whose_answers_run_out_is_left_safe() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::start(dir.path(), "t");
    let output = flashjig(&["jig-test"], &sim.config(dir.path()));
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("--yes asks nothing"), "{}", told(&output));
    let status = sim.status();
    assert_eq!((&status["powered"], &status["cen"]), (&false.into(), &"low".into()), "{status:#}");
}

#[test]
fn the_doctor_says_what_is_missing_and_how_to_mend_it() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::start(dir.path(), "t");
    let config = sim.config(dir.path());
    let output = flashjig(&["doctor", "--json"], &config);
    assert_eq!(output.status.code(), Some(1), "there is no firmware: {}", told(&output));
    let all: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = |subject: &str| {
        let findings = all["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|finding| finding["subject"] == subject)
            .unwrap_or_else(|| panic!("{subject}: {all:#}"))
            .clone()
    };
    assert_eq!(found("firmware")["level"], "fault");
    assert!(found("firmware")["remedy"].as_str().unwrap().starts_with("cp OpenBK7231*.bin "));
    assert_eq!(found("lines of slot A")["level"], "ok");
    let text = flashjig(&["doctor"], &config);
    assert!(told(&text).contains("FAULT    firmware"), "{}", told(&text));
}
