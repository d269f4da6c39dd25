//! Files that somebody else may have put in place, read without trust in them: no more than so many bytes, and out of a
//! folder that others write to only its own files. A link there could name a secret, a pipe would keep the reader
//! waiting for ever.

use rustix::fs::OFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a file that lies in its folder itself.
pub(crate) fn file(path: &Path) -> io::Result<File> {
    if path.symlink_metadata()?.is_symlink() {
        return Err(other("it is a link; put the file itself there"));
    }
    // it may have become something else meanwhile
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(other("it is not a file")) }
}

/// The bytes of such a file.
pub(crate) fn own(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bytes(file(path)?, most)
}

/// The bytes of whatever somebody names, a link or a pipe too.
pub(crate) fn named(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    bytes(File::open(path)?, most)
}

/// As text.
pub(crate) fn text(bytes: Vec<u8>) -> io::Result<String> {
    String::from_utf8(bytes).map_err(|_| other("expected text in UTF-8, found other bytes"))
}

fn bytes(file: File, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(other(&format!("expected at most {} KiB, found more", most / 1024)));
    }
    Ok(bytes)
}

fn other(what: &str) -> io::Error {
    io::Error::other(what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_watched_folder_gives_its_own_files_alone_and_a_person_may_name_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("file"), "text").unwrap();
        symlink(path("file"), path("link")).unwrap();
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert_eq!(own(&path("file"), 4).unwrap(), b"text");
        assert_eq!(named(&path("link"), 4).unwrap(), b"text");
        for (name, most, why) in [
            ("file", 3, "at most 0 KiB, found more"),
            ("link", 9, "it is a link; put the file itself there"),
            ("pipe", 9, "it is not a file"),
            (".", 9, "it is not a file"),
        ] {
            assert!(own(&path(name), most).unwrap_err().to_string().contains(why), "{name}");
        }
        assert_eq!(own(&path("none"), 9).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(named(&path("link"), 3).is_err());
    }
}
