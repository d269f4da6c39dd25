//! What is on the shelf, and what is not let on it.

use super::*;
use crate::model::chip::Chip;
use crate::sim::factory;
use std::fs;

struct Book;

impl RecipeBook for Book {
    fn read(&self, name: &str) -> Result<Kit, String> {
        if name == "broken" { Err("recipes/broken.toml:1: error".into()) } else { Ok(Kit::default()) }
    }

    fn backup_rule(&self, name: &str) -> BackupRule {
        BackupRule { encrypt_to: Some(format!("key of {name}")), ..BackupRule::default() }
    }

    fn list(&self) -> Vec<RecipePage> {
        ["default", "home", "broken"]
            .map(|name| RecipePage {
                name: name.into(),
                chosen: false,
                ok: name != "broken",
                problems: self.read(name).err().into_iter().collect(),
                summary: Vec::new(),
            })
            .into()
    }

    fn folder(&self) -> Option<PathBuf> {
        None
    }
}

fn shelf(dir: &Path) -> Shelf {
    for folder in ["firmware", "media/stick/openbeken"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
    }
    Shelf::new(&dir.join("firmware"), "default", Box::new(Book))
        .with_desk(Desk::open(dir), &dir.join("uploads"))
        .with_usb(Some(&dir.join("media")))
}

#[test]
fn a_good_upload_counts_from_the_next_unit_on_and_a_bad_one_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path());
    let (name, bytes) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let before = shelf.stock().unwrap();
    let file = shelf.upload(&name, &bytes).unwrap();
    assert_eq!((file.ok, file.chip, file.origin), (true, Some(Chip::Bk7231T), Origin::Upload));
    assert_eq!(file.version.as_deref(), Some("1.18.300"));
    assert_eq!((before.images.len(), shelf.stock().unwrap().images.len()), (0, 1), "what began keeps what it has");
    let cut = &bytes[..bytes.len() / 2];
    for (name, bytes) in [("x.bin", b"not firmware".as_slice()), ("cut.bin", cut), ("../x.bin", &bytes), ("", &bytes)] {
        assert!(matches!(shelf.upload(name, bytes), Err(Declined::Unfit(_))), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path().join("uploads")).unwrap().count(), 1);
    assert_eq!(shelf.files(), [file]);
    shelf.delete(&name).unwrap();
    assert_eq!(shelf.files(), []);
    assert!(matches!(shelf.delete(&name), Err(Declined::Missing(_))));
    assert!(matches!(shelf.delete("../desk.json"), Err(Declined::Unfit(_))));
}

#[test]
fn a_stick_is_looked_at_and_never_written() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path());
    let (name, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    fs::write(dir.path().join("media/stick/openbeken").join(&name), &bytes).unwrap();
    fs::write(dir.path().join("media/stick/holiday.bin"), b"x").unwrap();
    let files = shelf.files();
    assert_eq!(files.iter().map(|file| (file.origin, file.ok)).collect::<Vec<_>>(), [(Origin::Usb, true)]);
    assert_eq!(shelf.stock().unwrap().images.len(), 1);
    assert!(matches!(shelf.delete(&name), Err(Declined::Taken(_))));
    fs::remove_dir_all(dir.path().join("media/stick")).unwrap();
    assert_eq!(shelf.files(), []);
    assert_eq!(shelf.stock().unwrap().images.len(), 0, "the stick is gone");
}

#[test]
fn refused_files_are_shown_with_their_reason() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path());
    fs::write(dir.path().join("firmware/notes.bin"), b"not firmware").unwrap();
    fs::write(dir.path().join("firmware/.hidden.bin"), b"not firmware").unwrap();
    let files = shelf.files();
    assert_eq!(files.len(), 1, "what begins with a dot is being written");
    assert!(!files[0].ok && files[0].reason.is_some(), "{files:?}");
}

#[test]
fn only_a_recipe_that_can_be_used_is_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path());
    assert!(shelf.choose("home").unwrap().chosen);
    assert_eq!(shelf.stock().unwrap().recipe_name, "home");
    assert!(matches!(shelf.choose("broken"), Err(Declined::Unfit(_))));
    assert!(matches!(shelf.choose("none"), Err(Declined::Missing(_))));
    let chosen: Vec<_> = shelf.recipes().into_iter().filter(|page| page.chosen).map(|page| page.name).collect();
    assert_eq!(chosen, ["home"]);
}

#[test]
fn a_recipe_that_cannot_be_used_stands_in_no_stock_backups_way_back_and_keeps_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let shelf = shelf(dir.path());
    assert!(matches!(shelf.stock_by("broken".into(), &[]), Err(Lack::Recipe(_))));
    let stock = shelf.stock_without_images("broken".into());
    assert_eq!((stock.recipe_name.as_str(), stock.images.len()), ("broken", 0));
    assert_eq!(stock.kit.recipe.backup.encrypt_to.as_deref(), Some("key of broken"));
    assert_eq!(*shelf.stock_without_images("home".into()).kit, Kit::default(), "a good recipe counts whole");
}

#[test]
fn what_a_kill_left_half_uploaded_is_no_firmware_and_goes_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("uploads")).unwrap();
    let left = dir.path().join("uploads/.upload-x");
    fs::write(&left, b"half").unwrap();
    assert_eq!(shelf(dir.path()).files(), []);
    assert!(!left.exists());
}
