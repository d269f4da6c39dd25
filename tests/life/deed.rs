//! What is done: orders, mishaps and looks, each with all its choices. Nothing here depends on the station or on time, so
//! one seed gives one list.

use crate::dice::Dice;
use crate::ear::Habit;
use crate::lines::Mood;

/// A slot by its place.
pub(crate) type Place = usize;

/// A moment of a unit: a stage, how far it is, and a little later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) stage: &'static str,
    pub(crate) percent: u64,
    pub(crate) later_ms: u64,
    /// Where no unit is in flight, a board that is converted gets its stock back; else another one is converted.
    pub(crate) restores: bool,
}

/// Which board comes into a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pick {
    /// The one that is in, seated anew: its faults are gone.
    Same,
    /// One that was in the jig before.
    Known(u64),
    /// One fresh from the vendor; its chip by number.
    Fresh(u64),
}

/// What goes wrong with a board.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    Lose,
    Flip,
    Duplicate,
    Delay,
    Noise,
    BrownOut,
    Reset,
    LazyErase,
    Stuck,
    Slip,
    Misread,
}

/// When the station is killed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    Now,
    /// As soon as a start is accepted.
    AtStart(Place),
    At(Place, Moment),
}

/// One deed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Start { slot: Place, redo: bool },
    Restore { slot: Place, pick: u64 },
    Abort { slot: Place },
    Acknowledge { slot: Place },
    Await { slot: Place },
    Insert { slot: Place, pick: Pick },
    Exchange { slot: Place, at: Moment, pick: Pick, back_ms: Option<u64>, resume: bool },
    Lift { slot: Place, at: Moment, ms: u64 },
    Dip { slot: Place, at: Moment, ms: u64 },
    Touch { slot: Place, at: Moment },
    Fault { slot: Place, trouble: Trouble, more: u64, address: u64 },
    Pull { slot: Place, ms: u64 },
    Lines { slot: Place, mood: Mood, ms: u64 },
    Freeze { slot: Option<Place>, ms: u64 },
    Kill { at: Death, leftovers: u64, dead_lines: Option<Place>, resume: bool },
    End { busy: bool },
    Fill { left_kib: u64, ms: u64 },
    Break { ms: u64 },
    Put { pick: u64 },
    Remove { pick: u64 },
    Upload { pick: u64 },
    Delete { pick: u64 },
    Garbage { kind: u64 },
    Recipe { pick: u64 },
    Batch { pick: u64 },
    Listen { habit: Habit },
    HangUp { pick: u64 },
    Compare,
    Ledger,
    Look { pick: u64 },
    Nonsense { pick: u64 },
    Rest { ms: u64 },
}

/// Kinds of deeds with their weights.
#[rustfmt::skip]
const KINDS: [(u64, &str); 32] = [
    (120, "start"), (25, "restore"), (20, "abort"), (20, "acknowledge"), (70, "await"), (60, "insert"),
    (36, "exchange"), (10, "lift"), (16, "dip"), (12, "touch"), (40, "fault"), (10, "pull"), (10, "lines"),
    (8, "freeze"), (14, "kill"), (6, "end"), (6, "fill"), (2, "break"), (14, "put"), (8, "remove"), (6, "upload"),
    (5, "delete"), (4, "garbage"), (14, "recipe"), (8, "batch"), (10, "listen"), (8, "hang up"), (26, "compare"),
    (8, "ledger"), (20, "look"), (8, "nonsense"), (20, "rest"),
];

const STAGES: [(u64, &str); 10] = [
    (2, "attach"),
    (2, "identify"),
    (4, "backup"),
    (2, "keep"),
    (2, "plan"),
    (5, "erase"),
    (9, "write"),
    (5, "verify"),
    (2, "boot"),
    (1, "settle"),
];

fn moment(dice: &mut Dice) -> Moment {
    let stage = dice.weighed(&STAGES);
    Moment {
        stage,
        percent: dice.one_of(&[0, 0, 5, 20, 50, 80, 95]),
        later_ms: dice.one_of(&[0, 0, 3, 20, 60]),
        restores: dice.once_in(2),
    }
}

fn pick(dice: &mut Dice) -> Pick {
    let number = dice.draw() >> 8;
    dice.weighed(&[(2, Pick::Same), (4, Pick::Known(number)), (5, Pick::Fresh(number))])
}

