//! Units for other programs: JSON, JSON lines, CSV.

use crate::model::unit::Unit;
use std::io::{self, Write};

/// The columns of the CSV, in order. Scripts rely on them: new ones are added at the end.
pub(crate) const COLUMNS: [&str; 16] = [
    "seq",
    "finished",
    "station",
    "slot",
    "verdict",
    "fault",
    "chip",
    "module",
    "mac",
    "flash_id",
    "backup",
    "firmware",
    "version",
    "ms",
    "batch",
    "loader_crc",
];

/// One JSON array, one record a line.
pub(crate) fn json_array(units: &[Unit], out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    for (i, unit) in units.iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, unit)?;
    }
    out.write_all(if units.is_empty() { b"]\n" } else { b"\n]\n" })
}

/// One JSON object a line.
pub(crate) fn json_lines(units: &[Unit], out: &mut impl Write) -> io::Result<()> {
    for unit in units {
        serde_json::to_writer(&mut *out, unit)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// CSV (RFC 4180) with a header. What is not known is empty.
pub(crate) fn csv(units: &[Unit], out: &mut impl Write) -> io::Result<()> {
    write!(out, "{}\r\n", COLUMNS.join(","))?;
    csv_rows(units, out)
}

/// The same without the header.
pub(crate) fn csv_rows(units: &[Unit], out: &mut impl Write) -> io::Result<()> {
    for unit in units {
        let row = row(unit).map(|text| field(&text));
        write!(out, "{}\r\n", row.join(","))?;
    }
    Ok(())
}

fn row(unit: &Unit) -> [String; COLUMNS.len()] {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    let board = unit.board.as_ref();
    let firmware = unit.firmware.as_ref();
    [
        unit.seq.to_string(),
        unit.finished.to_string(),
        unit.station.clone(),
        unit.slot.clone(),
        unit.verdict.to_string(),
        text(unit.fault.as_ref().map(|fault| fault.code.code())),
        text(board.map(|board| board.chip.name())),
        text(board.and_then(|board| board.module.as_deref())),
        board.and_then(|board| board.mac).map(|mac| mac.to_string()).unwrap_or_default(),
        text(board.and_then(|board| board.flash_id.as_deref())),
        unit.backup.as_ref().map(|backup| backup.sha256.to_string()).unwrap_or_default(),
        text(firmware.map(|firmware| firmware.name.as_str())),
        text(firmware.and_then(|firmware| firmware.version.as_deref())),
        unit.length_ms().to_string(),
        text(unit.batch.as_deref()),
        text(board.and_then(|board| board.loader_crc.as_deref())),
    ]
}

/// One field of CSV. Text from a board's flash must not become a formula in somebody's spreadsheet: a `'` in front makes
/// it text (OWASP, "CSV Injection"). Spreadsheets of some languages take `;` and the tab for ends of a field as well.
fn field(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len());
    let mut begins = true;
    for c in text.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r') {
            guarded.push('\'');
        }
        begins = matches!(c, ';' | '\t' | ',' | '\r' | '\n') || (begins && matches!(c, ' ' | '"'));
        guarded.push(c);
    }
    if text.contains(['"', ',', '\r', '\n']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sample::unit;
    use proptest::prelude::*;

    fn written(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// RFC 4180 section 2, read as it is written.
    fn parse(text: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut cell, mut quoted) = (vec![], vec![], String::new(), false);
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut cell)),
                '\r' if !quoted => {
                    assert_eq!(chars.next(), Some('\n'));
                    row.push(std::mem::take(&mut cell));
                    rows.push(std::mem::take(&mut row));
                }
                c => cell.push(c),
            }
        }
        assert!(!quoted && row.is_empty() && cell.is_empty());
        rows
    }

    #[test]
    fn a_passed_unit_as_csv() {
        let text = written(|out| csv(&[Unit { seq: 7, ..unit() }], out));
        insta::assert_snapshot!(text.replace("\r\n", "\n"), @r"
        seq,finished,station,slot,verdict,fault,chip,module,mac,flash_id,backup,firmware,version,ms,batch,loader_crc
        7,2026-11-03T09:15:41.5Z,bench-1,A,pass,,BK7231T,WB2S,18:DE:50:3A:8E:3F,eb6015,08c4242b5f585628bb8cef8ede40e9895b8719eb8070aee2d96613583ee3904a,OpenBK7231T_UA_1.18.300.bin,1.18.300,41500,,ba54c1b8
        ");
    }

    #[test]
    fn json_reads_back() {
        for units in [vec![], vec![unit()], vec![unit(), Unit { seq: 2, ..unit() }]] {
            let array = written(|out| json_array(&units, out));
            assert_eq!(serde_json::from_str::<Vec<Unit>>(&array).unwrap(), units);
            let lines = written(|out| json_lines(&units, out));
            assert_eq!(lines.lines().map(|l| serde_json::from_str::<Unit>(l).unwrap()).collect::<Vec<_>>(), units);
        }
    }

    #[test]
    fn a_boards_text_is_no_formula_behind_a_semicolon_either() {
        let text = "WB2S;=1+1;x\t@y";
        assert_eq!(field(text), "WB2S;'=1+1;x\t'@y");
        assert_eq!(field("-5, \"=1"), "\"'-5, \"\"'=1\"");
        assert_eq!(field("bench-1 a+b 2026-11-03"), "bench-1 a+b 2026-11-03");
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_itself_and_never_as_a_formula(
            station in "[ -~\r\n\t\"',;=+@é-]{0,12}", slot in any::<String>()
        ) {
            let unit = Unit { station: station.clone(), slot: slot.clone(), ..unit() };
            let rows = parse(&written(|out| csv(&[unit.clone(), unit.clone()], out)));
            prop_assert_eq!(rows.len(), 3);
            for cells in &rows[1..] {
                prop_assert_eq!(cells.len(), COLUMNS.len());
                for (cell, text) in [(&cells[2], &station), (&cells[3], &slot)] {
                    prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']));
                    let mut pieces = cell.split([';', '\t', ',', '\r', '\n']);
                    prop_assert!(pieces.all(|piece| !piece.trim_start_matches([' ', '"']).starts_with(['=', '+', '-', '@'])));
                    prop_assert_eq!(cell.replace('\'', ""), text.replace('\'', ""));
                }
            }
        }
    }
}
