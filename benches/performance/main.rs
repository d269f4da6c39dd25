//! flashjig beside the usual tools, on the same virtual boards at real pace: `cargo bench --bench performance -- --help`.
//!
//! Boards, station and tools are programs of their own. Each result is compared byte by byte before its time counts.
//! docs/performance.md says what the figures mean, and has those of one run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark that can't go on shall say where"
)]
#![allow(clippy::disallowed_methods, reason = "its threads wait for other programs; no runtime waits for them")]

mod board;
mod floor;
mod idle;
mod ours;
mod pace;
mod process;
mod station;
mod strangers;
mod table;
mod work;

use board::Kind;
use clap::Parser;
use flashjig::model::chip::Chip;
use ours::{Ours, Setting};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write as _};
use std::sync::{Mutex, PoisonError};
use strangers::Took;
use work::Work;

/// How often one that failed is tried in all.
const TRIES: usize = 2;

/// Measures flashjig beside bk7231tools and ltchiptool on virtual boards at real pace.
#[derive(Parser)]
#[allow(clippy::struct_excessive_bools, reason = "each is an option of its own")]
struct Args {
    /// Chips.
    #[arg(long, value_delimiter = ',', default_value = "T,N")]
    chips: Vec<String>,
    /// Rates, bits per second.
    #[arg(long, value_delimiter = ',', default_value = "921600,2000000")]
    rates: Vec<u32>,
    /// Bytes that the chip counts for a CRC in a second.
    #[arg(long, value_delimiter = ',', default_value = "400000,8000000")]
    crc: Vec<u32>,
    /// Slots at work at the same time.
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8")]
    slots: Vec<usize>,
    /// Rates at which more than one slot is measured.
    #[arg(long, value_delimiter = ',', default_value = "2000000")]
    slot_rates: Vec<u32>,
    /// Modes of the backup.
    #[arg(long, value_delimiter = ',', default_value = "proven")]
    modes: Vec<String>,
    /// Other people's tools, or `none`.
    #[arg(long, value_delimiter = ',', default_value = "bk7231tools,ltchiptool")]
    tools: Vec<String>,
    /// How often each is measured; medians are shown.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Measurements with one board that run at the same time. More than the machine has cores for them to wait in falsifies.
    #[arg(long, default_value_t = 2)]
    abreast: usize,
    /// The stages of one slot too.
    #[arg(long)]
    stages: bool,
    /// First whether the boards keep the pace of the wire and of the flash.
    #[arg(long)]
    pace: bool,
    /// An idle station with so many slots.
    #[arg(long, value_name = "SLOTS", num_args = 0..=1, default_missing_value = "8")]
    idle: Option<usize>,
    /// The start of a station with so many units in its ledger.
    #[arg(long, value_name = "UNITS", num_args = 0..=1, default_missing_value = "100000")]
    ready: Option<u64>,
    /// Nothing but --pace, --idle and --ready.
    #[arg(long)]
    only: bool,
    /// What cargo says to every benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Runs of each tool on each kind of board, by rate.
type Theirs = BTreeMap<(Kind, u32, String), Vec<Took>>;

/// All runs.
#[derive(Default)]
struct Results {
    ours: BTreeMap<Setting, Vec<Ours>>,
    theirs: Theirs,
}

/// One measurement.
#[derive(Clone)]
enum Job {
    Ours(Setting),
    Theirs(String, Kind, u32),
}

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, Kind { chip, crc_rate }, rate) = match self {
            Self::Ours(Setting { kind, rate, slots, mode }) => {
                (format!("flashjig, {slots} at the same time, mode {mode}"), *kind, *rate)
            }
            Self::Theirs(tool, kind, rate) => (tool.clone(), *kind, *rate),
        };
        write!(f, "{who}: {chip}, {} baud, CRC {}", table::rate(rate), table::crc(crc_rate))
    }
}

fn chip(name: &str) -> Chip {
    Chip::parse(name).unwrap_or_else(|| panic!("no chip is named {name}"))
}

fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Those with one board, some at the same time; those with several, each alone.
fn jobs(args: &Args, kinds: &[Kind]) -> (VecDeque<Job>, VecDeque<Job>) {
    let (mut single, mut several) = (VecDeque::new(), VecDeque::new());
    for _ in 0..args.repeat {
        for rate in args.rates.iter().copied() {
            // neighbours in the queue have different boards: two of one kind would be alike in what they wait for
            for tool in args.tools.iter().filter(|tool| *tool != "none") {
                single.extend(kinds.iter().map(|kind| Job::Theirs(tool.clone(), *kind, rate)));
            }
            for slots in args.slots.iter().copied() {
                let settings = kinds.iter().flat_map(|kind| {
                    let of = move |mode: &String| Setting { kind: *kind, rate, slots, mode: mode.clone() };
                    args.modes.iter().map(of)
                });
                match slots {
                    1 => single.extend(settings.map(Job::Ours)),
                    _ if args.slot_rates.contains(&rate) => several.extend(settings.map(Job::Ours)),
                    _ => {}
                }
            }
        }
    }
    (single, several)
}

