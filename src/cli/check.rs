//! `flashjig check`.

use super::out::print;
use crate::broker::Broker;
use crate::config::rate::{self, By};
use crate::config::{self, Config, Level, Problem, Problems, Slot};
use crate::fail::{BROKEN, Failure};
use crate::model::openbeken::life::{Able, Proof};
use crate::store::{StoreError, token};
use crate::wiring;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Check a configuration without touching a pin: every problem at once.
///
/// The recipe that it names is checked as well. Exits 0 when both can be used, 2 when not.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE", default_value = config::DEFAULT_PATH)]
    config: PathBuf,
}

/// Runs the command.
pub(super) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let findings = Problems(findings(&args.config));
    let errors = findings.errors();
    for finding in &findings.0 {
        print(format!("{finding}\n"))?;
    }
    for line in tops(&args.config) {
        print(line)?;
    }
    let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let (errors_said, warnings) = (count(errors, "error"), count(findings.0.len() - errors, "warning"));
    let verdict = if errors == 0 { "can be used" } else { "can't be used" };
    print(format!("{}: {verdict}: {errors_said}, {warnings}\n", args.config.display()))?;
    Ok(ExitCode::from(if errors == 0 { 0 } else { BROKEN }))
}

/// How fast each slot may be where the file does not say it.
fn tops(file: &Path) -> Vec<String> {
    let Ok((config, _)) = config::load(file) else { return Vec::new() };
    let tops = config.slots.iter().map(|slot| (slot, rate::top(&config.data_dir, slot)));
    let unsaid = tops.filter(|(_, top)| top.by != By::File);
    unsaid.map(|(slot, top)| format!("slot {:?}: {top}\n", slot.name)).collect()
}

fn findings(file: &Path) -> Vec<Problem> {
    let (config, mut found) = match config::load(file) {
        Ok(good) => good,
        Err(problems) => return problems.0,
    };
    // the file's own warning says it too, without the adapter's lasting name: that depends on this machine
    found.extend(wiring::uart_hints(&config).into_iter().map(|(slot, note)| Problem {
        file: file.into(),
        line: None,
        level: Level::Warning,
        what: format!("slot {slot:?}: {}", note.what),
        remedy: note.remedy,
    }));
    let absent = config.slots.iter().filter(|slot| !slot.uart.exists());
    found.extend(absent.map(|slot| Problem {
        file: file.into(),
        line: None,
        level: Level::Warning,
        what: format!("slot {:?}: expected a serial port at {}, found nothing there now", slot.name, slot.uart.display()),
        remedy: "plug the adapter in, or correct `uart`; `ls /dev/serial/by-path /dev/flashjig` lists those that are there".into(),
    }));
    found.extend(token_problem(file, &config));
    found.extend(broker_problem(file, &config));
    match config::recipe::look(&config.data_dir, &config.recipe) {
        Ok((loaded, warnings)) => {
            found.extend(warnings);
            found.extend(config.slots.iter().filter_map(|slot| blind(&config, slot, &loaded.recipe.proof)));
        }
        Err(problems) => found.extend(problems.0),
    }
    found
}

/// What a slot can't see of what the recipe asks a plug to show: it would refuse each unit.
fn blind(config: &Config, slot: &Slot, proof: &Proof) -> Option<Problem> {
    let (log, meter) = (slot.log_uart.is_some(), slot.supply.is_some());
    let able = Able { log, broker: config.mqtt.is_some(), radio: config.air.is_some(), meter };
    let (way, why, remedy) = proof.beyond(able)?;
    let file = config::recipe::path(&config.data_dir, &config.recipe);
    let what = format!("slot {:?}: the recipe asks for the sign of life {:?}: {why}", slot.name, way.name());
    Some(Problem { file, line: None, level: Level::Error, what, remedy: remedy.into() })
}

/// What is wrong with the token that the file names. One of systemd is there only while the service runs.
fn token_problem(file: &Path, config: &Config) -> Option<Problem> {
    let token_file = config.web.as_ref()?.token_file.as_ref()?;
    if token::is_credential(token_file) {
        return None;
    }
    let shown = token_file.display();
    let (level, what, remedy) = match (std::fs::File::open(token_file), token::read(token_file)) {
        (Ok(_), Ok(_)) => return None,
        (Ok(_), Err(StoreError::Damaged { expected, found, remedy, .. })) => {
            (Level::Error, format!("{shown}: expected {expected}, found {found}"), remedy)
        }
        (Err(error), _) if error.kind() == ErrorKind::PermissionDenied => (
            Level::Warning,
            format!("{shown} can't be read by this user"),
            "run this as the user who runs flashjig: sudo -u flashjig flashjig check".into(),
        ),
        (Err(error), _) => (
            Level::Error,
            format!("{shown} can't be read: {error}"),
            "`flashjig token --new` makes the token there".into(),
        ),
        (Ok(_), Err(error)) => (Level::Error, error.to_string(), "put the token alone into it".into()),
    };
    Some(Problem { file: file.into(), line: None, level, what: format!("[web]: token_file {what}"), remedy })
}

