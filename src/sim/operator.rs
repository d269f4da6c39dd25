//! Who resets a board that has no lines.

use super::wire::{LinkEar, RESET_RATE, agree};
use std::time::Duration;

/// The operator of a board alone: power is always on, and when a host's link checks stay unanswered CEN is pulled to
/// ground for a moment, as a person with a wire does.
#[derive(Default)]
pub(super) struct Operator {
    ear: LinkEar,
    unanswered: u32,
    since: Duration,
    pulled: Option<Duration>,
    rest: Duration,
}

impl Operator {
    /// Unanswered for so long, in the world's time.
    const PATIENCE: Duration = Duration::from_millis(60);
    /// CEN is low for so long.
    const PULL: Duration = Duration::from_millis(20);
    /// No second pull sooner than this.
    const REST: Duration = Duration::from_millis(300);

    pub(super) fn hears_host(&mut self, world: Duration, bytes: &[u8], rate: u32) {
        if !agree(rate, RESET_RATE) {
            return;
        }
        for byte in bytes {
            if self.ear.hears(*byte) {
                if self.unanswered == 0 {
                    self.since = world;
                }
                self.unanswered += 1;
            }
        }
    }

    pub(super) fn hears_board(&mut self, understood: bool) {
        if understood {
            self.unanswered = 0;
        }
    }

    /// Whether CEN is to be held now.
    pub(super) fn holds(&mut self, world: Duration) -> bool {
        if self.unanswered >= 5 && world >= self.since + Self::PATIENCE && world >= self.rest {
            self.unanswered = 0;
            self.pulled = Some(world + Self::PULL);
            self.rest = world + Self::REST;
        }
        self.pulled = self.pulled.filter(|until| *until > world);
        self.pulled.is_some()
    }

    /// When CEN is let go of, if it is held.
    pub(super) fn lets_go_at(&self) -> Option<Duration> {
        self.pulled
    }
}
