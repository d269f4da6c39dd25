use super::chip::{Chip, Fate};
use crate::link::rate::{LADDER, chip_rate, reachable};
use crate::link::{LinkError, ladder};
use crate::model::chip::beken::{Command, Dialect};
use crate::model::cycle::fault::FaultCode;

/// From 2 Mbaud on.
const USUAL: [u32; 6] = [2_000_000, 1_500_000, 921_600, 460_800, 100_000, 115_200];

const BOTH: [Dialect; 3] = [Dialect::TuyaBoot, Dialect::BekenBoot, Dialect::Rom];

/// Divisors as the boot loader of T 1.0.5 computes them (bk72xx-bootloader-observed, section g).
#[test]
fn the_chips_rates_are_those_that_were_observed() {
    for (wanted, made) in [
        (100_000, 100_000),
        (115_200, 115_044),
        (460_800, 464_285),
        (921_600, 928_571),
        (1_000_000, 1_000_000),
        (1_500_000, 1_529_411),
        (2_000_000, 2_000_000),
        (2_600_000, 2_600_000),
        (3_000_000, 2_888_888),
        (3_250_000, 3_250_000),
        (4_000_000, 4_333_333),
        (5_200_000, 5_200_000),
    ] {
        assert_eq!(chip_rate(wanted), made, "{wanted}");
    }
    assert!(LADDER.into_iter().all(reachable));
    assert!(!reachable(3_000_000) && !reachable(4_000_000) && reachable(3_250_000));
}

#[test]
fn a_ladder_begins_at_the_limit_and_ends_at_115200() {
    assert_eq!(ladder(3_250_000), LADDER);
    assert_eq!(ladder(2_000_000), LADDER[2..]);
    assert_eq!(ladder(1_000_000), [1_000_000, 921_600, 460_800, 100_000, 115_200]);
    assert_eq!(ladder(3_000_000), LADDER[1..], "a rate that the chip can't make is left out");
    assert_eq!(ladder(115_200), [100_000, 115_200]);
    assert_eq!(ladder(9600), [100_000, 115_200]);
}

#[tokio::test(start_paused = true)]
async fn the_top_rate_is_taken_when_it_works() {
    for dialect in BOTH {
        let (mut link, log) = Chip::new(dialect).unknown();
        assert_eq!(link.raise(&USUAL).await.unwrap(), 2_000_000);
        assert_eq!(link.stats().baud, 2_000_000);
        assert_eq!(log.count(|c| matches!(c, Command::SetBaud { .. })), 1);
        assert_eq!(link.stats().errors, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn rates_above_2_mbaud_are_used_where_they_carry_data_and_left_where_they_do_not() {
    for dialect in BOTH {
        for (clean_below, expected) in
            [(u32::MAX, 3_250_000), (3_000_000, 2_600_000), (2_600_000, 2_600_000), (2_500_000, 2_000_000)]
        {
            let mut chip = Chip::new(dialect);
            chip.clean_below = clean_below;
            let (mut link, _) = chip.unknown();
            assert_eq!(link.raise(&LADDER).await.unwrap(), expected, "{dialect:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_damages_data_is_given_up_for_the_next() {
    for dialect in BOTH {
        let mut chip = Chip::new(dialect);
        chip.clean_below = 1_000_000;
        let (mut link, _) = chip.unknown();
        assert_eq!(link.raise(&USUAL).await.unwrap(), 921_600, "{dialect:?}");
        assert_eq!(link.stats().retries, 4, "two rates, each with a second chance");
    }
}

#[tokio::test(start_paused = true)]
async fn a_set_baud_that_never_arrived_leaves_both_at_the_old_rate() {
    for dialect in BOTH {
        let mut once = true;
        let (mut link, _) = Chip::new(dialect)
            .hook(move |command| match command {
                Command::SetBaud { .. } if std::mem::take(&mut once) => Fate::Lost,
                _ => Fate::Served,
            })
            .unknown();
        assert_eq!(link.raise(&USUAL).await.unwrap(), 1_500_000, "{dialect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_at_a_good_rate_does_not_cost_the_rate() {
    for dialect in BOTH {
        let (mut link, _) = Chip::new(dialect)
            .hook(|command| match command {
                Command::SetBaud { .. } => Fate::Mute,
                _ => Fate::Served,
            })
            .unknown();
        assert_eq!(link.raise(&USUAL).await.unwrap(), 2_000_000, "{dialect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_chip_out_of_reach_is_lost_and_the_error_names_the_rate() {
    let mut chip = Chip::new(Dialect::Rom);
    chip.deaf_at = vec![2_000_000];
    let (mut link, _) = chip.unknown();
    let error = link.raise(&USUAL).await.unwrap_err();
    assert!(matches!(error, LinkError::Lost { rate: 2_000_000, .. }), "{error}");
    assert_eq!(error.fault(), FaultCode::LinkLost);
}

#[tokio::test(start_paused = true)]
async fn no_rate_at_all_is_said_so() {
    let mut chip = Chip::new(Dialect::TuyaBoot);
    chip.clean_below = 0;
    let (mut link, _) = chip.unknown();
    assert_eq!(link.raise(&USUAL).await.unwrap_err().fault(), FaultCode::NoBaud);
}
