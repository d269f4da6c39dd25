//! Live events: the whole state first, then each event once; a new state after a gap. Who shows the state may have its
//! changes besides.

use super::app::{App, Closing};
use super::caller::Caller;
use super::changes::Changes;
use super::problem::Problem;
use crate::model::unit::event::Stamped;
use crate::model::unit::snapshot::Snapshot;
use crate::station::StationHandle;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Query, State};
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
    caller: Option<Extension<Caller>>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let mut changes = None;
    for (name, value) in query?.0 {
        changes = match (name.as_str(), value.as_str()) {
            ("changes", "true") => Some(app.changes.clone()),
            ("changes", "false") => None,
            ("changes", _) => return Err(Problem::parameter("changes", &value, "true or false")),
            _ => return Err(Problem::parameter(&name, &value, "changes as the parameter's name")),
        };
    }
    let caller = caller.map(|Extension(caller)| caller);
    let uid = match &caller {
        Some(caller) => caller.uid().await,
        None => None,
    };
    let place = app.listeners.take(caller.map(|caller| caller.ip()), uid).ok_or_else(|| {
        let detail =
            "so many pages and programs listen already, here or in all; close one, or ask /api/v1/status instead";
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_listeners", "Too many listen already", detail)
    })?;
    let closing = closing.map(|Extension(Closing(token))| token).unwrap_or_default();
    let feed = stream::unfold((Feed::new(app.handle, changes, closing), place), |(mut feed, place)| async {
        feed.next().await.map(|event| (Ok(event.sse()), (feed, place)))
    });
    Ok(Sse::new(feed).keep_alive(KeepAlive::new().interval(KEEP_ALIVE).text("alive")))
}

/// What goes down the line.
#[derive(Clone, Debug)]
enum Message {
    State(Arc<Snapshot>),
    Event(Arc<Stamped>),
    /// It has no number of its own: it is no event.
    Changes(Arc<str>),
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
            Self::Changes(text) => Event::default().event("changes").data(text),
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
    /// Where the changes of the state come from, if they are wanted.
    changes: Option<Arc<Changes>>,
    /// Those since the state that the listener got.
    news: Option<broadcast::Receiver<Arc<str>>>,
    closing: CancellationToken,
    /// Number of the last event that the listener knows; `None`: a state is due.
    known: Option<u64>,
    /// The state that is due must hold this event.
    least: u64,
}

impl Feed {
    fn new(station: StationHandle, changes: Option<Arc<Changes>>, closing: CancellationToken) -> Self {
        // Subscribed before the state is read: what happens in between comes twice, and the second is dropped below.
        let events = station.events();
        Self { station, events, changes, news: None, closing, known: None, least: 0 }
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
                let state = self.state().await?;
                self.known = Some(state.seq);
                return Some(Message::State(state));
            };
            let event = tokio::select! {
                event = self.events.recv() => event,
                news = next_of(&mut self.news) => match news {
                    Ok(text) => return Some(Message::Changes(text)),
                    Err(error) => Err(error),
                },
            };
            match event {
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

    /// The state that is due; its changes go on from there.
    async fn state(&mut self) -> Option<Arc<Snapshot>> {
        let least = self.least;
        let state = self.station.watch().wait_for(|state| state.seq >= least).await.ok()?.clone();
        let Some(changes) = &self.changes else { return Some(state) };
        let (state, news) = changes.join();
        self.news = Some(news);
        Some(state)
    }
}

/// The next changes; never, where none are wanted.
async fn next_of(news: &mut Option<broadcast::Receiver<Arc<str>>>) -> Result<Arc<str>, RecvError> {
    match news {
        Some(news) => news.recv().await,
        None => std::future::pending().await,
    }
}
