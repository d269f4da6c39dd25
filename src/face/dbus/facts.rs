//! The values of the properties, out of a snapshot. What is not known is an empty text or 0: D-Bus has no null.

use crate::model::unit::snapshot::{SlotState, SlotView, Snapshot};
use std::collections::BTreeMap;
use zbus::Variant;

/// Properties with their values.
pub(super) type Values = BTreeMap<&'static str, Variant<'static>>;

/// Those whose value is another one now.
pub(super) fn changed(before: &Values, now: Values) -> Values {
    now.into_iter().filter(|(name, value)| before.get(name) != Some(value)).collect()
}

/// `org.flashjig.Station1`, as far as it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StationFacts {
    pub(super) units: u64,
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) errors: u64,
    pub(super) timeouts: u64,
    pub(super) aborted: u64,
    pub(super) ready: bool,
    pub(super) lack: String,
}

impl StationFacts {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let tally = snapshot.tally;
        Self {
            units: tally.total(),
            passed: tally.pass,
            failed: tally.fail,
            errors: tally.error,
            timeouts: tally.timeout,
            aborted: tally.aborted,
            ready: snapshot.readiness.lack.is_none(),
            lack: snapshot.readiness.lack.as_ref().map(|lack| lack.message.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn values(self) -> Values {
        Values::from([
            ("Units", self.units.into()),
            ("Passed", self.passed.into()),
            ("Failed", self.failed.into()),
            ("Errors", self.errors.into()),
            ("Timeouts", self.timeouts.into()),
            ("Aborted", self.aborted.into()),
            ("Ready", self.ready.into()),
            ("Lack", self.lack.into()),
        ])
    }
}

/// `org.flashjig.Slot1`, as far as it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct SlotFacts {
    pub(super) state: String,
    pub(super) stage: String,
    pub(super) progress: u16,
    pub(super) seated: String,
    pub(super) chip: String,
    pub(super) module: String,
    pub(super) mac: String,
    pub(super) firmware: String,
    pub(super) prompt: String,
    pub(super) unit: u64,
    pub(super) verdict: String,
    pub(super) fault: String,
    pub(super) message: String,
    pub(super) hint: String,
}

impl SlotFacts {
    pub(super) fn of(slot: &SlotView) -> Self {
        let (board, last) = (slot.board.as_ref(), slot.last.as_ref());
        let fault = last.and_then(|last| last.fault.as_ref());
        let text = |text: Option<&String>| text.cloned().unwrap_or_default();
        Self {
            state: match slot.state {
                SlotState::Idle => "idle",
                SlotState::Busy => "busy",
                SlotState::Stopping => "stopping",
                SlotState::Blocked => "blocked",
            }
            .into(),
            stage: slot.stage.map_or("", |stage| stage.name()).into(),
            progress: slot.progress.overall,
            seated: slot.seated.map_or("unknown", |seated| if seated { "yes" } else { "no" }).into(),
            chip: board.map_or("", |board| board.chip.name()).into(),
            module: text(board.and_then(|board| board.module.as_ref())),
            mac: board.and_then(|board| board.mac).map(|mac| mac.to_string()).unwrap_or_default(),
            firmware: text(slot.firmware.as_ref()),
            prompt: text(slot.prompt.as_ref().or(slot.blocked.as_ref())),
            unit: last.and_then(|last| last.seq).unwrap_or(0),
            verdict: last.map_or("", |last| last.verdict.name()).into(),
            fault: fault.map_or("", |fault| fault.code.code()).into(),
            message: text(fault.map(|fault| &fault.message)),
            hint: text(fault.map(|fault| &fault.hint)),
        }
    }

    pub(super) fn values(self) -> Values {
        Values::from([
            ("State", self.state.into()),
            ("Stage", self.stage.into()),
            ("Progress", self.progress.into()),
            ("Seated", self.seated.into()),
            ("Chip", self.chip.into()),
            ("Module", self.module.into()),
            ("Mac", self.mac.into()),
            ("Firmware", self.firmware.into()),
            ("Prompt", self.prompt.into()),
            ("Unit", self.unit.into()),
            ("Verdict", self.verdict.into()),
            ("Fault", self.fault.into()),
            ("Message", self.message.into()),
            ("Hint", self.hint.into()),
        ])
    }
}
