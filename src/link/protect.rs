//! Lifting the write protection of the flash chip, on a ROM.

use super::LinkError;
use super::chip_link::ChipLink;
use crate::model::chip::beken::{Command, Reply};
use crate::model::chip::flash::parts::Part;
use std::time::Duration;
use tokio::time::sleep;

/// Write in progress.
const WIP: u16 = 1;
/// WIP and WEL, which come and go by themselves.
const LIVE: u16 = 3;
/// SRP0 and SRP1 together: the register takes no write until the flash chip is reset. Nobody here ever asks for that.
const LOCK: u16 = 0x0180;
/// Status writes before giving up.
const TRIES: u32 = 5;
/// A data sheet allows 15 to 30 ms for a status write; this many looks, 5 ms apart, wait far longer.
const LOOKS: u32 = 60;
const LOOK: Duration = Duration::from_millis(5);

impl ChipLink {
    /// Clears the protect bits and keeps all others.
    ///
    /// Writes nothing when they are clear already: a redundant write as the first one after power-up set every bit of
    /// a P25Q16HBK (85 20 15) and locked it (bk7231tools pull request 29). The echo of a write proves nothing; only
    /// reading again does. A bit that nobody asked for ends the session: such a register was only healed by a reset.
    pub(crate) async fn unprotect(&mut self, part: &Part) -> Result<(), LinkError> {
        let mut found = self.status(part).await?;
        if part.status_bytes > 1 && found & LOCK == LOCK {
            return Err(LinkError::StrangeStatus { asked: None, found });
        }
        for _ in 0..TRIES {
            if found & part.mask == 0 {
                return Ok(());
            }
            if !self.is_vouched() {
                return Err(LinkError::Stranger { what: "a status write", addr: 0 });
            }
            let asked = found & !part.mask & !LIVE;
            let [low, high] = asked.to_le_bytes();
            let value = if part.status_bytes == 1 { vec![low] } else { vec![low, high] };
            let opcode = part.write_ops.first().copied().unwrap_or(0x01);
            match self.exchange(&Command::WriteStatus { opcode, value }).await {
                // the register is read again in any case
                Ok(_) | Err(LinkError::Refused { .. }) => {}
                Err(error) if error.is_passing() => self.resync("a status write").await?,
                Err(error) => return Err(error),
            }
            found = self.status(part).await?;
            if found & !part.mask & !LIVE & !asked != 0 {
                return Err(LinkError::StrangeStatus { asked: Some(asked), found });
            }
        }
        if found & part.mask == 0 {
            return Ok(());
        }
        Err(LinkError::Protected { mask: part.mask, found, tries: TRIES })
    }

    /// The status register, SR1 in the low byte, once no write is in progress. A third byte is never written and not
    /// read.
    async fn status(&mut self, part: &Part) -> Result<u16, LinkError> {
        let mut low = 0;
        for _ in 0..LOOKS {
            low = self.status_byte(part.read_ops.first().copied().unwrap_or(0x05)).await?;
            if low & WIP == 0 {
                break;
            }
            sleep(LOOK).await;
        }
        match part.read_ops.get(1) {
            Some(opcode) if part.status_bytes > 1 => Ok(low | self.status_byte(*opcode).await? << 8),
            _ => Ok(low),
        }
    }

    async fn status_byte(&mut self, opcode: u8) -> Result<u16, LinkError> {
        let command = Command::ReadStatus { opcode };
        match self.ask(&command).await? {
            Reply::ReadStatus { value, .. } => Ok(u16::from(value)),
            other => Err(LinkError::BadReply { command: command.to_string(), found: other.to_string() }),
        }
    }
}
