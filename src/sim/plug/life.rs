//! Follows a board through its starts: what its firmware says and does, at the board's own time.

use super::firmware::Firmware;
use super::home::{Hello, Home};
use super::script::{Deed, Reception, loader, reception, script};
use super::server::{Face, Server};
use crate::model::air::routes::PLUG;
use crate::model::chip::mac::Mac;
use crate::model::openbeken::{config, fields};
use crate::sim::board::{Board, Life};
use crate::sim::end::BoardEnd;
use crate::sim::faults::Ailment;
use crate::sim::hello::{Own, messages};
use crate::sim::radio::Opened;
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Starts that end before they are good, until the firmware falls back to its safe mode.
const SAFE_AFTER: u32 = 4;
/// The firmware restarts so long after it was asked to.
const REBOOT: Duration = Duration::from_secs(3);
/// One that takes its time.
const LATE_REBOOT: Duration = Duration::from_secs(60);
/// It says hello so long after it has joined.
const GREETS: Duration = Duration::from_millis(800);

/// A plug in a nest.
pub(crate) struct Plug {
    home: Home,
    log: Box<dyn BoardEnd>,
    speed: f64,
    /// Resets of the board that were seen.
    resets: u64,
    /// Starts in a row that did not come to be good ones.
    failures: u32,
    /// Starts of a firmware that its chip can run.
    begun: u32,
    /// The application was begun since the last reset, whether it runs or not.
    tried: bool,
    running: Option<Running>,
}

/// A firmware that runs.
struct Running {
    began: Duration,
    script: VecDeque<(Duration, Deed)>,
    good: bool,
    face: Arc<Mutex<Face>>,
    server: Option<Server>,
    point: Option<Opened>,
    greets: Option<Duration>,
    restarts: Option<Duration>,
}

impl Plug {
    pub(crate) fn new(home: Home, log: Box<dyn BoardEnd>, speed: f64) -> Self {
        Self { home, log, speed, resets: 0, failures: 0, begun: 0, tried: false, running: None }
    }

    /// Another board is in: nothing is known of it.
    pub(crate) fn fresh(&mut self) {
        (self.resets, self.failures, self.begun, self.tried) = (0, 0, 0, false);
        self.running = None;
    }

    fn say(&self, line: &str) {
        // a host that does not listen loses it, as on a wire
        _ = self.log.write(format!("{line}\r\n").as_bytes());
    }

    /// Everything that is due at `now`.
    pub(crate) fn follow(&mut self, now: Duration, board: &mut Board) {
        self.log.is_alone();
        let resets = board.counts().resets;
        if resets != self.resets || board.life() != Life::Application {
            self.end();
        }
        if resets != self.resets {
            (self.resets, self.tried) = (resets, false);
            if board.life() != Life::Dead {
                let name = board.chip().facts().firmware.unwrap_or_default();
                for line in loader(name) {
                    self.say(&line);
                }
            }
        }
        if board.life() == Life::Application && !self.tried {
            self.tried = true;
            self.running = self.start(now, board);
        }
        self.go_on(now, board);
    }

    /// When it will do something by itself.
    pub(crate) fn wake_at(&self) -> Option<Duration> {
        let running = self.running.as_ref()?;
        let next = running.script.front().map(|(at, _)| running.began + *at);
        [next, running.greets, running.restarts].into_iter().flatten().min()
    }

    /// Power, a reset: the firmware is cut off.
    fn end(&mut self) {
        if let Some(ended) = self.running.take() {
            self.failures = if ended.good { 0 } else { self.failures + 1 };
        }
    }

    fn start(&mut self, now: Duration, board: &Board) -> Option<Running> {
        let ails = |ailment| board.faults().ails(ailment);
        if ails(Ailment::NoBoot) {
            return None;
        }
        let chip = board.chip();
        let mut flash = board.nor().bytes().to_vec();
        if let Some(byte) =
            flash.get_mut(config::address(chip) as usize + fields::CHECKSUM.at).filter(|_| ails(Ailment::ConfigLost))
        {
            // the flash chip gives one bit of it wrongly
            *byte ^= 1;
        }
        let mut firmware = Firmware::of(chip, &flash)?;
        self.begun += 1;
        if ails(Ailment::LateBoot) && self.begun == 1 {
            return None;
        }
        if ails(Ailment::OtherVersion) {
            firmware.version = "1.18.299".into();
        }
        let mut found = reception(&firmware, &self.home);
        if ails(Ailment::WifiLost) && found != Reception::Own {
            found = Reception::Nothing;
        }
        let safe = (self.failures > SAFE_AFTER).then_some(self.failures);
        let script = script(&firmware, found, safe, ails(Ailment::CrashLoop)).into();
        let own = firmware.config.bytes(fields::STATIC_IP).first_chunk::<4>().copied().unwrap_or_default();
        let address = if own == [0; 4] { self.home.address } else { Ipv4Addr::from(own) };
        let (began, speed, config) = (Instant::now(), self.speed, firmware.config.clone());
        let (other_pin, declines) = (ails(Ailment::OtherPins), ails(Ailment::Declines));
        let face =
            Face { firmware, config, changed: false, restart: false, began, speed, address, other_pin, declines };
        let face = Arc::new(Mutex::new(face));
        Some(Running { began: now, script, good: false, face, server: None, point: None, greets: None, restarts: None })
    }

