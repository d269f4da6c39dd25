//! Whether the virtual boards keep the pace that they claim, seen from outside: a program that knows nothing of flashjig's
//! link speaks to one over its PTY, with a stopwatch.

use crate::board::{Board, Kind};
use crate::floor::{self, chip_rate};
use flashjig::model::chip::beken::{Command, EraseSize, Reply, Status};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::time::Duration;
use tokio::time::Instant;

/// Sectors that are read, one after the other.
const SECTORS: usize = 16;
/// Bytes of noise that no server minds, one way.
const NOISE: usize = 16 * 1024;
/// The least of so many tries counts: whatever else the machine does only adds to it.
const TRIES: usize = 5;
/// The slowest answer takes less.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where there is an application.
const AT: u32 = 0x2_0000;

/// What was timed: what it must take and what it took, s.
pub(crate) struct Lap {
    pub(crate) what: String,
    pub(crate) must: f64,
    pub(crate) took: f64,
}

/// The host's end of the PTY.
struct Port(File);

impl Port {
    fn open(board: &Board) -> Self {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = rustix::fs::open(&board.uart, flags, Mode::empty()).expect("the board's port");
        let mut mode = tcgetattr(&fd).expect("a terminal");
        mode.make_raw();
        tcsetattr(&fd, OptionalActions::Now, &mode).expect("a raw terminal");
        Self(fd.into())
    }

    fn rate(&self, rate: u32) {
        let mut mode = tcgetattr(&self.0).expect("a terminal");
        mode.set_speed(rate).expect("a rate");
        tcsetattr(&self.0, OptionalActions::Now, &mode).expect("a rate");
    }

    /// Whether something comes within that time.
    fn hears(&self, within: Duration) -> bool {
        let limit = Timespec { tv_sec: within.as_secs().cast_signed(), tv_nsec: within.subsec_nanos().into() };
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut fds, Some(&limit)).expect("poll") > 0
    }

    /// Throws away what comes until the line is still.
    fn drain(&mut self) -> usize {
        let mut all = 0;
        while self.hears(Duration::from_millis(60)) {
            all += self.0.read(&mut [0; 4096]).expect("the board");
        }
        all
    }

    /// Sends, and waits for a reply of this kind. Gives the time that both are on the wire, with `up` and `down` a byte, and the
    /// time that it took.
    fn exchange(&mut self, bytes: &[u8], reply: &Reply, up: f64, down: f64) -> Result<(f64, f64), String> {
        let reply = reply.encode();
        let begun = Instant::now();
        self.0.write_all(bytes).expect("the board");
        let mut got = Vec::new();
        let mut piece = [0; 8192];
        while got.len() < reply.len() {
            let (want, found) = (reply.len(), got.len());
            if !self.hears(PATIENCE) {
                return Err(format!("expected a reply of {want} bytes, found {found}"));
            }
            let n = self.0.read(&mut piece).expect("the board");
            got.extend_from_slice(&piece[..n]);
        }
        let took = begun.elapsed().as_secs_f64();
        // kind and length; the content is not what is measured here
        assert_eq!((got.len(), &got[..6]), (reply.len(), &reply[..6]), "the reply to {:02x?}", bytes.get(..8));
        Ok((bytes.len() as f64 * up + reply.len() as f64 * down, took))
    }

    /// The same some times over, and the least time of them.
    fn best(&mut self, bytes: &[u8], reply: &Reply, up: f64, down: f64) -> Result<(f64, f64), String> {
        let mut best = self.exchange(bytes, reply, up, down)?;
        for _ in 1..TRIES {
            best.1 = self.exchange(bytes, reply, up, down)?.1.min(best.1);
        }
        Ok(best)
    }
}

/// A board that answers at this rate. On a loaded machine its window may pass before the link checks are out.
fn linked(board: &mut Board, rate: u32) -> Port {
    let mut port = Port::open(board);
    assert!((0..TRIES).any(|_| links(board, &mut port, rate)), "the board does not answer at {rate} baud");
    port
}

