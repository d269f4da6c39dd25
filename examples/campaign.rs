//! The fault campaign with any number of cases: `cargo run --release --example campaign -- --cases 10000 [--seed N]
//! [--nests N] [--chip CHIP] [--kind KIND]`. Prints each unit that a person should look at, then the table; exits 1 when anything happened that must
//! never happen, or when less than 99 % of the recoverable faults ended in PASS.

#[path = "../tests/campaign/mod.rs"]
mod campaign;

use clap::Parser;
use flashjig::model::chip::Chip;
use std::process::ExitCode;

/// Runs the fault campaign.
#[derive(Parser)]
struct Args {
    /// How many cases.
    #[arg(long, default_value_t = 1000)]
    cases: u64,
    /// Another seed, other cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Nests at work at the same time.
    #[arg(long, default_value_t = 12)]
    nests: usize,
    /// Boards of this chip alone, such as `7238`.
    #[arg(long)]
    chip: Option<String>,
    /// Cases of this kind alone, such as `exchanged`.
    #[arg(long)]
    kind: Option<String>,
}

#[tokio::main]
#[allow(clippy::print_stdout, reason = "the table is the output")]
async fn main() -> ExitCode {
    let Args { cases, seed, nests, chip, kind } = Args::parse();
    let chip = match chip {
        None => None,
        Some(name) => {
            let Some(chip) = Chip::parse(&name).filter(|chip| campaign::CHIPS.contains(chip)) else {
                println!("expected one of {:?}, found {name}", campaign::CHIPS);
                return ExitCode::from(2);
            };
            Some(chip)
        }
    };
    let kind = match kind {
        None => None,
        Some(name) => {
            let Some(kind) = campaign::KINDS.iter().chain(&campaign::MAKERS).find(|kind| **kind == name) else {
                println!("expected one of {}, found {name}", campaign::KINDS.join(", "));
                return ExitCode::from(2);
            };
            Some(*kind)
        }
    };
    let begin = tokio::time::Instant::now();
    let table = campaign::run(campaign::Plan { cases, seed, nests, report: 500, chip, kind }).await;
    println!("\n{cases} cases, seed {seed}, {nests} nests, {:.0} s\n{table}", begin.elapsed().as_secs_f64());
    let (all, passed) = table.recovered();
    if table.all_wrong() == 0 && passed * 100 >= all * 99 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
