//! The archive at its size: a thousand plugs of one model, real dumps, and the commands that pack it.

use flashjig::model::chip::Chip;
use flashjig::model::chip::digest::Digest;
use flashjig::sim::factory;
use flashjig::store::Archive;
use flashjig::testdata;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::Instant;

/// Where a plug's own data begins on the chips of these tests: calibration, vendor's files, vendor's settings.
const OWN: usize = 0x1D_0000;
/// Plugs with settings of their own beside the first.
const OTHERS: u32 = 30;

/// Backups are synced to the disk: on a file system in memory that costs nothing.
fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
}

/// Plugs of one model: its code, and own data of theirs. None has the settings or the MAC of the first.
struct Model {
    chip: Chip,
    flash: Vec<u8>,
    /// Own data of the first and of others. What a plug's has in common with a later one makes nothing smaller, so that few
    /// are enough.
    own: Vec<Vec<u8>>,
}

impl Model {
    fn new(flash: Vec<u8>, chip: Chip) -> Self {
        let own = (0..=OTHERS).map(|unit| factory::small_stock(chip, unit, 0x1000).split_off(OWN)).collect();
        Self { chip, flash, own }
    }

    fn plug(&self, unit: u32) -> Vec<u8> {
        let own = if unit == 0 { 0 } else { 1 + unit % OTHERS };
        let mut flash = self.flash.clone();
        flash[OWN..].copy_from_slice(&self.own[own as usize]);
        factory::rename(&mut flash, self.chip, unit);
        flash
    }
}

fn bytes_of(folder: &Path) -> u64 {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// The bytes that the disk gives for them: whole blocks.
fn blocks_of(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().blocks() * 512).sum()
}

/// Keeps so many plugs of a model and reads each again; gives back the share of their raw size that the archive takes.
async fn share(model: &Model, units: u32) -> f64 {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    let (mut written, mut time) = (0, Duration::ZERO);
    let mut digests = Vec::new();
    for unit in 0..units {
        let plug = model.plug(unit).into();
        let begun = Instant::now();
        let placed = archive.keep_for(plug, None).await.unwrap();
        time += begun.elapsed();
        written += placed.written;
        digests.push(placed.digest);
    }
    let backups = dir.path().join("backups");
    assert_eq!(written, bytes_of(&backups), "every byte that was written is counted, and none is written twice");
    // makes each whole and compares it with its digest
    let report = archive.check().await.unwrap();
    assert_eq!((report.good.len(), report.bad.len(), report.pieces.len()), (units as usize, 0, 0));
    for unit in (0..units).step_by(97) {
        let flash = model.plug(unit);
        assert_eq!(digests[unit as usize], Digest::of(&flash));
        assert!(archive.read(Digest::of(&flash)).await.unwrap() == flash, "unit {unit}: byte for byte");
    }
    let raw = model.flash.len() as f64 * f64::from(units);
    let (share, blocks) = (bytes_of(&backups) as f64 / raw, blocks_of(&backups) as f64 / raw);
    let (chip, each) = (model.chip, time.as_secs_f64() * 1000.0 / f64::from(units));
    println!(
        "{units} plugs of one model ({chip}): {:.2} % of their raw size, {:.2} % in blocks, {each:.1} ms each",
        share * 100.0,
        blocks * 100.0
    );
    share.max(blocks)
}

#[tokio::test]
async fn a_thousand_plugs_of_one_model_take_less_than_a_twentieth_and_each_reads_back() {
    let share = share(&Model::new(factory::stock(Chip::Bk7231T, 0), Chip::Bk7231T), 1000).await;
    assert!(share < 0.05, "{share}");
}

#[tokio::test]
async fn plugs_made_of_real_dumps_take_as_little() {
    for (name, chip) in [
        ("stock/T_Woox_R5111_bulb_WB3S.bin", Chip::Bk7231T),
        ("stock/N_Mirabella_I003632_plug_CB2S.bin", Chip::Bk7231N),
    ] {
        let Some(model) = testdata::read(name) else { continue };
        let share = share(&Model::new(model, chip), 60).await;
        // one as it is and its second copy, of sixty, and what differs
        assert!(share < 0.06, "{name}: {share}");
    }
}

