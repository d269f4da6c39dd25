//! Settings to plan: fills in the defaults, and finds what contradicts, all of it at once. Opens nothing.

use super::pins;
use super::plan::{Config, Dbus, LinesKind, Panel, Slot, Start, Supply, Web};
use super::read::{At, Source};
use super::settings::{self, Lines, PanelKind, Settings};
use crate::model::screen::{SQUARE, Size, USUAL};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Failures in a row with one code after which a slot asks for attention.
const STOP_AFTER: u32 = 3;

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
    if let Panel::Ssd1306 { bus, .. } | Panel::Sh1106 { bus, .. } = &panel {
        pins::take_bus(bus, "the panel's I2C bus", &mut taken);
    }
    if settings.slots.iter().filter_map(|slot| slot.supply.as_ref()).any(|supply| supply.bus.is_none()) {
        pins::take_bus(Path::new("/dev/i2c-1"), "the I2C bus of the supply meters", &mut taken);
    }
    for uart in settings.slots.iter().flat_map(|slot| [&slot.uart, &slot.log_uart]).flatten() {
        pins::take_uart(Path::new(&uart.value), &mut taken);
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
        stop_after: station.stop_after.map_or(STOP_AFTER, |given| given.value),
        web: Some(web),
        panel,
        dbus: settings.dbus.map_or_else(Dbus::default, |dbus| dbus.value),
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
    let settings::Panel { kind, bus, address, size } = given;
    let oled = matches!(kind, Some(At { value: PanelKind::Ssd1306 | PanelKind::Sh1106, .. }));
    let stray = [bus.as_ref().map(|it| it.at), address.as_ref().map(|it| it.at)];
    if let Some(at) = stray.into_iter().flatten().next().filter(|_| !oled) {
        let remedy = "add kind = \"ssd1306\" or \"sh1106\", or remove bus and address";
        source.error(at, "[panel]: bus and address belong to a panel of the kind ssd1306 or sh1106", remedy);
    }
    let bus = bus.and_then(|bus| path(bus, "[panel]: bus", source)).unwrap_or_else(|| "/dev/i2c-1".into());
    let address = address.map_or(0x3C, |address| address.value);
    let kind = kind.map_or(PanelKind::None, |kind| kind.value);
    let wrong = |size: &At<Size>| match kind {
        PanelKind::Ssd1306 => (size.value == SQUARE).then_some("one of the kind ssd1306 has 128x64 or 128x32"),
        PanelKind::Sh1106 => (size.value != USUAL).then_some("one of the kind sh1106 has 128x64"),
        PanelKind::Virtual => None,
        PanelKind::None => Some("without a kind there is no panel"),
    };
    if let Some((at, why)) = size.as_ref().and_then(|size| Some((size.at, wrong(size)?))) {
        source.error(at, format!("[panel]: size does not fit the kind: {why}"), "remove size, or change kind");
    }
    let size = size.map_or(USUAL, |size| size.value);
    match kind {
        PanelKind::Ssd1306 => Panel::Ssd1306 { bus, address, size },
        PanelKind::Sh1106 => Panel::Sh1106 { bus, address },
        PanelKind::Virtual => Panel::Virtual { size },
        PanelKind::None => Panel::None,
    }
}

/// Who uses what: two slots must not share a thing.
pub(super) struct Taken<'a> {
    pub(super) source: &'a Source<'a>,
    /// Kind and name of the thing; its user and where that is written.
    pub(super) owners: HashMap<(&'static str, String), (String, Option<usize>)>,
}

impl Taken<'_> {
    pub(super) fn take(&mut self, kind: &'static str, thing: String, user: &str, at: usize) {
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
    let uart = given.uart.and_then(|uart| device(uart, "uart", &label, taken));
    let log_uart = given.log_uart.and_then(|uart| device(uart, "log_uart", &label, taken));
    let max_baud = given.max_baud.map_or(MAX_BAUD, |max_baud| {
        if max_baud.value < FIRST_BAUD {
            let what = format!("{label}: max_baud {} is below {FIRST_BAUD}, where every chip begins", max_baud.value);
            source.warn(max_baud.at, what, format!("{FIRST_BAUD} is used; shorten the wires if that is too fast"));
        }
        max_baud.value.max(FIRST_BAUD)
    });
    let lines = lines(given.lines, &label, uart.as_deref(), taken)?;
    let start = start(given.start, &lines, &label, source);
    let supply = given.supply.and_then(|given| supply(given, &label, taken));
    Some(Slot { name: given.name?.value, uart: uart?, max_baud, log_uart, start, lines, supply })
}

/// The meter of a slot: each has its own address on its bus.
fn supply(given: settings::Supply, label: &str, taken: &mut Taken<'_>) -> Option<Supply> {
    let bus = match given.bus {
        Some(bus) => path(bus, &format!("{label} supply: bus"), taken.source)?,
        None => "/dev/i2c-1".into(),
    };
    let address = given.address.map_or(0x40, |address| address.value);
    let user = format!("{label} supply");
    taken.take("I2C address", format!("0x{address:02X} of {}", bus.display()), &user, given.at);
    Some(Supply {
        kind: given.kind?.value,
        bus,
        address,
        shunt_milliohm: given.shunt.map_or(100, |shunt| shunt.value),
        min_millivolt: given.min.map_or(3_000, |min| min.value),
        max_milliamp: given.max.map_or(700, |max| max.value),
    })
}

/// The serial device of a slot.
fn device(given: At<String>, key: &str, label: &str, taken: &mut Taken<'_>) -> Option<PathBuf> {
    let at = given.at;
    let uart = path(given, &format!("{label}: {key}"), taken.source)?;
    let plain = pins::plain(&uart);
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
        Lines::Gpio { at, chip, pins: given } => {
            let chip = match chip {
                Some(chip) => Some(path(chip, &format!("{label} lines: chip"), taken.source)?),
                None => None,
            };
            Some(pins::pins(at, chip, given, label, uart, taken))
        }
    }
}

/// What starts a unit, and whether the jig has it.
fn start(given: Option<At<Start>>, lines: &LinesKind, label: &str, source: &Source<'_>) -> Start {
    let Some(At { value: start, at }) = given else { return Start::default() };
    let (button, contact) = lines.pins().map_or((false, false), |pins| (pins.button.is_some(), pins.contact.is_some()));
    match start {
        Start::Contact if !contact => source.error(
            at,
            format!("{label}: start = \"contact\", but its lines ({}) have no contact", lines.name()),
            "add contact = { pin = 24 } to lines of the kind gpio or gpiochip, or use start = \"remote\"",
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
