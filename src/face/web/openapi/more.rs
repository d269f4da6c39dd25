//! Figures, box, export, firmware, recipes, session, station.

use super::parts::{answer, body, filters, guarded, operation, schema};
use serde_json::{Value, json};

/// Paths and what can be done there.
pub(super) fn paths() -> Vec<(String, Value)> {
    let list = |name: &str| answer("OK", &json!({ "type": "array", "items": schema(name) }));
    let ok = |name: &str| answer("OK", &schema(name));
    let none = json!([]);
    let name = json!([{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let gone = json!({ "description": "Done." });
    let get = |path: &str, summary: &str, parameters: &Value, answer: &Value, refused: &[u16]| {
        (path.to_owned(), json!({ "get": operation(summary, parameters, 200, answer, refused) }))
    };
    let order = |path: &str, method: &str, mut operation: Value| {
        guarded(&mut operation);
        (path.to_owned(), json!({ method: operation }))
    };
    let stream = |kind: &str| json!({ "description": "OK", "content": { kind: { "schema": { "type": "string" } } } });
    let query = |name: &str, schema: Value, what: &str| json!({ "name": name, "in": "query", "schema": schema, "description": what });
    let stats = json!([
        query("batch", json!({ "type": "string" }), "This box in place of the one in work."),
        query("since", json!({ "type": "string", "format": "date-time" }), "Also the figures from this time's day on."),
    ]);
    let file = json!([{ "name": "name", "in": "query", "required": true, "schema": { "type": "string" } }]);
    let upload = with_body(
        operation(
            "Take a firmware file, whole or not at all",
            &file,
            201,
            &answer("Taken.", &schema("FirmwareFile")),
            &[400, 401, 403, 409, 413, 422, 429, 500, 503],
        ),
        &json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }),
    );
    let begin = with_body(
        operation(
            "Begin another box; a null name ends it",
            &none,
            200,
            &ok("Batch"),
            &[400, 401, 403, 413, 422, 429, 500],
        ),
        &body(&schema("BatchWish")),
    );
    let open = with_body(
        operation(
            "Open a session of the page: the cookie stands for the token",
            &none,
            204,
            &gone,
            &[400, 401, 403, 413, 429, 500],
        ),
        &body(&schema("Token")),
    );
    let close = operation("End the session", &none, 204, &gone, &[403]);
    let choose =
        operation("Make the next unit by this recipe", &name, 200, &ok("Recipe"), &[400, 401, 403, 404, 422, 429, 500]);
    let delete = operation("Delete a firmware file", &name, 204, &gone, &[400, 401, 403, 404, 409, 422, 429, 500]);
    vec![
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
        get("/api/v1/firmware", "Firmware files, refused ones too", &none, &list("FirmwareFile"), &[404, 500]),
        get("/api/v1/recipes", "Recipes, good or not", &none, &list("Recipe"), &[404, 500]),
        get("/api/v1/recipes/{name}", "One recipe", &name, &ok("Recipe"), &[400, 404, 500]),
        get("/api/v1/session", "Whether this peer may give orders, and by what", &none, &ok("Session"), &[]),
        get(
            "/api/v1/station",
            "Disk, ledger, archive, ports, the last lines of the journal",
            &none,
            &ok("StationFacts"),
            &[500],
        ),
        order("/api/v1/batch", "put", begin),
        order("/api/v1/firmware", "post", upload),
        order("/api/v1/firmware/{name}", "delete", delete),
        order("/api/v1/recipes/{name}/choose", "post", choose),
        ("/api/v1/session".to_owned(), json!({ "post": open })),
        ("/api/v1/session".to_owned(), json!({ "delete": close })),
    ]
}

fn with_body(mut operation: Value, content: &Value) -> Value {
    if let Some(fields) = operation.as_object_mut() {
        fields.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    operation
}
