//! Records and arrivals on their way to the broker: from the ledger, in order, no more than so many at once, and noted in the
//! ledger when the broker has acknowledged them.

use super::messages;
use super::topics::Topics;
use crate::broker::Session;
use crate::model::unit::Unit;
use crate::store::{Due, Ledger, StoreError};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use std::collections::VecDeque;

/// Messages that the broker has not acknowledged.
const WINDOW: usize = 32;
/// Acknowledgements that are noted at once.
const TOGETHER: usize = 16;

/// What a message was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Records up to this one.
    Units(u64),
    Arrival(Due),
}

struct Sent {
    what: What,
    is_acknowledged: bool,
}

/// What goes on one connection.
pub(super) struct Outbox {
    ledger: Ledger,
    /// In the order in which it was sent; the first one has the number `first`.
    window: VecDeque<Sent>,
    first: u64,
    notices: FuturesUnordered<BoxFuture<'static, Option<u64>>>,
    /// The last record that was sent.
    units: u64,
    /// Arrivals that are on their way.
    arrivals: Vec<Due>,
    /// The last record that the broker has acknowledged, and arrivals, that the ledger does not know of.
    acknowledged: u64,
    told: Vec<Due>,
    unnoted: usize,
}

impl Outbox {
    /// What is left to tell.
    pub(super) async fn open(ledger: Ledger) -> Result<Self, StoreError> {
        let sent = ledger.sent().await?;
        Ok(Self {
            ledger,
            window: VecDeque::new(),
            first: 0,
            notices: FuturesUnordered::new(),
            units: sent,
            arrivals: Vec::new(),
            acknowledged: sent,
            told: Vec::new(),
            unnoted: 0,
        })
    }

    /// Sends what there is, as far as the window and the line take it. True: all is on its way.
    pub(super) async fn fill(&mut self, session: &Session, topics: &Topics) -> Result<bool, StoreError> {
        while self.window.len() < WINDOW {
            let Some((last, units)) = self.ledger.after(self.units, WINDOW - self.window.len()).await? else { break };
            for unit in &units {
                if !self.send(session, &topics.unit(), messages::json(unit), What::Units(unit.seq)) {
                    return Ok(false);
                }
                self.units = unit.seq;
            }
            // one that can't be read is passed over
            if last > self.units {
                self.units = last;
                self.window.push_back(Sent { what: What::Units(last), is_acknowledged: true });
                self.pop();
            }
        }
        for due in self.ledger.due(2 * WINDOW).await? {
            if self.window.len() >= WINDOW {
                return Ok(false);
            }
            if self.arrivals.contains(&due) {
                continue;
            }
            // its record goes first: whoever keeps both by their key has it by then
            if due.seq > self.units {
                continue;
            }
            let unit: Option<Unit> = self.ledger.get(due.seq).await?;
            match unit.as_ref().and_then(messages::hello) {
                Some(hello) => {
                    if !self.send(session, &topics.arrival(), messages::json(&hello), What::Arrival(due)) {
                        return Ok(false);
                    }
                    self.arrivals.push(due);
                }
                None => self.ledger.acknowledged(0, vec![due]).await?,
            }
        }
        Ok(self.window.len() < WINDOW)
    }

    fn send(&mut self, session: &Session, topic: &str, payload: Vec<u8>, what: What) -> bool {
        let Some(notice) = session.keep(topic, payload) else { return false };
        let number = self.first + self.window.len() as u64;
        self.window.push_back(Sent { what, is_acknowledged: false });
        // a notice without an acknowledgement is the end of the connection: it is sent again on the next one
        self.notices.push(Box::pin(async move { notice.wait_completion_async().await.ok().map(|()| number) }));
        true
    }

    /// Waits for the next acknowledgement; for ever, where nothing is on its way. How many messages it completes.
    pub(super) async fn acknowledged(&mut self) -> u64 {
        loop {
            match self.notices.next().await {
                Some(Some(number)) => {
                    let at = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
                    if let Some(sent) = self.window.get_mut(at) {
                        sent.is_acknowledged = true;
                    }
                    return self.pop();
                }
                Some(None) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Takes what is acknowledged, with all before it, out of the window.
    fn pop(&mut self) -> u64 {
        let mut count = 0;
        while self.window.front().is_some_and(|sent| sent.is_acknowledged) {
            let Some(sent) = self.window.pop_front() else { break };
            (self.first, count, self.unnoted) = (self.first + 1, count + 1, self.unnoted + 1);
            match sent.what {
                What::Units(seq) => self.acknowledged = self.acknowledged.max(seq),
                What::Arrival(due) => {
                    self.arrivals.retain(|known| *known != due);
                    self.told.push(due);
                }
            }
        }
        count
    }

    /// Whether so many are acknowledged that more are worth sending.
    pub(super) fn has_room(&self) -> bool {
        self.window.len() <= WINDOW / 2
    }

    /// Whether it is time to note what is acknowledged: so many at once, or all that there is.
    pub(super) fn is_due(&self) -> bool {
        self.unnoted >= TOGETHER || (self.unnoted > 0 && self.window.is_empty())
    }

    /// Notes in the ledger what is acknowledged.
    pub(super) async fn note(&mut self) -> Result<(), StoreError> {
        if self.unnoted == 0 {
            return Ok(());
        }
        self.ledger.acknowledged(self.acknowledged, std::mem::take(&mut self.told)).await?;
        self.unnoted = 0;
        Ok(())
    }
}
