//! The ledger for spreadsheets and programs, as long as it is: page by page, never all of it in memory.

use super::app::App;
use super::problem::Problem;
use super::units::parse;
use crate::model::unit::{Unit, UnitQuery};
use crate::station::StationHandle;
use crate::store::{StoreError, export};
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

/// Units of one part, and records that are looked at for it.
const PART: usize = 200;
const BUDGET: usize = 1000;

type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;
type Write = fn(&[Unit]) -> Vec<u8>;

/// `GET /api/v1/units.csv`, with the filters of `/api/v1/units`.
pub(super) async fn csv(State(app): State<App>, query: Pairs) -> Result<Response, Problem> {
    let mut head = Vec::new();
    // writing to memory can't fail, here and below
    let _ = export::csv(&[], &mut head);
    let write: Write = |units| {
        let mut out = Vec::new();
        let _ = export::csv_rows(units, &mut out);
        out
    };
    let kind = [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"units.csv\"")];
    Ok((kind, body(app.handle, asked(&query?.0)?, head, write)).into_response())
}

/// `GET /api/v1/units.jsonl`, with the filters of `/api/v1/units`.
pub(super) async fn json_lines(State(app): State<App>, query: Pairs) -> Result<Response, Problem> {
    let write: Write = |units| {
        let mut out = Vec::new();
        let _ = export::json_lines(units, &mut out);
        out
    };
    let kind = [(CONTENT_TYPE, "application/jsonl"), (CONTENT_DISPOSITION, "attachment; filename=\"units.jsonl\"")];
    Ok((kind, body(app.handle, asked(&query?.0)?, Vec::new(), write)).into_response())
}

/// Without a limit in the query there is none.
fn asked(pairs: &[(String, String)]) -> Result<UnitQuery, Problem> {
    let mut query = parse(pairs)?;
    if !pairs.iter().any(|(name, _)| name == "limit") {
        query.limit = None;
    }
    Ok(query)
}

struct Walk {
    handle: StationHandle,
    query: UnitQuery,
    left: usize,
    head: Vec<u8>,
    over: bool,
}

fn body(handle: StationHandle, query: UnitQuery, head: Vec<u8>, write: Write) -> Body {
    let left = query.limit.unwrap_or(usize::MAX);
    let walk = Walk { handle, query, left, head, over: false };
    // an error in the middle breaks the connection: a list that looks whole and is not must not be
    Body::from_stream(stream::try_unfold(walk, move |mut walk| async move {
        if walk.over {
            return Ok::<_, StoreError>(None);
        }
        let limit = Some(walk.left.min(PART));
        let found = walk.handle.search(UnitQuery { limit, ..walk.query.clone() }, BUDGET).await?;
        walk.left -= found.units.len();
        walk.query.before = found.next;
        walk.over = found.next.is_none() || walk.left == 0;
        let mut part = std::mem::take(&mut walk.head);
        part.extend(write(&found.units));
        Ok(Some((part, walk)))
    }))
}
