//! Seconds per stage and the share of the wire used, at real pacing: `cargo bench --bench convert [-- --speed X]`.
//!
//! One board of each dialect is converted on the virtual bench at 2 Mbaud, in both backup modes. The line's own time
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

async fn convert(chip: Chip, mode: &str, speed: f64) -> Unit {
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
    let (slot, hand) = wiring::virtual_slot("A", spec, Pace::default()).expect("a virtual slot");
    let library = Library::open(dir.path(), &firmware, "default");
    let station = wiring::start(wiring::facts("bench", None), library, ledger, archive, vec![slot]);
    let handle = station.handle();
    let mut events = handle.events();
    hand.insert(BoardSpec::new(chip, factory::stock(chip, 1)));
    handle.order("A", Order::Start { redo: false }).await.expect("an idle slot");
    let seq = loop {
        if let Event::Finished { seq: Some(seq), .. } = events.recv().await.expect("events").event {
            break seq;
        }
    };
    let unit = handle.unit(seq).await.expect("a ledger").expect("a record");
    station.stop().await;
    unit
}

fn show(chip: Chip, mode: &str, unit: &Unit) {
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
}

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != "--speed").skip(1);
    let speed = args.next().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    for chip in [Chip::Bk7231T, Chip::Bk7231N] {
        for mode in ["full", "proven"] {
            let unit = runtime.block_on(convert(chip, mode, speed));
            show(chip, mode, &unit);
        }
    }
}
