//! Bytes round a jumper from TX to RX, at each rate that a slot may use.

use crate::config::Slot;
use crate::jig::Port;
use crate::link;
use jiff::Timestamp;
use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

/// From this rate up a UART whose FIFO holds 16 bytes loses some now and then (raspberrypi/firmware 1017: a cluster of 8
/// in every few million at 921600), bits per second.
const FAST: u32 = 921_600;
/// Bytes that show it.
const MANY: usize = 4 << 20;
/// Bytes at slower rates, where wires and ground are what is tried.
const FEW: usize = 256 << 10;
/// Time beyond that on the wire; a USB adapter hands its bytes over every 16 ms.
const PATIENCE: Duration = Duration::from_millis(500);
/// Nothing came for this time: the rest need not be sent.
const SILENCE: Duration = Duration::from_secs(1);

/// What is wrong when no rate is clean.
pub(in crate::cli) const NOWHERE: &str = "the loopback is clean at no rate: check the jumper, TX, RX and GND";

/// The rates of one port, with what is wrong at each.
pub(in crate::cli) type Rates = Vec<(u32, Result<(), String>)>;

/// The fastest rate that the chips make exactly and that may be left before it is proven, bits per second.
const FASTEST: u32 = 3_250_000;
/// The fastest rate that tools for these chips commonly use: clean, it needs no margin.
const COMMON: u32 = 2_000_000;
/// How the verdict on a rate begins that the port does not make.
const UNABLE: &str = "the port can't do it";

/// What is kept of a slot: [`crate::config::rate`] reads it.
#[derive(Serialize)]
pub(in crate::cli) struct Measurement {
    highest_clean_baud: u32,
    taken: Timestamp,
    /// The rates that lost or changed bytes.
    wrong: Vec<u32>,
}

impl Measurement {
    pub(in crate::cli) fn of(best: u32, rates: &Rates) -> Self {
        let wrong = rates.iter().filter(|(_, result)| result.is_err()).map(|(rate, _)| *rate).collect();
        Self { highest_clean_baud: best, taken: crate::clock::now(), wrong }
    }
}

/// Up to where a slot is measured: what its file asks for, else as fast as anybody goes.
pub(in crate::cli) fn top(slot: &Slot) -> u32 {
    if slot.max_baud_written { slot.max_baud } else { FASTEST }
}

/// The rate to keep: clean up to it. A fast one whose next faster one is not clean stands at an edge, which a busier
/// computer moves: the one below it is taken. One that the port does not make is no edge.
pub(in crate::cli) fn best(rates: &Rates) -> Option<u32> {
    let clean = rates.iter().take_while(|(_, result)| result.is_ok()).map(|(rate, _)| *rate);
    let clean: Vec<u32> = clean.collect();
    let is_edge = matches!(rates.get(clean.len()), Some((_, Err(what))) if !what.starts_with(UNABLE));
    match clean.as_slice() {
        [.., below, last] if is_edge && *last > FAST && *last != COMMON => Some(*below),
        [.., last] => Some(*last),
        [] => None,
    }
}

/// Each rate of the ladder below `max_baud`, from the bottom, with what is wrong there.
pub(in crate::cli) async fn test(port: &mut dyn Port, max_baud: u32) -> io::Result<Rates> {
    let sent = noise(MANY);
    let mut results = Vec::new();
    let mut rates = link::ladder(max_baud);
    rates.sort_unstable();
    for rate in rates {
        let some = if rate >= FAST { &sent } else { sent.get(..FEW).unwrap_or(&sent) };
        tell(rate, some.len())?;
        results.push((rate, one(port, rate, some).await?));
    }
    Ok(results)
}

/// Says how long the next rate takes: the slowest ones take half a minute each.
fn tell(rate: u32, bytes: usize) -> io::Result<()> {
    let seconds = (bytes as u64 * 10).div_ceil(u64::from(rate.max(1)));
    let kib = bytes / 1024;
    crate::cli::out::say(&format!("to do  {kib} KiB at {rate} baud, {seconds} s")).map_err(io::Error::other)
}

/// Bytes without a period, so that a lost run of them shows wherever it is (xorshift, G. Marsaglia, 2003).
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_u32;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 24) as u8
    };
    (0..count).map(|_| next()).collect()
}

