//! What is in the library, and what is not let into it.

use super::*;
use crate::model::chip::Chip;
use crate::model::unit::readiness::LackKind;
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
    let file = library.upload(&name, &bytes, None).unwrap();
    assert_eq!((file.ok, file.offered, file.approved, file.chip), (false, true, false, Some(Chip::Bk7231T)));
    assert_eq!((file.version.as_deref(), file.origin), (Some("1.18.300"), Origin::Upload));
    assert_eq!(images(&library), 0, "nobody has approved it");
    let file = library.approve(Some(&name), file.sha256.unwrap(), Approval::Page).unwrap();
    assert_eq!((file.ok, file.offered, file.approved_by), (true, false, Some(Approval::Page)));
    assert_eq!((before.images.len(), images(&library)), (0, 1), "what began keeps what it has");
    let cut = &bytes[..bytes.len() / 2];
    for (name, bytes) in [("x.bin", b"not firmware".as_slice()), ("cut.bin", cut), ("../x.bin", &bytes), ("", &bytes)] {
        assert!(matches!(library.upload(name, bytes, None), Err(Declined::Unfit(_))), "{name}");
    }
    assert_eq!(fs::read_dir(dir.path().join("uploads")).unwrap().count(), 1);
    assert_eq!(library.files(), [file]);
    library.delete(&name).unwrap();
    assert_eq!(library.files(), []);
    assert!(matches!(library.delete(&name), Err(Declined::Missing(_))));
    assert!(matches!(library.delete("../desk.json"), Err(Declined::Unfit(_))));
}

#[test]
fn uploads_are_counted_and_leave_room_for_backups() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = factory::demo_image_of(Chip::Bk7231T, "1.18.300", 0x8000);
    let uploads = dir.path().join("uploads");
    fs::create_dir_all(&uploads).unwrap();
    for number in 1..MAX_UPLOADS {
        fs::write(uploads.join(format!("{number}.bin")), b"x").unwrap();
    }
    library.upload(&name, &bytes, None).unwrap();
    let why = library.upload("one-more.bin", &bytes, None).unwrap_err();
    assert!(matches!(&why, Declined::Full(what) if what.contains("at most 32 uploaded files of 64 MiB")), "{why}");
    library.upload(&name, &bytes, None).unwrap();
    library.delete("7.bin").unwrap();
    let large = fs::File::create(uploads.join("1.bin")).unwrap();
    large.set_len(MAX_UPLOADED - 3 * bytes.len() as u64 / 2).unwrap();
    assert!(matches!(library.upload("one-more.bin", &bytes, None), Err(Declined::Full(_))), "{} bytes", bytes.len());
    large.set_len(0).unwrap();
    library.upload("one-more.bin", &bytes, None).unwrap();
    assert!(!uploads.join(".upload-").exists() && fs::read_dir(&uploads).unwrap().count() == MAX_UPLOADS);
}

#[test]
fn links_and_pipes_are_no_firmware_and_names_stay_on_their_line() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = factory::demo_image_of(Chip::Bk7231T, "1.18.300", 0x8000);
    let firmware = dir.path().join("firmware");
    fs::write(dir.path().join(&name), &bytes).unwrap();
    std::os::unix::fs::symlink(dir.path().join(&name), firmware.join(&name)).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        firmware.join("pipe.bin"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    fs::write(dir.path().join("media/stick/OpenBK\n\u{202e}x.bin"), b"not firmware").unwrap();
    let files = library.files();
    let found: Vec<_> = files.iter().map(|file| (file.name.as_str(), file.ok)).collect();
    assert_eq!(found, [(name.as_str(), false), ("OpenBK??x.bin", false)]);
    assert_eq!(files[0].reason.as_deref(), Some("it is a link; put the file itself there"));
    assert_eq!(images(&library), 0);
}

