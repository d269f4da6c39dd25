//! `GET /metrics`: the Prometheus text format, version 0.0.4. Base units (seconds), counters end in `_total`; what
//! names a single unit, such as a MAC, is never a label.

use crate::model::chip::Chip;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::unit::awaited::Arrivals;
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::met::Met;
use crate::model::unit::snapshot::{SlotState, Snapshot};
use crate::station::broker::BrokerNow;
use crate::store::Disk;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast::{self, error::RecvError};

/// Upper bounds of the stage histogram, s: from a settle to a backup at the lowest rate.
const BOUNDS: [f64; 9] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0];

/// Counts what the snapshot does not keep.
#[derive(Default)]
pub(super) struct Collector {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    stages: BTreeMap<Stage, Histogram>,
    faults: BTreeMap<&'static str, u64>,
    retries: BTreeMap<Stage, u64>,
    /// Where each slot is, since when.
    current: BTreeMap<String, (Stage, Timestamp)>,
}

#[derive(Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    sum: f64,
    count: u64,
}

impl Collector {
    /// Starts counting; ends with the station.
    pub(super) fn start(mut events: broadcast::Receiver<Arc<Stamped>>) -> Arc<Self> {
        let collector = Arc::new(Self::default());
        let task = collector.clone();
        tokio::spawn(async move {
            loop {
                match events.recv().await {
                    Ok(event) => task.count(&event),
                    // A few stages uncounted: a length measured across the gap would be wrong.
                    Err(RecvError::Lagged(_)) => task.lock().current.clear(),
                    Err(RecvError::Closed) => return,
                }
            }
        });
        collector
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, stamped: &Stamped) {
        let mut counts = self.lock();
        match &stamped.event {
            Event::Entered { stage } => {
                counts.leave(&stamped.slot, stamped.time);
                counts.current.insert(stamped.slot.clone(), (*stage, stamped.time));
            }
            Event::Finished { fault, .. } => {
                counts.leave(&stamped.slot, stamped.time);
                if let Some(fault) = fault {
                    *counts.faults.entry(fault.code.code()).or_default() += 1;
                }
            }
            Event::Retried { stage, .. } => *counts.retries.entry(*stage).or_default() += 1,
            _ => {}
        }
    }
}

impl Counts {
    /// Notes how long the slot's stage took. A wall clock that was set meanwhile makes nonsense; that is left out.
    fn leave(&mut self, slot: &str, now: Timestamp) {
        let Some((stage, since)) = self.current.remove(slot) else { return };
        let seconds = now.duration_since(since).as_secs_f64();
        if (0.0..86_400.0).contains(&seconds) {
            let histogram = self.stages.entry(stage).or_default();
            histogram.sum += seconds;
            histogram.count += 1;
            for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
                *bucket += u64::from(seconds <= bound);
            }
        }
    }
}

impl Collector {
    /// The whole text.
    pub(super) fn text(&self, snapshot: &Snapshot, outside: &Outside) -> String {
        render(snapshot, &self.lock(), outside)
    }
}

/// What the events don't tell.
#[derive(Default)]
pub(super) struct Outside {
    /// The disk with the data folder.
    pub(super) disk: Option<Disk>,
    /// The broker, if there is one.
    pub(super) broker: Option<BrokerNow>,
    /// Plugs that are to say hello there.
    pub(super) arrivals: Arrivals,
    /// What was met and can't be converted.
    pub(super) met: Vec<Met>,
}

