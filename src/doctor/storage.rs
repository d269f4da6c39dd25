//! The data folder: there, writable, with room, firmware and backups.

use super::finding::Finding;
use super::root::Root;
use crate::config::Config;
use crate::model::chip::Chip;
use crate::model::unit::readiness::LackKind;
use crate::station::Library;
use std::io::ErrorKind;
use std::path::Path;

/// A station that can't hold this many more bytes stops soon: fifty backups of 2 MiB.
const LITTLE: u64 = 100 * 1024 * 1024;
/// Somebody should think of it.
const SCARCE: u64 = 1024 * 1024 * 1024;

/// Files that are told with the reason why they are not used.
const SHOWN: usize = 3;

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let Some(config) = config else { return Vec::new() };
    let data = root.path(&config.data_dir);
    let mut findings = vec![writable(&data)];
    findings.extend(rustix::fs::statvfs(&data).ok().map(|disk| room(disk.f_bavail.saturating_mul(disk.f_frsize))));
    findings.push(firmware(root, config));
    findings.push(backups(&data.join("backups")));
    findings
}

fn writable(folder: &Path) -> Finding {
    let name = folder.display();
    match tempfile::tempfile_in(folder) {
        Ok(_) => Finding::ok("data folder", name.to_string()),
        // the station makes it at its start
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Finding::warning("data folder", name.to_string(), "nothing there yet").mend(format!("mkdir -p {name}"))
        }
        Err(error) => Finding::fault("data folder", format!("{name}, open to this user"), error.to_string()).mend(
            format!("sudo install -d -o flashjig -g flashjig -m 0750 {name}; as a service flashjig has its own user"),
        ),
    }
}

/// Whether the disk has room, in bytes.
pub(super) fn room(free: u64) -> Finding {
    let found = format!("{} MiB free", free / 1024 / 1024);
    let remedy = "take backups to another disk (flashjig backup export), or delete what is not needed";
    match free {
        ..LITTLE => Finding::fault("disk", "100 MiB or more: each backup takes 2 MiB", found).mend(remedy),
        LITTLE..SCARCE => Finding::warning("disk", "1 GiB or more: each backup takes 2 MiB", found).mend(remedy),
        _ => Finding::ok("disk", found),
    }
}

/// What the station would find where it looks: its folder, uploads, sticks.
fn firmware(root: &Root, config: &Config) -> Finding {
    let (data, folder) = (root.path(&config.data_dir), root.path(&config.firmware_dir));
    let usb = config.usb_dir.as_ref().map(|usb| root.path(usb));
    let library =
        Library::look(&data, &folder, &config.recipe).with_usb(usb.as_deref()).trusting(config.publisher.as_ref());
    let files = library.files();
    let lack = library.readiness().lack;
    let usable: Vec<_> = files.iter().filter(|file| file.ok).collect();
    let offered: Vec<_> = files.iter().filter(|file| file.offered).collect();
    let Some(lack) = lack else {
        let mut chips: Vec<&str> = usable.iter().filter_map(|file| file.chip).map(Chip::name).collect();
        chips.sort_unstable();
        chips.dedup();
        let (count, chips) = (usable.len(), chips.join(", "));
        return Finding::ok(
            "firmware",
            match offered.len() {
                0 => format!("{count} images, for {chips}"),
                offered => format!("{count} images, for {chips}; {offered} more offered only"),
            },
        );
    };
    let remedy = match (lack.kind, offered.first().and_then(|file| file.sha256)) {
        (LackKind::Recipe, _) => "flashjig check".to_owned(),
        (LackKind::Approval, Some(sha256)) => format!("flashjig firmware approve {sha256}"),
        _ => format!("mkdir -p {0} && cp OpenBK7231*.bin {0}/", folder.display()),
    };
    let refused = files.iter().filter_map(|file| Some(format!("{}: {}", file.name, file.reason.as_ref()?)));
    let refused: Vec<String> = refused.take(SHOWN).collect();
    let found = match (lack.kind, refused.is_empty()) {
        (LackKind::Recipe, _) => lack.message,
        (_, true) if files.is_empty() => format!("none in {}, uploaded or on a stick", folder.display()),
        (_, true) => format!("{} files, none that the recipe {} allows", files.len(), config.recipe),
        (_, false) => refused.join(" | "),
    };
    Finding::fault("firmware", "OpenBK files that units may get", found).mend(remedy)
}

fn backups(folder: &Path) -> Finding {
    match std::fs::read_dir(folder) {
        Ok(entries) => Finding::ok("backups", format!("{} files in {}", entries.flatten().count(), folder.display())),
        Err(_) => Finding::ok("backups", "none yet"),
    }
}
