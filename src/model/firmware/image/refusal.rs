//! Why a file is no firmware, or not for this board.

use super::drivers::listed;
use super::kind::Kind;
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::Span;
use crate::model::chip::{Chip, Key};
use crate::model::cycle::fault::FaultCode;

/// A file that is refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct Refusal {
    /// The file, or `firmware` where no file is left.
    pub name: String,
    /// Why.
    pub why: Why,
}

impl Refusal {
    /// Whether there is no image, a wrong one, or one without a driver.
    pub fn fault(&self) -> FaultCode {
        match self.why {
            Why::NoneFits { .. } => FaultCode::NoImage,
            Why::OtherDigest { .. } => FaultCode::WrongDigest,
            Why::NotApproved { .. } => FaultCode::NotApproved,
            Why::Lacks { .. } | Why::NoneHas { .. } => FaultCode::ImageLacks,
            _ => FaultCode::WrongImage,
        }
    }
}

/// What was expected, what came, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Not a UA or QIO file at all.
    #[error("expected a UA or QIO firmware file, found {} ({bytes} bytes); {}", found(*.kind), instead(*.kind))]
    NotFirmware {
        /// What it is.
        kind: Kind,
        /// Its length.
        bytes: usize,
    },
    /// Neither plain nor under the standard key.
    #[error("expected code that is plain or under the standard key, found another vendor's key; use an OpenBeken file")]
    ForeignKey,
    /// A record's CRC-16 is wrong, or something lies where the flash must be blank.
    #[error("expected good code records, found a damaged one at {at:#08x} of the file; download it again")]
    BadRecord {
        /// Offset in the file.
        at: usize,
    },
    /// No RBL header at the end.
    #[error(
        "expected an RBL header at the end, which proves the file whole; found none in {bytes} bytes: the file was \
         cut, or is not as published; download it again"
    )]
    Cut {
        /// Length of the file.
        bytes: usize,
    },
    /// An RBL header of other code.
    #[error("expected code that agrees with the RBL header at {at:#08x}, found other code; download the file again")]
    OtherCode {
        /// Offset of the header in the file.
        at: usize,
    },
    /// A dump with its end cut off, or two files in one.
    #[error(
        "expected nothing behind the app's RBL header, found data at {at:#08x}: this is more than firmware, such as a \
         part of a dump; use the file as published"
    )]
    MoreThanFirmware {
        /// Offset in the file.
        at: usize,
    },
    /// No platform and version in the code.
    #[error("expected OpenBeken's platform and version in the code, found {}; use an OpenBeken file", vendors(*.stock))]
    NoMarker {
        /// The chip that a vendor's app names.
        stock: Option<Chip>,
    },
    /// More than one.
    #[error("expected one platform and version in the code, found {}; use an OpenBeken file as published", .0.join(", "))]
    Ambiguous(Vec<String>),
    /// Platform and key do not go together.
    #[error("expected the {} key for a {chip}, found the {key} key; use an OpenBeken file as published", .chip.key())]
    OddKey {
        /// Platform in the code.
        chip: Chip,
        /// Key of the code.
        key: Key,
    },
    /// The boot loader of a QIO file does not go with its app.
    #[error("expected a boot loader that goes with the app, found {0}; use an OpenBeken file as published")]
    OddBoot(String),
    /// For another chip.
    #[error("expected an image for the {board} in the jig, found one for {chip}; use OpenBeken's file for {board}")]
    OtherChip {
        /// Chip of the image.
        chip: Chip,
        /// Chip of the board.
        board: Chip,
    },
    /// Under another key than the chip's.
    #[error("expected code under the {board} key of this board, found the {key} key; use a file with the board's key")]
    OtherKey {
        /// Key of the image.
        key: Key,
        /// Key of the board.
        board: Key,
    },
    /// Reaches into the update area, or over the end of the flash.
    #[error("expected an app that ends at {limit:#08x} at the latest, found {span}; use a smaller build")]
    TooLarge {
        /// Where it belongs.
        span: Span,
        /// Where it must end.
        limit: u32,
    },
    /// What the board runs now is under another key, so this chip does not decrypt as was concluded.
    #[error(
        "expected the {key} key of the image in the app that the board runs now, found the {present} key; the new app \
         would not start; set the board aside"
    )]
    PresentKey {
        /// Key of the image.
        key: Key,
        /// Key of the app in flash.
        present: Key,
    },
    /// The boot loader's table puts the update area elsewhere than this firmware does.
    #[error(
        "expected the update area at {expected:#08x}, as this firmware has it; the board's boot loader has it at \
         {found:#08x}; set the board aside"
    )]
    OtherLayout {
        /// Where the firmware has it.
        expected: u32,
        /// Where the board has it.
        found: u32,
    },
    /// Its first start would erase the vendor's calibration.
    #[error(
        "expected OpenBeken {since} or later for a {chip}, found {version}: builds before that erase the maker's calibration \
         at their first start; use a newer file"
    )]
    TooOld {
        /// Chip of the board.
        chip: Chip,
        /// Version of the image.
        version: String,
        /// The first that may be used.
        since: &'static str,
    },
    /// It writes where the vendor's own data is.
    #[error(
        "expected a build that leaves the maker's own data of a {chip} alone, found a {variant} build, which erases a part of \
         it; take the plain build"
    )]
    UnfitVariant {
        /// Chip of the board.
        chip: Chip,
        /// The variant.
        variant: &'static str,
    },
    /// None of the candidates fits the board.
    #[error("expected a file for {chip} with the {key} key, found {}; put OpenBeken's file for {chip} into the firmware folder", none(.reasons))]
    NoneFits {
        /// Chip of the board.
        chip: Chip,
        /// Key of the board.
        key: Key,
        /// Each candidate with its reason.
        reasons: Vec<String>,
    },
    /// Its name is right, but it is not the file whose digest the recipe pins.
    #[error(
        "expected a file for {chip} with the SHA-256 that the recipe pins ({}), found {}; get the pinned file, or prove \
         that the new one is the publisher's and write its digest into the recipe",
        digests(.pins),
        .found.join(", ")
    )]
    OtherDigest {
        /// Chip of the board.
        chip: Chip,
        /// What the recipe pins.
        pins: Vec<Digest>,
        /// Each file of that name, with its digest.
        found: Vec<String>,
    },
    /// Files that fit are there, but nobody answers for where they are from.
    #[error(
        "expected a file for {chip} that somebody approved, found {} offered only; compare the digest with the \
         publisher's, then approve the file on the page (Firmware) or with `flashjig firmware approve SHA256`",
        .found.join(", ")
    )]
    NotApproved {
        /// Chip of the board.
        chip: Chip,
        /// Each file, with its digest.
        found: Vec<String>,
    },
    /// Drivers that the plug's pins need are not linked into it.
    #[error(
        "expected an image with {0}, which this plug needs, found one without; take the plain build",
        listed(.missing)
    )]
    Lacks {
        /// The drivers.
        missing: Vec<String>,
    },
    /// The same of each of several.
    #[error(
        "expected an image with {0}, which this plug needs, found {1}; put the plain build there",
        listed(.needed),
        none(.reasons)
    )]
    NoneHas {
        /// What the plug needs.
        needed: Vec<String>,
        /// Each candidate with what it lacks.
        reasons: Vec<String>,
    },
}