/// Resets a board under a flood of link checks; whether it answers at this rate then.
fn links(board: &mut Board, port: &mut Port, rate: u32) -> bool {
    port.rate(115_200);
    board.tell("cen low");
    board.tell("power on");
    std::thread::sleep(Duration::from_millis(50));
    let check = Command::LinkCheck.encode();
    for turn in 0..40 {
        port.0.write_all(&check.repeat(2)).expect("the board");
        std::thread::sleep(Duration::from_millis(1));
        if turn == 10 {
            board.tell("cen high");
        }
    }
    if port.drain() == 0 {
        return false;
    }
    port.0.write_all(&Command::SetBaud { rate, delay: 20 }.encode()).expect("the board");
    std::thread::sleep(Duration::from_millis(10));
    port.rate(rate);
    port.drain() > 0
}

/// Times one board of this kind at a rate. The error: it fell silent, as one does that a loaded machine keeps waiting.
pub(crate) fn laps(kind: Kind, rate: u32) -> Result<Vec<Lap>, String> {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut board = Board::start(folder.path(), "pace", kind, 1.0);
    let mut port = linked(&mut board, rate);
    let (up, down) = (10.0 / f64::from(rate), 10.0 / chip_rate(rate));
    let mut laps = Vec::new();
    let mut lap = |what: String, must: f64, took: f64| laps.push(Lap { what, must, took });

    let noise = [vec![0; NOISE], Command::LinkCheck.encode()].concat();
    let (must, took) = port.best(&noise, &Reply::Link, up, down)?;
    lap(format!("{} KiB to the board", NOISE / 1024), must, took);

    let (mut must, mut took) = (0.0, 0.0);
    for addr in (AT..).step_by(0x1000).take(SECTORS) {
        let reply = Reply::ReadSector { status: Status::OK, addr, data: vec![0; 4096] };
        let (one, spent) = port.best(&Command::ReadSector { addr }.encode(), &reply, up, down)?;
        (must, took) = (must + one, took + spent);
    }
    lap(format!("{SECTORS} x 4 KiB from the board, each asked for"), must, took);

    let dialect = kind.chip.dialect();
    if dialect.has_registers() {
        // whatever the application had protected
        let (opcode, value) = (1, vec![0, 0]);
        let reply = Reply::WriteStatus { status: Status::OK, opcode, value: value.clone() };
        port.exchange(&Command::WriteStatus { opcode, value }.encode(), &reply, up, down)?;
        std::thread::sleep(Duration::from_millis(20));
    }
    for (what, size, time) in [
        ("4 KiB erased", EraseSize::Sector, floor::ERASE_SECTOR),
        ("64 KiB erased", EraseSize::Block, floor::ERASE_BLOCK),
    ] {
        let reply = Reply::Erase { status: Status::OK, size, addr: AT };
        let (must, took) = port.best(&Command::Erase { size, addr: AT }.encode(), &reply, up, down)?;
        lap(what.to_owned(), must + time, took);
    }
    let (data, status, program) = (vec![0x5A; 4096], Status::OK, 4096.0 / floor::PAGE * floor::PROGRAM_PAGE);
    let (command, reply, behind) = if dialect.writes_whole_frames() {
        // programmed when all of it is there
        (Command::Write { addr: AT, data }, Reply::Write { status, addr: AT, count: 0 }, program)
    } else {
        // programmed page by page as they come: the last one is left
        let last = floor::PROGRAM_PAGE.max(program - (4096.0 - floor::PAGE) * up);
        (Command::WritePages { addr: AT, data }, Reply::WritePages { status, addr: AT }, last)
    };
    let (must, took) = port.best(&command.encode(), &reply, up, down)?;
    lap("4 KiB written".to_owned(), must + behind, took);
    let command = Command::CheckCrc { start: AT, last: AT + 0xFFFF };
    let (must, took) = port.best(&command.encode(), &Reply::Crc(0), up, down)?;
    lap("64 KiB counted by the chip".to_owned(), must + 65_536.0 / f64::from(kind.crc_rate), took);
    Ok(laps)
}