/// An archive of before: each stock flash in a file of its own.
fn old(plugs: &[Vec<u8>]) -> TempDir {
    let dir = folder();
    let archive = Archive::open(dir.path()).unwrap();
    for flash in plugs {
        fs::write(archive.path(Digest::of(flash)), flash).unwrap();
    }
    dir
}

fn command(word: &str, data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flashjig"));
    command.args(["backup", word, "--data-dir"]).arg(data_dir);
    command
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

async fn all_read_back(data_dir: &Path, plugs: &[Vec<u8>], case: &str) {
    let archive = Archive::at(data_dir);
    for flash in plugs {
        let read = archive.read(Digest::of(flash)).await.unwrap_or_else(|error| panic!("{case}: {error}"));
        assert!(read == *flash, "{case}");
    }
}

#[tokio::test]
async fn an_old_archive_is_packed_and_unpacked_by_its_commands() {
    let model = Model::new(factory::stock(Chip::Bk7231N, 0), Chip::Bk7231N);
    let plugs: Vec<Vec<u8>> = (0..12).map(|unit| model.plug(unit)).collect();
    let dir = old(&plugs);
    let raw = bytes_of(&dir.path().join("backups"));
    let done = command("pack", dir.path()).output().unwrap();
    assert!(done.status.success() && said(&done).contains("11 packed"), "{}", said(&done));
    assert!(bytes_of(&dir.path().join("backups")) < raw / 5);
    all_read_back(dir.path(), &plugs, "packed").await;
    let done = command("unpack", dir.path()).output().unwrap();
    assert!(done.status.success() && said(&done).contains("11 unpacked"), "{}", said(&done));
    assert_eq!(bytes_of(&dir.path().join("backups")), raw);
    all_read_back(dir.path(), &plugs, "unpacked").await;
    let nowhere = command("pack", &dir.path().join("nowhere")).output().unwrap();
    assert!(!nowhere.status.success() && said(&nowhere).contains("--data-dir"), "{}", said(&nowhere));
}

/// Ends a command wherever it is.
fn kill_after(mut child: Child, time: Duration) {
    std::thread::park_timeout(time);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn packing_and_unpacking_that_are_killed_at_any_moment_lose_nothing() {
    let model = Model::new(factory::stock(Chip::Bk7231T, 0), Chip::Bk7231T);
    let plugs: Vec<Vec<u8>> = (0..10).map(|unit| model.plug(unit)).collect();
    let dir = old(&plugs);
    for (word, rounds) in [("pack", 12), ("unpack", 12)] {
        for round in 0..rounds {
            let child = command(word, dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            // whenever that is on this machine: in one of the rounds it is in the middle
            kill_after(child, Duration::from_millis(15 * (round + 1)));
            all_read_back(dir.path(), &plugs, &format!("{word} killed in round {round}")).await;
        }
        let done = command(word, dir.path()).output().unwrap();
        assert!(done.status.success(), "{}", said(&done));
        all_read_back(dir.path(), &plugs, word).await;
        let report = Archive::at(dir.path()).check().await.unwrap();
        assert!(
            report.bad.is_empty() && report.doubled.is_empty() && report.strangers.is_empty(),
            "{word}: {report:?}"
        );
    }
}

#[tokio::test]
async fn a_station_keeps_backups_while_its_archive_is_packed_beside_it() {
    let model = Model::new(factory::stock(Chip::Bk7231T, 0), Chip::Bk7231T);
    let mut plugs: Vec<Vec<u8>> = (0..20).map(|unit| model.plug(unit)).collect();
    let dir = old(&plugs);
    let station = Archive::at(dir.path());
    let mut pack = command("pack", dir.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    for unit in 100..130 {
        let flash = model.plug(unit);
        station.keep(flash.clone().into()).await.unwrap();
        // those that are being packed read back meanwhile
        all_read_back(dir.path(), &plugs[..3], "beside").await;
        plugs.push(flash);
    }
    assert!(pack.wait().unwrap().success());
    all_read_back(dir.path(), &plugs, "afterwards").await;
    let report = station.check().await.unwrap();
    assert_eq!((report.good.len(), report.bad.len(), report.pieces.len()), (plugs.len(), 0, 0));
}
