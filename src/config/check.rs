//! Settings to plan: fills in the defaults, and finds what contradicts, all of it at once. Opens nothing.

use super::plan::{Config, LinesKind, Panel, Pin, Pins, Slot, Start, Web};
use super::read::{At, Source};
use super::settings::{self, Lines, PanelKind, Role, Settings};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Component, Path, PathBuf};

/// Top of the ladder unless the file says otherwise: the fastest rate that tools for these chips commonly use.
const MAX_BAUD: u32 = 2_000_000;
/// The rate that every chip of the family begins at.
const FIRST_BAUD: u32 = 115_200;
/// The page, unless the file says otherwise: this machine alone.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
/// Letters of a slot's name; the panel has 21 in a line.
const SLOT_NAME: usize = 12;

/// The plan, as far as there is one: whether it may be used is for the caller to see from the problems.
pub(super) fn check(settings: Settings, source: &Source<'_>) -> Option<Config> {
    let station = settings.station;
    if station.is_none() {
        source.error(0, "there is no [station]", "add [station] with data_dir = \"/var/lib/flashjig\"");
    }
    let panel = panel(settings.panel, source);
    if settings.slots.is_empty() {
        source.error(0, "there is no [[slot]]", "add at least one [[slot]] with name and uart");
    }
    let mut taken = Taken { source, owners: HashMap::new() };
    if let Panel::Ssd1306 { .. } = panel {
        for pin in [2, 3] {
            taken.owners.insert(("pin", pin.to_string()), ("the panel's I2C bus".into(), None));
        }
    }
    let slots: Vec<_> = settings.slots.into_iter().map(|given| slot(given, &mut taken)).collect();
    let web = web(settings.web, source);
    let station = station?;
    let name = named(station.name, "flashjig", "[station]: name", source, |name| {
        !name.trim().is_empty() && name.chars().count() <= 40 && !name.chars().any(char::is_control)
    });
    let recipe = named(station.recipe, super::recipe::DEFAULT, "[station]: recipe", source, super::recipe::is_name);
    let firmware_dir = station.firmware_dir.and_then(|given| path(given, "[station]: firmware_dir", source));
    let usb_dir = station.usb_dir.and_then(|given| path(given, "[station]: usb_dir", source));
    let data_dir = path(station.data_dir?, "[station]: data_dir", source)?;
    Some(Config {
        name,
        firmware_dir: firmware_dir.unwrap_or_else(|| data_dir.join("firmware")),
        data_dir,
        usb_dir,
        recipe,
        web: Some(web),
        panel,
        slots: slots.into_iter().collect::<Option<_>>()?,
    })
}

/// A name, or its default. What does not pass is noted.
fn named(
    given: Option<At<String>>,
    default: &str,
    what: &str,
    source: &Source<'_>,
    good: impl Fn(&str) -> bool,
) -> String {
    let Some(given) = given else { return default.into() };
    if !good(&given.value) {
        let what = format!("{what} must be a short name, found {:?}", given.value);
        source.error(given.at, what, "use letters, digits, - and _");
    }
    given.value
}

/// A path of this machine.
fn path(given: At<String>, what: &str, source: &Source<'_>) -> Option<PathBuf> {
    if given.value.is_empty() {
        source.error(given.at, format!("{what} is empty"), "write a path, such as /var/lib/flashjig");
        return None;
    }
    let path = PathBuf::from(given.value);
    if path.is_relative() {
        let what = format!("{what} is relative to the folder that flashjig is started in: {}", path.display());
        source.warn(given.at, what, "write the full path, which begins with /");
    }
    Some(path)
}

fn web(given: settings::Web, source: &Source<'_>) -> Web {
    let token_file = given.token_file.and_then(|token_file| path(token_file, "[web]: token_file", source));
    let mut listen = LISTEN;
    if let Some(At { value, at }) = given.listen {
        if let Ok(address) = value.parse::<SocketAddr>() {
            listen = address;
        } else {
            let what = format!("[web]: listen must be an IP address and a port, found {value:?}");
            source.error(at, what, "write \"127.0.0.1:8080\" for this machine alone, \"0.0.0.0:8080\" for all");
        }
    }
    let host = given.host.and_then(|given| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        if !(1..=253).contains(&given.value.len()) || !given.value.chars().all(good) {
            let what = format!("[web]: host must be a name such as jig.home.arpa, found {:?}", given.value);
            source.error(given.at, what, "write the name alone, without http:// and without a port");
            return None;
        }
        Some(given.value)
    });
    Web { listen, token_file, host }
}

fn panel(given: settings::Panel, source: &Source<'_>) -> Panel {
    let stray = [given.bus.as_ref().map(|bus| bus.at), given.address.as_ref().map(|address| address.at)];
    match given.kind.as_ref().map(|kind| kind.value) {
        Some(PanelKind::Ssd1306) => Panel::Ssd1306 {
            bus: given.bus.and_then(|bus| path(bus, "[panel]: bus", source)).unwrap_or_else(|| "/dev/i2c-1".into()),
            address: given.address.map_or(0x3C, |address| address.value),
        },
        kind => {
            if let Some(at) = stray.into_iter().flatten().next() {
                let remedy = "add kind = \"ssd1306\", or remove bus and address";
                source.error(at, "[panel]: bus and address belong to a panel of the kind ssd1306", remedy);
            }
            if kind == Some(PanelKind::Virtual) { Panel::Virtual } else { Panel::None }
        }
    }
}

/// Who uses what: two slots must not share a thing.
struct Taken<'a> {
    source: &'a Source<'a>,
    /// Kind and name of the thing; its user and where that is written.
    owners: HashMap<(&'static str, String), (String, Option<usize>)>,
}

