//! The files that hold the factory's calibration.

use super::figures::{Figures, object};
use crate::model::chip::digest::Digest;
use crate::model::tuya::files::{File, FileStore, Held};
use crate::model::tuya::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// 16 bytes, of plugs since 2021.
pub const MEASURE_COE: &str = "measure_coe";
/// One byte: 1 passed, 2 failed.
pub const MEASURE_RSLT: &str = "measure_rslt";
/// JSON, of plugs before that.
pub const COE_SAVE_KEY: &str = "coe_save_key";
/// JSON: the same as `measure_rslt`.
pub const PROD_RSLT_KEY: &str = "prod_rslt_key";

/// One calibration of the factory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Where it lies.
    pub source: Source,
    /// Its numbers, or why they can't be read.
    pub figures: Result<Figures, String>,
    /// Result of the factory's test.
    pub rslt: Option<i64>,
    /// Whether the test was passed: numbers of one that was not are worthless.
    pub is_passed: bool,
    /// What it holds are registers of a RN8209.
    pub is_rn8209: bool,
}

/// Where a calibration lies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MeterSource")]
pub struct Source {
    /// Name of the file.
    pub file: String,
    /// Which index names it.
    pub copy: Held,
    /// Generation of that index.
    pub generation: u32,
    /// Its logical block.
    pub block: Option<u16>,
    /// Flash address of its first byte.
    pub address: Option<u32>,
    /// Digest of its bytes.
    pub sha256: Option<Digest>,
}

/// All records of a store, the one that counts more first.
pub fn all(store: &FileStore) -> Vec<Record> {
    [MEASURE_COE, COE_SAVE_KEY].into_iter().filter_map(|name| Some(Record::of(store, store.file(name)?))).collect()
}

impl Record {
    fn of(store: &FileStore, file: &File) -> Self {
        let content = file.content.as_ref().map(Secret::reveal).map_err(Clone::clone);
        let source = Source {
            file: file.name.clone(),
            copy: store.held,
            generation: store.generation,
            block: file.blocks.first().copied(),
            address: file.at,
            sha256: content.as_ref().ok().map(|bytes| Digest::of(bytes)),
        };
        let is_bytes = file.name == MEASURE_COE;
        let (rslt, is_passed) = if is_bytes { measured(store) } else { produced(store) };
        let is_rn8209 =
            !is_bytes && content.as_ref().ok().and_then(|text| object(text)).is_some_and(|o| o.contains_key("0_V"));
        let figures = content.and_then(if is_bytes { Figures::of_bytes } else { Figures::of_text });
        Self { source, figures, rslt, is_passed, is_rn8209 }
    }

    /// The energy that e counts, in Wh, as its file has it.
    pub fn energy(&self) -> f64 {
        if self.source.file == MEASURE_COE { 1.0 } else { 0.5 }
    }
}

fn measured(store: &FileStore) -> (Option<i64>, bool) {
    match store.file(MEASURE_RSLT).and_then(File::bytes) {
        Some([rslt]) => (Some(i64::from(*rslt)), *rslt == 1),
        _ => (None, false),
    }
}

/// The older firmware takes a missing result for a passed one.
fn produced(store: &FileStore) -> (Option<i64>, bool) {
    let Some(file) = store.file(PROD_RSLT_KEY) else { return (None, true) };
    let rslt = file.bytes().and_then(object).and_then(|fields| fields.get("prod_rslt").and_then(Value::as_i64));
    (rslt, rslt == Some(1))
}
