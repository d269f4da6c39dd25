//! Walks every reachable (state, outcome) pair, with what the flow has really done carried along as a witness.

use super::*;
use std::collections::{HashSet, VecDeque};

const OUTCOMES: [Outcome; 9] = [
    Outcome::Done,
    Outcome::Nothing,
    Outcome::Differs,
    Outcome::Nearer,
    Outcome::Lost(FaultCode::LinkLost),
    Outcome::Lost(FaultCode::NoAnswer),
    Outcome::Failed(FaultCode::WriteFailed),
    Outcome::Failed(FaultCode::NoLines),
    Outcome::Stopped,
];

/// What has really happened on one path, told by actions and outcomes alone.
#[allow(clippy::struct_excessive_bools, reason = "each is one independent fact")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Witness {
    kept: bool,
    planned: bool,
    /// Read or compared since the last link was made: it is the board that was backed up.
    known: bool,
    /// Looked at since the last attach, and it was the board of the unit.
    same: bool,
    /// Proven since the last erase or write.
    proven: bool,
    powered: bool,
    recorded: bool,
    failed: bool,
}

impl Witness {
    fn sees(&mut self, stage: Stage, outcome: Outcome) {
        let done = outcome == Outcome::Done;
        match stage {
            Stage::Power => self.powered = true,
            Stage::Attach => (self.powered, self.same) = (true, false),
            Stage::Identify if done => self.same = true,
            Stage::Keep if done => (self.kept, self.known) = (true, true),
            Stage::Plan if done || outcome == Outcome::Nothing => self.planned = true,
            Stage::Erase | Stage::Write => self.proven = false,
            Stage::Verify => {
                self.proven = done;
                self.known |= done || matches!(outcome, Outcome::Differs | Outcome::Nearer);
            }
            Stage::Safe => self.powered = false,
            Stage::Record => self.recorded = done,
            _ => {}
        }
        let nonsense = (outcome == Outcome::Nothing && stage != Stage::Plan)
            || (matches!(outcome, Outcome::Differs | Outcome::Nearer) && stage != Stage::Verify);
        let ends = matches!(outcome, Outcome::Failed(_) | Outcome::Stopped) || nonsense;
        self.failed |= ends && stage != Stage::Record;
        if matches!(outcome, Outcome::Lost(_)) {
            (self.known, self.same) = (false, false);
        }
    }
}

/// What each step but one to headway makes larger, so that every path ends: the losses and repairs, which are bounded, then the
/// stage. Headway comes no more often than the flash has sectors.
fn rank(cycle: Cycle) -> (u8, Stage) {
    (cycle.links + cycle.rounds, cycle.at)
}

fn walk(mut check: impl FnMut(&Witness, Action)) -> usize {
    let mut seen = HashSet::new();
    let starts = [false, true].map(Cycle::start);
    let mut queue: VecDeque<_> =
        starts.into_iter().map(|(cycle, action)| (cycle, action, Witness::default())).collect();
    while let Some((cycle, action, witness)) = queue.pop_front() {
        check(&witness, action);
        let Action::Do(stage) = action else { continue };
        for outcome in OUTCOMES {
            let (mut cycle, mut witness) = (cycle, witness);
            witness.sees(stage, outcome);
            let before = rank(cycle);
            let next = cycle.step(outcome);
            let headway = (stage, outcome) == (Stage::Verify, Outcome::Nearer);
            assert!(headway || matches!(next, Action::Done(_)) || rank(cycle) > before, "{cycle:?} after {outcome:?}");
            assert!(cycle.links <= MAX_LINKS + 1 && cycle.rounds <= MAX_ROUNDS + 1);
            if seen.insert((cycle, next, witness)) {
                queue.push_back((cycle, next, witness));
            }
        }
    }
    seen.len()
}

#[test]
fn nothing_is_erased_or_written_without_a_kept_backup_and_a_plan() {
    let states = walk(|witness, action| {
        if matches!(action, Action::Do(Stage::Erase | Stage::Write)) {
            assert!(witness.kept && witness.planned, "{witness:?}");
        }
    });
    assert!(states > 1000, "the walk saw only {states} states");
}

#[test]
fn after_a_lost_link_a_board_is_read_or_compared_before_anything_is_erased() {
    walk(|witness, action| {
        if matches!(action, Action::Do(Stage::Erase | Stage::Write)) {
            assert!(witness.known, "another board may lie in the jig: {witness:?}");
        }
    });
}

#[test]
fn after_each_attach_the_board_is_proven_to_be_the_same_before_anything_is_erased_written_or_put_back() {
    walk(|witness, action| {
        if matches!(action, Action::Do(Stage::Erase | Stage::Write | Stage::Verify)) {
            assert!(witness.same, "another board may lie in the jig: {witness:?}");
        }
    });
}

#[test]
fn another_board_ends_the_unit_at_once_from_every_stage() {
    for at in Stage::ALL.into_iter().filter(|stage| !matches!(stage, Stage::Safe | Stage::Record)) {
        let (mut cycle, mut action) = Cycle::start(true);
        while action != Action::Do(at) {
            action = cycle.step(Outcome::Done);
        }
        assert_eq!(cycle.step(Outcome::Failed(FaultCode::Exchanged)), Action::Do(Stage::Safe));
        assert_eq!(cycle.ending(), Ending::Fault(FaultCode::Exchanged, at));
    }
}

