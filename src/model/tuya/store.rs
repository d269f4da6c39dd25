//! A dump's store, decoded: the settings, every entry, and what is wrong with it.

use super::app_table;
use super::area;
use super::cipher::BaseKey;
use super::format::DataMagic;
use super::keys::{self, Entry, Health};
use super::pages::Blocks;
use super::protected;
use super::secret::{self, Class};
use super::tidy::tidy;
use super::value::Parsed;
use super::vault::{self, KeyFrom, Vault};
use crate::model::chip;
use serde_json::{Map, Value};

/// The name of the value that holds pins, levels and module.
pub const SETTINGS: &str = "user_param_key";
/// Notes that are told of one store.
const MOST_NOTES: usize = 100;

/// A decoded store. Its `Debug` shows names, lengths and settings, no secret.
#[derive(Clone, Debug)]
pub struct Store {
    /// File offset of the key sector.
    pub found_at: usize,
    /// How the store is built.
    pub layout: Layout,
    /// Pins, levels, module: the value `user_param_key`; empty without one.
    pub settings: Map<String, Value>,
    /// Where the settings come from; `None`: there are none.
    pub source: Option<Source>,
    /// All values, in the order of their blocks.
    pub entries: Vec<Entry>,
    /// Values of the protected sector.
    pub protected: Vec<Entry>,
    /// What a reader must know: damage, older copies, other stores in the file. Never a value.
    pub notes: Vec<String>,
}

/// How a store is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Data sectors from the first to the last readable one.
    pub sectors: usize,
    /// Of those, the ones with a right checksum.
    pub sound_sectors: usize,
    /// First word of the data sectors; `None`: not one is readable.
    pub magic: Option<DataMagic>,
    /// What the device key is added to.
    pub base: BaseKey,
    /// File offset of the protected sector.
    pub protected: Option<usize>,
    /// Flash address of the file's first byte, as far as the key sector's place tells: 0 or 0x11000.
    pub file_begins_at: Option<usize>,
}

/// Where the settings come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// From the store.
    Store(Health),
    /// From a table in the app; the store has none.
    App {
        /// Its address as the CPU sees it.
        at: usize,
    },
    /// From the plain file store; the encrypted one has none that can be trusted.
    File {
        /// The file's name.
        name: String,
    },
    /// From a file that holds nothing else.
    Alone,
}

impl Source {
    /// Whether the settings may be given to a device without a human's yes.
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Store(health) => health.is_sound(),
            Self::App { .. } | Self::File { .. } | Self::Alone => true,
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(health) => write!(f, "{SETTINGS}, {health}"),
            Self::App { at } => write!(f, "a table in the app at {at:#x}"),
            Self::File { name } => write!(f, "{name} of the file store"),
            Self::Alone => f.write_str("a file of settings"),
        }
    }
}

impl Store {
    /// Without settings in the store the app is searched; a TuyaMCU module has none there either.
    fn fall_back(&mut self, dump: &[u8]) {
        if let Some(baud) = self.mcu_baud() {
            self.notes.push(format!("a TuyaMCU module at {baud} baud: its pins belong to the other controller"));
        } else if self.source.is_none()
            && let Some(table) = app_table::find(dump, self.layout.file_begins_at.unwrap_or(0))
        {
            self.source = Some(Source::App { at: table.at });
            self.settings = table.settings;
        }
    }

    /// An entry by name.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// The module's name, such as `WB2S`.
    pub fn module(&self) -> Option<&str> {
        self.settings.get("module").and_then(Value::as_str).filter(|name| !name.is_empty())
    }

    /// The product key, which names a product but is hidden by default.
    pub fn product_key(&self) -> Option<String> {
        let parsed = Parsed::of(self.entry("gw_di")?.value.reveal());
        parsed.object()?.get("pk")?.as_str().map(str::to_owned)
    }

    /// Serial speed of the microcontroller behind a TuyaMCU module: such a device has no pins to map.
    pub fn mcu_baud(&self) -> Option<u64> {
        mcu_baud(|key| Parsed::of(self.entry(key)?.value.reveal()).object().cloned())
    }
}

/// The same of any store whose entries this gives by their names.
pub fn mcu_baud(entry: impl Fn(&str) -> Option<Map<String, Value>>) -> Option<u64> {
    let places = [("baud_cfg", "baud"), ("uart_adapt_params", "uart_baud")];
    places.into_iter().find_map(|(key, field)| entry(key)?.get(field)?.as_u64())
}

/// Why a dump gives no store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absent {
    /// Nothing but FF where the store would be.
    #[error("expected a Tuya store, found erased flash at {at:#x}; read the dump from a stock unit")]
    Erased {
        /// File offset.
        at: usize,
    },
    /// The unit is converted already.
    #[error("expected a Tuya store, found an OpenBeken configuration at {at:#x}; this unit is converted already")]
    OpenBeken {
        /// File offset.
        at: usize,
    },
    /// The key sector is there, its key is not.
    #[error("expected the key of a Tuya store, found a damaged key sector at {at:#x}; read the flash again")]
    KeyDamaged {
        /// File offset.
        at: usize,
    },
    /// Nothing that looks like one.
    #[error("expected a Tuya store, found none in {bytes:#x} bytes; give a full dump of a stock unit, read from 0")]
    NotFound {
        /// Size of the file.
        bytes: usize,
    },
}