fn render(snapshot: &Snapshot, counts: &Counts, outside: &Outside) -> String {
    let mut page = Page::default();
    page.family("flashjig_build_info", "gauge", "Version of the program; always 1.");
    page.sample("flashjig_build_info", &[("version", &snapshot.station.version)], 1.0);
    page.family("flashjig_start_time_seconds", "gauge", "When the program was started, Unix time.");
    page.sample("flashjig_start_time_seconds", &[], snapshot.station.started.as_millisecond() as f64 / 1000.0);
    page.family("flashjig_units_total", "counter", "Units since the start of the program, by verdict.");
    let tally = snapshot.tally;
    for (verdict, number) in [
        (Verdict::Pass, tally.pass),
        (Verdict::Fail, tally.fail),
        (Verdict::Error, tally.error),
        (Verdict::Timeout, tally.timeout),
        (Verdict::Aborted, tally.aborted),
    ] {
        page.sample("flashjig_units_total", &[("verdict", verdict.name())], number as f64);
    }
    let busy = |state| matches!(state, SlotState::Busy | SlotState::Stopping);
    page.family("flashjig_slot_busy", "gauge", "1 while a unit is in flight.");
    for slot in &snapshot.slots {
        page.sample("flashjig_slot_busy", &[("slot", &slot.name)], f64::from(u8::from(busy(slot.state))));
    }
    page.family(
        "flashjig_slot_blocked",
        "gauge",
        "1 while the slot takes no units: somebody must look, or its jig is dead.",
    );
    for slot in &snapshot.slots {
        let blocked = u8::from(slot.state == SlotState::Blocked);
        page.sample("flashjig_slot_blocked", &[("slot", &slot.name)], f64::from(blocked));
    }
    broker(&mut page, outside);
    met(&mut page, &outside.met);
    if let Some(disk) = outside.disk {
        page.family("flashjig_disk_free_bytes", "gauge", "What can still be written to the disk with the data folder.");
        page.sample("flashjig_disk_free_bytes", &[], disk.free_bytes as f64);
        page.family("flashjig_disk_size_bytes", "gauge", "Size of the disk with the data folder.");
        page.sample("flashjig_disk_size_bytes", &[], disk.total_bytes as f64);
        if let Some(written) = disk.written_bytes {
            page.family("flashjig_disk_written_bytes_total", "counter", "What the program has had written to disks.");
            page.sample("flashjig_disk_written_bytes_total", &[], written as f64);
        }
    }
    page.family("flashjig_faults_total", "counter", "Units that did not pass, by fault code.");
    for (code, number) in &counts.faults {
        page.sample("flashjig_faults_total", &[("code", code)], *number as f64);
    }
    page.family("flashjig_retries_total", "counter", "Things done again, by stage.");
    for (stage, number) in &counts.retries {
        page.sample("flashjig_retries_total", &[("stage", stage.name())], *number as f64);
    }
    page.family("flashjig_stage_seconds", "histogram", "How long stages took.");
    for (stage, histogram) in &counts.stages {
        page.histogram("flashjig_stage_seconds", ("stage", stage.name()), histogram);
    }
    page.text
}

fn broker(page: &mut Page, Outside { broker, arrivals, .. }: &Outside) {
    if let Some(BrokerNow { connected, published, queued }) = *broker {
        page.family("flashjig_mqtt_connected", "gauge", "1 while there is a connection to the broker.");
        page.sample("flashjig_mqtt_connected", &[], f64::from(u8::from(connected)));
        page.family(
            "flashjig_mqtt_published_total",
            "counter",
            "Records and arrivals that the broker has acknowledged.",
        );
        page.sample("flashjig_mqtt_published_total", &[], published as f64);
        page.family("flashjig_mqtt_queue", "gauge", "Records and arrivals that the broker has still to get.");
        page.sample("flashjig_mqtt_queue", &[], queued as f64);
    }
    page.family("flashjig_plugs_awaited", "gauge", "Plugs that passed and were given a broker.");
    page.sample("flashjig_plugs_awaited", &[], arrivals.awaited as f64);
    page.family("flashjig_plugs_arrived", "gauge", "Those of them that said hello there.");
    page.sample("flashjig_plugs_arrived", &[], arrivals.arrived as f64);
}

