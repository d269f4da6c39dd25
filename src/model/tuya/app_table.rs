//! Settings that the vendor compiled into the app: the place to look when a store has none.
//!
//! As bk7231tools does it: decrypt the app, find a word that every pin table has, take the text around it.

use super::tidy::tidy;
use super::value::Parsed;
use crate::model::chip::flash_cipher;
use crate::model::chip::{Family, Key};
use serde_json::{Map, Value};

/// Words of a pin table, the most telling first.
const WORDS: [&[u8]; 3] = [b",crc:", b",module:", b"Jsonver:"];
/// Longest text that is taken for a table, bytes.
const LONGEST: usize = 8192;

/// A pin table in the app.
pub(super) struct AppTable {
    /// Its address as the CPU sees it.
    pub(super) at: usize,
    pub(super) settings: Map<String, Value>,
}

/// The first pin table in the app of a dump whose first byte lies at flash address `begins_at`.
pub(super) fn find(dump: &[u8], begins_at: usize) -> Option<AppTable> {
    let app_at = Family::Beken.lowest_boot_end() as usize;
    let raw = dump.get(app_at.checked_sub(begins_at)?..)?;
    [Key::Standard, Key::Plain].into_iter().find_map(|key| {
        let app = flash_cipher::unseal(flash_cipher::APP_BASE, raw, key).plain;
        WORDS.iter().find_map(|word| table(&app, word))
    })
}

/// The first text between two NULs that has the word and is a table. Each text is read once, however often it has it.
fn table(app: &[u8], word: &[u8]) -> Option<AppTable> {
    let mut from = app.iter().position(|byte| *byte == 0)? + 1;
    loop {
        let rest = app.get(from..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        let text = rest.get(..end)?;
        let has_word = end <= LONGEST && text.windows(word.len()).any(|window| window == word);
        if let Some(table) = Some(text).filter(|_| has_word).and_then(|text| read(text, from)) {
            return Some(table);
        }
        from += end + 1;
    }
}

/// The text at `at`, read as settings.
fn read(text: &[u8], at: usize) -> Option<AppTable> {
    #[cfg(test)]
    READ.set(READ.get() + text.len());
    let brace = text.iter().position(|&byte| byte == b'{')?;
    let Parsed::Tree(Value::Object(mut settings)) = Parsed::of(text.get(brace..)?) else { return None };
    tidy(&mut settings);
    // A format string of the vendor's own parser has the words too, but no values.
    let has_pins = settings.iter().any(|(name, value)| name.contains("pin") && value.is_number());
    (has_pins || settings.contains_key("module"))
        .then(|| AppTable { at: flash_cipher::APP_BASE as usize + at + brace, settings })
}

#[cfg(test)]
thread_local! {
    /// Bytes that this thread read as settings: what a search costs.
    pub(super) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dump(app: &[u8], key: Key) -> Vec<u8> {
        let mut dump = vec![0xFF; 0x1_1000];
        dump.extend(flash_cipher::seal(flash_cipher::APP_BASE, app, key));
        dump.extend([0xFF; 0x1000]);
        dump
    }

    fn app(texts: &[&str]) -> Vec<u8> {
        let mut app = vec![0x5A; 777];
        for text in texts {
            app.push(0);
            app.extend(text.as_bytes());
        }
        app.push(0);
        app.resize(4096, 0x5A);
        app
    }

    #[test]
    fn a_table_in_the_app_is_found_under_both_keys() {
        let app = app(&["missing ,crc: in config", "{Jsonver:1.0.0,r_pin:6,module:WB3L,crc:7,}"]);
        for key in [Key::Standard, Key::Plain] {
            let table = find(&dump(&app, key), 0).unwrap();
            assert_eq!(table.settings["r_pin"], 6);
            assert_eq!(table.settings["module"], "WB3L");
            assert_eq!(table.at, 0x1_0000 + 777 + 25);
        }
        assert!(find(dump(&app, Key::Standard).get(0x1_1000..).unwrap(), 0x1_1000).is_some());
    }

    #[test]
    fn words_alone_are_no_table() {
        assert!(find(&dump(&app(&["Jsonver:", ",crc:", "{a:%d,module"]), Key::Standard), 0).is_none());
        assert!(find(&[], 0).is_none());
    }

    #[test]
    fn openbekens_own_image_has_no_table() {
        let Some(image) = crate::testdata::read("firmware/OpenBK7231T_QIO_1.18.300.bin") else { return };
        assert!(find(&image, 0).is_none());
    }
}
