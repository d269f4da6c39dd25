//! Reading, checking, erasing and writing the flash.

use super::LinkError;
use super::answer::{Answer, judge};
use super::chip_link::{AWAKE, ChipLink};
use super::exchange::{NUDGES, TRIES};
use crate::model::chip::beken::{Command, EraseSize, Reply, crc};
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::{PAGE, SECTOR};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// Time beyond that on the wire after which a sector counts as lost. No chip thinks before it reads.
const READ_SILENCE: Duration = Duration::from_millis(250);

/// Reads under way, by unshifted address.
struct Queue {
    /// The next sector to be received.
    got: u32,
    /// The next sector to be asked for.
    asked: u32,
    /// For each link check sent in between and not answered yet: the sectors asked for before it.
    nudges: VecDeque<u32>,
}

impl ChipLink {
    /// Reads a range, sector by sector, and hands each piece to `sink` with its address, in order.
    ///
    /// Reads that the chip refuses (an L-boot's own area) are shifted by the flash size: the address wraps round.
    /// What was read is what came over a line without checksums: compare it with [`Self::crc`].
    pub(crate) async fn read(
        &mut self,
        span: Span,
        flash_size: u32,
        sink: &mut (dyn FnMut(u32, &[u8]) + Send),
    ) -> Result<(), LinkError> {
        let floor = self.dialect().read_floor();
        let wire = |at: u32| if at < floor { at.saturating_add(flash_size) } else { at };
        let in_flight = self.known().map_or(1, |dialect| dialect.reads_in_flight() as u32);
        let mut queue = Queue { got: span.start, asked: span.start, nudges: VecDeque::new() };
        let mut tries = 1;
        while queue.got < span.end {
            while queue.asked < span.end && (queue.asked - queue.got) / SECTOR < in_flight {
                self.send(&Command::ReadSector { addr: wire(queue.asked) }).await?;
                queue.asked = queue.asked.saturating_add(SECTOR);
            }
            match self.sector(wire(queue.got), &mut queue).await {
                Ok(data) => {
                    let wanted = (span.end - queue.got).min(SECTOR) as usize;
                    sink(queue.got, data.get(..wanted).unwrap_or(&data));
                    queue.got = queue.got.saturating_add(SECTOR);
                    tries = 1;
                }
                Err(error) if error.is_passing() => {
                    self.resync("a read").await?;
                    if tries >= TRIES {
                        return Err(error);
                    }
                    tries += 1;
                    self.stats.retries += 1;
                    queue = Queue { got: queue.got, asked: queue.got, nudges: VecDeque::new() };
                }
                Err(error) => return Err(error),
            }
        }
        self.collect(queue.nudges.len() as u32).await.map(|_| ())
    }

    /// The reply to the oldest of the outstanding reads. Any other sector means that this one was lost, and so does
    /// the reply to a link check that was sent behind it: a chip serves its commands in order.
    async fn sector(&mut self, addr: u32, queue: &mut Queue) -> Result<Vec<u8>, LinkError> {
        let asked = || Command::ReadSector { addr }.to_string();
        let nudges = if self.dialect().resets_when_idle() { NUDGES as usize } else { 0 };
        // a port may hand over a whole frame at once
        let longest = READ_SILENCE + 2 * self.wire_time(4111);
        let last = self.line_free().max(Instant::now()) + longest;
        loop {
            let nudge = queue.nudges.len() < nudges;
            let until = if nudge { (self.last_use() + AWAKE).min(last) } else { last };
            match self.next_reply(until).await? {
                Some(reply @ Reply::ReadSector { .. }) => {
                    return match (judge(&Command::ReadSector { addr }, &reply), reply) {
                        (Answer::Yes, Reply::ReadSector { data, .. }) => Ok(data),
                        (Answer::Refused(status), _) => {
                            Err(LinkError::Refused { command: asked(), status, changes: false })
                        }
                        (_, reply) => {
                            self.stats.errors += 1;
                            Err(LinkError::BadReply { command: asked(), found: reply.to_string() })
                        }
                    };
                }
                Some(Reply::Link) => match queue.nudges.pop_front() {
                    Some(behind) if behind <= queue.got => self.gate.linked(),
                    Some(_) => break,
                    None => self.stats.errors += 1,
                },
                Some(_) => self.stats.errors += 1,
                None if Instant::now() >= last => break,
                None if nudge && self.nudge(false).await? => queue.nudges.push_back(queue.asked),
                None => {}
            }
        }
        self.stats.errors += 1;
        Err(LinkError::Unanswered { command: asked() })
    }

