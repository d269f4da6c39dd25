//! Looks: listeners, the state, the ledger, everything that can be asked for, and nonsense.

use super::World;
use crate::clock;
use crate::ear::{Ear, Habit};
use crate::fold;
use crate::judge;
use serde_json::Value;

/// Listeners beside the test's own.
const GUESTS: usize = 6;

const PATHS: [&str; 18] = [
    "/",
    "/healthz",
    "/metrics",
    "/api/v1/status",
    "/api/v1/faults",
    "/api/v1/panel.png",
    "/api/v1/panel.png?scale=2",
    "/api/v1/units?limit=5",
    "/api/v1/units?verdict=pass&limit=3",
    "/api/v1/units.csv",
    "/api/v1/units.jsonl",
    "/api/v1/stats",
    "/api/v1/batch",
    "/api/v1/firmware",
    "/api/v1/recipes",
    "/api/v1/session",
    "/api/v1/station",
    "/api/v1/openapi.json",
];

const NONSENSE: [(&str, &str, &str); 9] = [
    ("POST", "/api/v1/slots/Z/start", ""),
    ("POST", "/api/v1/slots/A/start", "{\"redo\": 7}"),
    ("POST", "/api/v1/slots/A/restore", "{}"),
    ("POST", "/api/v1/slots/A/restore", "{\"unit\": 999999999}"),
    ("GET", "/api/v1/units/0", ""),
    ("GET", "/api/v1/units/none", ""),
    ("GET", "/api/v1/units?limit=0", ""),
    ("PUT", "/api/v1/batch", "{\"size\": 3}"),
    ("DELETE", "/api/v1/firmware/..%2F..%2Fledger", ""),
];

impl World {
    /// One more listener.
    pub(super) fn listen(&mut self, habit: Habit) {
        let Some(station) = &self.station else { return };
        if self.guests.len() < GUESTS
            && let Ok(ear) = Ear::open(station.address, habit)
        {
            self.guests.push(ear);
            self.table.count("listeners");
        }
    }

    /// A listener goes; what it heard last must be what the test's own listener heard by then.
    pub(super) fn hang_up(&mut self, pick: u64) {
        if self.guests.is_empty() {
            return;
        }
        let heard = self.guests.remove(pick as usize % self.guests.len()).close();
        let mut heard = heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.table.events += heard.events;
        self.table.gaps += heard.gaps;
        for what in heard.wrong.drain(..) {
            self.journal.violation(format!("a guest's events: {what}"));
        }
        if heard.state.is_null() {
            return;
        }
        let own = self.ear.as_ref().and_then(|ear| {
            ear.reaches(heard.seq(), clock::LONG);
            ear.heard().at(heard.seq())
        });
        if let Some(what) = own.and_then(|own| fold::difference(&heard.state, &own, "")) {
            self.journal.violation(format!("two listeners differ after event {}: {what}", heard.seq()));
        }
    }

    /// The state that is asked for is the one that the events give.
    pub(super) fn compare(&mut self) {
        let Some(reply) = self.ask("GET", "/api/v1/status", b"") else { return };
        let (state, Some(ear)) = (reply.json(), &self.ear) else { return };
        let seq = state["seq"].as_u64().unwrap_or(0);
        if !ear.reaches(seq, clock::LONG) {
            let what =
                format!("the state is at event {seq}, and the events come no further than {}", ear.heard().seq());
            self.journal.violation(what);
            return;
        }
        let folded = ear.heard().at(seq);
        let Some(folded) = folded else { return };
        self.table.states += 1;
        if let Some(what) = fold::difference(&state, &folded, "") {
            self.journal.violation(format!("the state and the fold of the events differ at event {seq}: {what}"));
        }
    }

    /// Keeps a record, or finds that it has changed.
    pub(super) fn keep_record(&mut self, record: &Value) {
        let seq = record["seq"].as_u64().unwrap_or(0);
        self.table.records += 1;
        match self.records.get(&seq) {
            None => _ = self.records.insert(seq, record.clone()),
            Some(known) => {
                if let Some(what) = fold::difference(known, record, "") {
                    self.journal.violation(format!("unit {seq} changed after it was recorded: {what}"));
                }
            }
        }
    }

    /// The whole ledger: numbers without gap, records as they were, one for each start.
    pub(super) fn read_ledger(&mut self) {
        let mut before = String::new();
        loop {
            let path = format!("/api/v1/units?limit=500{before}");
            let Some(reply) = self.ask("GET", &path, b"").filter(crate::http::Reply::is_good) else { return };
            for record in reply.json().as_array().into_iter().flatten() {
                self.keep_record(record);
            }
            match reply.header("x-next-before") {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
        }
        let mut wrong: Vec<String> = judge::gaps(&self.records).err().into_iter().collect();
        for slot in &mut self.slots {
            let open = slot.open.as_ref().is_some_and(|open| !open.died);
            wrong.extend(judge::windows(slot.name, &mut slot.windows, open, &self.records).err());
        }
        for what in wrong {
            self.journal.violation(what);
        }
    }

    /// Something that anybody may ask for.
    pub(super) fn look(&mut self, pick: u64) {
        let last = self.records.keys().next_back().copied().unwrap_or(0);
        let path = match pick as usize % (PATHS.len() + 3) {
            at if at < PATHS.len() => PATHS[at].to_owned(),
            at if at == PATHS.len() => format!("/api/v1/units/{last}/backup"),
            at if at == PATHS.len() + 1 => format!("/api/v1/units/{last}/template"),
            _ => format!("/api/v1/units/{}", 1 + pick % last.max(1)),
        };
        let missing = |path: &str| path.ends_with("/backup") || path.ends_with("/template") || last == 0;
        if let Some(reply) = self.ask("GET", &path, b"")
            && !reply.is_good()
            && !missing(&path)
            && !self.in_trouble()
        {
            self.journal.violation(format!("GET {path}: {} {}", reply.status, reply.reason()));
        }
    }

    /// What must be refused.
    pub(super) fn nonsense(&mut self, pick: u64) {
        let (method, path, body) = NONSENSE[pick as usize % NONSENSE.len()];
        if let Some(reply) = self.ask(method, path, body.as_bytes())
            && !(400..500).contains(&reply.status)
            && !self.in_trouble()
        {
            self.journal.violation(format!("{method} {path} {body}: {}", reply.status));
        }
    }
}
