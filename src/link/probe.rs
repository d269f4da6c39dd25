//! What the chip says about itself. The order of the questions matters: each is safe for every chip that may be there.

use super::LinkError;
use super::chip_link::{ChipLink, RESET_BAUD};
use super::exchange::TRIES;
use super::rate::PROOF_AT;
use crate::model::chip::beken::{Command, Dialect, Reply, crc};
use crate::model::chip::board::Evidence;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::{Chip, Family};

/// SCTRL_CHIP_ID.
const CHIP_ID: u32 = 0x0080_0000;
/// eFuse control: bit 0 runs, bit 1 selects writing, bits 12:8 are the byte's number.
const EFUSE_CONTROL: u32 = 0x0080_0074;
/// eFuse result: bit 8 valid, bits 7:0 the byte.
const EFUSE_RESULT: u32 = 0x0080_0078;
/// Looks at the eFuse control register until one byte counts as unreadable. One look takes 2 ms at 115200 baud, and
/// a fuse is read in microseconds.
const EFUSE_LOOKS: u32 = 50;
/// Questions that an L-boot answers with silence are asked this often before the silence counts.
const SILENT_TRIES: u32 = 3;
/// The flash sizes that the wrap-around can tell apart, in bytes.
const SIZES: [u32; 4] = [0x20_0000, 0x40_0000, 0x80_0000, 0x100_0000];
/// Where the application begins, on every chip that may be there.
const APP_AT: u32 = Family::Beken.lowest_boot_end();
/// Sectors of the application.
const APP: [u32; 4] = [APP_AT, APP_AT + SECTOR, 0x2_0000, 0x8_0000];

/// Sectors to compare for the wrap-around where the first is blank: the application, then what the flash of a chip with
/// its server in flash holds besides: an update, the calibration.
fn pages() -> Vec<u32> {
    let mut pages = APP.to_vec();
    for facts in Chip::that(|facts| facts.dialect.boots_from_flash()).map(Chip::facts) {
        for page in [facts.update.working.start].into_iter().chain(facts.calibration.each()) {
            if !pages.contains(&page) {
                pages.push(page);
            }
        }
    }
    pages
}

impl ChipLink {
    /// Collects the evidence and sets the dialect and the flash size of this link.
    ///
    /// A flash size of 0 in the evidence means that it could not be proven.
    pub(crate) async fn probe(&mut self) -> Result<Evidence, LinkError> {
        let mut evidence = Evidence::default();
        self.forget_dialect();
        self.link_check().await?;
        let app;
        match self.chip_id().await? {
            Server::Rom(id) => {
                self.set_dialect(Dialect::Rom);
                evidence.chip_id = id;
                evidence.efuse_key = self.efuse_key().await?;
                let flash_id = self.flash_id().await?;
                evidence.flash_id = flash_id;
                evidence.flash_size = match flash_id {
                    // 64 KiB to 64 MiB
                    Some([_, _, capacity @ 0x10..=0x1A]) => 1 << capacity,
                    _ => 0,
                };
                app = self.app().await?;
            }
            Server::FlashBoot => {
                // never sent to a ROM: newer ones take it for a register write
                evidence.boot_version = self.boot_version().await?;
                self.set_dialect(match evidence.boot_version {
                    Some(_) => Dialect::TuyaBoot,
                    None => Dialect::BekenBoot,
                });
                app = self.app().await?;
                evidence.flash_size = self.size_by_wrap(&app).await?;
            }
        }
        if evidence.flash_size >= Family::Beken.smallest_flash() {
            self.set_flash_size(evidence.flash_size);
        }
        // 257 bytes on a ROM, 256 on an L-boot: the public tables of boot loaders are made that way
        evidence.boot_crc = Some(!self.crc_of(0, 256).await?);
        evidence.app_head = app.get(..4).and_then(|head| head.try_into().ok());
        evidence.crc_by_byte = self.crc_rule(&app).await?;
        self.link_check().await?;
        Ok(evidence)
    }

    async fn chip_id(&mut self) -> Result<Server, LinkError> {
        let command = Command::ReadReg { addr: CHIP_ID };
        Ok(match self.ask_or_silence(&command, "reading the chip id").await {
            Ok(Some(Reply::ReadReg { value, .. })) => Server::Rom(Some(value)),
            // an L-boot never refuses, it stays silent
            Err(LinkError::Refused { .. }) => Server::Rom(None),
            Ok(_) => Server::FlashBoot,
            Err(error) => return Err(error),
        })
    }

