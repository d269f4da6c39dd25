//! The ledger as a table for people.

use crate::model::unit::Unit;
use jiff::tz::TimeZone;
use std::fmt::Write;

const HEAD: [&str; 10] =
    ["SEQ", "FINISHED", "SLOT", "CHIP", "MODULE", "MAC", "FIRMWARE", "VERDICT", "FAULT", "SECONDS"];
/// Columns of numbers.
const RIGHT: [&str; 2] = ["SEQ", "SECONDS"];

/// One line a unit, columns as wide as their widest cell; what is not known is `-`.
pub(super) fn table(units: &[Unit], zone: &TimeZone) -> String {
    let rows: Vec<_> = std::iter::once(HEAD.map(str::to_owned)).chain(units.iter().map(|u| row(u, zone))).collect();
    let width = |i: usize| rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, width), head) in row.iter().zip(&widths).zip(HEAD) {
            // writing to a String can't fail
            let _ =
                if RIGHT.contains(&head) { write!(line, "{cell:>width$}  ") } else { write!(line, "{cell:<width$}  ") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn row(unit: &Unit, zone: &TimeZone) -> [String; HEAD.len()] {
    let board = unit.board.as_ref();
    let ms = unit.length_ms();
    let cells = [
        Some(unit.seq.to_string()),
        Some(unit.finished.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()),
        Some(unit.slot.clone()),
        board.map(|board| board.chip.to_string()),
        board.and_then(|board| board.module.clone()),
        board.and_then(|board| board.mac).map(|mac| mac.to_string()),
        unit.firmware.as_ref().map(|firmware| firmware.version.clone().unwrap_or_else(|| firmware.name.clone())),
        Some(unit.verdict.to_string()),
        unit.fault.as_ref().map(|fault| fault.code.to_string()),
        Some(format!("{}.{}", ms / 1000, ms % 1000 / 100)),
    ];
    cells.map(|cell| cell.map(|cell| printable(&cell)).filter(|cell| !cell.is_empty()).unwrap_or_else(|| "-".into()))
}

/// Text from a board's flash must not steer somebody's terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::fault::{Fault, FaultCode};
    use crate::model::cycle::stage::Stage;
    use crate::model::cycle::verdict::Verdict;
    use crate::store::sample::unit;

    #[test]
    fn columns_line_up_and_the_unknown_is_a_dash() {
        let passed = Unit { seq: 12, ..unit() };
        let silent = Unit {
            seq: 9,
            slot: "left-front".into(),
            verdict: Verdict::Fail,
            fault: Some(Fault::new(FaultCode::NoAnswer, Stage::Attach, "no reply")),
            board: None,
            backup: None,
            firmware: None,
            meter: None,
            stages: Vec::new(),
            ..unit()
        };
        let mut odd = Unit { seq: 8, verdict: Verdict::Aborted, ..unit() };
        odd.board.as_mut().unwrap().module = Some("\u{1b}[31mé".into());
        odd.firmware.as_mut().unwrap().version = None;
        insta::assert_snapshot!(table(&[passed, silent, odd], &TimeZone::UTC), @r##"
        SEQ  FINISHED             SLOT        CHIP     MODULE  MAC                FIRMWARE                     VERDICT  FAULT  SECONDS
         12  2026-11-03 09:15:41  A           BK7231T  WB2S    18:DE:50:3A:8E:3F  1.18.300                     pass     -         41.5
          9  2026-11-03 09:15:41  left-front  -        -       -                  -                            fail     L01        0.0
          8  2026-11-03 09:15:41  A           BK7231T  ?[31mé  18:DE:50:3A:8E:3F  OpenBK7231T_UA_1.18.300.bin  aborted  -         41.5
        "##);
    }
}
