//! The life of a board, without a clock of its own: whoever drives it says what time it is. Off, held, in the link
//! window, linked, in the application, dead.

pub use spec::{BoardSpec, Counts};

use super::banner;
use super::faults::{Fault, FaultPlan};
use super::lboot::LBoot;
use super::maskrom::MaskRom;
use super::nor::{Nor, WRITE_STATUS};
use super::rail::{Rail, Supply};
use super::register::Register;
use super::rom::{Rom, Server, Step};
use super::seed::Seed;
use super::timing::Timing;
use super::transmit::Transmitter;
use super::wire::{Garbler, RESET_RATE, chip_rate};
use crate::model::chip::beken::Dialect;
use crate::model::chip::{Chip, LogPort};
use serde::Serialize;
use std::time::Duration;

/// How long an injected dip of the supply lasts.
const DIP: Duration = Duration::from_millis(60);
/// A TuyaMCU firmware asks its microcontroller about once a second until it answers.
const CHATTER: Duration = Duration::from_secs(1);
/// From the end of the ROM's window until a boot loader prints, where it does so on this port.
const BANNER: Duration = Duration::from_millis(100);
/// The question: heartbeat of the TuyaMCU protocol.
const HEARTBEAT: [u8; 7] = [0x55, 0xAA, 0x00, 0x00, 0x00, 0x00, 0xFF];
/// The rate of that protocol.
const CHATTER_RATE: u32 = 9600;

/// Where a board stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Life {
    /// No supply.
    Off,
    /// CEN holds it in reset.
    Held,
    /// A server runs: in its link window, or linked.
    Server,
    /// The application runs.
    Application,
    /// A T that left the loader after noise without a link check: its loader faulted under emulation.
    Crashed,
    /// The boot area in flash is blank or not what it was: an L-boot chip that never answers again.
    Dead,
}

/// What a board does by itself at its time.
type Happening = fn(&mut Board, Duration);

/// A board in a nest.
pub struct Board {
    chip: Chip,
    timing: Timing,
    faults: FaultPlan,
    chatter: bool,
    nor: Nor,
    boot: Vec<u8>,
    server: Server,
    life: Life,
    supply: Supply,
    /// What its pins feel.
    rail: Rail,
    /// End of an injected dip of the supply.
    dip: Option<Duration>,
    rate: u32,
    /// How far its time has come.
    clock: Duration,
    /// When it came out of reset.
    born: Duration,
    /// When it last received a byte.
    heard: Duration,
    /// Until when the processor is in a command.
    busy: Duration,
    /// Until when the flash chip writes its status registers.
    writing: Duration,
    hung: bool,
    register: Register,
    /// When its boot loader prints on this port.
    banner: Option<Duration>,
    next_chatter: Duration,
    out: Transmitter,
    garbler: Garbler,
    seed: Seed,
    counts: Counts,
}

