//! What the records of a lot make of it.

use super::*;
use crate::model::chip::digest::Digest;
use crate::model::cycle::fault::Fault;
use crate::model::openbeken::life::Sign;
use crate::model::unit::deed::By;
use crate::model::unit::lot::Confirmed;
use crate::model::unit::{Already, StageTime};
use crate::store::sample;

fn lot() -> Lot {
    Lot { loader: "f42f8c32".into(), module: Some("T1-2S-NL".into()), image: Digest::of(b"firmware") }
}

/// A board of the lot that was erased and passed.
fn unit(seq: u64, tail: u8) -> Unit {
    let mut unit = Unit { seq, lot: Some(lot()), ..sample::unit() };
    unit.stages.push(StageTime { name: Stage::Erase, start_ms: 0, ms: 1, bytes: 1, retries: 0 });
    unit.board.as_mut().unwrap().mac = Some(mac(tail));
    unit
}

fn mac(tail: u8) -> Mac {
    Mac([0x18, 0xDE, 0x50, 0, 0, tail])
}

fn failed(unit: Unit, code: FaultCode) -> Unit {
    let finished = unit.finished;
    unit.failed(Fault::new(code, Stage::Verify, "x"), finished)
}

fn sign(name: Way, held: bool) -> Sign {
    Sign { name, held, ms: 1, starts: 1, expected: "it".into(), found: "it came".into() }
}

fn living(unit: Unit, signs: &[(Way, bool)]) -> Unit {
    Unit { life: signs.iter().map(|(way, held)| sign(*way, *held)).collect(), ..unit }
}

fn confirmed(unit: Unit) -> Unit {
    let confirmed = Confirmed { at: unit.finished, who: "ada".into(), by: By::Command };
    Unit { confirmed: Some(confirmed), ..unit }
}

/// The board of that unit without a conversion: its stock flash is back, or it is left as it is.
fn other(unit: Unit) -> Unit {
    Unit { lot: None, ..unit }
}

fn of(units: &[Unit]) -> Lots {
    let mut lots = Lots::default();
    for unit in units {
        lots.add(unit);
    }
    lots
}

fn state(units: &[Unit]) -> Option<State> {
    of(units).of(&lot()).map(|lot| lot.state)
}

#[test]
fn a_pilot_that_passed_waits_until_somebody_confirms_it() {
    assert_eq!(state(&[]), None);
    assert_eq!(state(&[unit(1, 1)]), Some(State::Waits));
    let lots = of(&[unit(1, 1), confirmed(unit(1, 1))]);
    let standing = lots.of(&lot()).unwrap();
    assert_eq!((standing.state, standing.passed), (State::Released, 1), "the same record again is the same board");
    assert!(standing.why.contains("ada"), "{}", standing.why);
}

#[test]
fn a_pilot_whose_plug_shows_itself_releases_its_lot_by_itself() {
    for way in [Way::Broker, Way::Http, Way::Air] {
        assert_eq!(state(&[living(unit(1, 1), &[(Way::Log, true), (way, true)])]), Some(State::Released), "{way}");
    }
    for way in [Way::Log, Way::Current] {
        let ran = living(unit(1, 1), &[(way, true)]);
        assert_eq!(state(&[ran]), Some(State::Waits), "{way} does not say whose address it has");
    }
    assert_eq!(state(&[living(unit(1, 1), &[(Way::Http, true), (Way::Log, false)])]), Some(State::Waits));
}

#[test]
fn a_pilot_that_failed_stops_its_lot_and_its_own_board_may_come_again() {
    let lots = of(&[failed(unit(1, 1), FaultCode::NoBoot)]);
    let standing = lots.of(&lot()).unwrap();
    assert_eq!(standing.state, State::Stopped);
    assert!(standing.why.contains("V01"), "{}", standing.why);
    let Entry::Held(held) = entry(Some(standing), Some(mac(2)), None) else { panic!("held") };
    assert_eq!(held.code, FaultCode::LotStopped);
    assert_eq!(entry(Some(standing), Some(mac(1)), None), Entry::Pilot);
    assert_eq!(state(&[failed(unit(1, 1), FaultCode::NoBoot), unit(2, 1)]), Some(State::Waits), "it was repaired");
}

