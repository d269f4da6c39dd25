//! Where a file lies in the flash that it was read from.
//!
//! Tools that can't read the boot loader of a T begin at 0x11000; some read on behind the flash's end, where addresses
//! wrap round, so the boot loader comes last. Others save one region alone. A file says itself where it begins, by what
//! has one place only: boot loader, app, calibration, the vendor's stores.

use super::regions;
use crate::model::chip::flash::Span;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::{Chip, Family, Key};
use crate::model::firmware::image::anatomy::{App, Boot};
use crate::model::tuya::Store;
use serde::{Serialize, Serializer};
use std::borrow::Cow;

/// Where the app begins, on every chip.
const APP_AT: u32 = Family::Beken.lowest_boot_end();

/// How much of a flash a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// All of it, from 0 on.
    Whole,
    /// All of it, begun elsewhere and wrapped round at the end.
    Turned,
    /// From 0 on, with its end missing.
    Short,
    /// Something that begins elsewhere.
    Part,
}

/// Where a file lies in the flash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Extent {
    /// How much it holds.
    pub form: Form,
    /// Flash address of its first byte; several where what it holds may lie in any of them.
    #[serde(serialize_with = "one")]
    pub begins_at: Vec<u32>,
    /// Its length.
    pub bytes: usize,
}

/// For programs: the address, or null where it is not certain.
fn one<S: Serializer>(places: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    match places {
        [at] => serializer.serialize_some(at),
        _ => serializer.serialize_none(),
    }
}

impl Extent {
    /// Finds it out; `None`: nothing in the file has a place in a flash. `store` is the vendor's store, decoded.
    pub fn of(bytes: &[u8], store: Option<&Store>) -> Option<Self> {
        let form = |form, begins_at| Some(Self { form, begins_at, bytes: bytes.len() });
        if begins_with_boot(bytes) {
            let is_boot_alone = bytes.len() <= APP_AT as usize;
            let short = if is_boot_alone { Form::Part } else { Form::Short };
            return form(if is_whole(bytes) { Form::Whole } else { short }, vec![0]);
        }
        if let Some(boot) = turned(bytes) {
            return form(Form::Turned, vec![(bytes.len() - boot) as u32]);
        }
        let has_app = |at: u32| bytes.get(at as usize..).and_then(App::key_at).is_some_and(|key| key != Key::Foreign);
        let places = match () {
            () if has_app(APP_AT) => vec![0],
            () if has_app(0) => vec![APP_AT],
            () => regions::places(bytes, store),
        };
        match places.as_slice() {
            // a flash whose marks are lost is a flash all the same
            [] if is_whole(bytes) && !is_uniform(bytes) => form(Form::Whole, vec![0]),
            [] => None,
            places if places.contains(&0) => form(if is_whole(bytes) { Form::Whole } else { Form::Short }, vec![0]),
            places => form(Form::Part, places.to_vec()),
        }
    }

    /// The address of its first byte, as far as it is certain.
    pub fn begin(&self) -> Option<u32> {
        match self.begins_at.as_slice() {
            [at] => Some(*at),
            _ => None,
        }
    }

    /// What it holds of the flash, where that is certain.
    pub fn span(&self) -> Option<Span> {
        Some(Span::sized(self.begin()?, u32::try_from(self.bytes).ok()?))
    }

    /// The bytes in the flash's order, and the flash address of the first.
    pub fn straight<'a>(&self, bytes: &'a [u8]) -> (Cow<'a, [u8]>, u32) {
        let begin = self.begin().unwrap_or(0);
        match self.form {
            Form::Turned => {
                let mut turned = bytes.to_vec();
                turned.rotate_right((begin as usize).min(bytes.len()));
                (Cow::Owned(turned), 0)
            }
            Form::Whole | Form::Short | Form::Part => (Cow::Borrowed(bytes), begin),
        }
    }

    /// What it is, in a sentence, and what can be done with it; `None` for a whole flash.
    pub fn words(&self, chip: Option<Chip>) -> Option<String> {
        let kib = self.bytes / 1024;
        match (self.form, self.begins_at.as_slice()) {
            (Form::Whole, _) => None,
            (Form::Turned, begin) => {
                let begin = begin.first().copied().unwrap_or(0);
                let behind = self.bytes.saturating_sub(begin as usize);
                Some(format!(
                    "turned: it begins at flash address {begin:#x}, and the flash's begin stands at its end, at {behind:#x}; \
                     `(tail -c {begin} FILE; head -c {behind} FILE) > straight.bin` makes a dump of it"
                ))
            }
            (Form::Short, _) => Some(format!(
                "cut short: {kib} KiB from address 0 on, expected a whole flash (2 MiB or more); read it again to its end"
            )),
            (Form::Part, [begin]) => {
                let span = Span::sized(*begin, u32::try_from(self.bytes).unwrap_or(u32::MAX - begin));
                let held = regions::held(span, chip);
                let held = if held.is_empty() { "no region that is known".to_owned() } else { held.join(", ") };
                Some(format!("a part: {span} of a flash, {held}"))
            }
            (Form::Part, places) => {
                let places: Vec<String> = places.iter().map(|at| format!("{at:#x}")).collect();
                Some(format!("a part, {kib} KiB; it belongs at {}, by the chip", places.join(" or ")))
            }
        }
    }
}

/// Sizes of flashes: powers of two from 2 MiB on.
pub(super) fn is_whole(bytes: &[u8]) -> bool {
    bytes.len() >= Family::Beken.smallest_flash() as usize && bytes.len().is_power_of_two()
}

fn is_uniform(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| Some(byte) == bytes.first())
}

/// Whether a boot loader begins here. A plain app may look like one: its first branch goes over no more than its vector
/// table, that of a boot loader far beyond it, unless an app follows in its place.
fn begins_with_boot(bytes: &[u8]) -> bool {
    let follows = || bytes.get(APP_AT as usize..).and_then(App::key_at).is_some_and(|key| key != Key::Foreign);
    Boot::key_at(bytes).is_some_and(|key| {
        let is_app = App::key_at(bytes) == Some(key)
            && key == Key::Plain
            && bytes.first().is_some_and(|to| *to < 0x40)
            && bytes.get(1..3) == Some(&[0, 0]);
        !is_app || follows()
    })
}

/// Where the boot loader lies in a whole flash that was begun elsewhere.
fn turned(bytes: &[u8]) -> Option<usize> {
    if !is_whole(bytes) {
        return None;
    }
    (SECTOR as usize..bytes.len()).step_by(SECTOR as usize).find(|at| {
        let rest = bytes.get(*at..).unwrap_or_default();
        if Boot::key_at(rest).is_none() {
            return false;
        }
        // what follows a boot loader at the end of the file is the app at its begin
        let room = APP_AT as usize + 0x1000;
        let wrapped =
            [rest.get(..rest.len().min(room)).unwrap_or_default(), bytes.get(..room).unwrap_or_default()].concat();
        let wrapped = wrapped.get(..room).unwrap_or_default();
        begins_with_boot(wrapped) && wrapped.get(APP_AT as usize..).and_then(App::key_at).is_some()
    })
}
