//! Who answers for a firmware file: which ones units may get, and which are only offered.

use super::files::{FirmwareFile, Found, Origin};
use crate::model::chip::Chip;
use crate::model::chip::digest::Digest;
use crate::model::firmware::approval::{Approval, Approved};
use crate::model::recipe::Recipe;
use std::collections::BTreeMap;

/// Who answers for files, at one moment.
pub(super) struct Judge<'a> {
    approved: BTreeMap<Digest, Approval>,
    recipe: Option<&'a Recipe>,
}

impl<'a> Judge<'a> {
    /// By what was approved and by a recipe that can be read.
    pub(super) fn new(approved: &[Approved], recipe: Option<&'a Recipe>) -> Self {
        Self { approved: approved.iter().map(|approved| (approved.sha256, approved.by)).collect(), recipe }
    }

    fn of(&self, origin: Origin, is_signed: bool, chip: Option<Chip>, sha256: Digest) -> Option<Approval> {
        let is_pinned = self.recipe.zip(chip).is_some_and(|(recipe, chip)| recipe.pins(chip).contains(&sha256));
        match origin {
            Origin::Folder => Some(Approval::Folder),
            _ if is_signed => Some(Approval::Publisher),
            _ => self.approved.get(&sha256).copied().or(is_pinned.then_some(Approval::Recipe)),
        }
    }

    /// Who answers for an image.
    pub(super) fn image(&self, found: &Found) -> Option<Approval> {
        self.of(found.origin, found.is_signed, Some(found.image.chip), found.image.sha256)
    }

    /// A file with who answers for it. One that nobody does is only offered.
    pub(super) fn file(&self, file: FirmwareFile) -> FirmwareFile {
        let Some(sha256) = file.sha256.filter(|_| file.ok) else {
            return FirmwareFile { approved_by: None, ..file };
        };
        let is_signed = file.approved_by == Some(Approval::Publisher);
        let approved_by = self.of(file.origin, is_signed, file.chip, sha256);
        let offered = approved_by.is_none();
        let why = "offered only: compare its digest with the publisher's, then approve it here, or with `flashjig firmware \
                   approve SHA256`";
        FirmwareFile {
            ok: !offered,
            approved: !offered,
            approved_by,
            offered,
            reason: offered.then(|| why.to_owned()),
            ..file
        }
    }
}
