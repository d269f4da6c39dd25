//! Firmware and recipes.

use super::parts::{answer, asking, body, done, get, ok, operation, order, query, schema};
use serde_json::{Value, json};

/// Paths and what can be done there.
pub(super) fn paths() -> Vec<(String, Value)> {
    let list = |name: &str| answer("OK", &json!({ "type": "array", "items": schema(name) }));
    let none = json!([]);
    let name = json!([{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let gone = done();
    let file = json!([
        { "name": "name", "in": "query", "required": true, "schema": { "type": "string" } },
        query("sha256", schema("Sha256"), "The digest that the file must have: who knows it approves the file with it."),
    ]);
    let upload = asking(
        operation(
            "Take a firmware file, whole or not at all; it is only offered until its digest is approved",
            &file,
            201,
            &answer("Taken.", &schema("FirmwareFile")),
            &[400, 401, 403, 409, 413, 422, 429, 500, 503, 507],
        ),
        &json!({ "application/octet-stream": { "schema": { "type": "string", "format": "binary" } } }),
    );
    let choose =
        operation("Make the next unit by this recipe", &name, 200, &ok("Recipe"), &[400, 401, 403, 404, 422, 429, 500]);
    let named = body(&schema("Approve"));
    let approve = asking(
        operation(
            "Approve the content of a firmware file: units may get it from the next one on",
            &name,
            200,
            &ok("FirmwareFile"),
            &[400, 401, 403, 404, 409, 413, 422, 429, 500],
        ),
        &named,
    );
    let revoke = asking(
        operation("Take such an approval back", &name, 204, &gone, &[400, 401, 403, 404, 413, 429, 500]),
        &named,
    );
    let delete = operation("Delete a firmware file", &name, 204, &gone, &[400, 401, 403, 404, 409, 422, 429, 500]);
    vec![
        get("/api/v1/firmware", "Firmware files, refused ones too", &none, &list("FirmwareFile"), &[404, 500]),
        get("/api/v1/recipes", "Recipes, good or not", &none, &list("Recipe"), &[404, 500]),
        get("/api/v1/recipes/{name}", "One recipe", &name, &ok("Recipe"), &[400, 404, 500]),
        order("/api/v1/firmware", "post", upload),
        order("/api/v1/firmware/{name}", "delete", delete),
        order("/api/v1/firmware/{name}/approve", "post", approve),
        order("/api/v1/firmware/{name}/revoke", "post", revoke),
        order("/api/v1/recipes/{name}/choose", "post", choose),
    ]
}
