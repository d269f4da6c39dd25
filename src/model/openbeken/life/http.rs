//! HTTP as OpenBeken speaks it: a status line that ends in a bare LF, no Content-Length, the connection's end as the answer's.
//! A library for the web's HTTP refuses that, so the few bytes that it takes are read here.

use crate::model::tuya::secret::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt::Write as _;

/// The longest answer that is read: `/api/pins` with all its names has some 3 KiB.
pub const LONGEST: usize = 64 * 1024;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Its status, such as 200.
    pub status: u16,
    /// What it says.
    pub body: Vec<u8>,
}

/// The bytes of a request. They may hold a password: never for a log.
pub fn request(method: &str, path: &str, host: &str, password: &Secret, body: &str) -> Secret {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    if !password.is_empty() {
        let login = STANDARD.encode([b"admin:", password.reveal()].concat());
        _ = write!(head, "Authorization: Basic {login}\r\n");
    }
    if !body.is_empty() {
        _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    Secret::new(format!("{head}\r\n{body}"))
}

/// Reads all that came until the connection ended.
pub fn reply(bytes: &[u8]) -> Result<Reply, String> {
    let first = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words = String::from_utf8_lossy(first);
    let mut words = words.split_whitespace();
    let is_http = words.next().is_some_and(|word| word.starts_with("HTTP/1."));
    let status = words.next().and_then(|word| word.parse().ok()).filter(|_| is_http);
    let status = status.ok_or_else(|| format!("an answer of {} bytes that is no HTTP", bytes.len()))?;
    let body = body_at(bytes).ok_or("an answer that ends in its head")?;
    Ok(Reply { status, body: bytes.get(body..).unwrap_or_default().to_vec() })
}

/// Behind the first empty line; lines may end in LF alone.
fn body_at(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        if matches!(line, b"\n" | b"\r\n") {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_answer_of_the_firmware_is_read_to_its_end() {
        let bytes = b"HTTP/1.1 200 OK\nContent-type: application/json\r\nAccess-Control-Allow-Origin: *\r\nConnection: close\r\n\r\n{\"a\":\n\n1}";
        assert_eq!(reply(bytes), Ok(Reply { status: 200, body: b"{\"a\":\n\n1}".to_vec() }));
        assert_eq!(reply(b"HTTP/1.1 501 OK\n\nno").unwrap().status, 501);
        for bad in [&b"SSH-2.0-x\r\n\r\n"[..], b"HTTP/1.1\n\n", b"", b"HTTP/1.1 200 OK\nContent-type: x\r\n"] {
            assert!(reply(bad).is_err());
        }
    }

    #[test]
    fn a_request_names_its_host_and_logs_in_where_a_password_is_set() {
        let text = |secret: Secret| String::from_utf8(secret.reveal().to_vec()).unwrap();
        let get = text(request("GET", "/api/info", "192.0.2.7", &Secret::default(), ""));
        assert_eq!(get, "GET /api/info HTTP/1.1\r\nHost: 192.0.2.7\r\nConnection: close\r\n\r\n");
        let post = request("POST", "/api/cmnd", "192.0.2.7", &Secret::new(*b"web pass"), "ClearIO");
        assert!(!format!("{post:?}").contains("YWRta"), "it is a secret");
        assert!(text(post).ends_with("Authorization: Basic YWRtaW46d2ViIHBhc3M=\r\nContent-Length: 7\r\n\r\nClearIO"));
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in any::<Vec<u8>>()) {
            _ = reply(&bytes);
            _ = reply(&[b"HTTP/1.1 200 OK\n".as_slice(), &bytes].concat());
        }
    }
}