#[test]
fn a_stick_is_looked_at_and_never_written() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    fs::write(dir.path().join("media/stick/openbeken").join(&name), &bytes).unwrap();
    fs::write(dir.path().join("media/stick/holiday.bin"), b"x").unwrap();
    let files = library.files();
    assert_eq!(files.iter().map(|file| (file.origin, file.offered)).collect::<Vec<_>>(), [(Origin::Usb, true)]);
    assert_eq!(images(&library), 0, "it is only offered");
    library.approve(Some(&name), Digest::of(&bytes), Approval::Panel).unwrap();
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

/// A station whose recipe names one file, and a stick.
fn with_stick(dir: &Path, recipe: &str) -> (Library, PathBuf) {
    let stick = dir.join("media/stick");
    fs::create_dir_all(&stick).unwrap();
    fs::create_dir_all(dir.join("recipes")).unwrap();
    fs::write(dir.join("recipes/default.toml"), recipe).unwrap();
    let library = Library::open(dir, &dir.join("firmware"), "default").with_usb(Some(&dir.join("media")));
    (library, stick)
}

#[test]
fn changed_code_with_new_checksums_on_a_stick_under_the_pinned_name_is_not_used() {
    let dir = tempfile::tempdir().unwrap();
    let (name, good) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    // other code, all of its checksums right, and a version above all
    let (_, changed) = factory::demo_image(Chip::Bk7231T, "9.18.300");
    assert!(Image::open(&name, &changed).is_ok(), "nothing inside tells");
    let (library, stick) = with_stick(dir.path(), &format!("[firmware]\nBK7231T = {name:?}\n"));
    fs::write(dir.path().join("firmware").join(&name), &good).unwrap();
    fs::write(stick.join(&name), &changed).unwrap();
    let files = library.files();
    assert_eq!(files.iter().filter(|file| file.offered).count(), 1);
    let materials = library.materials("default".into(), &[]).unwrap();
    let used: Vec<_> = materials.images.iter().map(|image| image.sha256).collect();
    assert_eq!((used, materials.offered.len()), (vec![Digest::of(&good)], 1));
    let refused = library.approve(Some(&name), Digest::of(&changed), Approval::Page).unwrap_err();
    assert!(matches!(&refused, Declined::Taken(why) if why.contains("another content")), "{refused}");
}

#[test]
fn a_digest_that_the_recipe_pins_approves_the_very_file_wherever_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    let (name, good) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let (_, changed) = factory::demo_image(Chip::Bk7231T, "9.18.300");
    let recipe = format!("[firmware]\nBK7231T = {{ name = {name:?}, sha256 = [\"{}\"] }}\n", Digest::of(&good));
    let (library, stick) = with_stick(dir.path(), &recipe);
    fs::write(stick.join(&name), &changed).unwrap();
    library.files();
    assert_eq!(images(&library), 0);
    fs::write(stick.join(&name), &good).unwrap();
    let files = library.files();
    assert_eq!((files[0].ok, files[0].approved_by), (true, Some(Approval::Recipe)));
    assert_eq!((images(&library), library.readiness()), (1, Readiness::default()));
}

#[test]
fn what_was_approved_is_a_content_and_not_what_is_called_so() {
    let dir = tempfile::tempdir().unwrap();
    let (library, stick) = with_stick(dir.path(), "");
    let (name, good) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    let (_, other) = factory::demo_image(Chip::Bk7231N, "1.18.301");
    fs::write(stick.join(&name), &good).unwrap();
    let seen = library.files()[0].sha256.unwrap();
    fs::write(stick.join(&name), &other).unwrap();
    let late = library.approve(Some(&name), seen, Approval::Page).unwrap_err();
    assert!(matches!(&late, Declined::Taken(why) if why.contains("another file than the one you saw")), "{late}");
    library.approve(Some(&name), Digest::of(&other), Approval::Page).unwrap();
    assert_eq!(images(&library), 1);
    fs::write(stick.join(&name), &good).unwrap();
    library.files();
    assert_eq!(images(&library), 0, "the approval does not go over to what took its place");
    let taken = library.approve(Some(&name), Digest::of(&good), Approval::Page).unwrap_err();
    assert!(matches!(&taken, Declined::Taken(why) if why.contains("revoke")), "{taken}");
    library.revoke(Digest::of(&other)).unwrap();
    library.approve(Some(&name), Digest::of(&good), Approval::Page).unwrap();
    assert!(matches!(library.revoke(Digest::of(&other)), Err(Declined::Missing(_))));
}

