//! `flashjig run`.

use super::front::{Faces, Front};
use super::signals::{Signals, runtime};
use crate::config::{self, Config};
use crate::face::tail::Tail;
use crate::face::web::WebOptions;
use crate::face::{oled, systemd};
use crate::fail::Failure;
use crate::store::token;
use crate::wiring;
use std::path::PathBuf;
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
    let journal = super::journal::begin("info");
    let config = super::place::load(&args.config)?;
    runtime()?.block_on(serve(config, journal))
}

/// Who may control: with a token_file everybody needs its token, this machine too. Without, the data folder's own token
/// is for others, and this machine needs none, unless a name for the outside shows that a proxy may stand in between.
fn options(config: &Config, journal: Tail) -> Result<WebOptions, Failure> {
    let web = config.web.as_ref();
    let file = web.and_then(|web| web.token_file.as_deref());
    let host = web.and_then(|web| web.host.clone());
    let token = match file {
        Some(file) => token::read(file),
        None => token::ensure(&config.data_dir),
    };
    let token = Some(token.map_err(Failure::broken)?);
    let local_is_free = file.is_none() && host.is_none();
    let doctor = Some(super::doctor::for_page(Some(config.clone())));
    Ok(WebOptions { token, local_is_free, host, journal, doctor })
}

async fn serve(config: Config, journal: Tail) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    for (slot, note) in wiring::uart_notes(&config) {
        tracing::warn!("slot {slot}: {}; {}", note.what, note.remedy);
    }
    let mut panel = wiring::panel(&config.panel);
    if let Some(panel) = &mut panel {
        oled::greet(panel.as_mut(), &config.name);
    }
    let front = match &config.web {
        Some(web) => Some(Front::open(web.listen).await?),
        None => None,
    };
    let page = front.as_ref().map(Front::page);
    let station = wiring::station(&config, page.clone());
    let station = station.and_then(|station| wiring::writable(&config.data_dir).map(|()| station));
    let (station, lamps) = station.inspect_err(|failure| {
        if let (Some(panel), Some(code)) = (&mut panel, failure.fault) {
            oled::give_up(panel.as_mut(), code);
        }
    })?;
    let handle = station.handle();
    let mut faces = match front {
        // the ledger is open, so the data folder is there, and ours
        Some(front) => front.serve(&handle, options(&config, journal)?, panel),
        None => Faces::begin(&handle, panel),
    };
    faces.light(&handle, lamps);
    faces.on_bus(&handle, config.dbus);
    faces.under_systemd(&handle);
    tracing::info!(station = config.name, page, slots = config.slots.len(), "ready");
    signals.next().await;
    systemd::stopping();
    faces.ending();
    tracing::info!("ending: no new units; units in flight stop at their next safe point");
    station.stop().await;
    faces.stop().await;
    Ok(ExitCode::SUCCESS)
}