    async fn boot_version(&mut self) -> Result<Option<String>, LinkError> {
        match self.ask_or_silence(&Command::BootVersion, "reading the boot version").await {
            Ok(Some(Reply::BootVersion(bytes))) => {
                let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                Ok(Some(String::from_utf8_lossy(text).into_owned()))
            }
            Ok(_) | Err(LinkError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A question that counts as answered by silence once there was nothing but silence.
    async fn ask_or_silence(&mut self, command: &Command, doing: &str) -> Result<Option<Reply>, LinkError> {
        let errors = self.stats.errors;
        for tries in 0..SILENT_TRIES {
            match self.ask_if_known(command, tries > 0).await {
                Ok(None) => {}
                Err(error) if error.is_passing() => self.resync(doing).await?,
                done => return done,
            }
        }
        // this silence is the answer
        self.stats.errors = errors;
        Ok(None)
    }

    async fn read_register(&mut self, addr: u32) -> Result<u32, LinkError> {
        let command = Command::ReadReg { addr };
        match self.ask(&command).await? {
            Reply::ReadReg { value, .. } => Ok(value),
            other => Err(LinkError::BadReply { command: command.to_string(), found: other.to_string() }),
        }
    }

    /// The code key, bytes 0 to 15 of the eFuse; `None` when a byte can't be read or the ROM knows no registers.
    async fn efuse_key(&mut self) -> Result<Option<[u32; 4]>, LinkError> {
        let mut key = [0; 16];
        for (number, slot) in (0..).zip(key.iter_mut()) {
            match self.efuse_byte(number).await {
                Ok(Some(byte)) => *slot = byte,
                Ok(None) | Err(LinkError::Refused { .. }) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(key.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Ok(Some(words))
    }

    async fn efuse_byte(&mut self, number: u32) -> Result<Option<u8>, LinkError> {
        let value = self.read_register(EFUSE_CONTROL).await? & !0x1F02 | number << 8 | 1;
        self.ask(&Command::WriteReg { addr: EFUSE_CONTROL, value }).await?;
        for _ in 0..EFUSE_LOOKS {
            if self.read_register(EFUSE_CONTROL).await? & 1 == 0 {
                let [byte, valid, ..] = self.read_register(EFUSE_RESULT).await?.to_le_bytes();
                return Ok((valid & 1 == 1).then_some(byte));
            }
        }
        Ok(None)
    }

    /// The JEDEC id. All-zero and all-one ids are asked for again: they come from a bus that is not ready.
    async fn flash_id(&mut self) -> Result<Option<[u8; 3]>, LinkError> {
        let mut found = None;
        for _ in 0..TRIES {
            match self.ask(&Command::FlashId).await {
                Ok(Reply::FlashId { id, .. }) => {
                    found = Some(id);
                    if id != [0; 3] && id != [0xFF; 3] {
                        break;
                    }
                }
                Ok(_) => {}
                Err(LinkError::Refused { .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The first sector of the application. The one that the rate was proven with a moment ago is not read again; at the rate
    /// of a reset another board may have been put in since.
    async fn app(&mut self) -> Result<Vec<u8>, LinkError> {
        match self.proof.take().filter(|_| PROOF_AT == APP_AT && self.baud() != RESET_BAUD) {
            Some(sector) => Ok(sector),
            None => self.one_sector(APP_AT).await,
        }
    }

    /// One sector, as the wire gives it, its address not shifted.
    async fn one_sector(&mut self, addr: u32) -> Result<Vec<u8>, LinkError> {
        let command = Command::ReadSector { addr };
        match self.ask(&command).await? {
            Reply::ReadSector { data, .. } => Ok(data),
            other => Err(LinkError::BadReply { command: command.to_string(), found: other.to_string() }),
        }
    }

    /// The flash size of a chip that can't be asked for it: a read behind the end wraps round to the start.
    ///
    /// The proof is a sector that is not blank and appears again, one size further, and does not appear by chance:
    /// two different sectors must agree. 0 when there is no proof. `app` is the first sector of the application.
    async fn size_by_wrap(&mut self, app: &[u8]) -> Result<u32, LinkError> {
        let mut proofs = [0_u32; SIZES.len()];
        for page in pages() {
            let here = if page == APP_AT { app.to_vec() } else { self.one_sector(page).await? };
            if here.iter().all(|byte| Some(byte) == here.first()) {
                continue;
            }
            // the smallest size that shows it again; larger ones do too
            for (size, proofs) in SIZES.into_iter().zip(proofs.iter_mut()) {
                if self.one_sector(page + size).await? == here {
                    *proofs += 1;
                    if *proofs == 2 {
                        return Ok(size);
                    }
                    break;
                }
            }
        }
        // the boot loader's own sector, by CRC: it can't be read at its address
        self.size_by_boot_sector(proofs.iter().position(|count| *count > 0)).await
    }

    /// For a flash that is nearly blank: the first sector of the boot loader that is answering us, which an L-boot
    /// refuses to read but takes the CRC of. `seen` is a size that one sector spoke for.
    async fn size_by_boot_sector(&mut self, seen: Option<usize>) -> Result<u32, LinkError> {
        let boot = self.crc_of(0, SECTOR - 1).await?;
        let blank = crc::wire(&[0xFF; SECTOR as usize]);
        for (at, size) in SIZES.into_iter().enumerate() {
            if boot != blank && crc::wire(&self.one_sector(size).await?) == boot {
                return Ok(if seen.is_none_or(|seen| seen == at) { size } else { 0 });
            }
        }
        Ok(0)
    }

    /// Whether the end of a CRC's range counts to the byte: 0x11000..=0x11100 is 257 bytes then, 256 otherwise.
    /// `None` when the CRC fits neither.
    async fn crc_rule(&mut self, sector: &[u8]) -> Result<Option<bool>, LinkError> {
        for _ in 0..TRIES {
            let found = self.crc_of(APP_AT, APP_AT + 256).await?;
            if found == crc::wire(sector.get(..257).unwrap_or_default()) {
                return Ok(Some(true));
            }
            if found == crc::wire(sector.get(..256).unwrap_or_default()) {
                return Ok(Some(false));
            }
        }
        Ok(None)
    }
}

enum Server {
    /// A mask ROM; the id is missing where it does not know the command.
    Rom(Option<u32>),
    /// A boot loader in flash.
    FlashBoot,
}
