//! The link itself: one exchange, and how to get back in step after a lost one.

use super::answer::{Answer, judge, longest_reply};
use super::gate::Gate;
use super::{LinkError, LinkStats};
use crate::jig::Port;
use crate::model::beken::frame::{Found, ReplyScanner};
use crate::model::beken::{Command, Dialect, Reply};
use crate::model::flash::geometry::USUAL_SIZE;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// The rate of every chip after a reset.
pub(super) const RESET_BAUD: u32 = 115_200;
/// Longest silence towards a chip that resets itself when idle (T 1.0.5: 7 million instructions, 176 ms at 40 per
/// µs; a faster chip counts them sooner).
pub(super) const AWAKE: Duration = Duration::from_millis(60);
/// Silence that counts as quiet; USB adapters may hold bytes back for 16 ms.
const QUIET: Duration = Duration::from_millis(20);
/// How long the tail of old replies may last. A full ring of link checks is answered within 0.1 s, two sectors at
/// 115200 baud within 0.8 s.
const TAIL: Duration = Duration::from_secs(2);
/// Most link checks sent behind one command that takes its time; with them far less than the 120 bytes are
/// outstanding that a busy chip surely takes.
const NUDGES: u32 = 4;
/// Link checks sent one by one to get in step again.
const SINGLE_TRIES: u32 = 5;
/// After them, bursts: a chip that lost bytes of a sector write waits for them without a time limit.
const BURST_TRIES: u32 = 16;
/// 300 bytes, below the 512 of an L-boot's ring; sixteen of them fill up a whole lost write of 4108 bytes.
const BURST: usize = 60;
/// How often a command that may be repeated is sent in all.
pub(super) const TRIES: u32 = 4;

/// A session with one chip over one port.
pub struct ChipLink {
    port: Box<dyn Port>,
    scanner: ReplyScanner,
    inbox: Box<[u8]>,
    baud: u32,
    dialect: Option<Dialect>,
    flash_size: u32,
    pub(super) gate: Gate,
    /// When the last byte written so far will have left.
    line_free: Instant,
    /// When the last byte came.
    heard: Instant,
    pub(super) stats: LinkStats,
}

impl ChipLink {
    /// A session over an open port; nothing is sent yet.
    pub fn new(port: Box<dyn Port>) -> Self {
        let now = Instant::now();
        Self {
            port,
            scanner: ReplyScanner::default(),
            inbox: vec![0; 16 * 1024].into(),
            baud: RESET_BAUD,
            dialect: None,
            flash_size: USUAL_SIZE,
            gate: Gate::default(),
            line_free: now,
            heard: now,
            stats: LinkStats::default(),
        }
    }

    /// What was counted so far.
    pub fn stats(&self) -> LinkStats {
        LinkStats { baud: self.baud, ..self.stats }
    }

    /// Gives the port back.
    pub fn into_port(self) -> Box<dyn Port> {
        self.port
    }

