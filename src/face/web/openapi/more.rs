//! Figures, box, export, session, station.

use super::parts::{answer, asking, body, done, filters, get, ok, operation, order, query, schema};
use serde_json::{Value, json};

/// Paths and what can be done there.
pub(super) fn paths() -> Vec<(String, Value)> {
    let none = json!([]);
    let gone = done();
    let stream = |kind: &str| json!({ "description": "OK", "content": { kind: { "schema": { "type": "string" } } } });
    let stats = json!([
        query("batch", json!({ "type": "string" }), "This box in place of the one in work."),
        query("since", json!({ "type": "string", "format": "date-time" }), "Also the figures from this time's day on."),
    ]);
    let begin = asking(
        operation(
            "Begin another box; a null name ends it",
            &none,
            200,
            &ok("Batch"),
            &[400, 401, 403, 413, 422, 429, 500],
        ),
        &body(&schema("BatchWish")),
    );
    let open = asking(
        operation(
            "Open a session of the page: the cookie stands for the token",
            &none,
            204,
            &gone,
            &[400, 401, 403, 408, 413, 429, 500],
        ),
        &body(&schema("Token")),
    );
    let close = operation("End the session", &none, 204, &gone, &[403]);
    let close_all = operation("End every session, wherever it is", &none, 204, &gone, &[401, 403, 429]);
    let one = json!([
        { "name": "seq", "in": "path", "required": true, "schema": { "type": "integer", "minimum": 0 } },
    ]);
    let confirm = operation(
        "Say that the plug of this unit was seen to live: it is the pilot of a lot that waits, and its lot is released",
        &one,
        200,
        &ok("Unit"),
        &[400, 401, 403, 404, 409, 413, 429, 500],
    );
    let refused = [400, 401, 403, 404, 409, 429, 500];
    let list = operation("What was blanked in a unit's flash for a report", &one, 200, &ok("Report"), &refused);
    let flash = json!({
        "description": "OK",
        "content": { "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } },
    });
    let flash = operation("A unit's flash for a report: without credentials and its MAC", &one, 200, &flash, &refused);
    vec![
        order("/api/v1/units/{seq}/confirm", "post", confirm),
        order("/api/v1/units/{seq}/report", "get", list),
        order("/api/v1/units/{seq}/report.bin", "get", flash),
        get(
            "/api/v1/units.csv",
            "Units as CSV, all of them unless a limit is given",
            &filters(),
            &stream("text/csv"),
            &[400, 500],
        ),
        get(
            "/api/v1/units.jsonl",
            "Units as JSON lines, all of them unless a limit is given",
            &filters(),
            &stream("application/jsonl"),
            &[400, 500],
        ),
        get("/api/v1/stats", "How it goes: all, today, the box in work", &stats, &ok("Stats"), &[400]),
        get("/api/v1/batch", "The box in work", &none, &ok("Batch"), &[]),
        get("/api/v1/session", "Whether this peer may give orders, and by what", &none, &ok("Session"), &[]),
        get(
            "/api/v1/station",
            "Disk, ledger, archive, ports, the last lines of the journal",
            &none,
            &ok("StationFacts"),
            &[500],
        ),
        order("/api/v1/batch", "put", begin),
        ("/api/v1/session".to_owned(), json!({ "post": open })),
        ("/api/v1/session".to_owned(), json!({ "delete": close })),
        audit(),
        order("/api/v1/sessions", "delete", close_all),
    ]
}

fn audit() -> (String, Value) {
    let limit = json!([query(
        "limit",
        json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 }),
        "At most this many.",
    )]);
    let deeds = answer("OK", &json!({ "type": "array", "items": schema("Deed") }));
    let what = "What people had the station do, newest first: who, and by what right. The last thousand are kept";
    order("/api/v1/audit", "get", operation(what, &limit, 200, &deeds, &[400, 401, 403, 429, 500]))
}
