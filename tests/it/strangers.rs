//! Public flashing tools against the virtual board: code that shares nothing with flashjig, so that a codec and a
//! simulator with one misunderstanding in common can't prove each other right.
//!
//! They are not part of the project. `FLASHJIG_PYTHON` names a Python that has bk7231tools and ltchiptool (`pip install
//! ltchiptool` brings both) and tqdm, else `python3` is asked; `FLASHJIG_HID_DOWNLOAD` names a checkout of
//! hid_download_py (github: OpenBekenIOT/hid_download_py). Whatever is missing is skipped with the reason.

use flashjig::model::chip::Chip;
use flashjig::sim::factory;
use flashjig::testdata;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const APP: usize = 0x1_1000;

/// A tool, and the module that must be importable for it.
struct Tool {
    name: &'static str,
    import: &'static str,
}

const BK7231TOOLS: Tool = Tool { name: "bk7231tools", import: "bk7231tools" };
const LTCHIPTOOL: Tool = Tool { name: "ltchiptool", import: "ltchiptool" };
const HID: Tool = Tool { name: "hid", import: "serial, tqdm" };

/// A board that ends with the test, however that ends.
struct Board(Child);

impl Board {
    /// Ends it as an operator would, and waits for it.
    fn end(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn python(tool: &Tool) -> Option<String> {
    let python = std::env::var("FLASHJIG_PYTHON").unwrap_or_else(|_| "python3".into());
    let imports = Command::new(&python).args(["-c", &format!("import {}", tool.import)]).output();
    if !imports.is_ok_and(|output| output.status.success()) {
        testdata::skipped(&format!("{python} has no {}; set FLASHJIG_PYTHON", tool.import));
        return None;
    }
    if tool.name == HID.name && std::env::var_os("FLASHJIG_HID_DOWNLOAD").is_none() {
        testdata::skipped("FLASHJIG_HID_DOWNLOAD names no checkout of hid_download_py");
        return None;
    }
    Some(python)
}

fn board(chip: Chip, folder: &Path, flash: &[u8]) -> (Board, String) {
    let dump = folder.join("stock.bin");
    std::fs::write(&dump, flash).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_flashjig"))
        .args(["sim", "--speed", "20", "--chip", chip.name(), "--flash"])
        .arg(&dump)
        .arg("--save")
        .arg(folder.join("final.bin"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut port = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut port).unwrap();
    (Board(child), port.trim().to_owned())
}

fn reads_and_writes(tool: &Tool, chip: Chip) {
    let Some(python) = python(tool) else { return };
    let folder = tempfile::tempdir().unwrap();
    let stock = factory::stock(chip, 7);
    // an odd length: the tools fill up what is missing in their own ways
    let app = &factory::demo_image(chip, "1.18.300").1[..0x2_1234];
    std::fs::write(folder.path().join("app.bin"), app).unwrap();
    let (board, port) = board(chip, folder.path(), &stock);

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers.py");
    let letter = chip.name().trim_start_matches("BK7231").to_ascii_lowercase();
    let output = Command::new(python)
        .arg(script)
        .args([tool.name, &port, &letter])
        .arg(folder.path().join("read.bin"))
        .arg(folder.path().join("app.bin"))
        .output()
        .unwrap();
    board.end();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    assert!(std::fs::read(folder.path().join("read.bin")).unwrap() == stock, "the dump is not what is in the flash");
    let end = std::fs::read(folder.path().join("final.bin")).unwrap();
    assert!(end[..APP] == stock[..APP], "the boot area was touched");
    assert!(end[APP..APP + app.len()] == *app, "the application is not what was written");
    let behind = (APP + app.len()).next_multiple_of(0x1000);
    assert!(end[behind..] == stock[behind..], "something behind the application was touched");
    assert!(std::fs::read(folder.path().join("stock.bin")).unwrap() == stock, "the dump was written");
}

#[test]
fn bk7231tools_reads_and_writes_a_t() {
    reads_and_writes(&BK7231TOOLS, Chip::Bk7231T);
}

#[test]
fn bk7231tools_reads_and_writes_an_n() {
    reads_and_writes(&BK7231TOOLS, Chip::Bk7231N);
}

#[test]
fn ltchiptool_reads_and_writes_a_t() {
    reads_and_writes(&LTCHIPTOOL, Chip::Bk7231T);
}

#[test]
fn ltchiptool_reads_and_writes_an_n() {
    reads_and_writes(&LTCHIPTOOL, Chip::Bk7231N);
}

#[test]
fn hid_download_reads_and_writes_a_t() {
    reads_and_writes(&HID, Chip::Bk7231T);
}

#[test]
fn hid_download_reads_and_writes_an_n() {
    reads_and_writes(&HID, Chip::Bk7231N);
}

#[test]
fn bk7231tools_reads_and_writes_a_7238() {
    reads_and_writes(&BK7231TOOLS, Chip::Bk7238);
}

#[test]
fn ltchiptool_reads_and_writes_a_7238() {
    reads_and_writes(&LTCHIPTOOL, Chip::Bk7238);
}

#[test]
fn hid_download_reads_and_writes_a_7238() {
    reads_and_writes(&HID, Chip::Bk7238);
}
