//! `flashjig token`.

use super::data_dir::{Place, load};
use super::out::print;
use crate::config;
use crate::fail::Failure;
use crate::store::token;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Print the token that control of the station needs from other machines; made if there is none.
///
/// Type it into the page once, or send it with the header "Authorization: Bearer TOKEN".
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
    let file = file(&args.place)?;
    let token = if args.new || !file.exists() { token::renew(&file) } else { token::read(&file) };
    print(format!("{}\n", token.map_err(Failure::broken)?))?;
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
