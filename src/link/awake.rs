//! Keeping the chip in its download loop, and letting it go.

use super::LinkError;
use super::chip_link::{AWAKE, ChipLink, RESET_BAUD};
use crate::model::chip::beken::Command;
use std::time::Duration;
use tokio::time::sleep_until;

/// The chip waits 1 ms before it resets itself, the rest is for its UART.
const REBOOT: Duration = Duration::from_millis(5);

impl ChipLink {
    /// Does `work` of the host and sends a link check every 60 ms meanwhile, where the chip would reset otherwise.
    ///
    /// When the link is lost, the work is still done to its end before the error is given.
    pub(crate) async fn keep_awake<F: Future>(&mut self, work: F) -> Result<F::Output, LinkError> {
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
    pub(crate) async fn reboot(&mut self) -> Result<(), LinkError> {
        self.send(&Command::Reboot).await?;
        sleep_until(self.line_free() + REBOOT).await;
        self.set_port_baud(RESET_BAUD)
    }
}