#[test]
fn what_ended_before_its_first_erase_says_nothing_of_the_lot() {
    let mut untouched = failed(unit(1, 1), FaultCode::PilotWaits);
    untouched.stages.clear();
    assert_eq!(state(&[untouched.clone()]), None);
    assert_eq!(state(&[unit(1, 1), Unit { seq: 2, ..untouched.clone() }]), Some(State::Waits));
    let released = [confirmed(unit(1, 1)), Unit { seq: 2, ..untouched }];
    assert_eq!(state(&released), Some(State::Released));
}

#[test]
fn a_pilot_that_got_its_stock_flash_back_stops_its_lot() {
    let back = |seq, tail| Unit { restored_from: Some(1), ..other(unit(seq, tail)) };
    let lots = of(&[unit(1, 1), back(2, 1)]);
    assert_eq!(lots.of(&lot()).unwrap().state, State::Stopped);
    assert!(lots.may_confirm(1).unwrap_err().contains("stock flash"));
    assert_eq!(state(&[unit(1, 1), back(2, 7)]), Some(State::Waits), "it was another board");
    assert_eq!(state(&[unit(1, 1), failed(back(2, 1), FaultCode::LinkLost)]), Some(State::Waits));
    assert_eq!(state(&[confirmed(unit(1, 1)), back(2, 1)]), Some(State::Released), "what was seen was seen");
}

#[test]
fn a_pilot_that_is_put_in_again_and_shows_itself_then_releases_its_lot() {
    let already = Some(Already { version: "1.18.300".into(), proof: "each CRC".into(), unit: Some(1) });
    let again = |tail| Unit { already: already.clone(), ..living(other(unit(2, tail)), &[(Way::Http, true)]) };
    for first in [unit(1, 1), failed(unit(1, 1), FaultCode::NotReached)] {
        assert_eq!(state(&[first, again(1)]), Some(State::Released));
    }
    assert_eq!(state(&[unit(1, 1), again(9)]), Some(State::Waits), "it was another board");
    assert_eq!(state(&[unit(1, 1), Unit { life: Vec::new(), ..again(1) }]), Some(State::Waits));
}

#[test]
fn a_released_lot_stays_so_whatever_a_later_board_does() {
    let lots = of(&[confirmed(unit(1, 1)), unit(2, 2), failed(unit(3, 3), FaultCode::WriteFailed)]);
    let standing = lots.of(&lot()).unwrap();
    assert_eq!((standing.state, standing.pilot, standing.passed), (State::Released, 1, 2));
    assert_eq!(entry(Some(standing), Some(mac(4)), None), Entry::Released);
}

#[test]
fn lots_do_not_speak_for_each_other() {
    let others = [
        Lot { loader: "6beb0924".into(), ..lot() },
        Lot { module: Some("T1-3S".into()), ..lot() },
        Lot { image: Digest::of(b"another"), ..lot() },
    ];
    let lots = of(&[confirmed(unit(1, 1))]);
    assert!(others.iter().all(|other| lots.of(other).is_none() && entry(lots.of(other), None, None) == Entry::Pilot));
}

#[test]
fn while_the_pilot_is_in_work_or_waits_another_board_is_held_with_what_to_do() {
    let open = sample::in_flight("B", 1, Stage::Erase);
    let Entry::Held(held) = entry(None, Some(mac(2)), Some(&open)) else { panic!("held") };
    assert!(held.code == FaultCode::PilotWaits && held.why.contains("in work in slot B"), "{}", held.why);
    let lots = of(&[unit(12, 1)]);
    let Entry::Held(held) = entry(lots.of(&lot()), Some(mac(2)), None) else { panic!("held") };
    assert!(held.code == FaultCode::PilotWaits && held.why.contains("flashjig units --confirm 12"), "{}", held.why);
    assert_eq!(entry(lots.of(&lot()), None, None), Entry::Held(held), "a board without an address is not the pilot");
}

#[test]
fn only_a_pilot_that_waits_can_be_confirmed() {
    let lots = of(&[unit(1, 1)]);
    assert_eq!(lots.may_confirm(1), Ok(()));
    assert!(lots.may_confirm(2).unwrap_err().contains("no pilot that waits"));
    assert!(of(&[confirmed(unit(1, 1))]).may_confirm(1).unwrap_err().contains("released already"));
    let failed = of(&[failed(unit(1, 1), FaultCode::NoBoot)]);
    assert!(failed.may_confirm(1).unwrap_err().contains("V01"));
}
