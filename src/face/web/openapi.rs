//! `GET /api/v1/openapi.json`: the interface. Its paths are described by hand and compared with the router by a test; its
//! shapes are those of the types.

mod more;
mod parts;
mod schemas;
mod shelf;

use axum::body::Bytes;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use parts::{answer, body, filters, guarded, operation, schema, with_body};
use serde_json::{Map, Value, json};
use std::sync::LazyLock;

static TEXT: LazyLock<Bytes> = LazyLock::new(|| document().to_string().into());

/// `GET /api/v1/openapi.json`.
pub(super) async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/json")], TEXT.clone())
}

pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "flashjig",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Converts Wi-Fi plugs to OpenBeken in a pogo-pin jig. Looking is open to everybody who \
                            reaches the station; orders, backups and the list of who did what need the token or, on \
                            the station itself, a user who may control it: root, who runs the station, the members \
                            of the group flashjig. Wrong tokens are answered with 401, and 429 when there were too \
                            many; a right one always passes. The Host header must be an IP address, localhost, the \
                            machine's host name, with .local, too, or the name that the configuration gives it.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths(),
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": "flashjig" },
            },
            "responses": { "Problem": answer("The request was refused; the detail says why.", &schema("Problem")) },
        },
    })
}

fn paths() -> Map<String, Value> {
    let text = |kind: &str| json!({ kind: { "schema": { "type": "string" } } });
    let bytes = |kind: &str| json!({ kind: { "schema": { "type": "string", "format": "binary" } } });
    let unit =
        || json!({ "name": "seq", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 0 } });
    let get = |summary: &str, parameters: Value, content: Value, refused: &[u16]| json!({ "get": operation(summary, &parameters, 200, &json!({ "description": "OK", "content": content }), refused) });
    let order = |summary: &str| {
        let name = json!([{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }]);
        let taken = json!({ "description": "The slot will.", "content": body(&json!({ "type": "object" })) });
        let mut order = operation(summary, &name, 202, &taken, &[400, 401, 403, 404, 409, 413, 429, 503]);
        guarded(&mut order);
        json!({ "post": order })
    };
    let mut backup = get(
        "A unit's stock flash, byte-exact; one that the recipe encrypts comes as its age file, named .bin.age",
        json!([unit()]),
        bytes("application/octet-stream"),
        &[400, 401, 403, 404, 429, 500],
    );
    if let Some(operation) = backup.get_mut("get") {
        guarded(operation);
    }
    let mut start = order("Start a unit; with redo also a board that is converted already");
    let redo = json!({ "type": "object", "properties": { "redo": { "type": "boolean", "default": false } } });
    with_body(&mut start, &redo, false);
    let mut restore = order("Write a unit's own stock backup back to the board in the slot");
    let which = json!({ "type": "object", "properties": { "unit": { "type": "integer" } }, "required": ["unit"] });
    with_body(&mut restore, &which, true);
    let scale = json!([
        { "name": "scale", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 8, "default": 1 } },
        { "name": "seq", "in": "query", "schema": { "type": "string" }, "description": "Ignored; makes an address new." },
    ]);
    let units = json!({
        "description": "OK",
        "headers": { "X-Next-Before": { "schema": { "type": "integer" }, "description": NEXT } },
        "content": body(&json!({ "type": "array", "items": schema("Unit") })),
    });
    let faults = body(&json!({ "type": "array", "items": schema("FaultHelp") }));
    let none = || json!([]);
    let file = json!([{ "name": "file", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let changes = json!([{
        "name": "changes", "in": "query", "description": CHANGES, "schema": { "type": "boolean", "default": false },
    }]);
    let mut panel = get(
        "What the panel shows, without its care for the pixels (moved by one, dimmed, dark); with an ETag",
        scale,
        bytes("image/png"),
        &[400],
    );
    set(&mut panel, "/get/responses", "304", json!({ "description": "It is the picture of If-None-Match." }));
    [
        ("/", get("The station page", none(), text("text/html"), &[])),
        ("/assets/{file}", get("The page's scripts, styles and words", file, text("text/javascript"), &[404])),
        ("/favicon.svg", get("The page's symbol", none(), text("image/svg+xml"), &[])),
        ("/healthz", get("Liveness: `ok`", none(), text("text/plain"), &[])),
        ("/metrics", get("Counters for Prometheus", none(), text("text/plain"), &[])),
        ("/api/v1/status", get("Station, slots, tally", none(), body(&schema("Snapshot")), &[])),
        ("/api/v1/faults", get("What each fault code means", none(), faults, &[])),
        ("/api/v1/slots/{name}/start", start),
        ("/api/v1/slots/{name}/restore", restore),
        ("/api/v1/slots/{name}/acknowledge", order("Take boards again in a slot that asks for attention")),
        ("/api/v1/panel.png", panel),
        ("/api/v1/slots/{name}/abort", order("Stop the unit in flight at the next safe point")),
        ("/api/v1/units", json!({ "get": operation("Units, newest first", &filters(), 200, &units, &[400, 500]) })),
        ("/api/v1/units/{seq}", get("A unit's record", json!([unit()]), body(&schema("Unit")), &[400, 404, 500])),
        ("/api/v1/units/{seq}/backup", backup),
        (
            "/api/v1/units/{seq}/template",
            get(
                "A unit's OpenBeken template, and the same as console lines and as autoexec.bat; 404 when it has none",
                json!([unit()]),
                body(&schema("Template")),
                &[400, 404, 500],
            ),
        ),
        ("/api/v1/events", get(EVENTS, changes, text("text/event-stream"), &[400, 503])),
        ("/api/v1/openapi.json", get("This document", none(), body(&json!({ "type": "object" })), &[])),
    ]
    .into_iter()
    .map(|(path, item)| (path.to_owned(), item))
    .chain(more::paths())
    .chain(shelf::paths())
    .fold(Map::new(), |mut paths, (path, item)| {
        // a path has one entry, whatever can be done with it
        let known = paths.entry(path).or_insert_with(|| json!({}));
        if let (Value::Object(known), Value::Object(more)) = (known, item) {
            known.extend(more);
        }
        paths
    })
}

const NEXT: &str = "More may be there: the value of `before` for the next page. A search looks at a bounded number of \
                    records a page, so a page may be short, or empty.";

/// Adds a field to the object at `pointer`.
fn set(document: &mut Value, pointer: &str, name: &str, value: Value) {
    if let Some(fields) = document.pointer_mut(pointer).and_then(Value::as_object_mut) {
        fields.insert(name.into(), value);
    }
}

const EVENTS: &str = "Server-sent events. The first is `snapshot` with a Snapshot; then each Event, named by its `kind`, \
                      with `id` = `seq`. After a gap, and after every reconnect, a new `snapshot` comes first.";

const CHANGES: &str = "Also the messages `changes`, without `id`, at most ten a second, each a Changes: what to lay over the \
                       state of the last `snapshot` to have that of now; what a patch takes away is null. For those who show \
                       the state, as the page does.";
