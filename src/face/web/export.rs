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
use futures_util::stream::{self, StreamExt};
use std::sync::Arc;
use tokio::sync::Semaphore;

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
    Ok((kind, body(app, asked(&query?.0)?, head, write).await?).into_response())
}

/// `GET /api/v1/units.jsonl`, with the filters of `/api/v1/units`.
pub(super) async fn json_lines(State(app): State<App>, query: Pairs) -> Result<Response, Problem> {
    let write: Write = |units| {
        let mut out = Vec::new();
        let _ = export::json_lines(units, &mut out);
        out
    };
    let kind = [(CONTENT_TYPE, "application/jsonl"), (CONTENT_DISPOSITION, "attachment; filename=\"units.jsonl\"")];
    Ok((kind, body(app, asked(&query?.0)?, Vec::new(), write).await?).into_response())
}

/// Without a limit in the query there is none.
fn asked(pairs: &[(String, String)]) -> Result<UnitQuery, Problem> {
    let mut query = parse(pairs)?;
    if !pairs.iter().any(|(name, _)| name == "limit") {
        query.limit = None;
    }
    Ok(query)
}

/// How far it is.
struct Walk {
    handle: StationHandle,
    /// One of a few reads at a time, for each part anew: who is slow to take the list keeps nobody waiting.
    turns: Arc<Semaphore>,
    query: UnitQuery,
    left: usize,
    write: Write,
    over: bool,
}

impl Walk {
    /// The next part; `None` behind the last one.
    async fn part(&mut self) -> Result<Option<Vec<u8>>, StoreError> {
        if self.over {
            return Ok(None);
        }
        let limit = Some(self.left.min(PART));
        // nobody closes the semaphore
        let _turn = self.turns.acquire().await;
        let found = self.handle.search(UnitQuery { limit, ..self.query.clone() }, BUDGET).await?;
        self.left -= found.units.len();
        self.query.before = found.next;
        self.over = found.next.is_none() || self.left == 0;
        Ok(Some((self.write)(&found.units)))
    }
}

/// The whole list. A ledger that can't be read is answered in words as long as nothing was sent.
async fn body(app: App, query: UnitQuery, mut head: Vec<u8>, write: Write) -> Result<Body, StoreError> {
    let left = query.limit.unwrap_or(usize::MAX);
    let mut walk = Walk { handle: app.handle, turns: app.reads, query, left, write, over: false };
    head.extend(walk.part().await?.unwrap_or_default());
    // an error in the middle breaks the connection: a list that looks whole and is not must not be
    let rest = stream::try_unfold(walk, |mut walk| async move { Ok(walk.part().await?.map(|part| (part, walk))) });
    Ok(Body::from_stream(stream::once(async { Ok::<_, StoreError>(head) }).chain(rest)))
}
