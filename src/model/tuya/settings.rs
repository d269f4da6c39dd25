//! The settings of a dump, by their two witnesses: the encrypted store, and the copy that the vendor's firmware makes of
//! it in the plain file store when it first starts.
//!
//! The copies were the same in every key in 23 of 23 public dumps that have both. The running firmware obeys the file. So
//! two that agree are told, two that differ are a doubt, and one alone is the source.

use super::files::{FileStore, NoFiles};
use super::secret::{Class, class};
use super::store::{Absent, SETTINGS, Source, Store};
use super::tidy::tidy;
use super::value::Parsed;
use crate::model::chip::plain::line;
use serde_json::{Map, Value};

/// Names that the copy has, in the order of preference: of most plugs, of newer SDKs, of some BK7231T.
const NAMES: [&str; 3] = ["oem_cfg", "json", SETTINGS];
/// Ends of an object that are tried, from the last one backwards: behind the text other bytes may follow.
const TRIES: usize = 16;
/// Differences that are told.
const TOLD: usize = 8;
/// Characters of a value that are told.
const SHOWN: usize = 80;

/// The settings of a dump.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// As they lie there; of two that differ those of the encrypted store.
    pub map: Map<String, Value>,
    /// Where they come from; `None`: there are none.
    pub source: Option<Source>,
    /// Who says so.
    pub witness: Witness,
    /// What a reader must know. Never a credential.
    pub notes: Vec<String>,
}

/// Who says what the settings are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Witness {
    /// Neither store; there may be a table in the app.
    #[default]
    Nobody,
    /// The encrypted store alone.
    Vault,
    /// The file store alone.
    File,
    /// Both, and they agree.
    Both,
    /// Both, and they differ.
    Differ(Vec<Difference>),
}

/// A key in which the two differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The key.
    pub key: String,
    /// What the encrypted store says.
    pub vault: Option<Value>,
    /// What the file says.
    pub file: Option<Value>,
}

impl Settings {
    /// Those of a dump whose stores were read. `app` are settings of the app, for a dump without an encrypted store.
    pub fn of(
        store: &Result<Store, Absent>,
        files: &Result<FileStore, NoFiles>,
        app: impl FnOnce() -> Option<(Source, Map<String, Value>)>,
    ) -> Self {
        let file = files.as_ref().ok().and_then(in_files);
        let vault = store.as_ref().ok().filter(|store| matches!(&store.source, Some(Source::Store(h)) if h.is_sound()));
        let mut notes = Vec::new();
        let (map, source, witness) = match (vault, file) {
            (Some(vault), Some((name, file))) => {
                let differences = differences(&vault.settings, &file);
                let witness = if differences.is_empty() { Witness::Both } else { Witness::Differ(differences) };
                notes.push(match &witness {
                    Witness::Both => format!("{name} of the file store says the same in every key"),
                    _ => format!("{name} of the file store differs from {SETTINGS}"),
                });
                (vault.settings.clone(), vault.source.clone(), witness)
            }
            (Some(vault), None) => (vault.settings.clone(), vault.source.clone(), Witness::Vault),
            (None, Some((name, file))) => {
                notes.push(format!("the settings are from {name} of the file store alone: a single witness"));
                (file, Some(Source::File { name }), Witness::File)
            }
            (None, None) => {
                let (source, map) = match store {
                    Ok(store) => (store.source.clone(), store.settings.clone()),
                    Err(_) => app().map_or((None, Map::new()), |(source, map)| (Some(source), map)),
                };
                (map, source, Witness::Nobody)
            }
        };
        Self { map, source, witness, notes }
    }

