//! The last lines of the journal, for the page.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Lines that are kept, and the longest of them, bytes.
const LINES: usize = 200;
const LONGEST: usize = 500;

/// The last lines that were logged. Cheap to clone; all clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Tail {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<String>,
    /// The last line goes on.
    open: bool,
}

impl Tail {
    /// The lines, oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).lines.iter().cloned().collect()
    }
}

/// What a log writes goes to the tail, line by line.
impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in String::from_utf8_lossy(bytes).split_inclusive('\n') {
            if !kept.open {
                kept.lines.push_back(String::new());
            }
            if let Some(line) = kept.lines.back_mut() {
                let room = LONGEST.saturating_sub(line.chars().count());
                line.extend(piece.trim_end_matches('\n').chars().take(room));
            }
            kept.open = !piece.ends_with('\n');
        }
        while kept.lines.len() > LINES {
            kept.lines.pop_front();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_are_kept_and_long_ones_cut() {
        let tail = Tail::default();
        for n in 0..300 {
            writeln!(tail.clone(), "line {n}").unwrap();
        }
        tail.clone().write_all(&vec![b'x'; 9_000]).unwrap();
        let lines = tail.lines();
        assert_eq!((lines.len(), lines[0].as_str(), lines[199].len()), (LINES, "line 101", LONGEST));
    }
}
