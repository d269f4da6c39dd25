//! `flashjig.toml`, read straight into the plan: every key that exists, its default, and what contradicts, all of it at
//! once. Opens nothing. What belongs to one slot is in [`super::slot`].

use super::air::air;
use super::mqtt::{Mqtt, mqtt};
use super::pins::{self, I2C, I2C_BUS};
use super::read::{At, Section, Source};
use super::slot::{Slot, slot};
use super::taken::Taken;
use crate::model::firmware::publisher::Publisher;
use crate::model::show::screen::{LOW, SQUARE, Size, USUAL};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Failures in a row with one code after which a slot asks for attention.
const STOP_AFTER: u32 = 3;
/// The page, unless the file says otherwise: this machine alone.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A station.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Name of the station, for records and screens.
    pub name: String,
    /// Where ledger, backups and recipes are.
    pub data_dir: PathBuf,
    /// Where the images are.
    pub firmware_dir: PathBuf,
    /// Folder under which USB sticks appear, if their firmware counts, too.
    pub usb_dir: Option<PathBuf>,
    /// Whose signature beside a firmware file answers for it.
    pub publisher: Option<Publisher>,
    /// Name of the recipe: `recipes/NAME.toml` in `data_dir`.
    pub recipe: String,
    /// Failures in a row with one code after which a slot asks for attention; 0: never.
    pub stop_after: u32,
    /// The page; a file always gives one, commands that open no page set it to `None`.
    pub web: Option<Web>,
    /// The small screen.
    pub panel: Panel,
    /// The message bus.
    pub dbus: Dbus,
    /// The broker, if there is one.
    pub mqtt: Option<Mqtt>,
    /// Interface of the Wi-Fi radio that may be lent to plugs.
    pub air: Option<String>,
    /// The slots, at least one.
    pub slots: Vec<Slot>,
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where it listens.
    pub listen: SocketAddr,
    /// File with the token that control needs; without it the token of the data folder is used.
    pub token_file: Option<PathBuf>,
    /// What control from this machine needs.
    pub local: Local,
    /// The station's own host name, beside `localhost` and any IP address.
    pub host: Option<String>,
}

/// What control from this machine needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// Nothing, for root, the user of the service and the members of the group flashjig; others need the token.
    User,
    /// The token, whoever it is.
    Token,
}

/// The message bus that the daemon is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dbus {
    /// The system's, where there is one.
    #[default]
    Auto,
    /// The system's.
    System,
    /// The one of the user's session.
    Session,
    /// None.
    None,
}

/// The small screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Panel {
    /// There is none.
    #[default]
    None,
    /// One that only the page shows.
    Virtual {
        /// Its pixels.
        size: Size,
    },
    /// An SSD1306 on I2C.
    Ssd1306 {
        /// The bus, such as `/dev/i2c-1`.
        bus: PathBuf,
        /// Seven-bit address.
        address: u8,
        /// Its pixels: 128x64 or 128x32.
        size: Size,
    },
    /// An SH1106 of 128 by 64 on I2C.
    Sh1106 {
        /// The bus, such as `/dev/i2c-1`.
        bus: PathBuf,
        /// Seven-bit address.
        address: u8,
    },
}

/// The plan, as far as there is one: whether it may be used is for the caller to see from the problems.
pub(super) fn config(mut root: Section<'_>, source: &Source<'_>) -> Option<Config> {
    let given = root.section("station");
    if given.is_none() {
        source.misses(0, "there is no [station]", "add [station] with data_dir = \"/var/lib/flashjig\"");
    }
    let station = given.and_then(station);
    let web = root.section("web").map_or(Web { listen: LISTEN, token_file: None, local: Local::User, host: None }, web);
    let publisher = root.section("firmware").and_then(publisher);
    let panel = root.section("panel").map(panel).unwrap_or_default();
    let dbus = root.section("dbus").map(dbus).unwrap_or_default();
    let mqtt = root.section("mqtt").and_then(mqtt);
    let air = root.section("air").and_then(air);
    let slots = root.sections("slot");
    if slots.is_empty() {
        source.misses(0, "there is no [[slot]]", "add at least one [[slot]] with name and uart");
    }
    let mut taken = Taken::new(source);
    shared(&panel, &slots, &mut taken);
    let slots: Vec<_> = slots.into_iter().zip(1..).map(|(section, number)| slot(number, section, &mut taken)).collect();
    root.finish();
    Some(Config {
        publisher,
        web: Some(web),
        panel,
        dbus,
        mqtt,
        air,
        slots: slots.into_iter().collect::<Option<_>>()?,
        ..station?
    })
}

