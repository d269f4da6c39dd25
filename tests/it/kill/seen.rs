//! What a person at the page saw before the kill.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

/// One unit as it was shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    /// Digest of its backup, once it was said to be kept.
    pub(crate) kept: Option<String>,
    /// Number and verdict, once it was said to be finished.
    pub(crate) finished: Option<(u64, String)>,
}

/// Units by slot, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) slots: BTreeMap<String, Vec<Shown>>,
}

/// Listens to the page's events until the demo is gone. When this returns, the page has answered.
pub(crate) fn listen(page: &str) -> Events {
    let address = page.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    // version 1.0: the answer comes as it is, not in chunks
    write!(stream, "GET /api/v1/events HTTP/1.0\r\nHost: {address}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.find_map(|line| data(&line)).expect("a snapshot");
    let (told, heard) = mpsc::channel();
    let listener = std::thread::spawn(move || {
        let mut seen = Seen::default();
        for slot in first["slots"].as_array().into_iter().flatten() {
            if slot["state"] == "busy" {
                seen.slots.entry(slot["name"].as_str().unwrap().into()).or_default().push(Shown::default());
            }
        }
        for event in lines.filter_map(|line| data(&line)) {
            seen.take(&event);
            // these come by the dozen in some stages and in none of the others
            if !matches!(event["kind"].as_str(), Some("progress" | "map" | "areas" | "lines")) {
                _ = told.send(());
            }
        }
        seen
    });
    Events { heard, listener }
}

/// The events of a demo that runs.
pub(crate) struct Events {
    heard: mpsc::Receiver<()>,
    listener: JoinHandle<Seen>,
}

impl Events {
    /// Waits for so many more events, those of progress apart; false: one did not come.
    pub(crate) fn wait_for(&self, count: u64, patience: Duration) -> bool {
        (0..count).all(|_| self.heard.recv_timeout(patience).is_ok())
    }

    /// All that was seen; the demo is gone.
    pub(crate) fn seen(self) -> Seen {
        self.listener.join().unwrap()
    }
}

fn data(line: &str) -> Option<Value> {
    serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()
}

impl Seen {
    fn take(&mut self, event: &Value) {
        let units = self.slots.entry(event["slot"].as_str().unwrap_or_default().to_owned()).or_default();
        match event["kind"].as_str() {
            Some("started") => units.push(Shown::default()),
            Some("kept") => units.last_mut().unwrap().kept = event["sha256"].as_str().map(str::to_owned),
            Some("finished") => {
                let unit = units.last_mut().unwrap();
                unit.finished = Some((event["unit"].as_u64().unwrap(), event["verdict"].as_str().unwrap().into()));
            }
            _ => {}
        }
    }
}
