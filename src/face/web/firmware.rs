//! Firmware files and recipes.

use super::app::App;
use super::audit::Concerns;
use super::problem::Problem;
use crate::model::chip::digest::Digest;
use crate::station::library::{FirmwareFile, MAX_UPLOAD, RecipePage};
use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde::Deserialize;

/// What a digest looks like.
const DIGEST: &str = "a SHA-256 as 64 hex digits";

/// `GET /api/v1/firmware`: every file, refused ones too.
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<FirmwareFile>>, Problem> {
    Ok(Json(app.handle.services().firmware().await?))
}

/// `POST /api/v1/firmware?name=FILE` with the file as the body: taken whole, or refused with the reason.
pub(super) async fn upload(
    State(app): State<App>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let (mut file, mut expected) = (None, None);
    for (name, value) in query?.0 {
        match name.as_str() {
            "name" => file = Some(value),
            "sha256" => {
                let digest = Digest::parse(&value).ok_or_else(|| Problem::parameter(&name, &value, DIGEST))?;
                expected = Some(digest);
            }
            _ => return Err(Problem::parameter(&name, &value, "name or sha256 as the parameter's name")),
        }
    }
    let Some(name) = file else { return Err(Problem::parameter("name", "", "the file's name, ?name=FILE")) };
    let bytes = to_bytes(body, MAX_UPLOAD).await.map_err(|_| {
        let most = MAX_UPLOAD / 1024 / 1024;
        let detail = format!(
            "a firmware file has at most {most} MiB, for no chip of the family holds more; this one is larger, or the \
             connection broke"
        );
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_body", "The file is too large", detail)
    })?;
    let about = Concerns { on: Some(name.clone()), sha256: Some(Digest::of(&bytes)) };
    let taken = app.handle.services().upload(name, bytes, expected).await.map_err(Problem::from);
    // what was refused is noted, too
    Ok((Extension(about), taken.map(|file| (StatusCode::CREATED, Json(file)))))
}

/// `DELETE /api/v1/firmware/{name}`.
pub(super) async fn delete(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    app.handle.services().delete(name?.0).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What may be approved: one content, not whatever is called so.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approve {
    sha256: Digest,
}

fn approve_of(body: &[u8]) -> Result<Digest, Problem> {
    let told = serde_json::from_slice::<Approve>(body);
    told.map(|told| told.sha256).map_err(|_| Problem::parameter("sha256", "", DIGEST))
}

/// `POST /api/v1/firmware/{name}/approve` with `{"sha256": "..."}`: from the next unit on the file may be used.
pub(super) async fn approve(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let sha256 = approve_of(&body?)?;
    let about = Concerns { on: None, sha256: Some(sha256) };
    Ok((Extension(about), app.handle.services().approve(name?.0, sha256).await.map(Json).map_err(Problem::from)))
}

/// `POST /api/v1/firmware/{name}/revoke` with `{"sha256": "..."}`: it may not be used any more.
pub(super) async fn revoke(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    let (sha256, _) = (approve_of(&body?)?, name?);
    app.handle.services().revoke(sha256).await?;
    Ok((Extension(Concerns { on: None, sha256: Some(sha256) }), StatusCode::NO_CONTENT))
}

/// `GET /api/v1/recipes`: every recipe, good or not.
pub(super) async fn recipes(State(app): State<App>) -> Result<Json<Vec<RecipePage>>, Problem> {
    Ok(Json(app.handle.services().recipes().await?))
}

/// `GET /api/v1/recipes/{name}`.
pub(super) async fn recipe(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<RecipePage>, Problem> {
    let name = name?.0;
    let page = app.handle.services().recipes().await?.into_iter().find(|page| page.name == name);
    page.map(Json).ok_or_else(|| Problem::not_found(format!("there is no recipe {name:?}")))
}

/// `POST /api/v1/recipes/{name}/choose`: the next unit is made by it.
pub(super) async fn choose(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Json<RecipePage>, Problem> {
    Ok(Json(app.handle.services().choose(name?.0).await?))
}
