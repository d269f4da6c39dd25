//! A panel without hardware: it keeps the last frame, and can print each to a terminal.

use crate::jig::{Panel, PanelError};
use crate::model::show::screen::{Frame, Size, USUAL};
use std::io::Write;
use tokio::sync::watch;

/// A virtual panel of any size.
pub struct VirtualPanel {
    size: Size,
    shown: watch::Sender<Frame>,
    terminal: Option<Box<dyn Write + Send>>,
}

impl Default for VirtualPanel {
    fn default() -> Self {
        Self::new(USUAL)
    }
}

impl VirtualPanel {
    /// A dark panel.
    pub fn new(size: Size) -> Self {
        Self { size, shown: watch::Sender::new(Frame::new(size)), terminal: None }
    }

    /// A panel that also prints each frame to this terminal, always at its top left corner.
    pub fn printing_to(terminal: impl Write + Send + 'static) -> Self {
        Self { terminal: Some(Box::new(terminal)), ..Self::default() }
    }

    /// What it shows, now and later.
    pub fn watch(&self) -> watch::Receiver<Frame> {
        self.shown.subscribe()
    }
}

impl Panel for VirtualPanel {
    fn size(&self) -> Size {
        self.size
    }

    fn show(&mut self, frame: &Frame) -> Result<(), PanelError> {
        self.shown.send_replace(frame.clone());
        let Some(terminal) = &mut self.terminal else { return Ok(()) };
        terminal.write_all(boxed(frame, self.size.width as usize).as_bytes()).and_then(|()| terminal.flush()).map_err(
            |error| PanelError {
                panel: "virtual panel".into(),
                what: error.to_string(),
                remedy: "print it to a terminal that stays open".into(),
            },
        )
    }
}

/// The frame in a box, after the control sequence that moves the cursor to the top left (ECMA-48, CUP).
fn boxed(frame: &Frame, width: usize) -> String {
    let edge = "─".repeat(width);
    let body = frame.to_text();
    let lines: Vec<String> = body.lines().map(|line| format!("│{line:<width$}│")).collect();
    format!("\x1b[H┌{edge}┐\n{}\n└{edge}┘\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Tape(Arc<Mutex<Vec<u8>>>);

    impl Write for Tape {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn it_keeps_the_last_frame_and_prints_a_whole_box() {
        let tape = Tape::default();
        let mut panel = VirtualPanel::printing_to(tape.clone());
        let seen = panel.watch();
        let mut frame = Frame::new(USUAL);
        frame.set(5, 5, true);
        panel.show(&frame).unwrap();
        assert_eq!(*seen.borrow(), frame);
        let text = String::from_utf8(tape.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.trim_start_matches("\x1b[H").lines().collect();
        assert_eq!(lines.len(), 34);
        assert!(lines.iter().all(|line| line.chars().count() == 130));
    }
}
