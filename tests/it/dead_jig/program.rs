//! A program behind a lines socket that can be ended, started again, and told to hang.

use flashjig::jig::{Drive, Line};
use flashjig::sim::control;
use flashjig::sim::hand::Hand;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// The program, as it runs.
pub(crate) struct Program {
    path: PathBuf,
    answers: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Program {
    /// Starts it; one that does not answer takes connections and orders all the same, and does nothing.
    pub(crate) async fn start(path: &Path, hand: &Arc<Hand>, answers: bool) -> Self {
        let listener = control::bind(path).await.unwrap();
        let (answers, hear) = watch::channel(answers);
        let hand = Arc::clone(hand);
        let task = tokio::spawn(async move {
            let mut clients = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                clients.spawn(serve(stream, Arc::clone(&hand), hear.clone()));
            }
        });
        Self { path: path.into(), answers, task }
    }

    /// From now on it answers.
    pub(crate) fn wake(&self) {
        self.answers.send_replace(true);
    }

    /// Ends it, with all of its connections.
    pub(crate) async fn end(self) {
        self.task.abort();
        _ = self.task.await;
        std::fs::remove_file(self.path).unwrap();
    }
}

async fn serve(mut stream: UnixStream, hand: Arc<Hand>, mut answers: watch::Receiver<bool>) {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if answers.wait_for(|answers| *answers).await.is_err() {
            return;
        }
        let answer = obey(&line, &hand);
        if write.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The four orders of the contract.
fn obey(order: &str, hand: &Hand) -> &'static str {
    let (line, to) = match order {
        "power on" => (Line::Power, Drive::Asserted),
        "power off" => (Line::Power, Drive::Released),
        "cen low" => (Line::Reset, Drive::Asserted),
        "cen high" => (Line::Reset, Drive::Released),
        _ => return "error no such order\n",
    };
    hand.set(line, to);
    "ok\n"
}
