//! How a plug is reached once its network is joined.

use std::io;
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};

/// An address, through one radio alone: two plugs have the same address, and so may a network of the station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Where the plug answers HTTP.
    pub address: SocketAddr,
    /// The interface that leads there; `None`: any will do.
    pub interface: Option<String>,
}

impl Way {
    /// Opens a connection to the plug.
    ///
    /// A socket that is bound to nothing yet may be bound to a device without a privilege since Linux 5.7
    /// (`net/core/sock.c`, `sock_bindtoindex_locked`); before, it takes CAP_NET_RAW.
    pub async fn connect(&self) -> io::Result<TcpStream> {
        let socket = if self.address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        if let Some(interface) = &self.interface {
            socket.bind_device(Some(interface.as_bytes()))?;
        }
        socket.connect(self.address).await
    }
}
