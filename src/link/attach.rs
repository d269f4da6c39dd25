//! From a board that may do anything to a chip that answers link checks.

use super::LinkError;
use super::chip_link::{ChipLink, RESET_BAUD};
use super::flash_lock::FlashLock;
use super::rate::PROOF_AT;
use crate::jig::LineError;
use crate::model::chip::beken::{Command, Reply};
use crate::model::chip::flash::geometry::PAGE;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// Link checks in one write: 20 bytes, 1.7 ms at 115200 baud.
const BURST: usize = 4;
/// Time between two writes. The line is busy for 87 % of it; the gap lets a receiver that starts in the middle of a
/// byte find the next start bit.
const PACE: Duration = Duration::from_millis(2);
/// Pause after an answer that does not count yet. An answer is longer than its link check: a chip under an unbroken
/// flood falls behind, and after 0.2 s an L-boot's ring of 512 bytes overflows.
const HOLD: Duration = Duration::from_millis(10);

/// Silence after which a chip has answered all link checks of the flood, as long as no adapter holds its bytes back.
const PAUSE: Duration = Duration::from_millis(5);
/// A full ring of link checks is answered in this time; what still talks then is no chip that answers them.
const TAIL: Duration = Duration::from_millis(100);

impl ChipLink {
    /// Floods link checks while `reset` holds and releases the chip, and for at most `patience` after it, until the
    /// chip answers; then waits for the last of the stale replies and makes one clean exchange.
    ///
    /// The ROM is assumed to look for a link check for 5 ms after its reset, the L-boot of a stock BK7231T for 25 ms:
    /// the flood must run before the reset is released and must not wait for it.
    pub(crate) async fn attach<R>(&mut self, reset: R, patience: Duration) -> Result<(), LinkError>
    where
        R: Future<Output = Result<(), LineError>>,
    {
        self.gate = FlashLock::default();
        self.proof = None;
        self.disown();
        self.set_port_baud(RESET_BAUD)?;
        self.discard()?;
        let noise = self.noise();
        let mut give_up = None;
        let mut reset = std::pin::pin!(reset);
        loop {
            self.flood(reset.as_mut(), &mut give_up, patience).await?;
            let Some(last) = give_up else { continue };
            if self.fence().await? {
                return Ok(());
            }
            let answered = match self.drain().await {
                Ok(_) => self.one_link_check().await?,
                Err(LinkError::Noise { .. }) => false,
                Err(error) => return Err(error),
            };
            if answered {
                return Ok(());
            }
            if Instant::now() >= last {
                return Err(LinkError::NoAnswer { waited: patience, noise: self.noise() - noise });
            }
        }
    }

    /// Asks something else than a link check and makes one clean exchange: commands are served in order, so its answer is
    /// behind all stale ones, and nobody has to wait for long silence. Whether that worked out.
    async fn fence(&mut self) -> Result<bool, LinkError> {
        let errors = self.stats.errors;
        // a ROM may have no room for a command while another one is under way
        let last = Instant::now() + TAIL;
        while self.read_some(self.line_free().max(Instant::now()) + PAUSE).await? > 0 && Instant::now() < last {
            self.forget();
        }
        let question = Command::CheckCrc { start: PROOF_AT, last: PROOF_AT + PAGE - 1 };
        let is_behind = match self.exchange(&question).await {
            Ok(_) => self.one_link_check().await?,
            Err(error) if error.is_passing() || matches!(error, LinkError::Refused { .. }) => false,
            Err(error) => return Err(error),
        };
        // the stale ones are no fault of the line
        self.stats.errors = errors;
        Ok(is_behind)
    }

    /// Floods until an answer comes after the reset, or until it is too late. What comes before the reset is done is
    /// from the life before it.
    async fn flood<R>(
        &mut self,
        mut reset: std::pin::Pin<&mut R>,
        give_up: &mut Option<Instant>,
        patience: Duration,
    ) -> Result<(), LinkError>
    where
        R: Future<Output = Result<(), LineError>>,
    {
        let burst = Command::LinkCheck.encode().repeat(BURST);
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut hold = Instant::now();
        loop {
            let far = Instant::now() + Duration::from_secs(3600);
            tokio::select! {
                biased;
                now = pace.tick() => {
                    if give_up.is_some_and(|last| now >= last) {
                        return Ok(());
                    }
                    if now >= hold {
                        self.write_some(&burst, now + PACE / 2).await?;
                    }
                }
                done = &mut reset, if give_up.is_none() => {
                    done?;
                    self.forget();
                    *give_up = Some(Instant::now() + patience);
                }
                got = self.read_some(far) => {
                    got?;
                    while let Some(reply) = self.take_reply() {
                        if reply == Reply::Link && give_up.is_some() {
                            return Ok(());
                        }
                        hold = Instant::now() + HOLD;
                    }
                }
            }
        }
    }
}