/// Pins of buses and UARTs are taken before any slot's own, wherever in the file they are named.
fn shared(panel: &Panel, slots: &[Section<'_>], taken: &mut Taken<'_>) {
    if let Panel::Ssd1306 { bus, .. } | Panel::Sh1106 { bus, .. } = panel {
        pins::take_bus(bus, "the panel's I2C bus", taken);
    }
    if slots.iter().filter_map(|slot| slot.peek_section("supply")).any(|supply| supply.peek("bus").is_none()) {
        pins::take_bus(Path::new(I2C_BUS), "the I2C bus of the supply meters", taken);
    }
    for uart in slots.iter().flat_map(|slot| [slot.peek("uart"), slot.peek("log_uart")]).flatten() {
        pins::take_uart(Path::new(uart), taken);
    }
}

/// The part of the plan that `[station]` gives.
fn station(mut section: Section<'_>) -> Option<Config> {
    section.require("data_dir", "add data_dir = \"/var/lib/flashjig\", the folder for ledger and backups");
    let name = named(&mut section, "name", "flashjig", "use 1 to 40 letters, without line ends", |name| {
        !name.trim().is_empty() && name.chars().count() <= 40 && !name.chars().any(char::is_control)
    });
    let data_dir = section.path("data_dir");
    let firmware_dir = section.path("firmware_dir");
    let usb_dir = section.path("usb_dir");
    let recipe =
        named(&mut section, "recipe", super::recipe::DEFAULT, "use letters, digits, - and _", super::recipe::is_name);
    let stop_after = section.number_in("stop_after", 0..=1000_u32).map_or(STOP_AFTER, |given| given.value);
    section.finish();
    let data_dir = data_dir?;
    let firmware_dir = firmware_dir.unwrap_or_else(|| data_dir.join("firmware"));
    let (publisher, web, mqtt, air) = (None, None, None, None);
    let (panel, dbus, slots) = (Panel::default(), Dbus::default(), Vec::new());
    Some(Config {
        name,
        data_dir,
        firmware_dir,
        usb_dir,
        publisher,
        recipe,
        stop_after,
        web,
        panel,
        dbus,
        mqtt,
        air,
        slots,
    })
}

/// A name, or its default. What does not pass is noted.
fn named(
    section: &mut Section<'_>,
    key: &'static str,
    default: &str,
    remedy: &str,
    good: impl Fn(&str) -> bool,
) -> String {
    let Some(given) = section.text(key) else { return default.into() };
    if !good(&given.value) {
        let what = format!("{}: {key} must be a short name, found {:?}", section.name, given.value);
        section.source.error(given.at, what, remedy);
    }
    given.value
}

/// Who answers for firmware by a signature.
fn publisher(mut section: Section<'_>) -> Option<Publisher> {
    let given = section.text("minisign");
    let publisher = given.as_ref().and_then(|given| Publisher::parse(&given.value));
    if let Some(given) = given.filter(|_| publisher.is_none()) {
        let what = "[firmware]: minisign must be a publisher's public key, RW and 54 letters";
        section.source.error(given.at, what, "it is the second line of the publisher's minisign.pub");
    }
    section.finish();
    publisher
}

fn web(mut section: Section<'_>) -> Web {
    let source = section.source;
    let listen = section.text("listen").and_then(|At { value, at }| {
        let listen = value.parse::<SocketAddr>().ok();
        if listen.is_none() {
            let what = format!("[web]: listen must be an IP address and a port, found {value:?}");
            source.error(at, what, "write \"127.0.0.1:8080\" for this machine alone, \"0.0.0.0:8080\" for all");
        }
        listen
    });
    let token_file = section.path("token_file");
    let host = section.text("host").and_then(|At { value, at }| {
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
        let good = (1..=253).contains(&value.len()) && value.chars().all(letter);
        if !good {
            let what = format!("[web]: host must be a name such as jig.home.arpa, found {value:?}");
            source.error(at, what, "write the name alone, without http:// and without a port");
        }
        good.then_some(value)
    });
    let local = section.word("local", &[("user", Local::User), ("token", Local::Token)]);
    // a name for the outside shows that a proxy may stand in between, and who names a file wants its token to be asked for
    let usual = if token_file.is_some() || host.is_some() { Local::Token } else { Local::User };
    section.finish();
    Web { listen: listen.unwrap_or(LISTEN), token_file, local: local.map_or(usual, |local| local.value), host }
}

fn panel(mut section: Section<'_>) -> Panel {
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Kind {
        Ssd1306,
        Sh1106,
        Virtual,
        None,
    }
    let kinds =
        [("ssd1306", Kind::Ssd1306), ("sh1106", Kind::Sh1106), ("virtual", Kind::Virtual), ("none", Kind::None)];
    let source = section.source;
    let kind = section.word("kind", &kinds).map_or(Kind::None, |kind| kind.value);
    let bus = section.path_at("bus");
    let address = section.number_in("address", I2C);
    let size = section.word("size", &[("128x64", USUAL), ("128x32", LOW), ("128x128", SQUARE)]);
    let oled = matches!(kind, Kind::Ssd1306 | Kind::Sh1106);
    let stray = [bus.as_ref().map(|it| it.at), address.as_ref().map(|it| it.at)];
    if let Some(at) = stray.into_iter().flatten().next().filter(|_| !oled) {
        let remedy = "add kind = \"ssd1306\" or \"sh1106\", or remove bus and address";
        source.error(at, "[panel]: bus and address belong to a panel of the kind ssd1306 or sh1106", remedy);
    }
    let wrong = |size: &At<Size>| match kind {
        Kind::Ssd1306 => (size.value == SQUARE).then_some("one of the kind ssd1306 has 128x64 or 128x32"),
        Kind::Sh1106 => (size.value != USUAL).then_some("one of the kind sh1106 has 128x64"),
        Kind::Virtual => None,
        Kind::None => Some("without a kind there is no panel"),
    };
    if let Some((at, why)) = size.as_ref().and_then(|size| Some((size.at, wrong(size)?))) {
        source.error(at, format!("[panel]: size does not fit the kind: {why}"), "remove size, or change kind");
    }
    section.finish();
    let bus = bus.map_or_else(|| I2C_BUS.into(), |bus| bus.value);
    let (address, size) = (address.map_or(0x3C, |it| it.value), size.map_or(USUAL, |it| it.value));
    match kind {
        Kind::Ssd1306 => Panel::Ssd1306 { bus, address, size },
        Kind::Sh1106 => Panel::Sh1106 { bus, address },
        Kind::Virtual => Panel::Virtual { size },
        Kind::None => Panel::None,
    }
}

fn dbus(mut section: Section<'_>) -> Dbus {
    let buses = [("system", Dbus::System), ("session", Dbus::Session), ("none", Dbus::None)];
    let bus = section.word("bus", &buses);
    section.finish();
    bus.map(|bus| bus.value).unwrap_or_default()
}