impl Board {
    /// A board without supply, at `now`.
    pub fn new(spec: BoardSpec, timing: Timing, seed: u64, now: Duration) -> Self {
        // Tuya's T firmware protects by SR1; an N with TH25Q16HB was reported as 0x4004, here with QE set besides
        let rom = spec.chip.dialect() == Dialect::Rom;
        let mut nor = Nor::new(spec.flash, spec.status.unwrap_or(if rom { 0x4204 } else { 0x007C }));
        for fault in &spec.faults.faults {
            match fault {
                Fault::LazyErase => nor.swallow_erase(),
                Fault::Stuck { addr } => nor.stick(*addr),
                Fault::Slip { addr } => nor.slip(*addr),
                Fault::Misread { addr } => nor.misread(*addr),
                Fault::StrayCrc { one_of, by } => nor.stray_crc(*one_of, *by),
                _ => {}
            }
        }
        let server: Box<dyn Rom> = match spec.chip.dialect() {
            Dialect::TuyaBoot => Box::new(LBoot::tuya()),
            Dialect::BekenBoot => Box::new(LBoot::beken()),
            Dialect::Rom => Box::new(MaskRom::new(spec.chip)),
        };
        // TH25Q16HB; its capacity byte follows the size
        let id = spec.faults.flash_id().unwrap_or([0xEB, 0x60, nor.size().trailing_zeros() as u8]);
        let boot = nor.bytes().iter().take(spec.chip.boot_end() as usize).copied().collect();
        Self {
            chip: spec.chip,
            timing,
            faults: spec.faults,
            chatter: spec.chatter,
            nor,
            boot,
            server: Server::new(server, id),
            life: Life::Off,
            supply: Supply::Off,
            rail: Rail::at_rest(false),
            dip: None,
            rate: chip_rate(RESET_RATE),
            clock: now,
            born: now,
            heard: now,
            busy: now,
            writing: now,
            hung: false,
            register: Register::default(),
            banner: None,
            next_chatter: now,
            out: Transmitter::default(),
            garbler: Garbler::new(seed),
            seed: Seed::new(seed.rotate_left(32)),
            counts: Counts::default(),
        }
    }

    /// Which chip.
    pub fn chip(&self) -> Chip {
        self.chip
    }

    /// Where it stands.
    pub fn life(&self) -> Life {
        self.life
    }

    /// Whether a session is open.
    pub fn is_linked(&self) -> bool {
        self.life == Life::Server && self.server.is_linked()
    }

    /// The real rate of its UART.
    pub fn rate(&self) -> u32 {
        self.rate
    }

    /// Its flash.
    pub fn nor(&self) -> &Nor {
        &self.nor
    }

    /// Takes the flash out.
    pub fn into_nor(self) -> Nor {
        self.nor
    }

    /// What it did.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether the boot area is what it was at insertion.
    pub fn boot_is_intact(&self) -> bool {
        self.nor.bytes().starts_with(&self.boot)
    }

    /// One more thing goes wrong from now on.
    pub fn add_fault(&mut self, fault: Fault) {
        match fault {
            Fault::LazyErase => self.nor.swallow_erase(),
            Fault::Stuck { addr } => self.nor.stick(addr),
            Fault::Slip { addr } => self.nor.slip(addr),
            Fault::Misread { addr } => self.nor.misread(addr),
            Fault::StrayCrc { one_of, by } => self.nor.stray_crc(one_of, by),
            _ => {}
        }
        self.faults.faults.push(fault);
    }

    /// The faults it has.
    pub fn faults(&self) -> &FaultPlan {
        &self.faults
    }

    /// The rail moves.
    pub fn feel(&mut self, now: Duration, rail: Rail) {
        self.advance(now);
        let was_held = std::mem::replace(&mut self.rail, rail).held;
        self.supply = self.supply.switch(rail.feeds() && self.dip.is_none(), now, self.timing.rise, self.timing.fall);
        if was_held != rail.held && self.supply_is_up() {
            self.released(now);
        }
    }

    fn supply_is_up(&self) -> bool {
        matches!(self.supply, Supply::On | Supply::Falling(_))
    }

    /// CEN has moved, or the supply has come up.
    fn released(&mut self, now: Duration) {
        self.hush(now);
        if self.rail.held {
            self.life = Life::Held;
        } else {
            self.reset(now);
        }
    }

    /// The processor stops; the flash chip still ends what it does.
    fn hush(&mut self, now: Duration) {
        self.out.cut(now);
        self.banner = None;
        self.nor.settle();
        self.busy = now;
        self.hung = false;
    }

    /// The chip starts anew, at its reset rate.
    fn reset(&mut self, now: Duration) {
        self.counts.resets += 1;
        self.server.reset();
        self.register.reset(&mut self.nor);
        self.rate = chip_rate(RESET_RATE);
        self.born = now;
        self.heard = now;
        self.hung = false;
        self.busy = now + self.timing.listens;
        let blank = self.boot.first().is_some_and(|first| self.boot.iter().all(|byte| byte == first));
        let dead = self.chip.dialect().boots_from_flash() && (blank || !self.boot_is_intact());
        self.life = if dead { Life::Dead } else { Life::Server };
    }

