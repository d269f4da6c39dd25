//! `flashjig firmware`.

use super::data_dir::Place;
use super::deed;
use super::out::print;
use crate::fail::{Failure, NO};
use crate::intake;
use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::firmware::approval::Approval;
use crate::model::firmware::image::Image;
use crate::station::Library;
use crate::station::library::{Declined, FirmwareFile, Origin};
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// No flash of these chips is larger, so no firmware is.
const LARGEST: u64 = 4 * 1024 * 1024;

/// List the station's firmware files, and approve those that are only offered.
///
/// A file that somebody puts into the firmware folder needs no approval. One on a USB stick or from an upload is used once
/// its SHA-256 is approved: here, on the page, at the jig, or by the recipe. It may run beside the daemon.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Every file with its chip, version, digest, and who answers for it
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Approve one content: the whole SHA-256 that the publisher names, or a file that is that content
    Approve {
        /// 64 hex digits, or the path of a file
        #[arg(value_name = "SHA256 or FILE")]
        what: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take an approval back
    Revoke {
        /// 64 hex digits, or the path of a file
        #[arg(value_name = "SHA256 or FILE")]
        what: String,
        #[command(flatten)]
        place: Place,
    },
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::List { place } => {
            let library = library(place)?;
            print(list(&library))?;
            Ok(if library.readiness().lack.is_none() { ExitCode::SUCCESS } else { ExitCode::from(NO) })
        }
        Command::Approve { what, place } => {
            let (name, sha256) = content(what)?;
            let told = approve(&library(place)?, name.as_deref(), sha256)?;
            deed::leave(&place.data_dir()?, "approve", name.as_deref().unwrap_or("a digest"), Some(sha256));
            print(told)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Revoke { what, place } => {
            let (name, sha256) = content(what)?;
            library(place)?.revoke(sha256).map_err(declined)?;
            deed::leave(&place.data_dir()?, "revoke", name.as_deref().unwrap_or("a digest"), Some(sha256));
            print(format!("{sha256} is no longer approved\n"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn library(place: &Place) -> Result<Library, Failure> {
    if let Some(data_dir) = place.named_data_dir() {
        return Ok(Library::look(data_dir, &data_dir.join("firmware"), crate::config::recipe::DEFAULT));
    }
    let config = place.config()?;
    Ok(Library::look(&config.data_dir, &config.firmware_dir, &config.recipe)
        .with_usb(config.usb_dir.as_deref())
        .trusting(config.publisher.as_ref()))
}

/// A name, where there is one, and a digest.
fn content(what: &str) -> Result<(Option<String>, Digest), Failure> {
    if let Some(sha256) = Digest::parse(what) {
        return Ok((None, sha256));
    }
    let is_part = (4..64).contains(&what.len()) && what.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_part && !Path::new(what).exists() {
        let why = "a part of a digest proves nothing: somebody can make a file that begins with it; give all 64 digits";
        return Err(Failure::no(why));
    }
    let bytes = intake::named(Path::new(what), LARGEST).map_err(|error| {
        Failure::no(format!("{what}: expected a SHA-256 of 64 hex digits or a file, found: {error}"))
    })?;
    let name = Path::new(what).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let image = Image::open(&name, &bytes).map_err(Failure::no)?;
    if !image.chip.is_converted() {
        return Err(Failure::no(format!("{name} is for a {}, which flashjig does not convert", image.chip)));
    }
    Ok((Some(name), Digest::of(&bytes)))
}

/// What is not here yet is approved all the same: the stick comes later.
fn approve(library: &Library, name: Option<&str>, sha256: Digest) -> Result<String, Failure> {
    match library.approve(None, sha256, Approval::Command) {
        Ok(file) if file.approved_by == Some(Approval::Command) => Ok(format!("approved: {}\n", line(&file))),
        Ok(file) => Ok(format!("needs no approval: {}\n", line(&file))),
        Err(Declined::Missing(_)) => {
            library.approve_unseen(name.unwrap_or_default(), sha256).map_err(declined)?;
            Ok(format!("approved: {sha256}, which is neither on a stick nor uploaded now; it counts once it is\n"))
        }
        Err(other) => Err(declined(other)),
    }
}

fn declined(declined: Declined) -> Failure {
    match declined {
        Declined::Disk(_) => Failure::broken(declined),
        _ => Failure::no(declined),
    }
}

fn list(library: &Library) -> String {
    let files = library.files();
    let mut text = String::new();
    for file in &files {
        // writing into a text can't fail
        _ = writeln!(text, "{}", line(file));
    }
    let absent = library.approved().into_iter().filter(|it| files.iter().all(|file| file.sha256 != Some(it.sha256)));
    for approved in absent {
        _ = writeln!(text, "approved, not here now: {} {}", approved.name, approved.sha256);
    }
    if let Some(lack) = library.readiness().lack {
        _ = writeln!(text, "not ready: {}", lack.message);
    }
    text
}

fn line(file: &FirmwareFile) -> String {
    let origin = match file.origin {
        Origin::Folder => "firmware folder",
        Origin::Upload => "uploaded",
        Origin::Usb => "USB stick",
    };
    let state = match (file.approved_by, file.offered) {
        (Some(Approval::Folder), _) => "in use".to_owned(),
        (Some(by), _) => format!("approved ({})", format!("{by:?}").to_lowercase()),
        (None, true) => "OFFERED, not approved".to_owned(),
        (None, false) => format!("not usable: {}", file.reason.as_deref().unwrap_or("unknown")),
    };
    let chip = file.chip.map_or("-", Chip::name);
    let sha256 = file.sha256.map_or_else(|| "-".to_owned(), |sha256| sha256.to_string());
    format!("{}  {chip}  {}  {sha256}  {origin}, {state}", file.name, file.version.as_deref().unwrap_or("-"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::factory;

    #[test]
    fn a_file_stands_for_its_digest_and_one_that_no_chip_could_hold_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let (name, bytes) = factory::demo_image(Chip::Bk7231T, "1.18.300");
        let path = dir.path().join(&name);
        std::fs::write(&path, &bytes).unwrap();
        let digest = Digest::of(&bytes);
        assert_eq!(content(path.to_str().unwrap()).unwrap(), (Some(name), digest));
        assert_eq!(content(&digest.to_string()).unwrap(), (None, digest));
        // nothing of it is on the disk
        std::fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let refused = content(path.to_str().unwrap()).unwrap_err();
        assert!(refused.message.contains("at most 4096 KiB"), "{}", refused.message);
    }
}
