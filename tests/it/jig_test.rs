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
fn a_bring_up_leads_through_its_steps_and_its_report_is_judged_again_by_a_stranger() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::start(dir.path(), "t");
    let before = sim.status()["sha256"].clone();
    let config = sim.config(dir.path());
    let report = dir.path().join("data/bring-up-A.json");
    for (step, code) in [("lines", 0), ("phantom", 0), ("golden", 0)] {
        let output = flashjig(&["bring-up", "--yes", "--step", step], &config);
        assert_eq!(output.status.code(), Some(code), "{step}: {}", told(&output));
        let status = sim.status();
        assert_eq!((&status["powered"], &status["cen"]), (&false.into(), &"low".into()), "{step}: {status:#}");
    }
    // a plug that nobody converted yet
    let convert = flashjig(&["bring-up", "--yes", "--step", "convert"], &config);
    assert_eq!(convert.status.code(), Some(1), "{}", told(&convert));
    assert!(told(&convert).contains("expected a conversion that passed and a restore"), "{}", told(&convert));
    assert_eq!((&sim.status()["erases"], &sim.status()["sha256"]), (&0.into(), &before));
    let text = std::fs::read_to_string(&report).unwrap();
    let told_by: Value = serde_json::from_str(&text).unwrap();
    let names: Vec<&str> =
        told_by["steps"].as_array().unwrap().iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["lines", "phantom", "golden", "convert"]);
    assert_eq!(told_by["steps"][2]["golden"].as_array().unwrap().len(), 10);
    let check = Command::new(BIN).args(["bring-up", "--check"]).arg(&report).output().unwrap();
    assert_eq!(check.status.code(), Some(1), "{}", told(&check));
    for says in ["ok       golden: ten runs", "FAULT    convert:", "open   rest:", "1 fault"] {
        assert!(told(&check).contains(says), "{says}: {}", told(&check));
    }
    assert!(std::fs::read_to_string(report.with_extension("txt")).unwrap().contains("BK7231T, 2048 KiB"));
    std::fs::write(&report, "{}").unwrap();
    let check = Command::new(BIN).args(["bring-up", "--check"]).arg(&report).output().unwrap();
    assert!(told(&check).contains("expected a report of `flashjig bring-up`"), "{}", told(&check));
    assert_eq!(check.status.code(), Some(2));
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
    assert!(found("firmware")["remedy"].as_str().unwrap().starts_with("mkdir -p "));
    assert_eq!(found("lines of slot A")["level"], "ok");
    let text = flashjig(&["doctor"], &config);
    assert!(told(&text).contains("FAULT    firmware"), "{}", told(&text));
}

#[test]
fn the_reports_of_real_jigs_that_are_kept_are_judged_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/hardware-reports");
    let reports = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    for report in reports.filter(|path| path.extension().is_some_and(|end| end == "json")) {
        let check = Command::new(BIN).args(["bring-up", "--check"]).arg(&report).output().unwrap();
        assert!(check.status.success(), "{}: {}", report.display(), told(&check));
    }
}

#[test]
fn the_list_of_what_only_hardware_can_show_names_the_steps_that_there_are() {
    let list = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/hardware-reports/README.md"));
    let rows: Vec<&str> = list.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| open")).collect();
    assert!(rows.len() > 10, "{rows:?}");
    let help = Command::new(BIN).args(["bring-up", "--step", "none"]).output().unwrap();
    let known = told(&help);
    for row in rows {
        let steps = row.trim_end_matches(" |").rsplit('|').next().unwrap();
        for step in steps.split('`').skip(1).step_by(2) {
            assert!(known.contains(step), "{step}: {known}");
        }
    }
}
