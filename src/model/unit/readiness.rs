//! Whether a station has what its units are made from, and which file waits to be approved.

use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the question about a file that waits begins. It calls nobody: units go on with the firmware that they have.
pub const OFFER: &str = "hold 1 s to use: ";

/// What every unit needs, whatever board is in the jig.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// Why no unit can pass now; `None`: the station is ready.
    pub lack: Option<Lack>,
    /// A file on a stick that units would get if somebody approved it.
    pub offer: Option<Offer>,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Lack {
    /// Of which kind.
    pub kind: LackKind,
    /// What was expected, what is there, and what to do.
    pub message: String,
}

/// Kinds of what may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LackKind {
    /// The recipe can't be used.
    Recipe,
    /// There is no firmware that the recipe allows.
    Firmware,
    /// There is firmware, and nobody has approved it.
    Approval,
}

impl LackKind {
    /// What the panel says of it: an order, a colon, the way out; `page` is where the page is.
    pub fn todo(self, page: Option<&str>) -> String {
        let way = match (self, page) {
            (Self::Recipe, Some(page)) => format!("recipe can't be used, see {page}"),
            (Self::Recipe, None) => "recipe can't be used: flashjig check".into(),
            (Self::Firmware, Some(page)) => format!("no firmware; drop an OpenBK file on {page}"),
            (Self::Firmware, None) => "copy OpenBK files into the firmware folder".into(),
            (Self::Approval, Some(page)) => format!("firmware waits to be approved on {page}"),
            (Self::Approval, None) => "flashjig firmware approve".into(),
        };
        format!("not ready: {way}")
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::Firmware => "firmware",
            Self::Approval => "approval",
        }
    }
}

/// A file that waits to be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Offer {
    /// File name.
    pub name: String,
    /// The chip it is for.
    pub chip: Chip,
    /// Version found inside.
    pub version: Option<String>,
    /// What would be approved.
    pub sha256: Digest,
}

impl Offer {
    /// What the operator at the jig is asked: an order, a colon, the rest.
    pub fn question(&self) -> String {
        let version = self.version.as_deref().unwrap_or("of unknown version");
        format!("{OFFER}digest {}, {} {version} from a stick", self.sha256.short(), self.chip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name() {
        for kind in [LackKind::Recipe, LackKind::Firmware, LackKind::Approval] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