/// What is wrong with the password and the certificates of the broker. Credentials of systemd are there only while the
/// service runs.
fn broker_problem(file: &Path, config: &Config) -> Option<Problem> {
    let plan = config.mqtt.as_ref()?;
    if plan.password_file.as_deref().is_some_and(token::is_credential) {
        return None;
    }
    let why = Broker::open(plan).err()?;
    let (what, remedy) = (format!("[mqtt]: {}", why.what), why.remedy);
    Some(Problem { file: file.into(), line: None, level: Level::Error, what, remedy })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_that_the_file_does_not_say_is_told_with_who_says_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f.toml");
        let slot = |name: &str, more: &str| format!("[[slot]]\nname = \"{name}\"\nuart = \"/dev/pts/{name}\"\n{more}");
        let text = format!("[station]\ndata_dir = {:?}\n", dir.path());
        std::fs::write(&file, text + &slot("1", "") + &slot("2", "max_baud = 921600\n") + &slot("3", "")).unwrap();
        std::fs::create_dir(dir.path().join("loopback")).unwrap();
        std::fs::write(rate::measurement(dir.path(), "3"), "{\"highest_clean_baud\": 1500000}").unwrap();
        let by = "the default of such a port; `flashjig jig-test --loopback` measures what it carries";
        let expected = [
            format!("slot \"1\": top 2000000 baud, {by}\n"),
            "slot \"3\": top 1500000 baud, measured by jig-test --loopback\n".into(),
        ];
        assert_eq!(tops(&file), expected);
    }

    #[test]
    fn a_token_that_can_be_guessed_or_read_or_is_not_there_is_an_error() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let (file, token) = (dir.path().join("f.toml"), dir.path().join("token"));
        let slot = "[[slot]]\nname = \"A\"\nuart = \"/dev/null\"\n";
        let text = format!("[station]\ndata_dir = {:?}\n[web]\ntoken_file = {token:?}\n{slot}", dir.path());
        std::fs::write(&file, text).unwrap();
        let told = || Problems(findings(&file));
        assert!(told().errors() == 1 && told().to_string().contains("can't be read"), "{}", told());
        for (text, mode, words) in [
            ("4711", 0o600, "found 4 letters"),
            ("0123456789abcdefghij", 0o644, "run: chmod 600"),
            ("4711", 0o644, "644"),
        ] {
            std::fs::write(&token, text).unwrap();
            std::fs::set_permissions(&token, std::fs::Permissions::from_mode(mode)).unwrap();
            let told = told();
            assert!(told.errors() == 1 && told.to_string().contains(words), "{told}");
            assert!(!told.to_string().contains(text), "{told}");
        }
        std::fs::write(&token, "0123456789abcdefghij\n").unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(findings(&file), []);
    }

    #[test]
    fn a_recipe_that_cannot_be_used_is_found_before_the_first_unit() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("f.toml");
        let data_dir = dir.path().display();
        let station = |uart: &str| {
            let text = format!("[station]\ndata_dir = \"{data_dir}\"\n[[slot]]\nname = \"A\"\nuart = \"{uart}\"\n");
            std::fs::write(&file, text).unwrap();
        };
        station("/dev/null");
        assert_eq!(findings(&file), []);
        station("/dev/serial/by-path/none");
        let absent = Problems(findings(&file));
        assert_eq!((absent.errors(), absent.0.len()), (0, 1), "another computer may have it");
        assert!(
            absent.to_string().contains("slot \"A\": expected a serial port at /dev/serial/by-path/none"),
            "{absent}"
        );
        station("/dev/null");
        std::fs::create_dir(dir.path().join("recipes")).unwrap();
        std::fs::write(config::recipe::path(dir.path(), "default"), "[openbeken]\nconfigure = \"http\"\n").unwrap();
        let found = Problems(findings(&file));
        assert_eq!(found.errors(), 1);
        assert!(
            found.to_string().contains("default.toml:2: error: openbeken.configure: a plug that is configured"),
            "{found}"
        );
    }
}
