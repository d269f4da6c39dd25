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

/// Marks an operation that needs the token; the empty choice is open to users of this machine who may control the station.
pub(super) fn guarded(operation: &mut Value) {
    if let Some(fields) = operation.as_object_mut() {
        fields.insert("security".into(), json!([{ "token": [] }, { "session": [] }, {}]));
    }
}

/// A path that is read.
pub(super) fn get(path: &str, summary: &str, parameters: &Value, answer: &Value, refused: &[u16]) -> (String, Value) {
    (path.to_owned(), json!({ "get": operation(summary, parameters, 200, answer, refused) }))
}

/// A path that needs the right.
pub(super) fn order(path: &str, method: &str, mut operation: Value) -> (String, Value) {
    guarded(&mut operation);
    (path.to_owned(), json!({ method: operation }))
}

/// A parameter of the address.
pub(super) fn query(name: &str, schema: Value, what: &str) -> Value {
    let fields = [("name", name.into()), ("in", "query".into()), ("schema", schema), ("description", what.into())];
    fields.into_iter().map(|(key, value): (&str, Value)| (key.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// What a request must say.
pub(super) fn asking(mut operation: Value, content: &Value) -> Value {
    if let Some(fields) = operation.as_object_mut() {
        fields.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    operation
}

pub(super) fn ok(name: &str) -> Value {
    answer("OK", &schema(name))
}

pub(super) fn done() -> Value {
    json!({ "description": "Done." })
}

pub(super) fn filters() -> Value {
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
        query(
            "arrived",
            json!({ "type": "boolean" }),
            "Only plugs that passed and were given a broker: those that said hello there, or those that did not yet."
        ),
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
