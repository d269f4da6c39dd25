//! The network that virtual plugs find.

use crate::sim::hello::Said;
use crate::sim::radio::Ether;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

/// What a plug says of itself on the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Its client name, which is its base topic, too.
    pub client: String,
    /// Its messages, in order.
    pub messages: Vec<Said>,
}

/// Who hears what plugs say on the broker.
pub type Hears = Arc<dyn Fn(Hello) + Send + Sync>;

/// The network of a virtual bench.
#[derive(Clone)]
pub struct Home {
    /// Name of its Wi-Fi.
    pub ssid: String,
    /// Its password.
    pub password: String,
    /// The address of a plug that asks the network for one; the loopback device has it.
    pub address: Ipv4Addr,
    /// The port of every plug's interface: nobody but root may take port 80.
    pub port: u16,
    /// The air in which plugs without a Wi-Fi open their own.
    pub air: Ether,
    /// Who hears its hellos; `None`: there is no broker.
    pub hears: Option<Hears>,
}

impl Home {
    /// A network of this name and password, without a broker.
    pub fn new(ssid: &str, password: &str) -> std::io::Result<Self> {
        // a port that is free now; plugs have addresses that nobody else on this machine uses
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = Ipv4Addr::new(127, 77, 0, 1);
        Ok(Self { ssid: ssid.into(), password: password.into(), address, port, air: Ether::default(), hears: None })
    }
}

impl std::fmt::Debug for Home {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Home").field("ssid", &self.ssid).field("port", &self.port).finish_non_exhaustive()
    }
}
