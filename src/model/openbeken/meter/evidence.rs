//! All that a flash tells of its meter.

use super::hardware::{Hardware, KEYS};
use super::record::{self, Record};
use crate::model::tuya::files::{FileStore, NoFiles};
use crate::model::tuya::{Settings, Witness};

/// All that a flash tells of its meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The meter, or why there is none.
    pub hardware: Result<Hardware, String>,
    /// Keys of it in which the two copies of the settings differ.
    pub disagree: Vec<String>,
    /// The file store.
    pub store: Store,
    /// The factory's calibrations in it, the one that counts first.
    pub records: Vec<Record>,
}

/// How the file store fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Store {
    /// It was read.
    Read,
    /// It can't be read.
    Damaged(String),
    /// Nobody knows where it is.
    Unknown(String),
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            hardware: Err("there are none".to_owned()),
            disagree: Vec::new(),
            store: Store::Unknown("nobody looked".to_owned()),
            records: Vec::new(),
        }
    }
}

impl Evidence {
    /// From the settings and the file store of a flash.
    pub fn of(settings: &Settings, files: &Result<FileStore, NoFiles>) -> Self {
        let disagree = match &settings.witness {
            Witness::Differ(differences) => {
                let keys = differences.iter().map(|difference| difference.key.as_str());
                keys.filter(|key| KEYS.contains(key)).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        Self {
            hardware: if settings.map.is_empty() { Self::default().hardware } else { Hardware::of(&settings.map) },
            disagree,
            store: match files {
                Ok(_) => Store::Read,
                Err(problem @ (NoFiles::Unknown { .. } | NoFiles::NoChip)) => Store::Unknown(problem.to_string()),
                Err(problem) => Store::Damaged(problem.to_string()),
            },
            records: files.as_ref().map(record::all).unwrap_or_default(),
        }
    }
}
