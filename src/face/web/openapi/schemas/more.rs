//! Shapes of figures, box, firmware, recipes, session and station.

use super::{choice, integer, link, list, maybe, object, string, time};
use serde_json::{Map, Value, json};

/// Every shape of these, by name.
pub(super) fn all() -> Map<String, Value> {
    let flag = || json!({ "type": "boolean" });
    let number = || json!({ "type": "number", "minimum": 0 });
    let share = || json!({ "type": "number", "minimum": 0, "maximum": 1 });
    let figures = object(&[
        ("units", integer()),
        ("pass", integer()),
        ("fail", integer()),
        ("error", integer()),
        ("timeout", integer()),
        ("aborted", integer()),
        ("already", integer()),
        ("yield", maybe(share())),
        ("first_pass_yield", maybe(share())),
        ("units_per_hour", maybe(number())),
        ("cycle_ms", object(&[("p50", maybe(integer())), ("p95", maybe(integer()))])),
        ("stages", list(object(&[("name", link("Stage")), ("p50", maybe(integer())), ("p95", maybe(integer()))]))),
        ("faults", list(object(&[("code", string()), ("count", integer())]))),
        (
            "recent",
            list(object(&[("seq", integer()), ("verdict", link("Verdict")), ("ms", integer()), ("finished", time())])),
        ),
    ]);
    let file = object(&[
        ("name", string()),
        ("origin", choice(&["folder", "upload", "usb"])),
        ("bytes", integer()),
        ("sha256", maybe(string())),
        ("kind", maybe(choice(&["ua", "qio", "ota", "dump", "openbeken-config", "unknown"]))),
        ("chip", maybe(link("Chip"))),
        ("key", maybe(choice(&["standard", "plain", "foreign"]))),
        ("version", maybe(string())),
        ("ok", flag()),
        ("reason", maybe(string())),
    ]);
    let wish = json!({
        "type": "object",
        "properties": {
            "name": { "type": ["string", "null"], "minLength": 1, "maxLength": 40 },
            "size": { "type": ["integer", "null"], "minimum": 1, "maximum": 100_000 },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    let token = json!({
        "type": "object",
        "properties": { "token": { "type": "string" } },
        "required": ["token"],
        "additionalProperties": false,
    });
    [
        ("Figures", figures),
        (
            "Stats",
            object(&[
                ("ready", flag()),
                ("all", link("Figures")),
                ("today", link("Figures")),
                ("batch", maybe(link("Figures"))),
                ("since", maybe(link("Figures"))),
            ]),
        ),
        (
            "Batch",
            object(&[
                ("name", maybe(string())),
                ("size", maybe(integer())),
                ("done", integer()),
                ("left", maybe(integer())),
            ]),
        ),
        ("BatchWish", wish),
        ("FirmwareFile", file),
        (
            "Recipe",
            object(&[
                ("name", string()),
                ("chosen", flag()),
                ("ok", flag()),
                ("problems", list(string())),
                ("summary", list(string())),
            ]),
        ),
        (
            "Session",
            object(&[
                ("control", flag()),
                ("how", maybe(choice(&["local", "token", "session"]))),
                ("token_set", flag()),
            ]),
        ),
        ("Token", token),
        ("StationFacts", station()),
    ]
    .into_iter()
    .map(|(name, schema)| (name.to_owned(), schema))
    .collect()
}

/// The station itself.
fn station() -> Value {
    let flag = || json!({ "type": "boolean" });
    let finding = object(&[
        ("subject", string()),
        ("level", choice(&["ok", "warning", "fault"])),
        ("expected", maybe(string())),
        ("found", string()),
        ("remedy", maybe(string())),
    ]);
    object(&[
        ("name", string()),
        ("version", string()),
        ("started", time()),
        ("clock_synced", flag()),
        ("journal", list(string())),
        ("doctor", maybe(list(finding))),
        ("uptime_s", integer()),
        ("disk", maybe(object(&[("free_bytes", integer()), ("total_bytes", integer())]))),
        ("ledger", object(&[("units", integer()), ("bytes", integer())])),
        ("archive", object(&[("backups", integer()), ("bytes", integer())])),
        ("uarts", list(object(&[("slot", string()), ("port", string()), ("present", flag())]))),
    ])
}
