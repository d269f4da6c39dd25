//! Why it does not go with a broker, in words, and what to do.

use super::target::{Broker, Trust};
use rumqttc::{ConnectReturnCode, ConnectionError};
use std::error::Error;
use std::fmt;
use std::io::ErrorKind;

/// Why there is no connection, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What was found.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.what, self.remedy)
    }
}

impl Why {
    pub(super) fn new(what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what: what.into(), remedy: remedy.into() }
    }

    /// Nothing came within the time.
    pub(super) fn silent(broker: &Broker) -> Self {
        let what = format!("{} does not answer", broker.address);
        Self::new(what, "is its computer on, and does a firewall or the service's address rules let it through?")
    }

    /// What an error of a connection means.
    pub(super) fn of(broker: &Broker, error: &ConnectionError) -> Self {
        let address = &broker.address;
        match error {
            ConnectionError::ConnectionRefused(code) => Self::refused(broker, *code),
            ConnectionError::NetworkTimeout => Self::silent(broker),
            _ => {
                let all = chain(error);
                if let Some(why) = Self::tls(broker, &all) {
                    return why;
                }
                match kind(error) {
                    Some(ErrorKind::ConnectionRefused) => Self::new(
                        format!("{address}: nobody listens there"),
                        "is the broker running, does it listen on that address and port (`listener` in mosquitto.conf)?",
                    ),
                    Some(ErrorKind::PermissionDenied) => Self::new(
                        format!("{address}: this machine does not let flashjig send there"),
                        "the service's address rules shut it out: `flashjig doctor` has what lets it in",
                    ),
                    Some(ErrorKind::TimedOut) => Self::silent(broker),
                    Some(ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable) => Self::new(
                        format!("{address}: no way leads there from this machine"),
                        "is the network up, and is the address right?",
                    ),
                    Some(ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof) => {
                        Self::new(
                            format!("{address}: the broker closed the connection"),
                            "its log says why; a broker with TLS wants mqtts://, and no two stations may have one name",
                        )
                    }
                    _ if is_no_name(&all) => Self::new(
                        format!("{address}: no computer of this name is known"),
                        "correct url in [mqtt], or write the address in place of the name",
                    ),
                    _ => Self::new(format!("{address}: {all}"), "the broker's log may say more"),
                }
            }
        }
    }

    fn refused(broker: &Broker, code: ConnectReturnCode) -> Self {
        let address = &broker.address;
        match (code, &broker.user) {
            (ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized, Some(user)) => Self::new(
                format!("{address} does not take user {user:?} with this password"),
                "correct user and password_file in [mqtt], or the broker's own list (`mosquitto_passwd`)",
            ),
            (ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized, None) => {
                Self::new(format!("{address} wants a user and a password"), "write user and password_file into [mqtt]")
            }
            (ConnectReturnCode::ServiceUnavailable, _) => {
                Self::new(format!("{address} takes nobody now"), "it is tried again; the broker's log says why")
            }
            (code, _) => Self::new(
                format!("{address} refuses flashjig ({code:?})"),
                "flashjig speaks MQTT 3.1.1: the broker's log says what it wants",
            ),
        }
    }

    fn tls(broker: &Broker, all: &str) -> Option<Self> {
        let address = &broker.address;
        let of = |what: &str| Some(format!("{address}: {what}"));
        let (what, remedy) = if all.contains("UnknownIssuer") || all.contains("CaUsedAsEndEntity") {
            match &broker.trust {
                Trust::Own { file, .. } => (
                    of("nobody in the certificates of ca_file vouches for it"),
                    format!("put the certificate of the authority that signed the broker's into {}", file.display()),
                ),
                _ => (
                    of("nobody whom this machine trusts vouches for it"),
                    "a broker with an authority of its own needs ca_file in [mqtt], with that authority's certificate"
                        .to_owned(),
                ),
            }
        } else if all.contains("not valid for name") || all.contains("NotValidForName") {
            let remedy = "write in url the name or address that the certificate is for, or make the broker another one";
            (of("its certificate is for another name"), remedy.to_owned())
        } else if all.contains("certificate expired") || all.contains("Expired") {
            (of("its certificate is out of date, by this machine's clock"), "renew it, or set the clock".to_owned())
        } else if all.contains("NotValidYet") || all.contains("not valid yet") {
            (of("its certificate is not valid yet, by this machine's clock"), "set the clock".to_owned())
        } else if all.contains("No valid CA certificate") || all.contains("PEM parsing") {
            (of("ca_file holds no certificate"), "it begins with -----BEGIN CERTIFICATE-----".to_owned())
        } else if all.contains("InvalidContentType") || all.contains("corrupt message") {
            (
                of("it does not speak TLS there"),
                "TLS has a port of its own, 8883 as a rule; else write mqtt://".to_owned(),
            )
        } else {
            return None;
        };
        Some(Self { what: what?, remedy })
    }
}

/// All that an error and its causes say.
fn chain(error: &dyn Error) -> String {
    let mut texts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        let text = error.to_string();
        if !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
        next = error.source();
    }
    texts.join(": ")
}

fn kind(error: &ConnectionError) -> Option<ErrorKind> {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

/// What resolvers say of a name that they don't know; the kind of such an error is none of its own.
fn is_no_name(all: &str) -> bool {
    all.contains("failed to lookup address") || all.contains("Name or service not known")
}
