//! Firmware and recipes as the test gave them to the station, and since when they are there.

use crate::mould::{Chip, sha256};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;

/// One firmware file.
pub(crate) struct Image {
    pub(crate) name: String,
    pub(crate) chip: Chip,
    pub(crate) bytes: Rc<[u8]>,
    /// When it was put where the station looks, and taken away again; the last may be open.
    pub(crate) there: Vec<(Timestamp, Option<Timestamp>)>,
}

impl Image {
    pub(crate) fn is_there(&self) -> bool {
        self.there.last().is_some_and(|(_, gone)| gone.is_none())
    }

    /// Whether it was there at any time from `from` on up to `to`.
    pub(crate) fn was_there(&self, from: Timestamp, to: Timestamp) -> bool {
        self.there.iter().any(|(put, gone)| *put <= to && gone.is_none_or(|gone| gone >= from))
    }
}

/// All firmware files, by their digest.
pub(crate) struct Shelf {
    pub(crate) images: BTreeMap<String, Image>,
}

impl Shelf {
    /// Every image that lies in this folder.
    pub(crate) fn read(folder: &Path) -> Self {
        let mut images = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes: Rc<[u8]> = std::fs::read(&path).unwrap().into();
            let chip = Chip::ALL.into_iter().find(|chip| name.contains(chip.name())).unwrap();
            images.insert(sha256(&bytes), Image { name, chip, bytes, there: Vec::new() });
        }
        Self { images }
    }

    /// The image of this place in the order of their names.
    pub(crate) fn pick(&mut self, at: u64) -> &mut Image {
        let mut all: Vec<&mut Image> = self.images.values_mut().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let at = at as usize % all.len();
        all.swap_remove(at)
    }
}

/// The recipes that the test writes, by name. The password of `home` lies in a file of its own.
pub(crate) const RECIPES: [(&str, &str); 4] = [
    ("proven", "[backup]\nmode = \"proven\"\n"),
    (
        "home",
        "[backup]\nmode = \"proven\"\n[openbeken]\nconfigure = \"flash\"\nname = \"plug-{n}\"\n[openbeken.wifi]\nssid = \"life-home\"\npassword_file = \"wifi.secret\"\n",
    ),
    ("again", "reflash = true\n[backup]\nmode = \"proven\"\n"),
    ("broken", "[firmware\nBK7231T = 3\n"),
];

/// Writes a file so that a disk that breaks down later still has it, under its name only when it is whole.
pub(crate) fn write_durably(folder: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let part = folder.join(format!(".{name}"));
    let mut file = std::fs::File::create(&part)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    let written = written.and_then(|()| std::fs::rename(&part, folder.join(name)));
    if written.is_err() {
        _ = std::fs::remove_file(&part);
    }
    written.and_then(|()| std::fs::File::open(folder)?.sync_all())
}

/// Writes them into the data folder.
pub(crate) fn write_recipes(data: &Path) {
    let folder = data.join("recipes");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in RECIPES {
        write_durably(&folder, &format!("{name}.toml"), text.as_bytes()).unwrap();
    }
    write_durably(&folder, "wifi.secret", b"Life-Marker-Pass\n").unwrap();
    std::fs::set_permissions(folder.join("wifi.secret"), Permissions::from_mode(0o600)).unwrap();
}
