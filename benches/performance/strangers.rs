//! Other people's tools at the same work: the whole flash backed up, the same image written, with the proof that they have.

use crate::board::{Kind, LoneBoard};
use crate::work::Work;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The tools, as `tests/strangers.py` and PyPI call them.
pub(crate) const TOOLS: [&str; 2] = ["bk7231tools", "ltchiptool"];

/// Seconds of one tool.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) connect: f64,
    pub(crate) read: f64,
    pub(crate) write: f64,
}

impl Took {
    pub(crate) fn sum(&self) -> f64 {
        self.connect + self.read + self.write
    }
}

/// A Python that has the tools: `FLASHJIG_PYTHON`, else that of `target/ci-tools`, else `python3`.
fn python() -> PathBuf {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ci-tools/bin/python");
    match std::env::var_os("FLASHJIG_PYTHON") {
        Some(python) => python.into(),
        None if venv.exists() => venv,
        None => "python3".into(),
    }
}

/// The version of a tool, or why there is none.
pub(crate) fn version(tool: &str) -> Result<String, String> {
    let code = format!("import importlib.metadata as m, {tool}; print(m.version('{tool}'))");
    let output = Command::new(python()).args(["-c", &code]).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    Err(format!(
        "{tool} is not there: python3 -m venv target/ci-tools && target/ci-tools/bin/pip install {}, or name a Python that \
         has them in FLASHJIG_PYTHON, or leave them out with --tools none",
        TOOLS.join(" ")
    ))
}

/// Converts one board with a tool, and compares what came of it byte by byte; the error: the tool gave up.
pub(crate) fn convert(tool: &str, kind: Kind, rate: u32, work: &Work) -> Result<Took, String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let (stock, want) = (work.stock(1), work.want(1));
    let board = LoneBoard::start(folder.path(), kind, &stock);
    let (app, read) = (folder.path().join("app.bin"), folder.path().join("read.bin"));
    std::fs::write(&app, work.app()).expect("an image");
    let letter = kind.chip.name().trim_start_matches("BK7231").to_ascii_lowercase();
    let output = Command::new(python())
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/strangers.py"))
        .args([tool.as_ref(), board.uart.as_os_str(), letter.as_ref(), read.as_os_str(), app.as_os_str()])
        .arg(rate.to_string())
        .output()
        .expect("python");
    let flash = board.end();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(format!("{tool} on {}: {}", kind.chip, said.lines().last().unwrap_or_default()));
    }
    assert!(std::fs::read(&read).expect("its backup") == stock, "{tool} on {}: its backup is not the flash", kind.chip);
    assert!(flash == want, "{tool} on {}: its flash is not the one that flashjig makes", kind.chip);
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let laps: Value = serde_json::from_str(told.lines().last().unwrap_or_default()).expect("its times");
    let of = |name: &str| laps.get(name).and_then(Value::as_f64).expect("a time");
    Ok(Took { connect: of("connect"), read: of("read"), write: of("write") })
}