    /// Which server answers; before it is known, the one that needs the most care.
    pub fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or(Dialect::TuyaBoot)
    }

    /// Says which server answers; [`Self::probe`] does it too.
    pub fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = Some(dialect);
    }

    /// Whether the server is known.
    pub(super) fn known(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Bytes of flash, the limit for erases and writes: until it is known 2 MiB, the smallest of these boards, so
    /// that no address wraps round to the boot loader.
    pub fn flash_size(&self) -> u32 {
        self.flash_size
    }

    /// Says how large the flash is; [`Self::probe`] does it too.
    pub fn set_flash_size(&mut self, bytes: u32) {
        self.flash_size = bytes;
    }

    /// The rate in use.
    pub(super) fn baud(&self) -> u32 {
        self.baud
    }

    /// Changes the rate of the port alone.
    pub(super) fn set_port_baud(&mut self, rate: u32) -> Result<(), LinkError> {
        self.port.set_baud(rate).map_err(|source| LinkError::Port { doing: "changing its rate", source })?;
        self.baud = rate;
        self.scanner.clear();
        Ok(())
    }

    /// Throws away what was received and not read.
    pub(super) fn discard(&mut self) -> Result<(), LinkError> {
        self.scanner.clear();
        self.port.discard().map_err(|source| LinkError::Port { doing: "clearing its input", source })
    }

    /// Forgets received bytes that are no whole frame yet.
    pub(super) fn forget(&mut self) {
        self.scanner.clear();
    }

    /// Bytes that were noise so far.
    pub(super) fn noise(&self) -> u64 {
        self.scanner.noise()
    }

    /// Time that bytes take on the wire, 10 bits each.
    pub(super) fn wire_time(&self, bytes: usize) -> Duration {
        Duration::from_nanos(bytes as u64 * 10_000_000_000 / u64::from(self.baud.max(1)))
    }

    /// When all that was written will have left.
    pub(super) fn line_free(&self) -> Instant {
        self.line_free
    }

    /// When the chip last saw a byte, or will have seen it.
    pub(super) fn last_use(&self) -> Instant {
        self.line_free.max(self.heard)
    }

    /// Writes raw bytes as far as the port takes them by `until`.
    pub(super) async fn write_some(&mut self, bytes: &[u8], until: Instant) -> Result<(), LinkError> {
        match timeout_at(until, self.port.write(bytes)).await {
            Err(_) => Ok(()),
            Ok(Ok(n)) => {
                self.sent(n);
                Ok(())
            }
            Ok(Err(source)) => Err(LinkError::Port { doing: "writing to it", source }),
        }
    }

    fn sent(&mut self, bytes: usize) {
        self.stats.tx_bytes += bytes as u64;
        self.line_free = self.line_free.max(Instant::now()) + self.wire_time(bytes);
    }

    async fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let until = self.last_use() + self.wire_time(bytes.len()) + TAIL;
        let failed = |source| LinkError::Port { doing: "writing to it", source };
        match timeout_at(until.max(Instant::now() + TAIL), self.port.write_all(bytes)).await {
            Err(_) => Err(failed(std::io::ErrorKind::TimedOut.into())),
            Ok(Err(source)) => Err(failed(source)),
            Ok(Ok(())) => {
                self.sent(bytes.len());
                Ok(())
            }
        }
    }

    /// Sends one frame in one write.
    pub(super) async fn send(&mut self, command: &Command) -> Result<(), LinkError> {
        tracing::trace!(%command, baud = self.baud, "to chip");
        if matches!(command, Command::CheckCrc { .. }) {
            self.gate.locked();
        }
        self.write_all(&command.encode()).await
    }

    /// Reads what comes until then into the scanner; 0 when nothing came in time.
    pub(super) async fn read_some(&mut self, until: Instant) -> Result<usize, LinkError> {
        match timeout_at(until, self.port.read(&mut self.inbox)).await {
            Err(_) => Ok(0),
            Ok(Ok(0)) => {
                let source = std::io::ErrorKind::UnexpectedEof.into();
                Err(LinkError::Port { doing: "reading from it", source })
            }
            Ok(Ok(n)) => {
                self.heard = Instant::now();
                self.stats.rx_bytes += n as u64;
                self.scanner.feed(self.inbox.get(..n).unwrap_or_default());
                Ok(n)
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => Ok(0),
            Ok(Err(source)) => Err(LinkError::Port { doing: "reading from it", source }),
        }
    }

    /// The next whole reply among the bytes that are here already.
    pub(super) fn take_reply(&mut self) -> Option<Reply> {
        loop {
            match self.scanner.take()? {
                Found::Frame(reply) => {
                    tracing::trace!(%reply, "from chip");
                    return Some(reply);
                }
                Found::Strange { code, total } => {
                    tracing::trace!(code, total, "from chip: a frame that is no reply");
                    self.stats.errors += 1;
                }
            }
        }
    }

    /// The next whole reply, `None` when there is none by then.
    pub(super) async fn next_reply(&mut self, until: Instant) -> Result<Option<Reply>, LinkError> {
        loop {
            if let Some(reply) = self.take_reply() {
                return Ok(Some(reply));
            }
            let got = self.read_some(until).await?;
            if got == 0 && Instant::now() >= until {
                return Ok(None);
            }
            // noise without end must not outlast the deadline
            if Instant::now() >= until {
                return Ok(self.take_reply());
            }
        }
    }

    /// Sends a command and waits for its reply: the bytes' time on the wire and the command's own patience. Replies
    /// to something else are counted and skipped.
    pub async fn exchange(&mut self, command: &Command) -> Result<Reply, LinkError> {
        self.send(command).await?;
        self.reply_to(command, command.patience()).await
    }

    /// Waits for the reply to a command that was sent.
    ///
    /// A chip that resets when idle is sent a link check when it stays silent: commands are served in order, so a
    /// link reply that comes first proves that the command was never understood; no reply proves that it is at work.
    pub(super) async fn reply_to(&mut self, command: &Command, patience: Duration) -> Result<Reply, LinkError> {
        let last = self.line_free.max(Instant::now()) + self.wire_time(longest_reply(command)) + patience;
        let may_nudge = self.dialect().resets_when_idle() && !matches!(command, Command::LinkCheck);
        let mut nudges = 0;
        let unanswered = || LinkError::Unanswered { command: command.to_string() };
        let answer = loop {
            let nudge_at = self.last_use() + AWAKE;
            let nudge = may_nudge && nudges < NUDGES && nudge_at < last;
            let Some(reply) = self.next_reply(if nudge { nudge_at } else { last }).await? else {
                if !nudge {
                    self.stats.errors += 1;
                    break Err(unanswered());
                }
                // a frame that is still coming in is sign of life enough
                if self.last_use() + AWAKE <= Instant::now() {
                    nudges += 1;
                    self.send(&Command::LinkCheck).await?;
                }
                continue;
            };
            match judge(command, &reply) {
                Answer::Yes => break Ok(reply),
                Answer::Refused(status) => {
                    let changes = matches!(
                        command,
                        Command::Erase { .. }
                            | Command::EraseSector { .. }
                            | Command::Write { .. }
                            | Command::WritePages { .. }
                    );
                    break Err(LinkError::Refused { command: command.to_string(), status, changes });
                }
                Answer::Mismatch => {
                    self.stats.errors += 1;
                    break Err(LinkError::BadReply { command: command.to_string(), found: reply.to_string() });
                }
                Answer::Unrelated if nudges > 0 && reply == Reply::Link => {
                    self.stats.errors += 1;
                    break Err(unanswered());
                }
                Answer::Unrelated => self.stats.errors += 1,
            }
        };
        if nudges > 0 && answer.is_ok() {
            self.collect(nudges).await?;
        }
        if matches!((command, &answer), (Command::LinkCheck, Ok(_))) {
            self.gate.linked();
        }
        answer
    }

    /// Takes the replies to the link checks that were sent behind a command.
    async fn collect(&mut self, nudges: u32) -> Result<(), LinkError> {
        let until = Instant::now() + AWAKE;
        let mut left = nudges;
        while left > 0 {
            match self.next_reply(until).await? {
                Some(Reply::Link) => {
                    left -= 1;
                    self.gate.linked();
                }
                Some(_) => self.stats.errors += 1,
                None => break,
            }
        }
        Ok(())
    }

    /// Reads and forgets until the line was quiet twice in a row; gives the number of bytes.
    pub(super) async fn drain(&mut self) -> Result<usize, LinkError> {
        let give_up = self.line_free.max(Instant::now()) + TAIL;
        let (mut bytes, mut quiet) = (0, 0);
        while quiet < 2 {
            let until = self.line_free.max(Instant::now()) + QUIET;
            match self.read_some(until).await? {
                0 => quiet += 1,
                n => {
                    quiet = 0;
                    bytes += n;
                }
            }
            self.scanner.clear();
            if quiet < 2 && Instant::now() >= give_up {
                return Err(LinkError::Noise { bytes });
            }
        }
        Ok(bytes)
    }

    /// One link check, without a second try.
    pub(super) async fn one_link_check(&mut self) -> Result<bool, LinkError> {
        match self.exchange(&Command::LinkCheck).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_passing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks whether the chip is there, and gets in step with it where one answer is lost.
    pub async fn link_check(&mut self) -> Result<(), LinkError> {
        if self.one_link_check().await? { Ok(()) } else { self.resync("a link check").await }
    }

    /// Gets in step again after a lost or damaged reply: waits until nothing comes any more, then sends link checks
    /// until one is answered. Filler for a command that lost bytes on its way is sent in bursts, last.
    pub(super) async fn resync(&mut self, doing: &str) -> Result<(), LinkError> {
        for attempt in 0..SINGLE_TRIES + BURST_TRIES {
            match self.drain().await {
                Err(LinkError::Noise { .. }) | Ok(_) => {}
                Err(error) => return Err(error),
            }
            if attempt >= SINGLE_TRIES {
                let filler = Command::LinkCheck.encode().repeat(BURST - 1);
                self.write_all(&filler).await?;
            }
            if self.one_link_check().await? {
                if attempt >= SINGLE_TRIES {
                    self.drain().await?;
                }
                return Ok(());
            }
        }
        Err(LinkError::Lost { doing: doing.to_owned(), rate: self.baud })
    }

    /// An exchange that may be repeated: nothing in the flash changes by it, or not by doing it twice.
    pub(super) async fn ask(&mut self, command: &Command) -> Result<Reply, LinkError> {
        let mut tries = 1;
        loop {
            match self.exchange(command).await {
                Err(error) if error.is_passing() => {
                    self.resync(&command.to_string()).await?;
                    if tries >= TRIES {
                        return Err(error);
                    }
                }
                done => return done,
            }
            tries += 1;
            self.stats.retries += 1;
        }
    }
}
