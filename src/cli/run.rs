//! `flashjig run`.

use super::faces::{Faces, Front};
use super::signals::{self, Signals};
use crate::config::{self, Config, Local};
use crate::doctor::Doctor;
use crate::face::tail::Tail;
use crate::face::web::WebOptions;
use crate::face::{oled, systemd};
use crate::fail::Failure;
use crate::jig::Panel;
use crate::model::cycle::fault::FaultCode;
use crate::station::Station;
use crate::store::token;
use crate::wiring;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A unit whose flash is half written is finished first; at 115200 baud that is minutes. TimeoutStopSec of the service is
/// longer by what follows.
const STOP_TIME: Duration = Duration::from_secs(270);
/// Screens are darkened, lines are closed.
const FACES_TIME: Duration = Duration::from_secs(10);

/// Run the daemon.
///
/// SIGTERM and SIGINT: no new units; a unit in flight stops at its next safe point; then every jig is made safe.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let journal = super::journal::begin("info");
    let config = super::data_dir::load(&args.config)?;
    signals::run(serve(config, journal))
}

/// Who may control. Without a token_file the token is the data folder's own.
fn options(config: &Config, journal: Tail) -> Result<WebOptions, Failure> {
    let web = config.web.as_ref();
    let file = web.and_then(|web| web.token_file.as_deref());
    let host = web.and_then(|web| web.host.clone());
    let token = match file {
        Some(file) => token::read(file),
        None => token::ensure(&config.data_dir),
    };
    let token = Some(token.map_err(Failure::broken)?);
    let local_is_free = web.is_some_and(|web| web.local == Local::User);
    let doctor = Some(Arc::new(Doctor::new(Some(config.clone()))));
    Ok(WebOptions { token, local_is_free, host, journal, doctor, ..WebOptions::default() })
}

/// What is open once nothing can hinder the start any more.
struct Start {
    station: Station,
    lamps: wiring::AllLamps,
    front: Option<(Front, WebOptions)>,
}

/// Opens everything. The panel shows that it starts, or why it can't: what it shows then stays, for nobody else is left to
/// tell an operator without a page.
fn start(config: &Config, journal: Tail, mut panel: Option<&mut (dyn Panel + 'static)>) -> Result<Start, Failure> {
    if let Some(panel) = &mut panel {
        oled::greet(*panel, &config.name);
    }
    open(config, journal).inspect_err(|failure| {
        if let Some(panel) = &mut panel {
            oled::give_up(*panel, failure.fault.unwrap_or(FaultCode::CantStart));
        }
    })
}

fn open(config: &Config, journal: Tail) -> Result<Start, Failure> {
    let front = config.web.as_ref().map(|web| Front::open(web.listen)).transpose()?;
    let page = front.as_ref().map(Front::page);
    let (station, lamps) = wiring::station(config, page, &[])?;
    wiring::writable(&config.data_dir)?;
    // the ledger is open, so the data folder is there, and ours: a token may be made in it
    let front = front.map(|front| Ok((front, options(config, journal)?))).transpose()?;
    Ok(Start { station, lamps, front })
}

async fn serve(config: Config, journal: Tail) -> Result<ExitCode, Failure> {
    let mut signals = Signals::new()?;
    for (slot, note) in wiring::uart_hints(&config) {
        tracing::warn!("slot {slot}: {}; {}", note.what, note.remedy);
    }
    let mut panel = wiring::panel(&config.panel);
    let Start { mut station, lamps, front } = start(&config, journal, panel.as_deref_mut())?;
    let pages = front.as_ref().map(|(front, _)| front.pages()).unwrap_or_default();
    let handle = station.handle();
    let mut faces = match front {
        Some((front, options)) => front.serve(&handle, options, panel),
        None => Faces::begin(&handle, panel),
    };
    faces.light(&handle, lamps);
    faces.on_bus(&handle, config.dbus);
    if let Some(broker) = &config.mqtt {
        faces.on_broker(&handle, broker);
    }
    // every line is safe by then, or its slot says why not
    station.tried().await;
    faces.under_systemd(&handle);
    let (page, also) = (pages.first(), pages.get(1));
    tracing::info!(station = config.name, page, also, slots = config.slots.len(), "ready");
    signals.next().await;
    systemd::stopping();
    faces.ending();
    tracing::info!("ending: no new units; units in flight stop at their next safe point");
    // what is left of the station is dropped then, and that makes its jigs safe
    if timeout(STOP_TIME, station.stop()).await.is_err() {
        tracing::error!("units in flight did not come to an end within {} s", STOP_TIME.as_secs());
    }
    _ = timeout(FACES_TIME, faces.stop()).await;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::show::screen::{USUAL, paint, station_fault};
    use crate::sim::panel::VirtualPanel;

    fn config(data_dir: &std::path::Path, listen: std::net::SocketAddr) -> Config {
        let text = format!(
            "[station]\ndata_dir = {data_dir:?}\n[web]\nlisten = \"{listen}\"\n\
             [[slot]]\nname = \"A\"\nuart = \"/dev/null\"\n"
        );
        config::parse("flashjig.toml".as_ref(), &text).unwrap().0
    }

    #[tokio::test]
    async fn a_station_whose_page_has_no_address_says_on_its_panel_that_it_cannot_start() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut panel = VirtualPanel::default();
        let shown = panel.watch();
        let config = config(folder.path(), taken.local_addr().unwrap());
        let failure = start(&config, Tail::default(), Some(&mut panel)).err().unwrap();
        assert!(failure.message.contains("another program has it"), "{}", failure.message);
        assert_eq!(*shown.borrow(), paint(&station_fault(FaultCode::CantStart, USUAL)));
    }
}
