//! The plug's hello on the broker.

use super::watch::{Seen, Watch};
use crate::flow::sightings::Broker;
use crate::model::cycle::fault::FaultCode;
use crate::model::openbeken::life::{Miss, Way};
use crate::model::unit::sighting::Sighting;

/// Waits until the plug says hello under its name, with its MAC and version. One that says its MAC under another name has the
/// wrong one.
pub(super) async fn look(watch: &Watch) -> Seen {
    let expected = &watch.expected;
    let topic = expected.topic();
    let wanted = topic.map_or_else(|| Way::Broker.expected().to_owned(), |topic| format!("a hello as {topic:?}"));
    // its name alone may be that of any plug: what it is, it says behind that, unless it was told to keep it to itself
    let enough = |seen: &Sighting| !expected.tells() || (seen.mac.is_some() && seen.version().is_some());
    let hello = watch.sightings.told(Some(expected.mac), topic, watch.started.heard, enough);
    match watch.in_time(hello).await {
        Some(Ok(seen)) => judge(&seen, topic, &wanted, watch),
        Some(Err(none)) => Err(Miss::new(FaultCode::NotReached, wanted, none.to_string())),
        None => Err(Miss::new(FaultCode::NotReached, wanted, nothing(watch))),
    }
}

fn judge(seen: &Sighting, topic: Option<&str>, wanted: &str, watch: &Watch) -> Seen {
    if topic.is_some_and(|topic| topic != seen.name) {
        return Err(Miss::new(FaultCode::OtherName, wanted, format!("a hello as {:?}", seen.name)));
    }
    if let Some(version) = seen.version().filter(|version| !watch.expected.is_version(version)) {
        let expected = watch.expected.version.as_deref().unwrap_or_default();
        return Err(Miss::new(FaultCode::OtherVersion, format!("version {expected}"), format!("version {version}")));
    }
    let address = seen.address.as_ref().map(|address| format!(" from {address}")).unwrap_or_default();
    Ok(format!("a hello as {:?}{address}", seen.name))
}

/// What is told when no hello came.
fn nothing(watch: &Watch) -> String {
    match watch.sightings.broker() {
        Broker::Away(why) => format!("a broker that the station itself does not reach: {why}"),
        _ => super::watch::network(watch, "no hello"),
    }
}
