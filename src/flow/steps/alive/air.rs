//! The plug's own access point: it is seen, joined through the station's radio, and asked as in a network.

use super::http;
use super::watch::{Seen, Watch};
use crate::flow::plug::Plug;
use crate::jig::air::{AirError, AirFault, Visit, Wanted};
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::life::{Miss, Way};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// A plug answers an association within a second, and its DHCP server within a few.
const JOIN: Duration = Duration::from_secs(20);
/// What it has to say takes seconds: it answers one request at a time, and its uptime must grow.
const ASK: Duration = Duration::from_secs(15);
/// Before a plug that did not answer is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// Looks for it as long as this start has time; then waits for the radio, whose other visitors take nothing of that time.
pub(super) async fn look(watch: &Watch) -> Seen {
    let Some(air) = &watch.air else {
        return Err(Miss::new(FaultCode::Panicked, Way::Air.expected(), "a slot without a radio; please report this"));
    };
    let expected = &watch.expected;
    let Some(ssid) = expected.access_point() else {
        return Err(Miss::new(FaultCode::NoAccessPoint, Way::Air.expected(), "firmware that has no name for it"));
    };
    let wanted = Wanted { ssid, mac: expected.mac };
    let left = watch.until.saturating_duration_since(Instant::now());
    let seen = air.look(&wanted, left).await.map_err(miss)?;
    let signal = seen.signal;
    let mut visit = air.join(&watch.slot, seen, JOIN).await.map_err(miss)?;
    let came = ask(&mut visit, watch).await;
    // it says itself what is not as it was; that is no matter of the plug
    _ = visit.leave().await;
    came.map(|found| format!("{:?} at {signal} %: {found}", wanted.ssid))
}

async fn ask(visit: &mut Visit, watch: &Watch) -> Seen {
    let plug = Plug::new(visit.way().clone(), watch.expected.password());
    let last = Mutex::new(String::from("no answer"));
    let answered = async {
        loop {
            match http::ask(&plug, watch).await {
                Ok(came) => break came,
                Err(why) => *last.lock().unwrap_or_else(PoisonError::into_inner) = why,
            }
            sleep(AGAIN).await;
        }
    };
    match visit.during(timeout(ASK, answered)).await {
        Ok(Ok(came)) => came,
        Ok(Err(_)) => {
            let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
            let expected = "an answer through its own access point";
            Err(Miss::new(FaultCode::NoAccessPoint, expected, format!("{last} at {}", plug.address())))
        }
        Err(error) => Err(miss(error)),
    }
}

/// A station that has no radio is no matter of the plug.
fn miss(error: AirError) -> Miss {
    let code = match error.fault {
        AirFault::NoRadio | AirFault::NotRestored => FaultCode::NoRadio,
        AirFault::NotSeen | AirFault::NotJoined | AirFault::Lost => FaultCode::NoAccessPoint,
    };
    Miss::new(code, error.expected, format!("{} (radio {}; {})", error.found, error.radio, error.remedy))
}
