//! Lamps and sounds: what a slot says without a screen. Each signal has a rhythm of its own, so that they are told
//! apart by somebody who does not see colours, by one lamp alone, and by the buzzer alone.

use crate::model::cycle::verdict::Verdict;
use crate::model::unit::readiness::OFFER;
use crate::model::unit::snapshot::{SlotState, SlotView};
use jiff::Timestamp;
use std::fmt::Write;

/// What is on: three lamps and the buzzer of one nest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(missing_docs, clippy::struct_excessive_bools, reason = "four things that are on or off")]
pub struct Lit {
    pub green: bool,
    pub red: bool,
    pub busy: bool,
    pub buzzer: bool,
}

/// What a slot has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Ready for a board.
    Idle,
    /// A unit is in flight: leave the board alone.
    Busy,
    /// A long press was heard; the unit stops at the next safe point: leave the board alone.
    Stopping,
    /// The unit passed.
    Pass,
    /// The unit failed, or took too long.
    Fail,
    /// The unit was stopped.
    Aborted,
    /// Somebody must look: a prompt, a fault of the station, a stuck button.
    Attention,
}

/// How a signal is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The lamps that light up together.
    pub lamps: &'static [Lamp],
    /// Times of light and dark in turn, ms, over and over; empty: dark. One time alone is steady light.
    pub rhythm: &'static [u16],
    /// Times of sound and silence in turn, ms, once.
    pub sound: &'static [u16],
    /// The sound comes again after this time, ms.
    pub again: Option<u32>,
}

/// One lamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "named after their keys in the configuration")]
pub enum Lamp {
    Green,
    Red,
    Busy,
}

impl Signal {
    /// All of them, as the manual lists them.
    pub const ALL: [Self; 7] =
        [Self::Idle, Self::Busy, Self::Stopping, Self::Pass, Self::Fail, Self::Aborted, Self::Attention];

    /// What a slot has to say now, and since when; a new time is a new signal, although it may be the same one.
    pub fn of(slot: &SlotView) -> (Self, Option<Timestamp>) {
        let verdict = slot.last.as_ref().filter(|_| slot.verdict_shown);
        let calls = slot.notice.as_ref().is_some_and(|notice| !notice.starts_with(OFFER));
        match slot.state {
            SlotState::Blocked => (Self::Attention, None),
            SlotState::Stopping => (Self::Stopping, slot.started),
            SlotState::Busy if slot.prompt.is_some() || slot.notice.is_some() => (Self::Attention, slot.started),
            SlotState::Busy => (Self::Busy, slot.started),
            SlotState::Idle if calls => (Self::Attention, None),
            SlotState::Idle => match verdict {
                None => (Self::Idle, None),
                Some(last) => {
                    let signal = match last.verdict {
                        Verdict::Pass => Self::Pass,
                        Verdict::Fail | Verdict::Timeout => Self::Fail,
                        Verdict::Aborted => Self::Aborted,
                        Verdict::Error => Self::Attention,
                    };
                    (signal, Some(slot.recalled.unwrap_or(last.finished)))
                }
            },
        }
    }

    /// How it is given.
    pub fn pattern(self) -> Pattern {
        let quiet = |lamps, rhythm| Pattern { lamps, rhythm, sound: &[], again: None };
        match self {
            Self::Idle => quiet(&[], &[]),
            Self::Busy => quiet(&[Lamp::Busy], &[500, 500]),
            Self::Stopping => Pattern { sound: &[60], ..quiet(&[Lamp::Busy], &[100, 100]) },
            Self::Pass => Pattern { sound: &[400], ..quiet(&[Lamp::Green], &[1000]) },
            Self::Fail => Pattern { sound: &[150, 100, 150, 100, 150], ..quiet(&[Lamp::Red], &[150, 150, 150, 750]) },
            Self::Aborted => Pattern { sound: &[60, 60, 60], ..quiet(&[Lamp::Red], &[100, 1900]) },
            Self::Attention => Pattern {
                lamps: &[Lamp::Red, Lamp::Busy],
                rhythm: &[120, 120, 120, 120, 120, 1000],
                sound: &[60, 60, 60, 60, 60, 60, 60, 60, 60],
                again: Some(10_000),
            },
        }
    }
}

/// Whether a list of on and off times, played once, is on at `at`; and when that changes next, both from its start.
/// `None`: it is over.
fn play(times: &[u16], at: u64) -> Option<(bool, u64)> {
    let mut end = 0;
    for (index, time) in times.iter().enumerate() {
        end += u64::from(*time);
        if at < end {
            return Some((index % 2 == 0, end));
        }
    }
    None
}

