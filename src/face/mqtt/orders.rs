//! Orders that come over the broker, where the configuration takes them: `start`, `stop` and `acknowledge`, to the topic of
//! a slot. Who may send them is the broker's business; each is noted like those of the page.

use super::topics::Topics;
use crate::clock;
use crate::model::unit::deed::{By, Deed, Doer};
use crate::station::{Order, StationHandle};
use std::time::Duration;
use tokio::time::timeout;
use tracing::warn;

/// A slot answers an order at once.
const ANSWER_TIME: Duration = Duration::from_secs(5);

/// The words, with what they are called in the list of deeds.
const WORDS: [(&str, &str); 3] = [("start", "start"), ("stop", "abort"), ("acknowledge", "acknowledge")];

/// An order, and the slot that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) slot: String,
    word: &'static str,
}

/// What a message orders, if it does. One that the broker had kept was meant for another time.
pub(super) fn read<'s>(
    topics: &Topics,
    slots: impl IntoIterator<Item = &'s str>,
    topic: &str,
    payload: &[u8],
    retained: bool,
) -> Option<Asked> {
    let slot = slots.into_iter().find(|slot| topics.order(slot) == topic)?.to_owned();
    let (word, _) = WORDS.into_iter().find(|(word, _)| word.as_bytes() == payload.trim_ascii())?;
    (!retained).then_some(Asked { slot, word })
}

/// Does it, and notes who had it done.
pub(super) async fn obey(station: &StationHandle, Asked { slot, word }: Asked) {
    let order = match word {
        "start" => Order::Start { redo: false },
        "stop" => Order::Abort,
        _ => Order::Acknowledge,
    };
    let deed = WORDS.into_iter().find(|(known, _)| *known == word).map_or(word, |(_, deed)| deed);
    let done = match timeout(ANSWER_TIME, station.order(&slot, order)).await {
        Ok(Ok(())) => true,
        Ok(Err(refused)) => {
            warn!("the order {word} of the broker for slot {slot} is refused: {refused}");
            false
        }
        Err(_) => {
            warn!("the order {word} of the broker: slot {slot} did not answer within {} s", ANSWER_TIME.as_secs());
            false
        }
    };
    let doer = Doer { who: "mqtt".into(), by: By::Broker };
    station.note_deed(Deed::new(clock::now(), &doer, deed, Some(&slot), done)).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_known_word_to_a_known_slot_that_is_meant_for_now_is_an_order() {
        let topics = Topics::of("flashjig", "bench");
        let of = |topic: &str, payload: &[u8], retained| read(&topics, ["A", "left/1"], topic, payload, retained);
        let start = of("flashjig/bench/slot/A/set", b"start", false).unwrap();
        assert_eq!((start.slot.as_str(), start.word), ("A", "start"));
        assert_eq!(of("flashjig/bench/slot/left%2F1/set", b"stop\n", false).unwrap().slot, "left/1");
        assert_eq!(of("flashjig/bench/slot/A/set", b"start", true), None, "kept from another time");
        for (topic, payload) in [
            ("flashjig/bench/slot/B/set", &b"start"[..]),
            ("flashjig/bench/slot/A", b"start"),
            ("flashjig/other/slot/A/set", b"start"),
            ("flashjig/bench/slot/A/set", b"restore"),
            ("flashjig/bench/slot/A/set", b""),
        ] {
            assert_eq!(of(topic, payload, false), None, "{topic}");
        }
    }
}
