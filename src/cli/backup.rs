//! `flashjig backup`.

mod check;
mod pack;
mod report;
mod stored;
mod twins;

use super::data_dir::Place;
use super::deed;
use super::out::print;
use crate::fail::{Failure, NO};
use crate::model::firmware::content::BackupKind;
use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use stored::{save, stored};

/// Export, check or pack the archive of stock flashes.
///
/// It may run beside the daemon.
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
        /// New file; one that exists is never overwritten. `-` is standard output, unless that is a terminal
        file: PathBuf,
        /// File with the age key (AGE-SECRET-KEY-1...) of a backup that was kept encrypted
        #[arg(long, value_name = "KEYFILE")]
        identity: Option<PathBuf>,
        /// What strangers may see of it, for a report: settings, keys, passwords and the MAC are blanked. The list of what was
        /// blanked is written beside it, as FILE.json
        #[arg(long)]
        without_secrets: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Read every backup again, compare it with its digest, and look for one of each unit that had one. Changes nothing
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Keep the stock flashes of each model by what differs from one of them, as new ones are kept; mend damaged copies
    ///
    /// For an archive of an older flashjig. Nothing is removed before its other form was read again: it may be stopped at any
    /// moment and started again. Encrypted ones stay as they are.
    Pack {
        #[command(flatten)]
        place: Place,
    },
    /// Keep every plain stock flash as it is again, each in a file of its own, for an older flashjig
    Unpack {
        #[command(flatten)]
        place: Place,
    },
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(|error| Failure::broken(format!("starting the runtime: {error}")))?;
    let (text, good) = match &args.command {
        Command::Export { seq, file, identity, without_secrets: true, place } => {
            (runtime.block_on(report::export(&place.data_dir()?, *seq, file, identity.as_deref()))?, true)
        }
        Command::Export { seq, file, identity, without_secrets: false, place } => {
            (runtime.block_on(export(&place.data_dir()?, *seq, file, identity.as_deref()))?, true)
        }
        Command::Check { place } => runtime.block_on(check::check(&place.data_dir()?))?,
        Command::Pack { place } => runtime.block_on(pack::pack(&place.data_dir()?, pack::Way::Pack))?,
        Command::Unpack { place } => runtime.block_on(pack::pack(&place.data_dir()?, pack::Way::Unpack))?,
    };
    print(text)?;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::from(NO) })
}

async fn export(data_dir: &Path, seq: u64, file: &Path, identity: Option<&Path>) -> Result<String, Failure> {
    let (_, backup, bytes) = stored(data_dir, seq, identity).await?;
    if file == Path::new("-") {
        if io::stdout().is_terminal() {
            return Err(Failure::broken("a flash is no text for a terminal; name a file, or join a pipe"));
        }
        print(bytes)?;
        deed::leave(data_dir, "backup", &format!("unit {seq}"), Some(backup.sha256));
        return Ok(String::new());
    }
    save(file, &bytes)?;
    deed::leave(data_dir, "backup", &format!("unit {seq}"), Some(backup.sha256));
    let size = bytes.len() / 1024;
    let mut told = format!("unit {seq}: {size} KiB to {}, SHA-256 {}\n", file.display(), backup.sha256);
    if backup.kind != BackupKind::Stock {
        let kind = backup.kind.name();
        _ = writeln!(told, "it is not the stock flash but {kind}: that is with the board's first unit");
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::check::check;
    use super::*;
    use crate::fail::BROKEN;
    use crate::model::chip::digest::Digest;
    use crate::model::unit::{Backup, Unit};
    use crate::store::Archive;
    use crate::store::Ledger;
    use crate::store::sample::unit;
    use std::fs;
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
            same_bytes: 0,
            base: None,
            audit: false,
            comparisons: 0,
            written_bytes: 0,
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
    async fn a_damaged_piece_is_named_with_every_unit_that_needs_it() {
        let dir = tempfile::tempdir().unwrap();
        let (ledger, archive) = (Ledger::open(dir.path()).unwrap(), Archive::open(dir.path()).unwrap());
        let mut digests = Vec::new();
        for unit in 0..3 {
            let mut flash: Vec<u8> = (0..0x1_0000_u32).map(|at| (at.wrapping_mul(at) >> 7) as u8).collect();
            flash[0xF000] = unit;
            digests.push(archive.keep(flash.into()).await.unwrap());
        }
        // the second plug came twice
        for digest in [0, 1, 1, 2].map(|number: usize| digests[number]) {
            let mut unit = unit();
            unit.backup.as_mut().unwrap().sha256 = digest;
            ledger.commit(unit).await.unwrap();
        }
        let named = |text: String| {
            let text = text.replace(&dir.path().display().to_string(), "DIR");
            (0..3).fold(text, |text, unit| text.replace(&digests[unit].to_string(), &format!("PLUG{unit}")))
        };
        let base = archive.path(digests[0]);
        fs::write(&base, b"x").unwrap();
        let (text, well) = check(dir.path()).await.unwrap();
        assert!(!well);
        insta::assert_snapshot!(named(text), @r"
        damaged piece: the backup DIR/backups/PLUG0.bin: expected SHA-256 PLUG0, found 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 over 1 bytes; the file was changed or the disk is failing: do not write it to a board, look for another copy
          its other copy DIR/backups/PLUG0.base is good: a running station or `flashjig backup pack` writes this one again from it
          needed by the backup PLUG0 of unit 1
          needed by the backup PLUG1 of units 2, 3
          needed by the backup PLUG2 of unit 4
        3 good (20 KiB, 2 of them packed), 0 bad, 0 missing
        ");
        fs::remove_file(base.with_extension("base")).unwrap();
        let (text, _) = check(dir.path()).await.unwrap();
        insta::assert_snapshot!(named(text), @r"
        damaged piece: the backup DIR/backups/PLUG0.bin: expected SHA-256 PLUG0, found 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 over 1 bytes; the file was changed or the disk is failing: do not write it to a board, look for another copy
          its other copy is damaged too: what needs it can't be restored without a copy
          needed by the backup PLUG0 of unit 1
          needed by the backup PLUG1 of units 2, 3
          needed by the backup PLUG2 of unit 4
        damaged piece: the backup DIR/backups/PLUG0.base is not there; look for a copy of the folder backups
          its other copy is damaged too: what needs it can't be restored without a copy
          needed by the backup PLUG0 of unit 1
          needed by the backup PLUG1 of units 2, 3
          needed by the backup PLUG2 of unit 4
        bad: the backup DIR/backups/PLUG0.bin: expected its base PLUG0 in one of its two copies, found neither DIR/backups/PLUG0.bin nor DIR/backups/PLUG0.base good; look for a copy of one of the two, in a copy of the folder backups
        bad: the backup DIR/backups/PLUG2-PLUG0.diff: expected its base PLUG0 in one of its two copies, found neither DIR/backups/PLUG0.bin nor DIR/backups/PLUG0.base good; look for a copy of one of the two, in a copy of the folder backups
        bad: the backup DIR/backups/PLUG1-PLUG0.diff: expected its base PLUG0 in one of its two copies, found neither DIR/backups/PLUG0.bin nor DIR/backups/PLUG0.base good; look for a copy of one of the two, in a copy of the folder backups
        0 good (0 KiB), 3 bad, 0 missing
        ");
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