/// Decodes the store of a dump: a full flash, one that begins at 0x11000, or the store alone.
///
/// What is readable is given; the notes and each entry's [`Health`] say what is not.
pub fn decode(dump: &[u8]) -> Result<Store, Absent> {
    let search = vault::search(dump);
    let Some(vault) = search.vault else { return Err(absent(dump, &search.damaged)) };
    let mut notes = Vec::new();
    match vault.key_from {
        KeyFrom::Sound => {}
        KeyFrom::Doubtful => {
            notes.push(format!("key sector at {:#x}: checksum wrong, but its key fits the data", vault.at));
        }
        KeyFrom::Protected => {
            notes.push(format!("key sector at {:#x}: unreadable; the protected sector's copy is used", vault.at));
        }
    }
    for at in &search.others {
        notes.push(format!("another store has its key sector at {at:#x}; this one has more readable sectors"));
    }
    for at in &search.damaged {
        notes.push(format!("key or protected sector at {at:#x}: damaged, not used"));
    }
    if vault.sectors.is_empty() {
        notes.push(format!("no data sector behind the key sector at {:#x} is readable", vault.at));
    }
    let blocks = Blocks::of(&vault.sectors);
    keys::sector_notes(&blocks, &vault.sectors, &mut notes);
    let entries = keys::read(&blocks, &mut notes);
    for entry in entries.iter().filter(|entry| entry.health != Health::Good) {
        notes.push(format!("{}: {}", entry.name, entry.health));
    }
    let protected = match &vault.protected {
        Some(sector) => protected::read(sector, &vault.data_key, &mut notes),
        None => Vec::new(),
    };
    let (settings, source) = settings(&entries, &mut notes);
    let layout = layout(&vault);
    let mut store = Store { found_at: vault.at, layout, settings, source, entries, protected, notes };
    store.fall_back(dump);
    let more = store.notes.len().saturating_sub(MOST_NOTES);
    if more > 0 {
        store.notes.truncate(MOST_NOTES);
        store.notes.push(format!("{more} more of the kind"));
    }
    Ok(store)
}

/// The pin table in the app of a full dump that has no store.
pub fn app_settings(dump: &[u8]) -> Option<(Source, Map<String, Value>)> {
    app_settings_in(dump, 0)
}

/// The same of a dump that begins at this flash address.
pub fn app_settings_in(dump: &[u8], begins_at: usize) -> Option<(Source, Map<String, Value>)> {
    let table = app_table::find(dump, begins_at)?;
    Some((Source::App { at: table.at }, table.settings))
}

fn layout(vault: &Vault) -> Layout {
    Layout {
        sectors: vault.sectors.len(),
        sound_sectors: vault.sectors.iter().filter(|sector| matches!(sector.state, vault::State::Good(_))).count(),
        magic: vault.sectors.iter().find_map(|sector| sector.state.magic()),
        base: vault.base,
        protected: vault.protected.as_ref().map(|sector| sector.at),
        file_begins_at: area::of(vault.at).map(|area| area.begins_at),
    }
}

fn settings(entries: &[Entry], notes: &mut Vec<String>) -> (Map<String, Value>, Option<Source>) {
    let Some(entry) = entries.iter().find(|entry| entry.name == SETTINGS) else {
        return (Map::new(), None);
    };
    let parsed = Parsed::of(entry.value.reveal());
    let mut health = entry.health.clone();
    if let Parsed::Partial(_, why) = &parsed {
        notes.push(format!("{SETTINGS}: {why}"));
        if health.is_sound() {
            health = Health::Damaged(why.clone());
        }
    }
    let Some(object) = parsed.object() else {
        notes.push(format!("{SETTINGS}: expected an object, found something else"));
        return (Map::new(), None);
    };
    let mut settings = object.clone();
    let before = settings.len();
    settings.retain(|name, value| {
        secret::class(SETTINGS, &[name]) == Class::Free && (health.is_sound() || is_plausible(name, value))
    });
    tidy(&mut settings);
    if settings.len() < before {
        notes.push(format!("{SETTINGS}: {} fields left out: no settings, or not readable", before - settings.len()));
    }
    (settings, Some(Source::Store(health)))
}

/// A damaged value may hold pieces of others, credentials among them: only pairs that look like settings are let
/// through.
fn is_plausible(name: &str, value: &Value) -> bool {
    let is_word = |text: &str, more: &[u8]| {
        (1..=24).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    is_word(name, b"_")
        && match value {
            Value::Number(number) => number.as_i64().is_some_and(|number| number.abs() < 1_000_000),
            Value::String(text) => matches!(name, "module" | "jv" | "Jsonver" | "category") && is_word(text, b".-_"),
            _ => false,
        }
}

fn absent(dump: &[u8], damaged: &[usize]) -> Absent {
    if let Some(&at) = damaged.first() {
        return Absent::KeyDamaged { at };
    }
    // Alone in the file, or in a full dump.
    let mut places = [0].into_iter().chain(chip::config_places().into_iter().map(|at| at as usize));
    if let Some(at) = places.find(|&at| dump.get(at..at + 3) == Some(&chip::CONFIG_IDENT)) {
        return Absent::OpenBeken { at };
    }
    let is_erased = |from: usize, to: usize| {
        dump.get(from..to).is_some_and(|area| !area.is_empty() && area.iter().all(|&byte| byte == 0xFF))
    };
    if is_erased(0, dump.len()) {
        return Absent::Erased { at: 0 };
    }
    match area::all().find(|area| is_erased(area.start as usize, area.end as usize)) {
        Some(area) => Absent::Erased { at: area.start as usize },
        None => Absent::NotFound { bytes: dump.len() },
    }
}
