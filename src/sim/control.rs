//! A virtual board's lines for other programs: one ASCII command a line over a Unix socket, one line of answer that
//! begins `ok` or `error`. Any number of clients.

use super::faults::Fault;
use super::hand::Hand;
use crate::jig::{Drive, Line};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

/// Longest line that is looked at, bytes.
const LONGEST: u64 = 4096;

/// Keeps the flash's owner: saves a copy of a flash, readable by its owner alone, to any file but this one.
#[derive(Clone, Debug, Default)]
pub struct Saver {
    /// The dump that the board was made from. It is never written.
    pub sacred: Option<PathBuf>,
}

impl Saver {
    /// Whether `path` may be written.
    pub fn permit(&self, path: &Path) -> std::io::Result<()> {
        use std::os::unix::fs::MetadataExt;
        let same = |sacred: &PathBuf| match (std::fs::metadata(sacred), std::fs::metadata(path)) {
            (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
            _ => false,
        };
        if self.sacred.as_ref().is_some_and(same) {
            return Err(std::io::Error::new(
                std::io::ErrorKind::PermissionDenied,
                "this is the dump that the board was made from, and it is never written; name another file",
            ));
        }
        Ok(())
    }

    /// Writes the bytes to `path`, mode 0600.
    pub fn save(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        use std::io::Write;
        use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
        self.permit(path)?;
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        file.write_all(bytes)?;
        file.sync_all()
    }
}

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
pub async fn serve(listener: UnixListener, hand: Arc<Hand>, saver: Saver) {
    while let Ok((stream, _)) = listener.accept().await {
        let (hand, saver) = (Arc::clone(&hand), saver.clone());
        tokio::spawn(async move {
            // a client that goes away is no fault
            _ = client(stream, &hand, &saver).await;
        });
    }
}

async fn client(mut stream: UnixStream, hand: &Hand, saver: &Saver) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut read = BufReader::new(read);
    loop {
        let mut line = String::new();
        if (&mut read).take(LONGEST).read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = obey(line.trim(), hand, saver);
        write.write_all(answer.as_bytes()).await?;
        write.write_all(b"\n").await?;
    }
}

/// Does what a line says and gives the answer.
pub fn obey(line: &str, hand: &Hand, saver: &Saver) -> String {
    let done = || "ok".to_owned();
    let set = |line, on: bool| {
        hand.set(line, if on { Drive::Asserted } else { Drive::Released });
        done()
    };
    let (verb, rest) = line.split_once(' ').map_or((line, ""), |(verb, rest)| (verb, rest.trim()));
    match (verb, rest) {
        ("power", "on") => set(Line::Power, true),
        ("power", "off") => set(Line::Power, false),
        ("cen", "low") => set(Line::Reset, true),
        ("cen", "high") => set(Line::Reset, false),
        ("park", "on") => set(Line::Park, true),
        ("park", "off") => set(Line::Park, false),
        ("status", "") => match hand.stats().map(|stats| serde_json::to_string(&stats)) {
            Some(Ok(json)) => format!("ok {json}"),
            Some(Err(error)) => format!("error {error}"),
            None => "error no board is in the nest".to_owned(),
        },
        ("save", file) if !file.is_empty() => match hand.flash() {
            Some(flash) => match saver.save(Path::new(file), &flash) {
                Ok(()) => done(),
                Err(error) => format!("error {file}: {error}"),
            },
            None => "error no board is in the nest".to_owned(),
        },
        ("fault", words) => match words.parse::<Fault>() {
            Ok(fault) if hand.add_fault(fault) => done(),
            Ok(_) => "error no board is in the nest".to_owned(),
            Err(error) => format!("error {error}"),
        },
        _ => format!(
            "error expected `power on|off`, `cen low|high`, `park on|off`, `status`, `save FILE` or `fault ...`, \
             found `{}`",
            line.escape_default()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::sim::bench::{NestSpec, nest};
    use crate::sim::board::BoardSpec;

    #[test]
    fn the_lines_and_the_status_are_reached_by_words() {
        let nest = nest(NestSpec::default()).unwrap();
        let say = |line: &str| obey(line, &nest.hand, &Saver::default());
        assert!(say("status").starts_with("error"));
        nest.hand.insert(BoardSpec::new(Chip::Bk7231N, vec![0; 0x1000]));
        assert_eq!(say("power on"), "ok");
        assert_eq!(say("cen high"), "ok");
        let status = say("status");
        let json: serde_json::Value = serde_json::from_str(status.strip_prefix("ok ").unwrap()).unwrap();
        assert_eq!((&json["powered"], &json["cen"]), (&true.into(), &"high".into()));
        assert_eq!((&json["erases"], &json["boot_intact"]), (&0.into(), &true.into()));
        assert!(say("power up").starts_with("error"));
        assert_eq!(say("fault stuck 0x20000"), "ok");
    }

    #[tokio::test]
    async fn several_clients_are_served_and_an_abandoned_socket_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("board.sock");
        drop(bind(&path).await.unwrap());
        let listener = bind(&path).await.unwrap();
        assert!(bind(&path).await.is_err(), "a socket that is served is left alone");
        let nest = nest(NestSpec::default()).unwrap();
        tokio::spawn(serve(listener, Arc::new(nest.hand), Saver::default()));
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

    #[test]
    fn the_dump_that_a_board_came_from_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let dump = folder.path().join("dump.bin");
        std::fs::write(&dump, b"mine").unwrap();
        let alias = folder.path().join("alias.bin");
        std::os::unix::fs::symlink(&dump, &alias).unwrap();
        let saver = Saver { sacred: Some(dump.clone()) };
        assert!(saver.save(&dump, b"no").is_err());
        assert!(saver.save(&alias, b"no").is_err());
        assert_eq!(std::fs::read(&dump).unwrap(), b"mine");
        assert!(saver.save(&folder.path().join("other.bin"), b"yes").is_ok());
    }
}
