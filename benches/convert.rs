//! Seconds per stage and the share of the wire used, at real pacing: `cargo bench --bench convert [-- --speed X --baud N]`.
//!
//! One board of each dialect is converted on the virtual bench at 2 Mbaud (or N), in both backup modes. The line's own time
//! (10 bits a byte) is the yardstick: a stage that moves bytes can't be quicker than that, so the last column is a
//! ratio and holds on any machine.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark that can't go on shall say where"
)]

use flashjig::flow::Pace;
use flashjig::model::chip::Chip;
use flashjig::model::unit::Unit;
use flashjig::model::unit::event::Event;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::station::Library;
use flashjig::station::Order;
use flashjig::wiring;
use std::time::Duration;
use tokio::time::Instant;

/// What lies around the work with the chip.
struct Around {
    /// From the order to the first byte to the board, beyond what the slot's timing asks.
    first_byte: Duration,
    /// From the chip's last answer to the verdict that the lamps show.
    light: Duration,
}

async fn convert(chip: Chip, mode: &str, speed: f64, max_baud: u32) -> (Unit, Around) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let firmware = dir.path().join("firmware");
    let recipes = dir.path().join("recipes");
    std::fs::create_dir_all(&firmware).expect("a folder");
    std::fs::create_dir_all(&recipes).expect("a folder");
    std::fs::write(recipes.join("default.toml"), format!("[backup]\nmode = \"{mode}\"\n")).expect("a recipe");
    let (name, file) = factory::demo_image(chip, "1.18.300");
    std::fs::write(firmware.join(name), file).expect("a file");
    let (ledger, archive) = wiring::stores(dir.path()).expect("stores");
    let spec = NestSpec { speed, ..NestSpec::default() };
    let pace = Pace { max_baud, ..Pace::default() };
    let (slot, hand) = wiring::virtual_slot("A", spec, pace).expect("a virtual slot");
    let library = Library::open(dir.path(), &firmware, "default");
    let station = wiring::start(wiring::facts("bench", None), library, ledger, archive, vec![slot]);
    let handle = station.handle();
    let mut events = handle.events();
    hand.insert(BoardSpec::new(chip, factory::stock(chip, 1)));
    let ordered = Instant::now();
    handle.order("A", Order::Start { redo: false }).await.expect("an idle slot");
    let (mut first, mut last, mut seen) = (None, Instant::now(), (0, 0));
    let seq = loop {
        tokio::select! {
            event = events.recv() => {
                if let Event::Finished { seq: Some(seq), .. } = event.expect("events").event {
                    break seq;
                }
            }
            () = tokio::time::sleep(Duration::from_millis(1)) => {
                let now = hand.bytes();
                if now.0 > 0 {
                    first.get_or_insert_with(Instant::now);
                }
                if now.1 != seen.1 {
                    last = Instant::now();
                }
                seen = now;
            }
        }
    };
    let asked = pace.settle + pace.decay + pace.rise;
    let first = first.unwrap_or(ordered).duration_since(ordered);
    let around = Around { first_byte: first.saturating_sub(asked), light: last.elapsed() };
    let unit = handle.unit(seq).await.expect("a ledger").expect("a record");
    station.stop().await;
    (unit, around)
}

fn show(chip: Chip, mode: &str, unit: &Unit, around: &Around) {
    let total: u64 = unit.stages.iter().map(|stage| stage.ms).sum();
    println!("\n{chip}, backup {mode}: {}, {:.1} s at {} baud", unit.verdict, total as f64 / 1000.0, unit.uart.baud);
    println!("{:<10} {:>8} {:>7} {:>9} {:>8}", "stage", "s", "share", "KiB", "of line");
    for stage in &unit.stages {
        let line_ms = stage.bytes as f64 * 10_000.0 / f64::from(unit.uart.baud.max(1));
        let of_line =
            if stage.ms == 0 || stage.bytes == 0 { String::new() } else { format!("{:.2}", line_ms / stage.ms as f64) };
        println!(
            "{:<10} {:>8.2} {:>6.1}% {:>9} {:>8}",
            stage.name,
            stage.ms as f64 / 1000.0,
            stage.ms as f64 * 100.0 / total as f64,
            stage.bytes / 1024,
            of_line
        );
    }
    let line = (unit.uart.tx_bytes + unit.uart.rx_bytes) as f64 * 10.0 / f64::from(unit.uart.baud.max(1));
    println!(
        "wire: {} bytes out, {} bytes in: busy {:.0} % of the unit",
        unit.uart.tx_bytes,
        unit.uart.rx_bytes,
        line * 100_000.0 / total as f64
    );
    println!(
        "from the order to the first byte {} ms beyond the slot's timing, from the last answer to the light {} ms",
        around.first_byte.as_millis(),
        around.light.as_millis()
    );
}

fn main() {
    let after = |word: &str| std::env::args().skip_while(|arg| arg != word).nth(1);
    let speed = after("--speed").and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let max_baud = after("--baud").and_then(|text| text.parse().ok()).unwrap_or(Pace::default().max_baud);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for chip in [Chip::Bk7231T, Chip::Bk7231N] {
        for mode in ["full", "proven"] {
            let (unit, around) = runtime.block_on(convert(chip, mode, speed, max_baud));
            show(chip, mode, &unit, &around);
        }
    }
}
