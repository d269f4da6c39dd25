//! flashjig as systemd starts it: what it says by the sd-notify protocol, and whether the unit file stands.

use flashjig::testdata;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const BIN: &str = env!("CARGO_BIN_EXE_flashjig");

/// systemd's end of the socket.
struct Manager {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Manager {
    fn new(dir: &Path) -> Self {
        let path = dir.join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        Self { socket, path }
    }

    /// Everything up to the first message with this line.
    fn hear(&self, wanted: &str) -> Vec<String> {
        let mut heard = Vec::new();
        let mut bytes = [0; 4096];
        loop {
            let count = self.socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{wanted}: {error}: {heard:?}"));
            heard.extend(String::from_utf8_lossy(&bytes[..count]).lines().map(str::to_owned));
            if heard.iter().any(|line| line == wanted) {
                return heard;
            }
        }
    }
}

struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn config(dir: &Path, uart: &str) -> PathBuf {
    let file = dir.join("flashjig.toml");
    let text = format!(
        "[station]\ndata_dir = \"{}\"\n[web]\nlisten = \"127.0.0.1:0\"\n[dbus]\nbus = \"none\"\n[[slot]]\nname = \"A\"\n\
         uart = \"{uart}\"\nstart = \"remote\"\n",
        dir.join("data").display()
    );
    std::fs::write(&file, text).unwrap();
    std::fs::create_dir_all(dir.join("data")).unwrap();
    file
}

fn start(config: &Path, notify: &Path, watchdog: &str) -> Daemon {
    let child = Command::new(BIN)
        .args(["run", "--config"])
        .arg(config)
        .env("NOTIFY_SOCKET", notify)
        .env("WATCHDOG_USEC", watchdog)
        .env_remove("WATCHDOG_PID")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Daemon(child)
}

#[test]
fn the_manager_hears_ready_food_and_stopping_in_this_order() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::new(dir.path());
    let mut daemon = start(&config(dir.path(), "/dev/null"), &manager.path, "60000000");
    let heard = manager.hear("READY=1");
    assert_eq!(heard.first().map(String::as_str), Some("READY=1"), "nothing before READY");
    // whether it has firmware is told as soon as somebody has looked, which may be before
    let status =
        |line: &String| line.starts_with("STATUS=") && line.ends_with("A: ready; 0 passed, 0 not, since the start");
    assert!(heard.iter().any(status), "{heard:?}");
    manager.hear("WATCHDOG=1");
    let told = Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    let heard = manager.hear("STOPPING=1");
    assert!(heard.iter().any(|line| line.starts_with("STATUS=ending: ")), "{heard:?}");
    assert!(daemon.0.wait().unwrap().success());
}

/// Asks the page and hears nothing yet.
fn ask(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    stream
}

#[test]
fn whatever_hangs_the_daemon_ends_in_its_time() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::new(dir.path());
    let file = config(dir.path(), "/dev/null");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = std::fs::read_to_string(&file).unwrap().replace("127.0.0.1:0", &address.to_string());
    std::fs::write(&file, text).unwrap();
    // who reads it waits for a writer that never comes
    let recipes = dir.path().join("data/recipes");
    std::fs::create_dir(&recipes).unwrap();
    let made = Command::new("mkfifo").arg(recipes.join("x.toml")).status();
    if !made.is_ok_and(|made| made.success()) {
        return testdata::skipped("mkfifo is absent, or may make no FIFO here");
    }
    let mut daemon = start(&file, &manager.path, "60000000");
    manager.hear("READY=1");
    let _asked: Vec<TcpStream> = (0..40).map(|_| ask(address, "/api/v1/recipes")).collect();
    let _half: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut alive = String::new();
    ask(address, "/healthz").read_to_string(&mut alive).unwrap();
    assert!(alive.ends_with("ok\n"), "{alive}");
    let told = Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    manager.hear("STOPPING=1");
    // without an end the test has none
    assert!(daemon.0.wait().unwrap().success());
}

#[test]
fn a_station_that_can_not_work_never_says_ready() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::new(dir.path());
    let file = config(dir.path(), "/dev/null");
    // a data folder that is none
    let folder = dir.path().join("folder.toml");
    std::fs::write(dir.path().join("file"), "").unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(
        &folder,
        text.replace(&*dir.path().join("data").to_string_lossy(), &dir.path().join("file").to_string_lossy()),
    )
    .unwrap();
    let mut daemon = start(&folder, &manager.path, "60000000");
    assert_eq!(daemon.0.wait().unwrap().code(), Some(2));
    manager.socket.set_nonblocking(true).unwrap();
    assert!(manager.socket.recv(&mut [0; 64]).is_err(), "something was said");
}

#[test]
fn a_gpio_chip_that_is_absent_blocks_its_slot_and_not_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let manager = Manager::new(dir.path());
    let file = config(dir.path(), "/dev/null");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines = "[slot.lines]\nkind = \"gpiochip\"\nchip = \"/dev/no-such-chip\"\npower = { pin = 1 }\nled_green = { pin = 2 }\n";
    std::fs::write(&file, text + lines).unwrap();
    let mut daemon = start(&file, &manager.path, "60000000");
    let heard = manager.hear("READY=1");
    let status = heard.iter().find(|line| line.starts_with("STATUS=")).unwrap();
    assert!(status.contains("A: blocked: S02 ") && status.contains("/dev/no-such-chip"), "{status}");
    assert!(status.contains("gpiodetect"), "{status}");
    manager.hear("WATCHDOG=1");
    let told = Command::new("kill").args(["-TERM", &daemon.0.id().to_string()]).status().unwrap();
    assert!(told.success());
    assert!(daemon.0.wait().unwrap().success());
}

#[test]
fn the_unit_file_stands_and_is_hardened() {
    let Ok(version) = Command::new("systemd-analyze").arg("--version").output() else {
        testdata::skipped("systemd-analyze is absent (apt install systemd)");
        return;
    };
    assert!(version.status.success());
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/flashjig.service");
    let dir = tempfile::tempdir().unwrap();
    let unit = dir.path().join("flashjig.service");
    // verify looks whether the program is there
    let text = std::fs::read_to_string(shipped).unwrap();
    for limit in ["MemoryMax=", "MemorySwapMax=", "TasksMax=", "LimitCORE=0", "OOMPolicy="] {
        assert!(text.contains(&format!("\n{limit}")), "{limit}");
    }
    assert!(text.contains("ExecStart=/usr/bin/flashjig run") && text.contains("ExecStopPost=/usr/bin/flashjig safe"));
    std::fs::write(&unit, text.replace("/usr/bin/flashjig", BIN)).unwrap();
    let verify = Command::new("systemd-analyze").arg("verify").arg(&unit).output().unwrap();
    let said = String::from_utf8_lossy(&verify.stderr);
    assert!(verify.status.success(), "{said}");
    assert!(!said.contains("flashjig.service:"), "{said}");
    let security = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=20"])
        .arg(&unit)
        .output()
        .unwrap();
    let table = String::from_utf8_lossy(&security.stdout);
    assert!(security.status.success(), "more than 2.0: {}", table.lines().last().unwrap_or_default());
}
