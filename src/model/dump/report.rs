//! Everything that can be said about a file, for `flashjig inspect`.

use super::study::Study;
use super::{Extent, Form, origin};
use crate::model::chip::digest::Digest;
use crate::model::chip::flash::{Span, rf};
use crate::model::chip::flash_cipher::{Stop, Unsealed};
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Converted, Key};
use crate::model::firmware::content::{BackupKind, Content};
use crate::model::firmware::fal::Partition;
use crate::model::firmware::image::anatomy::{App, Boot};
use crate::model::firmware::image::file::{APP_AT, UG_MAGIC};
use crate::model::firmware::image::{Image, Kind, drivers};
use crate::model::firmware::rbl;
use crate::model::tuya::files;
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
    /// The chip it is for or from; none where its parts contradict each other.
    pub chip: Option<Chip>,
    /// What names the chip of a dump.
    pub evidence: Vec<String>,
    /// Where a dump, or a part of one, lies in the flash.
    pub extent: Option<Extent>,
    /// What a backup of this flash would be of.
    pub content: Option<BackupKind>,
    /// The same in words.
    pub firmware: Option<String>,
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
    /// What is odd and no harm.
    pub notes: Vec<String>,
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
    let (kind, study) = examined(bytes);
    let mut report = Report {
        name: name.to_owned(),
        bytes: bytes.len() as u64,
        sha256: Digest::of(bytes),
        kind,
        chip: None,
        evidence: Vec::new(),
        extent: None,
        content: None,
        firmware: None,
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
        notes: Vec::new(),
        usable: String::new(),
    };
    match (kind, &study) {
        (Kind::Dump | Kind::Part, Some(study)) => report.read_flash(study),
        (Kind::Ua, _) => report.read_firmware(None, App::read(bytes).as_ref(), 0, bytes),
        (Kind::Qio, _) => {
            let app = bytes.get(APP_AT..).and_then(App::read);
            report.read_firmware(Boot::read(bytes), app.as_ref(), APP_AT, bytes);
        }
        (Kind::Ota, _) => report.read_package(bytes),
        (Kind::OpenbekenConfig, _) => {}
        (Kind::Unknown | Kind::Dump | Kind::Part, _) => {
            report.problem("neither firmware for a chip of this family nor a dump of its flash");
        }
    }
    report.conclude(bytes, study.as_ref());
    report
}

/// The kind, and all that flash content tells. Firmware files and short dumps begin alike: the vendor's stores, the
/// calibration and a vendor's app behind a boot loader make a dump of it.
fn examined(bytes: &[u8]) -> (Kind, Option<Study<'_>>) {
    let kind = Kind::of(bytes);
    let app_at = if kind == Kind::Qio { APP_AT } else { 0 };
    let is_openbeken = || bytes.get(app_at..).and_then(App::read).is_some_and(|app| !app.openbeken().is_empty());
    match kind {
        Kind::Ota | Kind::OpenbekenConfig => return (kind, None),
        Kind::Ua | Kind::Qio if is_openbeken() => return (kind, None),
        _ => {}
    }
    let study = Study::of(bytes);
    let Some(extent) = &study.extent else { return (kind, None) };
    let is_more = study.store.is_ok() || study.origin.calibration.is_some() || extent.form == Form::Turned;
    let is_flash = match kind {
        // a boot loader without its app looks like an app
        Kind::Ua => is_more || (extent.form == Form::Part && extent.begin() == Some(0)),
        Kind::Qio => is_more || study.origin.evidence.iter().any(|clue| clue == origin::VENDORS_APP),
        _ => true,
    };
    match extent.form {
        _ if !is_flash => (kind, None),
        Form::Part => (Kind::Part, Some(study)),
        Form::Whole | Form::Turned | Form::Short => (Kind::Dump, Some(study)),
    }
}

impl Report {
    fn problem(&mut self, problem: impl Into<String>) {
        self.problems.push(problem.into());
    }

    fn read_firmware(&mut self, boot: Option<Boot>, app: Option<&App>, app_at: usize, bytes: &[u8]) {
        let chips = [boot.as_ref().and_then(Boot::chip), app.and_then(chip_of)];
        self.chip = match chips {
            [Some(boot), Some(app)] if boot != app => {
                self.problem(format!("the boot loader is a {boot}'s, the app a {app}'s"));
                None
            }
            [boot, app] => app.or(boot),
        };
        if let Some((name, version)) = app.and_then(App::third_party) {
            self.firmware = Some(format!("{name} {}", version.as_deref().unwrap_or_default()).trim_end().to_owned());
        }
        self.read_code(boot, app, app_at, bytes);
    }

