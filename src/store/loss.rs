//! What to say where the ledger lost something: what to try, in this order, and what goes on without it at last. No text
//! here lets numbers begin at 1 again: the same number on two plugs is worse than a gap.

use super::StoreError;
use std::io::ErrorKind;
use std::path::Path;

pub(super) const NAME: &str = "last";
pub(super) const FLOOR: &str = "floor";

/// The ledger, and what its files say of the numbers that were given.
pub(super) struct Loss<'a> {
    pub(super) folder: &'a Path,
    /// The number of the last unit; 0: nobody knows.
    pub(super) last: u64,
    pub(super) floor: u64,
}

impl Loss<'_> {
    /// The log ends with this unit.
    pub(super) fn of_the_end(&self, found: u64) -> StoreError {
        self.said(&format!("records up to unit {}", self.last), &format!("{found} as the last one"), &self.go_on())
    }

    /// There is no log.
    pub(super) fn of_the_log(&self, found: &str) -> StoreError {
        self.said("the file db with the units of before", found, &self.go_on())
    }

    /// It ends where it must, but something in it can't be read.
    pub(super) fn of_some(&self, gap: &str) -> StoreError {
        let folder = self.folder.display();
        StoreError::Damaged {
            what: format!("the ledger in {folder}"),
            expected: "every record".into(),
            found: gap.into(),
            remedy: format!(
                "the station works with the others: check the disk (`dmesg`) and copy the data folder away. With a copy \
                 of the data folder of before (`flashjig units --data-dir DIR` lists what it holds) stop flashjig, put db, \
                 conf, blobs and snap.* of its ledger in place of these, then {}. The backups are not affected: \
                 `flashjig backup check`",
                self.go_on()
            ),
        }
    }

    /// sled can't open the log, with none of the snapshots and without.
    pub(super) fn of_all(&self, found: &str) -> StoreError {
        let folder = self.folder.display();
        let step = self.floor(&format!("mv {folder} {folder}.damaged && mkdir -m 700 {folder}"));
        self.said("the log of the ledger as it was written", found, &step)
    }

    /// Goes on with what is left of the log.
    fn go_on(&self) -> String {
        let folder = self.folder.display();
        self.floor(&format!("mkdir -p -m 700 {folder} && rm -f {folder}/{NAME}"))
    }

    /// Whatever is done before, numbers go on behind the highest one that was given.
    fn floor(&self, before: &str) -> String {
        let file = self.folder.join(FLOOR);
        let file = file.display();
        match self.last.max(self.floor) {
            0 => format!(
                "`{before} && echo N > {file}`, with the highest number in place of N that is known of an export, a label \
                 or the page; the next unit is number N + 1"
            ),
            known => format!("`{before} && echo {known} > {file}`; the next unit is number {}", known + 1),
        }
    }

    fn said(&self, expected: &str, found: &str, go_on: &str) -> StoreError {
        let folder = self.folder.display();
        StoreError::Damaged {
            what: format!("the ledger in {folder}"),
            expected: expected.into(),
            found: found.into(),
            remedy: format!(
                "nothing is made anew over it: copy the data folder away and check the disk (`dmesg`). With a copy of the \
                 data folder of before (`flashjig units --data-dir DIR` lists what it holds) put db, conf, blobs and snap.* \
                 of its ledger in place of these. Then, or to go on with what is left, as the user who runs flashjig: \
                 {go_on}. The backups are not affected: `flashjig backup check`"
            ),
        }
    }
}

/// A part of the log could not be read while the station runs. The other parts can.
pub(super) fn of_a_part(what: &str, found: &str) -> StoreError {
    StoreError::Damaged {
        what: what.into(),
        expected: "the log of the ledger as it was written".into(),
        found: found.into(),
        remedy:
            "the disk lost or changed data: check it (`dmesg`) and copy the data folder away; other records can be \
                 read all the same. Restart flashjig: it tries all that is left of the ledger and says what to do. The \
                 backups are not affected: `flashjig backup check`"
                .into(),
    }
}

/// A refusal of the database in words.
pub(super) fn refused(what: &str, error: &sled::Error) -> StoreError {
    match error {
        // a part of the log or a file beside it is not there any more
        sled::Error::Io(gone) if matches!(gone.kind(), ErrorKind::UnexpectedEof | ErrorKind::NotFound) => {
            of_a_part(what, &error.to_string())
        }
        sled::Error::Io(error) => StoreError::io(what, error),
        sled::Error::Corruption { .. } => of_a_part(what, &error.to_string()),
        other => StoreError::Disk {
            what: what.into(),
            found: other.to_string(),
            remedy: "stop flashjig and start it again; report it if it stays".into(),
        },
    }
}
