//! `flashjig backup`.

mod twins;

use super::data_dir::Place;
use super::out::print;
use crate::fail::{Failure, NO};
use crate::model::chip::digest::Digest;
use crate::model::unit::UnitQuery;
use crate::store::archive::{Report, Stored};
use crate::store::{Archive, LedgerCopy, StoreError, seal};
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Export or check the archive of stock flashes.
///
/// It may run beside the daemon, and changes nothing in the archive.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write the stock flash of a unit to a file. It holds the Wi-Fi password of the plug's former home
    Export {
        /// Number of the unit in the ledger
        seq: u64,
        /// New file; one that exists is never overwritten
        file: PathBuf,
        /// File with the age key (AGE-SECRET-KEY-1...) of a backup that was kept encrypted
        #[arg(long, value_name = "KEYFILE")]
        identity: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Read every backup again, compare it with its digest, and look for one of each unit that had one
    Check {
        #[command(flatten)]
        place: Place,
    },
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| Failure::broken(format!("starting the runtime: {error}")))?;
    let (text, good) = match &args.command {
        Command::Export { seq, file, identity, place } => {
            (runtime.block_on(export(&place.data_dir()?, *seq, file, identity.as_deref()))?, true)
        }
        Command::Check { place } => runtime.block_on(check(&place.data_dir()?))?,
    };
    print(text)?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

async fn export(data_dir: &Path, seq: u64, file: &Path, identity: Option<&Path>) -> Result<String, Failure> {
    let ledger = LedgerCopy::take(data_dir).map_err(Failure::broken)?;
    let unit = ledger.get(seq).map_err(Failure::broken)?;
    let unit = unit.ok_or_else(|| Failure::no(format!("there is no unit {seq}; `flashjig units` lists them")))?;
    let backup = unit.backup.ok_or_else(|| {
        Failure::no(format!("unit {seq} has no backup: it ended ({}) before one was kept", unit.verdict))
    })?;
    let stored = Archive::at(data_dir).load(backup.sha256).await.map_err(|error| match error {
        StoreError::Disk { .. } => Failure::broken(error),
        _ => Failure::no(error),
    })?;
    let bytes = match (stored, identity) {
        (Stored::Plain(bytes), _) => bytes,
        (Stored::Encrypted(sealed), Some(key)) => decrypt(&sealed, key, backup.sha256)?,
        (Stored::Encrypted(_), None) => {
            return Err(Failure::no(format!(
                "the backup of unit {seq} is encrypted: give the key that belongs to the recipe's encrypt_to with \
                 --identity KEYFILE"
            )));
        }
    };
    save(file, &bytes)?;
    Ok(format!("unit {seq}: {} KiB to {}, SHA-256 {}\n", bytes.len() / 1024, file.display(), backup.sha256))
}

/// The stock flash in an age file, compared with the digest of the record.
fn decrypt(sealed: &[u8], key: &Path, expected: Digest) -> Result<Vec<u8>, Failure> {
    let what = format!("reading the key file {}", key.display());
    let text = fs::read_to_string(key).map_err(|error| Failure::broken(StoreError::io(&what, &error)))?;
    let bytes = seal::open(sealed, &text).map_err(Failure::no)?;
    let found = Digest::of(&bytes);
    if found != expected {
        return Err(Failure::no(StoreError::Damaged {
            what: "the decrypted backup".into(),
            expected: format!("SHA-256 {expected}"),
            found: format!("{found} over {} bytes", bytes.len()),
            remedy: "do not write it to a board, look for another copy".into(),
        }));
    }
    Ok(bytes)
}

/// A new file, for the owner's eyes only.
fn save(file: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let what = format!("writing {}", file.display());
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(|error| {
        if error.kind() == io::ErrorKind::AlreadyExists {
            Failure::broken(format!("{what}: the file exists and is not overwritten; choose another name"))
        } else {
            Failure::broken(StoreError::io(&what, &error))
        }
    })?;
    out.write_all(bytes).and_then(|()| out.sync_all()).map_err(|error| {
        // half a dump would pass for a whole one
        let _ = fs::remove_file(file);
        Failure::broken(StoreError::io(&what, &error))
    })
}

/// What was found, and whether all is well.
async fn check(data_dir: &Path) -> Result<(String, bool), Failure> {
    // The ledger first: a unit's backup is kept before its record, so none can seem to be missing.
    let ledger = LedgerCopy::take(data_dir).map_err(Failure::broken)?;
    let units = ledger.query(&UnitQuery::default()).map_err(Failure::broken)?;
    let report = Archive::at(data_dir).check().await.map_err(Failure::broken)?;
    let twins = twins::find(&units, &Archive::at(data_dir)).await;
    let bad = report.bad.iter().map(|(digest, _)| *digest);
    let there: HashSet<_> = report.good.iter().map(|kept| kept.digest).chain(bad).collect();
    let wanted = units.into_iter().filter_map(|unit| Some((unit.seq, unit.backup?.sha256)));
    let missing: Vec<_> = wanted.filter(|(_, digest)| !there.contains(digest)).collect();
    let lost = ledger.lost().map_or_else(String::new, |error| format!("{error}\n"));
    let well = report.bad.is_empty() && missing.is_empty() && lost.is_empty() && twins.is_empty();
    Ok((lost + &twins.concat() + &summary(&report, &missing), well))
}

