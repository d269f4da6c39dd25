//! Everything that can be said about a file, for `flashjig inspect`.

use super::anatomy::{App, Boot};
use super::{APP_AT, Image, Kind, UG_MAGIC, drivers, least_dump};
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::{Span, rf};
use crate::model::chip::flash_cipher::Stop;
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Key};
use crate::model::firmware::fal::Partition;
use crate::model::firmware::rbl;
use serde::Serialize;

/// What a file is and whether it is sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// File name.
    pub name: String,
    /// Length.
    pub bytes: u64,
    /// Digest.
    pub sha256: Digest,
    /// What it is.
    pub kind: Kind,
    /// The chip it is for or from, if boot loader and app agree.
    pub chip: Option<Chip>,
    /// Key of the code.
    pub key: Option<Key>,
    /// Version of the app, or of the update package.
    pub version: Option<String>,
    /// Drivers that are linked into OpenBeken's app; `None`: there is none, or its table can't be read.
    pub drivers: Option<Vec<String>>,
    /// Name of the boot loader.
    pub bootloader: Option<String>,
    /// Areas of code: boot loader, app.
    pub code: Vec<Code>,
    /// The boot loader's partition table.
    pub partitions: Vec<Partition>,
    /// RBL headers.
    pub rbl: Vec<Rbl>,
    /// Station MAC (dumps).
    pub mac: Option<Mac>,
    /// Calibration sector (dumps).
    pub rf: Option<Span>,
    /// Whether it can be used for anything.
    pub valid: bool,
    /// What is wrong with it.
    pub problems: Vec<String>,
    /// What it can be used for.
    pub usable: String,
}

/// One area of code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Code {
    /// `bootloader` or `app`.
    pub name: &'static str,
    /// The good records, as offsets in the file.
    #[serde(flatten)]
    pub span: Span,
    /// How many.
    pub records: usize,
    /// Key.
    pub key: Key,
    /// Offset of the first record with a wrong CRC-16.
    pub first_bad: Option<u32>,
}

/// One RBL header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rbl {
    /// Offset in the file.
    pub at: u32,
    /// What it says.
    #[serde(flatten)]
    pub header: rbl::Header,
    /// Whether CRC-32 (and on flash FNV) of the code or package agree with it.
    pub proves: bool,
}

/// Names a file and examines it.
pub fn inspect(name: &str, bytes: &[u8]) -> Report {
    let mut report = Report {
        name: name.to_owned(),
        bytes: bytes.len() as u64,
        sha256: Digest::of(bytes),
        kind: Kind::of(bytes),
        chip: None,
        key: None,
        version: None,
        drivers: None,
        bootloader: None,
        code: Vec::new(),
        partitions: Vec::new(),
        rbl: Vec::new(),
        mac: None,
        rf: None,
        valid: false,
        problems: Vec::new(),
        usable: String::new(),
    };
    match report.kind {
        Kind::Ua => report.read_code(None, App::read(bytes).as_ref(), 0, bytes),
        Kind::Qio | Kind::Dump => {
            let app = bytes.get(APP_AT..).and_then(App::read);
            report.read_code(Boot::read(bytes), app.as_ref(), APP_AT, bytes);
        }
        Kind::Ota => report.read_package(bytes),
        Kind::Unknown => report.problem("neither firmware for a chip of this family nor a dump of its flash"),
        Kind::OpenbekenConfig => {}
    }
    if report.kind == Kind::Dump {
        report.read_dump(bytes);
    }
    report.conclude(bytes);
    report
}

impl Report {
    fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn read_code(&mut self, boot: Option<Boot>, app: Option<&App>, app_at: usize, bytes: &[u8]) {
        let chips = [boot.as_ref().and_then(Boot::chip), app.and_then(chip_of)];
        self.chip = match chips {
            [Some(boot), Some(app)] if boot != app => {
                self.problem(format!("the boot loader is a {boot}'s, the app a {app}'s"));
                None
            }
            [boot, app] => app.or(boot),
        };
        self.key = app.map(|app| app.key).or(boot.as_ref().map(|boot| boot.key));
        let headers = rbl::find(bytes);
        if let Some(boot) = &boot {
            self.code.push(Code::of("bootloader", 0, &boot.run, boot.key));
        }
        if let Some(app) = app {
            self.code.push(Code::of("app", app_at, &app.run, app.key));
            self.version = app.openbeken().into_iter().next().map(|(_, version)| version);
            self.drivers = drivers::read(&app.plain);
        }
        let proves = |found: &rbl::Found| match found.header.name.as_str() {
            "app" => app.is_some_and(|app| {
                let at = found.at.saturating_sub(app_at);
                app.is_proven_by(&rbl::Found { at, header: found.header.clone() })
            }),
            _ => boot.as_ref().is_some_and(|boot| found.header.proves(&boot.run.plain)),
        };
        let listed = |found: rbl::Found| Rbl { at: found.at as u32, proves: proves(&found), header: found.header };
        self.rbl = headers.into_iter().map(listed).collect();
        if let Some(boot) = boot {
            self.bootloader = boot.name;
            self.partitions = boot.partitions;
        }
    }

