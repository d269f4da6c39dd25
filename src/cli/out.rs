//! Standard output.

use super::tint::tint;
use crate::fail::Failure;
use std::io::{self, Write};

/// Writes to standard output, with the words that decide in their colours on a terminal. A reader that went away (`| head`) is no failure.
pub(super) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let text = text.as_ref();
    let tinted = std::str::from_utf8(text).map(|text| tint(text, console::colors_enabled()));
    match out.write_all(tinted.as_deref().map_or(text, str::as_bytes)).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::broken(format!("writing to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to standard error, where nobody needs to listen.
pub(super) fn warn(text: &str) {
    _ = writeln!(io::stderr(), "{text}");
}

/// Writes a line to it.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    print(format!("{text}\n"))
}
