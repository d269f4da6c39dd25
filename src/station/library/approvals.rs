//! How somebody comes to answer for a firmware file.

use super::files::FirmwareFile;
use super::{Declined, Library};
use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::firmware::approval::{Approval, Approved};

impl Library {
    /// Approves the file that is called so and has this digest: what somebody saw, and no other. Any file of that digest
    /// where no name is given.
    pub fn approve(&self, name: Option<&str>, sha256: Digest, by: Approval) -> Result<FirmwareFile, Declined> {
        let files = self.files();
        let named = |file: &&FirmwareFile| name.is_none_or(|name| file.name == name);
        let Some(file) = files.iter().filter(named).find(|file| file.sha256 == Some(sha256)) else {
            let found: Vec<String> =
                files.iter().filter(named).filter_map(|file| file.sha256).map(|sha256| sha256.to_string()).collect();
            return Err(match (name, found.as_slice()) {
                (Some(name), [_, ..]) => Declined::Taken(format!(
                    "expected {name} with the SHA-256 {sha256}, found {}: it is another file than the one you saw",
                    found.join(", ")
                )),
                _ => Declined::Missing(format!("there is no firmware file with the SHA-256 {sha256}")),
            });
        };
        if !file.approved && !file.offered {
            return Err(Declined::Unfit(file.reason.clone().unwrap_or_default()));
        }
        if file.offered {
            self.only_content(&files, &file.name, sha256)?;
            let approved = Approved { sha256, name: file.name.clone(), by };
            self.choices.approve(approved).map_err(|error| Declined::Disk(error.to_string()))?;
            let chip = file.chip.map_or("?", Chip::name);
            let version = file.version.as_deref().unwrap_or("?");
            tracing::info!(file = ?file.name, chip, version, %sha256, ?by, "firmware approved");
        }
        Ok(FirmwareFile {
            ok: true,
            approved: true,
            approved_by: file.approved_by.or(Some(by)),
            offered: false,
            reason: None,
            ..file.clone()
        })
    }

    /// Approves a digest of which no file is here yet.
    pub fn approve_unseen(&self, name: &str, sha256: Digest) -> Result<(), Declined> {
        if !name.is_empty() {
            self.only_content(&self.files(), name, sha256)?;
        }
        let approved = Approved { sha256, name: name.into(), by: Approval::Command };
        self.choices.approve(approved).map_err(|error| Declined::Disk(error.to_string()))
    }

    /// Takes the approval of a digest back. Files of the firmware folder need none.
    pub fn revoke(&self, sha256: Digest) -> Result<(), Declined> {
        if !self.choices.approved().iter().any(|approved| approved.sha256 == sha256) {
            return Err(Declined::Missing(format!("nobody has approved the SHA-256 {sha256}")));
        }
        self.choices.revoke(sha256).map_err(|error| Declined::Disk(error.to_string()))?;
        tracing::info!(%sha256, "the approval of a firmware file was taken back");
        Ok(())
    }

    /// What somebody approved, whether it is here or not.
    pub fn approved(&self) -> Vec<Approved> {
        self.choices.approved()
    }

    /// A name that stands for one content must not come to stand for another: whoever pins a recipe or a habit to it
    /// would not notice.
    pub(super) fn only_content(&self, files: &[FirmwareFile], name: &str, sha256: Digest) -> Result<(), Declined> {
        let here = files.iter().filter(|file| file.approved && file.name == name).filter_map(|file| file.sha256);
        let known = self.choices.approved().into_iter().filter(|approved| approved.name == name);
        let other = here.chain(known.map(|approved| approved.sha256)).find(|known| *known != sha256);
        other.map_or(Ok(()), |other| {
            Err(Declined::Taken(format!(
                "{name} with another content is approved already (SHA-256 {other}), this one has {sha256}; give this file \
                 another name, or take that approval back first: delete the file, or `flashjig firmware revoke {other}`"
            )))
        })
    }
}
