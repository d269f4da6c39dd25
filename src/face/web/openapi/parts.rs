//! What the descriptions of paths are made of.

use serde_json::{Map, Value, json};

pub(super) fn operation(summary: &str, parameters: &Value, status: u16, answer: &Value, refused: &[u16]) -> Value {
    let mut responses = Map::new();
    responses.insert(status.to_string(), answer.clone());
    for status in refused {
        responses.insert(status.to_string(), json!({ "$ref": "#/components/responses/Problem" }));
    }
    json!({ "summary": summary, "parameters": parameters, "responses": responses })
}

/// Adds what a request may or must say.
pub(super) fn with_body(item: &mut Value, shape: &Value, required: bool) {
    let Some(post) = item.get_mut("post").and_then(Value::as_object_mut) else { return };
    post.insert("requestBody".into(), json!({ "required": required, "content": body(shape) }));
    if let Some(responses) = post.get_mut("responses").and_then(Value::as_object_mut) {
        responses.insert("400".into(), json!({ "$ref": "#/components/responses/Problem" }));
    }
}

/// Marks an operation that needs the token; without one set, the empty choice is open to local peers.
pub(super) fn guarded(operation: &mut Value) {
    if let Some(fields) = operation.as_object_mut() {
        fields.insert("security".into(), json!([{ "token": [] }, { "session": [] }, {}]));
    }
}

pub(super) fn filters() -> Value {
    let query = |name: &str, schema: Value, what: &str| json!({ "name": name, "in": "query", "schema": schema, "description": what });
    json!([
        query(
            "limit",
            json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 50 }),
            "At most this many."
        ),
        query("before", json!({ "type": "integer", "minimum": 0 }), "Only units with a smaller number: the next page."),
        query("verdict", schema("Verdict"), "Only this verdict."),
        query("mac", json!({ "type": "string" }), "Only this MAC, such as 18:DE:50:3A:8E:3F."),
        query(
            "since",
            json!({ "type": "string", "format": "date-time" }),
            "Only units finished at or after this time."
        ),
        query("until", json!({ "type": "string", "format": "date-time" }), "Only units finished before this time."),
        query(
            "q",
            word(),
            "Only units with this text in MAC, chip, module, template, name, fault, firmware, slot or box."
        ),
        query("slot", word(), "Only this slot."),
        query("fault", word(), "Only this fault code, such as L01."),
        query("module", word(), "Only this module, such as WB2S."),
        query("batch", word(), "Only this box."),
    ])
}

fn word() -> Value {
    json!({ "type": "string", "maxLength": 100 })
}

pub(super) fn answer(what: &str, schema: &Value) -> Value {
    json!({ "description": what, "content": body(schema) })
}

pub(super) fn body(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

pub(super) fn schema(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}
