//! What every handler of the page may use, and what the configuration decides about it.

use super::access::Access;
use super::changes::Changes;
use super::checkup::Checkup;
use super::listeners::Listeners;
use super::metrics::Collector;
use super::names::Names;
use super::picture::Picture;
use crate::doctor::Doctor;
use crate::face::tail::Tail;
use crate::model::show::screen::Size;
use crate::station::StationHandle;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// But for firmware, no request of this interface has a body worth reading.
pub(super) const BODY_LIMIT: usize = 4096;

/// Requests that read the ledger and the disk at once; further ones wait for their turn.
const READS: usize = 4;

/// What the configuration decides about the page.
#[derive(Clone, Default)]
pub struct WebOptions {
    /// The token that orders and backups need. Without one they are allowed to those users only.
    pub token: Option<String>,
    /// Whether root, the user who runs the station and the members of its group need no token on this machine.
    pub local_is_free: bool,
    /// The station's own host name, beside `localhost` and any IP address.
    pub host: Option<String>,
    /// Where the page listens.
    pub listen: Option<SocketAddr>,
    /// How large the station's panel is. Without one the page shows what the usual one would.
    pub panel: Option<Size>,
    /// The last lines of the journal.
    pub journal: Tail,
    /// Looks at the machine as `flashjig doctor` does. It may read files and ask buses, so it runs off the runtime.
    pub doctor: Option<Arc<Doctor>>,
}

impl std::fmt::Debug for WebOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let token = self.token.as_ref().map(|_| "(set)");
        f.debug_struct("WebOptions").field("token", &token).field("host", &self.host).finish_non_exhaustive()
    }
}

/// What every handler may use.
#[derive(Clone)]
pub(super) struct App {
    pub(super) handle: StationHandle,
    pub(super) options: Arc<WebOptions>,
    pub(super) metrics: Arc<Collector>,
    pub(super) changes: Arc<Changes>,
    pub(super) access: Arc<Access>,
    pub(super) checkup: Arc<Checkup>,
    pub(super) listeners: Listeners,
    /// Requests that read the ledger and the disk, at once.
    pub(super) reads: Arc<Semaphore>,
    pub(super) picture: Arc<Picture>,
    pub(super) names: Arc<Names>,
}

impl App {
    pub(super) fn new(handle: StationHandle, options: WebOptions) -> Self {
        let metrics = Collector::start(handle.events());
        let changes = Changes::start(handle.watch());
        let (listeners, reads, picture) = (Listeners::default(), Arc::new(Semaphore::new(READS)), Arc::default());
        let options = Arc::new(options);
        let (access, checkup, names) = (Arc::default(), Arc::default(), Arc::new(Names::of_this_machine()));
        Self { handle, options, metrics, changes, access, checkup, listeners, reads, picture, names }
    }
}

/// Tells endless answers that the server is about to close.
#[derive(Clone)]
pub(super) struct Closing(pub(super) CancellationToken);
