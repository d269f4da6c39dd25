//! Events as they may come, for the tests of those who take them in.

use super::{Event, Stamped};
use crate::model::unit::snapshot::{Snapshot, Station};
use serde_json::json;
use std::collections::BTreeSet;

/// A unit with a retry and a repair, one that is stopped, and a slot that is blocked; each kind of event at least once.
pub(crate) fn story() -> Vec<Stamped> {
    let digest = "ab".repeat(32);
    let board = json!({
        "chip": "BK7231T", "module": "WB2S", "mac": "18:DE:50:3A:8E:3F", "flash_id": null, "flash_size": 0x20_0000,
        "bootloader": "BK7231S_1.0.5", "key": "standard", "evidence": ["boot text"], "calibration": digest,
    });
    let fault =
        json!({ "code": "A01", "stage": "backup", "message": "stopped", "hint": "Stopped. Press to start again" });
    let dead = json!({ "code": "S02", "stage": "settle", "message": "nobody answers", "hint": "look at the jig" });
    [
        ("A", json!({ "kind": "lines", "power": false, "cen": false })),
        ("A", json!({ "kind": "seated" })),
        ("A", json!({ "kind": "button", "pressed": true })),
        ("A", json!({ "kind": "button", "pressed": false })),
        ("A", json!({ "kind": "started", "recipe": "default" })),
        ("A", json!({ "kind": "awaited", "awaited": { "signs": ["log", "http"], "left_s": 45, "of_s": 45 } })),
        ("A", json!({ "kind": "entered", "stage": "attach" })),
        ("A", json!({ "kind": "lines", "power": true, "cen": true })),
        ("A", json!({ "kind": "prompt", "message": "reset the board" })),
        ("A", json!({ "kind": "rate", "baud": 2_000_000 })),
        ("A", json!({ "kind": "entered", "stage": "identify" })),
        ("A", json!({ "kind": "found", "board": board })),
        ("A", json!({ "kind": "chosen", "name": "OpenBK7231T_UA_1.bin", "version": "1", "sha256": digest })),
        ("A", json!({ "kind": "entered", "stage": "backup" })),
        ("A", json!({ "kind": "map", "at": 0, "cells": "512." })),
        ("A", json!({ "kind": "map", "at": 0, "cells": "17r3b" })),
        ("A", json!({ "kind": "progress", "stage": "backup", "done": 0x1_4000, "total": 0x20_0000 })),
        ("A", json!({ "kind": "retried", "stage": "backup", "message": "a CRC differed" })),
        ("A", json!({ "kind": "map", "at": 20, "cells": "480r12b" })),
        ("A", json!({ "kind": "kept", "sha256": digest })),
        ("A", json!({ "kind": "areas", "areas": [{ "name": "bootloader", "start": 0, "end": 0x1_1000 }] })),
        ("A", json!({ "kind": "planned", "erase": 8192, "write": 4096, "same": 4096 })),
        ("A", json!({ "kind": "map", "at": 0, "cells": "17k" })),
        ("A", json!({ "kind": "entered", "stage": "write" })),
        ("A", json!({ "kind": "map", "at": 17, "cells": "2e1w" })),
        ("A", json!({ "kind": "map", "at": 0, "cells": "17K2E1f492R" })),
        ("A", json!({ "kind": "entered", "stage": "alive" })),
        ("A", json!({ "kind": "awaited", "awaited": { "signs": ["http"], "left_s": 30, "of_s": 45 } })),
        ("A", json!({ "kind": "board_log", "lines": ["Info:MAIN:Time 1", "Info:MAIN:Time 2"] })),
        ("A", json!({ "kind": "finished", "unit": 1, "verdict": "pass", "fault": null, "ms": 9000 })),
        ("A", json!({ "kind": "lifted" })),
        ("A", json!({ "kind": "noticed", "message": "put a board in" })),
        ("A", json!({ "kind": "settled" })),
        ("A", json!({ "kind": "recalled" })),
        ("A", json!({ "kind": "seated" })),
        ("A", json!({ "kind": "started", "recipe": "default" })),
        ("A", json!({ "kind": "supply", "reading": { "millivolts": 3290, "milliamps": 81 } })),
        ("A", json!({ "kind": "already", "already": { "version": "1.18.300", "proof": "each CRC", "unit": 1 } })),
        ("A", json!({ "kind": "doubted", "doubts": [{ "code": "strip", "text": "a light strip", "facts": ["mosi 16"] }] })),
        ("A", json!({ "kind": "finished", "unit": 2, "verdict": "pass", "fault": null, "ms": 8000 })),
        ("B", json!({ "kind": "started", "recipe": "home" })),
        ("B", json!({ "kind": "entered", "stage": "settle" })),
        ("B", json!({ "kind": "stopping" })),
        ("B", json!({ "kind": "finished", "unit": null, "verdict": "aborted", "fault": fault, "ms": 12 })),
        ("B", json!({ "kind": "blocked", "message": "the port is gone" })),
        ("B", json!({ "kind": "acknowledged" })),
        ("B", json!({ "kind": "blocked", "message": "S02 the lines are dead", "fault": dead })),
        ("B", json!({ "kind": "mended" })),
        ("", json!({ "kind": "archive_checked", "ok": 3, "damaged": 1, "names": [digest] })),
        ("", json!({ "kind": "shelf" })),
        ("", json!({ "kind": "readiness", "readiness": {
            "lack": { "kind": "approval", "message": "expected approved firmware" },
            "offer": { "name": "OpenBK7231T_UA_2.bin", "chip": "BK7231T", "version": "2", "sha256": digest },
        } })),
        ("", json!({ "kind": "readiness", "readiness": { "lack": null, "offer": null } })),
        ("", json!({ "kind": "batch" })),
        ("", json!({ "kind": "counted", "count": { "name": "box 1", "size": 1, "done": 1, "failed": 0, "at_end": "ask" } })),
        ("", json!({ "kind": "arrived", "unit": 1, "arrival": {
            "at": "2026-11-22T08:00:00Z", "name": "kitchen-12", "address": "192.0.2.112", "version": "1.18.300",
            "rssi": -61, "uptime_s": 9, "as_written": true, "remarks": [],
        } })),
        ("", json!({ "kind": "confirmed", "unit": 1, "confirmed": {
            "at": "2026-11-22T08:00:00Z", "who": "ada", "by": "command",
        } })),
        ("C", json!({ "kind": "seated" })),
    ]
    .into_iter()
    .zip(1..)
    .map(|((slot, mut event), seq)| {
        let fields = event.as_object_mut().unwrap();
        fields.insert("seq".into(), json!(seq));
        fields.insert("slot".into(), json!(slot));
        fields.insert("time".into(), json!(format!("2026-11-22T08:00:{seq:02}.123456789Z")));
        serde_json::from_value(event).unwrap()
    })
    .collect()
}

/// A station before its story.
pub(crate) fn bench() -> Snapshot {
    let started = "2026-11-22T08:00:00Z".parse().unwrap();
    let station = Station { name: "bench".into(), version: "1".into(), started, page: None };
    Snapshot::new(station, ["A".to_owned(), "B".to_owned()])
}

/// Every kind of event that there is, as the enum itself says.
pub(crate) fn kinds() -> BTreeSet<String> {
    let schema = schemars::schema_for!(Event).to_value();
    let kinds = schema["oneOf"].as_array().unwrap().iter();
    kinds.map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_story_has_every_kind_of_event() {
    let told = story().into_iter().map(|stamped| serde_json::to_value(stamped.event).unwrap());
    assert_eq!(told.map(|event| event["kind"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>(), kinds());
}
