//! `flashjig sim`.

use crate::fail::Failure;
use crate::jig::{Drive, Line};
use crate::model::chip::flash::rf;
use crate::model::chip::{Chip, Key, listed};
use crate::sim::bench::{NestSpec, VirtualNest, outlet_nest};
use crate::sim::board::{BoardSpec, Life};
use crate::sim::control;
use crate::sim::factory;
use crate::sim::hand::Hand;
use crate::sim::outlet::Outlet;
use crate::sim::saver::Saver;
use crate::sim::workbench::Workbench;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// What is served when nothing is said.
const DEFAULT: Chip = Chip::Bk7231T;
/// How often the board is looked at for something to tell.
const LOOK: Duration = Duration::from_millis(20);

/// Serve a virtual board alone on a PTY, for other programs.
///
/// The first line on standard output is the PTY's path; happenings are told on standard error. The board runs until
/// SIGTERM or SIGINT.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Chip: t, n, m, u or 7238. Default: found from the dump, else t.
    #[arg(long, value_parser = chip)]
    chip: Option<Chip>,
    /// Dump to put in the board's flash; it is read, never written. Default: a made-up stock dump.
    #[arg(long, value_name = "FILE")]
    flash: Option<PathBuf>,
    /// Make a symbolic link to the PTY here (in place of an old one, never of a file).
    #[arg(long, value_name = "PATH")]
    link: Option<PathBuf>,
    /// Serve the bench on this Unix socket, a command a line: the lines `power on|off`, `cen low|high`, `park on|off`;
    /// `status`; `save FILE`; `lift`, `insert CHIP FILE` (in place of the board that is in), `tray FILE` saves the
    /// flash of the board that was taken out last; `dip MS` (the supply fails), `reset` (CEN is touched), `fault ...`
    /// (`flip rx +1000 0x10`: the thousandth byte from now); `pull` and `plug` the serial port. The board then starts
    /// without power, CEN released. Without it power is on, and CEN is pulled whenever link checks stay unanswered, as
    /// an operator with a wire would.
    #[arg(long, value_name = "SOCKET")]
    control: Option<PathBuf>,
    /// How much faster than real time the board runs.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Bytes of its flash that the chip counts for a CRC in a second.
    #[arg(long, value_name = "BYTES", default_value_t = NestSpec::default().crc_rate, value_parser = clap::value_parser!(u32).range(1..))]
    crc_rate: u32,
    /// Seed of all that is made up; the made-up dump's unit number too.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the flash here at the end, readable by its owner alone.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Put a made-up image for this chip in a station's firmware folder, which is made where it is not there, for trials without a real one. It does not
    /// run on a real board.
    #[arg(long, value_name = "DIR")]
    firmware: Option<PathBuf>,
    /// Version that the made-up image claims.
    #[arg(long, value_name = "VERSION", default_value = factory::DEMO_VERSION)]
    image_version: String,
}

fn chip(text: &str) -> Result<Chip, String> {
    let shortest = |chip: Chip| chip.facts().aliases.first().map_or(chip.name(), |alias| alias).to_lowercase();
    Chip::parse(text)
        .filter(|chip| factory::chips().any(|other| other == *chip))
        .ok_or_else(|| format!("expected {}", listed(factory::chips().map(shortest), "or")))
}

/// The chip that a dump is of: the calibration sector's place tells the layout, the first word of the application
/// whether it is encrypted.
fn chip_of(dump: &[u8]) -> Chip {
    let holds = |at: u32, head: &[u8]| dump.get(at as usize..).is_some_and(|rest| rest.starts_with(head));
    let fits = |chip: &Chip| (chip.key() == Key::Plain) == holds(chip.boot_end(), &[0x0E, 0, 0, 0xEA]);
    let is_calibrated = |chip: &Chip| chip.facts().calibration.each().any(|at| holds(at, rf::MAGIC));
    let mut both = Chip::ALL.into_iter().filter(fits).filter(is_calibrated);
    both.next().or_else(|| Chip::ALL.into_iter().find(fits)).unwrap_or(DEFAULT)
}

fn say(text: &str) {
    // whoever closed standard error does not want to know
    super::out::warn(text);
}

/// Pulls the port at the end, and with it goes its link.
struct Pulled<'a>(&'a Outlet);

impl Drop for Pulled<'_> {
    fn drop(&mut self) {
        self.0.pull();
    }
}

/// Removes the control socket at the end.
struct Socket<'a>(&'a Path);

impl Drop for Socket<'_> {
    fn drop(&mut self) {
        _ = std::fs::remove_file(self.0);
    }
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let dump = match &args.flash {
        Some(path) => Some(
            std::fs::read(path)
                .map_err(|error| Failure::broken(format!("--flash {}: {error}; name a dump", path.display())))?,
        ),
        None => None,
    };
    let saver = Saver::default();
    if let Some(path) = &args.flash {
        saver.protect(path);
    }
    if let Some(path) = &args.save {
        saver.permit(path).map_err(|error| Failure::broken(format!("--save {}: {error}", path.display())))?;
    }
    let chip = args.chip.unwrap_or_else(|| dump.as_deref().map_or(DEFAULT, chip_of));
    if let Some(folder) = &args.firmware {
        put_image(folder, chip, &args.image_version)?;
    }
    let flash = match dump {
        Some(dump) if (0x2_0000..=0x100_0000).contains(&dump.len()) => dump,
        Some(dump) => {
            let found = dump.len();
            return Err(Failure::broken(format!(
                "--flash: expected a whole flash of 128 KiB to 16 MiB, found {found} bytes; name a full dump"
            )));
        }
        None => factory::stock(chip, args.seed as u32),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::broken)?;
    runtime.block_on(serve(args, chip, flash, saver))
}

