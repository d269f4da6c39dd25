//! Nothing is erased or written on a board that nobody has vouched for.

use super::chip::{Chip, Fate, is_erase, is_read, is_write};
use crate::link::LinkError;
use crate::model::chip::beken::{Command, Dialect, EraseSize};
use crate::model::chip::flash::{Span, parts};
use std::time::Duration;

const BOTH: [Dialect; 2] = [Dialect::TuyaBoot, Dialect::Rom];
const AT: u32 = 0x2_0000;

#[tokio::test(start_paused = true)]
async fn a_session_begins_with_a_stranger_to_whom_nothing_is_sent_that_changes_it() {
    for dialect in BOTH {
        let mut chip = Chip::new(dialect).fast();
        chip.register.value = 0x007C;
        let (mut link, log) = chip.linked();
        link.attach(async { Ok(()) }, Duration::from_secs(1)).await.unwrap_err();
        let erase = link.erase(EraseSize::Sector, AT).await.unwrap_err();
        assert!(matches!(erase, LinkError::Stranger { addr: AT, .. }), "{erase}");
        let write = link.write_sector(AT, &[0; 4096]).await.unwrap_err();
        assert!(matches!(write, LinkError::Stranger { addr: AT, .. }), "{write}");
        let changes = |c: &Command| is_erase(c) || is_write(c) || matches!(c, Command::WriteStatus { .. });
        assert_eq!(log.count(changes), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stranger_keeps_its_write_protection() {
    let mut chip = Chip::new(Dialect::Rom);
    chip.register.value = 0x001C;
    let mut once = true;
    let (mut link, log) =
        chip.hook(move |c| if is_read(c) && std::mem::take(&mut once) { Fate::Lost } else { Fate::Served }).linked();
    link.read(Span::sized(AT, 0x1000), 0x20_0000, &mut |_, _| {}).await.unwrap();
    let part = parts::find([0xEB, 0x60, 0x15]).unwrap();
    assert!(matches!(link.unprotect(part).await, Err(LinkError::Stranger { .. })));
    assert_eq!(log.count(|c| matches!(c, Command::WriteStatus { .. })), 0);
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_at_the_rate_of_a_reset_another_board_may_answer_and_at_others_it_cannot() {
    for dialect in BOTH {
        for (fast, expected) in [(false, false), (true, true)] {
            let mut once = true;
            let chip = Chip::new(dialect)
                .hook(move |c| if is_read(c) && std::mem::take(&mut once) { Fate::Mute } else { Fate::Served });
            let (mut link, _) = if fast { chip.fast() } else { chip }.linked();
            link.read(Span::sized(AT, 0x1000), 0x20_0000, &mut |_, _| {}).await.unwrap();
            assert_eq!(link.is_vouched(), expected, "{dialect:?}");
            assert_eq!(link.erase(EraseSize::Sector, AT).await.is_ok(), expected, "{dialect:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_rate_of_a_reset_a_word_for_the_board_is_good_for_one_erase_and_the_writes_after_it() {
    for dialect in BOTH {
        let (mut link, _) = Chip::new(dialect).linked();
        link.erase(EraseSize::Sector, AT).await.unwrap();
        link.write_sector(AT, &[7; 4096]).await.unwrap();
        assert!(matches!(link.erase(EraseSize::Sector, AT).await, Err(LinkError::Stranger { .. })));
        link.vouch();
        link.erase(EraseSize::Sector, AT).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn behind_long_work_at_the_rate_of_a_reset_a_new_word_is_needed_and_at_others_not() {
    for (fast, expected) in [(false, false), (true, true)] {
        let chip = Chip::new(Dialect::TuyaBoot);
        let (mut link, _) = if fast { chip.fast() } else { chip }.linked();
        link.doubt();
        assert_eq!(link.is_vouched(), expected);
        assert_eq!(link.erase(EraseSize::Sector, AT).await.is_ok(), expected);
        link.vouch();
        link.erase(EraseSize::Sector, AT).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_erase_whose_answer_was_lost_is_not_sent_again_to_a_stranger() {
    let mut once = true;
    let (mut link, log) = Chip::new(Dialect::TuyaBoot)
        .hook(move |c| if is_erase(c) && std::mem::take(&mut once) { Fate::Mute } else { Fate::Served })
        .linked();
    assert!(matches!(link.erase(EraseSize::Sector, AT).await, Err(LinkError::Stranger { .. })));
    assert_eq!(log.count(is_erase), 1);
}
