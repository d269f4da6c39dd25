//! The data folder: there, writable, with room, firmware and backups.

use super::finding::Finding;
use super::root::Root;
use crate::config::Config;
use crate::model::firmware::image::Image;
use std::path::Path;

/// A station that can't hold this many more bytes stops soon: fifty backups of 2 MiB.
const LITTLE: u64 = 100 * 1024 * 1024;
/// Somebody should think of it.
const SCARCE: u64 = 1024 * 1024 * 1024;
/// Larger files are no firmware of these chips, bytes.
const MAX_FILE: u64 = 8 * 1024 * 1024;

pub(super) fn look(root: &Root, config: Option<&Config>) -> Vec<Finding> {
    let Some(config) = config else { return Vec::new() };
    let data = root.path(&config.data_dir);
    let mut findings = vec![writable(&data)];
    findings.extend(rustix::fs::statvfs(&data).ok().map(|disk| room(disk.f_bavail.saturating_mul(disk.f_frsize))));
    findings.push(firmware(&root.path(&config.firmware_dir)));
    findings.push(backups(&data.join("backups")));
    findings
}

fn writable(folder: &Path) -> Finding {
    let name = folder.display();
    match tempfile::tempfile_in(folder) {
        Ok(_) => Finding::ok("data folder", name.to_string()),
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

fn firmware(folder: &Path) -> Finding {
    let images: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.metadata().is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_FILE))
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Image::open(&name, &std::fs::read(entry.path()).ok()?).ok().map(|image| image.name)
        })
        .collect();
    if images.is_empty() {
        return Finding::fault("firmware", "OpenBK files", format!("none in {}", folder.display()))
            .mend(format!("cp OpenBK7231*.bin {}/", folder.display()));
    }
    Finding::ok("firmware", format!("{} images in {}", images.len(), folder.display()))
}

fn backups(folder: &Path) -> Finding {
    match std::fs::read_dir(folder) {
        Ok(entries) => Finding::ok("backups", format!("{} files in {}", entries.flatten().count(), folder.display())),
        Err(_) => Finding::ok("backups", "none yet"),
    }
}
