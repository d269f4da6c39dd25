//! Keeping the chip in its download loop, and letting it go.

use super::LinkError;
use super::chip_link::{AWAKE, ChipLink, RESET_BAUD};
use crate::model::beken::{Command, Reply};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The chip waits 1 ms before it resets itself, the rest is for its UART.
const REBOOT: Duration = Duration::from_millis(5);
/// Time that a boot loader takes for one answer, generously.
const ANSWER: Duration = Duration::from_millis(100);

impl ChipLink {
    /// Does `work` of the host and sends a link check every 60 ms meanwhile, where the chip would reset otherwise.
    ///
    /// When the link is lost, the work is still done to its end before the error is given.
    pub async fn keep_awake<F: Future>(&mut self, work: F) -> Result<F::Output, LinkError> {
        if !self.dialect().resets_when_idle() {
            return Ok(work.await);
        }
        let mut work = std::pin::pin!(work);
        loop {
            let next = self.last_use() + AWAKE;
            tokio::select! {
                biased;
                output = &mut work => return Ok(output),
                () = sleep_until(next) => {}
            }
            let mut output = None;
            let mut check = std::pin::pin!(self.link_check());
            let checked = loop {
                tokio::select! {
                    biased;
                    checked = &mut check => break checked,
                    done = &mut work, if output.is_none() => output = Some(done),
                }
            };
            match (checked, output) {
                (Ok(()), None) => {}
                (Ok(()), Some(output)) => return Ok(output),
                (Err(error), output) => {
                    if output.is_none() {
                        work.await;
                    }
                    return Err(error);
                }
            }
        }
    }

    /// Tells the chip to start its application. There is no reply, and it is sent once only: any byte that arrives in
    /// the boot window after it would hold an L-boot there. The port goes back to 115200 baud.
    pub async fn reboot(&mut self) -> Result<(), LinkError> {
        self.send(&Command::Reboot).await?;
        sleep_until(self.line_free() + REBOOT).await;
        self.set_port_baud(RESET_BAUD)
    }

    /// After a boot: stays silent for `quiet`, long enough for every boot window to pass, then sends one link check.
    /// True when no boot loader answers it, so the application runs (or nothing does).
    pub async fn is_silent(&mut self, quiet: Duration) -> Result<bool, LinkError> {
        let end = Instant::now() + quiet;
        while Instant::now() < end {
            self.read_some(end).await?;
            self.forget();
        }
        self.send(&Command::LinkCheck).await?;
        let last = self.line_free() + ANSWER;
        while let Some(reply) = self.next_reply(last).await? {
            if reply == Reply::Link {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
