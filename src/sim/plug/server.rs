//! A plug's interface, in the firmware's manner: one request at a time, a status line with a bare LF, no length, the
//! connection closed behind each answer.

use super::console;
use super::firmware::Firmware;
use crate::model::openbeken::{Config, fields};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::time::Instant;

/// How long the thread waits for a request until it looks whether it is to end.
const LOOK: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// A request that does not end by then is dropped.
const PATIENCE: Duration = Duration::from_secs(2);
/// The firmware takes no longer request.
const LONGEST: usize = 8192;

const JSON: &str = "application/json";

/// What the interface shows and changes.
#[allow(clippy::struct_excessive_bools, reason = "each is one independent fact")]
pub(super) struct Face {
    pub(super) firmware: Firmware,
    /// The configuration as it is now; what commands change of it is saved later.
    pub(super) config: Config,
    pub(super) changed: bool,
    pub(super) restart: bool,
    pub(super) began: Instant,
    pub(super) speed: f64,
    pub(super) address: Ipv4Addr,
    /// The pins that it shows in place of its own, where it is to be wrong.
    pub(super) other_pin: bool,
    /// It does not know the command that gives a pin its role.
    pub(super) declines: bool,
}

impl Face {
    pub(super) fn uptime(&self) -> u64 {
        self.began.elapsed().mul_f64(self.speed).as_secs()
    }
}

/// A server that ends with this.
pub(super) struct Server {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // its address is free for the next start then
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

impl Server {
    /// Serves at this address.
    pub(super) fn begin(at: SocketAddr, face: Arc<Mutex<Face>>) -> std::io::Result<Self> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = std::thread::Builder::new().name("virtual-plug".into()).spawn(move || {
            while !end.load(Ordering::Relaxed) {
                match listener.accept() {
                    // what a client does wrong ends its own connection
                    Ok((stream, _)) => _ = serve(stream, &face),
                    Err(_) => _ = poll(&mut [PollFd::new(&listener, PollFlags::IN)], Some(&LOOK)),
                }
            }
        })?;
        Ok(Self { ended, thread: Some(thread) })
    }
}

fn serve(mut stream: TcpStream, face: &Mutex<Face>) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let (mut bytes, mut piece) = (Vec::new(), [0; 1024]);
    let (head, body) = loop {
        if let Some(parts) = parted(&bytes) {
            break parts;
        }
        match stream.read(&mut piece)? {
            0 => return Ok(()),
            n => bytes.extend_from_slice(piece.get(..n).unwrap_or_default()),
        }
        if bytes.len() > LONGEST {
            return Ok(());
        }
    };
    let (status, kind, text) = answer(&head, &body, &mut face.lock().unwrap_or_else(PoisonError::into_inner));
    let reply = format!(
        "HTTP/1.1 {status} OK\nContent-type: {kind}\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n{text}"
    );
    stream.write_all(reply.as_bytes())
}

/// Head and body of a request that is whole.
fn parted(bytes: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = header(head, "content-length").and_then(|value| value.parse().ok()).unwrap_or(0);
    (body.len() >= length).then(|| (head.to_owned(), body.to_owned()))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn answer(head: &str, body: &str, face: &mut Face) -> (u16, &'static str, String) {
    let password = face.config.secret(fields::WEB_PASS);
    if !password.is_empty() {
        let login = STANDARD.encode([b"admin:", password.reveal()].concat());
        if header(head, "authorization") != Some(&format!("Basic {login}")) {
            return (401, "text/plain", String::new());
        }
    }
    let mut words = head.split_whitespace();
    match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
        ("GET", "/api/info") => (200, JSON, info(face).to_string()),
        ("GET", "/api/pins") => (200, JSON, pins(face).to_string()),
        ("POST", "/api/cmnd") => {
            let is_unknown = face.declines && body.contains("setPinRole");
            let status = if is_unknown { 501 } else { console::obey(&mut face.config, body) };
            face.changed = true;
            (status, JSON, json!({ "success": status, "msg": if status == 200 { "OK" } else { "error" } }).to_string())
        }
        ("POST", "/api/reboot") => {
            face.restart = true;
            (200, JSON, json!({ "reboot": 3 }).to_string())
        }
        _ => (404, "text/plain", "Not found".into()),
    }
}

fn info(face: &Face) -> serde_json::Value {
    let (firmware, config) = (&face.firmware, &face.config);
    let text = |field| config.text(field).unwrap_or_default();
    json!({
        "uptime_s": face.uptime(), "build": format!("Built on Aug  2 2026 19:38:07 version {}", firmware.version),
        "ip": face.address.to_string(), "mac": firmware.mac.to_string(),
        "flags": (config.flags() & u64::from(u32::MAX)).to_string(),
        "mqtthost": format!("{}:{}", text(fields::MQTT_HOST), config.number(fields::MQTT_PORT)),
        "mqtttopic": text(fields::MQTT_CLIENT), "chipset": firmware.name.trim_start_matches("Open"),
        "webapp": text(fields::WEBAPP_ROOT), "shortName": text(fields::SHORT_NAME), "startcmd": text(fields::STARTUP),
        "supportsSSDP": 1, "supportsClientDeviceDB": true,
    })
}

fn pins(face: &Face) -> serde_json::Value {
    let list = |field| face.config.bytes(field).iter().take(29).copied().collect::<Vec<u8>>();
    let (mut roles, channels, channels2) = (list(fields::ROLES), list(fields::CHANNELS), list(fields::CHANNELS2));
    if let Some(role) = roles.get_mut(6).filter(|_| face.other_pin) {
        *role ^= 3;
    }
    let mut pins = json!({ "rolenames": [], "roles": roles, "channels": channels, "states": [] });
    // absent when all are zero
    if channels2.iter().any(|channel| *channel != 0)
        && let Some(pins) = pins.as_object_mut()
    {
        pins.insert("channels2".into(), channels2.into());
    }
    pins
}
