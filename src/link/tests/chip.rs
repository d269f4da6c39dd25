//! A scripted chip: serves commands over the in-memory port, in order, at its own rate, and does what the test says.
//!
//! Not the virtual board of `sim`: this one is a few rules and one hook, so that a test can lose or damage any reply.

use crate::jig::memory::{self, Rates};
use crate::link::ChipLink;
use crate::model::chip::beken::scan::{CommandScanner, Found};
use crate::model::chip::beken::{Command, Dialect, EraseSize, Reply, Status, crc};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, sleep, timeout};

/// What becomes of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is done and answered.
    Served,
    /// It never arrives.
    Lost,
    /// It is done, the answer is lost.
    Mute,
    /// It is done, one bit of the answer flips: the bit with this number.
    Flipped(usize),
    /// It is done, so many bytes at the end of the answer are lost.
    Cut(usize),
    /// It is done and takes this long, in ms.
    Slow(u64),
    /// One byte of it was lost: it is done once the next frame gives a byte to it, which is lost by that.
    Short,
}

type Hook = Box<dyn FnMut(&Command) -> Fate + Send>;

/// A flash chip's status register and what the ROM does with it.
#[derive(Clone, Debug)]
pub(super) struct Register {
    pub(super) value: u16,
    /// Bits that can't be changed.
    pub(super) stuck: u16,
    /// Reads that show "write in progress" after a write.
    pub(super) busy: u32,
}

pub(super) struct Chip {
    dialect: Dialect,
    pub(super) flash: Vec<u8>,
    pub(super) register: Register,
    pub(super) version: Option<&'static str>,
    pub(super) key: [u8; 16],
    /// `None`: it knows no registers.
    pub(super) rom_id: Option<u32>,
    /// Highest rate at which data passes unharmed.
    pub(super) clean_below: u32,
    /// Rates that the chip changes to without ever answering there.
    pub(super) deaf_at: Vec<u32>,
    pub(super) hook: Hook,
    dead: bool,
    rate: u32,
    armed: bool,
    locked: bool,
    efuse: (u32, u32),
}

/// What the test keeps.
#[derive(Clone)]
pub(super) struct Log {
    commands: Arc<Mutex<Vec<(Instant, Command)>>>,
    pub(super) flash: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    pub(super) fn commands(&self) -> Vec<Command> {
        self.commands.lock().unwrap().iter().map(|(_, command)| command.clone()).collect()
    }

    pub(super) fn timed(&self) -> Vec<(Instant, Command)> {
        self.commands.lock().unwrap().clone()
    }

    pub(super) fn count(&self, wanted: impl Fn(&Command) -> bool) -> usize {
        self.commands().iter().filter(|command| wanted(command)).count()
    }
}

/// A flash of 2 MiB, the first of them all different.
pub(super) fn pattern() -> Vec<u8> {
    let mut state = 1_u32;
    (0..0x20_0000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        })
        .collect()
}

