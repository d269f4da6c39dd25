//! The state of the station as a program would keep it that only listens: the first state, and what each event says.

use serde_json::{Value, json};

/// The stages and their shares of the whole bar, thousandths.
#[rustfmt::skip]
pub(crate) const STAGES: [(&str, u64); 14] = [
    ("settle", 4), ("power", 4), ("attach", 15), ("identify", 15), ("backup", 490), ("keep", 10), ("plan", 4),
    ("erase", 120), ("write", 170), ("verify", 150), ("boot", 10), ("alive", 0), ("safe", 4), ("record", 4),
];

/// How far the whole unit is, thousandths.
fn overall(stage: &str, done: u64, total: u64) -> u64 {
    let mut before = 0;
    for (name, share) in STAGES {
        if name == stage {
            return (before + (share * done.min(total)).checked_div(total).unwrap_or(0)).min(1000);
        }
        before += share;
    }
    0
}

/// A text of runs such as `17K192w`, one letter a sector.
fn letters(runs: &str) -> Vec<char> {
    let (mut all, mut count) = (Vec::new(), 0);
    for letter in runs.chars() {
        if let Some(digit) = letter.to_digit(10) {
            count = count * 10 + digit as usize;
        } else {
            all.resize(all.len() + count, letter);
            count = 0;
        }
    }
    all
}

fn runs(letters: &[char]) -> String {
    letters.chunk_by(|a, b| a == b).flat_map(|run| [run.len().to_string(), run[0].to_string()]).collect()
}

/// Lays sectors over a map from sector `at` on.
fn lay(map: &str, at: usize, over: &str) -> String {
    let (mut map, over) = (letters(map), letters(over));
    if map.len() < at + over.len() {
        map.resize(at + over.len(), '.');
    }
    map[at..at + over.len()].copy_from_slice(&over);
    runs(&map)
}

fn add(place: &mut Value, more: u64) {
    *place = (place.as_u64().unwrap_or(0) + more).into();
}

/// Whole milliseconds of a time.
fn ms(time: &Value) -> i64 {
    crate::clock::time(time).map_or(0, jiff::Timestamp::as_millisecond)
}

/// Folds one event into a state.
pub(crate) fn fold(state: &mut Value, event: &Value) {
    state["seq"] = event["seq"].clone();
    let kind = event["kind"].as_str().unwrap_or_default();
    if kind == "finished" {
        add(&mut state["tally"][event["verdict"].as_str().unwrap_or_default()], 1);
    }
    if kind == "archive_checked" {
        state["archive"] = json!({
            "ok": event["ok"], "damaged": event["damaged"], "names": event["names"], "checked_at": event["time"],
        });
    }
    if kind == "readiness" {
        state["readiness"] = event["readiness"].clone();
    }
    if kind == "counted" {
        count(state, &event["count"]);
    }
    let slots = state["slots"].as_array_mut().expect("a state has slots");
    let Some(slot) = slots.iter_mut().find(|slot| slot["name"] == event["slot"]) else { return };
    turn(slot, event, kind);
    if kind == "finished" && !slot["already"].is_null() {
        add(&mut state["tally"]["already"], 1);
    }
}

/// How far the box is. Who was told to begin the next one has done so, unless it is full and waits.
fn count(state: &mut Value, count: &Value) {
    state["batch"] = count.clone();
    let is_full = count["size"].as_u64().is_some_and(|size| count["done"].as_u64().is_some_and(|done| done >= size));
    if is_full && count["at_end"] != "go_on" {
        return;
    }
    for slot in state["slots"].as_array_mut().expect("a state has slots") {
        if slot["notice"].as_str().is_some_and(|notice| notice.starts_with("box full: ")) {
            slot["notice"] = Value::Null;
        }
    }
}

