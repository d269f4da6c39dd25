//! The same with the program as its user starts it, over boards that `flashjig sim` serves.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const BIN: &str = env!("CARGO_BIN_EXE_flashjig");

/// A child that does not outlive its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// The board of a slot: `NAME.uart` and `NAME.lines` in the folder.
fn sim(dir: &Path, name: &str) -> Running {
    let mut child = Command::new(BIN)
        .args(["sim", "--chip", "t", "--speed", "40", "--link"])
        .arg(dir.join(format!("{name}.uart")))
        .arg("--control")
        .arg(dir.join(format!("{name}.lines")))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("/dev/pts/"), "the first line is the PTY: {line:?}");
    Running(child)
}

fn ask(dir: &Path, name: &str, order: &str) -> String {
    let mut socket = UnixStream::connect(dir.join(format!("{name}.lines"))).unwrap();
    writeln!(socket, "{order}").unwrap();
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).unwrap();
    line
}

/// Two slots with lines of kind socket.
fn config(dir: &Path) -> PathBuf {
    let at = |name: &str| dir.join(name).display().to_string();
    let slot = |name: &str| {
        let (uart, lines) = (at(&format!("{name}.uart")), at(&format!("{name}.lines")));
        format!("[[slot]]\nname = {name:?}\nuart = {uart:?}\n[slot.lines]\nkind = \"socket\"\npath = {lines:?}\n")
    };
    let text = format!(
        "[station]\ndata_dir = {:?}\n[web]\nlisten = \"127.0.0.1:0\"\n[dbus]\nbus = \"none\"\n{}{}",
        at("data"),
        slot("A"),
        slot("B")
    );
    std::fs::create_dir_all(dir.join("data/firmware")).unwrap();
    let (name, bytes) = flashjig::sim::factory::demo_image(flashjig::model::chip::Chip::Bk7231T, "1.18.300");
    std::fs::write(dir.join("data/firmware").join(name), bytes).unwrap();
    let file = dir.join("flashjig.toml");
    std::fs::write(&file, text).unwrap();
    file
}

/// `flashjig run`, what it says, and its page.
struct Daemon {
    _child: Running,
    said: Arc<Mutex<Vec<String>>>,
    page: String,
}

impl Daemon {
    fn start(dir: &Path, notify: &Path) -> Self {
        let mut child = Command::new(BIN)
            .args(["run", "--config"])
            .arg(config(dir))
            .env("NOTIFY_SOCKET", notify)
            .env_remove("WATCHDOG_USEC")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, mut lines) =
            (Arc::<Mutex<Vec<String>>>::default(), BufReader::new(child.stderr.take().unwrap()).lines());
        let child = Running(child);
        let note = Arc::clone(&said);
        let mut page = None;
        while page.is_none() {
            let line = lines.next().unwrap_or_else(|| panic!("no page: {:?}", said.lock().unwrap())).unwrap();
            let port = line.split_once("http://127.0.0.1:").map(|(_, rest)| rest.split('/').next().unwrap().to_owned());
            page = port.map(|port| format!("127.0.0.1:{port}"));
            said.lock().unwrap().push(line);
        }
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                note.lock().unwrap().push(line);
            }
        });
        Self { _child: child, said, page: page.unwrap() }
    }

    fn http(&self, method: &str, path: &str) -> (u16, Value) {
        let mut stream = TcpStream::connect(&self.page).unwrap();
        let host = &self.page;
        write!(
            stream,
            "{method} /api/v1/{path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}")))
    }

    /// Waits until the slot is so.
    fn until(&self, slot: usize, so: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..6000 {
            let view = self.http("GET", "status").1["slots"][slot].clone();
            if so(&view) {
                return view;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        panic!("{:?}", self.said.lock().unwrap());
    }
}

/// systemd's end of the socket, with what it was told until READY.
fn ready(manager: &UnixDatagram) -> String {
    let (mut heard, mut bytes) = (String::new(), [0; 4096]);
    while !heard.contains("READY=1") {
        let count = manager.recv(&mut bytes).unwrap();
        heard += &String::from_utf8_lossy(&bytes[..count]);
    }
    heard
}

#[test]
fn a_daemon_with_a_dead_slot_is_ready_tells_of_it_everywhere_and_works() {
    let dir = tempfile::tempdir().unwrap();
    let notify = dir.path().join("notify");
    let manager = UnixDatagram::bind(&notify).unwrap();
    manager.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    let _b = sim(dir.path(), "B");
    let daemon = Daemon::start(dir.path(), &notify);
    let told = ready(&manager);
    assert!(told.contains("A: blocked: S02 ") && told.contains("B: ready"), "{told}");
    let slot = daemon.until(0, |slot| slot["state"] == "blocked");
    assert_eq!(slot["blocked_by"]["code"], "S02", "{slot:#}");
    let (status, problem) = daemon.http("POST", "slots/A/start");
    let detail = problem["error"]["detail"].as_str().unwrap();
    assert_eq!(status, 409, "{problem:#}");
    assert!(
        detail.starts_with("S02 ") && detail.contains("A.lines") && detail.contains("start the program"),
        "{detail}"
    );
    daemon.until(0, |_| {
        let journal = daemon.said.lock().unwrap();
        journal.iter().any(|line| line.contains("slot A: blocked: S02 ") && line.contains("A.lines"))
    });

    assert_eq!(daemon.http("POST", "slots/B/start").0, 202);
    let passed = |slot: &Value| slot["last"]["verdict"] == "pass";
    daemon.until(1, passed);

    let _a = sim(dir.path(), "A");
    assert_eq!(daemon.http("POST", "slots/A/acknowledge").0, 202);
    daemon.until(0, |slot| slot["state"] == "idle" && slot["blocked"].is_null());
    assert_eq!(daemon.http("POST", "slots/A/start").0, 202);
    daemon.until(0, passed);
}

#[test]
fn one_unit_on_a_dead_slot_is_refused_with_its_reason_and_safe_tries_all_slots() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let _b = sim(dir.path(), "B");
    let once = Command::new(BIN).args(["once", "--slot", "A", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&once.stderr);
    assert_eq!(once.status.code(), Some(2), "{said}");
    assert!(said.contains("S02 ") && said.contains("A.lines") && said.contains("start the program"), "{said}");
    assert!(ask(dir.path(), "B", "power on").starts_with("ok"));
    let safe = Command::new(BIN).args(["safe", "--config"]).arg(&config).output().unwrap();
    let said = String::from_utf8_lossy(&safe.stderr);
    assert_eq!(safe.status.code(), Some(2), "{said}");
    assert!(said.contains("slot A: ") && said.contains("A.lines") && !said.contains("slot B"), "{said}");
    let status = ask(dir.path(), "B", "status");
    assert!(status.contains("\"powered\":false") && status.contains("\"cen\":\"low\""), "{status}");
}
