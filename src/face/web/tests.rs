//! The list of routes, the OpenAPI document and the page's script say the same.

use super::problem::Problem;
use super::*;
use crate::model::cycle::stage::Stage;
use crate::model::unit::event::story::{kinds, story};
use crate::model::unit::event::{Event, Stamped};
use crate::model::unit::snapshot::{Snapshot, Station};
use crate::station::library::Declined;
use crate::store::{Archive, Ledger};
use axum::body::Body;
use axum::http::Request;
use axum::response::IntoResponse as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::LazyLock;
use tokio::sync::{broadcast, watch};
use tower::ServiceExt as _;

fn app(folder: &std::path::Path) -> App {
    let station = Station { name: "bench".into(), version: "0".into(), started: Timestamp::UNIX_EPOCH, page: None };
    let (_, state) = watch::channel(Arc::new(Snapshot::new(station, ["A".to_owned()])));
    let (events, _) = broadcast::channel(8);
    let (ledger, archive) = (Ledger::open(folder).unwrap(), Archive::open(folder).unwrap());
    let handle = StationHandle::new(state, events, ledger, archive, BTreeMap::new());
    App::new(handle, WebOptions::default())
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let routes: BTreeSet<(String, String)> = routes(&app)
        .iter()
        .map(|(method, path, _)| ((*path).to_owned(), method.as_str().to_ascii_lowercase()))
        .collect();
    let document = openapi::document();
    let described = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(|method| (path.clone(), method.clone())).collect::<Vec<_>>()
    });
    assert_eq!(routes, described.collect());
}

#[tokio::test]
async fn every_route_answers_with_a_described_status() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    let document = openapi::document();
    for (method, path, _) in routes(&app) {
        let uri = path.replace("{name}", "A").replace("{seq}", "1").replace("{file}", "app.js");
        let request = Request::builder().method(&method).uri(&uri).header("host", "localhost").body(Body::empty());
        let router = router(app.handle.clone(), WebOptions::default());
        let status = router.oneshot(request.unwrap()).await.unwrap().status().as_u16().to_string();
        let responses = &document["paths"][path][method.as_str().to_ascii_lowercase()]["responses"];
        assert!(responses.get(&status).is_some(), "{method} {uri} answered {status}, not in {responses}");
    }
}

#[test]
fn every_reference_of_the_document_resolves() {
    fn walk(value: &Value, document: &Value) {
        if let Some(link) = value.get("$ref").and_then(|link| link.as_str()) {
            assert!(document.pointer(link.trim_start_matches('#')).is_some(), "{link} leads nowhere");
        }
        match value {
            Value::Object(fields) => fields.values().for_each(|field| walk(field, document)),
            Value::Array(items) => items.iter().for_each(|item| walk(item, document)),
            _ => {}
        }
    }
    let document = openapi::document();
    walk(&document, &document);
}

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi::document);

