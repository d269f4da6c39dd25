use super::*;
use std::fs;

mod uarts;

/// A machine made of text files.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new(files: &[(&str, &str)]) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            machine.put(path, text);
        }
        machine
    }

    /// A Raspberry Pi 4 whose header has the PL011, as it should be.
    fn pi() -> Self {
        let machine = Self::new(&[
            ("proc/device-tree/model", "Raspberry Pi 4 Model B Rev 1.4\0"),
            ("proc/sys/kernel/osrelease", "6.12.47+rpt-rpi-v8\n"),
            ("boot/firmware/config.txt", "# comment\nenable_uart=1\ndtoverlay=disable-bt\n"),
            ("boot/firmware/cmdline.txt", "console=tty1 root=PARTUUID=1-02 rootwait\n"),
            ("dev/ttyAMA0", ""),
            ("sys/devices/platform/soc/soc:firmware/get_throttled", "0\n"),
            ("run/systemd/timesync/synchronized", ""),
            ("run/dbus/system_bus_socket", ""),
            ("usr/share/dbus-1/system.d/org.flashjig.Station1.conf", ""),
            ("data/backups/ab.bin", ""),
        ]);
        let (name, bytes) = crate::sim::factory::demo_image(crate::model::chip::Chip::Bk7231T, "1.18.300");
        fs::create_dir_all(machine.0.path().join("data/firmware")).unwrap();
        fs::write(machine.0.path().join("data/firmware").join(name), bytes).unwrap();
        machine.put("flashjig.toml", &station(2_000_000));
        machine
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn findings(&self) -> Vec<Finding> {
        let file = self.0.path().join("flashjig.toml");
        of_file(&Root::at(self.0.path()), file.exists().then_some(file.as_path()), false)
    }

    /// The only finding that is not well.
    fn complaint(&self) -> Finding {
        let findings = self.findings();
        // how full the disk is that the tests run on is not theirs
        let mut bad = findings.into_iter().filter(|finding| finding.level != Level::Ok && finding.subject != "disk");
        let first = bad.next().expect("something is wrong");
        assert_eq!(bad.next(), None);
        first
    }
}

fn station(max_baud: u32) -> String {
    format!("[station]\ndata_dir = \"/data\"\n[[slot]]\nname = \"A\"\nuart = \"/dev/ttyAMA0\"\nmax_baud = {max_baud}\n")
}

#[test]
fn a_good_pi_has_nothing_to_mend() {
    let findings = Machine::pi().findings();
    let bad: Vec<_> = findings.iter().filter(|f| f.level != Level::Ok && f.subject != "disk").collect();
    assert_eq!(bad, Vec::<&Finding>::new());
    let model = findings.iter().find(|finding| finding.subject == "machine").unwrap();
    assert_eq!(model.found, "Raspberry Pi 4 Model B Rev 1.4");
}

#[test]
fn a_login_console_on_the_port_is_a_fault_with_the_command_that_ends_it() {
    let machine = Machine::pi();
    std::os::unix::fs::symlink("ttyAMA0", machine.0.path().join("dev/serial0")).unwrap();
    machine.put("boot/firmware/cmdline.txt", "console=serial0,115200 console=tty1 root=/dev/mmcblk0p2\n");
    let finding = machine.complaint();
    assert_eq!((finding.level, finding.subject.as_str()), (Level::Fault, "console on ttyAMA0"));
    let remedy = finding.remedy.unwrap();
    assert_eq!(remedy, "sudo sed -i 's/console=serial0,115200 *//' /boot/firmware/cmdline.txt && sudo reboot");
    machine.put("boot/firmware/cmdline.txt", "console=tty1\n");
    machine.put("etc/systemd/system/getty.target.wants/serial-getty@ttyAMA0.service", "");
    let remedy = machine.complaint().remedy.unwrap();
    assert_eq!(remedy, "sudo systemctl disable --now serial-getty@ttyAMA0.service");
}

#[test]
fn a_rate_beyond_the_uarts_clock_is_a_fault_until_the_clock_is_raised() {
    let machine = Machine::pi();
    machine.put("flashjig.toml", &station(4_000_000));
    let finding = machine.complaint();
    assert!(finding.found.contains("48 MHz gives 3000000 baud"), "{finding:?}");
    assert!(
        finding.remedy.unwrap().starts_with("echo init_uart_clock=64000000 | sudo tee -a /boot/firmware/config.txt")
    );
    machine.put("boot/firmware/config.txt", "init_uart_clock = 64000000\n");
    assert!(machine.findings().iter().all(|f| f.level == Level::Ok || f.subject == "disk"));
}

#[test]
fn the_mini_uart_is_warned_about() {
    let machine = Machine::pi();
    machine.put("dev/ttyS0", "");
    machine.put("boot/firmware/config.txt", "enable_uart=1\n");
    machine.put("flashjig.toml", &station(115_200).replace("ttyAMA0", "ttyS0"));
    let finding = machine.complaint();
    assert_eq!(finding.level, Level::Warning);
    assert!(finding.remedy.unwrap().contains("dtoverlay=disable-bt"));
}

