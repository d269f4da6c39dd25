//! The disk of the data folder: a file system of its own where this user may mount one, so that it can fill up and turn
//! read-only like a worn card.

use crate::clock;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How large it may become; the file is sparse.
const SIZE: &str = "16G";

/// The disk.
pub(crate) struct Disk {
    image: PathBuf,
    /// Where it is mounted: the data folder lies in it.
    place: PathBuf,
    /// Name of its block device, such as `loop3`; none: it is a folder like any other.
    device: Option<String>,
}

fn run(program: &str, args: &[&str]) -> Option<String> {
    let done = Command::new(program).args(args).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).trim().to_owned())
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a temporary folder has a name of letters")
}

impl Disk {
    /// Mounts one in this folder, or says why there is only a folder.
    pub(crate) fn new(folder: &Path) -> (Self, Option<String>) {
        let mut disk = Self { image: folder.join("disk.img"), place: folder.join("disk"), device: None };
        std::fs::create_dir(&disk.place).unwrap();
        let why = disk.make().err();
        std::fs::create_dir_all(disk.data()).unwrap();
        (disk, why)
    }

    fn make(&mut self) -> Result<(), String> {
        if run("id", &["-u"]).as_deref() != Some("0") {
            return Err("only root may mount a disk".into());
        }
        let image = text(&self.image);
        let file = std::fs::File::create(&self.image).map_err(|error| error.to_string())?;
        drop(file);
        run("truncate", &["-s", SIZE, image]).ok_or("truncate refused")?;
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-E", "lazy_itable_init=1", image]).ok_or("mkfs.ext4 refused")?;
        self.mount().ok_or_else(|| "this machine has no loop device to mount".to_owned())
    }

    fn mount(&mut self) -> Option<()> {
        run("mount", &["-o", "loop,errors=remount-ro", text(&self.image), text(&self.place)])?;
        let source = run("findmnt", &["-no", "SOURCE", text(&self.place)])?;
        self.device = Some(source.rsplit('/').next()?.to_owned());
        Some(())
    }

    fn unmount(&mut self) {
        if self.device.take().is_some() {
            // a program that was just killed may hold it for a moment
            clock::until(Duration::from_secs(20), || run("umount", &[text(&self.place)]).is_some());
        }
    }

    /// It is not needed any more.
    pub(crate) fn discard(&mut self) {
        self.unmount();
        _ = std::fs::remove_file(&self.image);
    }

    /// The data folder of the station.
    pub(crate) fn data(&self) -> PathBuf {
        self.place.join("data")
    }

    /// Whether it can fill up and turn read-only.
    pub(crate) fn is_own(&self) -> bool {
        self.device.is_some()
    }

    fn ballast(&self) -> PathBuf {
        self.place.join("ballast")
    }

    /// Leaves so many KiB free.
    pub(crate) fn fill(&self, left: u64) {
        let free = run("stat", &["-f", "-c", "%a %S", text(&self.place)]).unwrap_or_default();
        let numbers: Vec<u64> = free.split(' ').filter_map(|number| number.parse().ok()).collect();
        let free = numbers.iter().product::<u64>() / 1024;
        let length = format!("{}K", free.saturating_sub(left));
        _ = run("fallocate", &["-l", &length, text(&self.ballast())]);
    }

    /// There is room again.
    pub(crate) fn empty(&self) {
        _ = std::fs::remove_file(self.ballast());
    }

    /// A fault of the disk: the kernel makes the file system read-only, whoever writes to it.
    pub(crate) fn break_down(&self) -> bool {
        let Some(device) = &self.device else { return false };
        std::fs::write(format!("/sys/fs/ext4/{device}/trigger_fs_error"), "flashjig's random life").is_ok()
    }

    /// It is checked and mounted anew; nobody may use it meanwhile.
    pub(crate) fn repair(&mut self) {
        if self.device.is_none() {
            return;
        }
        self.unmount();
        _ = run("e2fsck", &["-fy", text(&self.image)]);
        self.mount().expect("a disk that was checked can be mounted");
        // the fault undoes what was not on the disk yet, such as that there is room again
        self.empty();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.unmount();
    }
}
