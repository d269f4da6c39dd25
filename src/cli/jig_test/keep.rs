//! What is kept of a jig in the data folder.

use crate::fail::Failure;
use serde::Serialize;
use std::path::Path;

/// Whole or not at all: what a shift compares with must not be half a file. Its folder is made.
pub(in crate::cli) fn keep(file: &Path, value: &impl Serialize) -> Result<(), Failure> {
    let failed =
        |error: &dyn std::fmt::Display| Failure::broken(format!("{}: can't be written: {error}", file.display()));
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    let mut fresh = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
    serde_json::to_writer_pretty(&mut fresh, value).map_err(|error| failed(&error))?;
    fresh.as_file().sync_all().map_err(|error| failed(&error))?;
    fresh.persist(file).map_err(|error| failed(&error))?;
    Ok(())
}
