//! What a request is told when it can't be answered: a status and `{"error": {"code", "title", "detail"}}`.

use crate::station::Refused;
use crate::station::library::Declined;
use crate::store::StoreError;
use axum::Json;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;

/// A refusal, as it is told.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Told {
    /// Why.
    error: Why,
}

/// Why a request was refused.
#[derive(Serialize, JsonSchema)]
#[schemars(inline)]
struct Why {
    /// A word that stays the same.
    code: &'static str,
    /// The same for people.
    title: &'static str,
    /// What was expected, what came, and what to do.
    detail: String,
}

/// Why a request was not answered.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    /// When to try again.
    after: Option<Duration>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), after: None }
    }

    /// A parameter is not what it must be.
    pub(super) fn parameter(name: &str, value: &str, expected: &str) -> Self {
        let detail = format!("{name}: expected {expected}, got {value:?}");
        Self::new(StatusCode::BAD_REQUEST, "bad_parameter", "A parameter is not valid", detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is no such thing", detail)
    }

    /// Too early: try again later.
    pub(super) fn wait(code: &'static str, title: &'static str, after: Duration) -> Self {
        let seconds = after.as_secs() + u64::from(after.subsec_nanos() > 0);
        let detail = format!("try again in {seconds} s");
        let problem = Self::new(StatusCode::TOO_MANY_REQUESTS, code, title, detail);
        Self { after: Some(Duration::from_secs(seconds)), ..problem }
    }

    pub(super) fn forbidden(code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, title, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let error = Why { code: self.code, title: self.title, detail: self.detail };
        let mut response = (self.status, Json(Told { error })).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(after) = self.after {
            response.headers_mut().insert(RETRY_AFTER, after.as_secs().into());
        }
        response
    }
}

impl From<Declined> for Problem {
    fn from(declined: Declined) -> Self {
        let (status, code, title) = match &declined {
            Declined::Missing(_) => return Self::not_found(declined.to_string()),
            Declined::Unfit(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unfit", "It can't be used"),
            Declined::Taken(_) => (StatusCode::CONFLICT, "not_now", "It is in the way of something else"),
            Declined::Full(_) => (StatusCode::INSUFFICIENT_STORAGE, "full", "There is no room for it"),
            Declined::Disk(_) => (StatusCode::INTERNAL_SERVER_ERROR, "store", "The store can't be used"),
        };
        Self::new(status, code, title, declined.to_string())
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match &refused {
            Refused::NoSuchSlot(_) => Self::not_found(refused.to_string()),
            Refused::NotNow(_) => {
                Self::new(StatusCode::CONFLICT, "not_now", "The slot can't do that now", refused.to_string())
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if let StoreError::Missing(_) = error {
            return Self::not_found(error.to_string());
        }
        tracing::error!("{error}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "store", "The store can't be read", error.to_string())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_path", "The path is not valid", rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_query", "The query is not valid", rejection.body_text())
    }
}

impl From<BytesRejection> for Problem {
    fn from(rejection: BytesRejection) -> Self {
        Self::new(rejection.status(), "bad_body", "The body is not wanted", rejection.body_text())
    }
}
