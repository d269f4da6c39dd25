//! Why an idle slot is woken, and what it makes of an order.

use super::handle::{Answer, Ask, Order, Refused};
use super::memory::Memory;
use super::notice::Notice;
use crate::flow::Task;

/// Why the slot was woken.
pub(super) enum Wake {
    /// And who waits for the word that the unit is noted.
    Start(Task, Option<Answer>),
    Acknowledged,
    Nothing,
    End,
}

/// Takes it or says why not. Who asks for a unit is answered once it is noted.
pub(super) fn asked((order, answer): Ask, memory: &Memory, is_empty: bool, full: Option<Notice>) -> Wake {
    let refuse = |why: &str| Err(Refused::NotNow(why.into()));
    let (reply, wake) = match (order, memory.blocked()) {
        (Order::Start { .. } | Order::Restore(_), Some(why)) => (refuse(why), Wake::Nothing),
        (Order::Start { .. } | Order::Restore(_), None) if is_empty => {
            (refuse(&Notice::NoBoard.message(None)), Wake::Nothing)
        }
        (Order::Start { .. }, None) if full.is_some() => {
            (refuse(&full.map_or_else(String::new, |full| full.message(None))), Wake::Nothing)
        }
        (Order::Start { redo }, None) => return Wake::Start(Task::Convert { redo }, Some(answer)),
        (Order::Restore(restore), None) => return Wake::Start(Task::Restore(restore), Some(answer)),
        (Order::Abort, _) => (refuse("nothing runs in this slot"), Wake::Nothing),
        (Order::Acknowledge, Some(_)) => (Ok(()), Wake::Acknowledged),
        (Order::Acknowledge, None) => (refuse("this slot waits for nobody"), Wake::Nothing),
    };
    _ = answer.send(reply);
    wake
}
