//! The faces of a running station: page, panel, journal, D-Bus, service manager.

use crate::broker::Broker;
use crate::config::{self, Dbus};
use crate::face::web::{self, WebOptions};
use crate::face::{dbus, host, journal, lights, mqtt, oled, systemd};
use crate::fail::Failure;
use crate::flow;
use crate::jig::Panel;
use crate::station::StationHandle;
use crate::wiring::AllLamps;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Where the page is unless somebody says otherwise.
pub(super) const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// The page's open door.
pub(super) struct Front {
    listener: TcpListener,
    address: SocketAddr,
}

/// Faces that run.
pub(super) struct Faces {
    tasks: JoinSet<()>,
    end: CancellationToken,
    /// The panel says that the station ends.
    ending: CancellationToken,
}

impl Front {
    /// Listens on exactly this address.
    pub(super) fn open(address: SocketAddr) -> Result<Self, Failure> {
        let listener = web::listen(address).map_err(|error| {
            let remedy = match error.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "another program has it, perhaps another flashjig: stop that one (`ss -ltnp` names it), or give this \
                     one another address (`listen` in [web]; the demo: --listen)"
                }
                std::io::ErrorKind::PermissionDenied => "ports below 1024 need rights of their own: choose a higher one",
                std::io::ErrorKind::AddrNotAvailable => {
                    "this machine does not have that address: `ip address` lists those that it has"
                }
                _ => "choose another",
            };
            Failure::broken(format!("{address}: expected a free address for the page, found: {error}; {remedy}"))
        })?;
        let address = listener.local_addr().map_err(Failure::broken)?;
        Ok(Self { listener, address })
    }

    /// Listens on the usual address, or on a free port where that is taken.
    pub(super) fn open_usual() -> Result<Self, Failure> {
        match Self::open(USUAL) {
            Ok(front) => Ok(front),
            Err(_) => Self::open(SocketAddr::new(USUAL.ip(), 0)),
        }
    }

    /// The page's address for people; where it listens for all, one that others can type.
    pub(super) fn page(&self) -> String {
        self.pages().swap_remove(0)
    }

    /// All of them, likeliest first.
    pub(super) fn pages(&self) -> Vec<String> {
        web::addresses(self.address)
    }

    /// Serves page, panel and journal until [`Faces::stop`].
    pub(super) fn serve(self, handle: &StationHandle, options: WebOptions, panel: Option<Box<dyn Panel>>) -> Faces {
        let options =
            WebOptions { panel: panel.as_ref().map(|panel| panel.size()), listen: Some(self.address), ..options };
        let mut faces = Faces::begin(handle, panel);
        let (end, handle) = (faces.end.clone(), handle.clone());
        let served = web::serve_apart(self.listener, move || web::router(handle, options), end);
        faces.tasks.spawn(async move {
            let ended = match served {
                Ok(news) => news.await.unwrap_or_else(|_| Err(std::io::Error::other("its thread gave up"))),
                Err(error) => Err(error),
            };
            if let Err(error) = ended {
                tracing::error!(%error, "the page ended");
            }
        });
        faces
    }
}

impl Faces {
    /// Journal and panel alone.
    pub(super) fn begin(handle: &StationHandle, panel: Option<Box<dyn Panel>>) -> Self {
        let (mut tasks, end, ending) = (JoinSet::new(), CancellationToken::new(), CancellationToken::new());
        tasks.spawn(journal::run(handle.clone(), end.clone()));
        if let Some(panel) = panel {
            tasks.spawn(oled::run(handle.clone(), panel, oled::Ends { ending: ending.clone(), stop: end.clone() }));
        }
        Self { tasks, end, ending }
    }

    /// The lamps alone, for a unit in the foreground.
    pub(super) fn lamps(handle: &StationHandle, lamps: AllLamps) -> Self {
        let (end, ending) = (CancellationToken::new(), CancellationToken::new());
        let mut faces = Self { tasks: JoinSet::new(), end, ending };
        faces.light(handle, lamps);
        faces
    }

    /// Lamps and buzzers of the slots.
    pub(super) fn light(&mut self, handle: &StationHandle, lamps: AllLamps) {
        for (slot, lamps) in lamps {
            self.tasks.spawn(lights::run(handle.clone(), slot, lamps, self.end.clone()));
        }
    }

    /// D-Bus: the station's objects, logind and timedated.
    pub(super) fn on_bus(&mut self, handle: &StationHandle, wanted: Dbus) {
        let objects = match wanted {
            Dbus::None => return,
            Dbus::Auto if !has_system_bus() => {
                tracing::info!("there is no system bus here: no D-Bus, and a shutdown does not wait for units");
                return;
            }
            Dbus::Auto | Dbus::System => dbus::Bus::System,
            Dbus::Session => dbus::Bus::Session,
        };
        self.tasks.spawn(dbus::run(handle.clone(), objects, self.end.clone()));
        // both are on the system bus, wherever the objects are
        self.tasks.spawn(host::run(handle.clone(), dbus::Bus::System, self.end.clone()));
    }

    /// The broker. What keeps it from being used is told, and the station goes on without.
    pub(super) fn on_broker(&mut self, handle: &StationHandle, wanted: &config::Mqtt) {
        let broker = match Broker::open(wanted) {
            Ok(broker) => broker,
            Err(why) => {
                tracing::error!("[mqtt]: {why}; the station goes on without the broker");
                handle.services().sightings().tell_broker(flow::Broker::Away(why.to_string()));
                return;
            }
        };
        let (topic, home_assistant) = (wanted.topic.clone(), wanted.home_assistant.clone());
        let plan =
            mqtt::Plan { broker, topic, home_assistant, commands: wanted.commands, retry: mqtt::Retry::default() };
        self.tasks.spawn(mqtt::run(handle.clone(), plan, self.end.clone()));
    }

    /// Tells the service manager that the station is ready, and feeds its watchdog. Every line is safe by now, or its
    /// slot says why not.
    pub(super) fn under_systemd(&mut self, handle: &StationHandle) {
        self.tasks.spawn(systemd::run(handle.clone(), systemd::notify, systemd::watchdog(), self.end.clone()));
    }

    /// Says that the station ends while units in flight come to their end.
    pub(super) fn ending(&self) {
        self.ending.cancel();
    }

    /// Ends them.
    pub(super) async fn stop(mut self) {
        self.end.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Whether there is a bus to be on; the variable is the one of every D-Bus library.
fn has_system_bus() -> bool {
    std::env::var_os("DBUS_SYSTEM_BUS_ADDRESS").is_some() || Path::new("/run/dbus/system_bus_socket").exists()
}
