//! The plugs of the demo in their sockets: what passed goes to the broker that was written into it, and says hello.

use crate::broker::{Broker, Session, Will};
use crate::config::Mqtt;
use crate::model::chip::Chip;
use crate::model::tuya::secret::Secret;
use crate::sim::hello::{Hello, Oddity, Said};
use crate::sim::plug::home::{self, Hears};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::sleep;

/// A plug says about one thing a second; here they are faster, as the boards are.
const BETWEEN: Duration = Duration::from_millis(50);
/// So long they stay on the broker after their hello.
const STAY: Duration = Duration::from_secs(600);

/// Plugs that leave the jig.
#[derive(Clone, Debug, Default)]
pub(super) struct Plugs {
    /// What is wrong with every third one.
    pub(super) oddities: Vec<Oddity>,
}

impl Plugs {
    /// What is wrong with the plug of this turn.
    pub(super) fn oddity(&self, turn: u64) -> Option<Oddity> {
        let at = usize::try_from(turn / 3).unwrap_or(0) % self.oddities.len().max(1);
        self.oddities.get(at).copied().filter(|_| turn % 3 == 1)
    }

    /// Puts a plug into its socket; it speaks there by itself.
    pub(super) fn put(oddity: Option<Oddity>, chip: Chip, flash: &[u8]) {
        if let Some(hello) = Hello::of(chip, flash, oddity) {
            tokio::spawn(live(hello));
        }
    }
}

/// A plug in the jig that has joined its network: what it says there goes to the real broker.
pub(super) fn in_the_jig(broker: &Mqtt) -> Hears {
    let (runtime, host, port) = (Handle::current(), broker.host.clone(), broker.port);
    Arc::new(move |said| {
        let home::Hello { client, messages } = said;
        let (user, password) = (String::new(), Secret::default());
        runtime.spawn(live(Hello { host: host.clone(), port, user, password, client, messages }));
    })
}

async fn live(hello: Hello) {
    let Hello { host, port, user, password, client, messages } = hello;
    let broker = Broker::plain(&host, port, &user, password);
    let will = Will { topic: format!("{client}/connected"), text: "offline" };
    let session = match Session::open(&broker, &client, Some(will)).await {
        Ok(session) => session,
        Err(why) => return tracing::warn!("the virtual plug {client}: {why}"),
    };
    for Said { topic, text, retained } in messages {
        let payload = text.into_bytes();
        let told = if retained { session.keep(&topic, payload) } else { session.say(&topic, payload) };
        if told.is_none() {
            return;
        }
        sleep(BETWEEN).await;
    }
    sleep(STAY).await;
}
