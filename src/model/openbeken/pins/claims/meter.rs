//! The energy meter: no pin is claimed for it, the rows of the table do that for one that counts pulses.

use crate::model::openbeken::pins::draft::Draft;
use crate::model::openbeken::pins::meter::{Meter, find};

/// Notes which meter there is.
pub(in crate::model::openbeken::pins) fn meter(draft: &mut Draft<'_>) {
    draft.meter = find(draft.settings);
    draft.use_key("chip_type");
    if matches!(draft.meter, Meter::Serial { .. }) {
        draft.use_key("ele_rx");
        draft.use_key("ele_tx");
    }
}