impl Deed {
    /// The next one.
    pub(crate) fn draw(dice: &mut Dice) -> Self {
        let kind = dice.weighed(&KINDS);
        let slot = dice.below(3) as Place;
        let number = dice.draw() >> 8;
        match kind {
            "start" => Self::Start { slot, redo: dice.once_in(4) },
            "restore" => Self::Restore { slot, pick: number },
            "abort" => Self::Abort { slot },
            "acknowledge" => Self::Acknowledge { slot },
            "await" => Self::Await { slot },
            "insert" => Self::Insert { slot, pick: pick(dice) },
            "exchange" => {
                let back_ms = dice.once_in(4).then(|| dice.one_of(&[0, 100, 1000, 4000]));
                let pick = match pick(dice) {
                    Pick::Same => Pick::Fresh(number),
                    other => other,
                };
                Self::Exchange { slot, at: moment(dice), pick, back_ms, resume: dice.once_in(2) }
            }
            "lift" => Self::Lift { slot, at: moment(dice), ms: dice.one_of(&[0, 50, 400, 2000]) },
            "dip" => Self::Dip { slot, at: moment(dice), ms: dice.one_of(&[1, 20, 200, 1500]) },
            "touch" => Self::Touch { slot, at: moment(dice) },
            "fault" => Self::fault(dice, slot, number),
            "pull" => Self::Pull { slot, ms: dice.one_of(&[0, 100, 800, 3000]) },
            "lines" => {
                let mood = dice.one_of(&[Mood::Dead, Mood::Dead, Mood::Silent, Mood::Refusing]);
                Self::Lines { slot, mood, ms: dice.one_of(&[50, 400, 1500, 5000]) }
            }
            "freeze" => {
                let slot = (!dice.once_in(3)).then_some(slot);
                Self::Freeze { slot, ms: dice.one_of(&[30, 200, 700, 2500]) }
            }
            "kill" => {
                let at = moment(dice);
                let at = dice.weighed(&[(1, Death::Now), (1, Death::AtStart(slot)), (4, Death::At(slot, at))]);
                let dead_lines = dice.once_in(8).then(|| dice.below(3) as Place);
                Self::Kill { at, leftovers: dice.below(4), dead_lines, resume: !dice.once_in(3) }
            }
            "end" => Self::End { busy: dice.once_in(2) },
            "fill" => Self::Fill { left_kib: dice.one_of(&[0, 64, 2000, 8000, 16_500, 17_500]), ms: dice.below(1500) },
            "break" => Self::Break { ms: dice.below(4000) },
            "put" => Self::Put { pick: number },
            "remove" => Self::Remove { pick: number },
            "upload" => Self::Upload { pick: number },
            "delete" => Self::Delete { pick: number },
            "garbage" => Self::Garbage { kind: dice.below(3) },
            "recipe" => Self::Recipe { pick: number },
            "batch" => Self::Batch { pick: number },
            "listen" => Self::Listen { habit: dice.one_of(&[Habit::Keen, Habit::Slow, Habit::Deaf]) },
            "hang up" => Self::HangUp { pick: number },
            "compare" => Self::Compare,
            "ledger" => Self::Ledger,
            "look" => Self::Look { pick: number },
            "nonsense" => Self::Nonsense { pick: number },
            _ => Self::Rest { ms: dice.below(700) },
        }
    }

    fn fault(dice: &mut Dice, slot: Place, address: u64) -> Self {
        let trouble = dice.one_of(&[
            Trouble::Lose,
            Trouble::Flip,
            Trouble::Duplicate,
            Trouble::Delay,
            Trouble::Noise,
            Trouble::BrownOut,
            Trouble::BrownOut,
            Trouble::Reset,
            Trouble::Reset,
            Trouble::LazyErase,
            Trouble::Stuck,
            Trouble::Slip,
            Trouble::Misread,
        ]);
        // a unit moves about this many bytes each way
        Self::Fault { slot, trouble, more: dice.below(1_500_000), address }
    }
}

#[test]
fn one_seed_makes_the_same_choices() {
    let list = |seed| {
        let mut dice = Dice::new(seed);
        (0..500).map(|_| format!("{:?}", Deed::draw(&mut dice))).collect::<Vec<_>>()
    };
    assert_eq!(list(3), list(3));
    assert_ne!(list(3), list(4));
}