/// What an event of a slot changes.
fn turn(slot: &mut Value, event: &Value, kind: &str) {
    let rest = json!({ "done": 0, "total": 0, "overall": 0 });
    match kind {
        "seated" | "lifted" => {
            slot["seated"] = (kind == "seated").into();
            slot["verdict_shown"] = false.into();
            slot["recalled"] = Value::Null;
        }
        "started" => begin(slot, event, rest),
        "entered" => {
            slot["stage"] = event["stage"].clone();
            slot["prompt"] = Value::Null;
            let begun = &slot["started"];
            let start = if begun.is_null() { 0 } else { (ms(&event["time"]) - ms(begun)).max(0) };
            let step = json!({ "stage": event["stage"], "start_ms": start, "bytes": 0, "retries": 0 });
            slot["steps"].as_array_mut().expect("steps").push(step);
            slot["progress"] = json!({ "done": 0, "total": 0, "overall": overall(text(event, "stage"), 0, 0) });
        }
        "progress" => {
            if let Some(step) = slot["steps"].as_array_mut().and_then(|steps| steps.last_mut()) {
                step["bytes"] = event["done"].clone();
            }
            let (done, total) = (event["done"].as_u64().unwrap_or(0), event["total"].as_u64().unwrap_or(0));
            let overall = overall(text(event, "stage"), done, total);
            slot["progress"] = json!({ "done": done, "total": total, "overall": overall });
        }
        "rate" => slot["baud"] = event["baud"].clone(),
        "prompt" => slot["prompt"] = event["message"].clone(),
        "found" => slot["board"] = event["board"].clone(),
        "chosen" => {
            slot["firmware"] = event["name"].clone();
            slot["firmware_sha256"] = event["sha256"].clone();
        }
        "already" => slot["already"] = event["already"].clone(),
        "awaited" => slot["awaited"] = event["awaited"].clone(),
        "doubted" => slot["doubts"] = event["doubts"].clone(),
        "retried" => {
            add(&mut slot["retries"], 1);
            if let Some(step) = slot["steps"].as_array_mut().and_then(|steps| steps.last_mut()) {
                add(&mut step["retries"], 1);
            }
        }
        "map" => {
            let at = event["at"].as_u64().unwrap_or(0) as usize;
            slot["map"]["cells"] = lay(text(&slot["map"], "cells"), at, text(event, "cells")).into();
        }
        "areas" => slot["map"]["areas"] = event["areas"].clone(),
        "lines" => {
            slot["lines"]["power"] = event["power"].clone();
            slot["lines"]["cen"] = event["cen"].clone();
        }
        "button" => slot["lines"]["button"] = event["pressed"].clone(),
        "finished" => finish(slot, event, rest),
        "stopping" => slot["state"] = "stopping".into(),
        "blocked" => {
            slot["state"] = "blocked".into();
            slot["blocked"] = event["message"].clone();
            slot["blocked_by"] = event["fault"].clone();
        }
        "noticed" => slot["notice"] = event["message"].clone(),
        "settled" => slot["notice"] = Value::Null,
        "supply" => slot["supply"] = event["reading"].clone(),
        "acknowledged" | "mended" => {
            slot["state"] = "idle".into();
            slot["blocked"] = Value::Null;
            slot["blocked_by"] = Value::Null;
        }
        "recalled" => {
            slot["verdict_shown"] = (!slot["last"].is_null()).into();
            slot["recalled"] = event["time"].clone();
        }
        _ => {}
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn begin(slot: &mut Value, event: &Value, rest: Value) {
    let fields = slot.as_object_mut().expect("a slot is an object");
    let fresh = [
        "stage",
        "board",
        "firmware",
        "firmware_sha256",
        "baud",
        "prompt",
        "blocked",
        "blocked_by",
        "already",
        "awaited",
        "supply",
        "recalled",
    ];
    for key in fresh {
        fields.insert(key.into(), Value::Null);
    }
    slot["state"] = "busy".into();
    slot["started"] = event["time"].clone();
    slot["recipe"] = event["recipe"].clone();
    slot["retries"] = 0.into();
    slot["steps"] = json!([]);
    slot["doubts"] = json!([]);
    slot["map"] = json!({ "cells": "", "areas": [] });
    slot["progress"] = rest;
    slot["verdict_shown"] = false.into();
}

fn finish(slot: &mut Value, event: &Value, rest: Value) {
    slot["last"] = json!({
        "seq": event["unit"], "verdict": event["verdict"], "fault": event["fault"], "ms": event["ms"],
        "finished": event["time"], "board": slot["board"], "already": slot["already"], "doubts": slot["doubts"],
    });
    slot["state"] = "idle".into();
    for key in ["stage", "prompt", "started", "recalled"] {
        slot[key] = Value::Null;
    }
    slot["progress"] = rest;
    slot["verdict_shown"] = true.into();
}

/// Where two states differ first, by its path.
pub(crate) fn difference(left: &Value, right: &Value, path: &str) -> Option<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.into_iter().find_map(|key| difference(&left[key], &right[key], &format!("{path}.{key}")))
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(at, (a, b))| difference(a, b, &format!("{path}[{at}]")))
        }
        _ if left == right => None,
        _ => Some(format!("{path}: {left} and {right}")),
    }
}
