//! All that a file of flash content tells by itself, read once for everybody who shows it.

use super::extent::{Extent, Form};
use super::holes;
use super::origin::{Origin, origin};
use crate::model::chip::Family;
use crate::model::chip::flash::Span;
use crate::model::firmware::content::Content;
use crate::model::openbeken::Traces;
use crate::model::tuya::{self, Absent, Store};
use std::borrow::Cow;

/// A file of flash content, taken apart.
#[derive(Debug)]
pub struct Study<'a> {
    /// The bytes in the flash's order: those of a turned dump are turned back.
    pub flash: Cow<'a, [u8]>,
    /// Flash address of their first.
    pub begins_at: u32,
    /// Where the file lies in the flash; none: nothing in it has a place in one.
    pub extent: Option<Extent>,
    /// The vendor's store, or why there is none; its offsets count in `flash`.
    pub store: Result<Store, Absent>,
    /// The chip.
    pub origin: Origin,
    /// What runs on it, where the app is in the file.
    pub content: Option<Content>,
    /// What OpenBeken has left in a whole flash.
    pub traces: Option<Traces>,
    /// Pieces that were not read, with the byte that stands there.
    pub holes: Vec<(Span, u8)>,
}

impl<'a> Study<'a> {
    /// Takes it apart.
    pub fn of(bytes: &'a [u8]) -> Self {
        let store = tuya::decode(bytes);
        let extent = Extent::of(bytes, store.as_ref().ok());
        let (flash, begins_at) = match &extent {
            Some(extent) => extent.straight(bytes),
            None => (Cow::Borrowed(bytes), 0),
        };
        let is_turned = extent.as_ref().is_some_and(|extent| extent.form == Form::Turned);
        // its offsets shall be those of the flash
        let store = if is_turned { tuya::decode(&flash) } else { store };
        let is_placed = extent.as_ref().is_some_and(|extent| extent.begin().is_some());
        let origin = if is_placed { origin(&flash, begins_at, store.as_ref().ok()) } else { Origin::default() };
        let app_at = Family::Beken.lowest_boot_end();
        let app = app_at.checked_sub(begins_at).filter(|_| is_placed).and_then(|at| flash.get(at as usize..));
        let content = app.filter(|app| !app.is_empty()).map(|app| Content::of_app(app, app_at, None));
        let is_whole = extent.as_ref().is_some_and(|extent| matches!(extent.form, Form::Whole | Form::Turned));
        let traces = origin.chip.filter(|_| is_whole).map(|chip| Traces::of(&flash, chip));
        let holes = if is_placed { holes::find(&flash, begins_at) } else { Vec::new() };
        Self { flash, begins_at, extent, store, origin, content, traces, holes }
    }

    /// What must be told of the file itself before anything in it is used.
    pub fn warnings(&self) -> Vec<String> {
        let extent = self.extent.as_ref().and_then(|extent| extent.words(self.origin.chip));
        let holes = self.holes.iter().map(|(span, byte)| {
            format!(
                "{span}: {} KiB of nothing but {byte:#04x}, which no flash holds there: they were not read; read them again",
                span.len() / 1024
            )
        });
        extent.into_iter().chain(holes).collect()
    }

    /// What else a reader may want to know.
    pub fn notes(&self) -> Vec<String> {
        let traces = self.traces.as_ref().and_then(|traces| match self.content.as_ref()? {
            Content::Openbeken { .. } => Some(format!("OpenBeken, {}", traces.beside_openbeken())),
            other => traces.beside_another().map(|but| format!("{other}; {but}")),
        });
        self.origin.contradictions.iter().chain(&self.origin.notes).cloned().chain(traces).collect()
    }
}
