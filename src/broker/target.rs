//! A broker, with all that is needed to connect to it.

use crate::model::tuya::secret::Secret;
use std::path::PathBuf;

/// A broker, with all that is needed to connect to it.
#[derive(Clone, Debug)]
pub struct Broker {
    pub(super) host: String,
    pub(super) port: u16,
    /// Its address as the configuration has it.
    pub(super) address: String,
    pub(super) trust: Trust,
    pub(super) user: Option<String>,
    pub(super) password: Secret,
}

/// Who may vouch for a broker.
#[derive(Clone, Debug)]
pub(super) enum Trust {
    /// There is no TLS.
    Nobody,
    /// Those that this machine trusts.
    Machine,
    /// Those of a file.
    Own { file: PathBuf, pem: Vec<u8> },
}

impl Broker {
    /// A broker without TLS.
    pub fn plain(host: &str, port: u16, user: &str, password: Secret) -> Self {
        let (host, user) = (host.to_owned(), Some(user.to_owned()).filter(|user| !user.is_empty()));
        let address = format!("mqtt://{host}:{port}");
        Self { host, port, address, trust: Trust::Nobody, user, password }
    }

    /// Its address as the configuration has it.
    pub fn address(&self) -> &str {
        &self.address
    }
}
