//! Who answers for it that a firmware file is what its name says. The file itself can't: whoever changes its code makes
//! all of its checksums anew.

use crate::model::chip::digest::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why units may get a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Approval {
    /// The station's owner put it into the firmware folder.
    Folder,
    /// Its publisher signed it.
    Publisher,
    /// The recipe in force pins its digest.
    Recipe,
    /// Somebody with the right approved its digest on the page or over the interface.
    Page,
    /// Somebody at the jig held the button of a slot that showed the offer.
    Panel,
    /// `flashjig firmware approve`.
    Command,
}

/// A digest that somebody approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approved {
    /// Of the whole file.
    pub sha256: Digest,
    /// What the file was called; empty where only the digest was known.
    #[serde(default)]
    pub name: String,
    /// Where it was approved.
    pub by: Approval,
}
