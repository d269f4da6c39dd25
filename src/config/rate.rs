//! The fastest rate that a slot tries: what the file says, else what was measured over its wires, else what its kind of
//! port is good for.

use super::baud;
use super::slot::Slot;
use std::fmt;
use std::path::{Path, PathBuf};

/// Larger files are no measurements, bytes.
const LONGEST: u64 = 64 * 1024;

/// The top of a slot's ladder of rates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Top {
    /// Bits per second.
    pub baud: u32,
    /// Who says so.
    pub by: By,
}

/// Who says how fast a slot may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `max_baud` in the file.
    File,
    /// `jig-test --loopback`, over this slot's wires.
    Measurement,
    /// Nobody: it is the default of its kind of port.
    Port,
}

impl fmt::Display for Top {
    /// `top 921600 baud, ...`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            By::File => "max_baud in the configuration",
            By::Measurement => "measured by jig-test --loopback",
            By::Port => "the default of such a port; `flashjig jig-test --loopback` measures what it carries",
        };
        write!(f, "top {} baud, {by}", self.baud)
    }
}

/// Where the measurement of a slot is kept.
pub(crate) fn measurement(data_dir: &Path, slot: &str) -> PathBuf {
    data_dir.join("loopback").join(format!("{slot}.json"))
}

/// The highest rate that came back clean when it was measured; nothing where it was not, or the file can't be read.
fn measured(data_dir: &Path, slot: &str) -> Option<u32> {
    let file = measurement(data_dir, slot);
    if file.metadata().ok()?.len() > LONGEST {
        return None;
    }
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    let rate = u32::try_from(kept.get("highest_clean_baud")?.as_u64()?).ok()?;
    baud::BAUD.contains(&rate).then_some(rate)
}

/// The top of a slot's ladder. Reads the measurement at each call: it may be made anew between two starts.
pub(crate) fn top(data_dir: &Path, slot: &Slot) -> Top {
    if slot.max_baud_written {
        return Top { baud: slot.max_baud, by: By::File };
    }
    match measured(data_dir, &slot.name) {
        Some(rate) => Top { baud: rate.max(baud::FIRST_BAUD), by: By::Measurement },
        None => Top { baud: slot.max_baud, by: By::Port },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse;

    fn slot(uart: &str, more: &str) -> Slot {
        let text = format!("[station]\ndata_dir = \"/d\"\n[[slot]]\nname = \"A\"\nuart = \"{uart}\"\n{more}");
        parse(Path::new("f.toml"), &text).unwrap().0.slots.remove(0)
    }

    #[test]
    fn the_file_comes_before_the_measurement_and_that_before_the_kind_of_port() {
        let dir = tempfile::tempdir().unwrap();
        let at = |uart, more| {
            let Top { baud, by } = top(dir.path(), &slot(uart, more));
            (baud, by)
        };
        let written = "max_baud = 1500000\n";
        for (uart, usual) in [
            ("/dev/flashjig/gpio4", 921_600),
            ("/dev/ttyAMA0", 921_600),
            ("/dev/serial0", 921_600),
            ("/dev/serial/by-path/x", 2_000_000),
            ("/dev/pts/7", 2_000_000),
        ] {
            assert_eq!(at(uart, ""), (usual, By::Port), "{uart}");
            assert_eq!(at(uart, written), (1_500_000, By::File), "{uart}");
        }
        std::fs::create_dir(dir.path().join("loopback")).unwrap();
        let file = measurement(dir.path(), "A");
        std::fs::write(&file, r#"{"highest_clean_baud": 460800, "more": []}"#).unwrap();
        assert_eq!(at("/dev/ttyAMA0", ""), (460_800, By::Measurement));
        assert_eq!(at("/dev/serial/by-path/x", ""), (460_800, By::Measurement));
        assert_eq!(at("/dev/ttyAMA0", written), (1_500_000, By::File));
        for bad in ["", "{}", r#"{"highest_clean_baud": "fast"}"#, r#"{"highest_clean_baud": 99000000000}"#] {
            std::fs::write(&file, bad).unwrap();
            assert_eq!(at("/dev/ttyAMA0", ""), (921_600, By::Port), "{bad}");
        }
    }
}
