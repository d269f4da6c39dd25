//! The plain file store and what the factory measured.

use super::page::Page;
use crate::cli::extract::facts::Facts;
use crate::model::openbeken::meter::Meter;
use crate::model::tuya::files::NoFiles;
use std::fmt::Write as _;

/// Where the store is and how it fares; nothing where no chip tells where to look.
pub(super) fn row(page: &mut Page, facts: &Facts) {
    match &facts.files {
        Ok(store) => {
            let equal = if store.copies_equal { "both indexes are the same" } else { "the indexes differ" };
            let (held, generation, count) = (store.held, store.generation, store.files.len());
            page.row("File store", &format!("{held} index, generation {generation}, {count} files, {equal}"));
        }
        Err(NoFiles::NoChip) => {}
        Err(problem) => page.row("File store", &format!("none: {problem}")),
    }
}

/// Names and lengths. Contents are not shown: they may name networks.
pub(super) fn files(page: &mut Page, facts: &Facts) {
    let Some(store) = facts.files.as_ref().ok().filter(|store| !store.files.is_empty()) else { return };
    page.title("Files");
    let names = store.files.iter().map(|file| file.name.len()).max().unwrap_or(0);
    for file in &store.files {
        let place = file.at.map(|at| format!(" at {at:#08x}")).unwrap_or_default();
        let health = file.content.as_ref().err().map(|why| format!(", damaged: {why}")).unwrap_or_default();
        page.line(&format!("{:<names$}  {:>5} bytes{place}{health}", file.name, file.length));
    }
}

/// The meter's chip, what the factory measured, and what becomes of it.
pub(super) fn meter(page: &mut Page, facts: &Facts) {
    let Some(meter) = &facts.meter else { return };
    page.title("Power meter");
    page.line(&format!("chip     {}", chip(meter)));
    if let (Some(raw), Some(source)) = (meter.raw, &meter.source) {
        let numbers = raw.each().map(|(letter, number)| format!("{letter} {number}")).join(", ");
        let place = source.address.map(|at| format!(" at {at:#08x}")).unwrap_or_default();
        page.line(&format!("factory  {numbers}; {}{place}", source.file));
    }
    if let Some([voltage, current, power]) = meter.misreads {
        page.line(&format!("default  reads voltage {voltage:+.1} %, current {current:+.1} %, power {power:+.1} %"));
    }
    page.line(&meter.text);
    meter.notes.iter().for_each(|note| page.line(note));
}

fn chip(meter: &Meter) -> String {
    let mut text = meter.chip.map_or("not known".to_owned(), |chip| chip.to_string());
    if let Some(chip_type) = meter.chip_type {
        let _ = write!(text, " (chip_type {chip_type})");
    }
    if let Some(pins) = meter.pins {
        let _ = write!(text, ", CF P{}, CF1 P{}, SEL P{}", pins.cf, pins.cf1, pins.sel);
    }
    if let Some(resistor) = meter.resistor {
        let _ = write!(text, ", shunt {resistor} mOhm");
    }
    text
}
