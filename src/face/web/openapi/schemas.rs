//! The shapes of the interface's values, as their types say it. Fields may be added; none is renamed or dropped.

use crate::face::web::{about, changes, problem, session, station, stats, units};
use crate::model::openbeken::doubt::Code;
use crate::model::unit::Unit;
use crate::model::unit::deed::Deed;
use crate::model::unit::event::Stamped;
use crate::model::unit::snapshot::Snapshot;
use crate::station::library::{FirmwareFile, RecipePage};
use crate::store::report::Report;
use schemars::Schema;
use schemars::generate::{Contract, SchemaSettings};
use schemars::transform::RecursiveTransform;
use serde_json::{Value, json};

/// Every shape, by name.
pub(super) fn all() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.contract = Contract::Serialize;
    });
    let mut shapes = settings.with_transform(RecursiveTransform(for_programs)).into_generator();
    let _ = [
        shapes.subschema_for::<Snapshot>(),
        shapes.subschema_for::<Stamped>(),
        shapes.subschema_for::<changes::Message>(),
        shapes.subschema_for::<Unit>(),
        shapes.subschema_for::<units::TemplatePage>(),
        shapes.subschema_for::<stats::Stats>(),
        shapes.subschema_for::<stats::BatchPage>(),
        shapes.subschema_for::<FirmwareFile>(),
        shapes.subschema_for::<RecipePage>(),
        shapes.subschema_for::<session::Session>(),
        shapes.subschema_for::<Deed>(),
        shapes.subschema_for::<about::StationFacts>(),
        shapes.subschema_for::<station::FaultHelp>(),
        shapes.subschema_for::<problem::Told>(),
        shapes.subschema_for::<Report>(),
    ];
    let mut all = shapes.take_definitions(true);
    all.extend(requests().into_iter().map(|(name, shape)| (name.to_owned(), shape)));
    Value::Object(all)
}

/// What bodies of requests may hold is narrower than the types that they are read into.
fn requests() -> [(&'static str, Value); 4] {
    let accepted: Vec<&Code> = Code::ALL.iter().filter(|code| code.by_recipe().is_ok()).collect();
    let wish = json!({
        "type": "object",
        "properties": {
            "name": { "type": ["string", "null"], "minLength": 1, "maxLength": crate::model::unit::batch::NAME },
            "size": { "type": ["integer", "null"], "minimum": 1, "maximum": 100_000 },
            "accept": { "type": ["array", "null"], "items": { "enum": accepted } },
            "at_end": { "enum": ["ask", "stop", "go_on", null] },
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
    let sha256 = json!({ "type": "string", "pattern": "^[0-9a-fA-F]{64}$" });
    let approve = json!({
        "type": "object",
        "properties": { "sha256": { "$ref": "#/components/schemas/Sha256" } },
        "required": ["sha256"],
        "additionalProperties": false,
    });
    [("BatchWish", wish), ("Token", token), ("Sha256", sha256), ("Approve", approve)]
}

/// Texts that stand beside the types in the source, as a reader of JSON knows the things.
fn for_programs(schema: &mut Schema) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ").replace("`None`", "null");
    }
}
