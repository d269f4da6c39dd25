//! The ledger (to come).

use super::StoreError;
use crate::model::unit::{Unit, UnitQuery};
use std::path::Path;

/// All units, durable. Cheap to clone.
#[derive(Clone)]
pub struct Ledger {}

impl Ledger {
    /// Opens or makes the ledger in `data_dir/ledger`.
    pub fn open(_data_dir: &Path) -> Result<Self, StoreError> {
        Ok(Self {})
    }

    /// Gives the unit its number and stores it; returns when it would survive a power cut.
    pub async fn commit(&self, unit: Unit) -> Result<Unit, StoreError> {
        Ok(unit)
    }

    /// One unit.
    pub async fn get(&self, _seq: u64) -> Result<Option<Unit>, StoreError> {
        Ok(None)
    }

    /// Units, newest first.
    pub async fn query(&self, _query: UnitQuery) -> Result<Vec<Unit>, StoreError> {
        Ok(Vec::new())
    }
}
