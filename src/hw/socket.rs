//! Lines that live in another program (a relay board, a laboratory supply, an emulator), reached over a Unix socket.
//!
//! One ASCII command a line: `power on`, `power off`, `cen low`, `cen high`; each is answered by one line that begins
//! with `ok` or `error`.

use crate::jig::{Drive, Line, LineError, Lines};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

/// Limit for one write and for one answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// No answer is longer, in bytes.
const LONGEST: u64 = 512;

/// The lines behind one socket. The connection is kept; it is made at the first order.
#[derive(Debug)]
pub struct SocketLines {
    path: PathBuf,
    patience: Duration,
    open: Option<BufReader<UnixStream>>,
}

impl SocketLines {
    /// By the path of the socket.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), patience: PATIENCE, open: None }
    }

    fn connect(&self) -> io::Result<BufReader<UnixStream>> {
        let stream = UnixStream::connect(&self.path)?;
        stream.set_read_timeout(Some(self.patience))?;
        stream.set_write_timeout(Some(self.patience))?;
        Ok(BufReader::new(stream))
    }

    /// One command and its answer, over the kept connection where there is one. After any failure the connection is
    /// given up, so that a late answer is never taken for the next one.
    fn ask(&mut self, command: &str) -> io::Result<String> {
        let mut stream = match self.open.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        stream.get_mut().write_all(format!("{command}\n").as_bytes())?;
        let mut answer = String::new();
        (&mut stream).take(LONGEST).read_line(&mut answer)?;
        if !answer.ends_with('\n') {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.open = Some(stream);
        Ok(answer.trim_end().to_owned())
    }

    fn ask_again(&mut self, command: &str) -> io::Result<String> {
        let kept = self.open.is_some();
        match self.ask(command) {
            // the other program was restarted since the last order; a time-out is not that
            Err(error) if kept && !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                self.ask(command)
            }
            done => done,
        }
    }
}

impl Lines for SocketLines {
    fn set(&mut self, line: Line, to: Drive) -> Result<(), LineError> {
        let command = match (line, to) {
            (Line::Power, Drive::Asserted) => "power on",
            (Line::Power, Drive::Released) => "power off",
            (Line::Reset, Drive::Asserted) => "cen low",
            (Line::Reset, Drive::Released) => "cen high",
            (Line::Park, _) => return Ok(()),
        };
        let (what, remedy) = match self.ask_again(command) {
            Ok(answer) if answer.starts_with("ok") => return Ok(()),
            Ok(answer) => (format!("`{answer}`"), "look at the program behind the socket"),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                    (error.to_string(), "start the program behind the socket, or correct `path`")
                }
                io::ErrorKind::PermissionDenied => {
                    (error.to_string(), "let the user that runs flashjig use the socket")
                }
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => (
                    format!("no answer within {} ms", self.patience.as_millis()),
                    "look at the program behind the socket",
                ),
                _ => (error.to_string(), "look at the program behind the socket"),
            },
        };
        Err(LineError {
            line: format!("lines socket {}", self.path.display()),
            wanted: format!("to answer `ok` to `{command}`"),
            what,
            remedy: remedy.to_owned(),
        })
    }

    fn has(&self, line: Line) -> bool {
        line != Line::Park
    }

    /// A kept connection that the other program closed shows that it ended: what it left the lines at, nobody knows.
    fn check(&mut self) -> Result<(), LineError> {
        let Some(stream) = &mut self.open else { return Ok(()) };
        let what = match hung_up(stream.get_mut()) {
            Ok(false) => return Ok(()),
            Ok(true) => "it hung up".to_owned(),
            Err(error) => error.to_string(),
        };
        self.open = None;
        Err(LineError {
            line: format!("lines socket {}", self.path.display()),
            wanted: "connected".to_owned(),
            what,
            remedy: "look at the program behind the socket".to_owned(),
        })
    }
}

