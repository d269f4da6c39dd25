//! What is known of the station's network now: from NetworkManager, the kernel's routes, and its rules for radios.

use super::active::{self, ActiveProxy};
use super::manager::{
    self, ACCESS_POINT, DeviceProxy, ManagerProxy, NOTHING, ProfileProxy, SavedProxy, Told, WIFI, WIRELESS,
    WirelessProxy, at, is_gone, text, the,
};
use super::own;
use super::places::Places;
use crate::model::air::kept::{Connections, On};
use crate::model::air::radio::{Device, Profile, Station, Use, country};
use crate::model::air::routes::routes;
use crate::model::chip::mac::Mac;
use std::path::Path;
use zbus::{Connection, OwnedObjectPath};

/// What a radio needs of polkit: to bring a connection up and down, to look around, and to make one that belongs to this
/// user alone (`nm-active-connection.c`, `nm-device-wifi.c`, `nm-settings.c` of NetworkManager).
pub(super) const RIGHTS: [&str; 3] = [
    "org.freedesktop.NetworkManager.network-control",
    "org.freedesktop.NetworkManager.settings.modify.own",
    "org.freedesktop.NetworkManager.wifi.scan",
];

/// A device with what its saved connections are told by.
struct Known {
    device: Device,
    address: Option<Mac>,
}

/// All of it. What is `ours` counts as nothing.
pub(super) async fn station(connection: &Connection, places: &Places, ours: Option<&str>) -> zbus::Result<Station> {
    let manager: ManagerProxy<'_> = the(connection).await?;
    let mut known = Vec::new();
    for path in manager.devices().await? {
        match device(connection, path, ours).await {
            Ok(device) => known.push(device),
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
    let rights = manager.get_permissions().await?;
    let missing = RIGHTS.iter().filter(|right| rights.get(**right).is_some_and(|answer| answer != "yes"));
    let read = |path: &Path| std::fs::read_to_string(path).unwrap_or_default();
    Ok(Station {
        profiles: profiles(connection, &known).await?,
        devices: known.into_iter().map(|known| known.device).collect(),
        routes: routes(&read(&places.routes), &read(&places.routes6)),
        is_off_in_hardware: !manager.wireless_hardware_enabled().await?,
        is_off_in_software: !manager.wireless_enabled().await?,
        country: country(&read(&places.country)),
        rights_missing: missing.map(|right| (*right).to_owned()).collect(),
    })
}

async fn device(connection: &Connection, path: OwnedObjectPath, ours: Option<&str>) -> zbus::Result<Known> {
    let proxy: DeviceProxy<'_> = at(connection, path.clone()).await?;
    let (interface, is_wifi) = (proxy.interface().await?, proxy.device_type().await? == WIFI);
    let (mut is_access_point, mut address) = (false, None);
    if is_wifi {
        let wireless: WirelessProxy<'_> = at(connection, path).await?;
        is_access_point = wireless.mode().await? == ACCESS_POINT;
        address = Mac::parse(&wireless.perm_hw_address().await?);
    }
    let at = match proxy.status().await? {
        _ if !proxy.managed().await? => Use::Unmanaged,
        ..=manager::device::UNMANAGED => Use::Unmanaged,
        manager::device::UNAVAILABLE => Use::Unavailable,
        manager::device::DISCONNECTED => Use::Free,
        _ => match on(connection, &proxy).await? {
            Some(on) if Some(on.uuid.as_str()) == ours => Use::Free,
            on => Use::Busy { connection: on.map_or_else(String::new, |on| on.name) },
        },
    };
    Ok(Known { device: Device { interface, is_wifi, is_access_point, at }, address })
}

async fn on(connection: &Connection, device: &DeviceProxy<'_>) -> zbus::Result<Option<On>> {
    let path = device.active_connection().await?;
    if path.as_str() == NOTHING {
        return Ok(None);
    }
    let active: ActiveProxy<'_> = at(connection, path).await?;
    Ok(Some(On { uuid: active.uuid().await?, name: active.id().await? }))
}

/// The saved connections, without those that come and go: path and settings.
async fn saved(connection: &Connection) -> zbus::Result<Vec<Told>> {
    let settings: SavedProxy<'_> = the(connection).await?;
    let mut all = Vec::new();
    for path in settings.list_connections().await? {
        let profile: ProfileProxy<'_> = at(connection, path).await?;
        match (profile.flags().await, profile.get_settings().await) {
            (Ok(flags), Ok(told)) if flags & manager::FLEETING == 0 => all.push(told),
            (Err(error), _) | (_, Err(error)) if !is_gone(&error) && !own::is_hidden(&error) => return Err(error),
            _ => {}
        }
    }
    Ok(all)
}

/// Saved Wi-Fi connections that come up by themselves, and the device that each is bound to.
async fn profiles(connection: &Connection, devices: &[Known]) -> zbus::Result<Vec<Profile>> {
    let mut profiles = Vec::new();
    for told in saved(connection).await? {
        let by_itself = told.get("connection").and_then(|section| section.get("autoconnect"));
        let by_itself = by_itself.and_then(|value| value.downcast_ref::<bool>().ok()).unwrap_or(true);
        if text(&told, "connection", "type") != Some(WIRELESS) || !by_itself {
            continue;
        }
        let name = text(&told, "connection", "id").unwrap_or_default().to_owned();
        let bound = told.get(WIRELESS).and_then(|section| section.get("mac-address"));
        let bound = bound.and_then(|value| Vec::<u8>::try_from(value.try_clone().ok()?).ok());
        let mut interface = text(&told, "connection", "interface-name").map(str::to_owned);
        if let Some(bytes) = bound.filter(|bytes| !bytes.is_empty()) {
            let device = devices.iter().find(|known| known.address.is_some_and(|address| address.0[..] == bytes[..]));
            // its adapter is not plugged in
            let Some(device) = device else { continue };
            interface = Some(device.device.interface.clone());
        }
        profiles.push(Profile { name, interface });
    }
    Ok(profiles)
}

/// The station's own connections: what is on its devices, and what is saved.
pub(super) async fn connections(connection: &Connection) -> zbus::Result<Connections> {
    let manager: ManagerProxy<'_> = the(connection).await?;
    let mut all = Connections::default();
    for path in manager.active_connections().await? {
        match add(connection, path, &mut all).await {
            Err(error) if !is_gone(&error) => return Err(error),
            _ => {}
        }
    }
    for told in saved(connection).await? {
        if let (Some(uuid), Some(name)) = (text(&told, "connection", "uuid"), text(&told, "connection", "id")) {
            all.saved.insert(uuid.to_owned(), name.to_owned());
        }
    }
    Ok(all)
}

async fn add(connection: &Connection, path: OwnedObjectPath, all: &mut Connections) -> zbus::Result<()> {
    let active: ActiveProxy<'_> = at(connection, path).await?;
    if active.state_flags().await? & active::EXTERNAL != 0 {
        return Ok(());
    }
    let on = On { uuid: active.uuid().await?, name: active.id().await? };
    for device in active.devices().await? {
        let device: DeviceProxy<'_> = at(connection, device).await?;
        all.active.insert(device.interface().await?, on.clone());
    }
    Ok(())
}
