//! The server: connections that are slow, silent or too many must not cost anybody else anything.

use super::app::Closing;
use super::caller::Caller;
use super::places::{Place, Places, Work};
use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Extension;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Connections that are still open this long after the end was asked for are dropped.
const CLOSING_TIME: Duration = Duration::from_secs(3);
/// A request's head must come within this time; a connection that is kept open between requests, too.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// A peer that takes nothing for so long is gone, or does harm.
const STALLED: Duration = Duration::from_secs(30);
/// What a connection may hold of the kernel's memory, bytes: without a limit a peer that never reads gets megabytes of it
/// before anybody notices. The kernel doubles it for its own needs.
const SEND_BUFFER: u32 = 128 * 1024;
/// Connections that wait to be taken: more than a crowd that comes again and again, or the next one would have to try again
/// a second later.
const BACKLOG: u32 = 1024;
/// Pause after the system refused a connection, most likely for want of file handles.
const PAUSE: Duration = Duration::from_millis(200);

/// Listens on exactly this address. Call it inside a tokio runtime.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // a station that is started again must not wait for the last one's connections to be forgotten
    socket.set_reuseaddr(true)?;
    // connections inherit it
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves the router until `shutdown`, then lets requests in flight end for a short time.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    let router = router.layer(Extension(Closing(shutdown.clone())));
    let (tasks, places) = (TaskTracker::new(), Places::default());
    loop {
        let accepted = tokio::select! {
            () = shutdown.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // who has more than its share is turned away without a word
        let Some(place) = places.take(peer.ip()) else { continue };
        let Ok(ours) = stream.local_addr() else { continue };
        let (router, shutdown) = (router.clone().layer(Extension(Caller::new(peer, ours))), shutdown.clone());
        tasks.spawn(async move {
            let cut = place.cut.clone();
            tokio::select! {
                () = connection(stream, router, shutdown, Some(place)) => {}
                () = cut.cancelled() => {}
            }
        });
        // what it asks for is most likely here already: it is looked at before the next one could need its place
        tokio::task::yield_now().await;
    }
    drop(listener);
    tasks.close();
    _ = tokio::time::timeout(CLOSING_TIME, tasks.wait()).await;
    Ok(())
}

async fn connection(stream: TcpStream, router: Router, shutdown: CancellationToken, place: Option<Place>) {
    // the page's small messages must not wait for more
    _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .serve_connection(TokioIo::new(Patient::new(stream)), Answer { service, place });
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let ended = tokio::time::timeout(CLOSING_TIME, connection).await;
            ended.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// axum's body in place of hyper's, and the place that is at work while a request is.
struct Answer {
    service: TowerToHyperService<Router>,
    place: Option<Place>,
}

/// The body of an answer; once it is through, its connection waits for the next request.
struct Through {
    body: Body,
    _work: Option<Work>,
}

impl HttpBody for Through {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request; once all of it is there, the place is at work.
struct Coming {
    body: Incoming,
    work: Option<Work>,
}

impl Coming {
    fn look(&self, ended: bool) {
        if let Some(work) = self.work.as_ref().filter(|_| ended || self.body.is_end_stream()) {
            work.begin();
        }
    }
}

impl HttpBody for Coming {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.look(matches!(frame, Poll::Ready(None | Some(Err(_)))));
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl hyper::service::Service<hyper::Request<Incoming>> for Answer {
    type Response = hyper::Response<Through>;
    type Error = std::convert::Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn call(&self, mut request: hyper::Request<Incoming>) -> Self::Future {
        let work = self.place.as_ref().map(Place::work);
        if let Some(work) = &work {
            request.extensions_mut().insert(work.clone());
        }
        let request = request.map(|body| {
            let coming = Coming { body, work: work.clone() };
            coming.look(false);
            Body::new(coming)
        });
        let answer = hyper::service::Service::call(&self.service, request);
        Box::pin(async move { Ok(answer.await?.map(|body| Through { body, _work: work })) })
    }
}

/// A stream whose writes fail once the peer has taken nothing for a while.
struct Patient {
    stream: TcpStream,
    limit: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn new(stream: TcpStream) -> Self {
        Self { stream, limit: None }
    }

    fn judge<T>(&mut self, cx: &mut Context<'_>, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if done.is_ready() {
            self.limit = None;
            return done;
        }
        let end = || Box::pin(tokio::time::sleep_until(Instant::now() + STALLED));
        let limit = self.limit.get_or_insert_with(end);
        limit.as_mut().poll(cx).map(|()| {
            // Closed the usual way, the kernel would keep what is not sent, and the peer would never hear of the end.
            _ = self.stream.set_zero_linger();
            Err(io::Error::new(io::ErrorKind::TimedOut, "the peer takes nothing"))
        })
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, done)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, done)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let done = Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        self.judge(cx, done)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use futures_util::stream;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn endless() -> Body {
        let chunk = Bytes::from_static(&[b'.'; 4096]);
        Body::from_stream(stream::repeat_with(move || Ok::<_, std::convert::Infallible>(chunk.clone())))
    }

    // the clock jumps to the end of the peer's patience once nothing moves any more
    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_is_cut_off_and_told_so() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let mut peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        peer.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let router = Router::new().route("/", get(endless));
        let begun = Instant::now();
        connection(stream, router, CancellationToken::new(), None).await;
        assert!(begun.elapsed() >= STALLED, "cut off after {:?}", begun.elapsed());
        let mut taken = Vec::new();
        let end = peer.read_to_end(&mut taken).await.unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::ConnectionReset);
    }
}
