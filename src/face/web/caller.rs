//! Who is at the other end of a connection.

use super::owner;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::sync::OnceCell;

/// The other end of a connection; each of its requests carries it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Caller {
    theirs: SocketAddr,
    ours: SocketAddr,
    /// Of one on this machine; asked for once, for a socket's owner stays.
    uid: Arc<OnceCell<Option<u32>>>,
}

impl Caller {
    pub(super) fn new(theirs: SocketAddr, ours: SocketAddr) -> Self {
        Self { theirs, ours, uid: Arc::default() }
    }

    /// One without a socket, of this user where it is on this machine: for who calls the router itself.
    pub fn without_socket(theirs: SocketAddr, uid: Option<u32>) -> Self {
        Self { theirs, ours: theirs, uid: Arc::new(OnceCell::new_with(Some(uid))) }
    }

    /// Its address.
    pub(super) fn ip(&self) -> IpAddr {
        self.theirs.ip().to_canonical()
    }

    /// The user on this machine whom the connection belongs to; `None`: it comes from elsewhere, or nobody can tell.
    pub(super) async fn uid(&self) -> Option<u32> {
        if !self.ip().is_loopback() {
            return None;
        }
        let (theirs, ours) = (self.theirs, self.ours);
        let ask = || async move { tokio::task::spawn_blocking(move || owner::of(theirs, ours)).await.ok().flatten() };
        *self.uid.get_or_init(ask).await
    }
}
