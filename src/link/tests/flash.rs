use super::chip::{Chip, Fate, is_erase, is_read, is_write};
use crate::link::LinkError;
use crate::model::chip::beken::{Command, Dialect, EraseSize, crc};
use crate::model::chip::flash::Span;
use crate::model::cycle::fault::FaultCode;
use tokio::time::Instant;

const SIZE: u32 = 0x20_0000;
const BOTH: [Dialect; 3] = [Dialect::TuyaBoot, Dialect::BekenBoot, Dialect::Rom];

async fn read(chip: Chip, span: Span) -> (Vec<u8>, crate::link::LinkStats) {
    let (mut link, _) = chip.linked();
    let mut got = Vec::new();
    link.read(span, SIZE, &mut |at, piece| {
        assert_eq!(at as usize, span.start as usize + got.len(), "in order, without gaps");
        got.extend_from_slice(piece);
    })
    .await
    .unwrap();
    (got, link.stats())
}

#[tokio::test(start_paused = true)]
async fn a_range_is_read_as_it_is_with_the_boot_area_and_odd_ends() {
    for dialect in BOTH {
        for span in [Span::new(0, 0x1_8000), Span::new(0x1_1000, 0x1_1000), Span::new(0x1_1234, 0x1_5678)] {
            let chip = Chip::new(dialect);
            let want = span.of(&chip.flash).unwrap().to_vec();
            let (got, stats) = read(chip, span).await;
            assert!(got == want, "{dialect:?} {span}");
            assert_eq!((stats.errors, stats.retries), (0, 0));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_and_damaged_read_replies_are_asked_for_again() {
    for dialect in BOTH {
        for fate in [Fate::Lost, Fate::Mute, Fate::Flipped(5), Fate::Flipped(60), Fate::Flipped(80), Fate::Flipped(100)]
        {
            let mut count = 0;
            let chip = Chip::new(dialect).hook(move |command| {
                count += usize::from(is_read(command));
                if is_read(command) && count % 4 == 2 { fate } else { Fate::Served }
            });
            let span = Span::new(0x1_1000, 0x1_9000);
            let want = span.of(&chip.flash).unwrap().to_vec();
            let (got, stats) = read(chip, span).await;
            assert!(got == want, "{dialect:?} {fate:?}");
            assert!(stats.retries >= 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_range_is_proven_by_the_chips_own_digest() {
    for dialect in BOTH {
        let chip = Chip::new(dialect);
        let span = Span::new(0x1_1000, 0x1_9000);
        let mut expected = span.of(&chip.flash).unwrap().to_vec();
        let (mut link, log) = chip.linked();
        assert!(link.matches(span, &expected).await.unwrap(), "{dialect:?}");
        for at in [0, 0x1234, 0x7FFF] {
            expected[at] ^= 0x10;
            assert!(!link.matches(span, &expected).await.unwrap(), "{dialect:?}: the byte at +{at:#x}");
            expected[at] ^= 0x10;
        }
        for bytes in [&expected[..0x7F00], &[expected.as_slice(), &[0xFF; 0x100]].concat(), &[]] {
            let error = link.matches(span, bytes).await.unwrap_err();
            assert!(matches!(error, LinkError::Forbidden { addr: 0x1_1000, .. }), "{dialect:?}: {error}");
        }
        let asked = |c: &Command| matches!(c, Command::CheckCrc { start: 0x1_1000, last: 0x1_8FFF });
        assert_eq!((log.count(asked), log.count(is_read)), (4, 0), "{dialect:?}: nothing is read for it");
    }
}

#[tokio::test(start_paused = true)]
async fn the_boot_loader_of_each_chip_is_out_of_reach() {
    for chip in crate::model::chip::Chip::ALL {
        let (mut link, log) = Chip::new(chip.dialect()).linked();
        link.set_chip(chip);
        let last = chip.boot_end() - 0x1000;
        let error = link.erase(EraseSize::Sector, last).await.unwrap_err();
        assert!(matches!(error, LinkError::Forbidden { addr, .. } if addr == last), "{chip}: {error}");
        assert_eq!(log.count(is_erase), 0, "{chip}");
        link.erase(EraseSize::Sector, chip.boot_end()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_sector_that_never_comes_is_an_error_that_names_it() {
    let (mut link, _) = Chip::new(Dialect::TuyaBoot)
        .hook(|c| if *c == (Command::ReadSector { addr: 0x1_3000 }) { Fate::Mute } else { Fate::Served })
        .linked();
    let error = link.read(Span::new(0x1_1000, 0x1_9000), SIZE, &mut |_, _| {}).await.unwrap_err();
    assert!(error.to_string().contains("0x013000"), "{error}");
    assert_eq!(error.fault(), FaultCode::BadReply);
}

#[tokio::test(start_paused = true)]
async fn an_l_boot_keeps_the_line_busy_while_it_is_read() {
    let (mut link, _) = Chip::new(Dialect::TuyaBoot).linked();
    link.raise(&[2_000_000]).await.unwrap();
    let start = Instant::now();
    link.read(Span::new(0, SIZE), SIZE, &mut |_, _| {}).await.unwrap();
    let line = 512.0 * 4111.0 * 10.0 / 2e6;
    let share = line / start.elapsed().as_secs_f64();
    // the clock of the test goes in whole milliseconds; a reply takes 20.6
    assert!(share > 0.95, "{share}");
}

#[tokio::test(start_paused = true)]
async fn a_rom_has_one_read_outstanding_and_an_l_boot_two() {
    for (dialect, most) in [(Dialect::Rom, 1), (Dialect::TuyaBoot, 2)] {
        let (mut link, log) = Chip::new(dialect).linked();
        let seen = log.clone();
        link.read(Span::new(0x1_1000, 0x1_5000), SIZE, &mut |at, _| {
            let asked = seen.count(is_read) as u32;
            assert!(asked <= (at - 0x1_1000) / 0x1000 + most, "{dialect:?}");
        })
        .await
        .unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn crc_is_right_on_every_dialect_and_refuses_what_an_l_boot_would_round() {
    for dialect in BOTH {
        let chip = Chip::new(dialect);
        let whole = crc::wire(&chip.flash);
        let (mut link, _) = chip.linked();
        assert_eq!(link.crc(Span::new(0, SIZE)).await.unwrap(), whole);
        for odd in [Span::new(0x1_1000, 0x1_1000), Span::new(0x1_1000, 0x1_1001), Span::new(0x1_1000, 0x1_10FF)] {
            assert!(matches!(link.crc(odd).await, Err(LinkError::Forbidden { .. })));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_crc_an_erase_unlocks_first_and_a_write_waits_for_it() {
    for dialect in BOTH {
        let (mut link, log) = Chip::new(dialect).fast().linked();
        let data = vec![0xA5; 4096];
        for round in 0..3 {
            link.crc(Span::new(0x1_1000, 0x1_2000)).await.unwrap();
            if dialect != Dialect::Rom {
                let error = link.write_sector(0x1_1000, &data).await.unwrap_err();
                assert!(matches!(error, LinkError::Locked { addr: 0x1_1000 }), "{error}");
            }
            let at = 0x1_1000 + round * 0x1000;
            link.erase(EraseSize::Sector, at).await.unwrap();
            link.write_sector(at, &data).await.unwrap();
            assert_eq!(log.flash.lock().unwrap()[at as usize..][..4096], data, "{dialect:?}, round {round}");
        }
        // one link check for each CRC, none in between
        let checks = log.count(|c| *c == Command::LinkCheck);
        assert_eq!(checks, if dialect == Dialect::Rom { 0 } else { 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_outside_the_flash_or_below_the_application_is_ever_sent() {
    for dialect in BOTH {
        let (mut link, log) = Chip::new(dialect).fast().linked();
        link.link_check().await.unwrap();
        link.erase(EraseSize::Sector, 0x1_1000).await.unwrap();
        let sent = log.commands().len();
        for addr in [0, 0x1000, 0x1_0000, 0x1_0FFF, 0x1_1001, SIZE, SIZE + 0x1_1000, 0xFFFF_F000, 0x8001_1000] {
            let erase = link.erase(EraseSize::Sector, addr).await;
            assert!(matches!(erase, Err(LinkError::Forbidden { .. })), "{addr:#x}");
            let write = link.write_sector(addr, &[0; 4096]).await;
            assert!(matches!(write, Err(LinkError::Forbidden { .. })), "{addr:#x}");
        }
        // the chip would round these down to the boot loader
        for addr in [0, 0x1_0000, 0x1_1000, 0x1_F000, SIZE - 0x8000, SIZE] {
            assert!(matches!(link.erase(EraseSize::Block, addr).await, Err(LinkError::Forbidden { .. })), "{addr:#x}");
        }
        for size in [EraseSize::Half, EraseSize::Other(0xC7)] {
            assert!(matches!(link.erase(size, 0x2_0000).await, Err(LinkError::Forbidden { .. })));
        }
        for len in [0, 1, 256, 4095, 4097] {
            let write = link.write_sector(0x2_0000, &vec![0; len]).await;
            assert!(matches!(write, Err(LinkError::Forbidden { .. })), "{len} bytes");
        }
        assert_eq!(log.commands().len(), sent, "{dialect:?}");
        link.erase(EraseSize::Block, 0x2_0000).await.unwrap();
        link.erase(EraseSize::Sector, SIZE - 0x1000).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_erase_is_repeated_and_a_lost_write_is_not() {
    for dialect in BOTH {
        for fate in [Fate::Lost, Fate::Mute] {
            let (mut erased, mut written) = (false, false);
            let (mut link, log) = Chip::new(dialect)
                .hook(move |command| match command {
                    c if is_erase(c) && !std::mem::replace(&mut erased, true) => fate,
                    c if is_write(c) && !std::mem::replace(&mut written, true) => fate,
                    _ => Fate::Served,
                })
                .fast()
                .linked();
            link.erase(EraseSize::Sector, 0x1_1000).await.unwrap();
            assert_eq!(log.count(is_erase), 2);
            let error = link.write_sector(0x1_1000, &[7; 4096]).await.unwrap_err();
            assert!(matches!(error, LinkError::HalfSent { .. }), "{error}");
            assert!(error.to_string().contains("0x011000"), "{error}");
            assert_eq!(log.count(is_write), 1);
            // a link check could complete a write that lost a byte of its address
            assert!(log.commands().last().is_some_and(is_write), "{dialect:?} {fate:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_erase_that_answers_for_another_address_is_not_taken_for_done() {
    // bit 0 of the third address byte of the echo
    let mut once = true;
    let (mut link, log) = Chip::new(Dialect::TuyaBoot)
        .hook(move |c| if is_erase(c) && std::mem::take(&mut once) { Fate::Flipped(14 * 8) } else { Fate::Served })
        .fast()
        .linked();
    link.erase(EraseSize::Sector, 0x2_1000).await.unwrap();
    assert_eq!(log.count(is_erase), 2);
    assert_eq!(link.stats().retries, 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_lost_bytes_is_never_completed() {
    for dialect in BOTH {
        let (mut link, log) =
            Chip::new(dialect).hook(|command| if is_write(command) { Fate::Short } else { Fate::Served }).linked();
        link.erase(EraseSize::Sector, 0x1_1000).await.unwrap();
        let before = log.commands().len();
        let error = link.write_sector(0x1_1000, &[7; 4096]).await.unwrap_err();
        assert!(matches!(error, LinkError::HalfSent { .. }), "{error}");
        assert!(log.commands().len() <= before + 1, "{:?}", &log.commands()[before..]);
        assert_eq!(log.flash.lock().unwrap()[0x1_1000..0x1_2000], [0xFF; 4096]);
    }
}

#[test]
fn a_doubled_byte_of_an_erase_never_moves_it_into_the_boot_area_or_the_calibration() {
    use crate::model::chip::beken::Command;
    let sectors = (0x1_1000..SIZE).step_by(0x1000).map(|addr| (EraseSize::Sector, addr));
    let blocks = (0x2_0000..SIZE).step_by(0x1_0000).map(|addr| (EraseSize::Block, addr));
    for (size, addr) in sectors.chain(blocks) {
        let frame = Command::Erase { size, addr: addr + Dialect::TuyaBoot.erase_offset() }.encode();
        for doubled in 0..frame.len() {
            let mut bytes = frame.clone();
            bytes.insert(doubled, frame[doubled]);
            // size byte and address stand behind 8 bytes of frame; another size does nothing
            let erases = bytes[7] == 0x0F && matches!(bytes[8], 0x20 | 0xD8) && bytes[..7] == frame[..7];
            let hit = u32::from_le_bytes(bytes[9..13].try_into().unwrap());
            // refused: too low, or negative to the loader
            if !erases || hit <= 0xFFFF || hit >= 0x8000_0000 {
                continue;
            }
            let hit = (hit % SIZE) & !(if bytes[8] == 0x20 { 0xFFF } else { 0xFFFF });
            assert!(hit == addr || (0x8_0000..0x1D_0000).contains(&hit), "{addr:#x}: byte {doubled} twice: {hit:#x}");
        }
    }
}
