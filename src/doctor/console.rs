//! A login console on a slot's UART: it types into the chip, and the chip's bytes are typed into it.

use super::finding::Finding;
use super::root::Root;
use crate::config::Config;
use std::path::Path;

const CMDLINE: [&str; 2] = ["/boot/firmware/cmdline.txt", "/boot/cmdline.txt"];

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let ports: Vec<String> = match config {
        Some(config) => config.slots.iter().map(|slot| name(root, &slot.uart)).collect(),
        None if root.exists("/dev/serial0") => vec![name(root, Path::new("/dev/serial0"))],
        None => return Vec::new(),
    };
    ports.iter().filter(|port| port.starts_with("ttyAMA") || port.starts_with("ttyS")).map(|p| port(root, p)).collect()
}

fn name(root: &Root, device: &Path) -> String {
    root.target(device).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn port(root: &Root, port: &str) -> Finding {
    let (subject, expected) = (format!("console on {port}"), "none");
    let is_port = |device: &str| name(root, &Path::new("/dev").join(device)) == port;
    let mut places = CMDLINE.into_iter().filter_map(|file| Some((file, root.text(file)?)));
    if let Some((file, text)) = places.next() {
        let console = text.split_whitespace().find(|word| {
            let device = word.strip_prefix("console=").map(|rest| rest.split(',').next().unwrap_or_default());
            device.is_some_and(is_port)
        });
        if let Some(word) = console {
            let remedy = format!("sudo sed -i 's/{word} *//' {file} && sudo reboot");
            return Finding::fault(subject, expected, format!("{word} stands in {file}")).mend(remedy);
        }
    }
    // what the kernel itself says, wherever it was told to
    if root.text(&format!("/sys/class/tty/{port}/console")).as_deref() == Some("Y") {
        return Finding::fault(subject, expected, "the kernel writes its messages there")
            .mend("sudo raspi-config nonint do_serial_cons 1 && sudo reboot");
    }
    let wants = "/etc/systemd/system/getty.target.wants";
    let service = root.names(wants).into_iter().find(|unit| {
        let device = unit.strip_prefix("serial-getty@").and_then(|rest| rest.strip_suffix(".service"));
        device.is_some_and(is_port)
    });
    match service {
        Some(unit) => Finding::fault(subject, expected, format!("{unit} is enabled"))
            .mend(format!("sudo systemctl disable --now {unit}")),
        None => Finding::ok(subject, "none"),
    }
}
