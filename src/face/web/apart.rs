//! The page on a thread of its own: whatever its clients ask for, the threads that talk to chips have the processor first.

use super::serve::serve;
use axum::Router;
use std::io;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How far the page's threads step back (nice(2)): a tenth of the share of a thread that does not.
const NICE: i32 = 10;
/// Threads that read files and the ledger for the page.
const READERS: usize = 16;

/// Serves what `make` makes, until `end`. The answer is the news that it ended, and how.
pub fn serve_apart(
    listener: TcpListener,
    make: impl FnOnce() -> Router + Send + 'static,
    end: CancellationToken,
) -> io::Result<oneshot::Receiver<io::Result<()>>> {
    // it belongs to the event loop of the runtime that it was opened in
    let listener = listener.into_std()?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_name("page-read")
        .max_blocking_threads(READERS)
        .on_thread_start(step_back)
        .build()?;
    let (tell, news) = oneshot::channel();
    std::thread::Builder::new().name("page".into()).spawn(move || {
        step_back();
        let ended = runtime.block_on(async { serve(TcpListener::from_std(listener)?, make(), end).await });
        // what still waits for a disk must not keep the program from its end
        runtime.shutdown_background();
        _ = tell.send(ended);
    })?;
    Ok(news)
}

/// On Linux the priority is that of the thread that asks, whatever POSIX says.
fn step_back() {
    // where it is forbidden the page works all the same
    _ = rustix::process::setpriority_process(None, NICE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    /// The priority of the thread that asks, and of one that blocks.
    async fn priorities() -> String {
        let own = || rustix::process::getpriority_process(None).unwrap();
        format!("{} {}", own(), tokio::task::spawn_blocking(own).await.unwrap())
    }

    #[tokio::test]
    async fn the_page_steps_back_and_nobody_else_does() {
        let before = rustix::process::getpriority_process(None).unwrap();
        let listener = super::super::serve::listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, end) = (listener.local_addr().unwrap(), CancellationToken::new());
        let news = serve_apart(listener, || Router::new().route("/", get(priorities)), end.clone()).unwrap();
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
        let mut told = String::new();
        client.read_to_string(&mut told).await.unwrap();
        let wanted = NICE.max(before);
        assert!(told.ends_with(&format!("\r\n\r\n{wanted} {wanted}")), "{told}");
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), before);
        end.cancel();
        news.await.unwrap().unwrap();
    }
}