/// Whether the other end is gone. Whoever says something that was not asked for is as good as gone.
fn hung_up(stream: &mut UnixStream) -> io::Result<bool> {
    stream.set_nonblocking(true)?;
    let read = stream.read(&mut [0; 1]);
    stream.set_nonblocking(false)?;
    match read {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
        read => read.map(|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;
    use std::thread::{JoinHandle, spawn};

    /// A program that answers each connection with the next list of answers, then hangs up; gives what it was told.
    fn program(listener: UnixListener, answers: Vec<Vec<&'static str>>) -> JoinHandle<Vec<String>> {
        spawn(move || {
            let mut told = Vec::new();
            for answers in answers {
                let mut stream = BufReader::new(listener.accept().unwrap().0);
                for answer in answers {
                    let mut line = String::new();
                    stream.read_line(&mut line).unwrap();
                    told.push(line.trim_end().to_owned());
                    stream.get_mut().write_all(answer.as_bytes()).unwrap();
                }
            }
            told
        })
    }

    fn bench(answers: Vec<Vec<&'static str>>) -> (tempfile::TempDir, SocketLines, JoinHandle<Vec<String>>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.sock");
        let program = program(UnixListener::bind(&path).unwrap(), answers);
        (folder, SocketLines::new(path), program)
    }

    #[test]
    fn each_order_is_one_line_over_one_connection() {
        let (_folder, mut lines, program) = bench(vec![vec![
            "ok
", "ok done
", "ok
", "ok
",
        ]]);
        lines.set(Line::Reset, Drive::Asserted).unwrap();
        lines.set(Line::Power, Drive::Asserted).unwrap();
        lines.set(Line::Park, Drive::Asserted).unwrap();
        lines.set(Line::Reset, Drive::Released).unwrap();
        lines.set(Line::Power, Drive::Released).unwrap();
        assert_eq!(program.join().unwrap(), ["cen low", "power on", "cen high", "power off"]);
        assert!(lines.has(Line::Power) && lines.has(Line::Reset) && !lines.has(Line::Park));
    }

    #[test]
    fn a_connection_that_broke_is_made_again_once() {
        let (_folder, mut lines, program) = bench(vec![
            vec![
                "ok
",
            ],
            vec![
                "ok
",
            ],
        ]);
        lines.set(Line::Power, Drive::Asserted).unwrap();
        lines.set(Line::Power, Drive::Released).unwrap();
        assert_eq!(program.join().unwrap(), ["power on", "power off"]);
        let error = lines.set(Line::Power, Drive::Released).unwrap_err();
        assert!(error.remedy.contains("start the program"), "{error}");
    }

    #[test]
    fn a_program_that_ended_is_found_out_without_an_order() {
        let (_folder, mut lines, program) = bench(vec![]);
        program.join().unwrap();
        assert_eq!(lines.check(), Ok(()), "nothing is known of one that was never asked");
        let (_folder, mut lines, program) = bench(vec![vec!["ok\n"]]);
        lines.set(Line::Power, Drive::Released).unwrap();
        program.join().unwrap();
        let error = lines.check().unwrap_err();
        assert!(error.what.contains("hung up"), "{error}");
    }

    #[test]
    fn looking_at_a_program_that_is_there_changes_nothing() {
        let (_folder, mut lines, program) = bench(vec![vec!["ok\n", "ok\n"]]);
        lines.set(Line::Power, Drive::Released).unwrap();
        assert_eq!(lines.check(), Ok(()));
        lines.set(Line::Reset, Drive::Asserted).unwrap();
        assert_eq!(program.join().unwrap(), ["power off", "cen low"]);
    }

    #[test]
    fn a_refusal_says_what_the_program_said() {
        let (_folder, mut lines, program) = bench(vec![vec![
            "error: relay stuck
",
        ]]);
        let error = lines.set(Line::Power, Drive::Asserted).unwrap_err().to_string();
        assert!(error.contains("relay stuck") && error.contains("power on"), "{error}");
        program.join().unwrap();
    }

    #[test]
    fn a_program_that_says_nothing_is_given_up_and_its_late_answer_is_not_taken() {
        let (folder, mut lines, program) = bench(vec![]);
        program.join().unwrap();
        let path = folder.path().join("other.sock");
        let listener = UnixListener::bind(&path).unwrap();
        lines.path = path;
        lines.patience = Duration::from_millis(20);
        let error = lines.set(Line::Power, Drive::Asserted).unwrap_err();
        assert!(error.what.contains("no answer"), "{error}");
        let mut late = listener.accept().unwrap().0;
        _ = late.write_all(b"ok\n");
        assert!(lines.set(Line::Power, Drive::Released).is_err());
    }
}