fn link(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// What `value` is, what names its fields have and which words it may say: `schema` must say the same, down to the last.
fn assert_described(value: &Value, schema: &Value, at: &str) {
    let mut schema = schema;
    while let Some(link) = schema.get("$ref").and_then(Value::as_str) {
        schema = DOCUMENT.pointer(link.trim_start_matches('#')).unwrap();
    }
    if let Some(choice) = schema.get("anyOf") {
        let wanted = usize::from(value.is_null());
        return assert_described(value, &choice[wanted], at);
    }
    let kinds = schema.get("oneOf").and_then(Value::as_array);
    let one = kinds.and_then(|kinds| kinds.first()).unwrap_or(schema);
    let is = |kind: &str| one["type"] == kind || one["type"].as_array().is_some_and(|all| all.contains(&kind.into()));
    match value {
        Value::Object(fields) => {
            let mut properties = schema["properties"].as_object().cloned().unwrap_or_default();
            // an event has fields of its kind
            if let Some(kinds) = kinds {
                let own = kinds.iter().find(|own| own["properties"]["kind"]["const"] == value["kind"]);
                let own = own.unwrap_or_else(|| panic!("{at}: there is no kind {}", value["kind"]));
                properties.extend(own["properties"].as_object().unwrap().clone());
            }
            // Without properties it is a free object.
            if properties.is_empty() {
                return assert!(is("object"), "{at}");
            }
            assert_eq!(fields.keys().collect::<BTreeSet<_>>(), properties.keys().collect(), "{at}");
            for (name, field) in fields {
                assert_described(field, &properties[name], &format!("{at}.{name}"));
            }
        }
        Value::Array(items) => {
            assert!(is("array"), "{at}");
            for item in items {
                assert_described(item, &schema["items"], at);
            }
        }
        Value::String(text) => {
            assert!(is("string"), "{at}");
            let words = kinds.map(|kinds| kinds.iter().map(|kind| &kind["const"]).collect());
            let words = words.or_else(|| Some(schema.get("enum")?.as_array()?.iter().collect::<Vec<_>>()));
            let words = words.or_else(|| Some(vec![schema.get("const")?]));
            assert!(words.as_ref().is_none_or(|words| words.contains(&value)), "{at}: {text} is none of {words:?}");
        }
        Value::Number(_) => assert!(is("integer") || is("number"), "{at}"),
        Value::Bool(_) => assert!(is("boolean"), "{at}"),
        Value::Null => assert!(is("null"), "{at}"),
    }
}

#[test]
fn every_kind_of_event_is_described_with_its_fields() {
    let described = DOCUMENT["components"]["schemas"]["Event"]["oneOf"].as_array().unwrap();
    let described = described.iter().map(|kind| kind["properties"]["kind"]["const"].as_str().unwrap().to_owned());
    assert_eq!(described.collect::<BTreeSet<_>>(), kinds());
    for stamped in story() {
        assert_described(&serde_json::to_value(&stamped).unwrap(), &link("Event"), &format!("{:?}", stamped.event));
    }
}

#[test]
fn what_the_page_hears_of_happens_and_no_event_has_the_name_of_another_message() {
    let heard = include_str!("live.js").lines().find_map(|line| line.strip_prefix("const HEARD = ")).unwrap();
    let heard: BTreeSet<String> = serde_json::from_str(heard.trim_end_matches(';')).unwrap();
    assert!(heard.is_subset(&kinds()), "{heard:?}");
    assert!(["snapshot", "changes"].iter().all(|name| !kinds().contains(*name)));
}

#[test]
fn records_and_states_have_the_shapes_that_are_described() {
    use crate::model::cycle::fault::{Fault, FaultCode};
    use crate::model::cycle::verdict::Verdict;
    let mut unit = crate::store::sample::unit();
    unit.fault = Some(Fault::new(FaultCode::NoAnswer, Stage::Attach, "x"));
    unit.config = Some(crate::model::unit::Config {
        doubts: Vec::new(),
        accepted: Vec::new(),
        template: Some(json!({ "pins": "26 0" })),
        injected: vec!["ssid".into()],
        checked: true,
        device: Some("lsc-3202088".into()),
        name: Some("plug-7".into()),
        topic: Some("home/plug-7".into()),
        number: Some(7),
        recipe: Some("home".into()),
        notes: vec!["x".into()],
    });
    let board = unit.board.clone().unwrap();
    assert_described(&serde_json::to_value(&unit).unwrap(), &link("Unit"), "unit");

    let station = Station { name: "b".into(), version: "0".into(), started: Timestamp::UNIX_EPOCH, page: None };
    let mut snapshot = Snapshot::new(station, ["A".to_owned()]);
    let finished = Event::Finished { seq: Some(1), verdict: Verdict::Fail, fault: unit.fault, ms: 1 };
    for event in [Event::Started { recipe: "r".into() }, Event::Found { board }, finished] {
        let (seq, slot) = (snapshot.seq + 1, "A".to_owned());
        snapshot.apply(&Stamped { seq, time: Timestamp::UNIX_EPOCH, slot, event });
    }
    assert_described(&serde_json::to_value(&snapshot).unwrap(), &link("Snapshot"), "snapshot");
}

/// What is asked, and the schema of the answer.
const SHAPES: [(&str, &str); 6] = [
    ("/api/v1/stats?since=2020-01-01T00:00:00Z", "Stats"),
    ("/api/v1/batch", "Batch"),
    ("/api/v1/session", "Session"),
    ("/api/v1/station", "StationFacts"),
    ("/api/v1/status", "Snapshot"),
    ("/api/v1/units/1", "Unit"),
];

#[tokio::test]
async fn a_ledger_that_can_not_be_read_is_said_in_words_by_the_lists_too() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    app.handle.ledger().lose();
    for uri in ["/api/v1/units", "/api/v1/units.csv", "/api/v1/units.jsonl", "/api/v1/units/1"] {
        let request = Request::builder().uri(uri).header("host", "localhost").body(Body::empty()).unwrap();
        let response = router(app.handle.clone(), WebOptions::default()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500, "{uri}");
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect(uri);
        let told: Value = serde_json::from_slice(&body).expect(uri);
        assert!(told["error"]["detail"].as_str().unwrap().contains("mend the disk"), "{uri}: {told}");
    }
}

#[tokio::test]
async fn answers_have_the_shapes_that_are_described() {
    let folder = tempfile::tempdir().unwrap();
    let app = app(folder.path());
    Ledger::commit(app.handle.ledger(), crate::store::sample::unit()).await.unwrap();
    app.handle.services().counter().catch_up(app.handle.ledger()).await;
    for (uri, name) in SHAPES {
        let request = Request::builder().uri(uri).header("host", "localhost").body(Body::empty()).unwrap();
        let response = router(app.handle.clone(), WebOptions::default()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200, "{uri}");
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
        assert_described(&serde_json::from_slice(&body).unwrap(), &link(name), uri);
    }
}

