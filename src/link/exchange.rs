//! One command and its reply.

use super::LinkError;
use super::answer::{Answer, judge, longest_reply};
use super::chip_link::{AWAKE, ChipLink};
use super::resync::{QUIET, STUFFING};
use crate::model::chip::beken::{Command, Reply};
use std::time::Duration;
use tokio::time::Instant;

/// Most link checks sent behind one command that takes its time; with them far less than the 120 bytes are
/// outstanding that a busy chip surely takes.
pub(super) const NUDGES: u32 = 4;
/// How often a command that may be repeated is sent in all.
pub(super) const TRIES: u32 = 4;

impl ChipLink {
    /// Sends a command and waits for its reply: the bytes' time on the wire and the command's own patience. Replies
    /// to something else are counted and skipped.
    pub(crate) async fn exchange(&mut self, command: &Command) -> Result<Reply, LinkError> {
        self.send(command).await?;
        self.reply_to(command, command.patience()).await
    }

    /// Waits for the reply to a command that was sent.
    ///
    /// A chip that resets when idle is sent a link check when it stays silent: commands are served in order, so a
    /// link reply that comes first proves that the command was never understood; no reply proves that it is at work.
    /// Behind a write nothing is sent: it could complete one that lost bytes of its address.
    pub(super) async fn reply_to(&mut self, command: &Command, patience: Duration) -> Result<Reply, LinkError> {
        let last = self.line_free().max(Instant::now()) + self.wire_time(longest_reply(command)) + patience;
        let may_nudge =
            self.dialect().resets_when_idle() && !command.is_write() && !matches!(command, Command::LinkCheck);
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
                nudges += u32::from(self.nudge(command.is_erase()).await?);
                continue;
            };
            match judge(command, &reply) {
                Answer::Yes => {
                    self.arrived();
                    break Ok(reply);
                }
                Answer::Refused(status) => {
                    let changes = command.is_write() || command.is_erase();
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

    /// Asks what one server answers at once and another one is silent about. `None` is that silence, proven: commands are served
    /// in order, and a link check that was sent behind this one was answered first.
    ///
    /// The link check goes out when an answer would be here, or at once: where the answer that counts is the silence. An
    /// answer is then only believed when that to the link check is whole, too: it may have lent it a byte.
    pub(super) async fn ask_if_known(&mut self, command: &Command, at_once: bool) -> Result<Option<Reply>, LinkError> {
        self.send(command).await?;
        let mut until = self.line_free().max(Instant::now()) + self.wire_time(longest_reply(command)) + QUIET;
        // whether the link check went out and is not answered yet
        let mut is_nudged = at_once;
        if at_once {
            self.send(&Command::LinkCheck).await?;
            until += command.patience();
        }
        let answer = loop {
            let Some(reply) = self.next_reply(until).await? else {
                if is_nudged {
                    self.stats.errors += 1;
                    return Err(LinkError::Unanswered { command: command.to_string() });
                }
                // a frame that began to come is waited for to its end
                until = self.last_use() + QUIET;
                if until <= Instant::now() {
                    self.forget();
                    self.send(&Command::LinkCheck).await?;
                    is_nudged = true;
                    until = self.line_free().max(Instant::now()) + command.patience();
                }
                continue;
            };
            match judge(command, &reply) {
                Answer::Yes => break Ok(Some(reply)),
                Answer::Refused(status) => {
                    break Err(LinkError::Refused { command: command.to_string(), status, changes: false });
                }
                Answer::Mismatch => {
                    self.stats.errors += 1;
                    return Err(LinkError::BadReply { command: command.to_string(), found: reply.to_string() });
                }
                Answer::Unrelated if is_nudged && reply == Reply::Link => {
                    self.gate.linked();
                    is_nudged = false;
                    break Ok(None);
                }
                Answer::Unrelated => self.stats.errors += 1,
            }
        };
        self.arrived();
        if is_nudged && self.collect(1).await? > 0 && at_once {
            self.stats.errors += 1;
            return Err(LinkError::Unanswered { command: command.to_string() });
        }
        answer
    }

    /// Sends a link check behind a command, unless bytes came a moment ago. After such a silence the rest of a frame
    /// will not come any more; without forgetting it, the link reply would be taken for that rest. Behind an erase goes
    /// what completes one that lost bytes of its address.
    pub(super) async fn nudge(&mut self, behind_erase: bool) -> Result<bool, LinkError> {
        if self.last_use() + AWAKE > Instant::now() {
            return Ok(false);
        }
        self.forget();
        if behind_erase {
            self.write_all(&STUFFING).await?;
        }
        self.send(&Command::LinkCheck).await?;
        Ok(true)
    }

    /// Takes the replies to the link checks that were sent behind a command; gives how many are missing.
    pub(super) async fn collect(&mut self, nudges: u32) -> Result<u32, LinkError> {
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
        Ok(left)
    }

    /// One link check, without a second try.
    pub(super) async fn one_link_check(&mut self) -> Result<bool, LinkError> {
        match self.exchange(&Command::LinkCheck).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_passing() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Sends so many link checks one by one and gives how many stayed without a clean answer. In step when it returns.
    pub(crate) async fn echoes(&mut self, count: u32) -> Result<u32, LinkError> {
        let mut lost = 0;
        for _ in 0..count {
            if !self.one_link_check().await? {
                lost += 1;
                self.resync("an echo").await?;
            }
        }
        Ok(lost)
    }

    /// Asks whether the chip is there, and gets in step with it where one answer is lost.
    pub(crate) async fn link_check(&mut self) -> Result<(), LinkError> {
        if self.one_link_check().await? { Ok(()) } else { self.resync("a link check").await }
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