#[test]
fn under_voltage_now_is_a_fault_and_in_the_past_a_warning() {
    let machine = Machine::pi();
    let file = "sys/devices/platform/soc/soc:firmware/get_throttled";
    machine.put(file, "50005\n");
    assert_eq!(machine.complaint().level, Level::Fault);
    machine.put(file, "50000\n");
    assert_eq!(machine.complaint().level, Level::Warning);
    fs::remove_file(machine.0.path().join(file)).unwrap();
    machine.put("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
    machine.put("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
    assert_eq!(machine.complaint().level, Level::Fault);
}

#[test]
fn a_port_that_another_program_holds_is_a_fault_that_names_it() {
    let machine = Machine::pi();
    machine.put("proc/77/comm", "minicom\n");
    fs::create_dir_all(machine.0.path().join("proc/77/fd")).unwrap();
    std::os::unix::fs::symlink("/dev/ttyAMA0", machine.0.path().join("proc/77/fd/3")).unwrap();
    let finding = machine.complaint();
    assert_eq!(finding.found, "minicom (process 77) has it open");
    assert_eq!(finding.remedy.unwrap(), "end it: kill 77");
    machine.put("proc/77/comm", "flashjig\n");
    assert!(machine.findings().iter().all(|f| f.level == Level::Ok || f.subject == "disk"));
}

#[test]
fn what_is_missing_is_named_with_what_mends_it() {
    let machine = Machine::pi();
    for (gone, subject) in [
        ("dev/ttyAMA0", "port of slot A"),
        ("usr/share/dbus-1/system.d/org.flashjig.Station1.conf", "D-Bus"),
        ("run/systemd/timesync/synchronized", "clock"),
        ("data/firmware", "firmware"),
    ] {
        let path = machine.0.path().join(gone);
        let hidden = machine.0.path().join("hidden");
        fs::rename(&path, &hidden).unwrap();
        let finding = machine.complaint();
        assert_eq!(finding.subject, subject);
        assert!(finding.remedy.is_some_and(|remedy| !remedy.is_empty()), "{subject}");
        fs::rename(&hidden, &path).unwrap();
    }
}

#[test]
fn a_laptop_without_a_configuration_is_looked_at_too() {
    let findings = Machine::new(&[("proc/sys/kernel/osrelease", "6.1.0"), ("dev/null", "")]).findings();
    for words in ["only the machine is looked at", "USB adapters will do"] {
        assert!(findings.iter().any(|finding| finding.found.contains(words)), "{words}: {findings:?}");
    }
    assert!(findings.iter().all(|finding| finding.level != Level::Fault), "{findings:?}");
}

#[test]
fn a_panel_at_the_other_address_is_found() {
    let panel = i2c::Named { what: "panel".into(), address: 0x3C };
    let judge = |found: &[u8], every_address| i2c::judge(&panel, "/dev/i2c-1", found, every_address);
    let finding = judge(&[0x3D, 0x40], true);
    assert_eq!(finding.found, "0x3d, 0x40");
    assert_eq!(finding.remedy.unwrap(), "write address = 0x3d in [panel]");
    assert_eq!(judge(&[0x3C], true).level, Level::Ok);
    assert_eq!(judge(&[], true).level, Level::Warning);
    assert!(judge(&[], false).remedy.unwrap().contains("doctor --scan"));
}

#[test]
fn a_full_disk_is_a_fault_before_it_is_full() {
    const MIB: u64 = 1024 * 1024;
    let levels = [50 * MIB, 500 * MIB, 5000 * MIB].map(|free| storage::room(free).level);
    assert_eq!(levels, [Level::Fault, Level::Warning, Level::Ok]);
}

#[test]
fn firmware_is_looked_for_where_the_station_looks_and_the_remedy_works() {
    let firmware = |machine: &Machine| machine.findings().into_iter().find(|it| it.subject == "firmware").unwrap();
    let machine = Machine::pi();
    let data = machine.0.path().join("data");
    let name = fs::read_dir(data.join("firmware")).unwrap().next().unwrap().unwrap().file_name();
    fs::create_dir_all(data.join("uploads")).unwrap();
    fs::rename(data.join("firmware").join(&name), data.join("uploads").join(&name)).unwrap();
    fs::remove_dir(data.join("firmware")).unwrap();
    let offered = firmware(&machine);
    assert_eq!(offered.level, Level::Fault, "{offered:?}");
    let remedy = offered.remedy.unwrap();
    let sha256 = remedy.strip_prefix("flashjig firmware approve ").unwrap_or_else(|| panic!("{remedy}"));
    let library = crate::station::Library::look(&data, &data.join("firmware"), "default");
    let sha256 = crate::model::chip::digest::Digest::parse(sha256).unwrap();
    library.approve(None, sha256, crate::model::firmware::approval::Approval::Command).unwrap();
    assert_eq!(firmware(&machine).level, Level::Ok, "uploads count");
    fs::remove_file(data.join("uploads").join(&name)).unwrap();
    let remedy = firmware(&machine).remedy.unwrap();
    assert!(remedy.starts_with("mkdir -p ") && remedy.contains("data/firmware && cp OpenBK"), "{remedy}");
}

#[test]
fn the_radio_that_is_lent_must_be_there() {
    let machine = Machine::pi();
    let of = |machine: &Machine| {
        machine.findings().into_iter().find(|finding| finding.subject == "radio for plugs").unwrap()
    };
    assert!(of(&machine).found.starts_with("none is lent"), "{:?}", of(&machine));
    machine.put("flashjig.toml", &format!("{}[air]\ninterface = \"wlan1\"\n", station(2_000_000)));
    let finding = machine.complaint();
    assert_eq!((finding.level, finding.expected.as_deref()), (Level::Warning, Some("the Wi-Fi device wlan1")));
    machine.put("sys/class/net/wlan1/phy80211/name", "phy1\n");
    assert_eq!(of(&machine).level, Level::Ok);
}
