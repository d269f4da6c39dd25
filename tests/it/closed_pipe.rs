//! Commands whose reader goes away in the middle (`| head`): they end in silence.

use flashjig::model::chip::Chip;
use flashjig::sim::factory;
use std::process::{Command, Output, Stdio};

const BIN: &str = env!("CARGO_BIN_EXE_flashjig");

/// Runs a command whose standard output, or error, nobody reads.
fn deaf(args: &[&str], is_error: bool) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(BIN);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if is_error {
        command.stderr(writer)
    } else {
        command.stdout(writer)
    };
    command.output().unwrap()
}

#[test]
fn a_reader_that_went_away_is_no_failure_of_any_command() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let (data, dump, config) = (path("data"), path("stock.bin"), path("flashjig.toml"));
    std::fs::write(&dump, factory::small_stock(Chip::Bk7231T, 1, 0x2_8000)).unwrap();
    let text = format!(
        "[station]\ndata_dir = {data:?}\n[[slot]]\nname = \"A\"\nuart = \"/dev/none\"\n[slot.lines]\nkind = \"manual\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let demo = path("demo");
    for (args, expected) in [
        (vec!["inspect", &dump], Some(0)),
        (vec!["inspect", "--json", &dump], Some(0)),
        (vec!["extract", &dump], Some(0)),
        (vec!["extract", "--json", &dump], Some(0)),
        (vec!["check", "--config", &config], Some(0)),
        (vec!["safe", "--config", &config], Some(0)),
        (vec!["doctor", "--config", &config], None),
        (vec!["units", "--data-dir", &data], None),
        (vec!["token", "--data-dir", &data], None),
        (vec!["--help"], Some(0)),
        (vec!["demo", "--units", "1", "--speed", "200", "--listen", "127.0.0.1:0", "--data-dir", &demo], Some(0)),
    ] {
        for is_error in [false, true] {
            // one unit takes its seconds
            if is_error && args[0] == "demo" {
                continue;
            }
            let output = deaf(&args, is_error);
            let said = String::from_utf8_lossy(&output.stderr);
            let code = output.status.code();
            assert!(code.is_some_and(|code| code != 101) && !said.contains("panicked"), "{args:?}: {code:?} {said}");
            assert!(expected.is_none_or(|expected| code == Some(expected)), "{args:?}: {code:?} {said}");
        }
    }
}
