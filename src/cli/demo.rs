//! `flashjig demo`.

mod boards;
mod operator;

use super::faces::Front;
use super::signals::{Signals, runtime};
use crate::doctor::Doctor;
use crate::face::tail::Tail;
use crate::face::web::WebOptions;
use crate::fail::{Failure, NO};
use crate::model::unit::UnitQuery;
use crate::model::unit::event::{Event, Stamped};
use crate::sim::bench::NestSpec;
use crate::sim::faults::Fault;
use crate::sim::panel::VirtualPanel;
use crate::station::Library;
use crate::store::token;
use crate::wiring;
use boards::Boards;
use operator::Operator;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

/// Run the daemon on the virtual bench: boards are dropped in and converted.
///
/// Everything but the boards is real: serial ports (PTYs), session, backups, ledger, page. With --units it exits 0 when
/// all of them passed, else 1; without, it goes on until it is stopped.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Convert this many units and exit.
    #[arg(long, value_name = "N")]
    units: Option<u64>,
    /// Jigs that work at the same time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=16))]
    slots: u8,
    /// Address of the page; port 0 takes a free one [default: 127.0.0.1:8080, or a free port if that is taken].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Ledger and backups.
    #[arg(long, value_name = "DIR", default_value = "flashjig-demo")]
    data_dir: PathBuf,
    /// Control needs the token (`flashjig token --data-dir DIR`) from this machine, too.
    #[arg(long)]
    locked: bool,
    /// How much faster than real boards the virtual ones are.
    #[arg(long, value_name = "X", default_value_t = operator::SPEED)]
    speed: f64,
    /// Firmware to use in place of the made-up one; may be given several times.
    #[arg(long, value_name = "FILE")]
    firmware: Vec<PathBuf>,
    /// Stock dumps to put on the boards, in turn, in place of the made-up ones; may be given several times.
    #[arg(long, value_name = "FILE")]
    stock: Vec<PathBuf>,
    /// Every third board has this fault, such as `stuck 0x40000`; for tests of what shows faults.
    #[arg(long, value_name = "FAULT", hide = true)]
    fault: Vec<Fault>,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let journal = super::journal::begin("warn");
    if !(args.speed >= 0.1 && args.speed <= 1000.0) {
        return Err(Failure::broken(format!("--speed: expected 0.1 to 1000, found {}", args.speed)));
    }
    runtime()?.block_on(demo(args, journal))
}

#[allow(clippy::print_stdout, reason = "the demo tells what it does")]
fn say(text: &str) {
    println!("{text}");
}

async fn demo(args: &Args, journal: Tail) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    let folder = tempfile::tempdir().map_err(|error| Failure::broken(format!("no temporary folder: {error}")))?;
    let (ledger, archive) = wiring::stores(&args.data_dir)?;
    let latest = ledger.query(UnitQuery { limit: Some(1), ..UnitQuery::default() }).await.map_err(Failure::broken)?;
    let first = latest.first().map_or(0, |unit| unit.seq as u32);
    let boards = Arc::new(Boards::new(&args.firmware, &args.stock, args.fault.clone(), folder.path(), first)?);
    let (mut slots, mut hands) = (Vec::new(), Vec::new());
    for name in ('A'..).take(args.slots.into()).map(String::from) {
        let spec = NestSpec { speed: args.speed, seed: slots.len() as u64, ..NestSpec::default() };
        let (slot, hand) = wiring::virtual_slot(&name, spec, crate::flow::Pace::default())?;
        slots.push(slot);
        hands.push((name, hand));
    }
    let front = match args.listen {
        Some(address) => Front::open(address)?,
        None => Front::open_usual()?,
    };
    let page = front.page();
    let library = Library::open(&args.data_dir, folder.path(), "default");
    let station = wiring::start(wiring::facts("demo bench", Some(page.clone())), library, ledger, archive, slots);
    let handle = station.handle();
    let token = Some(token::ensure(&args.data_dir).map_err(Failure::broken)?);
    let doctor = Some(Arc::new(Doctor::new(None)));
    let options = WebOptions { token, local_is_free: !args.locked, journal, doctor, ..WebOptions::default() };
    let faces = front.serve(&handle, options, Some(Box::new(VirtualPanel::default())));
    say(&format!("page      {page}"));
    let teller = tokio::spawn(tell(handle.events()));
    let next = Arc::new(AtomicU64::new(0));
    let mut operators = JoinSet::new();
    for (slot, hand) in hands {
        let (handle, boards, next) = (handle.clone(), Arc::clone(&boards), Arc::clone(&next));
        let limit = args.units.unwrap_or(u64::MAX);
        let speed = args.speed;
        operators.spawn(Operator { slot, hand, handle, boards, next, limit, speed }.run());
    }
    let passed = tokio::select! {
        passed = sum(&mut operators) => passed,
        () = signals.next() => handle.snapshot().tally.pass,
    };
    // the operators keep their hands until the station is down: a board must not vanish from under a unit
    faces.ending();
    station.stop().await;
    operators.shutdown().await;
    faces.stop().await;
    teller.abort();
    let wanted = args.units.unwrap_or(passed);
    say(&format!("{passed} of {wanted} passed; to list them: flashjig units --data-dir {}", args.data_dir.display()));
    Ok(if passed == wanted { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

async fn sum(operators: &mut JoinSet<u64>) -> u64 {
    let mut passed = 0;
    while let Some(done) = operators.join_next().await {
        passed += done.unwrap_or(0);
    }
    passed
}

/// A line for each unit that ends.
async fn tell(mut events: broadcast::Receiver<Arc<Stamped>>) {
    let mut boards = BTreeMap::new();
    loop {
        let stamped = match events.recv().await {
            Ok(stamped) => stamped,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        match &stamped.event {
            Event::Found { board } => _ = boards.insert(stamped.slot.clone(), board.clone()),
            Event::Finished { seq, verdict, fault, ms } => {
                let board = boards.remove(&stamped.slot);
                let chip = board.as_ref().map_or("?", |board| board.chip.name());
                let mac = board.as_ref().and_then(|board| board.mac).map_or_else(String::new, |mac| mac.to_string());
                let seq = seq.map_or_else(|| "-".into(), |seq| seq.to_string());
                let seconds = Duration::from_millis(*ms).as_secs_f64();
                let word = verdict.name().to_uppercase();
                say(&format!("unit {seq:>4}  slot {:<3} {chip:<8} {mac:<17}  {word:<5} {seconds:5.1} s", stamped.slot));
                if let Some(fault) = fault {
                    say(&format!("           {} in {}: {}", fault.code, fault.stage, fault.message));
                }
            }
            _ => {}
        }
    }
}
