//! The station on an MQTT broker: what it says of itself, each record, each arrival; and what plugs say there.
//!
//! ```text
//! TOPIC/STATION/availability   online, offline; the broker says it for a station that is gone
//! TOPIC/STATION/state          the station: ready, attention, today
//! TOPIC/STATION/slot/NAME      a slot: state, progress, last verdict; NAME/set takes orders, where they are taken
//! TOPIC/STATION/unit           each record, from the ledger's outbox
//! TOPIC/STATION/arrival        each arrival, too
//! ```
//!
//! Without a broker nothing waits: what is to be told lies in the ledger until there is one.

mod discovery;
mod messages;
mod orders;
mod outbox;
mod plugs;
mod shown;
mod talk;
mod topics;

pub use topics::{Topics, encoded};

use crate::broker::{Broker, Why, Will};
use crate::flow;
use crate::station::StationHandle;
use discovery::Discovery;
use messages::OFFLINE;
use std::time::Duration;
use talk::{End, Talk};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// What the configuration says of it.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The broker.
    pub broker: Broker,
    /// What every topic begins with.
    pub topic: String,
    /// Where Home Assistant looks; `None`: it is told nothing.
    pub home_assistant: Option<String>,
    /// Whether orders are taken.
    pub commands: bool,
    /// How soon a lost connection is tried again.
    pub retry: Retry,
}

/// How soon a lost connection is tried again: after this time, then after twice as long each time, up to the last.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// The first time.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

/// After something too large under a topic that plugs use, nothing is listened to for so long.
const DEAF: Duration = Duration::from_secs(600);
const UNHEARD: &str = "something too large lies under a topic that plugs use, so they are not heard for a while";

/// The name under which a station is known to the broker.
pub(crate) fn client_name(station: &str) -> String {
    format!("flashjig-{}", topics::identifier(station))
}

/// Talks with the broker until `stop`.
pub async fn run(station: StationHandle, plan: Plan, stop: CancellationToken) {
    let sightings = station.services().sightings().clone();
    let figures = station.services().broker().clone();
    figures.connected(false);
    let snapshot = station.snapshot();
    let name = snapshot.station.name.clone();
    let topics = Topics::of(&plan.topic, &name);
    let discovery = plan.home_assistant.clone().map(|prefix| Discovery { prefix, commands: plan.commands });
    let client = client_name(&name);
    let (mut wait, mut told, mut deaf_until) = (plan.retry.first, None, None);
    let away = |why: &Why, told: &mut Option<String>| {
        let text = why.to_string();
        sightings.tell_broker(flow::Broker::Away(text.clone()));
        if told.as_ref() != Some(&text) {
            warn!("the broker: {text}; the units go on, and what is to be told waits in the ledger");
        }
        *told = Some(text);
    };
    loop {
        let will = Will { topic: topics.availability(), text: OFFLINE };
        let opened = tokio::select! {
            () = stop.cancelled() => return,
            opened = crate::broker::Session::open(&plan.broker, &client, Some(will)) => opened,
        };
        match opened {
            Err(why) => away(&why, &mut told),
            Ok(session) => {
                info!("on the broker {} as {}", plan.broker.address(), topics.availability());
                figures.connected(true);
                (told, wait) = (None, plan.retry.first);
                let deaf = deaf_until.is_some_and(|until| Instant::now() < until);
                sightings.tell_broker(if deaf { flow::Broker::Away(UNHEARD.into()) } else { flow::Broker::There });
                let talk = Talk {
                    station: &station,
                    topics: &topics,
                    discovery: discovery.as_ref(),
                    commands: plan.commands,
                    deaf,
                };
                let end = talk.run(session, &stop).await;
                figures.connected(false);
                match end {
                    End::Stopped => return,
                    End::Lost(why) => away(&why, &mut told),
                    End::TooLarge => {
                        deaf_until = Some(Instant::now() + DEAF);
                        warn!(
                            "the broker: something of more than 1 MiB lies under a topic that plugs use, such as +/build; \
                             plugs are not heard for {} min; find it with `mosquitto_sub -v -t '+/build'`",
                            DEAF.as_secs() / 60
                        );
                    }
                }
            }
        }
        if let Ok(queued) = station.ledger().unsent().await {
            figures.queued(queued);
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(wait) => {}
        }
        wait = (wait * 2).min(plan.retry.longest);
    }
}
