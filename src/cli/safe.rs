//! `flashjig safe`.

use super::{deed, out};
use crate::config::DEFAULT_PATH;
use crate::fail::Failure;
use crate::store;
use crate::wiring;
use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Put every line in its safe state: power off, CEN held.
///
/// For the end of a service that was killed: all slots are tried, whatever fails. Says what was done. Refuses beside a
/// running flashjig, which has the lines.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    /// Also beside a running flashjig: a unit in work loses its power.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("info");
    let config = super::data_dir::load(&args.config)?;
    // none may start while the lines are switched
    let _alone = if args.force { None } else { alone(&config.data_dir)? };
    let mut failures = Vec::new();
    for made in wiring::make_safe(&config) {
        match made {
            Ok(done) => out::say(&done)?,
            Err(failure) => failures.push(failure.to_string()),
        }
    }
    // at the end of the service it is nobody's wish: systemd says so (systemd.exec(5))
    if std::env::var_os("SERVICE_RESULT").is_none() {
        deed::leave(&config.data_dir, "safe", &args.config.display().to_string(), None);
    }
    if failures.is_empty() { Ok(ExitCode::SUCCESS) } else { Err(Failure::broken(failures.join("\n"))) }
}

/// Whoever has the ledger has the jig. A disk that can't be read must not leave a board under power.
fn alone(data_dir: &Path) -> Result<Option<File>, Failure> {
    let folder = data_dir.display();
    store::claim(data_dir).or_else(|error| match error.kind() {
        ErrorKind::WouldBlock => Err(Failure::broken(format!(
            "expected no flashjig at work, found that one has the ledger in {folder} open: nothing was switched; stop it \
             first (`systemctl stop flashjig`), which makes all lines safe, or use --force: a unit in work then loses \
             its power"
        ))),
        ErrorKind::PermissionDenied => Err(Failure::broken(format!(
            "can't tell whether flashjig is at work: {folder}: {error}; nothing was switched; run this as the user who \
             runs flashjig (sudo -u flashjig flashjig safe), or use --force: a unit in work then loses its power"
        ))),
        _ => {
            tracing::warn!(%error, "can't tell whether flashjig is at work");
            Ok(None)
        }
    })
}
