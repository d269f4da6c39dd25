//! The program on data folders that are not as they were left: it starts, or says what to do.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const BIN: &str = env!("CARGO_BIN_EXE_flashjig");

/// A folder in which one unit was converted, and the station started once more.
fn made() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    for units in ["1", "0"] {
        let mut demo = Command::new(BIN);
        demo.args(["demo", "--speed", "100", "--listen", "127.0.0.1:0", "--units", units, "--data-dir"]);
        let done = demo.arg(&data).output().unwrap();
        assert!(done.status.success(), "{}", said(&done));
    }
    let config = format!(
        "[station]\ndata_dir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[dbus]\nbus = \"none\"\n\
         [[slot]]\nname = \"A\"\nuart = \"/dev/null\"\nstart = \"remote\"\n",
        data.display()
    );
    fs::write(dir.path().join("station.toml"), config).unwrap();
    dir
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

fn units(dir: &Path) -> Output {
    Command::new(BIN).args(["units", "--csv", "--data-dir"]).arg(dir.join("data")).output().unwrap()
}

/// Starts the daemon; its words, where it did not get ready.
fn run(dir: &Path) -> Result<(), String> {
    let mut daemon = Command::new(BIN);
    let daemon = daemon.args(["run", "--config"]).arg(dir.join("station.toml")).env("NO_COLOR", "1");
    let mut daemon = daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut words = String::new();
    let mut is_ready = false;
    for line in BufReader::new(daemon.stderr.take().unwrap()).lines().map_while(Result::ok) {
        is_ready = line.contains("ready station=");
        words += &line;
        if is_ready {
            // as a power cut
            daemon.kill().unwrap();
            break;
        }
    }
    let end = daemon.wait().unwrap();
    if is_ready {
        return Ok(());
    }
    assert_eq!(end.code(), Some(2), "{words}");
    Err(words)
}

fn one(dir: &Path, folder: &str, prefix: &str) -> PathBuf {
    let entries = fs::read_dir(dir.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix)).max().unwrap()
}

/// One unit, number 1, and nothing wrong.
fn all_is_there(dir: &Path, case: &str) {
    let done = units(dir);
    let said = said(&done);
    assert!(done.status.success() && said.lines().count() == 2 && said.contains("\n1,"), "{case}: {said}");
}

#[test]
fn what_a_full_disk_leaves_of_an_opening_of_the_ledger_stops_nothing() {
    let dir = made();
    let left = dir.path().join("data/ledger/snap.0000000000FFFFFF.generating");
    let whole = fs::read(one(dir.path(), "data/ledger", "snap.")).unwrap();
    for (case, content) in [("cut", &whole[..whole.len() / 2]), ("empty", &[])] {
        fs::write(&left, content).unwrap();
        all_is_there(dir.path(), case);
        run(dir.path()).unwrap();
        assert!(!left.exists(), "{case}: it is cleared");
        all_is_there(dir.path(), case);
    }
}

#[test]
fn the_daemon_starts_with_what_is_there() {
    let dir = made();
    let data = dir.path().join("data");
    fs::create_dir_all(data.join("recipes")).unwrap();
    fs::create_dir_all(data.join("devices")).unwrap();
    let conf = fs::read(data.join("ledger/conf")).unwrap();
    fs::write(data.join("ledger/conf"), vec![0; conf.len()]).unwrap();
    fs::write(one(dir.path(), "data/ledger", "snap."), "snap").unwrap();
    fs::remove_file(data.join("ledger/last")).unwrap();
    for file in ["token", "desk.json", "recipes/default.toml", "devices/mine.toml", "uploads", "firmware"] {
        _ = fs::remove_dir_all(data.join(file));
        fs::write(data.join(file), "\0").unwrap();
    }
    fs::remove_dir_all(data.join("backups")).unwrap();
    run(dir.path()).unwrap();
    all_is_there(dir.path(), "all at once");
    assert!(!fs::read(data.join("token")).unwrap().contains(&0));
}

#[test]
fn a_ledger_that_is_gone_is_told_with_the_command_that_goes_on_behind_its_last_number() {
    let dir = made();
    let data = dir.path().join("data");
    fs::rename(data.join("ledger/db"), dir.path().join("db")).unwrap();
    let words = run(dir.path()).unwrap_err();
    assert!(words.contains("the next unit is number 2"), "{words}");
    let lost = units(dir.path());
    assert!(!lost.status.success() && said(&lost).contains("the next unit is number 2"), "{}", said(&lost));
    fs::rename(dir.path().join("db"), data.join("ledger/db")).unwrap();
    all_is_there(dir.path(), "a refusal changes nothing");

    fs::remove_file(data.join("ledger/db")).unwrap();
    let (_, command) = words.split_once("as the user who runs flashjig: `").unwrap();
    let command = command.split_once('`').unwrap().0;
    assert!(Command::new("sh").args(["-ec", command]).status().unwrap().success(), "{command}");
    run(dir.path()).unwrap();
    let mut demo = Command::new(BIN);
    demo.args(["demo", "--speed", "100", "--listen", "127.0.0.1:0", "--units", "1", "--data-dir"]);
    assert!(demo.arg(&data).output().unwrap().status.success());
    let listed = said(&units(dir.path()));
    assert!(listed.contains("\n2,") && !listed.contains("\n1,"), "{listed}");
}