    fn lose_supply(&mut self, now: Duration) {
        if now < self.busy {
            self.nor.brown_out(&mut self.seed);
        }
        self.hush(now);
        self.server.reset();
        self.life = Life::Off;
        self.supply = Supply::Off;
    }

    /// It is lifted out: the supply is gone at once.
    pub fn lift(&mut self, now: Duration) {
        self.advance(now);
        self.lose_supply(now);
    }

    /// Its supply fails for so long, whatever the switch says.
    pub fn dip(&mut self, now: Duration, length: Duration) {
        self.advance(now);
        if self.supply != Supply::Off {
            self.lose_supply(now);
            self.dip = Some(now + length);
        }
    }

    /// CEN is touched to ground for a moment.
    pub fn touch_reset(&mut self, now: Duration) {
        self.advance(now);
        if self.supply_is_up() && !self.rail.held {
            self.hush(now);
            self.reset(now);
        }
    }

    /// A byte has arrived, sent at the host's `rate`.
    pub fn hear(&mut self, now: Duration, byte: u8, rate: u32) {
        self.advance(now);
        if matches!(self.life, Life::Off | Life::Held) {
            return;
        }
        let (dips, resets) = self.faults.at_received(self.counts.received);
        self.counts.received += 1;
        if dips {
            self.lose_supply(now);
            self.dip = Some(now + DIP);
            return;
        }
        if resets {
            self.hush(now);
            return self.reset(now);
        }
        if self.life == Life::Server {
            self.server.receive(self.garbler.pass(byte, rate, self.rate));
            self.heard = now;
            self.work(now);
        }
    }

    /// When it will do something by itself.
    pub fn wake_at(&self) -> Option<Duration> {
        let own = if self.life == Life::Off || self.life == Life::Held || self.hung {
            None
        } else if self.clock < self.busy {
            Some(self.busy)
        } else {
            self.limit().map(|(at, _)| at)
        };
        [own, self.supply.deadline(), self.dip].into_iter().flatten().min()
    }

    /// The bytes that are still to leave: the end of the first run of them.
    pub fn speaks_until(&self) -> Option<Duration> {
        self.out.until()
    }

    /// The bytes that have left by `now`, with the rate they were sent at.
    pub fn speak(&mut self, now: Duration) -> Vec<(u32, Vec<u8>)> {
        let said = self.out.take(now);
        self.counts.sent += said.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>();
        said
    }

    /// What happens next when nothing is heard, and when.
    fn limit(&self) -> Option<(Duration, Happening)> {
        let t = &self.timing;
        match self.life {
            Life::Server if self.server.is_linked() => {
                let idle = self.heard.max(self.busy) + t.idle?;
                Some((idle, |board, now| {
                    board.counts.idle_resets += 1;
                    board.hush(now);
                    board.reset(now);
                }))
            }
            Life::Server if self.chip.dialect() == Dialect::Rom => {
                // Beken's ROM-like sources wait without a limit when there is nothing to start
                let blank = self.nor.bytes().iter().take(256).all(|byte| *byte == 0xFF);
                (!blank).then_some((self.born + t.window, Self::leave))
            }
            Life::Server if self.server.heard_anything() => Some((self.born + t.hold, Self::leave)),
            Life::Server => Some((self.born + t.window, Self::leave)),
            Life::Application if self.banner.is_some() => self.banner.map(|at| (at, Self::announce as Happening)),
            Life::Application if self.chatter => Some((self.next_chatter, Self::chat)),
            _ => None,
        }
    }

