//! The socket of a virtual bench: one ASCII command a line, one line of answer that begins `ok` or `error`. Any number of
//! clients.

use super::workbench::Workbench;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Longest line that is looked at, bytes.
const LONGEST: u64 = 4096;

/// Binds the socket, in place of one that nobody serves any more.
pub async fn bind(path: &Path) -> std::io::Result<UnixListener> {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|meta| meta.file_type().is_socket());
    if is_socket && UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}

/// Serves clients for ever.
pub async fn serve(listener: UnixListener, bench: Arc<Workbench>) {
    while let Ok((stream, _)) = listener.accept().await {
        let bench = Arc::clone(&bench);
        tokio::spawn(async move {
            // a client that goes away is no fault
            _ = client(stream, &bench).await;
        });
    }
}

async fn client(mut stream: UnixStream, bench: &Workbench) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = String::new();
        if (&mut read).take(LONGEST).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = bench.obey(line.trim());
        write.write_all(answer.as_bytes()).await?;
        write.write_all(b"\n").await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::bench::{NestSpec, nest};
    use crate::sim::outlet::Outlet;
    use crate::sim::saver::Saver;

    #[tokio::test]
    async fn several_clients_are_served_and_an_abandoned_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.sock");
        drop(bind(&path).await.unwrap());
        let listener = bind(&path).await.unwrap();
        assert!(bind(&path).await.is_err(), "a socket that is served is left alone");
        let nest = nest(NestSpec::default()).unwrap();
        let bench = Workbench::new(Arc::new(nest.hand), Outlet::default(), Saver::default());
        tokio::spawn(serve(listener, Arc::new(bench)));
        let mut clients = [UnixStream::connect(&path).await.unwrap(), UnixStream::connect(&path).await.unwrap()];
        for client in &mut clients {
            client.write_all(b"power on\nnonsense\n").await.unwrap();
        }
        for client in clients {
            let mut lines = BufReader::new(client).lines();
            assert_eq!(lines.next_line().await.unwrap().unwrap(), "ok");
            assert!(lines.next_line().await.unwrap().unwrap().starts_with("error"));
        }
    }
}
