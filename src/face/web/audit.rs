//! Who did what: noted with each request that had the right, shown to who has it.

use super::app::App;
use super::problem::Problem;
use crate::model::chip::digest::Digest;
use crate::model::unit::deed::Deed;
use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};

const USUAL: usize = 50;
const MOST: usize = 1000;

/// What an answer was about, where the path does not say it: a name, and the digest of a file. The handler gives it along
/// with its answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Concerns {
    pub(super) on: Option<String>,
    pub(super) sha256: Option<Digest>,
}

/// `GET /api/v1/audit?limit=`: what people had the station do, newest first.
pub(super) async fn list(
    State(app): State<App>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<Json<Vec<Deed>>, Problem> {
    let mut limit = USUAL;
    for (name, value) in query?.0 {
        let number = value.parse().ok().filter(|number| (1..=MOST).contains(number));
        limit = match (name.as_str(), number) {
            ("limit", Some(number)) => number,
            ("limit", None) => return Err(Problem::parameter("limit", &value, "a number from 1 to 1000")),
            _ => return Err(Problem::parameter(&name, &value, "limit as the parameter's name")),
        };
    }
    Ok(Json(app.handle.deeds(limit).await?))
}