    fn read_package(&mut self, bytes: &[u8]) {
        let at = if bytes.starts_with(&UG_MAGIC) { UG_HEADER } else { 0 };
        if at > 0 {
            self.check_ug(bytes);
        }
        match bytes.get(at..).and_then(rbl::Header::parse) {
            Some(header) => {
                let package = bytes.get(at + rbl::HEADER..).unwrap_or_default();
                let proves = header.proves_package(package);
                self.version = Some(header.version.clone());
                if !proves {
                    self.problem(format!(
                        "expected a package of {} bytes with CRC-32 {:08X}, found {} bytes that do not match",
                        header.package_size,
                        header.package_crc,
                        package.len()
                    ));
                }
                self.rbl.push(Rbl { at: at as u32, header, proves });
            }
            None => self.problem(format!("expected an RBL header with a right CRC at {at:#08x}, found none")),
        }
    }

    /// Tuya's wrapper: both sums add bytes, all numbers big-endian.
    fn check_ug(&mut self, bytes: &[u8]) {
        let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes);
        let sum = |bytes: &[u8]| bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add((*byte).into()));
        let payload = bytes.get(UG_HEADER..).unwrap_or_default();
        let head = bytes.get(..UG_SUM_AT).unwrap_or_default();
        if word(16) != Some(payload.len() as u32) {
            self.problem(format!(
                "expected {} bytes in the UG wrapper, found {}",
                word(16).unwrap_or(0),
                payload.len()
            ));
        } else if word(20) != Some(sum(payload)) || word(UG_SUM_AT) != Some(sum(head)) {
            self.problem("the byte sums of the UG wrapper are wrong");
        }
    }

    fn read_dump(&mut self, bytes: &[u8]) {
        if bytes.len() < least_dump() || !bytes.len().is_power_of_two() {
            self.problem(format!("expected a dump of a whole flash (2 MiB or more), found {} KiB", bytes.len() / 1024));
        }
        if self.code.iter().all(|code| code.name != "bootloader") {
            self.problem("expected a boot loader at 0x000000, found none: a chip with this flash would not start");
        }
        match rf::find(bytes) {
            Ok(found) => {
                self.rf = Some(found.sector);
                self.mac = Some(found.mac);
                if found.placeholder {
                    self.problem(format!(
                        "the MAC {} is a placeholder: the board's own calibration is lost",
                        found.mac
                    ));
                }
            }
            Err(problem) => self.problem(problem.to_string()),
        }
    }

    fn conclude(&mut self, bytes: &[u8]) {
        // of a firmware file the refusal below says it
        for code in self.code.iter().filter(|_| self.kind == Kind::Dump) {
            if let Some(at) = code.first_bad {
                self.problems.push(format!("{}: a record with a wrong CRC-16 at {at:#08x}", code.name));
            }
        }
        // an app need not agree: the loader starts it anyway, and headers of former apps stay behind in the flash
        let unproven = self.rbl.iter().any(|rbl| rbl.header.name == "bootloader" && !rbl.proves);
        if self.kind == Kind::Dump && unproven {
            self.problem("bootloader: the code does not agree with its RBL header");
        }
        let firmware = matches!(self.kind, Kind::Ua | Kind::Qio).then(|| Image::open(&self.name, bytes));
        if let Some(Err(refusal)) = &firmware {
            self.problem(refusal.why.to_string());
        }
        self.valid = self.kind != Kind::Unknown && self.problems.is_empty();
        self.usable = match (self.kind, firmware) {
            (_, Some(Ok(image))) => {
                let support = if image.chip.is_supported() { "" } else { "; flashjig does not convert this chip" };
                format!("firmware for {} ({} key), written at {}{support}", image.chip, image.key, image.span())
            }
            (Kind::Dump, _) if self.valid => "a backup; `flashjig extract FILE` shows its settings".into(),
            (Kind::Ota, _) if self.valid => "an update over the air; not by UART".into(),
            (Kind::OpenbekenConfig, _) => "a saved configuration; OpenBeken restores it".into(),
            _ => "nothing".into(),
        };
    }
}

/// Length of Tuya's wrapper.
const UG_HEADER: usize = 32;
/// Offset of the sum of its own bytes.
const UG_SUM_AT: usize = 24;

fn chip_of(app: &App) -> Option<Chip> {
    match app.openbeken().as_slice() {
        [(chip, _)] => Some(*chip),
        [] => app.stock(),
        _ => None,
    }
}

impl Code {
    fn of(name: &'static str, at: usize, run: &crate::model::chip::flash_cipher::Unsealed, key: Key) -> Self {
        let span = Span::new(at as u32, (at + run.end_of_records) as u32);
        Self { name, span, records: run.records, key, first_bad: (run.stop == Stop::Bad).then_some(span.end) }
    }
}
