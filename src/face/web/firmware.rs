//! Firmware files and recipes.

use super::app::App;
use super::problem::Problem;
use crate::station::library::{FirmwareFile, MAX_UPLOAD, RecipePage};
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;

/// `GET /api/v1/firmware`: every file, refused ones too.
pub(super) async fn list(State(app): State<App>) -> Result<Json<Vec<FirmwareFile>>, Problem> {
    Ok(Json(app.handle.services().firmware().await?))
}

/// `POST /api/v1/firmware?name=FILE` with the file as the body: taken whole, or refused with the reason.
pub(super) async fn upload(
    State(app): State<App>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    body: Body,
) -> Result<(StatusCode, Json<FirmwareFile>), Problem> {
    let mut file = None;
    for (name, value) in query?.0 {
        match name.as_str() {
            "name" => file = Some(value),
            _ => return Err(Problem::parameter(&name, &value, "name as the parameter's name")),
        }
    }
    let Some(name) = file else { return Err(Problem::parameter("name", "", "the file's name, ?name=FILE")) };
    let bytes = to_bytes(body, MAX_UPLOAD).await.map_err(|_| {
        let detail = format!("the body is larger than {} KiB, or the connection broke", MAX_UPLOAD / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "bad_body", "The file is not wanted", detail)
    })?;
    let file = app.handle.services().upload(name, bytes.to_vec()).await?;
    Ok((StatusCode::CREATED, Json(file)))
}

/// `DELETE /api/v1/firmware/{name}`.
pub(super) async fn delete(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, Problem> {
    app.handle.services().delete(name?.0).await?;
    Ok(StatusCode::NO_CONTENT)
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
