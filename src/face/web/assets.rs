//! The page's files, inside the program: no build step, and nothing is asked of the outside.

use super::problem::Problem;
use crate::model::chip::digest::Digest;
use axum::Json;
use axum::extract::Path;
use axum::http::header::{CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const WORDS: &str = "application/json";

/// Name below `/assets/`, type, content. A language of the page is one more file in `words`.
pub(super) const FILES: &[(&str, &str, &str)] = &[
    ("app.js", SCRIPT, include_str!("app.js")),
    ("bench.js", SCRIPT, include_str!("bench.js")),
    ("box.js", SCRIPT, include_str!("box.js")),
    ("dom.js", SCRIPT, include_str!("dom.js")),
    ("live.js", SCRIPT, include_str!("live.js")),
    ("map.js", SCRIPT, include_str!("map.js")),
    ("net.js", SCRIPT, include_str!("net.js")),
    ("pilot.js", SCRIPT, include_str!("pilot.js")),
    ("plots.js", SCRIPT, include_str!("plots.js")),
    ("safety.js", SCRIPT, include_str!("safety.js")),
    ("said.js", SCRIPT, include_str!("said.js")),
    ("shelf.js", SCRIPT, include_str!("shelf.js")),
    ("slot.js", SCRIPT, include_str!("slot.js")),
    ("sound.js", SCRIPT, include_str!("sound.js")),
    ("station.js", SCRIPT, include_str!("station.js")),
    ("stats.js", SCRIPT, include_str!("stats.js")),
    ("unit.js", SCRIPT, include_str!("unit.js")),
    ("units.js", SCRIPT, include_str!("units.js")),
    ("words.js", SCRIPT, include_str!("words.js")),
    ("app.css", STYLE, include_str!("app.css")),
    ("bench.css", STYLE, include_str!("bench.css")),
    ("views.css", STYLE, include_str!("views.css")),
    ("said-fr.json", WORDS, include_str!("words/said-fr.json")),
    ("words-en.json", WORDS, include_str!("words/en.json")),
    ("words-fr.json", WORDS, include_str!("words/fr.json")),
];

/// The page itself.
pub(super) const PAGE: &str = include_str!("page.html");

/// `GET /`.
pub(super) async fn page() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], PAGE)
}

/// `GET /favicon.svg`.
pub(super) async fn icon() -> impl IntoResponse {
    ([(CONTENT_TYPE, "image/svg+xml")], include_str!("favicon.svg"))
}

/// `GET /assets/{file}`. A browser that has this version's file is told so.
pub(super) async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name == "words.json" {
        return Json(languages()).into_response();
    }
    let Some((_, kind, text)) = FILES.iter().find(|(known, ..)| *known == name) else {
        return Problem::not_found(format!("the page has no file {name:?}")).into_response();
    };
    let tag = format!("\"{}\"", Digest::of(text.as_bytes()));
    let same = headers.get(IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    let fresh = [("cache-control", "no-cache".to_owned()), (ETAG.as_str(), tag)];
    if same {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(CONTENT_TYPE, *kind)], *text).into_response()
}

/// The languages that there are words of.
fn languages() -> Vec<&'static str> {
    FILES.iter().filter_map(|(name, ..)| name.strip_prefix("words-")?.strip_suffix(".json")).collect()
}
