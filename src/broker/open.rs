//! The broker that a configuration names.

use super::target::{Broker, Trust};
use super::why::Why;
use crate::config::Mqtt;
use crate::intake;

/// No file of certificates is larger, bytes; Debian's has some 220 KiB.
const LARGEST_CA: u64 = 4 * 1024 * 1024;

impl Broker {
    /// The broker of a configuration; its password and certificates are read now.
    pub fn open(plan: &Mqtt) -> Result<Self, Why> {
        let password = plan.password().map_err(|(what, remedy)| Why::new(what, remedy))?;
        let trust = match (&plan.ca_file, plan.tls) {
            (_, false) => Trust::Nobody,
            (None, true) => Trust::Machine,
            (Some(file), true) => {
                let read = intake::named(file, LARGEST_CA);
                let pem = read.map_err(|error| {
                    let what = format!("the certificates in {} can't be read: {error}", file.display());
                    Why::new(
                        what,
                        "put the certificate of the broker's own authority there, in PEM, for this user to read",
                    )
                })?;
                Trust::Own { file: file.clone(), pem }
            }
        };
        let (host, port, user) = (plan.host.clone(), plan.port, plan.user.clone());
        Ok(Self { host, port, address: plan.address(), trust, user, password })
    }
}
