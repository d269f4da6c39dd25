//! Real firmware and dumps for tests, where they are: `../shared/data` beside the project, or `$FLASHJIG_DATA`.

use std::io::Write;
use std::panic::Location;
use std::path::PathBuf;

/// The path of a file of the data folder, such as `firmware/OpenBK7231T_UA_1.18.300.bin`; `None`, saying why, where it
/// is absent. The project never contains such files.
#[track_caller]
#[allow(clippy::disallowed_methods, reason = "only tests call this")]
pub fn path(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FLASHJIG_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    skipped(&format!("{name} is not in the data folder (../shared/data or $FLASHJIG_DATA)"));
    None
}

/// The bytes of such a file.
#[track_caller]
pub fn read(name: &str) -> Option<Vec<u8>> {
    path(name).and_then(|path| std::fs::read(path).ok())
}

/// Says that a test, or a part of it, is left out, and why. What a test prints is shown only when it fails; this goes
/// to the standard error of the process itself, which is always seen.
#[track_caller]
pub fn skipped(why: &str) {
    let (thread, place) = (std::thread::current(), Location::caller());
    // with a single thread for all tests it has no test's name
    let test = thread.name().filter(|name| *name != "main").unwrap_or("a test");
    // one piece, so that lines of tests that run at the same time stay whole
    let line = format!("skipped in {test} ({place}): {why}\n");
    _ = std::io::stderr().write_all(line.as_bytes());
}
