//! The device list: what flashjig brings along, and `devices/*.toml` of the data folder.

use super::problem::{Level, Problem};
use crate::intake;
use crate::model::chip::plain;
use crate::model::openbeken::Device;
use crate::model::openbeken::device::DeviceError;
use std::path::{Path, PathBuf};

/// All devices, the user's own first: of two that match equally well the first is taken, and one of the same name
/// takes the place of the other. What can't be read is in the list of problems.
pub(crate) fn load(data_dir: &Path) -> (Vec<Device>, Vec<Problem>) {
    let (mut devices, mut problems) = (Vec::new(), Vec::new());
    let folder = data_dir.join("devices");
    let mut found = files(&folder);
    if found.len() > MOST {
        found.truncate(MOST);
        problems.push(Problem {
            file: folder,
            line: None,
            level: Level::Warning,
            what: format!("expected at most {MOST} devices, found more; only the first are read"),
            remedy: "move those away that you have no plugs of".to_owned(),
        });
    }
    for file in found {
        match read(&file) {
            Ok(device) => devices.push(device),
            Err(problem) => problems.push(problem),
        }
    }
    for device in Device::built_in() {
        if devices.iter().all(|own| own.name != device.name) {
            devices.push(device);
        }
    }
    (devices, problems)
}

/// Files of own devices that are read.
const MOST: usize = 200;
/// Characters of a device's name.
const NAME: usize = 80;
/// No device is described at more length, bytes.
const LARGEST: u64 = 64 * 1024;

/// The files in the order of their names, one more than are read if there are more; none when there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .take(MOST + 1)
        .collect();
    files.sort();
    files
}

fn read(file: &Path) -> Result<Device, Problem> {
    let problem = |line: Option<usize>, what: String, remedy: &str| Problem {
        file: file.to_owned(),
        line,
        level: Level::Error,
        what,
        remedy: remedy.to_owned(),
    };
    let text = intake::own(file, LARGEST)
        .and_then(intake::text)
        .map_err(|error| problem(None, format!("can't be read: {error}"), "check the file, or move it away"))?;
    let name = plain::line(&file.file_stem().unwrap_or_default().to_string_lossy(), NAME);
    Device::parse(&name, &text).map_err(|error| {
        let line = if let DeviceError::Shape { line, .. } = error { line } else { None };
        problem(line, error.to_string(), "config/devices of the project has samples")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_devices_join_the_list_and_bad_files_are_named_with_their_line() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path()), (Device::built_in(), Vec::new()));
        let folder = dir.path().join("devices");
        std::fs::create_dir(&folder).unwrap();
        let put = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        put("own.toml", "[match]\nmodule = \"CB3S\"\n");
        put("lsc-3202088.toml", "[match]\nmodule = \"WB2S\"\n[template]\nname = \"mine\"\n");
        put("bad.toml", "[match]\nmodule = \"X\"\nmodul = 1\n");
        put("flags.toml", "[match]\nmodule = \"X\"\n[template]\nflags = \"many\"\n");
        put("notes.txt", "not a device");
        put("li\nne.toml", "no device");
        std::os::unix::fs::symlink(folder.join("own.toml"), folder.join("zlink.toml")).unwrap();
        let (devices, problems) = load(dir.path());
        let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
        assert_eq!(names, ["lsc-3202088", "own"]);
        assert_eq!(problems.len(), 4);
        assert!(problems[2].to_string().contains("li?ne.toml:") && !problems[2].to_string().contains('\n'));
        assert!(problems[3].to_string().contains("zlink.toml: error: can't be read: it is a link"), "{}", problems[3]);
        assert!(problems[0].to_string().contains("bad.toml:3: error: device bad: unknown field"), "{}", problems[0]);
        assert!(problems[1].to_string().contains("flags"), "{}", problems[1]);
    }
}
