//! Which bus.

use zbus::connection::Builder;

/// A message bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bus {
    /// The system's.
    System,
    /// The user's session.
    Session,
    /// The one at this address.
    Address(String),
}

impl Bus {
    /// A connection to it, not made yet.
    pub fn builder(&self) -> Builder<'_> {
        match self {
            Self::System => Builder::system(),
            Self::Session => Builder::session(),
            Self::Address(address) => Builder::address(address.as_str()),
        }
    }
}

impl std::fmt::Display for Bus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System => f.write_str("system bus"),
            Self::Session => f.write_str("session bus"),
            Self::Address(address) => write!(f, "bus at {address}"),
        }
    }
}
