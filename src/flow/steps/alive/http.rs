//! The plug's own interface: `/api/info`, `/api/pins`, and that its uptime grows.

use super::watch::{Seen, Watch};
use crate::flow::plug::Plug;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::life::{Miss, Way, api};
use crate::model::unit::sighting::Sighting;
use std::net::Ipv4Addr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Before a plug that did not answer is asked again.
const AGAIN: Duration = Duration::from_millis(250);

/// Waits until the plug answers, and holds what it says against the flash.
pub(super) async fn look(watch: &Watch) -> Seen {
    // what was seen last is what is told when the time is up
    let last = Mutex::new(String::from("no address of it"));
    let tell = |what: String| *last.lock().unwrap_or_else(PoisonError::into_inner) = what;
    let answered = async {
        let address = address(watch).await?;
        let plug = Plug::at(address, watch.plug_port, watch.expected.password());
        tell(format!("no answer of {address}"));
        loop {
            match ask(&plug, watch).await {
                Ok(came) => break came,
                Err(why) => tell(format!("{why} at {address}")),
            }
            sleep(AGAIN).await;
        }
    };
    if let Some(came) = watch.in_time(answered).await {
        return came;
    }
    let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    Err(Miss::new(FaultCode::NotReached, Way::Http.expected(), super::watch::network(watch, &last)))
}

/// Where it is: as it was told to be, or as it says on the broker.
pub(super) async fn address(watch: &Watch) -> Result<Ipv4Addr, Miss> {
    let expected = &watch.expected;
    if let Some(own) = expected.address() {
        return Ok(own.into());
    }
    // the address of another plug of its name is none of ours
    let enough = |seen: &Sighting| seen.mac == Some(expected.mac) && address_in(seen).is_some();
    let seen = watch.sightings.told(Some(expected.mac), expected.topic(), watch.started.heard, enough).await;
    let none = |why: String| Miss::new(FaultCode::NotReached, Way::Http.expected(), format!("no address of it: {why}"));
    let seen = seen.map_err(|broker| none(broker.to_string()))?;
    address_in(&seen).ok_or_else(|| none("no hello".into()))
}

fn address_in(seen: &Sighting) -> Option<Ipv4Addr> {
    seen.address.as_deref()?.parse().ok()
}

/// One round of questions; an error is worth another round.
pub(super) async fn ask(plug: &Plug, watch: &Watch) -> Result<Seen, String> {
    let asked = Instant::now();
    let first = get(plug, "/api/info", api::Info::read).await?;
    if watch.started.before.is_some_and(|before| before.is(first.uptime_s, asked)) {
        return Err(format!("no restart yet: up for {} s", first.uptime_s));
    }
    let pins = get(plug, "/api/pins", api::Pins::read).await?;
    let judged = api::judge_info(&first, &watch.expected).and_then(|()| api::judge_pins(&pins, &watch.expected));
    if let Err(miss) = judged {
        return Ok(Err(miss));
    }
    // it counts seconds
    loop {
        let next = get(plug, "/api/info", api::Info::read).await?;
        match next.uptime_s.cmp(&first.uptime_s) {
            std::cmp::Ordering::Less => {
                let found = format!("{} s after {} s: it restarted", next.uptime_s, first.uptime_s);
                return Ok(Err(Miss::new(FaultCode::CrashLoop, "an uptime that grows", found)));
            }
            std::cmp::Ordering::Equal => sleep(AGAIN).await,
            std::cmp::Ordering::Greater => break,
        }
    }
    let count = watch.expected.pins().len();
    Ok(Ok(format!("{}, {count} pins as planned, at {}", first.build, plug.address())))
}

pub(super) async fn get<T>(plug: &Plug, path: &str, read: impl Fn(&[u8]) -> Result<T, String>) -> Result<T, String> {
    let reply = plug.get(path).await?;
    match reply.status {
        200 => read(&reply.body),
        status => Err(format!("status {status} for {path}")),
    }
}