/// Does one and keeps what came of it.
fn once(job: &Job, works: &[Work], results: &Mutex<Results>) -> Result<(), String> {
    let work = |kind: Kind| works.iter().find(|work| work.chip == kind.chip).expect("its work");
    match job.clone() {
        Job::Ours(setting) => {
            let done = ours::convert(&setting, work(setting.kind))?;
            results.lock().expect("results").ours.entry(setting).or_default().push(done);
        }
        Job::Theirs(tool, kind, rate) => {
            let took = strangers::convert(&tool, kind, rate, work(kind))?;
            results.lock().expect("results").theirs.entry((kind, rate, tool)).or_default().push(took);
        }
    }
    Ok(())
}

fn perform(jobs: VecDeque<Job>, abreast: usize, works: &[Work], results: &Mutex<Results>) {
    let queue = Mutex::new(jobs);
    std::thread::scope(|scope| {
        for _ in 0..abreast.max(1) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                    let Some(job) = next else { return };
                    eprintln!("{job}; load {}", load());
                    // a board that a loaded machine keeps waiting resets itself
                    for _ in 0..TRIES {
                        match once(&job, works, results) {
                            Ok(()) => break,
                            Err(why) => println!("**not measured**: {job}: {why} (load {})\n", load()),
                        }
                    }
                }
            });
        }
    });
}

/// Machine and versions.
fn conditions(args: &Args) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map(|(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let mut text = format!("flashjig {}", env!("CARGO_PKG_VERSION"));
    for tool in args.tools.iter().filter(|tool| *tool != "none") {
        _ = write!(text, ", {tool} {}", strangers::version(tool).unwrap_or_else(|why| panic!("{why}")));
    }
    let (repeat, abreast) = (args.repeat, args.abreast);
    _ = write!(
        text,
        "; {cores} cores of {}; medians of {repeat}, {abreast} boards at a time",
        model.unwrap_or("unknown kind")
    );
    text
}

fn paces(kinds: &[Kind], rates: &[u32]) {
    println!(
        "\n| chip | baud | chip's CRC, B/s | what | must take, ms | took, ms | off |\n|---|---|---|---|---|---|---|"
    );
    for (kind, rate) in kinds.iter().flat_map(|kind| rates.iter().map(move |rate| (*kind, *rate))) {
        let mut tries = (0..TRIES).map(|_| pace::laps(kind, rate));
        let Some(laps) = tries.find_map(Result::ok) else {
            println!("| {} | {rate} | {} | not measured | | | |", kind.chip, kind.crc_rate);
            continue;
        };
        for pace::Lap { what, must, took } in laps {
            let off = (took / must - 1.0) * 100.0;
            let (chip, crc, must, took) = (kind.chip, kind.crc_rate, must * 1000.0, took * 1000.0);
            println!("| {chip} | {rate} | {crc} | {what} | {must:.2} | {took:.2} | {off:+.2} % |");
        }
    }
}

fn main() {
    let args = Args::parse();
    let chips: Vec<Chip> = args.chips.iter().map(|name| chip(name)).collect();
    let works: Vec<Work> = chips.iter().map(|chip| Work::new(*chip)).collect();
    let of =
        |chip: &Chip| args.crc.iter().map(|crc_rate| Kind { chip: *chip, crc_rate: *crc_rate }).collect::<Vec<_>>();
    let mut kinds: Vec<Kind> = chips.iter().flat_map(of).collect();
    kinds.sort_by_key(|kind| kind.crc_rate);
    let (begun, before) = (tokio::time::Instant::now(), load());
    println!("{}", conditions(&args));
    if args.pace {
        paces(&kinds, &args.rates);
    }
    if let Some(slots) = args.idle {
        let (share, memory) = idle::idle(kinds[0], slots);
        println!("\nidle with {slots} slots: {:.2} % of a core, {:.1} MiB", share * 100.0, memory as f64 / 1024.0);
    }
    if let Some(units) = args.ready {
        let (took, peak) = idle::ready(kinds[0], &works[0], units, 5);
        let (half, most) = (table::median(took.iter().copied()), took.iter().copied().fold(0.0, f64::max));
        let peak = peak as f64 / 1024.0;
        println!(
            "\nready with {units} units: half of {} starts within {:.0} ms, all within {:.0} ms; peak {peak:.1} MiB; load {}",
            took.len(),
            half * 1e3,
            most * 1e3,
            load()
        );
    }
    if args.only {
        return;
    }
    let results = Mutex::default();
    let (single, several) = jobs(&args, &kinds);
    perform(single, args.abreast, &works, &results);
    perform(several, 1, &works, &results);
    let results: Results = results.into_inner().expect("results");
    println!("\n{}", table::beside(&results));
    if !results.theirs.is_empty() {
        println!("{}", table::tools(&results));
    }
    println!("{}", table::station(&results));
    if args.stages {
        for (setting, runs) in results.ours.iter().filter(|(setting, _)| setting.slots == 1) {
            println!("{}", table::stages(setting, runs));
        }
    }
    println!("load before {before}, after {}; {:.0} s", load(), begun.elapsed().as_secs_f64());
}
