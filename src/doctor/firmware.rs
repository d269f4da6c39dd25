//! What a Raspberry Pi is, and what its firmware was told in config.txt.

use super::root::Root;
use crate::jig::header::Model;

/// What computer it is, in words.
pub(super) const MODEL: &str = "/proc/device-tree/model";
/// Where the firmware of a Raspberry Pi reads its settings: since Bookworm, before.
const CONFIG: [&str; 2] = ["/boot/firmware/config.txt", "/boot/config.txt"];

/// What Raspberry Pi this is; nothing where it is none.
pub(super) fn model(root: &Root) -> Option<Model> {
    Model::of(&root.text(MODEL)?)
}

/// Settings of config.txt.
pub(super) struct Firmware {
    /// Its path; `None` where there is no such file.
    pub(super) file: Option<&'static str>,
    lines: Vec<String>,
}

/// Whether a section of config.txt is for this model ("Conditional filters" of its documentation). Filters that are not
/// known here, such as by a serial number, count as met.
fn is_for(section: &str, model: &str) -> bool {
    let rest = model.strip_prefix("Raspberry Pi ").unwrap_or_default();
    let begins = |one: &[&str]| one.iter().any(|one| rest.starts_with(one));
    match section {
        "none" => false,
        "pi0" => rest.starts_with("Zero"),
        "pi0w" => rest.starts_with("Zero W"),
        "pi02" => rest.starts_with("Zero 2"),
        "pi1" => begins(&["Model ", "Compute Module Rev"]),
        "pi2" => rest.starts_with('2'),
        "pi3" => begins(&["3", "Compute Module 3"]),
        "pi3+" => begins(&["3 Model A Plus", "3 Model B Plus"]),
        "pi4" => begins(&["4", "Compute Module 4"]),
        "pi400" => rest.starts_with("400"),
        "cm4" => rest.starts_with("Compute Module 4"),
        "pi5" => begins(&["5", "Compute Module 5"]),
        "pi500" => rest.starts_with("500"),
        "cm5" => rest.starts_with("Compute Module 5"),
        _ => true,
    }
}

impl Firmware {
    /// What counts on this machine.
    pub(super) fn read(root: &Root) -> Self {
        let file = CONFIG.into_iter().find(|file| root.exists(file));
        let text = file.and_then(|file| root.text(file)).unwrap_or_default();
        let model = root.text(MODEL).unwrap_or_default();
        let (mut lines, mut counts) = (Vec::new(), true);
        for line in text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
            if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                // filters of models take each other's place; all others are seldom, and [all] ends them, too
                counts = is_for(section, &model);
            } else if counts && !line.is_empty() {
                lines.push(line.to_owned());
            }
        }
        Self { file, lines }
    }

    /// The last value of a key counts.
    pub(super) fn value(&self, key: &str) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('=')).map(str::trim)
    }

    pub(super) fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|given| given == line || given.starts_with(&format!("{line},")))
    }

    /// The command that adds a line.
    pub(super) fn add(&self, line: &str) -> String {
        let file = self.file.unwrap_or("/boot/firmware/config.txt");
        format!("echo {line} | sudo tee -a {file} && sudo reboot")
    }
}
