//! `flashjig inspect`.

use super::out;
use crate::fail::{Failure, NO};
use crate::intake;
use crate::model::chip::flash::Span;
use crate::model::chip::plain;
use crate::model::dump::inspect;
use crate::model::dump::report::{Code, Rbl, Report};
use crate::model::firmware::image::Kind;
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

/// No flash of these chips is larger, nor any file for them, bytes.
const LARGEST: u64 = 16 * 1024 * 1024;
/// Characters of a file's name that are shown.
const NAME: usize = 200;

/// Runs the command.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let path = args.file.display();
    let bytes = intake::named(&args.file, LARGEST)
        .map_err(|error| Failure::broken(format!("expected a readable file at {path}: {error}; check the path")))?;
    let name = plain::line(&args.file.file_name().unwrap_or(args.file.as_os_str()).to_string_lossy(), NAME);
    let report = inspect(&name, &bytes);
    if args.json {
        out::say(&serde_json::to_string_pretty(&report).map_err(Failure::broken)?)?;
    } else {
        out::print(text(&report))?;
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
    if let Some(firmware) = &report.firmware {
        fact("firmware", firmware);
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
    for (i, line) in filled(&report.evidence, ", ").iter().enumerate() {
        fact(if i == 0 { "chip by" } else { "" }, line);
    }
    if report.kind == Kind::Dump || report.mac.is_some() {
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
    for (i, note) in report.notes.iter().enumerate() {
        fact(if i == 0 { "notes" } else { "" }, note);
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
    filled(names, " ")
}

/// Items side by side, as many a line as fit.
fn filled(items: &[String], between: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for item in items {
        match lines.last_mut() {
            Some(line) if line.len() + between.len() + item.len() <= WIDTH => {
                line.push_str(between);
                line.push_str(item);
            }
            Some(line) => {
                line.push_str(between.trim_end());
                lines.push(item.clone());
            }
            None => lines.push(item.clone()),
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
    use crate::model::chip::flash_cipher;
    use crate::model::chip::{Chip, Key};
    use crate::model::firmware::image::sample;
    use crate::sim::factory;

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

    fn tail(shown: &str) -> String {
        let told = |line: &&str| {
            let is_more = line.starts_with(&" ".repeat(14));
            is_more
                || ["  kind", "  chip ", "  problems", "  notes", "Usable"].iter().any(|start| line.starts_with(start))
        };
        shown.lines().filter(told).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_is_no_whole_dump_is_named_with_the_way_to_use_it() {
        let flash = factory::metering(Chip::Bk7231N, 2, &[], &[]);
        let mut turned = flash.clone();
        turned.rotate_left(0x1_1000);
        let plain = factory::stock(Chip::Bk7231M, 2);
        let mut holed = flash.clone();
        holed[0x3_0000..0x4_0000].fill(0);
        for (bytes, says, usable, valid) in [
            (turned.as_slice(), "(tail -c 69632 FILE; head -c 2027520 FILE)", "a backup once it is turned back", true),
            (&flash[..0x18_0000], "cut short: 1536 KiB", "nothing", false),
            (&holed, "0x030000..0x040000: 64 KiB of nothing but 0x00", "nothing", false),
            (&flash[0x1_1000..], "a part: 0x011000..0x200000", "its settings, `flashjig extract FILE`", true),
            (&flash[0x1E_E000..], "the vendor's store of settings at 0x1ee000", "its settings", true),
            (&flash[0x1D_2000..0x1E_A000], "the vendor's file store at 0x1d2000", "its settings", true),
            (&flash[0x1D_0000..0x1D_1000], "it belongs at 0x1e0000 or 0x1d0000", "the calibration or", true),
            (&flash[..0x1_1000], "the boot loader at 0x0", "nothing by itself", true),
            (&plain[..0x1_1000], "the boot loader at 0x0", "nothing by itself", true),
        ] {
            let report = inspect("x.bin", bytes);
            let shown = tail(&text(&report));
            assert!(shown.contains(says) && report.usable.starts_with(usable), "{shown}");
            assert_eq!(report.valid, valid, "{shown}");
        }
        let calibration = text(&inspect("x.bin", &flash[0x1D_0000..0x1D_1000]));
        assert!(calibration.contains(&format!("  MAC         {}\n", factory::mac(2))), "{calibration}");
    }

    #[test]
    fn what_flashjig_would_refuse_and_what_others_put_there_is_said() {
        let mut elsewhere = factory::stock(Chip::Bk7231N, 2);
        elsewhere.copy_within(0x1D_0000..0x1D_1000, 0x1E_0000);
        elsewhere[0x1D_0000..0x1D_1000].fill(0xFF);
        let report = inspect("dreo.bin", &elsewhere);
        assert!(report.valid && report.usable.ends_with("flashjig does not convert such a board"), "{}", text(&report));
        let mut other = factory::stock(Chip::Bk7231T, 2);
        let mut app = flash_cipher::unseal(flash_cipher::APP_BASE, &other[0x1_1000..], Key::Standard).plain;
        app[0x5000..0x5020].copy_from_slice(b"LibreTiny v1.5.1 on generic-bk72");
        let sealed = flash_cipher::seal(flash_cipher::APP_BASE, &app, Key::Standard);
        other[0x1_1000..0x1_1000 + sealed.len()].copy_from_slice(&sealed);
        let report = inspect("other.bin", &other);
        assert_eq!((report.content.unwrap().name(), report.version.as_deref()), ("other", Some("1.5.1")));
        assert!(text(&report).contains("  firmware    LibreTiny 1.5.1, neither the vendor's"), "{}", text(&report));
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
