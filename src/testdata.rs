//! Real firmware and dumps for tests, where they are: `../shared/data` beside the project, or `$FLASHJIG_DATA`.

use std::path::PathBuf;

/// The path of a file of the data folder, such as `firmware/OpenBK7231T_UA_1.18.300.bin`; `None`, with a printed
/// reason, where it is absent. The project never contains such files.
#[allow(clippy::print_stderr, clippy::disallowed_methods, reason = "only tests call this")]
pub fn path(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("FLASHJIG_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: {name} is not in the data folder (../shared/data or $FLASHJIG_DATA)");
    None
}

/// The bytes of such a file.
pub fn read(name: &str) -> Option<Vec<u8>> {
    path(name).and_then(|path| std::fs::read(path).ok())
}