impl Why {
    /// In a few words, for a list.
    pub fn short(&self) -> String {
        match self {
            Self::OtherChip { chip, .. } => format!("is for {chip}"),
            Self::OtherKey { key, .. } => format!("has the {key} key"),
            Self::TooLarge { span, .. } => format!("is too large ({} KiB)", span.len() / 1024),
            Self::Lacks { missing } => format!("has no {}", listed(missing)),
            Self::TooOld { since, .. } => format!("is older than {since}"),
            Self::UnfitVariant { variant, .. } => format!("is a {variant} build"),
            other => other.to_string(),
        }
    }
}

fn found(kind: Kind) -> &'static str {
    match kind {
        Kind::Ota => "an OTA update package",
        Kind::Dump => "a flash dump",
        Kind::Part => "a part of a flash",
        Kind::OpenbekenConfig => "a saved OpenBeken configuration",
        _ => "something else",
    }
}

fn instead(kind: Kind) -> &'static str {
    match kind {
        Kind::Ota => "a running firmware takes it, the UART does not: use the UA or QIO file of the same release",
        Kind::Dump | Kind::Part => "it holds another device's keys and calibration: use an OpenBeken UA or QIO file",
        _ => "use an OpenBeken UA or QIO file",
    }
}

fn vendors(chip: Option<Chip>) -> String {
    chip.map_or_else(|| "none".into(), |chip| format!("a vendor's own app for {chip}"))
}

fn digests(pins: &[Digest]) -> String {
    let texts: Vec<String> = pins.iter().map(Digest::to_string).collect();
    texts.join(" or ")
}

fn none(reasons: &[String]) -> String {
    if reasons.is_empty() { "no firmware file at all".into() } else { reasons.join("; ") }
}
