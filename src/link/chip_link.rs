//! The link itself: what it knows of the chip, and raw bytes in and out.

use super::flash_lock::FlashLock;
use super::{LinkError, LinkStats};
use crate::jig::{LineCounts, Port};
pub(super) use crate::model::chip::baud::RESET as RESET_BAUD;
use crate::model::chip::beken::scan::{Found, ReplyScanner};
use crate::model::chip::beken::{Command, Dialect, Reply};
use crate::model::chip::{Chip, Family};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

/// How long the port may take for bytes beyond their time on the wire.
const WRITE_PATIENCE: Duration = Duration::from_secs(2);
/// Longest silence towards a chip that resets itself when idle (T 1.0.5: 7 million instructions, 176 ms at 40 per
/// µs; a faster chip counts them sooner).
pub(super) const AWAKE: Duration = Duration::from_millis(60);
/// A session with one chip over one port.
pub(crate) struct ChipLink {
    port: Box<dyn Port>,
    scanner: ReplyScanner,
    inbox: Box<[u8]>,
    baud: u32,
    dialect: Option<Dialect>,
    flash_size: u32,
    /// Nothing below is erased or written.
    boot_end: u32,
    /// The boot area may be put back from the backup; only ever true on a ROM.
    boot_area: bool,
    /// Somebody has compared the board behind this link with the one of the unit, and it can't have been exchanged since.
    vouched: bool,
    /// That was used for an erase at the rate of a reset.
    spent: bool,
    pub(super) gate: FlashLock,
    /// The sector that the rate was proven with, until somebody wants to know it.
    pub(super) proof: Option<Vec<u8>>,
    /// When the last byte written so far will have left.
    line_free: Instant,
    /// When the last byte came.
    heard: Instant,
    /// What was counted on the port before this session.
    before: Option<LineCounts>,
    pub(super) stats: LinkStats,
}

impl ChipLink {
    /// A session over an open port; nothing is sent yet.
    pub(crate) fn new(port: Box<dyn Port>) -> Self {
        let now = Instant::now();
        Self {
            before: port.counts(),
            port,
            scanner: ReplyScanner::default(),
            inbox: vec![0; 16 * 1024].into(),
            baud: RESET_BAUD,
            dialect: None,
            flash_size: Family::Beken.smallest_flash(),
            boot_end: Family::Beken.highest_boot_end(),
            boot_area: false,
            vouched: false,
            spent: false,
            gate: FlashLock::default(),
            proof: None,
            line_free: now,
            heard: now,
            stats: LinkStats::default(),
        }
    }

    /// What was counted so far.
    pub(crate) fn stats(&self) -> LinkStats {
        let overruns = self.before.zip(self.port.counts());
        let overruns = overruns.map(|(before, now)| u64::from(now.overruns.wrapping_sub(before.overruns)));
        LinkStats { baud: self.baud, overruns, ..self.stats }
    }

    /// Which server answers; before it is known, the one that needs the most care.
    pub(crate) fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or(Dialect::TuyaBoot)
    }

    /// Says which server answers; [`Self::probe`] does it too.
    pub(crate) fn set_dialect(&mut self, dialect: Dialect) {
        self.dialect = Some(dialect);
    }

    /// Says which chip answers: with it its server and the end of its boot loader.
    pub(crate) fn set_chip(&mut self, chip: Chip) {
        self.set_dialect(chip.dialect());
        self.boot_end = chip.boot_end();
    }

    /// Back to what needs the most care.
    pub(super) fn forget_dialect(&mut self) {
        self.dialect = None;
        self.boot_end = Family::Beken.highest_boot_end();
    }

    /// Whether the server is known.
    pub(super) fn known(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Bytes of flash, the limit for erases and writes: until it is known that of the smallest of these boards, so that
    /// no address wraps round to the boot loader.
    pub(crate) fn flash_size(&self) -> u32 {
        self.flash_size
    }

    /// Lets a chip that starts from its ROM have its boot area put back from the backup, after a damaged frame hit it.
    /// Nothing is allowed where the boot loader in flash is the only one.
    pub(crate) fn allow_boot_area(&mut self) {
        self.boot_area = self.dialect == Some(Dialect::Rom);
    }

    /// Says that the board behind this link is the one that the unit is about. Before that nothing is erased or written.
    pub(crate) fn vouch(&mut self) {
        (self.vouched, self.spent) = (true, false);
    }

    /// Whether it may be erased: a session that begins anew may be with another board.
    pub(crate) fn is_vouched(&self) -> bool {
        self.vouched && !self.spent
    }

    /// Whether it may be written. A board that came after the last erase is protected, so a write does it no harm.
    pub(super) fn may_write(&self) -> bool {
        self.vouched
    }

    /// Whether a write would be ignored until the next erase.
    pub(crate) fn is_locked(&self) -> bool {
        self.dialect().locks_after_crc() && !self.gate.may_write()
    }

    /// From here on another board may answer.
    pub(super) fn disown(&mut self) {
        self.vouched = false;
    }

    /// Asks for a new word for the board before anything is erased, where another one may have been put in without a lost
    /// answer: at the rate of a reset.
    pub(crate) fn doubt(&mut self) {
        self.spent |= self.baud == RESET_BAUD;
    }

    /// At the rate of a reset a board that is put in between two frames would understand the next one; a loader asks
    /// for no link check before it erases. So a word for the board is good for one erase there, and the writes after it.
    pub(super) fn spend(&mut self) {
        self.spent = self.baud == RESET_BAUD;
    }

    /// The lowest address that may be erased or written.
    pub(super) fn floor(&self) -> u32 {
        if self.boot_area && self.dialect == Some(Dialect::Rom) { 0 } else { self.boot_end }
    }

    /// Says how large the flash is; [`Self::probe`] does it too.
    pub(crate) fn set_flash_size(&mut self, bytes: u32) {
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

    /// A command was answered, so it has left, even where the line is quicker than its rate says (a PTY).
    pub(super) fn arrived(&mut self) {
        self.line_free = self.line_free.min(Instant::now());
    }

    fn sent(&mut self, bytes: usize) {
        self.stats.tx_bytes += bytes as u64;
        self.line_free = self.line_free.max(Instant::now()) + self.wire_time(bytes);
    }

    pub(super) async fn write_all(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        let until = self.last_use() + self.wire_time(bytes.len()) + WRITE_PATIENCE;
        let failed = |source| LinkError::Port { doing: "writing to it", source };
        match timeout_at(until.max(Instant::now() + WRITE_PATIENCE), self.port.write_all(bytes)).await {
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

    /// What the board says by itself until then, no more than so many bytes.
    pub(crate) async fn overhear(&mut self, until: Instant, most: usize) -> Result<Vec<u8>, LinkError> {
        let mut said = Vec::new();
        while said.len() < most {
            let got = self.read_some(until).await?;
            said.extend_from_slice(self.inbox.get(..got).unwrap_or_default());
            if Instant::now() >= until {
                break;
            }
        }
        self.scanner.clear();
        said.truncate(most);
        Ok(said)
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
}