    fn leave(&mut self, now: Duration) {
        let faults = self.chip.dialect() == Dialect::TuyaBoot && self.server.heard_anything();
        self.life = if faults { Life::Crashed } else { Life::Application };
        self.rate = if self.chatter { CHATTER_RATE } else { self.rate };
        self.next_chatter = now + CHATTER;
        if self.chip.facts().log == LogPort::Uart1 {
            // the loader starts anew, at its own rate, once the ROM has let go; a host needs its time to follow
            self.rate = chip_rate(RESET_RATE);
            self.banner = Some(now + BANNER.mul_f64(self.timing.speed.max(1.0)));
        }
    }

    fn announce(&mut self, now: Duration) {
        self.banner = None;
        self.say(now, banner::of(self.chip, self.nor.bytes()).to_vec());
    }

    fn chat(&mut self, now: Duration) {
        self.next_chatter = now + CHATTER;
        self.say(now, HEARTBEAT.to_vec());
    }

    fn say(&mut self, now: Duration, bytes: Vec<u8>) -> Duration {
        self.out.say(now, self.rate, bytes)
    }

    /// Lets time pass.
    pub fn advance(&mut self, to: Duration) {
        loop {
            let electric = [self.supply.deadline(), self.dip].into_iter().flatten().min().filter(|at| *at <= to);
            self.work(electric.unwrap_or(to));
            let Some(at) = electric else { break };
            self.clock = self.clock.max(at);
            if self.dip.is_some_and(|dip| dip <= at) {
                self.dip = None;
                self.supply = self.supply.switch(self.rail.feeds(), at, self.timing.rise, self.timing.fall);
            } else if let Supply::Rising(_) = self.supply {
                self.supply = Supply::On;
                self.released(at);
            } else {
                self.lose_supply(at);
            }
        }
        self.clock = self.clock.max(to);
    }

    /// Lets the processor work until `to`.
    fn work(&mut self, to: Duration) {
        while !matches!(self.life, Life::Off | Life::Held) && !self.hung && self.busy <= to {
            let now = self.busy.max(self.clock);
            if self.life == Life::Server
                && let Some(step) = {
                    let linked = self.server.is_linked();
                    let step = self.server.next(&self.nor, &self.timing, now < self.writing);
                    self.counts.links += u64::from(!linked && self.server.is_linked());
                    step
                }
            {
                self.nor.settle();
                self.perform(step, now);
                continue;
            }
            match self.limit() {
                Some((at, happen)) if at <= to => {
                    let at = at.max(now);
                    self.clock = at;
                    self.busy = at;
                    happen(self, at);
                }
                _ => break,
            }
        }
        self.clock = self.clock.max(to);
    }

    fn perform(&mut self, step: Step, now: Duration) {
        // the flash driver waits for a status write before it starts anything else
        let flash = now.max(self.writing);
        self.busy = match step {
            Step::Spend(time) => now + time,
            Step::Erase { addr, size } => flash + self.nor.erase(addr, size),
            Step::Program { addr, data } => {
                // a shorter piece takes its share of a page's time
                flash + self.nor.program(addr, &data) * data.len() as u32 / 256
            }
            Step::Status { value, at_once } => {
                if self.register.takes(&mut self.nor, &self.faults, value, at_once) {
                    self.writing = flash + WRITE_STATUS;
                }
                now
            }
            Step::Rate(rate) => {
                self.rate = rate;
                now
            }
            Step::Say(_) if self.faults.mutes(|| self.seed.draw()) => now,
            Step::Say(bytes) => self.say(now, bytes),
            Step::Forget => {
                self.server.forget();
                now
            }
            Step::Reset => {
                self.hush(now);
                self.reset(now);
                self.busy
            }
            Step::Jump => {
                self.leave(now);
                now
            }
            Step::Hang => {
                self.hung = true;
                now
            }
        };
    }
}

mod save;
mod spec;
#[cfg(test)]
mod tests;
