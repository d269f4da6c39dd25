//! Frames that follow each other.

use super::chip::{Chip, Fate, Log, is_write, pattern};
use crate::link::{ChipLink, LinkError};
use crate::model::chip::beken::{Command, Dialect, EraseSize};
use crate::model::chip::flash::Span;
use crate::model::chip::flash::write_order::{AHEAD, Danger, Frame};

const SIZE: u32 = 0x20_0000;
const KEEP: [Span; 1] = [Span { start: 0, end: 0x1_1000 }];
const T: Danger<'_> = Danger { keep: &KEEP, size: SIZE };
const RUN: Span = Span { start: 0x2_1000, end: 0x2_5000 };

/// A chip whose run is erased, and what is to be written there.
async fn erased(chip: Chip) -> (ChipLink, Log, Vec<u8>, Vec<Frame>) {
    let want = pattern();
    let (mut link, log) = chip.fast().linked();
    link.set_flash_size(SIZE);
    link.link_check().await.unwrap();
    for sector in RUN.pieces(0x1000) {
        link.erase(EraseSize::Sector, sector.start).await.unwrap();
    }
    let frames = T.stream(RUN, &want).unwrap();
    assert!(frames.iter().any(|frame| !frame.alone), "some may be followed");
    (link, log, want, frames)
}

#[tokio::test(start_paused = true)]
async fn a_stream_is_in_the_flash_as_it_was_planned_and_tells_how_far_it_is() {
    let (mut link, log, want, frames) = erased(Chip::new(Dialect::TuyaBoot)).await;
    let mut told = Vec::new();
    link.write_frames(&frames, &want, &mut |upto| told.push(upto)).await.unwrap();
    assert!(RUN.of(&log.flash.lock().unwrap()) == RUN.of(&want));
    assert_eq!(told, frames.iter().map(|frame| frame.end).collect::<Vec<_>>());
    assert_eq!((log.count(is_write), link.stats().errors), (frames.len(), 0));
    link.link_check().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_frame_without_an_answer_is_followed_by_no_more_than_the_chip_surely_holds_and_then_by_nothing() {
    for nth in [0, 1, 5] {
        for fate in [Fate::Lost, Fate::Mute, Fate::Flipped(10 * 8), Fate::Flipped(13 * 8)] {
            let mut seen = 0;
            let chip = Chip::new(Dialect::TuyaBoot).hook(move |command| {
                seen += usize::from(is_write(command));
                if is_write(command) && seen == nth + 1 { fate } else { Fate::Served }
            });
            let (mut link, log, want, mut frames) = erased(chip).await;
            // all of them may be followed
            for frame in &mut frames {
                frame.alone = false;
            }
            let before = link.stats().tx_bytes;
            let error = link.write_frames(&frames, &want, &mut |_| {}).await.unwrap_err();
            assert!(matches!(error, LinkError::HalfSent { .. }), "{nth} {fate:?}: {error}");
            let upto: u64 = frames[..=nth].iter().map(|frame| u64::from(frame.bytes()) + 12).sum();
            assert!(link.stats().tx_bytes - before <= upto + u64::from(AHEAD), "{nth} {fate:?}");
            assert!(log.commands().last().is_some_and(is_write), "{nth} {fate:?}: not even a link check");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn behind_a_frame_that_is_alone_nothing_is_sent_before_its_answer() {
    let chip = Chip::new(Dialect::TuyaBoot).hook(|command| if is_write(command) { Fate::Mute } else { Fate::Served });
    let (mut link, log, want, mut frames) = erased(chip).await;
    for frame in &mut frames {
        frame.alone = true;
    }
    let before = link.stats().tx_bytes;
    let error = link.write_frames(&frames, &want, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, LinkError::HalfSent { .. }), "{error}");
    assert_eq!(link.stats().tx_bytes - before, u64::from(frames[0].bytes()) + 12);
    assert_eq!(log.count(is_write), 1);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_answer_to_a_frame_by_itself_leaves_the_link_in_step() {
    let mut once = true;
    let chip = Chip::new(Dialect::TuyaBoot).hook(move |command| {
        if is_write(command) && std::mem::take(&mut once) { Fate::Flipped(12 * 8) } else { Fate::Served }
    });
    let (mut link, log, want, _) = erased(chip).await;
    let whole = T.whole(Span::sized(0x2_1000, 0x1000));
    let error = link.write_frames(&whole, &want, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, LinkError::BadReply { .. }), "{error}");
    assert_eq!(log.commands().last(), Some(&Command::LinkCheck));
}

#[tokio::test(start_paused = true)]
async fn no_frame_outside_the_flash_below_the_application_or_with_an_odd_end_is_ever_sent() {
    let (mut link, log, want, _) = erased(Chip::new(Dialect::TuyaBoot)).await;
    let sent = log.commands().len();
    for (addr, blank, end) in [
        (0x1_0FE0, 32, 0x1_1FE0),
        (0, 0, 0x1000),
        (0x1F_F000, 0, 0x20_0020),
        (0x2_1000, 0, 0x2_1001),
        (0x2_1000, 0, 0x2_2020),
        (0x2_1000, 32, 0x2_1020),
    ] {
        let bad = Frame { addr, blank, end, alone: true };
        let good = Frame { addr: 0x2_1000, blank: 0, end: 0x2_2000, alone: true };
        let error = link.write_frames(&[good, bad], &want, &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, LinkError::Forbidden { .. }), "{bad:x?}: {error}");
    }
    assert_eq!(log.commands().len(), sent, "nothing of them");
    link.crc(RUN).await.unwrap();
    let frames = T.whole(Span::sized(0x2_1000, 0x1000));
    let error = link.write_frames(&frames, &want, &mut |_| {}).await.unwrap_err();
    assert!(matches!(error, LinkError::Locked { .. }), "{error}");
    for dialect in [Dialect::Rom, Dialect::BekenBoot] {
        let (mut link, _) = Chip::new(dialect).fast().linked();
        link.set_flash_size(SIZE);
        let error = link.write_frames(&frames, &want, &mut |_| {}).await.unwrap_err();
        assert!(matches!(error, LinkError::Forbidden { .. }), "{dialect:?}: {error}");
    }
}
