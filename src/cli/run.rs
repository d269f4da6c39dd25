//! `flashjig run`.

use super::front::{Faces, Front};
use super::signals::{Signals, runtime};
use crate::config::{self, Config};
use crate::face::systemd;
use crate::fail::Failure;
use crate::wiring;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Run the daemon.
///
/// SIGTERM and SIGINT: no new units; a unit in flight stops at its next safe point; then every jig is made safe.
#[derive(clap::Args)]
pub struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("info");
    let config = super::place::load(&args.config)?;
    runtime()?.block_on(serve(config))
}

/// The token that lets programs control the station from elsewhere.
fn token(file: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Failure::broken(format!("{}: expected the page's token, found: {error}", file.display())))?;
    match text.trim() {
        "" => Err(Failure::broken(format!("{}: expected the page's token, found an empty file", file.display()))),
        token => Ok(token.to_string()),
    }
}

async fn serve(config: Config) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    for (slot, note) in wiring::uart_notes(&config) {
        tracing::warn!("slot {slot}: {}; {}", note.what, note.remedy);
    }
    let panel = wiring::panel(&config.panel);
    let secret = config.web.as_ref().and_then(|web| web.token_file.as_deref()).map(token).transpose()?;
    let front = match &config.web {
        Some(web) => Some(Front::open(web.listen).await?),
        None => None,
    };
    let page = front.as_ref().map(Front::page);
    let (station, lamps) = wiring::station(&config, page.clone())?;
    wiring::writable(&config.data_dir)?;
    let handle = station.handle();
    let mut faces = match front {
        Some(front) => front.serve(&handle, secret, panel),
        None => Faces::begin(&handle, panel),
    };
    faces.light(&handle, lamps);
    faces.on_bus(&handle, config.dbus);
    faces.under_systemd(&handle);
    tracing::info!(station = config.name, page, slots = config.slots.len(), "ready");
    signals.next().await;
    systemd::stopping();
    tracing::info!("ending: no new units; units in flight stop at their next safe point");
    station.stop().await;
    faces.stop().await;
    Ok(ExitCode::SUCCESS)
}
