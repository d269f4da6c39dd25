//! Writes the files that were made to cost memory and time into a folder, to try `inspect`, `extract`, `sim --flash` and a
//! recipes folder with them: `cargo run --example crafted DIR`.

#![allow(clippy::print_stderr, reason = "a tool for the terminal")]

use flashjig::model::chip::Chip;
use flashjig::sim::factory::crafted;
use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("expected a folder to write to");
        return ExitCode::FAILURE;
    };
    let written = std::fs::create_dir_all(&folder).and_then(|()| {
        crafted::files(Chip::Bk7231T).iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes))
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}
