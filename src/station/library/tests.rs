//! What is in the library, and what is not let into it.

use super::*;
use crate::model::chip::Chip;
use crate::sim::factory;
use std::fs;

/// An age recipient, made for the tests.
const KEY: &str = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z";

fn library(dir: &Path) -> Library {
    for folder in ["firmware", "media/stick/openbeken", "recipes"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    fs::write(dir.join("recipes/home.toml"), "").unwrap();
    fs::write(dir.join("recipes/broken.toml"), format!("nonsense = 1\n[backup]\nencrypt_to = {KEY:?}\n")).unwrap();
    Library::open(dir, &dir.join("firmware"), "default").with_usb(Some(&dir.join("media")))
}

fn images(library: &Library) -> usize {
    library.materials(library.recipe_name(), &[]).unwrap().images.len()
}

#[test]
fn a_good_upload_counts_from_the_next_unit_on_and_a_bad_one_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let before = library.materials("default".into(), &[]).unwrap();
    let file = library.upload(&name, &bytes).unwrap();
    assert_eq!((file.ok, file.chip, file.origin), (true, Some(Chip::Bk7231T), Origin::Upload));
    assert_eq!(file.version.as_deref(), Some("1.18.300"));
    assert_eq!((before.images.len(), images(&library)), (0, 1), "what began keeps what it has");
    let cut = &bytes[..bytes.len() / 2];
    for (name, bytes) in [("x.bin", b"not firmware".as_slice()), ("cut.bin", cut), ("../x.bin", &bytes), ("", &bytes)] {
        assert!(matches!(library.upload(name, bytes), Err(Declined::Unfit(_))), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path().join("uploads")).unwrap().count(), 1);
    assert_eq!(library.files(), [file]);
    library.delete(&name).unwrap();
    assert_eq!(library.files(), []);
    assert!(matches!(library.delete(&name), Err(Declined::Missing(_))));
    assert!(matches!(library.delete("../desk.json"), Err(Declined::Unfit(_))));
}

#[test]
fn a_stick_is_looked_at_and_never_written() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    fs::write(dir.path().join("media/stick/openbeken").join(&name), &bytes).unwrap();
    fs::write(dir.path().join("media/stick/holiday.bin"), b"x").unwrap();
    let files = library.files();
    assert_eq!(files.iter().map(|file| (file.origin, file.ok)).collect::<Vec<_>>(), [(Origin::Usb, true)]);
    assert_eq!(images(&library), 1);
    assert!(matches!(library.delete(&name), Err(Declined::Taken(_))));
    fs::remove_dir_all(dir.path().join("media/stick")).unwrap();
    assert_eq!(library.files(), []);
    assert_eq!(images(&library), 0, "the stick is gone");
}

#[test]
fn refused_files_are_shown_with_their_reason() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    fs::write(dir.path().join("firmware/notes.bin"), b"not firmware").unwrap();
    fs::write(dir.path().join("firmware/.hidden.bin"), b"not firmware").unwrap();
    let files = library.files();
    assert_eq!(files.len(), 1, "what begins with a dot is being written");
    assert!(!files[0].ok && files[0].reason.is_some(), "{files:?}");
}

#[test]
fn only_a_recipe_that_can_be_used_is_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    assert!(library.choose("home").unwrap().chosen);
    assert_eq!(library.recipe_name(), "home");
    assert!(matches!(library.choose("broken"), Err(Declined::Unfit(_))));
    assert!(matches!(library.choose("none"), Err(Declined::Missing(_))));
    let chosen: Vec<_> = library.recipes().into_iter().filter(|page| page.chosen).map(|page| page.name).collect();
    assert_eq!(chosen, ["home"]);
}

#[test]
fn a_recipe_that_cannot_be_used_stands_in_no_stock_backups_way_back_and_keeps_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    assert!(matches!(library.materials("broken".into(), &[]), Err(Lack::Recipe(_))));
    let materials = library.materials_of_restore("broken".into());
    assert_eq!((materials.recipe_name.as_str(), materials.images.len()), ("broken", 0));
    assert_eq!(materials.loaded.recipe.backup.encrypt_to.as_deref(), Some(KEY));
    fs::write(dir.path().join("recipes/home.toml"), "reflash = true\n").unwrap();
    assert!(library.materials_of_restore("home".into()).loaded.recipe.reflash, "a good recipe counts whole");
}

#[test]
fn what_a_kill_left_half_uploaded_is_no_firmware_and_goes_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("uploads")).unwrap();
    let left = dir.path().join("uploads/.upload-x");
    fs::write(&left, b"half").unwrap();
    assert_eq!(library(dir.path()).files(), []);
    assert!(!left.exists());
}
