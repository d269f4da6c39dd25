//! The drivers that are linked into an app, by the table that the firmware itself looks them up in.
//!
//! Names of drivers stand in every image, because code elsewhere asks for them, so a name alone is no evidence. The
//! table is: in the initialised data, entries of 9 words, a pointer to the name, then functions or 0, then a word that
//! is 0 until the driver is loaded. Older versions had fewer functions.
//!
//! Source: `drv_main.c` of openshwprojects/OpenBK7231T_App; measured on the images of 1.18.300 for all chips.

use crate::model::chip::flash_cipher::APP_BASE;

/// Words of an entry, the usual number first.
const STRIDES: [usize; 7] = [9, 6, 7, 8, 10, 11, 12];
/// Bytes of a word.
const WORD: usize = 4;
/// Fewer entries than this are no table: every build has 12 or more.
const LEAST: usize = 8;
/// More are none either; the largest build has 34.
const MOST: usize = 256;
/// Bytes of a name.
const NAME: std::ops::RangeInclusive<usize> = 2..=16;
/// A driver that every build has.
const WITNESS: &str = "NTP";

/// The names of the table in an app's plain code; `None`: no table can be read.
pub fn read(app: &[u8]) -> Option<Vec<String>> {
    STRIDES.into_iter().find_map(|stride| table(app, stride))
}

/// The longest table of entries of `stride` words. Each offset is looked at once: entries of one table lie `stride`
/// words apart, so the offsets fall into rows.
fn table(app: &[u8], stride: usize) -> Option<Vec<String>> {
    let mut best: Vec<&str> = Vec::new();
    for row in 0..stride {
        let mut run: Vec<&str> = Vec::new();
        for at in (row * WORD..app.len()).step_by(stride * WORD) {
            match name(app, at, stride) {
                Some(name) => run.push(name),
                None => take_longer(&mut best, &mut run),
            }
        }
        take_longer(&mut best, &mut run);
    }
    (!best.is_empty()).then(|| best.into_iter().map(str::to_owned).collect())
}

fn take_longer<'a>(best: &mut Vec<&'a str>, run: &mut Vec<&'a str>) {
    if (LEAST..=MOST).contains(&run.len()) && run.len() > best.len() && run.contains(&WITNESS) {
        std::mem::swap(best, run);
    }
    run.clear();
}

/// The name of the entry at `at`, if there is one.
fn name(app: &[u8], at: usize, stride: usize) -> Option<&str> {
    let word = |index: usize| -> Option<u32> {
        let at = at + index * WORD;
        app.get(at..at + WORD)?.try_into().ok().map(u32::from_le_bytes)
    };
    let place = |pointer: u32| pointer.checked_sub(APP_BASE).map(|at| at as usize).filter(|at| *at < app.len());
    let text = app.get(place(word(0)?)?..)?;
    let end = text.iter().take(NAME.end() + 1).position(|byte| *byte == 0)?;
    let text = str::from_utf8(text.get(..end)?).ok()?;
    let is_name = NAME.contains(&end) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_code = |pointer: u32| pointer == 0 || (pointer % 2 == 1 && place(pointer).is_some());
    let is_entry =
        is_name && (1..stride - 1).all(|index| word(index).is_some_and(is_code)) && word(stride - 1) == Some(0);
    is_entry.then_some(text)
}

/// A table of these drivers and the names that it points to, for made-up apps in which it begins at `at`, a multiple of 4.
pub fn encode(names: &[&str], at: usize) -> Vec<u8> {
    let mut table = Vec::new();
    let mut texts = Vec::new();
    let texts_at = at + names.len() * 9 * WORD;
    for name in names {
        let logical = |at: usize| APP_BASE + at as u32;
        // init and one more function, at an odd address as all Thumb code
        let entry = [logical(texts_at + texts.len()), logical(0x101), 0, logical(0x141), 0, 0, 0, 0, 0];
        table.extend(entry.iter().flat_map(|word| word.to_le_bytes()));
        texts.extend(name.bytes());
        texts.push(0);
    }
    [table, texts].concat()
}