/// A kind is a label: there are few, and none names a single unit.
fn met(page: &mut Page, met: &[Met]) {
    page.family(
        "flashjig_not_converted_units",
        "gauge",
        "Units of the ledger whose kind of board can't be converted, by chip, module, CRC of the boot loader and fault.",
    );
    for kind in met {
        let chip = kind.chip.map_or("unknown", Chip::name);
        let (module, loader) = (kind.module.as_deref().unwrap_or(""), kind.loader.as_deref().unwrap_or(""));
        let labels = [("chip", chip), ("module", module), ("loader", loader), ("code", kind.fault.code())];
        page.sample("flashjig_not_converted_units", &labels, kind.count as f64);
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String can't fail, here and below.
        let _ = write!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> = labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escape(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{name}{labels} {value}");
    }

    fn histogram(&mut self, name: &str, label: (&str, &str), histogram: &Histogram) {
        let bucket = format!("{name}_bucket");
        for (number, bound) in histogram.buckets.iter().zip(BOUNDS) {
            self.sample(&bucket, &[label, ("le", &bound.to_string())], *number as f64);
        }
        self.sample(&bucket, &[label, ("le", "+Inf")], histogram.count as f64);
        self.sample(&format!("{name}_sum"), &[label], histogram.sum);
        self.sample(&format!("{name}_count"), &[label], histogram.count as f64);
    }
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::fault::{Fault, FaultCode};
    use crate::model::unit::snapshot::Station;

    fn at(ms: i64, event: Event) -> Stamped {
        Stamped { seq: 1, time: Timestamp::from_millisecond(ms).unwrap(), slot: "A\"1".into(), event }
    }

    #[test]
    fn stages_are_measured_and_labels_escaped() {
        let collector = Collector::default();
        collector.count(&at(0, Event::Entered { stage: Stage::Settle }));
        collector.count(&at(250, Event::Entered { stage: Stage::Backup }));
        let fault = Some(Fault::new(FaultCode::NoAnswer, Stage::Backup, ""));
        collector.count(&at(20_250, Event::Finished { seq: None, verdict: Verdict::Fail, fault, ms: 20_250 }));
        let started = Timestamp::UNIX_EPOCH;
        let station = Station { name: "bench".into(), version: "1.2.3".into(), started, page: None };
        let text = render(
            &Snapshot::new(station, ["A\"1".to_owned()]),
            &collector.lock(),
            &Outside {
                disk: Some(Disk { free_bytes: 7, total_bytes: 9, written_bytes: Some(11) }),
                broker: Some(BrokerNow { connected: true, published: 5, queued: 2 }),
                arrivals: Arrivals { awaited: 4, arrived: 3, missing: Vec::new() },
                met: vec![Met {
                    chip: Some(Chip::Bk7238),
                    module: None,
                    loader: Some("f42f8c32".into()),
                    fault: FaultCode::NotAllowed,
                    count: 12,
                    unit: 40,
                    last: started,
                }],
            },
        );
        for line in [
            "flashjig_build_info{version=\"1.2.3\"} 1",
            "flashjig_units_total{verdict=\"pass\"} 0",
            "flashjig_slot_busy{slot=\"A\\\"1\"} 0",
            "flashjig_disk_free_bytes 7",
            "flashjig_disk_size_bytes 9",
            "flashjig_disk_written_bytes_total 11",
            "flashjig_mqtt_connected 1",
            "flashjig_mqtt_published_total 5",
            "flashjig_mqtt_queue 2",
            "flashjig_plugs_awaited 4",
            "flashjig_plugs_arrived 3",
            "flashjig_not_converted_units{chip=\"BK7238\",module=\"\",loader=\"f42f8c32\",code=\"B10\"} 12",
            "flashjig_faults_total{code=\"L01\"} 1",
            "flashjig_stage_seconds_bucket{stage=\"settle\",le=\"0.1\"} 0",
            "flashjig_stage_seconds_bucket{stage=\"settle\",le=\"0.3\"} 1",
            "flashjig_stage_seconds_bucket{stage=\"backup\",le=\"+Inf\"} 1",
            "flashjig_stage_seconds_sum{stage=\"backup\"} 20",
            "flashjig_stage_seconds_count{stage=\"backup\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_not_counted() {
        let collector = Collector::default();
        collector.count(&at(1_000_000, Event::Entered { stage: Stage::Settle }));
        collector.count(&at(0, Event::Entered { stage: Stage::Power }));
        assert!(collector.lock().stages.is_empty());
    }
}
