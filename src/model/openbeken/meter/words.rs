//! What became of the calibration, in words for people.

use super::outcome::{Action, Meter, Readback};
use crate::model::openbeken::Calibration;

impl Meter {
    /// Compares what was written with what came back, bit for bit, and says so.
    pub fn read_back(&mut self, expected: Calibration, found: Calibration) {
        if self.action != Action::Note {
            self.readback = Some(if expected == found { Readback::Equal } else { Readback::Differs });
            self.text = sentence(self, None);
        }
    }
}

/// One sentence; `why` says why nothing is carried over.
pub(super) fn sentence(meter: &Meter, why: Option<&str>) -> String {
    match (meter.action, meter.readback) {
        (Action::Note, _) => match why {
            Some(why) => format!("the factory's calibration is not carried over: {why}"),
            None => "the factory's calibration is not carried over".to_owned(),
        },
        (_, Some(Readback::Differs)) => "the calibration was written and read back different".to_owned(),
        (Action::Keep, _) => "the plug has a calibration of its own, which stays".to_owned(),
        (Action::Write, readback) => {
            let done = if readback.is_some() { "was" } else { "can be" };
            format!("the factory's calibration {done} carried over; without it this plug would read {}", amount(meter))
        }
    }
}

/// What the default would show, by the power.
fn amount(meter: &Meter) -> String {
    let percent = meter.misreads.map_or(0.0, |[_, _, power]| power).round();
    if percent > 0.0 {
        format!("{percent} % too much")
    } else if percent < 0.0 {
        format!("{} % too little", -percent)
    } else {
        "the same to 1 %".to_owned()
    }
}