    /// The chip's own CRC of a range (wire value). Its length must be a multiple of 256: an L-boot counts whole
    /// blocks only. Locks the flash of an L-boot until the next link check and erase; [`Self::erase`] sees to that.
    pub(crate) async fn crc(&mut self, span: Span) -> Result<u32, LinkError> {
        if span.is_empty() || !span.len().is_multiple_of(PAGE) {
            // an L-boot does not answer for a minute when the range is inverted
            let expected = "a length that is a multiple of 256 and not 0".to_owned();
            return Err(LinkError::Forbidden { what: "a CRC", addr: span.start, expected });
        }
        self.crc_of(span.start, span.end - 1).await
    }

    /// Whether the flash holds `expected` from the start of `span` to its end, by the chip's own digest of it: proof
    /// that does not lean on what was read. Costs what [`Self::crc`] costs, and locks as it does.
    pub(crate) async fn matches(&mut self, span: Span, expected: &[u8]) -> Result<bool, LinkError> {
        if expected.len() != span.len() as usize {
            let wanted = format!("{:#x} bytes to compare {span} with, not {:#x}", span.len(), expected.len());
            return Err(LinkError::Forbidden { what: "a proof", addr: span.start, expected: wanted });
        }
        Ok(self.crc(span).await? == crc::wire(expected))
    }

    /// CheckCrc with the range exactly as it goes over the wire.
    pub(super) async fn crc_of(&mut self, start: u32, last: u32) -> Result<u32, LinkError> {
        let command = Command::CheckCrc { start, last };
        match self.ask(&command).await? {
            Reply::Crc(value) => Ok(value),
            other => Err(LinkError::BadReply { command: command.to_string(), found: other.to_string() }),
        }
    }

    /// The last guard, on every chip: nothing of the boot loader (but what [`Self::allow_boot_area`] lets be put back on a
    /// ROM) and nothing behind the end is ever erased or written, and no address is left for the chip to round down.
    fn guard(&self, what: &'static str, addr: u32, unit: u32) -> Result<(), LinkError> {
        let end = u64::from(addr) + u64::from(unit);
        let floor = self.floor();
        if addr >= floor && end <= u64::from(self.flash_size()) && addr.is_multiple_of(unit) {
            return Ok(());
        }
        let size = self.flash_size();
        let expected = format!("{floor:#08x}..{size:#08x}, at a multiple of {unit:#x}");
        Err(LinkError::Forbidden { what, addr, expected })
    }

    /// Erases 4 or 64 KiB. Repeated when its reply is lost: an erased sector may be erased again.
    pub(crate) async fn erase(&mut self, size: EraseSize, addr: u32) -> Result<(), LinkError> {
        if !matches!(size, EraseSize::Sector | EraseSize::Block) {
            // an L-boot answers "ok" to the other sizes and does nothing
            let expected = "a size of 4 or 64 KiB".to_owned();
            return Err(LinkError::Forbidden { what: "an erase", addr, expected });
        }
        let mut tries = 1;
        loop {
            // each time: what answers after a lost reply may be another board
            self.guard("an erase", addr, size.bytes())?;
            if !self.is_vouched() {
                return Err(LinkError::Stranger { what: "an erase", addr });
            }
            if self.dialect().locks_after_crc() && !self.gate.may_erase() {
                self.link_check().await?;
            }
            match self
                .exchange(&Command::Erase { size, addr: addr.saturating_add(self.dialect().erase_offset()) })
                .await
            {
                Ok(_) => {
                    self.gate.erased();
                    self.spend();
                    return Ok(());
                }
                // one flipped bit makes a refusal of an "ok"
                Err(error) if error.is_passing() || matches!(error, LinkError::Refused { .. }) => {
                    self.resync("an erase").await?;
                    if tries >= TRIES {
                        return Err(error);
                    }
                    tries += 1;
                    self.stats.retries += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes one sector of 4096 bytes into erased flash.
    ///
    /// Never repeated: after a damaged reply the sector may hold anything, so the caller erases it and writes it again;
    /// the link is in step then. After no reply at all ([`LinkError::HalfSent`]) nothing more may be sent before a reset.
    pub(crate) async fn write_sector(&mut self, addr: u32, data: &[u8]) -> Result<(), LinkError> {
        self.guard("a write", addr, SECTOR)?;
        if !self.may_write() {
            return Err(LinkError::Stranger { what: "a write", addr });
        }
        if data.len() != SECTOR as usize {
            // an L-boot hangs on a length that is no multiple of 256, a ROM refuses all but 4096
            let expected = format!("4096 bytes, not {}", data.len());
            return Err(LinkError::Forbidden { what: "a write", addr, expected });
        }
        if self.is_locked() {
            return Err(LinkError::Locked { addr });
        }
        let data = data.to_vec();
        let whole = self.dialect().writes_whole_frames();
        let command = if whole { Command::Write { addr, data } } else { Command::WritePages { addr, data } };
        match self.exchange(&command).await {
            Ok(_) => Ok(()),
            Err(LinkError::Unanswered { command }) => Err(LinkError::HalfSent { command }),
            Err(error) if error.is_passing() => {
                self.resync("a write").await?;
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}
