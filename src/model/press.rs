//! The start button: edges and times in, meaning out.

use std::time::Duration;

/// A press this long is a wish to stop.
pub const LONG: Duration = Duration::from_secs(1);

/// What a press means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Start a unit.
    Short,
    /// Stop the unit in flight.
    Long,
}

/// One button.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press {
    down: Option<Duration>,
}

impl Press {
    /// Takes one debounced edge: `active` is pressed, `at` is a time of the jig's own clock. A release without a press
    /// before it (the button was held when the program started) means nothing.
    pub fn edge(&mut self, active: bool, at: Duration) -> Option<Meaning> {
        if active {
            self.down = self.down.or(Some(at));
            return None;
        }
        let held = at.saturating_sub(self.down.take()?);
        Some(if held >= LONG { Meaning::Long } else { Meaning::Short })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_short_press_starts_and_a_long_one_stops() {
        let mut press = Press::default();
        assert_eq!(press.edge(true, MS(0)), None);
        assert_eq!(press.edge(false, MS(80)), Some(Meaning::Short));
        press.edge(true, MS(200));
        assert_eq!(press.edge(false, MS(1200)), Some(Meaning::Long));
    }

    #[test]
    fn a_button_held_at_power_on_starts_nothing() {
        assert_eq!(Press::default().edge(false, MS(5000)), None);
    }
}
