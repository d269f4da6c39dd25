//! A listener to the station's events, and the state that it folds from them.

use crate::clock;
use crate::fold::fold;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Events that are kept so that the state of a moment ago can be told.
const KEPT: usize = 4000;

/// What a listener knows.
#[derive(Default)]
pub(crate) struct Heard {
    /// The state after the last event.
    pub(crate) state: Value,
    /// An older state, and the events since.
    base: Value,
    since: VecDeque<Value>,
    pub(crate) events: u64,
    /// States that were sent anew because this listener missed something.
    pub(crate) gaps: u64,
    /// What must not be.
    pub(crate) wrong: Vec<String>,
    pub(crate) ended: bool,
    /// Units that ended, by slot, until somebody takes note of them.
    ends: BTreeMap<String, VecDeque<Value>>,
}

impl Heard {
    /// The end of the oldest unit of a slot that nobody took note of.
    pub(crate) fn end(&self, slot: &str) -> Option<&Value> {
        self.ends.get(slot)?.front()
    }

    /// Takes note of it.
    pub(crate) fn take_end(&mut self, slot: &str) -> Option<Value> {
        self.ends.get_mut(slot)?.pop_front()
    }

    fn note_end(&mut self, slot: &str) {
        let last = self.slot(slot)["last"].clone();
        self.ends.entry(slot.to_owned()).or_default().push_back(last);
    }

    /// The number of the last event.
    pub(crate) fn seq(&self) -> u64 {
        self.state["seq"].as_u64().unwrap_or(0)
    }

    fn take(&mut self, kind: &str, id: &str, data: Value) {
        if data["seq"].as_u64() != id.parse().ok() {
            self.wrong.push(format!("the event's id is {id}, its number {}", data["seq"]));
        }
        if kind == "snapshot" {
            self.gaps += u64::from(!self.state.is_null());
            if data["seq"].as_u64().unwrap_or(0) < self.seq() {
                self.wrong.push(format!("after event {} a state came that is older: {}", self.seq(), data["seq"]));
            }
            let before = std::mem::replace(&mut self.state, data.clone());
            (self.base, self.since) = (data, VecDeque::new());
            for old in before["slots"].as_array().into_iter().flatten() {
                let name = old["name"].as_str().unwrap_or_default();
                if self.slot(name)["last"] != old["last"] {
                    self.note_end(name);
                }
            }
            return;
        }
        if data["kind"] != kind {
            self.wrong.push(format!("an event named {kind} says that it is {}", data["kind"]));
        }
        if data["seq"].as_u64() != Some(self.seq() + 1) {
            self.wrong.push(format!("after event {} came {}", self.seq(), data["seq"]));
        }
        self.events += 1;
        fold(&mut self.state, &data);
        if kind == "finished" {
            self.note_end(data["slot"].as_str().unwrap_or_default());
        }
        self.since.push_back(data);
        if self.since.len() > KEPT
            && let Some(oldest) = self.since.pop_front()
        {
            fold(&mut self.base, &oldest);
        }
    }

    /// The state right after event `seq`; none: it is not reached yet, or too old.
    pub(crate) fn at(&mut self, seq: u64) -> Option<Value> {
        if seq > self.seq() || self.base["seq"].as_u64()? > seq {
            return None;
        }
        while self.base["seq"].as_u64()? < seq {
            let event = self.since.pop_front()?;
            fold(&mut self.base, &event);
        }
        Some(self.base.clone())
    }

    /// What a slot is, as far as heard.
    pub(crate) fn slot(&self, name: &str) -> Value {
        let slots = self.state["slots"].as_array();
        slots.and_then(|slots| slots.iter().find(|slot| slot["name"] == name)).cloned().unwrap_or_default()
    }
}

/// A listener.
pub(crate) struct Ear {
    heard: Arc<Mutex<Heard>>,
    stream: TcpStream,
    thread: Option<JoinHandle<()>>,
}

/// How a listener reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Everything at once.
    Keen,
    /// A pause behind each event: the station gets ahead of it.
    Slow,
    /// Not at all.
    Deaf,
}

impl Ear {
    /// Begins to listen; the error: the station refused, or is not there.
    pub(crate) fn open(to: SocketAddr, habit: Habit) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect_timeout(&to, Duration::from_secs(5))?;
        write!(stream, "GET /api/v1/events HTTP/1.0\r\nHost: {to}\r\n\r\n")?;
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (own, reader) = (Arc::clone(&heard), stream.try_clone()?);
        let thread = (habit != Habit::Deaf).then(|| std::thread::spawn(move || listen(reader, habit, &own)));
        Ok(Self { heard, stream, thread })
    }

    pub(crate) fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until something is so in what it heard; false: it never was, or the station is gone.
    pub(crate) fn wait(&self, patience: Duration, so: impl Fn(&Heard) -> bool) -> bool {
        let mut held = false;
        clock::until(patience, || {
            let heard = self.heard();
            held = so(&heard);
            held || heard.ended
        });
        held
    }

    /// Waits for the event of this number.
    pub(crate) fn reaches(&self, seq: u64, patience: Duration) -> bool {
        self.wait(patience, |heard| heard.seq() >= seq)
    }

    /// Hangs up, and gives what it heard.
    pub(crate) fn close(mut self) -> Arc<Mutex<Heard>> {
        self.hang_up();
        Arc::clone(&self.heard)
    }

    fn hang_up(&mut self) {
        _ = self.stream.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.hang_up();
    }
}

fn listen(stream: TcpStream, habit: Habit, heard: &Mutex<Heard>) {
    let (mut kind, mut id) = (String::new(), String::new());
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        let Some((field, value)) = line.split_once(':') else { continue };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut kind),
            "id" => value.clone_into(&mut id),
            "data" => {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                match serde_json::from_str(value) {
                    Ok(data) => heard.take(&kind, &id, data),
                    // the last one may be cut when the station is killed
                    Err(_) => break,
                }
                drop(heard);
                if habit == Habit::Slow {
                    clock::pause(Duration::from_millis(20));
                }
            }
            _ => {}
        }
    }
    heard.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
}