impl Chip {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            flash: pattern(),
            register: Register { value: 0, stuck: 0, busy: 0 },
            version: (dialect == Dialect::TuyaBoot).then_some("BK7231S_1.0.5"),
            key: [0; 16],
            rom_id: Some(0x0007_231C),
            clean_below: u32::MAX,
            deaf_at: Vec::new(),
            hook: Box::new(|_| Fate::Served),
            dead: false,
            rate: 115_200,
            armed: false,
            locked: true,
            efuse: (0, 0),
        }
    }

    pub(super) fn hook(mut self, hook: impl FnMut(&Command) -> Fate + Send + 'static) -> Self {
        self.hook = Box::new(hook);
        self
    }

    /// At a rate that no chip has after a reset.
    pub(super) fn fast(self) -> Self {
        Self { rate: 921_600, ..self }
    }

    /// Already linked: a link to it, and what it hears.
    pub(super) fn linked(self) -> (ChipLink, Log) {
        let (dialect, rate) = (self.dialect, self.rate);
        let (mut link, log) = self.unknown();
        link.set_dialect(dialect);
        link.set_port_baud(rate).unwrap();
        link.vouch();
        (link, log)
    }

    /// The same, to a host that does not know what it is.
    pub(super) fn unknown(self) -> (ChipLink, Log) {
        let (port, stream, rates) = memory::pair();
        let commands = Arc::default();
        let log = Log { commands, flash: Arc::new(Mutex::new(self.flash.clone())) };
        tokio::spawn(self.run(stream, rates, log.clone()));
        (ChipLink::new(Box::new(port)), log)
    }

    async fn run(mut self, mut stream: DuplexStream, rates: Rates, log: Log) {
        let mut scanner = CommandScanner::default();
        let mut bytes = vec![0; 8192];
        loop {
            // 176 ms without a byte: an L-boot's watchdog
            let idle = Duration::from_millis(176);
            let n = match timeout(idle, stream.read(&mut bytes)).await {
                Err(_) => {
                    self.dead |= self.dialect.resets_when_idle();
                    continue;
                }
                Ok(Ok(n)) if n > 0 => n,
                _ => return,
            };
            if rates.now() != self.rate || self.dead {
                continue;
            }
            // the test's clock goes in whole milliseconds: a short command must not cost one
            if n > 256 {
                sleep(self.wire_time(n)).await;
            }
            scanner.feed(&bytes[..n]);
            while let Some(found) = scanner.take() {
                let Found::Frame(command) = found else { continue };
                log.commands.lock().unwrap().push((Instant::now(), command.clone()));
                let fate = (self.hook)(&command);
                if fate == Fate::Lost {
                    continue;
                }
                if fate == Fate::Short {
                    let filler = stream.read(&mut bytes).await;
                    assert!(filler.is_ok_and(|n| n > 0));
                }
                if let Fate::Slow(ms) = fate {
                    sleep(Duration::from_millis(ms)).await;
                }
                let reply = self.serve(&command, &log).await;
                let Some(reply) = reply.filter(|_| fate != Fate::Mute) else { continue };
                self.answer(&reply, fate, &mut stream, &rates).await;
            }
        }
    }

    async fn answer(&mut self, reply: &Reply, fate: Fate, stream: &mut DuplexStream, rates: &Rates) {
        let mut frame = reply.encode();
        sleep(self.wire_time(frame.len())).await;
        if let Fate::Flipped(bit) = fate {
            frame[bit / 8] ^= 1 << (bit % 8);
        }
        if let Fate::Cut(bytes) = fate {
            frame.truncate(frame.len() - bytes);
        }
        if self.deaf_at.contains(&self.rate) {
            return;
        }
        if rates.now() != self.rate {
            frame.fill(0x5A);
        } else if self.rate > self.clean_below && frame.len() > 100 {
            frame[100] ^= 0x10;
        }
        _ = stream.write_all(&frame).await;
    }

    fn wire_time(&self, bytes: usize) -> Duration {
        Duration::from_nanos(bytes as u64 * 10_000_000_000 / u64::from(self.rate))
    }

    fn at(&self, addr: u32) -> usize {
        addr as usize % self.flash.len()
    }

    fn wrapped(&self, addr: u32, len: usize) -> Vec<u8> {
        let from = self.at(addr);
        self.flash.iter().cycle().skip(from).take(len).copied().collect()
    }

    async fn serve(&mut self, command: &Command, log: &Log) -> Option<Reply> {
        let boot = self.dialect.boots_from_flash();
        match command {
            Command::LinkCheck => {
                self.armed = true;
                return Some(Reply::Link);
            }
            Command::SetBaud { rate, delay } => {
                self.rate = *rate;
                let delay = u64::from(*delay);
                sleep(Duration::from_millis(if boot { (delay + 1) * 2 } else { delay })).await;
                return Some(Reply::SetBaud { rate: *rate, delay: delay as u8 });
            }
            Command::BootVersion if self.version.is_some() => {
                let mut text = self.version.unwrap_or_default().as_bytes().to_vec();
                text.resize(16, 0);
                return Some(Reply::BootVersion(text));
            }
            Command::ReadSector { addr } => {
                let refused = *addr < self.dialect.read_floor();
                let status = if refused { Status::PARAMETER } else { Status::OK };
                let data = if refused { Vec::new() } else { self.wrapped(*addr, 4096) };
                return Some(Reply::ReadSector { status, addr: *addr, data });
            }
            Command::CheckCrc { start, last } => {
                self.locked = true;
                let len = (last - start + 1) as usize;
                // a boot loader leaves out what does not fill 256 bytes
                let len = if self.dialect == Dialect::Rom { len } else { len / 256 * 256 };
                return Some(Reply::Crc(crc::wire(&self.wrapped(*start, len))));
            }
            Command::Erase { size, addr } => {
                if boot && self.armed {
                    (self.locked, self.armed) = (false, false);
                }
                self.change(addr & !(size.bytes() - 1), &vec![0xFF; size.bytes() as usize], log);
                return Some(Reply::Erase { status: Status::OK, size: *size, addr: *addr });
            }
            Command::Write { addr, data } if boot => {
                self.change(*addr, data, log);
                return Some(Reply::Write { status: Status::OK, addr: *addr, count: data.len() as u8 });
            }
            Command::WritePages { addr, data } if !boot => {
                self.change(*addr, data, log);
                return Some(Reply::WritePages { status: Status::OK, addr: *addr });
            }
            _ => {}
        }
        (!boot).then(|| self.serve_rom(command)).flatten()
    }

    fn change(&mut self, addr: u32, data: &[u8], log: &Log) {
        let protected = if self.dialect.boots_from_flash() { self.locked } else { self.register.value & 0x407C != 0 };
        if !protected {
            let at = self.at(addr);
            self.flash[at..at + data.len()].copy_from_slice(data);
            log.flash.lock().unwrap().clone_from(&self.flash);
        }
    }

    fn serve_rom(&mut self, command: &Command) -> Option<Reply> {
        match command {
            Command::ReadReg { addr } => {
                let Some(rom_id) = self.rom_id else { return Some(Reply::UnknownShort { code: 0x03 }) };
                let value = match addr {
                    0x0080_0000 => rom_id,
                    0x0080_0074 => self.efuse.0,
                    0x0080_0078 => self.efuse.1,
                    _ => 0,
                };
                Some(Reply::ReadReg { addr: *addr, value })
            }
            Command::WriteReg { addr: addr @ 0x0080_0074, value } => {
                let byte = self.key[(value >> 8 & 0x1F) as usize];
                self.efuse = (value & !1, 0x100 | u32::from(byte));
                Some(Reply::WriteReg { addr: *addr, value: *value })
            }
            Command::FlashId => Some(Reply::FlashId { status: Status::OK, id: [0xEB, 0x60, 0x15] }),
            Command::ReadStatus { opcode } => {
                let busy = u8::from(self.register.busy > 0 && *opcode == 0x05);
                self.register.busy = self.register.busy.saturating_sub(u32::from(busy));
                let [low, high] = self.register.value.to_le_bytes();
                let value = if *opcode == 0x05 { low | busy } else { high };
                Some(Reply::ReadStatus { status: Status::OK, opcode: *opcode, value })
            }
            Command::WriteStatus { opcode, value } => {
                let new = value.iter().rev().fold(0, |word, byte| word << 8 | u16::from(*byte));
                self.register.value = self.register.value & self.register.stuck | new & !self.register.stuck;
                self.register.busy = 3;
                Some(Reply::WriteStatus { status: Status::OK, opcode: *opcode, value: value.clone() })
            }
            Command::BootVersion => panic!("a boot version must never be asked of a ROM"),
            _ => None,
        }
    }
}

pub(super) fn is_erase(command: &Command) -> bool {
    matches!(command, Command::Erase { size: EraseSize::Sector, .. })
}

pub(super) fn is_write(command: &Command) -> bool {
    command.is_write()
}

pub(super) fn is_read(command: &Command) -> bool {
    matches!(command, Command::ReadSector { .. })
}
