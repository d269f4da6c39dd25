//! The shapes of the interface's values. Fields may be added; none is renamed or dropped.

mod more;

use crate::model::chip::Chip;
use crate::model::stage::Stage;
use serde_json::{Map, Value, json};

/// Every shape, by name.
pub(super) fn all() -> Value {
    let kinds = [
        "seated",
        "lifted",
        "started",
        "entered",
        "progress",
        "rate",
        "found",
        "chosen",
        "kept",
        "planned",
        "retried",
        "finished",
        "stopping",
        "blocked",
        "mended",
        "prompt",
        "noticed",
        "settled",
        "supply",
        "recalled",
        "already",
        "acknowledged",
        "archive_checked",
        "shelf",
        "batch",
        "map",
        "areas",
        "lines",
        "button",
    ];
    let mut event = object(&[
        ("seq", integer()),
        ("time", time()),
        ("slot", string()),
        ("kind", json!({ "type": "string", "enum": kinds })),
    ]);
    set(&mut event, "description", json!("Each kind has further fields of its own."));
    let mut all = json!({
        "Verdict": choice(&["pass", "fail", "error", "timeout", "aborted"]),
        "Stage": choice(&Stage::ALL.map(Stage::name)),
        "Chip": choice(&Chip::ALL.map(Chip::name)),
        "Problem": object(&[("error", object(&[("code", string()), ("title", string()), ("detail", string())]))]),
        "Fault": object(&[("code", string()), ("stage", link("Stage")), ("message", string()), ("hint", string())]),
        "FaultHelp": object(&[
            ("code", string()), ("class", choice(&["contact", "unit", "station", "operator", "time"])),
            ("verdict", link("Verdict")), ("hint", string()), ("help", string()),
        ]),
        "Board": object(&[
            ("chip", link("Chip")), ("module", maybe(string())), ("mac", maybe(string())), ("flash_id", maybe(string())),
            ("flash_size", integer()), ("bootloader", maybe(string())),
            ("key", choice(&["standard", "plain", "foreign"])), ("evidence", list(string())),
            ("calibration", maybe(string())),
        ]),
        "Snapshot": object(&[
            ("seq", integer()),
            ("station", object(&[
                ("name", string()), ("version", string()), ("started", time()), ("page", maybe(string())),
            ])),
            ("slots", list(link("Slot"))),
            ("tally", tally()),
            ("archive", maybe(link("Archive"))),
        ]),
        "Archive": object(&[
            ("ok", integer()), ("damaged", integer()), ("names", list(string())), ("checked_at", time()),
        ]),
        "Slot": slot(),
        "FlashMap": flash_map(),
        "Event": event,
        "Changes": changes(),
        "Unit": unit(),
        "Template": object(&[
            ("template", json!({ "type": "object" })), ("script", list(string())), ("autoexec", string()),
        ]),
    });
    if let Some(all) = all.as_object_mut() {
        all.extend(more::all());
    }
    all
}

fn slot() -> Value {
    let last = object(&[
        ("seq", maybe(integer())),
        ("verdict", link("Verdict")),
        ("fault", maybe(link("Fault"))),
        ("ms", integer()),
        ("finished", time()),
        ("board", maybe(link("Board"))),
        ("already", maybe(already())),
    ]);
    object(&[
        ("name", string()),
        ("state", choice(&["idle", "busy", "stopping", "blocked"])),
        ("seated", maybe(json!({ "type": "boolean" }))),
        ("stage", maybe(link("Stage"))),
        (
            "progress",
            object(&[
                ("done", integer()),
                ("total", integer()),
                ("overall", json!({ "type": "integer", "minimum": 0, "maximum": 1000 })),
            ]),
        ),
        ("started", maybe(time())),
        ("recipe", maybe(string())),
        ("board", maybe(link("Board"))),
        ("firmware", maybe(string())),
        ("baud", maybe(integer())),
        ("retries", integer()),
        (
            "steps",
            list(object(&[
                ("stage", link("Stage")),
                ("start_ms", integer()),
                ("bytes", integer()),
                ("retries", integer()),
            ])),
        ),
        ("map", link("FlashMap")),
        ("lines", object(&["power", "cen", "button"].map(|line| (line, maybe(json!({ "type": "boolean" })))))),
        ("prompt", maybe(string())),
        ("blocked", maybe(string())),
        ("blocked_by", maybe(link("Fault"))),
        ("already", maybe(already())),
        ("last", maybe(last)),
        ("notice", maybe(string())),
        ("supply", maybe(object(&[("millivolts", integer()), ("milliamps", integer())]))),
        ("verdict_shown", json!({ "type": "boolean" })),
        ("recalled", maybe(time())),
    ])
}

