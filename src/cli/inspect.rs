//! `flashjig inspect`.

use crate::fail::{Failure, NO};
use crate::model::chip::flash::Span;
use crate::model::firmware::image::report::{Code, Rbl, Report};
use crate::model::firmware::image::{Kind, inspect};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

/// Name an image or a dump: kind, chip, key, version, drivers, partitions, MAC, validity.
///
/// Exits 0 when the file is sound, 1 when it is damaged or nothing usable, 2 when it can't be read.
#[derive(clap::Args)]
pub struct Args {
    /// Firmware file (UA, QIO, OTA) or flash dump.
    file: PathBuf,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
#[allow(clippy::print_stdout, reason = "the answer goes to standard output")]
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let path = args.file.display();
    let bytes = std::fs::read(&args.file)
        .map_err(|error| Failure::broken(format!("expected a readable file at {path}: {error}; check the path")))?;
    let name = args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy();
    let report = inspect(&name, &bytes);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report).map_err(Failure::broken)?);
    } else {
        print!("{}", text(&report));
    }
    Ok(ExitCode::from(if report.valid { 0 } else { NO }))
}

/// The report for people: one fact a line, aligned.
fn text(report: &Report) -> String {
    let mut out = format!("{}\n", report.name);
    let mut fact = |name: &str, value: &str| {
        let _ = writeln!(out, "  {name:<11} {value}");
    };
    let unknown = "not known";
    fact("kind", &report.kind.to_string());
    fact("size", &size(report.bytes));
    fact("sha256", &report.sha256.to_string());
    if !matches!(report.kind, Kind::OpenbekenConfig | Kind::Unknown | Kind::Ota) {
        fact("chip", report.chip.map_or(unknown, |chip| chip.name()));
        fact("key", &report.key.map_or(unknown.into(), |key| key.to_string()));
    }
    if let Some(version) = &report.version {
        fact("version", version);
    }
    for (i, line) in drivers(report).iter().enumerate() {
        fact(if i == 0 { "drivers" } else { "" }, line);
    }
    if let Some(bootloader) = &report.bootloader {
        fact("boot loader", bootloader);
    }
    if report.kind == Kind::Dump {
        fact("MAC", &report.mac.map_or(unknown.into(), |mac| mac.to_string()));
        fact("RF sector", &report.rf.map_or(unknown.into(), |sector| sector.to_string()));
    }
    for (i, partition) in report.partitions.iter().enumerate() {
        fact(if i == 0 { "partitions" } else { "" }, &row(&partition.name, partition.span, &kib(partition.span)));
    }
    for (i, code) in report.code.iter().enumerate() {
        fact(if i == 0 { "code" } else { "" }, &row(code.name, code.span, &records(code)));
    }
    for (i, rbl) in report.rbl.iter().enumerate() {
        fact(if i == 0 { "RBL" } else { "" }, &header(rbl, report.kind));
    }
    for (i, problem) in report.problems.iter().enumerate() {
        fact(if i == 0 { "problems" } else { "" }, problem);
    }
    let _ = writeln!(out, "Usable as: {}.", report.usable);
    out
}

/// Columns of a list.
const WIDTH: usize = 90;

/// The drivers, as many a line as fit. Of a vendor's own app there is nothing to say.
fn drivers(report: &Report) -> Vec<String> {
    let Some(names) = &report.drivers else {
        let is_firmware = matches!(report.kind, Kind::Ua | Kind::Qio);
        return is_firmware.then(|| "not readable: no table of drivers was found".to_owned()).into_iter().collect();
    };
    let mut lines = vec![String::new()];
    for name in names {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(name),
            Some(line) if line.len() + 1 + name.len() <= WIDTH => {
                line.push(' ');
                line.push_str(name);
            }
            _ => lines.push(name.clone()),
        }
    }
    lines
}

fn row(name: &str, span: Span, rest: &str) -> String {
    format!("{name:<11} {span}  {rest}")
}

fn size(bytes: u64) -> String {
    if bytes.is_multiple_of(1024) {
        format!("{} KiB", bytes / 1024)
    } else {
        format!("{} KiB ({bytes} bytes)", bytes / 1024)
    }
}

fn kib(span: Span) -> String {
    format!("{:>5} KiB", span.len() / 1024)
}

fn records(code: &Code) -> String {
    let state = code.first_bad.map_or("all good".into(), |at| format!("then a damaged one at {at:#08x}"));
    format!("{:>5} records, {state}", code.records)
}

fn header(rbl: &Rbl, kind: Kind) -> String {
    let time = jiff::Timestamp::from_second(rbl.header.timestamp.into()).ok().filter(|_| rbl.header.timestamp > 0);
    let built = time.map_or(String::new(), |time| time.strftime(", built %Y-%m-%d").to_string());
    let what = if kind == Kind::Ota { "package" } else { "code" };
    let agrees = if rbl.proves { "agrees with the" } else { "does not agree with the" };
    format!("{:<11} {:#08x}  version {}{built}, {agrees} {what}", rbl.header.name, rbl.at, rbl.header.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::{Chip, Key};
    use crate::model::firmware::image::sample;

    fn shown(name: &str, bytes: &[u8]) -> String {
        text(&inspect(name, bytes))
    }

    #[test]
    fn the_report_reads_like_this() {
        let mut damaged = sample::dump(Chip::Bk7231N);
        damaged[0x1_2000] ^= 1;
        damaged[0x1D_0000] = 0;
        let ua = sample::ua(Chip::Bk7231M, Key::Plain, &sample::marker(Chip::Bk7231M, "1.18.300"));
        let parts = [
            shown("OpenBK7231M_UA_1.18.300.bin", &ua),
            shown("OpenBK7231M_UA_1.18.300.bin", &ua[..ua.len() - 4]),
            shown("OpenBK7231T_QIO_1.18.300.bin", &sample::qio(Chip::Bk7231T, "1.18.300")),
            shown("plug.bin", &sample::dump(Chip::Bk7231T)),
            shown("damaged.bin", &damaged),
            shown("random.bin", &[0x5A; 100]),
        ];
        let text = parts.join("\n");
        assert_eq!(text, include_str!("../../tests/golden/inspect.txt"), "found:\n{text}");
    }

    #[test]
    fn json_has_the_names_that_scripts_rely_on() {
        let report = inspect("plug.bin", &sample::dump(Chip::Bk7231T));
        let json = serde_json::to_value(report).unwrap();
        assert_eq!(json["kind"], "dump");
        assert_eq!(json["chip"], "BK7231T");
        assert_eq!(json["key"], "standard");
        assert_eq!(json["version"], "1.18.300");
        assert_eq!(json["mac"], "18:DE:50:3A:8E:3F");
        assert_eq!(json["drivers"][0], "NTP");
        assert!(json["drivers"].as_array().unwrap().iter().any(|name| name == "BL0937"));
        assert_eq!(json["valid"], true);
        assert_eq!(json["partitions"][2]["name"], "download");
        assert_eq!(json["partitions"][2]["start"], 0x13_2000);
    }
}
