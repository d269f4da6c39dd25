use super::chip::{Chip, Fate};
use crate::link::LinkError;
use crate::model::chip::beken::{Command, Dialect, Reply};
use crate::model::chip::flash::Span;
use crate::model::cycle::fault::FaultCode;
use std::time::Duration;

const APP: Span = Span { start: 0x1_1000, end: 0x2_1000 };

#[tokio::test(start_paused = true)]
async fn a_late_reply_to_something_else_is_skipped_and_counted() {
    let (mut link, _) = Chip::new(Dialect::Rom).linked();
    link.send(&Command::LinkCheck).await.unwrap();
    link.send(&Command::LinkCheck).await.unwrap();
    let reply = link.exchange(&Command::FlashId).await.unwrap();
    assert!(matches!(reply, Reply::FlashId { id: [0xEB, 0x60, 0x15], .. }));
    assert_eq!(link.stats().errors, 2);
}

#[tokio::test(start_paused = true)]
async fn every_flipped_bit_of_a_crc_reply_is_noticed_or_only_in_its_value() {
    // 11 bytes; the last four are the value, which nothing protects: the flow compares it with what it read
    for bit in 0..7 * 8 {
        let mut once = true;
        let chip = Chip::new(Dialect::TuyaBoot).hook(move |command| match command {
            Command::CheckCrc { .. } if std::mem::take(&mut once) => Fate::Flipped(bit),
            _ => Fate::Served,
        });
        let whole = crate::model::chip::beken::crc::wire(APP.of(&chip.flash).unwrap());
        let (mut link, _) = chip.linked();
        assert_eq!(link.crc(APP).await.unwrap(), whole, "bit {bit}");
        assert!(link.stats().errors > 0 || link.stats().retries > 0, "bit {bit}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_command_is_noticed_within_the_idle_time_of_an_l_boot() {
    let mut once = true;
    let (mut link, log) = Chip::new(Dialect::TuyaBoot)
        .hook(move |command| match command {
            Command::CheckCrc { .. } if std::mem::take(&mut once) => Fate::Lost,
            _ => Fate::Served,
        })
        .linked();
    link.crc(APP).await.unwrap();
    let times = log.timed();
    let gaps: Vec<_> = times.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    assert!(gaps.iter().all(|gap| *gap < Duration::from_millis(120)), "{gaps:?}");
    assert_eq!(link.stats().retries, 1);
}

#[tokio::test(start_paused = true)]
async fn a_chip_that_is_at_work_is_waited_for() {
    for dialect in [Dialect::TuyaBoot, Dialect::Rom] {
        let (mut link, log) = Chip::new(dialect)
            .hook(|command| match command {
                Command::CheckCrc { .. } => Fate::Slow(900),
                _ => Fate::Served,
            })
            .linked();
        link.crc(APP).await.unwrap();
        assert_eq!(link.stats().retries, 0);
        assert_eq!(log.count(|c| matches!(c, Command::CheckCrc { .. })), 1);
        // the link checks that were sent behind it have been answered and taken
        link.link_check().await.unwrap();
        assert_eq!(link.stats().errors, 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dead_chip_is_lost_within_seconds() {
    let (mut link, _) = Chip::new(Dialect::TuyaBoot).hook(|_| Fate::Lost).linked();
    let start = tokio::time::Instant::now();
    let error = link.link_check().await.unwrap_err();
    assert!(matches!(error, LinkError::Lost { .. }), "{error}");
    assert_eq!(error.fault(), FaultCode::LinkLost);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_command_that_a_rom_does_not_know_is_refused_not_lost() {
    let mut chip = Chip::new(Dialect::Rom);
    chip.rom_id = None;
    let (mut link, _) = chip.linked();
    let error = link.exchange(&Command::ReadReg { addr: 0x0080_0000 }).await.unwrap_err();
    assert!(matches!(error, LinkError::Refused { .. }), "{error}");
}

/// A slot runs on any thread of the daemon.
#[tokio::test(start_paused = true)]
async fn every_step_may_move_between_threads() {
    fn sendable<T: Send>(_: &T) {}
    let (mut link, _) = Chip::new(Dialect::Rom).linked();
    sendable(&link);
    sendable(&link.attach(async { Ok(()) }, Duration::ZERO));
    sendable(&link.probe());
    sendable(&link.raise(&[115_200]));
    sendable(&link.read(APP, 0x20_0000, &mut |_, _| {}));
    sendable(&link.write_sector(0x1_1000, &[]));
    sendable(&link.keep_awake(async {}));
    sendable(&link.reboot());
}
