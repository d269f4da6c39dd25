//! Frames of a write on a loader in flash: the next one goes out while the one before it is programmed, as far as
//! [`Danger`](crate::model::chip::flash::write_order::Danger) lets it be followed.

use super::LinkError;
use super::answer::{Answer, judge, longest_reply};
use super::chip_link::{ChipLink, RESET_BAUD};
use crate::model::chip::beken::{Command, Dialect};
use crate::model::chip::flash::write_order::{AHEAD, Frame};
use std::collections::VecDeque;
use tokio::time::Instant;

/// A frame without an answer.
struct Sent {
    command: Command,
    /// Where it ends in all the bytes that are to be sent.
    end: u64,
    /// Where its data ends in the flash.
    upto: u32,
    alone: bool,
}

impl ChipLink {
    /// Whether the chip takes frames as [`Self::write_frames`] sends them.
    pub(crate) fn takes_frames(&self) -> bool {
        self.known() == Some(Dialect::TuyaBoot)
    }

    /// Whether they may follow each other: at the rate of a reset another board may have been put in.
    pub(crate) fn may_stream(&self) -> bool {
        self.takes_frames() && self.baud() != RESET_BAUD
    }

    /// Writes frames into erased flash, out of the content of the whole of it, and tells `done` how far it came.
    ///
    /// Nothing is repeated. Where one frame alone got a damaged reply the link is in step again, and the sector may hold
    /// anything. In every other case ([`LinkError::HalfSent`]) nothing more may be sent before a reset.
    pub(crate) async fn write_frames(
        &mut self,
        frames: &[Frame],
        want: &[u8],
        done: &mut (dyn FnMut(u32) + Send),
    ) -> Result<(), LinkError> {
        for frame in frames {
            self.may_send(frame, want)?;
        }
        let mut frames = frames.iter();
        let (mut waiting, mut rest): (VecDeque<Sent>, Vec<u8>) = Default::default();
        let (mut sent, mut made) = (0_u64, 0_u64);
        loop {
            // as much as goes ahead of the oldest answer that is missing
            loop {
                if rest.is_empty() {
                    if waiting.back().is_some_and(|last| last.alone) {
                        break;
                    }
                    let Some(frame) = frames.next() else { break };
                    let data = frame.data(want).unwrap_or_default();
                    let command = Command::Write { addr: frame.addr, data };
                    rest = command.encode();
                    made += rest.len() as u64;
                    waiting.push_back(Sent { command, end: made, upto: frame.end, alone: frame.alone });
                }
                let limit = waiting.front().map_or(made, |oldest| oldest.end + u64::from(AHEAD));
                let now = (limit.saturating_sub(sent) as usize).min(rest.len());
                if now == 0 {
                    break;
                }
                let bytes: Vec<u8> = rest.drain(..now).collect();
                self.write_all(&bytes).await?;
                sent += now as u64;
            }
            let Some(oldest) = waiting.front() else { return Ok(()) };
            let is_single = waiting.len() == 1;
            match self.answer_to(&oldest.command).await {
                Ok(()) => done(oldest.upto),
                Err(LinkError::Unanswered { command }) => return Err(LinkError::HalfSent { command }),
                // what follows it may have been cut, and what is sent now would complete it
                Err(LinkError::BadReply { command, .. } | LinkError::Refused { command, .. }) if !is_single => {
                    return Err(LinkError::HalfSent { command });
                }
                Err(error) if error.is_passing() => {
                    self.resync("a write").await?;
                    return Err(error);
                }
                Err(error) => return Err(error),
            }
            waiting.pop_front();
            if waiting.is_empty() {
                self.arrived();
            }
        }
    }

    /// The last guard before a frame.
    fn may_send(&self, frame: &Frame, want: &[u8]) -> Result<(), LinkError> {
        let Frame { addr, blank, end, .. } = *frame;
        let forbidden = |expected: String| Err(LinkError::Forbidden { what: "a write", addr, expected });
        if !self.takes_frames() {
            return forbidden("a Tuya L-boot".into());
        }
        let (floor, size) = (self.floor(), self.flash_size());
        if addr < floor || end > size || want.len() != size as usize {
            return forbidden(format!("{floor:#08x}..{size:#08x}, out of the content of all of it"));
        }
        if end <= addr + blank || end - addr > 4096 || !end.is_multiple_of(32) {
            // its buffer holds little more, and it would fill a last unit of 32 bytes with stale ones
            return forbidden(format!("up to 4096 bytes that end at a multiple of 32, not {addr:#08x}..{end:#08x}"));
        }
        if !self.may_write() {
            return Err(LinkError::Stranger { what: "a write", addr });
        }
        if self.is_locked() {
            return Err(LinkError::Locked { addr });
        }
        Ok(())
    }

    /// The answer to the oldest of the frames under way. Any other one is no answer: they come in order.
    async fn answer_to(&mut self, command: &Command) -> Result<(), LinkError> {
        let until = self.line_free().max(Instant::now()) + self.wire_time(longest_reply(command)) + command.patience();
        let asked = || command.to_string();
        loop {
            let Some(reply) = self.next_reply(until).await? else {
                self.stats.errors += 1;
                return Err(LinkError::Unanswered { command: asked() });
            };
            match judge(command, &reply) {
                Answer::Yes => return Ok(()),
                Answer::Refused(status) => {
                    return Err(LinkError::Refused { command: asked(), status, changes: true });
                }
                Answer::Mismatch => {
                    self.stats.errors += 1;
                    return Err(LinkError::BadReply { command: asked(), found: reply.to_string() });
                }
                Answer::Unrelated => self.stats.errors += 1,
            }
        }
    }
}
