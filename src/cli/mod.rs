//! The command line: one file per command, each with its `Args` and its `run`.

mod backup;
mod bring_up;
mod check;
mod completions;
mod confirm;
mod data_dir;
mod deed;
mod demo;
mod doctor;
pub mod extract;
mod firmware;
pub mod inspect;
mod jig_test;
#[cfg(test)]
mod manual;
mod once;
mod out;
mod restore;
mod run;
mod safe;
mod sim;
mod since;
mod table;
mod template;
mod tint;
mod token;
mod units;

mod faces;
mod journal;
mod progress;
mod signals;

use crate::fail::Failure;
use clap::{CommandFactory, Parser, Subcommand};
use std::process::ExitCode;

/// Converts boxes of Tuya Wi-Fi plugs to OpenBeken: backs up, flashes, proves, logs.
#[derive(Parser)]
#[command(name = "flashjig", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Demo(demo::Args),
    Once(once::Args),
    Restore(restore::Args),
    Inspect(inspect::Args),
    Extract(extract::Args),
    Units(units::Args),
    Token(token::Args),
    Firmware(firmware::Args),
    Backup(backup::Args),
    Check(check::Args),
    Doctor(doctor::Args),
    JigTest(jig_test::Args),
    BringUp(bring_up::Args),
    Safe(safe::Args),
    Sim(sim::Args),
    Completions(completions::Args),
}

/// Parses the arguments, runs the command and gives its exit code.
pub fn main() -> ExitCode {
    heap_bounds::bound();
    let cli = Cli::parse();
    let result = match &cli.command {
        Command::Run(args) => run::run(args),
        Command::Demo(args) => demo::run(args),
        Command::Once(args) => once::run(args),
        Command::Restore(args) => restore::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Extract(args) => extract::run(args),
        Command::Units(args) => units::run(args),
        Command::Token(args) => token::run(args),
        Command::Firmware(args) => firmware::run(args),
        Command::Backup(args) => backup::run(args),
        Command::Check(args) => check::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::JigTest(args) => jig_test::run(args),
        Command::BringUp(args) => bring_up::run(args),
        Command::Safe(args) => safe::run(args),
        Command::Sim(args) => sim::run(args),
        Command::Completions(args) => completions::run(args, &mut Cli::command()),
    };
    result.unwrap_or_else(|failure: Failure| {
        out::warn(&format!("{} {failure}", tint::error()));
        failure.exit_code()
    })
}
