//! The start button: edges and times in, meaning out.
//!
//! A short press means something when the button is let go, a long one as soon as it is long enough. A short press
//! waits [`PAIR`] for a second one, but only where a double press means anything; who starts a unit on a fresh board
//! does not wait.

use std::time::Duration;

/// A press this long is a wish to stop.
pub const LONG: Duration = Duration::from_secs(1);
/// No hand holds a button this long: it is stuck.
pub const STUCK: Duration = Duration::from_secs(10);
/// From the first release to the second press of a double press, at the most.
pub const PAIR: Duration = Duration::from_millis(400);

/// What a press means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Start a unit.
    Short,
    /// Stop the unit in flight.
    Long,
    /// Show the last verdict again.
    Double,
    /// The button is held as no hand holds it, or was when the program began. It means nothing until it is let go.
    Stuck,
    /// A stuck button was let go.
    Freed,
}

/// Where the button is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Up,
    /// Pressed since; `second`: a short press was just before.
    Down {
        since: Duration,
        second: bool,
    },
    /// Pressed since, and its long press was told.
    Held {
        since: Duration,
    },
    /// Let go after a short press; a second one may follow until then.
    Between {
        until: Duration,
    },
    Stuck,
}

/// One button.
#[derive(Clone, Copy, Debug, Default)]
pub struct Press {
    state: State,
}

impl Press {
    /// A button that was pressed when the program began: stuck, until it is let go.
    pub fn stuck() -> Self {
        Self { state: State::Stuck }
    }

    /// Whether it is.
    pub fn is_stuck(&self) -> bool {
        self.state == State::Stuck
    }

    /// Takes one debounced edge: `active` is pressed, `at` is a time of the jig's own clock. `pairs`: a double press
    /// means something now. A release without a press before it means nothing.
    pub fn edge(&mut self, active: bool, at: Duration, pairs: bool) -> Option<Meaning> {
        let state = self.state;
        match (state, active) {
            (State::Up, true) => {
                self.state = State::Down { since: at, second: false };
                None
            }
            (State::Between { until }, true) => {
                let second = at <= until;
                self.state = State::Down { since: at, second };
                // the wait was over before anybody looked: the first press counts for itself
                (!second).then_some(Meaning::Short)
            }
            (State::Down { since, second }, false) => {
                self.state = State::Up;
                let held = at.saturating_sub(since);
                if held >= LONG {
                    return Some(Meaning::Long);
                }
                if second {
                    return Some(Meaning::Double);
                }
                if pairs {
                    self.state = State::Between { until: at + PAIR };
                    return None;
                }
                Some(Meaning::Short)
            }
            (State::Held { .. }, false) => {
                self.state = State::Up;
                None
            }
            (State::Stuck, false) => {
                self.state = State::Up;
                Some(Meaning::Freed)
            }
            // the same edge again: one between was lost
            (State::Up | State::Between { .. }, false)
            | (State::Down { .. } | State::Held { .. } | State::Stuck, true) => None,
        }
    }

    /// When [`Press::tick`] wants to be called, if no edge comes before.
    pub fn wake(&self) -> Option<Duration> {
        match self.state {
            State::Up | State::Stuck => None,
            State::Down { since, .. } => Some(since + LONG),
            State::Held { since } => Some(since + STUCK),
            State::Between { until } => Some(until),
        }
    }

    /// Time went on to `now`.
    pub fn tick(&mut self, now: Duration) -> Option<Meaning> {
        let due = self.wake().is_some_and(|wake| now >= wake);
        match self.state {
            State::Down { since, .. } if due => {
                self.state = State::Held { since };
                Some(Meaning::Long)
            }
            State::Held { .. } if due => {
                self.state = State::Stuck;
                Some(Meaning::Stuck)
            }
            State::Between { .. } if due => {
                self.state = State::Up;
                Some(Meaning::Short)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    #[test]
    fn a_short_press_starts_at_once_where_no_double_press_means_anything() {
        let mut press = Press::default();
        assert_eq!(press.edge(true, MS(0), false), None);
        assert_eq!(press.edge(false, MS(80), false), Some(Meaning::Short));
        assert_eq!(press.wake(), None);
    }

    #[test]
    fn a_long_press_stops_when_it_is_long_enough_or_when_it_is_let_go_and_only_once() {
        let mut press = Press::default();
        press.edge(true, MS(200), false);
        assert_eq!(press.wake(), Some(MS(1200)));
        assert_eq!(press.tick(MS(1199)), None);
        assert_eq!(press.tick(MS(1200)), Some(Meaning::Long));
        assert_eq!(press.edge(false, MS(1300), false), None);
        press.edge(true, MS(2000), false);
        assert_eq!(press.edge(false, MS(3000), false), Some(Meaning::Long), "nobody ticked in time");
    }

    #[test]
    fn a_double_press_is_told_from_one_that_waits_in_vain() {
        let mut press = Press::default();
        press.edge(true, MS(0), true);
        assert_eq!(press.edge(false, MS(80), true), None);
        assert_eq!(press.wake(), Some(MS(480)));
        press.edge(true, MS(300), true);
        assert_eq!(press.edge(false, MS(380), true), Some(Meaning::Double));
        press.edge(true, MS(1000), true);
        press.edge(false, MS(1080), true);
        assert_eq!(press.tick(MS(1480)), Some(Meaning::Short));
    }

    #[test]
    fn two_slow_presses_are_two_although_nobody_looked_between() {
        let mut press = Press::default();
        press.edge(true, MS(0), true);
        press.edge(false, MS(80), true);
        assert_eq!(press.edge(true, MS(900), true), Some(Meaning::Short));
        assert_eq!(press.edge(false, MS(950), false), Some(Meaning::Short));
    }

    #[test]
    fn a_double_press_whose_second_is_held_is_a_long_one() {
        let mut press = Press::default();
        press.edge(true, MS(0), true);
        press.edge(false, MS(80), true);
        press.edge(true, MS(300), true);
        assert_eq!(press.tick(MS(1300)), Some(Meaning::Long));
    }

    #[test]
    fn a_button_that_is_held_too_long_is_stuck_until_it_is_let_go() {
        let mut press = Press::default();
        press.edge(true, MS(0), false);
        assert_eq!(press.tick(MS(1000)), Some(Meaning::Long));
        assert_eq!(press.wake(), Some(MS(10_000)));
        assert_eq!(press.tick(MS(10_000)), Some(Meaning::Stuck));
        assert_eq!(press.wake(), None);
        assert_eq!(press.edge(true, MS(11_000), false), None);
        assert_eq!(press.edge(false, MS(12_000), false), Some(Meaning::Freed));
        press.edge(true, MS(13_000), false);
        assert_eq!(press.edge(false, MS(13_080), false), Some(Meaning::Short));
    }

    #[test]
    fn a_button_held_at_power_on_starts_nothing() {
        assert_eq!(Press::default().edge(false, MS(5000), false), None);
        assert_eq!(Press::stuck().edge(false, MS(5000), false), Some(Meaning::Freed));
    }
}