/// Names as a sentence lists them.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::firmware::image::anatomy::App;
    use crate::model::firmware::image::builds;
    use proptest::prelude::*;

    const SOME: [&str; 9] = ["TuyaMCU", "tmSensor", "NTP", "I2C", "BL0942", "BL0937", "IR", "RC", "Bridge"];

    /// An app of noise with a table at `at`.
    fn app(names: &[&str], at: usize) -> Vec<u8> {
        let mut app: Vec<u8> = (0..0x2000_u32).flat_map(|i| i.wrapping_mul(0x9E37_79B9).to_le_bytes()).collect();
        let table = encode(names, at);
        app[at..at + table.len()].copy_from_slice(&table);
        app
    }

    #[test]
    fn a_table_is_read_wherever_it_lies() {
        for at in [0x100, 0x104, 0x1230, 0x7000] {
            assert_eq!(read(&app(&SOME, at)).unwrap(), SOME, "at {at:#x}");
        }
    }

    #[test]
    fn older_tables_have_fewer_functions() {
        let nine = encode(&SOME, 0x400);
        let (table, texts) = nine.split_at(SOME.len() * 36);
        for stride in [6, 8, 12] {
            let mut entries: Vec<u8> = Vec::new();
            for entry in table.chunks(36) {
                let mut entry = entry[..20].to_vec();
                entry.resize(stride * 4, 0);
                entries.extend(entry);
            }
            let mut app = app(&[], 0);
            app[0x1000..0x1000 + entries.len()].copy_from_slice(&entries);
            app[0x400 + table.len()..0x400 + table.len() + texts.len()].copy_from_slice(texts);
            assert_eq!(read(&app).unwrap(), SOME, "{stride} words");
        }
    }

    #[test]
    fn names_alone_are_no_table() {
        let mut app = app(&[], 0);
        let names = b"\0TuyaMCU\0tmSensor\0NTP\0I2C\0BL0942\0BL0937\0CSE7766\0IR\0RC\0Bridge\0";
        app[0x100..0x100 + names.len()].copy_from_slice(names);
        assert_eq!(read(&app), None);
        assert_eq!(read(&[]), None);
        assert_eq!(read(&[0; 0x1000]), None);
    }

    #[test]
    fn what_is_not_quite_a_table_is_none() {
        assert_eq!(read(&app(&SOME[..7], 0x400)), None, "too short");
        let others = ["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9"];
        assert_eq!(read(&app(&others, 0x400)), None, "without the driver that all have");
        let mut even = app(&SOME, 0x400);
        even[0x400 + 4 * 36 + 4] &= !1;
        assert_eq!(read(&even), None, "a function at an even address");
        let mut loaded = app(&SOME, 0x400);
        loaded[0x400 + 4 * 36 + 32] = 1;
        assert_eq!(read(&loaded), None, "no driver is loaded in a file");
    }

    #[test]
    fn real_images_have_the_drivers_that_were_measured() {
        for (name, chip, count) in [
            ("OpenBK7231T_QIO_1.18.300.bin", "T", 31),
            ("OpenBK7231T_UA_1.18.300.bin", "T", 31),
            ("OpenBK7231N_QIO_1.18.300.bin", "N", 34),
            ("OpenBK7231N_UA_1.18.300.bin", "N", 34),
            ("OpenBK7231M_QIO_1.18.300.bin", "M", 34),
            ("OpenBK7231U_QIO_1.18.300.bin", "U", 34),
            ("OpenBK7238_QIO_1.18.300.bin", "BK7238", 34),
        ] {
            let Some(bytes) = crate::testdata::read(&format!("firmware/{name}")) else { return };
            let app = App::read(&bytes[if name.contains("QIO") { 0x1_1000 } else { 0 }..]).unwrap();
            let found = read(&app.plain).unwrap();
            assert_eq!(found.len(), count, "{name}");
            let chip = crate::model::chip::Chip::parse(chip).unwrap();
            let [mut found, mut expected] =
                [found, builds::drivers(chip, "").iter().map(|name| (*name).to_owned()).collect()];
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{name}");
        }
    }

    proptest! {
        #[test]
        fn hostile_bytes_never_panic(
            words in prop::collection::vec(prop::sample::select(vec![0, 0x1_0001, 0x1_0010, 0x1_0040, u32::MAX]), 0..600),
            text in "[A-Z0-9\0]{0,64}",
        ) {
            let app = [text.as_bytes(), &words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>()].concat();
            if let Some(names) = read(&app) {
                prop_assert!(names.len() <= MOST);
            }
        }
    }
}