#[test]
fn an_upload_of_another_content_under_a_used_name_is_refused_and_the_same_again_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, good) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let (_, other) = factory::demo_image(Chip::Bk7231T, "9.18.300");
    library.upload(&name, &good, None).unwrap();
    assert!(matches!(library.upload(&name, &other, None), Err(Declined::Taken(_))), "not even an offered one");
    library.upload(&name, &good, Some(Digest::of(&good))).unwrap();
    assert!(matches!(library.upload(&name, &other, Some(Digest::of(&other))), Err(Declined::Taken(_))));
    assert_eq!(fs::read(dir.path().join("uploads").join(&name)).unwrap(), good);
    library.delete(&name).unwrap();
    let again = library.upload(&name, &other, None).unwrap();
    assert!(again.offered && library.approved().is_empty(), "what comes back under a name is looked at anew");
}

#[test]
fn an_upload_that_names_its_digest_is_approved_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let other = Digest::of(b"other");
    assert!(
        matches!(library.upload(&name, &bytes, Some(other)), Err(Declined::Unfit(why)) if why.contains("expected"))
    );
    assert_eq!(library.files(), []);
    let file = library.upload(&name, &bytes, Some(Digest::of(&bytes))).unwrap();
    assert_eq!((file.ok, file.approved_by, images(&library)), (true, Some(Approval::Page), 1));
}

#[test]
fn firmware_of_a_chip_that_is_not_converted_is_not_taken_and_listed_as_not_usable() {
    let dir = tempfile::tempdir().unwrap();
    let library = library(dir.path());
    let (name, bytes) = unsupported();
    let refused = library.upload(&name, &bytes, None).unwrap_err();
    assert!(matches!(&refused, Declined::Unfit(why) if why.contains("not usable: it is for a BK7")), "{refused}");
    fs::write(dir.path().join("firmware").join(&name), &bytes).unwrap();
    let files = library.files();
    assert!(!files[0].ok && !files[0].offered && !files[0].approved, "{files:?}");
    assert_eq!((images(&library), library.readiness().lack.unwrap().kind), (0, LackKind::Firmware));
}

/// An image that is right in itself, for a chip that flashjig knows and does not convert.
fn unsupported() -> (String, Vec<u8>) {
    let chip = Chip::ALL.into_iter().find(|chip| !chip.is_converted() && chip.facts().firmware.is_some()).unwrap();
    let (name, bytes) = factory::demo_image(chip, "1.18.300");
    assert_eq!(Image::open(&name, &bytes).unwrap().chip, chip);
    (name, bytes)
}

#[test]
fn uploads_count_where_the_firmware_folder_is_gone_and_folders_are_made_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let library = Library::open(dir.path(), &dir.path().join("firmware"), "default");
    for folder in ["firmware", "uploads", "recipes"] {
        assert!(dir.path().join(folder).is_dir(), "{folder}");
    }
    fs::remove_dir(dir.path().join("firmware")).unwrap();
    let lack = library.readiness().lack.unwrap();
    assert!(lack.kind == LackKind::Firmware && lack.message.contains("mkdir -p"), "{lack:?}");
    assert!(matches!(library.materials("default".into(), &[]), Err(Lack::Firmware(_))));
    let (name, bytes) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    library.upload(&name, &bytes, Some(Digest::of(&bytes))).unwrap();
    assert_eq!((images(&library), library.readiness()), (1, Readiness::default()));
}

