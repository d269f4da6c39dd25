//! What somebody outside of the station, such as the doctor, sees of a radio. It blocks.

use super::{NetworkRadio, facts, own};
use crate::jig::air::{AirError, AirFault};
use crate::model::air::radio::Refusal;
use std::time::Duration;
use tokio::time::timeout;

/// A bus that does not answer is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether this radio may be lent now, or why not. One that a plug has at this moment may.
pub(crate) fn look(interface: &str) -> Result<(), AirError> {
    let radio = NetworkRadio::new(Some(interface));
    let silent = |found: String| {
        let expected = "NetworkManager on the system bus";
        radio.error(AirFault::NoRadio, expected, found, "sudo apt install network-manager")
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| silent(error.to_string()))?;
    let asked = async {
        let connection = radio.connect().await?;
        let station = facts::station(&connection, &radio.places, None).await;
        match station.map_err(|error| radio.no_manager(&error))?.may_lend(Some(interface)) {
            Err(Refusal::Busy { connection }) if connection.starts_with(own::NAME) => Ok(()),
            lent => lent.map_err(|refusal| radio.refused(&refusal)),
        }
    };
    let answer = runtime.block_on(async { timeout(PATIENCE, asked).await });
    answer.unwrap_or_else(|_| Err(silent(format!("no answer within {} s", PATIENCE.as_secs()))))
}
