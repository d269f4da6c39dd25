//! How full the disk is.

use super::Archive;
use schemars::JsonSchema;
use serde::Serialize;

/// The disk with the data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Disk {
    /// What the user who runs flashjig can still write, bytes.
    pub free_bytes: u64,
    /// Size in all.
    pub total_bytes: u64,
    /// What this program has had written to disks since it was started, bytes, as the kernel counts it; null: it does not.
    pub written_bytes: Option<u64>,
}

impl Archive {
    /// The disk that the backups are on; `None`: it does not say.
    pub fn disk(&self) -> Option<Disk> {
        let found = rustix::fs::statvfs(self.folder()).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        Some(Disk { free_bytes: bytes(found.f_bavail), total_bytes: bytes(found.f_blocks), written_bytes: written() })
    }
}

/// `write_bytes` of this process (Linux, filesystems/proc.rst): what it has sent towards a disk, by all its threads.
fn written() -> Option<u64> {
    written_in(&std::fs::read_to_string("/proc/self/io").ok()?)
}

fn written_in(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("write_bytes:")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_what_the_kernel_says() {
        let text = "rchar: 323934931\nwchar: 323929600\nsyscr: 632687\nsyscw: 632675\nread_bytes: 0\n\
                    write_bytes: 323932160\ncancelled_write_bytes: 4096\n";
        assert_eq!(written_in(text), Some(323_932_160));
        assert_eq!(written_in("rchar: 1\n"), None);
    }
}