#[test]
fn a_plan_needs_a_kept_backup_and_a_verify_needs_a_plan() {
    walk(|witness, action| match action {
        Action::Do(Stage::Plan) => assert!(witness.kept, "{witness:?}"),
        Action::Do(Stage::Verify | Stage::Boot | Stage::Alive) => assert!(witness.planned, "{witness:?}"),
        _ => {}
    });
}

#[test]
fn every_path_is_made_safe_before_the_record_and_recorded_before_the_end() {
    walk(|witness, action| match action {
        Action::Do(Stage::Record) => assert!(!witness.powered, "{witness:?}"),
        Action::Done(ending) => {
            assert!(!witness.powered, "{witness:?}");
            if !witness.recorded {
                assert!(matches!(ending, Ending::Fault(_, Stage::Record)), "{ending:?} after {witness:?}");
            }
        }
        Action::Do(_) => {}
    });
}

#[test]
fn pass_only_after_a_whole_verify_with_nothing_written_since_and_a_durable_record() {
    walk(|witness, action| {
        if let Action::Done(Ending::Pass) = action {
            assert!(witness.proven && witness.recorded && witness.kept && !witness.failed, "{witness:?}");
        }
    });
}

#[test]
fn a_fault_or_a_stop_is_never_forgotten() {
    walk(|witness, action| {
        if let Action::Done(ending) = action
            && witness.failed
        {
            assert_ne!(ending, Ending::Pass, "{witness:?}");
        }
    });
}

#[test]
fn the_straight_way_is_every_stage_once() {
    for alive in [false, true] {
        let (mut cycle, mut action) = Cycle::start(alive);
        let mut stages = Vec::new();
        while let Action::Do(stage) = action {
            stages.push(stage);
            action = cycle.step(Outcome::Done);
        }
        assert_eq!(stages, Stage::of_unit(alive).collect::<Vec<_>>());
        assert_eq!(action, Action::Done(Ending::Pass));
    }
}

#[test]
fn a_record_that_fails_takes_the_pass_away() {
    let (mut cycle, mut action) = Cycle::start(false);
    while action != Action::Do(Stage::Record) {
        action = cycle.step(Outcome::Done);
    }
    let end = cycle.step(Outcome::Failed(FaultCode::NotRecorded));
    assert_eq!(end, Action::Done(Ending::Fault(FaultCode::NotRecorded, Stage::Record)));
}

#[test]
fn a_link_lost_while_writing_goes_on_from_what_is_true_in_the_flash() {
    let (mut cycle, mut action) = Cycle::start(false);
    while action != Action::Do(Stage::Write) {
        action = cycle.step(Outcome::Done);
    }
    assert_eq!(cycle.step(Outcome::Lost(FaultCode::LinkLost)), Action::Do(Stage::Attach));
    assert_eq!(cycle.step(Outcome::Done), Action::Do(Stage::Identify));
    assert_eq!(cycle.step(Outcome::Done), Action::Do(Stage::Verify));
    assert_eq!(cycle.step(Outcome::Differs), Action::Do(Stage::Plan));
}

#[test]
fn a_line_that_is_lost_again_and_again_ends_in_pass_while_it_makes_headway_and_not_without() {
    let lost = Outcome::Lost(FaultCode::LinkLost);
    let written = |cycle: &mut Cycle, verified: Outcome| {
        let mut action = cycle.step(lost);
        while action != Action::Do(Stage::Write) && matches!(action, Action::Do(_)) {
            let outcome = if action == Action::Do(Stage::Verify) { verified } else { Outcome::Done };
            action = cycle.step(outcome);
        }
        action
    };
    let (mut cycle, mut action) = Cycle::start(false);
    while action != Action::Do(Stage::Write) {
        action = cycle.step(Outcome::Done);
    }
    for _ in 0..512 {
        assert_eq!(written(&mut cycle, Outcome::Nearer), Action::Do(Stage::Write), "the rest is planned and written");
    }
    let mut passing = cycle;
    let mut action = passing.step(Outcome::Done);
    while let Action::Do(_) = action {
        action = passing.step(Outcome::Done);
    }
    assert_eq!(action, Action::Done(Ending::Pass));
    for _ in 0..MAX_LINKS {
        assert_eq!(written(&mut cycle, Outcome::Differs), Action::Do(Stage::Write));
    }
    assert_eq!(cycle.step(lost), Action::Do(Stage::Safe), "there is an end to it");
}

#[test]
fn nothing_is_linked_erased_or_written_once_life_is_looked_for_and_no_life_is_no_pass() {
    for outcome in OUTCOMES {
        let (mut cycle, mut action) = Cycle::start(true);
        while action != Action::Do(Stage::Alive) {
            action = cycle.step(Outcome::Done);
        }
        assert_eq!(cycle.step(outcome), Action::Do(Stage::Safe), "{outcome:?}");
        assert_eq!(cycle.ending() == Ending::Pass, outcome == Outcome::Done, "{outcome:?}");
    }
}

#[test]
fn a_boot_that_can_not_be_watched_is_still_followed_by_the_proof_of_life() {
    let (mut cycle, mut action) = Cycle::start(true);
    while action != Action::Do(Stage::Boot) {
        action = cycle.step(Outcome::Done);
    }
    assert_eq!(cycle.step(Outcome::Lost(FaultCode::LinkLost)), Action::Do(Stage::Alive));
}