impl Pattern {
    /// What is lit `at` ms after the signal began, and after how many ms that changes; `None`: it stays.
    pub fn at(&self, at: u64) -> (Lit, Option<u64>) {
        let (on, light) = match self.rhythm {
            [] => (false, None),
            [_] => (true, None),
            times => {
                let round: u64 = times.iter().map(|time| u64::from(*time)).sum();
                let (on, end) = play(times, at % round).unwrap_or((false, round));
                (on, Some(end - at % round))
            }
        };
        let begun = self.again.map_or(at, |again| at % u64::from(again));
        let (buzzer, sound) = match play(self.sound, begun) {
            Some((buzzer, end)) => (buzzer, Some(end - begun)),
            None => (false, self.again.map(|again| u64::from(again) - begun)),
        };
        let has = |lamp| on && self.lamps.contains(&lamp);
        let lit = Lit { green: has(Lamp::Green), red: has(Lamp::Red), busy: has(Lamp::Busy), buzzer };
        (lit, light.into_iter().chain(sound).min())
    }
}

/// The table of the manual, in Markdown.
pub fn manual() -> String {
    let mut text = String::from("| signal | when | lamp | light | buzzer |\n|---|---|---|---|---|\n");
    for signal in Signal::ALL {
        let Pattern { lamps, rhythm, sound, again } = signal.pattern();
        let (name, when) = match signal {
            Signal::Idle => ("ready", "no unit, or the board of the last one was taken out"),
            Signal::Busy => ("busy", "a unit is in flight: leave the board alone"),
            Signal::Stopping => ("stopping", "it was told to stop and will, when that is safe: leave the board alone"),
            Signal::Pass => ("PASS", "the unit passed"),
            Signal::Fail => ("FAIL", "the unit failed or took too long"),
            Signal::Aborted => ("stopped", "the unit was stopped"),
            Signal::Attention => ("attention", "look at the panel or the page: it says what to do"),
        };
        let lamps: Vec<_> = lamps
            .iter()
            .map(|lamp| match lamp {
                Lamp::Green => "green",
                Lamp::Red => "red",
                Lamp::Busy => "busy",
            })
            .collect();
        let lamps = if lamps.is_empty() { "none".into() } else { lamps.join(" and ") };
        let light = match rhythm {
            [] => "dark".into(),
            [_] => "steady".into(),
            times => format!("{} ms, again and again", turns(times, "on", "off")),
        };
        let mut buzzer = if sound.is_empty() { "silent".into() } else { format!("{} ms", turns(sound, "on", "off")) };
        if let Some(again) = again {
            _ = write!(buzzer, ", again every {} s", again / 1000);
        }
        _ = writeln!(text, "| **{name}** | {when} | {lamps} | {light} | {buzzer} |");
    }
    text
}

fn turns(times: &[u16], on: &str, off: &str) -> String {
    let word = |index: usize| if index.is_multiple_of(2) { on } else { off };
    let all: Vec<_> = times.iter().enumerate().map(|(index, time)| format!("{} {time}", word(index))).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// On and off times over some seconds, as one lamp or the buzzer alone shows them.
    fn seen(signal: Signal, one: fn(Lit) -> bool) -> Vec<bool> {
        (0..400).map(|tick| one(signal.pattern().at(tick * 20).0)).collect()
    }

    #[test]
    fn every_signal_has_a_rhythm_of_its_own_so_that_colour_is_not_needed() {
        for (index, a) in Signal::ALL.iter().enumerate() {
            for b in &Signal::ALL[index + 1..] {
                let any = |lit: Lit| lit.green || lit.red || lit.busy;
                assert_ne!(seen(*a, any), seen(*b, any), "{a:?} and {b:?} look the same without colour");
            }
        }
    }

    #[test]
    fn verdicts_and_attention_are_told_apart_by_the_buzzer_alone() {
        let loud = [Signal::Stopping, Signal::Pass, Signal::Fail, Signal::Aborted, Signal::Attention];
        for (index, a) in loud.iter().enumerate() {
            for b in &loud[index + 1..] {
                assert_ne!(seen(*a, |lit| lit.buzzer), seen(*b, |lit| lit.buzzer), "{a:?} and {b:?} sound the same");
            }
        }
        assert!(!seen(Signal::Busy, |lit| lit.buzzer).contains(&true), "a working station is quiet");
    }

    #[test]
    fn the_time_to_the_next_change_is_exact() {
        for signal in Signal::ALL {
            let pattern = signal.pattern();
            let mut at = 0;
            while at < 12_000 {
                let (lit, wait) = pattern.at(at);
                let Some(wait) = wait else {
                    assert!((at..at + 20_000).step_by(7).all(|later| pattern.at(later).0 == lit), "{signal:?} stays");
                    break;
                };
                assert!(wait > 0, "{signal:?}");
                assert!((at..at + wait).all(|during| pattern.at(during).0 == lit), "{signal:?} from {at}");
                at += wait;
            }
        }
    }

    #[test]
    fn fail_is_a_double_flash_and_three_beeps_once() {
        let fail = Signal::Fail.pattern();
        let lit = |red, buzzer| Lit { red, buzzer, ..Lit::default() };
        assert_eq!(fail.at(0), (lit(true, true), Some(150)));
        assert_eq!(fail.at(150), (lit(false, false), Some(100)));
        assert_eq!(fail.at(310), (lit(true, true), Some(90)));
        assert_eq!(fail.at(700), (lit(false, false), Some(500)));
        assert_eq!(fail.at(1200), (lit(true, false), Some(150)), "the sound is over");
    }
}
