//! The device list: what flashjig brings along, and `devices/*.toml` of the data folder.

use super::problem::{Level, Problem};
use crate::model::openbeken::Device;
use crate::model::openbeken::device::DeviceError;
use std::path::{Path, PathBuf};

/// All devices, the user's own first: of two that match equally well the first is taken, and one of the same name
/// takes the place of the other. What can't be read is in the list of problems.
pub(crate) fn load(data_dir: &Path) -> (Vec<Device>, Vec<Problem>) {
    let (mut devices, mut problems) = (Vec::new(), Vec::new());
    for file in files(&data_dir.join("devices")) {
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

/// The files in the order of their names; none when there is no folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
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
    let text = std::fs::read_to_string(file)
        .map_err(|error| problem(None, format!("can't be read: {error}"), "check the file, or move it away"))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
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
        let (devices, problems) = load(dir.path());
        let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
        assert_eq!(names, ["lsc-3202088", "own"]);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].to_string().contains("bad.toml:3: error: device bad: unknown field"), "{}", problems[0]);
        assert!(problems[1].to_string().contains("flags"), "{}", problems[1]);
    }
}