    fn go_on(&mut self, now: Duration, board: &mut Board) {
        loop {
            let Some(running) = &mut self.running else { return };
            let due = running.script.front().is_some_and(|(at, _)| running.began + *at <= now);
            let Some((_, deed)) = due.then(|| running.script.pop_front()).flatten() else { break };
            match deed {
                Deed::Say(line) => self.say(&line),
                Deed::Good => running.good = true,
                Deed::Save => {
                    let sector = lock(&running.face).config.sector();
                    board.save(config::address(board.chip()), &sector);
                }
                Deed::Joined => {
                    let at = SocketAddr::new(lock(&running.face).address.into(), self.home.port);
                    running.server = Server::begin(at, Arc::clone(&running.face)).ok();
                    running.greets = Some(now + GREETS);
                }
                Deed::Opened if !board.faults().ails(Ailment::NoAccessPoint) => {
                    (running.server, running.point) = open(&running.face, &self.home);
                }
                Deed::Opened => {}
                Deed::Restart => return board.touch_reset(now),
            }
        }
        let Some(running) = &mut self.running else { return };
        let mut face = lock(&running.face);
        if std::mem::take(&mut face.changed) {
            board.save(config::address(board.chip()), &face.config.sector());
        }
        if std::mem::take(&mut face.restart) {
            let late = board.faults().ails(Ailment::LateRestart);
            running.restarts = Some(now + if late { LATE_REBOOT } else { REBOOT });
        }
        if running.greets.is_some_and(|at| at <= now) {
            running.greets = None;
            if let Some(hears) = self.home.hears.as_ref().filter(|_| !board.faults().ails(Ailment::NoArrival))
                && let Some(hello) = hello(&face, board.faults().ails(Ailment::OtherName))
            {
                hears(hello);
            }
        }
        drop(face);
        if running.restarts.is_some_and(|at| at <= now) {
            running.good = true;
            running.restarts = None;
            board.touch_reset(now);
        }
    }
}

/// Its own access point, by its long name. Behind it the plug is 192.168.4.1; a virtual radio reaches it at an address of the
/// loopback device that is made of its MAC, so that several may be open at once.
fn open(face: &Arc<Mutex<Face>>, home: &Home) -> (Option<Server>, Option<Opened>) {
    let (ssid, mac) = {
        let mut face = lock(face);
        face.address = PLUG.into();
        (face.config.text(fields::LONG_NAME).unwrap_or_default().to_owned(), face.firmware.mac)
    };
    let [a, b, c, d, e, f] = mac.0;
    let address = SocketAddr::new(Ipv4Addr::new(127, 78, e, f).into(), home.port);
    let server = Server::begin(address, Arc::clone(face)).ok();
    // the last bit of the station's MAC, turned (beken SDK, wifi_get_mac_address)
    (server, home.air.open(&ssid, Mac([a, b, c, d, e, f ^ 1]), address))
}

fn lock(face: &Mutex<Face>) -> std::sync::MutexGuard<'_, Face> {
    face.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What it says on its broker; nothing without one.
fn hello(face: &Face, other_name: bool) -> Option<Hello> {
    let config = &face.config;
    config.text(fields::MQTT_HOST).filter(|host| !host.is_empty())?;
    let name = config.text(fields::MQTT_CLIENT)?.to_owned();
    let name = if other_name { format!("{name}-2") } else { name };
    let own = Own {
        config,
        client: &name,
        build: format!("{} {} Aug  2 2026 19:37:59", face.firmware.name, face.firmware.version),
        mac: face.firmware.mac,
        address: face.address.to_string(),
        uptime_s: face.uptime(),
    };
    let messages = messages(&own);
    Some(Hello { client: name, messages })
}
