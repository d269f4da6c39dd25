//! `flashjig completions`.

use super::out::print;
use crate::fail::Failure;
use clap::Command;
use clap_complete::{Shell, generate};
use std::process::ExitCode;

/// Print what makes a shell complete flashjig's commands and options.
///
/// bash: `flashjig completions bash > ~/.local/share/bash-completion/completions/flashjig`
#[derive(clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// Runs the command.
pub(super) fn run(args: &Args, command: &mut Command) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    generate(args.shell, command, "flashjig", &mut script);
    print(script)?;
    Ok(ExitCode::SUCCESS)
}