#[test]
fn a_station_says_what_is_missing_and_offers_only_what_units_would_get() {
    let dir = tempfile::tempdir().unwrap();
    let (library, stick) = with_stick(dir.path(), "");
    let image = |chip, version| factory::demo_image(chip, version);
    assert_eq!(library.readiness().lack.unwrap().kind, LackKind::Firmware);
    let put = |folder: &Path, (name, bytes): (String, Vec<u8>)| {
        fs::write(folder.join(name), &bytes).unwrap();
        library.files();
        Digest::of(&bytes)
    };
    let older = put(&stick, image(Chip::Bk7231T, "1.18.200"));
    let now = library.readiness();
    assert_eq!((now.lack.unwrap().kind, now.offer.unwrap().sha256), (LackKind::Approval, older));
    put(&dir.path().join("firmware"), image(Chip::Bk7231T, "1.18.300"));
    assert_eq!(library.readiness(), Readiness::default(), "what is there is newer");
    let newer = put(&stick, image(Chip::Bk7231T, "1.18.301"));
    let offer = library.readiness().offer.unwrap();
    assert_eq!((offer.sha256, offer.version.as_deref()), (newer, Some("1.18.301")));
    assert!(offer.question().contains(&newer.short()), "{}", offer.question());
    library.approve(None, newer, Approval::Panel).unwrap();
    assert_eq!(library.readiness(), Readiness::default());
    fs::write(dir.path().join("recipes/default.toml"), "nonsense = 1\n").unwrap();
    assert_eq!(library.readiness().lack.unwrap().kind, LackKind::Recipe);
}

/// A publisher made for the tests, and his signature of the made-up image for a BK7231N, version 1.18.300.
const PUBLISHER: &str = "RWRmbGFzaGppZziTZGmDLXrZhMlQ0PaW/cpJlzmMqCfTh+yNVlsoBXR9";
const SIGNATURE: &str = "untrusted comment: signature of the test publisher\nRURmbGFzaGppZ3Zq/DsxRcAE3oIHYfGEZbjRpP/8EzqPAbaWwKquwzEgd0jmGV9vlQUHkuYBNQebygHOs122S0rizSf2ombeMQg=\ntrusted comment: timestamp:1790000000\tfile:demo\thashed\nsy95pMFpvos4aPnU1I2deZdYmOX5o+wKIqUzY3ZCvUPw7/HsT0E26rSGnZsm3aJCV2Jbp5Iji78aDFemAQ41BA==\n";

#[test]
fn a_file_that_the_publisher_signed_needs_no_approval_and_one_that_was_changed_since_does() {
    let dir = tempfile::tempdir().unwrap();
    let (library, stick) = with_stick(dir.path(), "");
    let library = library.trusting(Publisher::parse(PUBLISHER).as_ref());
    let (name, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    let beside = stick.join(format!("{name}.minisig"));
    fs::write(stick.join(&name), &bytes).unwrap();
    assert!(library.files()[0].offered, "without a signature");
    fs::write(&beside, SIGNATURE).unwrap();
    let files = library.files();
    assert_eq!(files.len(), 1, "the signature is no firmware file");
    assert_eq!((files[0].ok, files[0].approved_by, images(&library)), (true, Some(Approval::Publisher), 1));
    fs::write(stick.join(&name), factory::demo_image(Chip::Bk7231N, "9.18.300").1).unwrap();
    assert!(library.files()[0].offered && images(&library) == 0);
    fs::write(stick.join(&name), &bytes).unwrap();
    fs::remove_file(&beside).unwrap();
    std::os::unix::fs::symlink(dir.path().join("elsewhere"), &beside).unwrap();
    fs::write(dir.path().join("elsewhere"), SIGNATURE).unwrap();
    assert!(library.files()[0].offered, "a link is no signature");
}

#[test]
fn a_name_on_a_stick_forges_no_line() {
    let dir = tempfile::tempdir().unwrap();
    let (library, stick) = with_stick(dir.path(), "");
    let (_, bytes) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    fs::write(stick.join("OpenBK\n WARN \u{202E}x.bin"), &bytes).unwrap();
    let files = library.files();
    assert_eq!((files[0].name.as_str(), files[0].offered), ("OpenBK? WARN ?x.bin", true));
    let now = library.readiness();
    assert!(!now.lack.unwrap().message.contains(char::is_control) && now.offer.unwrap().name == files[0].name);
}
