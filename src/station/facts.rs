//! How the station itself is: disk, ledger, archive, ports.

use super::handle::StationHandle;
use crate::store::{Disk, StoreError};
use schemars::JsonSchema;
use serde::Serialize;

/// What is not of a unit or a slot.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Facts {
    /// Time since the program was started, s.
    pub uptime_s: u64,
    /// The disk with the data folder; `None`: it does not say.
    pub disk: Option<Disk>,
    /// The ledger.
    pub ledger: LedgerFacts,
    /// The archive.
    pub archive: ArchiveFacts,
    /// The ports, in the order of the slots.
    pub uarts: Vec<Uart>,
}

/// The ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LedgerFacts {
    /// Records in it.
    pub units: u64,
    /// Size on disk.
    pub bytes: u64,
}

/// The archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ArchiveFacts {
    /// Stock flashes in it.
    pub backups: u64,
    /// Size on disk.
    pub bytes: u64,
}

/// A slot's port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Port")]
pub struct Uart {
    /// Name of the slot.
    pub slot: String,
    /// The device.
    pub port: String,
    /// Whether the device is there.
    pub present: bool,
}

impl StationHandle {
    /// How full the disk with the data folder is; `None`: it does not say.
    pub fn disk(&self) -> Option<Disk> {
        self.stores().1.disk()
    }

    /// Looks at disk, ledger, archive and ports.
    pub async fn facts(&self) -> Result<Facts, StoreError> {
        let services = self.services();
        let (ledger, archive) = self.stores();
        let kept = archive.list().await?;
        let uarts = services.uarts.iter().map(|(slot, port)| Uart {
            slot: slot.clone(),
            port: port.clone(),
            present: std::path::Path::new(port).exists(),
        });
        Ok(Facts {
            uptime_s: services.begun.elapsed().as_secs(),
            disk: archive.disk(),
            ledger: LedgerFacts {
                units: services.counter().look(|stats, _| stats.records()),
                bytes: ledger.bytes().await?,
            },
            archive: ArchiveFacts { backups: kept.len() as u64, bytes: kept.iter().map(|backup| backup.bytes).sum() },
            uarts: uarts.collect(),
        })
    }
}
