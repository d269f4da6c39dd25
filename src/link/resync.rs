//! Getting back in step after a reply that was lost or damaged.

use super::LinkError;
use super::chip_link::{ChipLink, RESET_BAUD};
use crate::model::chip::beken::Command;
use std::time::Duration;
use tokio::time::Instant;

/// Silence that counts as quiet; USB adapters may hold bytes back for 16 ms.
pub(super) const QUIET: Duration = Duration::from_millis(20);
/// How long the tail of old replies may last. A full ring of link checks is answered within 0.1 s, two sectors at
/// 115200 baud within 0.8 s.
const TAIL: Duration = Duration::from_secs(2);
/// Completes a command that lost bytes of its address. Whatever comes first becomes the address's highest byte, and an
/// L-boot lets addresses wrap: with the 01 of a link check a cut erase would hit the boot area. It takes addresses from
/// 0x80000000 on for negative and refuses them (observed of Tuya's loader). Between commands these bytes are noise.
pub(super) const STUFFING: [u8; 8] = [0xFF; 8];
/// Link checks sent one by one to get in step again.
const SINGLE_TRIES: u32 = 5;
/// After them, bursts: a chip that lost bytes of a sector write waits for them without a time limit.
const BURST_TRIES: u32 = 16;
/// 300 bytes, below the 512 of an L-boot's ring; sixteen of them fill up a whole lost write of 4108 bytes.
const BURST: usize = 60;

impl ChipLink {
    /// Reads and forgets until the line was quiet twice in a row; gives the number of bytes.
    pub(super) async fn drain(&mut self) -> Result<usize, LinkError> {
        let give_up = self.line_free().max(Instant::now()) + TAIL;
        let (mut bytes, mut quiet) = (0, 0);
        while quiet < 2 {
            let until = self.line_free().max(Instant::now()) + QUIET;
            match self.read_some(until).await? {
                0 => quiet += 1,
                n => {
                    quiet = 0;
                    bytes += n;
                }
            }
            self.forget();
            if quiet < 2 && Instant::now() >= give_up {
                return Err(LinkError::Noise { bytes });
            }
        }
        Ok(bytes)
    }

    /// Gets in step again after a lost or damaged reply: waits until nothing comes any more, then sends link checks
    /// until one is answered. Filler for a command that lost bytes on its way is sent in bursts, last.
    ///
    /// At the rate of a reset a board that was put in meanwhile answers them as well, so nobody vouches for it then. At
    /// any other rate it can't: it hears noise.
    pub(super) async fn resync(&mut self, doing: &str) -> Result<(), LinkError> {
        if self.baud() == RESET_BAUD {
            self.disown();
        }
        for attempt in 0..SINGLE_TRIES + BURST_TRIES {
            match self.drain().await {
                Err(LinkError::Noise { .. }) | Ok(_) => {}
                Err(error) => return Err(error),
            }
            if attempt == 0 {
                self.write_all(&STUFFING).await?;
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
        Err(LinkError::Lost { doing: doing.to_owned(), rate: self.baud() })
    }
}
