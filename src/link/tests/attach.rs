use crate::jig::{LineError, memory};
use crate::link::{ChipLink, LinkError};
use crate::model::chip::beken::scan::{CommandScanner, Found};
use crate::model::chip::beken::{Command, Reply};
use crate::model::cycle::fault::FaultCode;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

const MS: Duration = Duration::from_millis(1);
const CEN_LOW: Duration = Duration::from_millis(100);

/// What the chip makes of a command that is no link check, behind the flood.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Behind {
    Answered,
    /// It has no room for it.
    Lost,
}

/// A link to a chip whose boot loader listens for `window` from the moment it is released, stays once it heard a link check,
/// and answers each at 115200 baud. The chip gives the times of the commands heard.
fn plugged(window: Duration, behind: Behind) -> (ChipLink, oneshot::Sender<()>, JoinHandle<Vec<Instant>>) {
    let (port, stream, _) = memory::pair();
    let (release, released) = oneshot::channel();
    (ChipLink::new(Box::new(port)), release, boot(stream, window, released, behind))
}

fn boot(
    mut stream: DuplexStream,
    window: Duration,
    released: oneshot::Receiver<()>,
    behind: Behind,
) -> JoinHandle<Vec<Instant>> {
    tokio::spawn(async move {
        let mut bytes = [0; 4096];
        let mut released = released;
        loop {
            tokio::select! {
                biased;
                _ = &mut released => break,
                _ = stream.read(&mut bytes) => {}
            }
        }
        let end = Instant::now() + window;
        let (mut scanner, mut heard) = (CommandScanner::default(), Vec::new());
        loop {
            let wait = if heard.is_empty() { end - Instant::now() } else { Duration::from_secs(1) };
            let Ok(Ok(n @ 1..)) = timeout(wait, stream.read(&mut bytes)).await else { return heard };
            scanner.feed(&bytes[..n]);
            while let Some(found) = scanner.take() {
                let reply = match found {
                    Found::Frame(Command::LinkCheck) => Reply::Link,
                    Found::Frame(Command::CheckCrc { .. }) if behind == Behind::Lost => continue,
                    Found::Frame(Command::CheckCrc { .. }) if !heard.is_empty() => Reply::Crc(0),
                    other => panic!("only link checks are flooded, not {other:?}"),
                };
                heard.push(Instant::now());
                sleep(Duration::from_micros(695)).await;
                _ = stream.write_all(&reply.encode()).await;
            }
        }
    })
}

/// CEN low for 100 ms, released, and `late` until that is known.
async fn reset(release: oneshot::Sender<()>, late: Duration) -> Result<(), LineError> {
    sleep(CEN_LOW).await;
    _ = release.send(());
    sleep(late).await;
    Ok(())
}

