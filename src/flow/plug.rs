//! Asks a plug over its own interface, in its manner: one request at a time, each on a connection of its own, patient with one
//! that is busy. It talks to that plug only.

use crate::jig::air::Way;
use crate::model::openbeken::life::http::{self, LONGEST, Reply};
use crate::model::tuya::secret::Secret;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{sleep, timeout};

/// A request is sent so often, with such pauses between, and each has so long: the firmware's server has one thread.
const TRIES: u32 = 10;
const PAUSE: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_secs(3);

/// A plug in the network.
#[derive(Clone, Debug)]
pub(super) struct Plug {
    way: Way,
    password: Secret,
}

impl Plug {
    /// In the network, at this address.
    pub(super) fn at(address: Ipv4Addr, port: u16, password: Secret) -> Self {
        Self::new(Way { address: SocketAddr::new(address.into(), port), interface: None }, password)
    }

    /// There; its page has this password, or none.
    pub(super) fn new(way: Way, password: Secret) -> Self {
        Self { way, password }
    }

    /// Its address, for people.
    pub(super) fn address(&self) -> String {
        self.way.address.ip().to_string()
    }

    /// What it answers to a question.
    pub(super) async fn get(&self, path: &str) -> Result<Reply, String> {
        self.ask("GET", path, "").await
    }

    /// What it answers to an order.
    pub(super) async fn post(&self, path: &str, body: &str) -> Result<Reply, String> {
        self.ask("POST", path, body).await
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Result<Reply, String> {
        let request = http::request(method, path, &self.address(), &self.password, body);
        let mut why = String::new();
        for trial in 0..TRIES {
            if trial > 0 {
                sleep(PAUSE).await;
            }
            let came = timeout(PATIENCE, exchange(&self.way, &request)).await;
            match came.unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs()))) {
                Ok(reply) => return Ok(reply),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

async fn exchange(way: &Way, request: &Secret) -> Result<Reply, String> {
    let broken = |error: std::io::Error| format!("a connection that broke: {error}");
    let mut stream = way.connect().await.map_err(|error| format!("no connection: {error}"))?;
    stream.write_all(request.reveal()).await.map_err(broken)?;
    let mut bytes = Vec::new();
    let read = (&mut stream).take(LONGEST as u64 + 1).read_to_end(&mut bytes).await;
    if bytes.len() > LONGEST {
        return Err(format!("an answer of more than {} KiB", LONGEST / 1024));
    }
    match (read, http::reply(&bytes)) {
        // who closes hard has said all
        (Err(error), Err(_)) => Err(broken(error)),
        (_, answer) => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A server that drops the first connections and answers the one after in the firmware's manner.
    async fn served(dropped: usize, answer: Vec<u8>) -> Result<Reply, String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let plug = Plug::new(Way { address: listener.local_addr().unwrap(), interface: None }, Secret::default());
        let serve = async move {
            for _ in 0..dropped {
                drop(listener.accept().await.unwrap());
            }
            while let Ok((mut stream, _)) = listener.accept().await {
                _ = stream.read(&mut [0; 512]).await;
                _ = stream.write_all(&answer).await;
            }
        };
        tokio::select! {
            reply = plug.get("/api/info") => reply,
            () = serve => unreachable!("it is served until it is answered"),
        }
    }

    #[tokio::test]
    async fn a_plug_that_is_busy_is_asked_again() {
        let reply = served(3, b"HTTP/1.1 200 OK\nContent-type: text/plain\r\n\r\nhello".to_vec()).await.unwrap();
        assert_eq!((reply.status, reply.body.as_slice()), (200, b"hello".as_slice()));
    }

    #[tokio::test]
    async fn an_answer_without_an_end_is_not_swallowed_whole() {
        let error = served(0, vec![b'x'; LONGEST + 4096]).await.unwrap_err();
        assert_eq!(error, "an answer of more than 64 KiB");
    }
}
