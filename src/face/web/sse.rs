//! Live events: the whole state first, then each event once; a new state after a gap.

use super::problem::Problem;
use super::{App, Closing, LISTENERS};
use crate::model::event::Stamped;
use crate::model::snapshot::Snapshot;
use crate::station::StationHandle;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

/// Shorter than the minute after which proxies drop a silent connection, and soon enough to notice a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// `GET /api/v1/events`.
pub(super) async fn events(
    State(app): State<App>,
    closing: Option<Extension<Closing>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let place = Arc::clone(&app.listeners).try_acquire_owned().map_err(|_| {
        let detail = format!("{LISTENERS} pages and programs listen already; close one, or ask /api/v1/status instead");
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_listeners", "Too many listen already", detail)
    })?;
    let closing = closing.map(|Extension(Closing(token))| token).unwrap_or_default();
    let feed = stream::unfold((Feed::new(app.handle, closing), place), |(mut feed, place)| async {
        feed.next().await.map(|event| (Ok(event.sse()), (feed, place)))
    });
    Ok(Sse::new(feed).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("alive")))
}

/// What goes down the line.
#[derive(Clone, Debug)]
enum Message {
    State(Arc<Snapshot>),
    Event(Arc<Stamped>),
}

impl Message {
    fn sse(&self) -> Event {
        match self {
            Self::State(snapshot) => event(snapshot.seq, "snapshot", &json(&**snapshot)),
            Self::Event(stamped) => {
                let value = json(&**stamped);
                let kind = value.get("kind").and_then(|kind| kind.as_str()).unwrap_or("event").to_owned();
                event(stamped.seq, &kind, &value)
            }
        }
    }
}

fn json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}

fn event(seq: u64, kind: &str, data: &serde_json::Value) -> Event {
    Event::default().id(seq.to_string()).event(kind).data(data.to_string())
}

/// One listener's place in the story.
struct Feed {
    station: StationHandle,
    events: broadcast::Receiver<Arc<Stamped>>,
    closing: CancellationToken,
    /// Number of the last event that the listener knows; `None`: a state is due.
    known: Option<u64>,
    /// The state that is due must hold this event.
    least: u64,
}

impl Feed {
    fn new(station: StationHandle, closing: CancellationToken) -> Self {
        // Subscribed before the state is read: what happens in between comes twice, and the second is dropped below.
        let events = station.events();
        Self { station, events, closing, known: None, least: 0 }
    }

    async fn next(&mut self) -> Option<Message> {
        let closing = self.closing.clone();
        tokio::select! {
            () = closing.cancelled() => None,
            message = self.listen() => message,
        }
    }

    async fn listen(&mut self) -> Option<Message> {
        loop {
            let Some(known) = self.known else {
                let least = self.least;
                let state = self.station.watch().wait_for(|state| state.seq >= least).await.ok()?.clone();
                self.known = Some(state.seq);
                return Some(Message::State(state));
            };
            match self.events.recv().await {
                Ok(event) if event.seq <= known => {}
                Ok(event) if event.seq == known + 1 => {
                    self.known = Some(event.seq);
                    return Some(Message::Event(event));
                }
                // Numbers have no gaps, so this listener missed something: tell it everything anew.
                Ok(event) => (self.known, self.least) = (None, event.seq),
                Err(RecvError::Lagged(_)) => self.known = None,
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
