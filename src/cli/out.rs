//! Standard output.

use crate::fail::Failure;
use std::io::{self, Write};

/// Writes to standard output. A reader that went away (`| head`) is no failure.
pub(super) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_ref()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::broken(format!("writing to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes a line to it.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    print(format!("{text}\n"))
}
