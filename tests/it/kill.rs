//! SIGKILL at random moments of a running demo: nothing that was shown is lost, nothing is doubled, and what was
//! interrupted is told.
//!
//! `cargo test` kills five times. Any number, with the moments of another seed:
//!
//! ```sh
//! FLASHJIG_KILLS=500 FLASHJIG_SEED=7 cargo test --test it kill:: -- --nocapture
//! ```

mod ledger;
mod seen;

use seen::Seen;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::time::Instant;

/// Kills of one data folder before the next one begins: reading all its backups again must stay quick.
const KILLS_A_FOLDER: u64 = 25;
/// A kill comes after so many events at most: about one and a half units of each slot. Counted and not timed, so that a machine
/// that is busy with other things is killed in the same stages as an idle one.
const EVENTS: u64 = 60;
/// And up to so much later, ms: between two events.
const LATER: u64 = 120;
/// A demo that does nothing for so long hangs.
const HANG: Duration = Duration::from_secs(120);

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: a number")))
}

/// Moments that repeat: splitmix64.
struct Moments(u64);

impl Moments {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % below
    }
}

/// A running demo and the address of its page.
struct Demo {
    child: Child,
    page: String,
}

impl Demo {
    fn start(data_dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flashjig"))
            .args(["demo", "--slots", "2", "--speed", "25", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(data_dir)
            // what a killed demo leaves there goes with the folder
            .env("TMPDIR", data_dir)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let page = lines.find_map(|line| Some(line.ok()?.strip_prefix("page")?.trim().to_owned()));
        let Some(page) = page else {
            let mut said = String::new();
            _ = std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said);
            panic!("it does not start after a kill: {said}");
        };
        // the pipes stay open, or the demo would end by itself
        std::thread::spawn(move || lines.for_each(drop));
        let said = child.stderr.take().unwrap();
        std::thread::spawn(move || BufReader::new(said).lines().for_each(drop));
        Self { child, page }
    }

    fn kill(self) {
        drop(self);
    }
}

/// A test that fails leaves no demo behind.
impl Drop for Demo {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn after_a_kill_nothing_shown_is_lost_and_what_was_interrupted_is_told() {
    let (kills, seed) = (number("FLASHJIG_KILLS", 5), number("FLASHJIG_SEED", 1));
    let (mut moments, begun) = (Moments(seed), Instant::now());
    let mut sum = ledger::Sum::default();
    let mut folder = tempfile::tempdir().unwrap();
    let mut before = Seen::default();
    let mut book = ledger::Book::default();
    for kill in 0..=kills {
        let now = flashjig::clock::now();
        let demo = Demo::start(folder.path());
        // the ledger is open by now, so the interrupted units of the run before are in it
        let events = seen::listen(&demo.page);
        if let Err(what) = book.compare(folder.path(), &before, now, &mut sum) {
            panic!("kill {kill} of seed {seed}: {what}; the folder {} stays", folder.keep().display());
        }
        if kill == kills || kill % KILLS_A_FOLDER == KILLS_A_FOLDER - 1 {
            demo.kill();
            check_archive(folder.path());
            folder = tempfile::tempdir().unwrap();
            (before, book) = (Seen::default(), ledger::Book::default());
            continue;
        }
        let goes_on = events.wait_for(moments.next(EVENTS), HANG);
        assert!(goes_on, "kill {kill} of seed {seed}: the demo hangs; its folder was {}", folder.path().display());
        std::thread::park_timeout(Duration::from_millis(moments.next(LATER)));
        demo.kill();
        before = events.seen();
        sum.kills += 1;
        if kill % 50 == 49 {
            println!("{sum} after {} s", begun.elapsed().as_secs());
        }
    }
    println!("{sum} in {} s, seed {seed}", begun.elapsed().as_secs());
    assert!(sum.kills < 50 || sum.passed > 0, "every kill came before the first PASS: {sum}");
}

/// All backups read again by the command that a user has for it.
fn check_archive(data_dir: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flashjig"));
    let done = command.args(["backup", "check", "--data-dir"]).arg(data_dir).output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
}
