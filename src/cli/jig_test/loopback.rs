//! Bytes round a jumper from TX to RX, at each rate that a slot may use.

use crate::jig::Port;
use crate::link;
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

/// Each rate of the ladder below `max_baud`, from the bottom, with what is wrong there.
pub(super) async fn test(port: &mut dyn Port, max_baud: u32) -> io::Result<Vec<(u32, Result<(), String>)>> {
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
        return Ok(Err(format!("the port can't do it: {error}; lower max_baud")));
    }
    port.discard()?;
    let mut came = Vec::new();
    let wire = Duration::from_nanos(sent.len() as u64 * 10_000_000_000 / u64::from(rate.max(1)));
    // both directions at once: a PTY or a small driver holds less than all of it
    let (mut reader, mut writer) = tokio::io::split(port);
    let round = async {
        let read = async {
            let mut bytes = vec![0; 16 << 10];
            while came.len() < sent.len() {
                match reader.read(&mut bytes).await? {
                    0 => break,
                    count => came.extend_from_slice(bytes.get(..count).unwrap_or_default()),
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
    if let Ok(Err(error)) = timeout(wire * 2 + PATIENCE, round).await {
        return Err(error);
    }
    Ok(judge(sent, &came))
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
