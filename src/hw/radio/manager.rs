//! NetworkManager on the bus: what is asked of it, as `introspection/` of NetworkManager (August 2026) describes it. Its numbers are
//! those of `nm-dbus-interface.h`.

use std::collections::HashMap;
use zbus::fdo::DBusProxy;
use zbus::names::{BusName, OwnedUniqueName};
use zbus::proxy::{CacheProperties, Defaults, ProxyImpl};
use zbus::{Connection, ObjectPath, OwnedObjectPath, OwnedVariant, Variant, proxy};

/// A connection's settings, as they are handed in.
pub(super) type Settings<'a> = HashMap<&'static str, HashMap<&'static str, Variant<'a>>>;
/// A connection's settings, as they are read.
pub(super) type Told = HashMap<String, HashMap<String, OwnedVariant>>;

/// Of NMDeviceType.
pub(super) const WIFI: u32 = 2;
/// Of NM80211Mode.
pub(super) const ACCESS_POINT: u32 = 3;
/// What NetworkManager says for no object.
pub(super) const NOTHING: &str = "/";
/// How a type of connection is called.
pub(super) const WIRELESS: &str = "802-11-wireless";

/// Of NMDeviceState.
pub(super) mod device {
    pub(in super::super) const UNMANAGED: u32 = 10;
    pub(in super::super) const UNAVAILABLE: u32 = 20;
    pub(in super::super) const DISCONNECTED: u32 = 30;
    pub(in super::super) const FAILED: u32 = 120;
}

/// Of NMSettingsConnectionFlags: made up by NetworkManager, gone with the connection, or somebody else's.
pub(super) const FLEETING: u32 = 0x02 | 0x04 | 0x08;

#[proxy(
    interface = "org.freedesktop.NetworkManager",
    default_service = "org.freedesktop.NetworkManager",
    default_path = "/org/freedesktop/NetworkManager"
)]
pub(super) trait Manager {
    fn get_permissions(&self) -> zbus::Result<HashMap<String, String>>;
    fn get_device_by_ip_iface(&self, iface: &str) -> zbus::Result<OwnedObjectPath>;
    fn add_and_activate_connection2(
        &self,
        connection: Settings<'_>,
        device: &ObjectPath<'_>,
        specific_object: &ObjectPath<'_>,
        options: HashMap<&str, Variant<'_>>,
    ) -> zbus::Result<(OwnedObjectPath, OwnedObjectPath, HashMap<String, OwnedVariant>)>;
    fn deactivate_connection(&self, active: &ObjectPath<'_>) -> zbus::Result<()>;
    #[zbus(property)]
    fn devices(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
    #[zbus(property)]
    fn active_connections(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
    #[zbus(property)]
    fn wireless_enabled(&self) -> zbus::Result<bool>;
    #[zbus(property)]
    fn wireless_hardware_enabled(&self) -> zbus::Result<bool>;
}

#[proxy(interface = "org.freedesktop.NetworkManager.Device", default_service = "org.freedesktop.NetworkManager")]
pub(super) trait Device {
    #[zbus(property)]
    fn interface(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn device_type(&self) -> zbus::Result<u32>;
    #[zbus(property, name = "State")]
    fn status(&self) -> zbus::Result<u32>;
    #[zbus(property)]
    fn managed(&self) -> zbus::Result<bool>;
    #[zbus(property)]
    fn active_connection(&self) -> zbus::Result<OwnedObjectPath>;
    #[zbus(signal)]
    fn state_changed(&self, new_state: u32, old_state: u32, reason: u32) -> zbus::Result<()>;
}

#[proxy(
    interface = "org.freedesktop.NetworkManager.Device.Wireless",
    default_service = "org.freedesktop.NetworkManager"
)]
pub(super) trait Wireless {
    fn request_scan(&self, options: HashMap<&str, Variant<'_>>) -> zbus::Result<()>;
    #[zbus(property)]
    fn mode(&self) -> zbus::Result<u32>;
    #[zbus(property)]
    fn perm_hw_address(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn access_points(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
    #[zbus(signal)]
    fn access_point_added(&self, access_point: OwnedObjectPath) -> zbus::Result<()>;
}

#[proxy(interface = "org.freedesktop.NetworkManager.AccessPoint", default_service = "org.freedesktop.NetworkManager")]
pub(super) trait AccessPoint {
    #[zbus(property)]
    fn ssid(&self) -> zbus::Result<Vec<u8>>;
    #[zbus(property)]
    fn hw_address(&self) -> zbus::Result<String>;
    #[zbus(property)]
    fn strength(&self) -> zbus::Result<u8>;
    /// Seconds of CLOCK_BOOTTIME; -1: never.
    #[zbus(property)]
    fn last_seen(&self) -> zbus::Result<i32>;
}

#[proxy(interface = "org.freedesktop.NetworkManager.IP4Config", default_service = "org.freedesktop.NetworkManager")]
pub(super) trait Ip4 {
    #[zbus(property)]
    fn address_data(&self) -> zbus::Result<Vec<HashMap<String, OwnedVariant>>>;
}

#[proxy(
    interface = "org.freedesktop.NetworkManager.Settings",
    default_service = "org.freedesktop.NetworkManager",
    default_path = "/org/freedesktop/NetworkManager/Settings"
)]
pub(super) trait Saved {
    fn list_connections(&self) -> zbus::Result<Vec<OwnedObjectPath>>;
}

#[proxy(
    interface = "org.freedesktop.NetworkManager.Settings.Connection",
    default_service = "org.freedesktop.NetworkManager"
)]
pub(super) trait Profile {
    fn get_settings(&self) -> zbus::Result<Told>;
    fn delete(&self) -> zbus::Result<()>;
    #[zbus(property)]
    fn flags(&self) -> zbus::Result<u32>;
}

/// The object at a path. Nothing of it is remembered: what counts is how it is now.
pub(super) async fn at<P>(connection: &Connection, path: impl Into<OwnedObjectPath>) -> zbus::Result<P>
where
    P: ProxyImpl<'static> + From<zbus::Proxy<'static>> + Defaults,
{
    P::builder(connection).path(path.into()).cache_properties(CacheProperties::No).build().await
}

/// The one object of its kind.
pub(super) async fn the<P>(connection: &Connection) -> zbus::Result<P>
where
    P: ProxyImpl<'static> + From<zbus::Proxy<'static>> + Defaults,
{
    P::builder(connection).cache_properties(CacheProperties::No).build().await
}

/// Who NetworkManager is now; another after a restart, nobody when it is not there.
pub(super) async fn owner(connection: &Connection) -> Option<OwnedUniqueName> {
    let bus: DBusProxy<'_> = DBusProxy::new(connection).await.ok()?;
    let name = BusName::try_from("org.freedesktop.NetworkManager").ok()?;
    bus.get_name_owner(name).await.ok()
}

/// A text of a connection's settings.
pub(super) fn text<'a>(settings: &'a Told, section: &str, key: &str) -> Option<&'a str> {
    settings.get(section)?.get(key)?.downcast_ref().ok()
}

/// Whether an object went away while it was looked at.
pub(super) fn is_gone(error: &zbus::Error) -> bool {
    let name = match error {
        zbus::Error::MethodError(name, ..) => name.as_str().to_owned(),
        zbus::Error::FDO(error) => zbus::DBusError::name(&**error).to_string(),
        _ => return false,
    };
    ["UnknownObject", "UnknownMethod", "UnknownInterface", "UnknownProperty"].iter().any(|end| name.ends_with(end))
}