fn summary(report: &Report, missing: &[(u64, Digest)]) -> String {
    let mut text = String::new();
    // writing to a String can't fail
    for (_, error) in &report.bad {
        let _ = writeln!(text, "bad: {error}");
    }
    for (seq, digest) in missing {
        let _ = writeln!(text, "missing: the backup {digest} of unit {seq}; look for a copy of the data folder");
    }
    for stranger in &report.strangers {
        let _ = writeln!(text, "not a backup: {}", stranger.display());
    }
    for path in &report.doubled {
        let _ = writeln!(
            text,
            "twice: the archive has another file of the same stock flash beside {}; remove the one that is not wanted",
            path.display()
        );
    }
    let kib = report.good.iter().map(|kept| kept.bytes).sum::<u64>() / 1024;
    let (good, bad) = (report.good.len(), report.bad.len());
    let encrypted = match report.good.iter().filter(|kept| kept.encrypted).count() {
        0 => String::new(),
        count => format!(", {count} of them encrypted"),
    };
    let _ = writeln!(text, "{good} good ({kib} KiB{encrypted}), {bad} bad, {} missing", missing.len());
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail::BROKEN;
    use crate::model::firmware::content::BackupKind;
    use crate::model::unit::{Backup, Unit};
    use crate::store::Ledger;
    use crate::store::sample::unit;
    use std::os::unix::fs::PermissionsExt;

    /// A station with one unit, its stock flash kept, and its daemon still running.
    async fn station(dir: &Path) -> (Ledger, Digest) {
        let ledger = Ledger::open(dir).unwrap();
        let sha256 = Archive::open(dir).unwrap().keep(vec![7; 4096].into()).await.unwrap();
        let backup = Some(Backup {
            sha256,
            bytes: 4096,
            read_bytes: 4096,
            skipped_bytes: 0,
            contains_credentials: true,
            kind: BackupKind::Stock,
        });
        ledger.commit(Unit { backup, ..unit() }).await.unwrap();
        ledger.commit(Unit { backup: None, ..unit() }).await.unwrap();
        (ledger, sha256)
    }

    #[tokio::test]
    async fn a_backup_is_exported_byte_for_byte_and_nothing_is_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let _daemon = station(dir.path()).await;
        let file = dir.path().join("stock.bin");
        export(dir.path(), 1, &file, None).await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), [7; 4096]);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let again = export(dir.path(), 1, &file, None).await.unwrap_err();
        assert!(again.code == BROKEN && again.message.contains("not overwritten"), "{again}");
        for (seq, reason) in [(2, "has no backup"), (3, "there is no unit 3")] {
            let error = export(dir.path(), seq, &dir.path().join("x"), None).await.unwrap_err();
            assert!(error.code == NO && error.message.contains(reason), "{error}");
        }
        assert!(!dir.path().join("x").exists());
    }

    #[tokio::test]
    async fn a_damaged_and_a_missing_backup_are_both_found() {
        let dir = tempfile::tempdir().unwrap();
        let (_daemon, digest) = station(dir.path()).await;
        let good = ("1 good (4 KiB), 0 bad, 0 missing\n".to_owned(), true);
        assert_eq!(check(dir.path()).await.unwrap(), good);
        let file = Archive::at(dir.path()).path(digest);
        fs::write(&file, [8; 4096]).unwrap();
        let (text, well) = check(dir.path()).await.unwrap();
        assert!(!well && text.contains("bad: the backup") && text.ends_with("1 bad, 0 missing\n"), "{text}");
        assert_eq!(export(dir.path(), 1, &dir.path().join("x"), None).await.unwrap_err().code, NO);
        fs::remove_file(file).unwrap();
        let (text, well) = check(dir.path()).await.unwrap();
        assert!(!well && text.contains(&format!("missing: the backup {digest} of unit 1")), "{text}");
    }

    #[tokio::test]
    async fn an_encrypted_backup_needs_its_key() {
        use age::secrecy::ExposeSecret as _;
        let dir = tempfile::tempdir().unwrap();
        let (_daemon, _) = station(dir.path()).await;
        let key = age::x25519::Identity::generate();
        let archive = Archive::open(dir.path()).unwrap();
        archive.keep_for(vec![7; 4096].into(), Some(key.to_public().to_string())).await.unwrap();
        let (text, well) = check(dir.path()).await.unwrap();
        assert!(well && text.starts_with("1 good (4 KiB, 1 of them encrypted), 0 bad"), "{text}");

        let file = dir.path().join("stock.bin");
        let refused = export(dir.path(), 1, &file, None).await.unwrap_err();
        assert!(refused.code == NO && refused.message.contains("--identity KEYFILE"), "{refused}");
        let (own, foreign) = (dir.path().join("own"), dir.path().join("foreign"));
        fs::write(&own, key.to_string().expose_secret()).unwrap();
        fs::write(&foreign, age::x25519::Identity::generate().to_string().expose_secret()).unwrap();
        let refused = export(dir.path(), 1, &file, Some(&foreign)).await.unwrap_err();
        assert!(refused.code == NO && refused.message.contains("another key"), "{refused}");
        assert!(!file.exists());
        export(dir.path(), 1, &file, Some(&own)).await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), [7; 4096]);
    }
}
