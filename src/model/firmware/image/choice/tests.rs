//! Which image is taken, and what is said of it.

use super::*;
use crate::model::chip::flash_cipher::{self, APP_BASE};
use crate::model::chip::{Chip, Key};
use crate::model::cycle::fault::FaultCode;
use crate::model::firmware::image::anatomy::App;
use crate::model::firmware::image::sample::board;
use crate::model::firmware::image::{drivers, need, sample};
use crate::model::firmware::rbl;

const T: Chip = Chip::Bk7231T;
const N: Chip = Chip::Bk7231N;

fn image(version: &str) -> Image {
    Image::open(&format!("T_UA_{version}.bin"), &sample::ua(T, Key::Standard, &sample::marker(T, version))).unwrap()
}

fn blind(version: &str) -> Image {
    Image { drivers: None, ..image(version) }
}

fn need(names: &[&str]) -> Need {
    Need { drivers: names.iter().map(|name| (*name).to_owned()).collect(), is_accepted: false }
}

fn chosen(images: &[Image], need: &Need) -> Result<String, Refusal> {
    let forward = choose(images.iter(), &board(T), Some(need))?;
    assert_eq!(choose(images.iter().rev(), &board(T), Some(need))?.image, forward.image, "their order does not matter");
    Ok(forward.reason)
}

#[test]
fn a_plain_build_goes_before_variants_whatever_the_version_and_it_is_told() {
    let images = ["1.18.300", "1.18.301_tuyaMCU", "1.18.302_ALT", "1.18.9", "2178_merge"].map(image);
    assert_eq!(
        chosen(&images, &Need::default()).unwrap(),
        "T_UA_1.18.300.bin: the newest plain build, 1.18.300, of 5 files that fit; T_UA_1.18.301_tuyaMCU.bin is newer, but \
         a variant (tuyaMCU); T_UA_1.18.302_ALT.bin is newer, but a variant (ALT)"
    );
    let alt = Image { name: "OpenBK7231T_ALT_UA_1.18.303.bin".into(), ..image("1.18.303") };
    let [plain, ..] = &images;
    let reason = chosen(&[alt, plain.clone()], &Need::default()).unwrap();
    assert!(
        reason.contains("1.18.300.bin: the newest plain build") && reason.contains("is newer, but a variant"),
        "{reason}"
    );
}

#[test]
fn alone_a_variant_is_taken_and_called_one() {
    let reason = chosen(&[image("1.18.300_tuyaMCU")], &need(&["TuyaMCU"])).unwrap();
    assert_eq!(
        reason,
        "T_UA_1.18.300_tuyaMCU.bin: the only file that fits, a variant, 1.18.300_tuyaMCU; it has TuyaMCU"
    );
}

#[test]
fn an_image_that_lacks_a_driver_is_refused_before_anything_is_erased() {
    let metering = need(&["BL0937"]);
    let refusal = chosen(&[image("1.18.300_tuyaMCU")], &metering).unwrap_err();
    assert_eq!((refusal.fault(), refusal.fault().code()), (FaultCode::ImageLacks, "I03"));
    assert_eq!(
        refusal.to_string(),
        "T_UA_1.18.300_tuyaMCU.bin: expected an image with BL0937, which this plug needs, found one without; take the plain \
         build"
    );
    let several = ["1.18.300_tuyaMCU", "1.18.300_sensors"].map(image);
    let refusal = chosen(&several, &metering).unwrap_err();
    assert_eq!(refusal.fault(), FaultCode::ImageLacks);
    assert!(refusal.to_string().contains("T_UA_1.18.300_sensors.bin has no BL0937"), "{refusal}");
    let none = choose(several.iter(), &board(N), Some(&metering)).unwrap_err();
    assert_eq!(none.fault(), FaultCode::NoImage, "one of another chip is no image at all");
}

#[test]
fn another_that_has_the_driver_is_taken() {
    let images = ["1.18.302_tuyaMCU", "1.18.300_powerMetering", "1.18.299_sensors"].map(image);
    assert_eq!(
        chosen(&images, &need(&["BL0937"])).unwrap(),
        "T_UA_1.18.300_powerMetering.bin: the only file that fits, a variant, 1.18.300_powerMetering; it has BL0937; \
         T_UA_1.18.302_tuyaMCU.bin has no BL0937; T_UA_1.18.299_sensors.bin has no BL0937"
    );
    // a plain build that lacks it gives way to a variant that has it
    let strip = ["1.18.300", "1.18.300_sensors"].map(image);
    assert!(chosen(&strip, &need(&["SHT3X"])).unwrap().starts_with("T_UA_1.18.300_sensors.bin"));
}