    /// Why they must not be written to a plug, as far as the witnesses go.
    pub fn doubt(&self) -> Option<String> {
        let Witness::Differ(differences) = &self.witness else { return None };
        let shown =
            |value: &Option<Value>| value.as_ref().map_or("absent".to_owned(), |value| line(&text(value), SHOWN));
        let told = differences.iter().take(TOLD).map(|difference| {
            let Difference { key, vault, file } = difference;
            format!("{key} is {} in the encrypted store and {} in the file store", shown(vault), shown(file))
        });
        let mut told: Vec<String> = told.collect();
        if differences.len() > TOLD {
            told.push(format!("{} more", differences.len() - TOLD));
        }
        Some(format!("expected the vendor's two copies of the settings to agree, found: {}", told.join("; ")))
    }
}

/// The keys in which two copies differ; a number and its digits are the same.
pub fn differences(vault: &Map<String, Value>, file: &Map<String, Value>) -> Vec<Difference> {
    let keys = vault.keys().chain(file.keys().filter(|key| !vault.contains_key(*key)));
    let differs = |key: &&String| vault.get(*key).map(text) != file.get(*key).map(text);
    keys.filter(differs)
        .map(|key| Difference { key: key.clone(), vault: vault.get(key).cloned(), file: file.get(key).cloned() })
        .collect()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The copy in the file store, if it can be read whole, with the file's name.
pub fn in_files(files: &FileStore) -> Option<(String, Map<String, Value>)> {
    NAMES.into_iter().find_map(|name| Some((name.to_owned(), settings(files.file(name)?.bytes()?)?)))
}

/// The text is whole or it does not count: no checksum speaks for it.
fn settings(bytes: &[u8]) -> Option<Map<String, Value>> {
    let ends = bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'}').map(|(at, _)| at);
    let object = ends.take(TRIES).find_map(|end| match Parsed::of(bytes.get(..=end)?) {
        Parsed::Tree(Value::Object(object)) => Some(object),
        _ => None,
    })?;
    let mut settings = object;
    settings.retain(|key, _| class(SETTINGS, &[key]) == Class::Free);
    tidy(&mut settings);
    (!settings.is_empty()).then_some(settings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::tuya::encode::{self, Spec};
    use crate::model::tuya::files::encode::{Plan, store as lay};
    use crate::model::tuya::files::{self, Areas};
    use crate::model::tuya::{app_settings, decode};

    const PINS: &str = "{rl1_pin:6,bt1_pin:7,module:CB2S,crc:9,}";

    /// A flash with these settings in the encrypted store and these files.
    fn flash(vault: Option<&str>, files: &[(&str, &str)]) -> Vec<u8> {
        let mut flash = vec![0xFF; 0x20_0000];
        if let Some(vault) = vault {
            let entries = vec![("user_param_key".to_owned(), vault.as_bytes().to_vec())];
            let store = encode::store(&Spec { entries, ..Spec::default() }).unwrap();
            flash[0x1E_E000..0x1E_E000 + store.len()].copy_from_slice(&store);
        }
        let files: Vec<Plan> =
            (2..).zip(files).map(|(block, (name, text))| Plan::new(name, &[block], text.as_bytes())).collect();
        lay(&mut flash, &Areas::of(Chip::Bk7231N, 0).unwrap(), &files, 1);
        flash
    }

    fn of(flash: &[u8]) -> Settings {
        Settings::of(&decode(flash), &files::read(flash, Chip::Bk7231N, 0), || app_settings(flash))
    }

    #[test]
    fn two_that_agree_are_told_in_any_order_of_their_keys() {
        for file in [PINS, "{crc:9,module:CB2S,bt1_pin:7,rl1_pin:6,}"] {
            let settings = of(&flash(Some(PINS), &[("oem_cfg", file)]));
            assert_eq!((settings.witness.clone(), settings.doubt()), (Witness::Both, None));
            assert_eq!(settings.notes, ["oem_cfg of the file store says the same in every key"]);
            assert_eq!(settings.source.unwrap().to_string(), "user_param_key, good");
        }
    }

    #[test]
    fn two_that_differ_are_a_doubt_with_both_values() {
        let settings = of(&flash(Some(PINS), &[("oem_cfg", "{rl1_pin:8,bt1_pin:7,module:CB2S,rl1_lv:0,crc:9,}")]));
        assert_eq!(
            settings.doubt().unwrap(),
            "expected the vendor's two copies of the settings to agree, found: rl1_pin is 6 in the encrypted store and 8 \
             in the file store; rl1_lv is absent in the encrypted store and 0 in the file store"
        );
        assert_eq!(settings.map["rl1_pin"], 6);
        let many: Vec<String> = (0..20).map(|n| format!("k{n}:1")).collect();
        let doubt = of(&flash(Some(PINS), &[("oem_cfg", &format!("{{{},}}", many.join(",")))])).doubt().unwrap();
        assert!(doubt.ends_with("; 16 more"), "{doubt}");
    }

    #[test]
    fn where_the_encrypted_store_has_none_the_file_is_the_source() {
        for (vault, name) in [(None, "oem_cfg"), (Some("{module:}"), "oem_cfg"), (None, "json"), (None, SETTINGS)] {
            let mut flash = flash(vault, &[("log_seq_stat", "{}"), (name, PINS)]);
            if vault.is_some() {
                flash[0x1E_F080] ^= 1;
            }
            let settings = of(&flash);
            assert_eq!((settings.witness.clone(), settings.doubt()), (Witness::File, None), "{vault:?} {name}");
            assert_eq!(settings.map["rl1_pin"], 6);
            assert_eq!(settings.source, Some(Source::File { name: name.to_owned() }));
            assert!(settings.notes[0].contains("single witness"), "{:?}", settings.notes);
        }
        assert_eq!(of(&flash(Some(PINS), &[])).witness, Witness::Vault);
        let none = of(&flash(None, &[]));
        assert_eq!((none.witness, none.source, none.map.len()), (Witness::Nobody, None, 0));
    }

    #[test]
    fn a_text_that_is_filled_up_is_cut_at_its_end() {
        let mut filled = PINS.as_bytes().to_vec();
        filled.resize(1016, b'Z');
        filled.extend([0x12, 0xFE, b'}', 0, 1, 2, 3, 4]);
        assert_eq!(settings(&filled).unwrap().len(), 4);
    }

    #[test]
    fn a_text_that_is_not_whole_is_no_witness() {
        for text in ["", "{rl1_pin:6,bt1_pin:7", "rl1_pin:6}", "{}", "{rl1_pin:6,\u{7f}", "}}}}"] {
            assert_eq!(settings(text.as_bytes()), None, "{text}");
        }
        let with = settings(b"{rl1_pin:6,passwd:hunter2,}").unwrap();
        assert!(!with.contains_key("passwd"), "credentials are none of the settings");
    }

    #[test]
    fn a_number_and_its_digits_are_the_same() {
        let of = |json: &str| serde_json::from_str::<Map<String, Value>>(json).unwrap();
        assert_eq!(differences(&of(r#"{"a":6,"b":"x"}"#), &of(r#"{"b":"x","a":"6"}"#)), []);
    }

    #[test]
    fn real_dumps_have_two_witnesses_that_agree() {
        for (name, chip, witness) in [
            ("N_Mirabella_I003632_plug_CB2S", Chip::Bk7231N, Witness::Both),
            ("N_TSL-PS-F4U_plug", Chip::Bk7231N, Witness::Both),
            ("T_Woox_R5111_bulb_WB3S", Chip::Bk7231T, Witness::Both),
            ("T_DS-101JL_4gang_WB3S", Chip::Bk7231T, Witness::Vault),
        ] {
            let Some(dump) = crate::testdata::read(&format!("stock/{name}.bin")) else { return };
            let settings = Settings::of(&decode(&dump), &files::read(&dump, chip, 0), || None);
            assert!(settings.witness == witness, "{name}: {:?}", settings.witness);
        }
    }
}
