//! One connection to a broker, from the hand-shake to its loss.

use super::target::{Broker, Trust};
use super::why::Why;
use rumqttc::{
    AsyncClient, ConnectionError, Event, EventLoop, MqttOptions, NetworkOptions, Packet, PublishNotice, PublishOptions,
    QoS, StateError, SubscribeFilterInput, TlsConfiguration, Transport,
};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::task::AbortOnDropHandle;

/// A broker that says nothing for one and a half times as long is lost, s.
const KEEP_ALIVE: u16 = 20;
/// Name, TCP and TLS, s; and with the broker's first word.
const REACH: u64 = 5;
const WELCOME: Duration = Duration::from_secs(10);
/// Messages for the broker that wait for the line.
const WAITING: usize = 256;
/// Messages that it has not acknowledged.
const UNACKNOWLEDGED: u16 = 64;
/// Messages from the broker that wait to be looked at; further ones wait at the broker.
const UNREAD: usize = 64;
/// No message that comes is larger, bytes: what plugs say has some dozens.
const LARGEST_IN: usize = 1024 * 1024;
/// No message that goes is larger, bytes: a record has some ten thousand.
const LARGEST_OUT: usize = 16 * 1024 * 1024;

/// What the broker says for us when the connection is lost.
#[derive(Clone, Debug)]
pub struct Will {
    /// Under this topic.
    pub topic: String,
    /// This; it is retained.
    pub text: &'static str,
}

/// What came over a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody's message.
    Message {
        /// Its topic.
        topic: String,
        /// What it says.
        payload: Vec<u8>,
        /// The broker had kept it.
        retained: bool,
    },
    /// A message was so large that the connection had to end: something is wrong with what is listened to.
    TooLarge,
    /// The connection is lost.
    Lost(Why),
}

/// An open connection. Dropped, it is lost for the broker, too.
pub struct Session {
    client: AsyncClient,
    heard: mpsc::Receiver<Heard>,
    line: AbortOnDropHandle<()>,
}

impl Session {
    /// Connects, and waits for the broker's word that it takes us.
    pub async fn open(broker: &Broker, id: &str, will: Option<Will>) -> Result<Self, Why> {
        let (client, mut line) = AsyncClient::builder(broker.options(id, will)?).capacity(WAITING).build();
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(REACH);
        network.set_tcp_nodelay(true);
        line.set_network_options(network);
        match timeout(WELCOME, welcome(&mut line)).await {
            Err(_) => return Err(Why::silent(broker)),
            Ok(Err(error)) => return Err(Why::of(broker, &error)),
            Ok(Ok(())) => {}
        }
        let (tell, heard) = mpsc::channel(UNREAD);
        let line = tokio::spawn(serve(broker.clone(), line, tell));
        Ok(Self { client, heard, line: AbortOnDropHandle::new(line) })
    }

    /// What comes next. After the loss there is nothing more to come than that.
    pub async fn next(&mut self) -> Heard {
        let gone = || Why::new("the connection ended without a word", "it is tried again; please report this");
        self.heard.recv().await.unwrap_or_else(|| Heard::Lost(gone()))
    }

    /// Hands a message to the line, to be kept by the broker; `None`: the line takes no more now. The notice comes with the
    /// broker's acknowledgement.
    pub fn keep(&self, topic: &str, payload: Vec<u8>) -> Option<PublishNotice> {
        self.hand(topic, payload, PublishOptions::new(QoS::AtLeastOnce).retained())
    }

    /// The same for those who listen now.
    pub fn say(&self, topic: &str, payload: Vec<u8>) -> Option<PublishNotice> {
        self.hand(topic, payload, PublishOptions::new(QoS::AtLeastOnce))
    }

    fn hand(&self, topic: &str, payload: Vec<u8>, options: PublishOptions) -> Option<PublishNotice> {
        self.client.try_publish_tracked(topic, payload, options).ok()
    }

    /// Listens to these; false: the line takes no more now.
    pub fn listen(&self, filters: impl IntoIterator<Item = String>) -> bool {
        let filters: Vec<_> =
            filters.into_iter().map(|filter| SubscribeFilterInput::new(filter, QoS::AtMostOnce)).collect();
        filters.is_empty() || self.client.try_subscribe_many(filters).is_ok()
    }

    /// Takes its leave: what was handed to the line goes out first, as far as that goes within `time`.
    pub async fn close(self, time: Duration) {
        let Self { client, mut heard, line } = self;
        _ = timeout(time, async {
            _ = client.disconnect().await;
            while heard.recv().await.is_some() {}
        })
        .await;
        drop(line);
    }
}

async fn welcome(line: &mut EventLoop) -> Result<(), ConnectionError> {
    loop {
        if let Event::Incoming(Packet::ConnAck(_)) = line.poll().await? {
            return Ok(());
        }
    }
}

/// Keeps the line going until it is lost or nobody listens.
async fn serve(broker: Broker, mut line: EventLoop, tell: mpsc::Sender<Heard>) {
    loop {
        let heard = match line.poll().await {
            Ok(Event::Incoming(Packet::Publish(message))) => Heard::Message {
                topic: String::from_utf8_lossy(&message.topic).into_owned(),
                payload: message.payload.to_vec(),
                retained: message.retain,
            },
            Ok(_) => continue,
            Err(ConnectionError::RequestsDone) => return,
            Err(error) if is_too_large(&error) => Heard::TooLarge,
            Err(error) => Heard::Lost(Why::of(&broker, &error)),
        };
        let is_end = !matches!(heard, Heard::Message { .. });
        if tell.send(heard).await.is_err() || is_end {
            return;
        }
    }
}

fn is_too_large(error: &ConnectionError) -> bool {
    use rumqttc::Error as Malformed;
    matches!(error, ConnectionError::MqttState(StateError::Deserialization(Malformed::PayloadSizeLimitExceeded { .. })))
}

impl Broker {
    fn options(&self, id: &str, will: Option<Will>) -> Result<MqttOptions, Why> {
        let mut options = MqttOptions::new(id, rumqttc::Broker::tcp(self.host.as_str(), self.port));
        options.set_keep_alive(KEEP_ALIVE);
        options.set_clean_session(true);
        options.set_max_packet_size(LARGEST_IN, LARGEST_OUT);
        options.set_inflight(UNACKNOWLEDGED);
        match (&self.user, self.password.is_empty()) {
            (Some(user), true) => _ = options.set_username(user),
            (Some(user), false) => _ = options.set_credentials(user, self.password.reveal().to_vec()),
            (None, _) => {}
        }
        if let Some(Will { topic, text }) = will {
            options.set_last_will(rumqttc::LastWill::new(topic, text, QoS::AtLeastOnce, true));
        }
        options.set_transport(match &self.trust {
            Trust::Nobody => Transport::tcp(),
            Trust::Own { pem, .. } => {
                Transport::tls_with_config(TlsConfiguration::Simple { ca: pem.clone(), alpn: None, client_auth: None })
            }
            Trust::Machine => Transport::try_tls_with_default_config().map_err(|error| {
                let what = format!("the certificates that this machine trusts can't be read: {error}");
                Why::new(what, "sudo apt install ca-certificates, or name the broker's own authority in ca_file")
            })?,
        });
        Ok(options)
    }
}