#[test]
fn names_of_drivers_have_no_case() {
    assert!(chosen(&[image("1.18.300")], &need(&["bl0937", "tuyamcu"])).is_ok());
}

#[test]
fn a_table_that_cannot_be_read_is_told_and_forbids_nothing() {
    let metering = need(&["BL0937"]);
    let choice = chosen(&[blind("1.18.300")], &metering).unwrap();
    assert!(choice.ends_with("its drivers can't be read, so nobody knows whether it has BL0937"), "{choice}");
    let choice = chosen(&[blind("1.18.300"), image("1.18.299")], &metering).unwrap();
    assert_eq!(
        choice,
        "T_UA_1.18.299.bin: a plain build, 1.18.299, of 2 files that fit; it has BL0937; T_UA_1.18.300.bin is newer, but \
         its drivers can't be read"
    );
    let choice = chosen(&[blind("1.18.300"), image("1.18.299")], &Need::default()).unwrap();
    assert!(choice.starts_with("T_UA_1.18.300.bin: the newest plain build"), "where nothing is needed: {choice}");
}

#[test]
fn a_recipe_can_accept_what_may_be_missing_and_no_more() {
    let image = [image("1.18.300_tuyaMCU")];
    let accepted = |names: &[&str]| Need { is_accepted: true, ..need(names) };
    assert!(chosen(&image, &need(&["IR"])).is_err());
    let reason = chosen(&image, &accepted(&["IR", "DS1820"])).unwrap();
    assert!(reason.ends_with("it has no IR and DS1820, which the recipe accepts"), "{reason}");
    let refusal = chosen(&image, &accepted(&["IR", "Bridge"])).unwrap_err();
    assert_eq!(refusal.why, Why::Lacks { missing: vec!["IR".into(), "Bridge".into()] });
}

/// The published file without the entry of `driver`, its header made anew.
fn without(file: &[u8], driver: &str) -> Vec<u8> {
    let app = App::read(file).unwrap();
    let mut plain = app.plain;
    let word = |plain: &[u8], at: usize| u32::from_le_bytes(plain[at..at + 4].try_into().unwrap());
    let text = |plain: &[u8], name: &str| {
        let name = format!("\0{name}\0");
        rbl::positions(plain, name.as_bytes()).map(|at| APP_BASE + at as u32 + 1).collect::<Vec<_>>()
    };
    let (driver, other) = (text(&plain, driver), text(&plain, "NTP")[0]);
    let is_entry =
        |at: &usize| driver.contains(&word(&plain, *at)) && word(&plain, at + 32) == 0 && word(&plain, at + 4) % 2 == 1;
    let entry = (0..plain.len() - 36).step_by(4).find(is_entry).unwrap();
    plain[entry..entry + 4].copy_from_slice(&other.to_le_bytes());
    flash_cipher::crypt(APP_BASE, &mut plain, flash_cipher::STANDARD);
    let mut raw = flash_cipher::wrap(&plain);
    raw.resize(file.len() - rbl::SEALED, 0xFF);
    raw.extend(rbl::Header::of("app", "1.00", &plain).seal());
    raw
}

#[test]
fn a_published_image_that_is_patched_to_lack_bl0937_is_refused_for_a_metering_plug() {
    for (name, chip) in [("OpenBK7231T_UA_1.18.300.bin", T), ("OpenBK7231N_UA_1.18.300.bin", N)] {
        let Some(file) = crate::testdata::read(&format!("firmware/{name}")) else { return };
        let whole = Image::open(name, &file).unwrap();
        let patched = Image::open("patched.bin", &without(&file, "BL0937")).unwrap();
        let metering = need(&["BL0937"]);
        assert_eq!(need::lacks(patched.drivers.as_ref().unwrap(), &metering.drivers), ["BL0937"]);
        let refusal = choose([&patched].into_iter(), &board(chip), Some(&metering)).unwrap_err();
        assert_eq!((refusal.fault(), refusal.name.as_str()), (FaultCode::ImageLacks, "patched.bin"));
        assert!(choose([&patched].into_iter(), &board(chip), None).is_ok(), "a plug without a meter may have it");
        let choice = choose([&patched, &whole].into_iter(), &board(chip), Some(&metering)).unwrap();
        assert_eq!((choice.image, &choice.answer), (&whole, &Answer::Has));
        assert!(choice.reason.contains("patched.bin has no BL0937"), "{}", choice.reason);
    }
}

#[test]
fn the_made_up_images_have_a_table_in_their_plain_code() {
    let app = App::read(&sample::ua(N, Key::Standard, &sample::marker(N, "1.18.300"))).unwrap();
    assert_eq!(drivers::read(&app.plain).unwrap().len(), 34);
}