async fn serve(args: &Args, chip: Chip, flash: Vec<u8>, saver: Saver) -> Result<ExitCode, Failure> {
    let broken = |error: std::io::Error| Failure::broken(format!("the virtual board: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(broken)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(broken)?;

    let operator = args.control.is_none();
    let spec =
        NestSpec { speed: args.speed, seed: args.seed, crc_rate: args.crc_rate, operator, ..NestSpec::default() };
    let outlet = Outlet::new(args.link.as_deref());
    let _pulled = Pulled(&outlet);
    let nest = outlet_nest(spec, &outlet);
    let VirtualNest { uart, lines: _lines, edges: _edges, hand } = nest.map_err(|error| match &args.link {
        Some(path) => Failure::broken(format!("--link {}: {error}", path.display())),
        None => broken(error),
    })?;
    let hand = Arc::new(hand);
    hand.set(Line::Reset, Drive::Released);
    hand.insert(BoardSpec::new(chip, flash));

    let _socket = match &args.control {
        Some(path) => {
            let listener = control::bind(path).await.map_err(|error| {
                Failure::broken(format!("--control {}: {error}; expected a free name", path.display()))
            })?;
            let bench = Workbench::new(Arc::clone(&hand), outlet.clone(), saver.clone());
            tokio::spawn(control::serve(listener, Arc::new(bench)));
            Some(Socket(path))
        }
        None => None,
    };

    super::out::say(&uart.display().to_string())?;

    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
        why = tell(&hand) => return Err(Failure::broken(format!("the virtual board ended: {why}"))),
    }
    finish(args, &hand, &saver)
}

/// Tells what happens to the board, until its nest breaks.
async fn tell(hand: &Hand) -> String {
    let mut last = hand.glance();
    loop {
        tokio::time::sleep(LOOK).await;
        let now = hand.glance();
        if let (Some((was, linked, before)), Some((is, links, after))) = (last, now) {
            // another board counts from 0
            let resets = after.resets.saturating_sub(before.resets);
            if resets > 0 {
                let idle = after.idle_resets.saturating_sub(before.idle_resets);
                let why = if idle > 0 { " (a linked loader heard nothing)" } else { "" };
                say(&format!("reset{why}"));
            }
            if after.links > before.links || (links && !linked) {
                say("linked");
            }
            if is != was {
                say(match is {
                    Life::Off => "without power",
                    Life::Held => "held in reset",
                    Life::Server => "listening",
                    Life::Application => "application started",
                    Life::Crashed => "boot loader crashed after noise without a link check",
                    Life::Dead => "dead: its boot loader was damaged",
                });
            }
        }
        last = now;
        if let Some(why) = hand.broken() {
            return why;
        }
    }
}

fn finish(args: &Args, hand: &Hand, saver: &Saver) -> Result<ExitCode, Failure> {
    let Some((flash, stats)) = hand.remove() else { return Ok(ExitCode::SUCCESS) };
    let touched = match (stats.wear.lowest, stats.wear.highest) {
        (Some(low), Some(high)) => format!("{low:#08x}..{high:#08x} touched"),
        _ => "nothing touched".to_owned(),
    };
    say(&format!(
        "{}: {} links, {} resets, {} erases, {} page programs, {} refused by the flash chip, {touched}, boot area {}",
        stats.chip,
        stats.counts.links,
        stats.counts.resets,
        stats.wear.erases,
        stats.wear.programs,
        stats.wear.refused,
        if stats.boot_intact { "intact" } else { "DAMAGED" },
    ));
    if let Some(path) = &args.save {
        saver.save(path, &flash).map_err(|error| Failure::broken(format!("--save {}: {error}", path.display())))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A made-up image for this chip in a folder. Whoever tries it has no station yet, so the folder is made.
fn put_image(folder: &Path, chip: Chip, version: &str) -> Result<(), Failure> {
    let (name, bytes) = factory::demo_image(chip, version);
    let path = folder.join(name);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&path, bytes))
        .map_err(|error| Failure::broken(format!("--firmware {}: {error}; name a folder", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_comes_into_a_folder_that_is_not_there_yet() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("station/firmware");
        for _ in 0..2 {
            put_image(&folder, Chip::Bk7231N, "1.18.300").unwrap();
        }
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
        std::fs::write(dir.path().join("file"), "").unwrap();
        let refused = put_image(&dir.path().join("file"), Chip::Bk7231N, "1.18.300").unwrap_err();
        assert!(refused.message.contains("/file/"), "{}", refused.message);
    }

    #[test]
    fn the_chip_is_found_from_the_dump() {
        for chip in factory::chips() {
            assert_eq!(chip_of(&factory::stock(chip, 1)), chip);
        }
        assert_eq!(chip_of(&[]), DEFAULT);
    }

    #[test]
    fn the_chips_of_the_call_are_those_with_a_stock_flash_of_their_own() {
        let named = ["t", "N", "bk7231m", "U", "7238"].map(|text| chip(text).unwrap());
        assert!(factory::chips().eq(named));
        for other in ["q", "bk7252", "x", ""] {
            assert_eq!(chip(other).unwrap_err(), "expected t, n, m, u or 7238", "{other}");
        }
    }
}