impl Taken<'_> {
    fn take(&mut self, kind: &'static str, thing: String, user: &str, at: usize) {
        if let Some((owner, owned_at)) = self.owners.get(&(kind, thing.clone())) {
            let place = owned_at.map(|at| format!(" (line {})", self.source.line(at))).unwrap_or_default();
            let what = format!("{user}: {kind} {thing} is used by {owner} already{place}");
            self.source.error(at, what, format!("give each its own {kind}"));
            return;
        }
        self.owners.insert((kind, thing), (user.to_owned(), Some(at)));
    }
}

fn slot(given: settings::Slot, taken: &mut Taken<'_>) -> Option<Slot> {
    let (source, label) = (taken.source, given.label);
    if let Some(At { value, at }) = &given.name {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if value.is_empty() || value.len() > SLOT_NAME || !value.chars().all(good) {
            let what = format!("{label}: name must be 1 to {SLOT_NAME} letters, digits, - or _");
            source.error(*at, what, "it stands on the panel and in addresses of the page: shorten it, such as \"A\"");
        } else {
            taken.take("name", value.clone(), &label, *at);
        }
    }
    let uart = given.uart.and_then(|uart| device(uart, &label, taken));
    let max_baud = given.max_baud.map_or(MAX_BAUD, |max_baud| {
        if max_baud.value < FIRST_BAUD {
            let what = format!("{label}: max_baud {} is below {FIRST_BAUD}, where every chip begins", max_baud.value);
            source.warn(max_baud.at, what, format!("{FIRST_BAUD} is used; shorten the wires if that is too fast"));
        }
        max_baud.value.max(FIRST_BAUD)
    });
    let lines = lines(given.lines, &label, uart.as_deref(), taken)?;
    let start = start(given.start, &lines, &label, source);
    Some(Slot { name: given.name?.value, uart: uart?, max_baud, start, lines })
}

/// The serial device of a slot.
fn device(given: At<String>, label: &str, taken: &mut Taken<'_>) -> Option<PathBuf> {
    let at = given.at;
    let uart = path(given, &format!("{label}: uart"), taken.source)?;
    // `/dev/./ttyS0` and `/dev//ttyS0` are the same device
    let plain: PathBuf = uart.components().filter(|part| *part != Component::CurDir).collect();
    taken.take("uart", plain.display().to_string(), label, at);
    let name = plain.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if plain.parent() == Some(Path::new("/dev")) && (name.starts_with("ttyUSB") || name.starts_with("ttyACM")) {
        let what = format!("{label}: {} may become another adapter when cables are moved", plain.display());
        taken.source.warn(at, what, "use the adapter's name in /dev/serial/by-path");
    }
    Some(uart)
}

fn lines(given: Lines, label: &str, uart: Option<&Path>, taken: &mut Taken<'_>) -> Option<LinesKind> {
    match given {
        Lines::Manual => Some(LinesKind::Manual),
        Lines::Unclear => None,
        Lines::Socket(given) => {
            let at = given.at;
            let path = path(given, &format!("{label} lines: path"), taken.source)?;
            taken.take("socket", path.display().to_string(), label, at);
            Some(LinesKind::Socket { path })
        }
        Lines::Serial(reset) => Some(LinesKind::Serial { reset }),
        Lines::Gpio { at, pins: given } => {
            let what = format!("{label} lines: this version has no driver for the kind gpio, flashjig will not start");
            taken.source.warn(at, what, "use socket, serial or manual for now");
            let mut pins = Pins::default();
            for (role, setting) in given {
                let At { value: number, at } = setting.number;
                taken.take("pin", number.to_string(), &format!("{label} {}", role.name()), at);
                let header = ["/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial0"].map(Path::new);
                if matches!(number, 14 | 15) && uart.is_some_and(|uart| header.contains(&uart)) {
                    let what = format!("{label} {}: pin {number} is usually TX or RX of its uart", role.name());
                    taken.source.warn(at, what, "use another pin");
                }
                let active_high = setting.active_high.unwrap_or_else(|| role.usually_high());
                *place(&mut pins, role) = Some(Pin { number, active_high });
            }
            if pins.reset.is_none() && pins.power.is_none() {
                let what = format!("{label} lines: neither power nor reset has a pin");
                taken.source.error(at, what, "add reset = { pin = 27 }, or use kind = \"manual\"");
            }
            Some(LinesKind::Gpio(Box::new(pins)))
        }
    }
}

fn place(pins: &mut Pins, role: Role) -> &mut Option<Pin> {
    match role {
        Role::Power => &mut pins.power,
        Role::Reset => &mut pins.reset,
        Role::Park => &mut pins.park,
        Role::Button => &mut pins.button,
        Role::Contact => &mut pins.contact,
        Role::LedGreen => &mut pins.led_green,
        Role::LedRed => &mut pins.led_red,
        Role::LedBusy => &mut pins.led_busy,
        Role::Buzzer => &mut pins.buzzer,
    }
}

/// What starts a unit, and whether the jig has it.
fn start(given: Option<At<Start>>, lines: &LinesKind, label: &str, source: &Source<'_>) -> Start {
    let Some(At { value: start, at }) = given else { return Start::default() };
    let (button, contact) = match lines {
        LinesKind::Gpio(pins) => (pins.button.is_some(), pins.contact.is_some()),
        _ => (false, false),
    };
    match start {
        Start::Contact if !contact => source.error(
            at,
            format!("{label}: start = \"contact\", but its lines ({}) have no contact", lines.name()),
            "add contact = { pin = 24 } to lines of the kind gpio, or use start = \"remote\"",
        ),
        Start::Button if !button => source.warn(
            at,
            format!("{label}: start = \"button\", but its lines ({}) have no button", lines.name()),
            "the page and `flashjig once` start units here; write start = \"remote\" if that is meant",
        ),
        _ => {}
    }
    start
}
