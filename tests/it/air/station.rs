//! A station's network on a bus of its own: NetworkManager as `tests/networkmanager/strict.py` plays it, and the kernel's
//! tables as files.

use crate::dbus::bus::{self, Control, Mock, PrivateBus};
use flashjig::hw::radio::{NetworkRadio, Places};
use flashjig::jig::air::{Air, Seen, Wanted};
use flashjig::model::chip::mac::Mac;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::time::{sleep, timeout};
use zbus::{Connection, DynamicType, Proxy, Variant};

/// Far more than anything here takes; a test that waits this long has failed.
pub const LONG: Duration = Duration::from_secs(60);
pub const SSID: &str = "OpenBK7231T_503A8E3F";
const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/networkmanager/strict.py");
const NAME: &str = "org.freedesktop.NetworkManager";
const ROUTES: &str = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                      eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n\
                      eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";

pub struct Station {
    bus: PrivateBus,
    manager: Option<Mock>,
    pub client: Connection,
    folder: TempDir,
    /// How it was before anything was done.
    before: String,
}

impl Station {
    /// `None`, saying why, where dbus-daemon or python3-dbusmock is absent.
    pub async fn new() -> Option<Self> {
        let bus = PrivateBus::start(Control::Us)?;
        let manager = Some(bus.mock(TEMPLATE)?);
        let client = zbus::connection::Builder::address(bus.address.as_str()).build().await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut station = Self { bus, manager, client, folder, before: String::new() };
        station.kernel("routes", ROUTES);
        station.kernel("routes6", "");
        station.kernel("country", "GB\n");
        station.ready().await;
        station.before = station.told().await;
        Some(station)
    }

    /// Its name comes before its objects.
    async fn ready(&self) {
        bus::wait_for_name(&self.client, NAME).await;
        let there = async {
            let mock = self.mock().await;
            while mock.call::<_, _, String>("AirTold", &()).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(LONG, there).await.unwrap();
    }

    /// What a file of the kernel says.
    pub fn kernel(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    pub fn add_route(&self, line: &str) {
        self.kernel("routes", &format!("{ROUTES}{line}\n"));
    }

    pub fn radio(&self, interface: Option<&str>) -> NetworkRadio {
        let file = |name: &str| Path::join(self.folder.path(), name);
        let places = Places { routes: file("routes"), routes6: file("routes6"), country: file("country") };
        NetworkRadio::new(interface).on(&self.bus.address, places)
    }

    pub fn air(&self) -> Air {
        Air::new(Arc::new(self.radio(Some("wlan1"))))
    }

    async fn mock(&self) -> Proxy<'static> {
        Proxy::new(&self.client, NAME, "/org/freedesktop", "org.freedesktop.DBus.Mock").await.unwrap()
    }

    pub async fn tell<B: serde::Serialize + DynamicType>(&self, order: &str, body: &B) {
        self.mock().await.call_method(order, body).await.unwrap_or_else(|error| panic!("{order}: {error}"));
    }

    pub async fn plan(&self, plan: &str) {
        self.tell("AirPlan", &plan).await;
    }

    /// A plug's access point is there; it was last seen so many seconds ago.
    pub async fn appear(&self, ssid: &str, bssid: &str, age: i32) {
        self.tell("AirAppear", &(ssid, bssid, age, false)).await;
    }

    /// Sets a property of an object; both names are cut at what is the same for all.
    pub async fn set(&self, path: &str, interface: &str, name: &str, value: Variant<'_>) {
        self.tell("AirSet", &(path, interface, name, value)).await;
    }

    /// What the manager has on each device and what is saved.
    pub async fn told(&self) -> String {
        self.mock().await.call("AirTold", &()).await.unwrap()
    }

    /// The settings of what is on the radio, as JSON.
    pub async fn own(&self) -> String {
        self.mock().await.call("AirOwn", &()).await.unwrap()
    }

    /// Waits until something of ours is on the radio.
    pub async fn busy(&self) {
        let busy = async {
            while self.own().await.is_empty() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(LONG, busy).await.expect("a connection of our own");
    }

    /// Every connection is as it was before.
    pub async fn is_as_before(&self) {
        assert_eq!(self.told().await, self.before);
    }

    /// Waits for that.
    pub async fn becomes_as_before(&self) {
        let same = async {
            while self.told().await != self.before {
                sleep(Duration::from_millis(10)).await;
            }
        };
        if timeout(LONG, same).await.is_err() {
            self.is_as_before().await;
        }
    }

    pub async fn kill_manager(&mut self) {
        self.manager = None;
        let bus = zbus::fdo::DBusProxy::new(&self.client).await.unwrap();
        let gone = async {
            while bus.name_has_owner(NAME.try_into().unwrap()).await.unwrap() {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(LONG, gone).await.unwrap();
    }

    pub async fn start_manager(&mut self) {
        self.manager = self.bus.mock(TEMPLATE);
        self.ready().await;
    }
}

/// The plug of these tests; its access point's MAC differs from its own in the last bit.
pub fn wanted() -> Wanted {
    Wanted { ssid: SSID.into(), mac: Mac([0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F]) }
}

pub const BSSID: &str = "18:DE:50:3A:8E:3E";

/// It appears and is seen.
pub async fn seen(station: &Station, air: &Air) -> Seen {
    station.appear(SSID, BSSID, 0).await;
    air.look(&wanted(), LONG).await.unwrap()
}