#[test]
fn the_catalogue_names_the_stages_in_their_order() {
    let words = assets::FILES.iter().find(|(name, ..)| *name == "words-en.json").unwrap().2;
    let words: Value = serde_json::from_str(words).unwrap();
    let named: Vec<&String> = words["stage"].as_object().unwrap().keys().collect();
    assert_eq!(named, Stage::ALL.map(Stage::name), "the page shows them in this order");
}

fn keys(value: &Value, at: &str, into: &mut BTreeMap<String, BTreeSet<String>>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| keys(value, &format!("{at}.{name}"), into));
        }
        text => {
            let text = text.as_str().unwrap();
            let named =
                text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned());
            _ = into.insert(at.to_owned(), named.collect());
        }
    }
}

#[test]
fn every_language_says_everything_with_the_same_values() {
    let words = assets::FILES.iter().filter(|(name, ..)| name.starts_with("words-"));
    let languages: Vec<(&str, Value)> =
        words.map(|(name, _, text)| (*name, serde_json::from_str(text).unwrap())).collect();
    let english: Value = languages.iter().find(|(name, _)| *name == "words-en.json").unwrap().1.clone();
    let mut expected = BTreeMap::new();
    keys(&english, "", &mut expected);
    for (name, mut words) in languages {
        let faults = words.as_object_mut().unwrap().remove("faults");
        let asked = words.as_object_mut().unwrap().remove("asked");
        let mut found = BTreeMap::new();
        keys(&words, "", &mut found);
        // a language may have more forms of the plural
        found.retain(|key, _| expected.contains_key(key));
        assert_eq!(found, expected, "{name}");
        // English comes from the program itself
        if name != "words-en.json" {
            let faults = faults.unwrap();
            let missing: Vec<_> =
                crate::model::cycle::fault::FaultCode::ALL.iter().filter(|f| faults.get(f.code()).is_none()).collect();
            assert!(missing.is_empty(), "{name} does not explain {missing:?}");
            let asked = asked.unwrap();
            let missing: Vec<_> =
                crate::model::show::prompt::ALL.iter().filter(|text| asked.get(text).is_none()).collect();
            assert!(missing.is_empty(), "{name} does not ask {missing:?}");
        }
    }
}

#[test]
fn every_word_that_the_scripts_ask_for_is_in_the_catalogue() {
    let words = assets::FILES.iter().find(|(name, ..)| *name == "words-en.json").unwrap().2;
    let words: Value = serde_json::from_str(words).unwrap();
    let mut asked = 0;
    for (name, _, text) in assets::FILES.iter().filter(|(_, kind, _)| kind.starts_with("text/javascript")) {
        for call in text.split(['(', ' ', ',', '[', '`', '{']).zip(text.split(['(', ' ', ',', '[', '`', '{']).skip(1)) {
            let ("t", word) = call else { continue };
            let Some(key) = word.strip_prefix('"').and_then(|word| word.split_once('"')).map(|(key, _)| key) else {
                continue;
            };
            asked += 1;
            assert!(words.pointer(&format!("/{}", key.replace('.', "/"))).is_some(), "{name} asks for {key:?}");
        }
    }
    assert!(asked > 150, "{asked}");
}

/// The names of the facts of a sentence.
fn holes(text: &str) -> Vec<String> {
    let mut named: Vec<_> =
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name.to_owned()).collect();
    named.sort();
    named
}

#[test]
fn every_language_has_the_programs_own_sentences_with_all_their_facts() {
    for (name, ..) in assets::FILES.iter().filter(|(name, ..)| name.starts_with("words-") && *name != "words-en.json") {
        let file = name.replace("words-", "said-");
        let text =
            assets::FILES.iter().find(|(name, ..)| *name == file).unwrap_or_else(|| panic!("{file} is missing")).2;
        let said: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
        for (english, own) in said {
            assert_eq!(holes(&english), holes(&own), "{file}: {english}");
        }
    }
}

#[test]
fn a_token_never_reaches_a_log() {
    let options = WebOptions { token: Some("s3cret".into()), ..WebOptions::default() };
    assert!(!format!("{options:?}").contains("s3cret"));
}

#[test]
fn the_page_asks_nobody_outside() {
    for file in assets::FILES.iter().map(|(_, _, text)| *text).chain([assets::PAGE]) {
        let outside: Vec<&str> = file.lines().filter(|l| l.contains("//") && l.contains("http")).collect();
        assert!(outside.iter().all(|line| line.contains("www.w3.org/2000/svg")), "{outside:?}");
        assert!(!file.contains("style=\"") && !file.contains("onclick=\""), "the content policy forbids it");
    }
}

#[test]
fn every_way_to_decline_a_file_is_in_the_description_of_its_upload() {
    let upload = &openapi::document()["paths"]["/api/v1/firmware"]["post"]["responses"];
    for declined in [Declined::Unfit, Declined::Taken, Declined::Full, Declined::Disk] {
        let status = Problem::from(declined("x".into())).into_response().status();
        assert!(upload.get(status.as_str()).is_some(), "{status} is not in {upload}");
    }
}
