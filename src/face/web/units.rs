//! The ledger and the archive.

use super::app::App;
use super::audit::Concerns;
use super::problem::Problem;
use crate::model::chip::mac::Mac;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::{Template, script};
use crate::model::unit::deed::Doer;
use crate::model::unit::{Unit, UnitQuery};
use crate::store::archive::Stored;
use crate::store::report::{Report, report};
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

const DEFAULT_LIMIT: usize = 50;
const MAX_LIMIT: usize = 1000;

/// Records that are looked at for one page.
const BUDGET: usize = 5000;
/// The longest text that is searched for.
const MAX_TEXT: usize = 100;
const NEXT: HeaderName = HeaderName::from_static("x-next-before");

/// `GET /api/v1/units`: a page of the ledger, newest first. Where more may be there, `X-Next-Before` is the value of
/// `before` for the next page; a search looks at a bounded number of records a page, so a page may even be empty.
pub(super) async fn list(
    State(app): State<App>,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
) -> Result<(HeaderMap, Json<Vec<Unit>>), Problem> {
    let found = app.handle.search(parse(&query?.0)?, BUDGET).await?;
    let next = found.next.map(|next| (NEXT, next.into()));
    Ok((next.into_iter().collect(), Json(found.units)))
}

/// `GET /api/v1/units/{seq}`.
pub(super) async fn one(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<Unit>, Problem> {
    find(&app, &path?).await.map(Json)
}

/// `GET /api/v1/units/{seq}/backup`. An encrypted backup is given as it lies there: only the owner of the key reads it.
pub(super) async fn backup(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let unit = find(&app, &path?).await?;
    let Some(backup) = &unit.backup else {
        return Err(Problem::not_found(format!("unit {} has no backup", unit.seq)));
    };
    let (bytes, end) = match app.handle.stored_backup(backup.sha256).await? {
        Stored::Plain(bytes) => (bytes, ""),
        Stored::Encrypted(bytes) => (bytes, ".age"),
    };
    let name = format!("attachment; filename=\"{}{end}\"", file_name(&unit));
    let tag = format!("\"{}{end}\"", backup.sha256);
    let kind = "application/octet-stream".to_owned();
    let about = Concerns { on: Some(format!("unit {}", unit.seq)), sha256: Some(backup.sha256) };
    let headers = [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name), (header::ETAG, tag)];
    Ok((Extension(about), headers, bytes))
}

/// A unit's flash without its secrets, and the list of what was blanked in it.
async fn redacted(app: &App, seq: &str) -> Result<(Unit, Vec<u8>, Report), Problem> {
    let unit = find(app, seq).await?;
    let Some(backup) = &unit.backup else {
        return Err(Problem::not_found(format!("unit {} has no backup", unit.seq)));
    };
    let flash = match app.handle.stored_backup(backup.sha256).await? {
        Stored::Plain(bytes) => bytes,
        Stored::Encrypted(_) => {
            let why = format!(
                "the backup of unit {seq} is encrypted, and this station has no key to it; run `flashjig backup export {seq} \
                 FILE --without-secrets --identity KEYFILE` with the age key file"
            );
            return Err(Problem::new(StatusCode::CONFLICT, "encrypted", "The backup is encrypted", why));
        }
    };
    let made = tokio::task::spawn_blocking(move || report(&unit, &flash).map(|(bytes, list)| (unit, bytes, list)));
    let refused =
        |why: String| Problem::new(StatusCode::CONFLICT, "not_redacted", "It can't be made safe to show", why);
    made.await.map_err(|error| refused(error.to_string()))?.map_err(|why| refused(why.to_string()))
}

/// `GET /api/v1/units/{seq}/report`: what was blanked in the flash that is given for a report, and what the board is.
pub(super) async fn report_list(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let (unit, _, list) = redacted(&app, &path?).await?;
    let about = Concerns { on: Some(format!("unit {}", unit.seq)), sha256: Some(list.sha256) };
    Ok((Extension(about), Json(list)))
}

/// `GET /api/v1/units/{seq}/report.bin`: that flash.
pub(super) async fn report_flash(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    let (unit, bytes, list) = redacted(&app, &path?).await?;
    let chip = unit.board.as_ref().map_or(String::new(), |board| format!("-{}", board.chip));
    let name = format!("attachment; filename=\"report-{:06}{chip}.bin\"", unit.seq);
    let about = Concerns { on: Some(format!("unit {}", unit.seq)), sha256: Some(list.sha256) };
    let kind = "application/octet-stream".to_owned();
    Ok((Extension(about), [(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, name)], bytes))
}