/// CEN low for 100 ms.
async fn hold() -> Result<(), LineError> {
    sleep(CEN_LOW).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_window_of_5_ms_is_hit_at_any_phase_and_any_delay_of_the_lines() {
    for late in [0, 1, 3, 20, 200] {
        for phase in 0..4 {
            let (mut link, release, chip) = plugged(5 * MS, Behind::Answered);
            sleep(phase * MS / 2).await;
            link.attach(reset(release, late * MS), 500 * MS).await.unwrap();
            // the link is in step: nothing stale answers the next command
            link.link_check().await.unwrap();
            assert_eq!(link.stats().errors, 0);
            drop(link);
            assert!(!chip.await.unwrap().is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_flood_runs_while_cen_is_held_and_stays_on_the_line() {
    let (port, mut stream, _) = memory::pair();
    let flood = tokio::spawn(async move {
        let (mut heard, mut bytes) = (Vec::new(), [0; 4096]);
        while let Ok(n @ 1..) = stream.read(&mut bytes).await {
            heard.push((Instant::now(), n));
        }
        heard
    });
    let start = Instant::now();
    let mut link = ChipLink::new(Box::new(port));
    let error = link.attach(hold(), 50 * MS).await.unwrap_err();
    assert_eq!(error.fault(), FaultCode::NoAnswer);
    drop(link);
    let heard = flood.await.unwrap();
    let in_flood: Vec<_> = heard.iter().filter(|(at, _)| *at < start + 150 * MS).collect();
    let frames: usize = in_flood.iter().map(|(_, n)| n / 5).sum();
    assert!((150..=346).contains(&frames), "at least one each ms, not more than the line carries: {frames}");
    for pair in in_flood.windows(2) {
        assert!(pair[1].0 - pair[0].0 <= 3 * MS, "no gap that a short window could fall into");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_from_before_the_reset_do_not_count() {
    let (port, mut stream, _) = memory::pair();
    // a boot loader of the life before answers until CEN goes low, then the chip is dead
    stream.write_all(&Reply::Link.encode()).await.unwrap();
    let before = tokio::spawn(async move {
        let end = Instant::now() + 20 * MS;
        while Instant::now() < end {
            stream.write_all(&Reply::Link.encode()).await.unwrap();
            sleep(MS).await;
        }
        stream
    });
    let mut link = ChipLink::new(Box::new(port));
    let error = link.attach(hold(), 50 * MS).await.unwrap_err();
    assert!(matches!(error, LinkError::NoAnswer { .. }), "{error}");
    drop(before.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn noise_of_the_application_is_told_from_silence() {
    let (port, mut stream, _) = memory::pair();
    let mut link = ChipLink::new(Box::new(port));
    let noise = tokio::spawn(async move {
        for _ in 0..40 {
            stream.write_all(&[0x55, 0xAA, 0x00, 0x00]).await.unwrap();
            sleep(2 * MS).await;
        }
        sleep(Duration::from_secs(9)).await;
    });
    let error = link.attach(async { Ok(()) }, 50 * MS).await.unwrap_err().to_string();
    assert!(error.contains("application"), "{error}");
    noise.abort();
}

#[tokio::test(start_paused = true)]
async fn a_line_that_fails_ends_the_attempt() {
    let (port, _stream, _) = memory::pair();
    let mut link = ChipLink::new(Box::new(port));
    let broken = LineError { line: "CEN".into(), wanted: "low".into(), what: "stuck".into(), remedy: "fix it".into() };
    let error = link.attach(async { Err(broken) }, 50 * MS).await.unwrap_err();
    assert_eq!(error.fault(), FaultCode::NoLines);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_vanishes_is_the_stations_fault() {
    let (port, stream, _) = memory::pair();
    drop(stream);
    let mut link = ChipLink::new(Box::new(port));
    let error = link.attach(async { Ok(()) }, 50 * MS).await.unwrap_err();
    assert_eq!(error.fault(), FaultCode::NoPort);
}

#[tokio::test(start_paused = true)]
async fn the_last_of_the_stale_answers_is_known_by_the_answer_behind_it_and_not_by_silence() {
    let (mut link, release, chip) = plugged(25 * MS, Behind::Answered);
    let begun = Instant::now();
    link.attach(reset(release, Duration::ZERO), 500 * MS).await.unwrap();
    assert!(begun.elapsed() < CEN_LOW + 15 * MS, "{:?}", begun.elapsed());
    assert_eq!(link.stats().errors, 0, "stale answers are no fault of the line");
    // each answer from now on is the one to its question
    for _ in 0..8 {
        assert!(link.one_link_check().await.unwrap());
    }
    assert_eq!(link.stats().errors, 0);
    drop(link);
    chip.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chip_that_has_no_room_for_another_command_behind_the_flood_is_linked_after_some_silence() {
    let (mut link, release, chip) = plugged(25 * MS, Behind::Lost);
    link.attach(reset(release, Duration::ZERO), 500 * MS).await.unwrap();
    link.link_check().await.unwrap();
    assert_eq!(link.stats().errors, 0);
    drop(link);
    chip.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_chip_that_answers_before_the_lines_are_done_is_not_flooded_on() {
    let (mut link, release, chip) = plugged(25 * MS, Behind::Answered);
    link.attach(reset(release, 1000 * MS), 500 * MS).await.unwrap();
    drop(link);
    let heard = chip.await.unwrap();
    // it takes 0.7 ms for each; at the full pace it would hear 2000 and fall behind
    assert!((50..700).contains(&heard.len()), "{}", heard.len());
    assert!(heard.windows(2).all(|pair| pair[1] - pair[0] < 60 * MS), "and it stays awake");
}
