//! Programs of their own, and what the kernel counts of each.

use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;
use tokio::time::Instant;

/// Ticks of a second in `/proc/PID/stat` (proc(5), USER_HZ: 100 on every machine that Linux runs flashjig on).
const TICKS: f64 = 100.0;

/// A program that ends with this.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    /// Ends it as an operator would, and waits for it.
    pub(crate) fn end(mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill").success());
        self.0.wait().expect("a program that ends");
    }

    fn file(&self, name: &str) -> String {
        let path = PathBuf::from(format!("/proc/{}", self.0.id())).join(name);
        std::fs::read_to_string(path).expect("what the kernel counts")
    }

    /// What it used since its start.
    pub(crate) fn usage(&self) -> Usage {
        let (stat, io) = (self.file("stat"), self.file("io"));
        // the name in parentheses may hold anything; utime and stime are fields 14 and 15
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |field: usize| fields[field - 3].parse::<f64>().expect("ticks");
        let written = io.lines().find_map(|line| line.strip_prefix("write_bytes: ")).expect("write_bytes");
        Usage { cpu_s: (ticks(14) + ticks(15)) / TICKS, written: written.trim().parse().expect("bytes") }
    }

    /// A line of `/proc/PID/status` in KiB: `VmHWM` is its peak of memory, `VmRSS` what it has now.
    pub(crate) fn memory_kib(&self, line: &str) -> u64 {
        let status = self.file("status");
        let found = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
        found.and_then(|text| text.split_whitespace().next()?.parse().ok()).expect("a line of memory")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

/// Processor time and bytes towards the disk.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_s: f64,
    pub(crate) written: u64,
}

impl std::ops::Sub for Usage {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self { cpu_s: self.cpu_s - before.cpu_s, written: self.written - before.written }
    }
}

/// Looks every two milliseconds until there is something.
pub(crate) fn wait_for<T>(what: &str, patience: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let last = Instant::now() + patience;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < last, "{what}: nothing within {} s", patience.as_secs());
        std::thread::sleep(Duration::from_millis(2));
    }
}
