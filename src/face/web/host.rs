//! Refuses requests that were sent to a name which is not the station's, in words for who may be a person.

use super::app::App;
use super::names::is_ours;
use super::problem::Problem;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};

/// Refuses requests that were sent to a name which is not the station's.
pub(super) async fn host(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let mut named = headers.get_all(header::HOST).iter().map(|name| name.to_str().unwrap_or_default());
    let (name, more) = (named.next().unwrap_or_default(), named.next());
    if more.is_some() {
        let detail = "expected one Host header (RFC 9112, section 3.2), found several";
        return Problem::new(StatusCode::BAD_REQUEST, "two_hosts", "The request is not valid", detail).into_response();
    }
    let target = request.uri().authority().map(Authority::as_str);
    let own = app.options.host.as_deref();
    let foreign = [Some(name), target].into_iter().flatten().find(|name| !is_ours(name, own, &app.names));
    let Some(foreign) = foreign else { return next.run(request).await };
    let detail = format!(
        "Host is {foreign:?}: use the station's IP address, its host name, or the name that `host` under [web] gives it"
    );
    if wants_page(headers) {
        return (StatusCode::FORBIDDEN, Html(page(headers, foreign))).into_response();
    }
    Problem::forbidden("foreign_host", "This name is not the station's", detail).into_response()
}

/// Whether a person is likely to read the answer.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    accepted.flat_map(|accept| accept.split(',')).any(|kind| kind.trim().starts_with("text/html"))
}

/// The refusal for people.
fn page(headers: &HeaderMap, name: &str) -> String {
    let languages = headers.get(header::ACCEPT_LANGUAGE).and_then(|languages| languages.to_str().ok());
    let french = languages.is_some_and(|languages| languages.trim_start().starts_with("fr"));
    let bare = name.rsplit_once(':').map_or(name, |(bare, _)| bare);
    let (name, bare) = (escaped(name), escaped(bare));
    let (language, title, why, what, how) = if french {
        (
            "fr",
            "Ce nom n\u{2019}est pas celui du poste",
            format!(
                "Le poste flashjig est ici, mais il ne se connaît pas sous le nom <b>{name}</b>. Il refuse les noms étrangers : une autre page pourrait sinon le commander."
            ),
            "Tapez son adresse IP ou son nom d\u{2019}hôte (aussi NOM.local).",
            "Ou donnez-lui ce nom dans <code>/etc/flashjig/flashjig.toml</code>, puis redémarrez flashjig :",
        )
    } else {
        (
            "en",
            "This name is not the station\u{2019}s",
            format!(
                "The flashjig station is here, but does not know itself by the name <b>{name}</b>. It refuses foreign names, for another page could control it by them."
            ),
            "Type its IP address or its host name (NAME.local, too).",
            "Or give it this name in <code>/etc/flashjig/flashjig.toml</code>, and restart flashjig:",
        )
    };
    format!(
        "<!doctype html>\n<html lang=\"{language}\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<title>flashjig</title>\n<h1>{title}</h1>\n<p>{why}</p>\n<p>{what}</p>\n<p>{how}</p>\n\
         <pre>[web]\nhost = \"{bare}\"</pre>\n</html>\n"
    )
}

/// A text inside of HTML.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{FFFD}'),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_name_can_write_nothing_into_the_refusal() {
        let told = page(&HeaderMap::new(), "<script>\"&'.evil:80");
        assert!(told.contains("&lt;script&gt;&quot;&amp;") && !told.contains("<script"), "{told}");
        assert!(told.contains("[web]\nhost = \""), "{told}");
    }
}
