//! `flashjig extract` as a program: its exit codes, and the virtual bench's own stock flash.

use flashjig::model::chip::Chip;
use flashjig::sim::factory;
use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn extract(file: &Path, options: &[&str]) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_flashjig")).arg("extract").arg(file).args(options).output()
}

#[test]
fn the_benchs_plug_is_the_missions_plug() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stock.bin");
    std::fs::write(&file, factory::stock(Chip::Bk7231T, 1)).unwrap();
    let output = extract(&file, &["--json"]).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(object["chip"], "BK7231T");
    assert_eq!(object["settings"]["module"], "WB2S");
    let pins = serde_json::json!({"6": "Rel;1", "7": "Btn;1", "8": "LED;1", "10": "WifiLED_n;0", "11": "BL0937SEL;0",
        "24": "BL0937CF1;0", "26": "BL0937CF;0"});
    assert_eq!(object["template"]["pins"], pins);
    assert_eq!(object["device"]["name"], "lsc-3202088");
    assert_eq!(extract(&file, &[]).unwrap().status.code(), Some(0));
}

#[test]
fn nothing_usable_is_1_and_nothing_readable_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("erased.bin");
    std::fs::write(&file, [0xFF; 0x3000]).unwrap();
    let output = extract(&file, &[]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("erased flash at 0x0"));
    let output = extract(&file, &["--json"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let object: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(object["store"].is_null() && object["template"].is_null());
    assert_eq!(extract(&folder.path().join("absent.bin"), &[]).unwrap().status.code(), Some(2));
    assert_eq!(extract(folder.path(), &[]).unwrap().status.code(), Some(2));
}