fn changes() -> Value {
    let mut patch = json!({ "type": "object" });
    set(&mut patch, "description", json!("A JSON merge patch (RFC 7396) for the Snapshot; its slots stand apart."));
    let mut slots = json!({ "type": "object", "additionalProperties": { "type": "object" } });
    set(&mut slots, "description", json!("By name of the slot: a JSON merge patch for its Slot."));
    object(&[("seq", integer()), ("time", time()), ("state", patch), ("slots", slots)])
}

fn flash_map() -> Value {
    let mut cells = string();
    set(&mut cells, "pattern", json!("^([0-9]+[.rbkewfRBKEWF])*$"));
    let what = "Sectors of 4 KiB from address 0 on, as runs: a count and a letter. Of the letters . is unknown, r read, b \
                blank, k kept, e erased, w written, f failed; a capital letter: proven by the chip's own CRC.";
    set(&mut cells, "description", json!(what));
    let area = object(&[("name", string()), ("start", integer()), ("end", integer())]);
    object(&[("cells", cells), ("areas", list(area))])
}

fn tally() -> Value {
    object(&["pass", "fail", "error", "timeout", "aborted", "already"].map(|verdict| (verdict, integer())))
}

fn already() -> Value {
    object(&[("version", string()), ("proof", string()), ("unit", maybe(integer()))])
}

fn unit() -> Value {
    let backup = object(&[
        ("sha256", string()),
        ("bytes", integer()),
        ("read_bytes", integer()),
        ("skipped_bytes", integer()),
        ("contains_credentials", json!({ "type": "boolean" })),
        ("kind", choice(&["stock", "openbeken", "mixed"])),
    ]);
    let firmware =
        object(&[("name", string()), ("version", maybe(string())), ("sha256", string()), ("chip", link("Chip"))]);
    let config = object(&[
        ("template", maybe(json!({ "type": "object" }))),
        ("injected", list(string())),
        ("checked", json!({ "type": "boolean" })),
        ("device", maybe(string())),
        ("name", maybe(string())),
        ("number", maybe(integer())),
        ("recipe", maybe(string())),
        ("notes", list(string())),
    ]);
    let stage = object(&[
        ("name", link("Stage")),
        ("start_ms", integer()),
        ("ms", integer()),
        ("bytes", integer()),
        ("retries", integer()),
    ]);
    let uart = object(&[("baud", integer()), ("tx_bytes", integer()), ("rx_bytes", integer()), ("errors", integer())]);
    object(&[
        ("seq", integer()),
        ("v", integer()),
        ("station", string()),
        ("slot", string()),
        ("batch", maybe(string())),
        ("started", time()),
        ("finished", time()),
        ("clock_synced", json!({ "type": "boolean" })),
        ("boot_id", string()),
        ("verdict", link("Verdict")),
        ("fault", maybe(link("Fault"))),
        ("board", maybe(link("Board"))),
        ("backup", maybe(backup)),
        ("firmware", maybe(firmware)),
        ("config", maybe(config)),
        ("stages", list(stage)),
        ("uart", uart),
        ("map", maybe(link("FlashMap"))),
        ("checks", list(object(&[("name", string()), ("ok", json!({ "type": "boolean" })), ("result", string())]))),
        ("already", maybe(already())),
        ("restored_from", maybe(integer())),
        ("board_log", list(string())),
    ])
}

fn object(fields: &[(&str, Value)]) -> Value {
    let properties: Map<String, Value> = fields.iter().map(|(name, kind)| ((*name).to_owned(), kind.clone())).collect();
    let required: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

fn set(schema: &mut Value, key: &str, value: Value) {
    if let Some(fields) = schema.as_object_mut() {
        fields.insert(key.into(), value);
    }
}

fn string() -> Value {
    json!({ "type": "string" })
}

fn integer() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn list(items: Value) -> Value {
    let mut schema = json!({ "type": "array" });
    set(&mut schema, "items", items);
    schema
}

fn choice(values: &[&str]) -> Value {
    json!({ "type": "string", "enum": values })
}

fn maybe(kind: Value) -> Value {
    json!({ "anyOf": Value::Array(vec![kind, json!({ "type": "null" })]) })
}

fn link(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
