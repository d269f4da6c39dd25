//! The stand-in refuses what NetworkManager would refuse, drop or keep for good.

use super::station::{BSSID, SSID, Station};
use std::collections::HashMap;
use zbus::{ObjectPath, OwnedObjectPath, Proxy, Variant};

type Section = HashMap<&'static str, Variant<'static>>;

fn good() -> HashMap<&'static str, Section> {
    let connection: Section = [
        ("id", Variant::from("flashjig")),
        ("uuid", Variant::from("7f4a17ab-0000-4000-8000-000000000001")),
        ("type", Variant::from("802-11-wireless")),
        ("autoconnect", Variant::from(false)),
    ]
    .into();
    let wireless: Section = [("ssid", Variant::from(SSID.as_bytes().to_vec()))].into();
    let ipv4: Section = [("method", Variant::from("auto")), ("never-default", Variant::from(true))].into();
    [("connection", connection), ("802-11-wireless", wireless), ("ipv4", ipv4)].into()
}

fn options() -> Section {
    [("persist", Variant::from("volatile")), ("bind-activation", Variant::from("dbus-client"))].into()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_refuses_wrong_types_unknown_keys_and_what_would_stay() {
    let Some(station) = Station::new().await else { return };
    station.appear(SSID, BSSID, 0).await;
    let name = "org.freedesktop.NetworkManager";
    let manager = Proxy::new(&station.client, name, "/org/freedesktop/NetworkManager", name).await.unwrap();
    let radio = "/org/freedesktop/NetworkManager/Devices/wlan1";
    let wireless =
        Proxy::new(&station.client, name, radio, "org.freedesktop.NetworkManager.Device.Wireless").await.unwrap();
    let points: Vec<OwnedObjectPath> = wireless.call("GetAllAccessPoints", &()).await.unwrap();
    let ask = async |settings: HashMap<&'static str, Section>, options: Section| {
        let device = ObjectPath::try_from(radio).unwrap();
        let body = (settings, device, &points[0], options);
        match manager.call_method("AddAndActivateConnection2", &body).await {
            Ok(_) => "ok".to_owned(),
            Err(zbus::Error::MethodError(name, ..)) => name.rsplit('.').next().unwrap().to_owned(),
            Err(other) => panic!("{other}"),
        }
    };
    let with = |section: &'static str, key: &'static str, value: Variant<'static>| {
        let mut settings = good();
        settings.entry(section).or_default().insert(key, value);
        settings
    };
    for (settings, expected) in [
        (with("connection", "autoconnect", Variant::from("no")), "InvalidProperty"),
        (with("ipv4", "never-default", Variant::from(1_u32)), "InvalidProperty"),
        (with("ipv4", "dhcp-timeout", Variant::from(20_u32)), "InvalidProperty"),
        (with("ipv4", "never_default", Variant::from(true)), "InvalidProperty"),
        (with("802-11-wireless", "ssid", Variant::from(SSID)), "InvalidProperty"),
        (with("802-11-wireless", "ssid", Variant::from(vec![b'x'; 33])), "InvalidConnection"),
        (with("ipv5", "method", Variant::from("auto")), "InvalidProperty"),
        (with("ipv6", "method", Variant::from("off")), "InvalidConnection"),
        (with("connection", "interface-name", Variant::from("wlan0")), "IncompatibleConnection"),
    ] {
        assert_eq!(ask(settings, options()).await, expected);
    }
    let mut forever = options();
    forever.remove("persist");
    let mut unbound = options();
    unbound.insert("bind-activation", Variant::from("none"));
    let mut unknown = options();
    unknown.insert("flags", Variant::from(1_u32));
    for wrong in [forever, unbound, unknown, Section::new()] {
        assert_eq!(ask(good(), wrong).await, "InvalidArguments");
    }
    station.is_as_before().await;
    assert_eq!(ask(good(), options()).await, "ok");
}