    fn read_code(&mut self, boot: Option<Boot>, app: Option<&App>, app_at: usize, bytes: &[u8]) {
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
            _ => boot.as_ref().is_some_and(|boot| boot.is_proven_by(found)),
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

    fn read_flash(&mut self, study: &Study<'_>) {
        let (flash, begins_at) = (study.flash.as_ref(), study.begins_at);
        let boot = (begins_at == 0).then(|| Boot::read(flash)).flatten();
        let app_at = APP_AT.checked_sub(begins_at as usize);
        let app = app_at.and_then(|at| App::read(flash.get(at..)?));
        self.read_code(boot, app.as_ref(), app_at.unwrap_or(0), flash);
        self.extent.clone_from(&study.extent);
        (self.chip, self.evidence) = (study.origin.chip, study.origin.evidence.clone());
        self.content = study.content.as_ref().map(Content::kind);
        self.firmware = study.content.as_ref().map(ToString::to_string);
        if let Some(Content::Other { version, .. }) = &study.content {
            self.version.clone_from(version);
        }
        let is_part = self.kind == Kind::Part;
        let is_turned = study.extent.as_ref().is_some_and(|extent| extent.form == Form::Turned);
        // the code of a dump contradicts itself, or OpenBeken would not find its calibration: no harm to the backup
        let torn = study.origin.chip.is_none() && !study.origin.contradictions.is_empty();
        if torn {
            self.problems.extend(study.origin.contradictions.iter().cloned());
        }
        let warnings = study.warnings();
        if is_part || is_turned {
            self.notes.extend(warnings);
        } else {
            self.problems.extend(warnings);
        }
        self.notes
            .extend(study.notes().into_iter().filter(|note| !torn || !study.origin.contradictions.contains(note)));
        let begin = study.extent.as_ref().and_then(Extent::begin);
        match begin.filter(|begin| *begin > 0) {
            Some(begin) if is_part => return self.read_calibration(rf::find_in(flash, begin).ok(), begin),
            None if is_part && begin.is_none() => {
                self.mac = rf::find_in(flash, APP_AT as u32).ok().map(|rf| rf.mac);
                return;
            }
            _ => {}
        }
        if self.code.iter().all(|code| code.name != "bootloader") {
            self.problem("expected a boot loader at 0x000000, found none: a chip with this flash would not start");
        }
        if !is_part {
            match rf::find(flash) {
                Ok(found) => self.read_calibration(Some(found), 0),
                Err(problem) => self.problem(problem.to_string()),
            }
        }
    }

    fn read_calibration(&mut self, found: Option<rf::Rf>, begins_at: u32) {
        let Some(found) = found else { return };
        self.rf = Some(Span::sized(found.sector.start + begins_at, found.sector.len()));
        self.mac = Some(found.mac);
        if found.placeholder {
            self.problem(format!("the MAC {} is a placeholder: the board's own calibration is lost", found.mac));
        }
    }

    fn conclude(&mut self, bytes: &[u8], study: Option<&Study<'_>>) {
        // of a firmware file the refusal below says it
        for code in self.code.iter().filter(|_| matches!(self.kind, Kind::Dump | Kind::Part)) {
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
                let support = but(image.chip);
                format!("firmware for {} ({} key), written at {}{support}", image.chip, image.key, image.span())
            }
            (Kind::Dump, _) if self.valid => self.as_backup(study),
            (Kind::Part, _) if self.valid => study.map_or_else(|| "nothing".into(), as_part),
            (Kind::Ota, _) if self.valid => "an update over the air; not by UART".into(),
            (Kind::OpenbekenConfig, _) => "a saved configuration; OpenBeken restores it".into(),
            _ => "nothing".into(),
        };
    }

    /// What a whole dump is good for.
    fn as_backup(&self, study: Option<&Study<'_>>) -> String {
        let is_turned = self.extent.as_ref().is_some_and(|extent| extent.form == Form::Turned);
        let what = if is_turned { "a backup once it is turned back" } else { "a backup" };
        let placed = study.and_then(|study| origin::misplaced(study.origin.chip?, study.origin.calibration?));
        let but = match (self.chip, placed) {
            (chip, Some(_)) if chip.is_none_or(Chip::is_converted) => "; flashjig does not convert such a board",
            (Some(chip), _) => but(chip),
            (None, _) => "",
        };
        format!("{what}; `flashjig extract FILE` shows its settings{but}")
    }
}

/// What is said besides of a chip that is not converted without a word.
fn but(chip: Chip) -> &'static str {
    match chip.converted() {
        Converted::Yes => "",
        Converted::ByWord(_) => "; flashjig converts this chip only where a recipe allows it by its name",
        Converted::No => "; flashjig does not convert this chip",
    }
}

/// What a part of a flash is good for.
fn as_part(study: &Study<'_>) -> String {
    let files = || study.origin.chip.is_some_and(|chip| files::read(&study.flash, chip, study.begins_at).is_ok());
    if study.extent.as_ref().and_then(Extent::begin).is_none() {
        "the calibration or the configuration of one board: keep it, it is good for that board alone".into()
    } else if study.store.is_ok() || files() {
        "its settings, `flashjig extract FILE`; no backup: the rest of the flash is missing".into()
    } else {
        "nothing by itself: the rest of the flash is missing; read the flash from 0 to its end".into()
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
    fn of(name: &'static str, at: usize, run: &Unsealed, key: Key) -> Self {
        let span = Span::new(at as u32, (at + run.end_of_records) as u32);
        Self { name, span, records: run.records, key, first_bad: (run.stop == Stop::Bad).then_some(span.end) }
    }
}
