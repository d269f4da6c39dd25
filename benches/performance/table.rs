//! What was measured, as tables in Markdown.

use crate::floor::{self, Floors, chip_rate};
use crate::ours::{Group, Ours, Setting};
use crate::strangers::{TOOLS, Took};
use crate::{Results, Theirs};
use flashjig::flow::Pace;
use flashjig::model::cycle::stage::Stage;
use std::fmt::Write as _;

/// The rate that the tools use when nobody says another one.
const USUAL: u32 = 921_600;

pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let (low, high) = (values.get(values.len().saturating_sub(1) / 2), values.get(values.len() / 2));
    low.zip(high).map_or(f64::NAN, |(low, high)| f64::midpoint(*low, *high))
}

pub(crate) fn rate(bits: u32) -> String {
    if bits.is_multiple_of(1_000_000) { format!("{} M", bits / 1_000_000) } else { format!("{bits}") }
}

pub(crate) fn crc(bytes: u32) -> String {
    if bits_are_millions(bytes) { format!("{} MB/s", bytes / 1_000_000) } else { format!("{} kB/s", bytes / 1000) }
}

fn bits_are_millions(bytes: u32) -> bool {
    bytes.is_multiple_of(1_000_000)
}

/// What there is to show, or a dash.
fn cell(value: f64, digits: usize) -> String {
    if value.is_finite() { format!("{value:.digits$}") } else { "-".into() }
}

fn title(setting: &Setting) -> String {
    let Setting { kind, rate: bits, mode, .. } = setting;
    let mode = if mode == "proven" { String::new() } else { format!(", backup `{mode}`") };
    format!("{} | {} | {}{mode}", kind.chip, rate(*bits), crc(kind.crc_rate))
}

/// Seconds from the press to the light; of several slots the slowest, since a jig is refilled when all are done.
fn seconds(runs: &[Ours], turn: usize) -> f64 {
    let slowest = |group: &Group| group.units.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    median(runs.iter().map(|run| slowest(&run.groups[turn])))
}

fn best(theirs: &Theirs, setting: &Setting, rate: u32) -> f64 {
    let of = |tool: &str| theirs.get(&(setting.kind, rate, tool.to_owned())).map(|runs| sum(runs));
    TOOLS.iter().filter_map(|tool| of(tool)).fold(f64::INFINITY, f64::min)
}

fn sum(runs: &[Took]) -> f64 {
    median(runs.iter().map(Took::sum))
}

/// One slot beside the tools.
pub(crate) fn beside(results: &Results) -> String {
    let mut text = String::from(
        "| chip | baud | chip's CRC | first unit, s | repeat unit, s | bk7231tools, s | ltchiptool, s | first | repeat | first, theirs at \
         921600 | repeat, theirs at 921600 |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (setting, runs) in results.ours.iter().filter(|(setting, _)| setting.slots == 1) {
        let [first, repeat] = [seconds(runs, 0), seconds(runs, 1)];
        let tools = TOOLS.map(|tool| results.theirs.get(&(setting.kind, setting.rate, tool.to_owned())));
        let [one, other] = tools.map(|runs| runs.map_or(f64::NAN, |runs| sum(runs)));
        let (same, usual) = (best(&results.theirs, setting, setting.rate), best(&results.theirs, setting, USUAL));
        let ratios = [same / first, same / repeat, usual / first, usual / repeat].map(|ratio| cell(ratio, 2));
        _ = writeln!(
            text,
            "| {} | {first:.1} | {repeat:.1} | {} | {} | {} |",
            title(setting),
            cell(one, 1),
            cell(other, 1),
            ratios.join(" | ")
        );
    }
    text
}

/// What the tools did with their time.
pub(crate) fn tools(results: &Results) -> String {
    let mut text = String::from(
        "| chip | baud | chip's CRC | tool | connect, s | read, s | write, s |\n|---|---|---|---|---|---|---|\n",
    );
    for ((kind, bits, tool), runs) in &results.theirs {
        let of = |what: fn(&Took) -> f64| median(runs.iter().map(what));
        let [connect, read, write] = [of(|took| took.connect), of(|took| took.read), of(|took| took.write)];
        let (chip, bits, crc) = (kind.chip, rate(*bits), crc(kind.crc_rate));
        _ = writeln!(text, "| {chip} | {bits} | {crc} | {tool} | {connect:.2} | {read:.2} | {write:.2} |");
    }
    text
}