/// `POST /api/v1/units/{seq}/confirm`: somebody saw the plug of a pilot live, so its lot is released. Gives its record.
pub(super) async fn confirm(
    State(app): State<App>,
    Extension(doer): Extension<Doer>,
    path: Result<Path<String>, PathRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Problem> {
    body?;
    let seq = path?;
    let number = seq.parse().map_err(|_| Problem::parameter("seq", &seq, "a unit's number"))?;
    let unit = app.handle.services().confirm(number, &doer).await?;
    let about = Concerns { on: Some(format!("unit {number}")), sha256: unit.firmware.as_ref().map(|it| it.sha256) };
    Ok((Extension(about), Json(unit)))
}

/// A unit's OpenBeken template.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Template")]
pub(super) struct TemplatePage {
    /// The template.
    #[schemars(with = "Map<String, Value>")]
    template: Value,
    /// The same as lines for the console.
    script: Vec<String>,
    /// The same as `autoexec.bat`.
    autoexec: String,
}

/// `GET /api/v1/units/{seq}/template`: the record's template, and the same as console lines and as `autoexec.bat`.
pub(super) async fn template(
    State(app): State<App>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Json<TemplatePage>, Problem> {
    let unit = find(&app, &path?).await?;
    let Some(json) = unit.config.as_ref().and_then(|config| config.template.as_ref()) else {
        return Err(Problem::not_found(format!("unit {} has no template: no pins were configured", unit.seq)));
    };
    let template = Template::from_json(json).map_err(|error| {
        let (status, title) = (StatusCode::INTERNAL_SERVER_ERROR, "The record's template can't be read");
        Problem::new(status, "template", title, error.to_string())
    })?;
    let (script, autoexec) = (script::lines(&template), script::autoexec(&template));
    Ok(Json(TemplatePage { template: json.clone(), script, autoexec }))
}

async fn find(app: &App, seq: &str) -> Result<Unit, Problem> {
    let number = seq.parse().map_err(|_| Problem::parameter("seq", seq, "a unit's number"))?;
    let unit = app.handle.unit(number).await?;
    unit.ok_or_else(|| Problem::not_found(format!("the ledger has no unit {number}")))
}

/// Such as `stock-000012-BK7231T-18DE503A8E3F.bin`; plain ASCII by its parts.
fn file_name(unit: &Unit) -> String {
    let chip = unit.board.as_ref().map_or(String::new(), |board| format!("-{}", board.chip));
    let mac = unit.board.as_ref().and_then(|board| board.mac);
    let mac = mac.map_or(String::new(), |mac| format!("-{mac}").replace(':', ""));
    format!("stock-{:06}{chip}{mac}.bin", unit.seq)
}

pub(super) fn parse(pairs: &[(String, String)]) -> Result<UnitQuery, Problem> {
    let mut query = UnitQuery { limit: Some(DEFAULT_LIMIT), ..UnitQuery::default() };
    for (name, value) in pairs {
        let bad = |expected: &str| Problem::parameter(name, value, expected);
        match name.as_str() {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
                query.limit = Some(limit.ok_or_else(|| bad("a number from 1 to 1000"))?);
            }
            "before" => query.before = Some(value.parse().map_err(|_| bad("a unit's number"))?),
            "verdict" => {
                let verdict = Verdict::parse(value);
                query.verdict = Some(verdict.ok_or_else(|| bad("pass, fail, error, timeout or aborted"))?);
            }
            "mac" => query.mac = Some(Mac::parse(value).ok_or_else(|| bad("a MAC such as 18:DE:50:3A:8E:3F"))?),
            "since" => query.since = Some(value.parse().map_err(|_| bad("a time such as 2026-11-22T08:00:00Z"))?),
            "until" => query.until = Some(value.parse().map_err(|_| bad("a time such as 2026-11-22T08:00:00Z"))?),
            "q" | "slot" | "fault" | "module" | "batch" if value.len() > MAX_TEXT => {
                return Err(bad("at most 100 letters"));
            }
            // a whole address has an index, a part of one has not
            "q" => match Mac::parse(value.trim()) {
                Some(mac) => query.mac = Some(mac),
                None => query.text = Some(value.clone()).filter(|text| !text.trim().is_empty()),
            },
            "slot" => query.slot = Some(value.clone()),
            "fault" => query.fault = Some(value.clone()),
            "module" => query.module = Some(value.clone()),
            "batch" => query.batch = Some(value.clone()),
            "arrived" => query.arrived = Some(value.parse().map_err(|_| bad("true or false"))?),
            _ => {
                let names = "one of limit, before, verdict, mac, since, until, q, slot, fault, module, batch, arrived";
                return Err(bad(&format!("{names} as the parameter's name")));
            }
        }
    }
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pairs: &[(&str, &str)]) -> Result<UnitQuery, Problem> {
        parse(&pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>())
    }

    #[test]
    fn the_list_is_limited_unless_asked_otherwise() {
        assert_eq!(parsed(&[]).unwrap().limit, Some(50));
        assert_eq!(parsed(&[("limit", "1000")]).unwrap().limit, Some(1000));
    }

    #[test]
    fn each_parameter_reaches_the_query() {
        let query = parsed(&[
            ("limit", "7"),
            ("before", "100"),
            ("verdict", "timeout"),
            ("mac", "18de503a8e3f"),
            ("since", "2026-11-22T08:00:00Z"),
            ("arrived", "false"),
        ]);
        let expected = UnitQuery {
            limit: Some(7),
            before: Some(100),
            verdict: Some(Verdict::Timeout),
            mac: Mac::parse("18:DE:50:3A:8E:3F"),
            since: "2026-11-22T08:00:00Z".parse().ok(),
            arrived: Some(false),
            ..UnitQuery::default()
        };
        assert_eq!(query.unwrap(), expected);
    }

    #[test]
    fn a_bad_parameter_is_named() {
        for (name, value) in [
            ("limit", "0"),
            ("limit", "1001"),
            ("limit", "ten"),
            ("before", "-1"),
            ("verdict", "good"),
            ("mac", "18:DE"),
            ("since", "yesterday"),
            ("arrived", "no"),
            ("colour", "red"),
        ] {
            let problem = format!("{:?}", parsed(&[(name, value)]).unwrap_err());
            assert!(problem.contains(name) && problem.contains(value), "{problem}");
        }
    }
}
