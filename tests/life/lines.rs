//! The program behind a slot's lines: it hands the station's orders on to the board, and can die, fall silent or refuse.

use crate::nest::Wire;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// How it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It does what it is told.
    #[default]
    Well,
    /// It is not there: its socket is gone and its connections are broken.
    Dead,
    /// It takes orders and never answers.
    Silent,
    /// It answers that it can't.
    Refusing,
}

#[derive(Default)]
struct Shared {
    mood: Mood,
    clients: Vec<UnixStream>,
    /// An order was not carried out since somebody asked.
    missed: bool,
}

/// The program.
pub(crate) struct Lines {
    path: PathBuf,
    board: PathBuf,
    shared: Arc<Mutex<Shared>>,
    server: Option<(JoinHandle<()>, Arc<AtomicBool>)>,
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lines {
    /// Serves the station at `path`; `board` is the virtual board's own socket.
    pub(crate) fn new(path: &Path, board: &Path) -> Self {
        let mut lines = Self { path: path.into(), board: board.into(), shared: Arc::default(), server: None };
        lines.live();
        lines
    }

    /// It becomes so.
    pub(crate) fn set(&mut self, mood: Mood) {
        let was = lock(&self.shared).mood;
        if was == Mood::Dead && mood != Mood::Dead {
            self.live();
        }
        let mut shared = lock(&self.shared);
        shared.mood = mood;
        shared.missed = true;
        // who waits for an answer that was never given must not wait for ever
        if mood == Mood::Dead || was == Mood::Silent {
            shared.clients.drain(..).for_each(|client| _ = client.shutdown(Shutdown::Both));
        }
        drop(shared);
        if mood == Mood::Dead {
            self.die();
        }
    }

    pub(crate) fn is_well(&self) -> bool {
        lock(&self.shared).mood == Mood::Well
    }

    /// Whether an order may have been missed since it was well and somebody asked with `forget`.
    pub(crate) fn missed(&self, forget: bool) -> bool {
        let mut shared = lock(&self.shared);
        let missed = shared.missed || shared.mood != Mood::Well;
        if forget && shared.mood == Mood::Well {
            shared.missed = false;
        }
        missed
    }

    fn live(&mut self) {
        _ = std::fs::remove_file(&self.path);
        let listener = UnixListener::bind(&self.path).unwrap();
        let (shared, board) = (Arc::clone(&self.shared), self.board.clone());
        let end = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&end);
        let server = std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let (shared, board) = (Arc::clone(&shared), board.clone());
                lock(&shared).clients.extend(stream.try_clone());
                std::thread::spawn(move || {
                    _ = serve(&stream, &shared, &board);
                    _ = stream.shutdown(Shutdown::Both);
                });
            }
        });
        self.server = Some((server, end));
    }

    fn die(&mut self) {
        let Some((server, end)) = self.server.take() else { return };
        end.store(true, Ordering::SeqCst);
        _ = UnixStream::connect(&self.path);
        _ = std::fs::remove_file(&self.path);
        _ = server.join();
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        self.set(Mood::Dead);
    }
}

/// One connection of the station.
fn serve(stream: &UnixStream, shared: &Mutex<Shared>, board: &Path) -> std::io::Result<()> {
    let mut wire: Option<Wire> = None;
    for order in BufReader::new(stream).lines() {
        let order = order?;
        let mood = lock(shared).mood;
        let answer = match mood {
            Mood::Well => {
                let asked = match wire.take() {
                    Some(open) => Ok(open),
                    None => Wire::open(board),
                };
                let asked = asked.and_then(|mut open| {
                    let answer = open.ask(&order)?;
                    wire = Some(open);
                    Ok(answer)
                });
                match asked {
                    Ok(answer) => answer,
                    Err(error) => {
                        lock(shared).missed = true;
                        format!("error the board's program: {error}")
                    }
                }
            }
            Mood::Refusing => "error relay stuck".to_owned(),
            Mood::Silent => continue,
            Mood::Dead => return Ok(()),
        };
        writeln!(&mut &*stream, "{answer}")?;
    }
    Ok(())
}
