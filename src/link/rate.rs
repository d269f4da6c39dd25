//! The highest rate that carries data unharmed.

use super::LinkError;
use super::chip_link::{ChipLink, RESET_BAUD};
use crate::model::chip::Family;
pub(crate) use crate::model::chip::baud::LADDER;
use crate::model::chip::beken::{Command, Reply, crc};
use crate::model::chip::flash::geometry::SECTOR;
use std::time::Duration;
use tokio::time::sleep_until;

/// The rungs that are always there: where the adapter or the chip can't make the first one, the second one is left.
pub(crate) const LOWEST: usize = 2;

/// A sector that every server lets be read and that holds the application. Not one below: an L-boot refuses to read its
/// own area.
pub(super) const PROOF_AT: u32 = Family::Beken.highest_boot_end();
/// The chip's UART clock.
const CLOCK: u32 = 26_000_000;
/// Delay that SetBaud asks for: 20 ms on a ROM, (20 + 1) · 2 = 42 ms on an L-boot.
const DELAY: u8 = 20;
/// The host switches half-way: its own stop bit has left by then, and no chip answers yet.
const SWITCH: Duration = Duration::from_millis(10);
/// Time for the reply from then on; shorter than an L-boot's 176 ms until it resets itself when idle.
const REPLY: Duration = Duration::from_millis(100);
/// How often a rate may prove itself: one damaged byte is no reason to go slower for the whole unit.
const PROOFS: u32 = 2;
/// Link checks that must be answered at a new rate.
const CHECKS: u32 = 3;

/// The rate that the chip really makes of `rate`: 26 MHz by a whole divisor, 5 to 8192.
pub(crate) fn chip_rate(rate: u32) -> u32 {
    let rate = rate.max(1);
    let divisor = u64::from(CLOCK - 1) + u64::from(rate / 2);
    CLOCK / ((divisor / u64::from(rate)).clamp(5, 8192) as u32)
}

/// Whether the chip's rate is near enough: the two sides together may be off by about 5 % over the ten bits of a
/// byte, and half of that is left to the host.
pub(crate) fn reachable(rate: u32) -> bool {
    u64::from(chip_rate(rate).abs_diff(rate)) * 40 <= u64::from(rate)
}

/// The rates to try where the wires allow `max_baud`, from the top; 115200 is always among them, behind 100000.
pub(crate) fn ladder(max_baud: u32) -> Vec<u32> {
    let mut rates: Vec<u32> = LADDER.into_iter().filter(|rate| *rate < max_baud || *rate <= RESET_BAUD).collect();
    if max_baud > RESET_BAUD && reachable(max_baud) {
        rates.insert(0, max_baud);
    }
    rates
}

impl ChipLink {
    /// Tries the rates in their order until one is proven by link checks and by a sector whose CRC the chip confirms.
    ///
    /// [`LinkError::Lost`] names the rate at which the chip went out of reach: attach again and go on with the rates
    /// behind it.
    pub(crate) async fn raise(&mut self, ladder: &[u32]) -> Result<u32, LinkError> {
        for &rate in ladder {
            if rate != self.baud() && !self.change(rate).await? {
                self.stats.retries += 1;
                continue;
            }
            for _ in 0..PROOFS {
                match self.prove().await {
                    Ok(true) => return Ok(rate),
                    Ok(false) => {}
                    Err(error) if error.is_passing() => {}
                    Err(error) => return Err(error),
                }
                self.stats.retries += 1;
                self.resync("a rate that damages data").await?;
            }
            tracing::debug!(rate, "the rate does not carry data unharmed");
        }
        Err(LinkError::NoBaud { tried: ladder.to_vec() })
    }

    /// Brings both sides to `rate`; false when both are at the old rate.
    async fn change(&mut self, rate: u32) -> Result<bool, LinkError> {
        let old = self.baud();
        if !reachable(rate) {
            tracing::debug!(rate, chip = chip_rate(rate), "the chip can't make this rate");
            return Ok(false);
        }
        // a rate that the host can't make would take the chip out of reach
        let able = self.set_port_baud(rate).is_ok();
        self.set_port_baud(old)?;
        if !able {
            return Ok(false);
        }
        let command = Command::SetBaud { rate, delay: DELAY };
        self.send(&command).await?;
        sleep_until(self.line_free() + SWITCH).await;
        self.set_port_baud(rate)?;
        match self.reply_to(&command, REPLY).await {
            Ok(_) => return Ok(true),
            Err(error) if error.is_passing() => tracing::debug!(rate, %error, "no proper reply at the new rate"),
            // a refusal comes at the old rate, if at all
            Err(LinkError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
        for (at, changed) in [(rate, true), (old, false)] {
            self.set_port_baud(at)?;
            for _ in 0..CHECKS {
                self.drain_a_little().await?;
                if self.one_link_check().await? {
                    return Ok(changed);
                }
            }
        }
        Err(LinkError::Lost { doing: format!("the change from {old} baud"), rate })
    }

    async fn drain_a_little(&mut self) -> Result<(), LinkError> {
        match self.drain().await {
            Ok(_) | Err(LinkError::Noise { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether the rate in use carries commands and data: link checks, and a sector of the application read and compared
    /// with the chip's own CRC.
    async fn prove(&mut self) -> Result<bool, LinkError> {
        for _ in 0..CHECKS {
            if !self.one_link_check().await? {
                return Ok(false);
            }
        }
        let Reply::ReadSector { data, .. } = self.exchange(&Command::ReadSector { addr: PROOF_AT }).await? else {
            return Ok(false);
        };
        let last = PROOF_AT + SECTOR - 1;
        let reply = self.exchange(&Command::CheckCrc { start: PROOF_AT, last }).await?;
        let is_so = reply == Reply::Crc(crc::wire(&data));
        self.proof = Some(data).filter(|_| is_so);
        Ok(is_so)
    }
}