async fn one(port: &mut dyn Port, rate: u32, sent: &[u8]) -> io::Result<Result<(), String>> {
    if let Err(error) = port.set_baud(rate) {
        return Ok(Err(format!("{UNABLE}: {error}; lower max_baud")));
    }
    port.discard()?;
    let before = port.counts();
    let mut came = Vec::new();
    let wire = Duration::from_nanos(sent.len() as u64 * 10_000_000_000 / u64::from(rate.max(1)));
    // both directions at once: a PTY or a small driver holds less than all of it
    let (mut reader, mut writer) = tokio::io::split(&mut *port);
    let round = async {
        let read = async {
            let mut bytes = vec![0; 16 << 10];
            while came.len() < sent.len() {
                match timeout(SILENCE, reader.read(&mut bytes)).await {
                    Ok(count) => match count? {
                        0 => break,
                        count => came.extend_from_slice(bytes.get(..count).unwrap_or_default()),
                    },
                    Err(_) => return Err(io::ErrorKind::TimedOut.into()),
                }
            }
            Ok::<_, io::Error>(())
        };
        let write = async {
            writer.write_all(sent).await?;
            writer.flush().await
        };
        tokio::try_join!(read, write).map(|_| ())
    };
    match timeout(wire * 2 + PATIENCE, round).await {
        // what came until then says what is wrong
        Ok(Err(error)) if error.kind() != io::ErrorKind::TimedOut => return Err(error),
        _ => {}
    }
    let lost = port.counts().zip(before).map_or(0, |(after, before)| after.overruns.wrapping_sub(before.overruns));
    Ok(judge(sent, &came).and_then(|()| match lost {
        0 => Ok(()),
        lost => Err(format!("every byte came back, and the port counted {lost} overruns; it is at its limit")),
    }))
}

/// What came against what was sent.
fn judge(sent: &[u8], came: &[u8]) -> Result<(), String> {
    if came.is_empty() {
        return Err(format!("expected {} bytes back, found none; check the jumper, and TX and RX", sent.len()));
    }
    if let Some((at, (sent, came))) = sent.iter().zip(came).enumerate().find(|(_, (sent, came))| sent != came) {
        return Err(format!("byte {at}: expected {sent:#04x}, found {came:#04x}; shorten the wires, check GND"));
    }
    if came.len() < sent.len() {
        return Err(format!("expected {} bytes back, found {}; shorten the wires", sent.len(), came.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jig::memory;
    use tokio::io::DuplexStream;

    /// A jumper that does something to each byte.
    fn jumper(mut end: DuplexStream, change: impl Fn(usize, u8) -> u8 + Send + 'static) {
        tokio::spawn(async move {
            let (mut bytes, mut at) = (vec![0; 16 << 10], 0);
            while let Ok(count @ 1..) = end.read(&mut bytes).await {
                let out: Vec<u8> = bytes[..count].iter().enumerate().map(|(i, byte)| change(at + i, *byte)).collect();
                at += count;
                if end.write_all(&out).await.is_err() {
                    return;
                }
            }
        });
    }

    #[tokio::test(start_paused = true)]
    async fn a_jumper_passes_at_every_rate_of_the_ladder() {
        let (mut port, end, rates) = memory::pair();
        jumper(end, |_, byte| byte);
        let results = test(&mut port, 921_600).await.unwrap();
        assert_eq!(results, [(100_000, Ok(())), (115_200, Ok(())), (460_800, Ok(())), (921_600, Ok(()))]);
        assert_eq!(rates.now(), 921_600);
    }

    #[test]
    fn the_rate_that_is_kept_is_clean_up_to_it_and_has_a_margin() {
        let rates = |wrong: &[u32]| -> Rates {
            let all = [100_000, 115_200, 460_800, 921_600, 1_500_000, 2_000_000, 2_600_000, 3_250_000];
            all.map(|rate| (rate, if wrong.contains(&rate) { Err("x".to_owned()) } else { Ok(()) })).to_vec()
        };
        assert_eq!(best(&rates(&[])), Some(3_250_000), "nothing faster was tried");
        assert_eq!(best(&rates(&[3_250_000])), Some(2_000_000), "2600000 stands at the edge");
        assert_eq!(best(&rates(&[2_600_000])), Some(2_000_000), "tools commonly use it");
        let mut unable = rates(&[]);
        unable[7].1 = Err(format!("{UNABLE}: not supported"));
        assert_eq!(best(&unable), Some(2_600_000), "the port makes no faster one");
        assert_eq!(best(&rates(&[2_000_000])), Some(921_600), "1500000 stands at the edge");
        assert_eq!(best(&rates(&[1_500_000, 2_000_000])), Some(921_600));
        assert_eq!(best(&rates(&[460_800])), Some(115_200), "what is clean above a wrong one is luck");
        assert_eq!(best(&rates(&[100_000])), None);
        let kept = serde_json::to_value(Measurement::of(921_600, &rates(&[2_000_000]))).unwrap();
        assert_eq!((&kept["highest_clean_baud"], &kept["wrong"][0]), (&921_600.into(), &2_000_000.into()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flipped_bit_and_a_missing_jumper_are_named() {
        let (mut port, end, _) = memory::pair();
        jumper(end, |at, byte| if at == 300 { byte ^ 0x10 } else { byte });
        let results = test(&mut port, 115_200).await.unwrap();
        let right = noise(301)[300];
        assert_eq!(
            results[0].1.as_ref().unwrap_err(),
            &format!("byte 300: expected {right:#04x}, found {:#04x}; shorten the wires, check GND", right ^ 0x10)
        );
        let (mut port, _end, _) = memory::pair();
        let results = test(&mut port, 115_200).await.unwrap();
        assert!(results[0].1.as_ref().unwrap_err().contains("found none; check the jumper"));
    }
}
