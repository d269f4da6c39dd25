//! A message bus of our own, with flashjig's policy and no access for anybody else's programs.

use flashjig::testdata;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use zbus::Connection;

/// Who may control the station on this bus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// The user of this test.
    Us,
    /// Somebody else: this user is one of everybody.
    Others,
}

/// What every system bus begins with: nobody may call or own anything that is not allowed.
const BASE: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.login1"/>
    <allow send_destination="org.freedesktop.timedate1"/>
    <allow send_destination="org.freedesktop.NetworkManager"/>
  </policy>
  <include>POLICY</include>
  <policy context="mandatory">
    <allow own="org.flashjig.Station1"/>
    <allow own="org.freedesktop.login1"/>
    <allow own="org.freedesktop.timedate1"/>
    <allow own="org.freedesktop.NetworkManager"/>
  </policy>
</busconfig>
"#;

/// The daemon; it ends with the test.
pub struct PrivateBus {
    daemon: Child,
    pub address: String,
    _folder: TempDir,
}

impl PrivateBus {
    /// `None`, saying why, where there is no dbus-daemon.
    pub fn start(control: Control) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let (config, policy) = (folder.path().join("bus.conf"), folder.path().join("policy.conf"));
        let user = Command::new("id").arg("-un").output().unwrap();
        let user = match control {
            Control::Us => String::from_utf8(user.stdout).unwrap().trim().to_owned(),
            Control::Others => "daemon".to_owned(),
        };
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/dbus/org.flashjig.Station1.conf");
        let text = std::fs::read_to_string(shipped).unwrap();
        assert!(text.contains("user=\"root\"") && text.contains("group=\"flashjig\""));
        std::fs::write(&policy, text.replace("user=\"root\"", &format!("user=\"{user}\""))).unwrap();
        let text = BASE
            .replace("SOCKET", &folder.path().join("socket").display().to_string())
            .replace("POLICY", &policy.display().to_string());
        std::fs::write(&config, text).unwrap();
        let started = Command::new("dbus-daemon")
            .args(["--nofork", "--nopidfile", "--print-address", "--config-file"])
            .arg(&config)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut daemon = match started {
            Ok(daemon) => daemon,
            Err(error) => {
                testdata::skipped(&format!("dbus-daemon: {error} (apt install dbus)"));
                return None;
            }
        };
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(address.starts_with("unix:"), "dbus-daemon says where it is: {address:?}");
        Some(Self { daemon, address, _folder: folder })
    }

    /// A service of the system, played by python3-dbusmock; `None`, saying why, where that is absent.
    pub fn mock(&self, template: &str) -> Option<Mock> {
        const PYTHON: &str = "/usr/bin/python3";
        let there = Command::new(PYTHON).args(["-c", "import dbusmock, gi"]).stderr(Stdio::null()).status();
        if !there.is_ok_and(|status| status.success()) {
            testdata::skipped("python3-dbusmock is absent (apt install python3-dbusmock)");
            return None;
        }
        let child = Command::new(PYTHON)
            .args(["-m", "dbusmock", "--system", "--template", template])
            .env("DBUS_SYSTEM_BUS_ADDRESS", &self.address)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Mock(child))
    }
}

impl Drop for PrivateBus {
    fn drop(&mut self) {
        _ = self.daemon.kill();
        _ = self.daemon.wait();
    }
}

/// A mocked service; it ends with the test.
pub struct Mock(Child);

impl Drop for Mock {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Waits until somebody has a name.
pub async fn wait_for_name(client: &Connection, name: &str) {
    let bus = zbus::fdo::DBusProxy::new(client).await.unwrap();
    let there = async {
        while !bus.name_has_owner(name.try_into().unwrap()).await.unwrap() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(120), there).await.unwrap_or_else(|_| panic!("{name} never came to the bus"));
}
