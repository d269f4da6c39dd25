//! The faces of a running station: page, panel, journal.

use crate::face::web::{self, WebOptions};
use crate::face::{journal, oled};
use crate::fail::Failure;
use crate::jig::Panel;
use crate::station::StationHandle;
use crate::wiring;
use std::net::{Ipv4Addr, SocketAddr};
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
}

impl Front {
    /// Listens on exactly this address.
    pub(super) async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::broken(format!("{address}: expected a free address for the page, found: {error}; choose another"))
        })?;
        let address = listener.local_addr().map_err(Failure::broken)?;
        Ok(Self { listener, address })
    }

    /// Listens on the usual address, or on a free port where that is taken.
    pub(super) async fn open_usual() -> Result<Self, Failure> {
        match Self::open(USUAL).await {
            Ok(front) => Ok(front),
            Err(_) => Self::open(SocketAddr::new(USUAL.ip(), 0)).await,
        }
    }

    /// The page's address for people.
    pub(super) fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves page, panel and journal until [`Faces::stop`].
    pub(super) fn serve(self, handle: &StationHandle, options: WebOptions, panel: Option<Box<dyn Panel>>) -> Faces {
        let mut faces = Faces::begin(handle, panel);
        let options = WebOptions { clock_synced: Some(wiring::clock_synced), ..options };
        let router = web::router(handle.clone(), options);
        let end = faces.end.clone();
        faces.tasks.spawn(async move {
            if let Err(error) = web::serve(self.listener, router, end).await {
                tracing::error!(%error, "the page ended");
            }
        });
        faces
    }
}

impl Faces {
    /// Journal and panel alone.
    pub(super) fn begin(handle: &StationHandle, panel: Option<Box<dyn Panel>>) -> Self {
        let (mut tasks, end) = (JoinSet::new(), CancellationToken::new());
        tasks.spawn(journal::run(handle.clone(), end.clone()));
        if let Some(panel) = panel {
            tasks.spawn(oled::run(handle.clone(), panel, end.clone()));
        }
        Self { tasks, end }
    }

    /// Ends them.
    pub(super) async fn stop(mut self) {
        self.end.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
