//! `flashjig token`.

use super::data_dir::{Place, load};
use super::deed;
use super::out::print;
use crate::config;
use crate::fail::Failure;
use crate::store::token;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What the service's unit hands over as the credential `token`.
const CREDENTIAL: &str = "/etc/credstore/flashjig.token";

/// Print the token that control of the station needs from other machines.
///
/// Type it into the page once, or send it with the header "Authorization: Bearer TOKEN". The station makes it at its first
/// start; this command makes one only with --new. Exit code 1: there is none where it is looked for.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// Make a new token; the old one and all sessions of pages end when flashjig is restarted
    #[arg(long)]
    new: bool,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    super::journal::begin("info");
    let file = file(&args.place)?;
    let token = if args.new {
        let token = renew(&file)?;
        deed::leave(&args.place.data_dir()?, "token", &file.display().to_string(), None);
        token
    } else {
        look(&file, &args.place.options())?
    };
    print(format!("{token}\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The file that the daemon reads.
fn file(place: &Place) -> Result<PathBuf, Failure> {
    if place.has_data_dir() {
        return Ok(token::path(&place.data_dir()?));
    }
    let config = load(place.config_file().unwrap_or(Path::new(config::DEFAULT_PATH)))?;
    let named = config.web.and_then(|web| web.token_file);
    Ok(named.unwrap_or_else(|| token::path(&config.data_dir)))
}

/// The token that is there.
fn look(file: &Path, options: &str) -> Result<String, Failure> {
    let shown = file.display();
    let kind = match std::fs::File::open(file) {
        Ok(_) => return token::read(file).map_err(Failure::no),
        Err(error) => error.kind(),
    };
    if token::is_credential(file) {
        return Err(Failure::no(format!(
            "{shown}: expected the token of the running service, found none that this user may read: systemd puts it there \
             for the service alone, while it runs; the right one is in {CREDENTIAL}: sudo cat {CREDENTIAL}"
        )));
    }
    Err(Failure::no(match kind {
        ErrorKind::PermissionDenied => format!(
            "{shown}: expected the page's token, found that this user may not read it: run this as the user who runs \
             flashjig (sudo -u flashjig flashjig token)"
        ),
        _ => format!(
            "{shown}: expected the page's token, found none: the station makes it in its data folder at its first start \
             (is this its data folder, and was it ever started?); `flashjig token --new{options}` makes one now"
        ),
    }))
}

/// Makes one, where the station will look for it.
fn renew(file: &Path) -> Result<String, Failure> {
    if token::is_credential(file) {
        return Err(Failure::no(format!(
            "{}: expected a file of our own, found a credential of systemd, which a new token can't be written into; write it \
             where systemd takes it from: head -c 24 /dev/urandom | base64 | sudo install -m 600 /dev/stdin {CREDENTIAL}, \
             then: sudo systemctl restart flashjig",
            file.display()
        )));
    }
    // a folder that is not there is a slip of the pen, not a station
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
        let shown = folder.display();
        return Err(Failure::no(format!("{shown}: expected the station's folder, found none; check its path")));
    }
    token::renew(file).map_err(Failure::broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail::NO;

    #[test]
    fn a_token_is_made_only_when_that_is_asked_for_and_only_where_a_station_is() {
        let dir = tempfile::tempdir().unwrap();
        let file = token::path(dir.path());
        let refused = look(&file, "").unwrap_err();
        assert_eq!(refused.code, NO);
        assert!(refused.message.contains("token --new") && !file.exists(), "{}", refused.message);
        let made = renew(&file).unwrap();
        assert_eq!(look(&file, "").unwrap(), made);
        let typo = dir.path().join("dtaa/token");
        let refused = renew(&typo).unwrap_err();
        assert!(refused.code == NO && !dir.path().join("dtaa").exists(), "{}", refused.message);
    }

    #[test]
    fn a_credential_of_the_service_is_told_where_it_comes_from_and_never_made() {
        let file = Path::new("/run/credentials/no-such.service/token");
        for refused in [look(file, "").unwrap_err(), renew(file).unwrap_err()] {
            assert_eq!(refused.code, NO);
            assert!(refused.message.contains("/etc/credstore/flashjig.token"), "{}", refused.message);
        }
        assert!(!file.exists());
    }
}