/// What a station takes, by its slots.
pub(crate) fn station(results: &Results) -> String {
    let mut text = String::from(
        "| chip | baud | chip's CRC | slots | first, s | repeat, s | repeat units an hour | times one slot | CPU of the station, \
         s a unit | cores | CPU of the boards, cores | peak memory, MiB | to disk a unit, KiB: first, repeat |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (setting, runs) in &results.ours {
        let [first, repeat] = [seconds(runs, 0), seconds(runs, 1)];
        let alone =
            results.ours.get(&Setting { slots: 1, ..setting.clone() }).map_or(f64::NAN, |runs| seconds(runs, 1));
        let slots = setting.slots as f64;
        let of = |turn: usize, what: &dyn Fn(&Group) -> f64| median(runs.iter().map(|run| what(&run.groups[turn])));
        let cpu = of(1, &|group| group.usage.cpu_s);
        let boards = of(1, &|group| group.boards_cpu_s) / repeat;
        let disk = [0, 1].map(|turn| of(turn, &|group| group.usage.written as f64) / slots / 1024.0);
        let peak = median(runs.iter().map(|run| run.peak_kib as f64)) / 1024.0;
        _ = writeln!(
            text,
            "| {} | {slots} | {first:.1} | {repeat:.1} | {:.0} | {} | {:.2} | {:.2} | {boards:.2} | {peak:.1} | {:.0}, {:.0} |",
            title(setting),
            slots * 3600.0 / repeat,
            cell(slots * alone / repeat, 2),
            cpu / slots,
            cpu / repeat,
            disk[0],
            disk[1],
        );
    }
    text
}

/// What `[slot.timing]` asks a stage to wait, s.
fn asked(stage: Stage) -> f64 {
    let pace = Pace::default();
    match stage {
        Stage::Settle => pace.settle.as_secs_f64(),
        Stage::Power => (pace.decay + pace.rise).as_secs_f64(),
        Stage::Attach => pace.pulse.as_secs_f64(),
        _ => 0.0,
    }
}

/// The stages of one slot.
pub(crate) fn stages(setting: &Setting, runs: &[Ours]) -> String {
    let mut text = String::new();
    for (turn, name) in ["First", "Repeat"].iter().enumerate() {
        let groups: Vec<&Group> = runs.iter().map(|run| &run.groups[turn]).collect();
        let Some(group) = groups.first() else { continue };
        _ = writeln!(text, "\n{name} unit, {}:\n", title(setting).replace(" | ", ", CRC ").replacen(", CRC ", ", ", 1));
        text +=
            "| stage | KiB | s | of the wire | floor, s | asked for, s | beyond, s |\n|---|---|---|---|---|---|---|\n";
        let units = || groups.iter().flat_map(|group| &group.units);
        let (mut spent, mut waited) = (0.0, 0.0);
        let Some((model, _)) = group.units.first() else { continue };
        for stage in model.stages.iter().map(|stage| stage.name) {
            let of = |what: fn(&flashjig::model::unit::StageTime) -> u64| {
                median(
                    units()
                        .flat_map(|(unit, _)| &unit.stages)
                        .filter(|time| time.name == stage)
                        .map(|time| what(time) as f64),
                )
            };
            let (s, bytes) = (of(|time| time.ms) / 1000.0, of(|time| time.bytes));
            let read = model.backup.as_ref().map_or(0.0, |backup| backup.read_bytes as f64);
            let bytes = if stage == Stage::Backup { read } else { bytes };
            let wire = match stage {
                Stage::Backup => bytes / 4096.0 * floor::READ_REPLY * 10.0 / chip_rate(setting.rate),
                Stage::Write => bytes / 4096.0 * floor::WRITE_FRAME * 10.0 / f64::from(setting.rate),
                _ => f64::NAN,
            };
            (spent, waited) = (spent + s, waited + asked(stage));
            let floor = group.floors.of(stage);
            text += &line(stage.name(), bytes, s, wire / s, (floor, asked(stage)));
        }
        let s = seconds(runs, turn);
        text += &line("before, between, behind", 0.0, s - spent, f64::NAN, (0.0, 0.0));
        let bytes = median(units().map(|(unit, _)| (unit.uart.tx_bytes + unit.uart.rx_bytes) as f64));
        let share = bytes * 10.0 / f64::from(setting.rate) / s;
        text += &line("**from press to light**", bytes, s, share, (group.floors.sum(), waited));
        let Floors { backup_wire, backup_crc, write_wire, write_program, read_bytes, .. } = group.floors;
        _ = writeln!(
            text,
            "\n{:.2} times its floors. Floors: {} KiB that must be read {backup_wire:.2} s, chip's CRC {backup_crc:.2} s each for backup \
             and verify, frames of the write {write_wire:.2} s, programming {write_program:.2} s (counts where it is longer).",
            s / group.floors.sum(),
            read_bytes / 1024,
        );
    }
    text
}

fn line(name: &str, bytes: f64, s: f64, share: f64, (floor, asked): (f64, f64)) -> String {
    let kib = if bytes > 0.0 { format!("{:.0}", bytes / 1024.0) } else { String::new() };
    let share = if share.is_finite() { format!("{:.0} %", share * 100.0) } else { String::new() };
    let some = |value: f64| if value > 0.0 { format!("{value:.2}") } else { String::new() };
    format!("| {name} | {kib} | {s:.2} | {share} | {} | {} | {:.2} |\n", some(floor), some(asked), s - floor - asked)
}
