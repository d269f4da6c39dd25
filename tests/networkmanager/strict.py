"""NetworkManager for the tests of a lent radio: the template of python3-dbusmock, with what it lacks, and as strict as the
real one where flashjig could go wrong.

Sources: nm-manager.c, nm-device-wifi.c, nm-keep-alive.c and libnm-core of NetworkManager as of August 2026; its D-Bus documentation.

The station: eth0 carries "wired", wlan0 carries "home", wlan1 is free, docker0 is a bridge of somebody else's.

Stricter than the real one: it refuses settings that the real one would drop without a word (what is wrong in them shall
show), and a connection that is not bound to its client and volatile.
"""

import json

import dbus
import dbusmock
from dbusmock import MOCK_IFACE
from dbusmock.templates import networkmanager as nm
from dbusmock.templates.networkmanager import *  # noqa: F403 pylint: disable=wildcard-import,unused-wildcard-import
from gi.repository import GLib

BUS_NAME, MAIN_OBJ, SYSTEM_BUS, IS_OBJECT_MANAGER = nm.BUS_NAME, nm.MAIN_OBJ, True, True
MANAGER, DEVICE, WIRELESS = nm.MANAGER_IFACE, nm.DEVICE_IFACE, nm.WIRELESS_DEVICE_IFACE
ACTIVE, PROFILE, POINT = nm.ACTIVE_CONNECTION_IFACE, nm.CSETTINGS_IFACE, nm.ACCESS_POINT_IFACE
IP4 = "org.freedesktop.NetworkManager.IP4Config"
ROOT = "/org/freedesktop/NetworkManager"
NOTHING = dbus.ObjectPath("/")

# what each setting may hold: libnm-core's properties and their types on D-Bus
SETTINGS = {
    "connection": {
        "id": "s", "uuid": "s", "type": "s", "interface-name": "s", "autoconnect": "b", "permissions": "as",
        "mdns": "i", "llmnr": "i", "zone": "s",
    },
    "802-11-wireless": {
        "ssid": "ay", "bssid": "ay", "mode": "s", "powersave": "u", "hidden": "b", "mac-address": "ay", "band": "s",
    },
    "ipv4": {
        "method": "s", "never-default": "b", "ignore-auto-dns": "b", "ignore-auto-routes": "b", "may-fail": "b",
        "dhcp-send-hostname": "b", "dhcp-timeout": "i", "route-metric": "x", "route-table": "u", "dad-timeout": "i",
    },
    "ipv6": {"method": "s", "never-default": "b", "may-fail": "b"},
}
METHODS = {"ipv4": ("auto", "manual", "disabled"), "ipv6": ("auto", "disabled", "ignore")}


class State:
    """What the tests set up."""

    plan = "activate"
    pending = []
    there = set()
    rights = {}
    count = 100
    calls = []


def refuse(name, words):
    raise dbus.exceptions.DBusException(words, name=f"{MANAGER}.{name}")


def get(path, interface, name):
    return dbusmock.get_object(path).Get(interface, name)


def put(path, interface, name, value):
    obj = dbusmock.get_object(path)
    obj.props[interface][name] = value
    obj.EmitSignal(dbus.PROPERTIES_IFACE, "PropertiesChanged", "sa{sv}as",
                   [interface, dbus.Dictionary({name: value}, signature="sv"), dbus.Array([], signature="s")])


def listed(path, interface, name, change):
    values = [str(value) for value in get(path, interface, name)]
    change(values)
    put(path, interface, name, dbus.Array([dbus.ObjectPath(value) for value in values], signature="o"))


def device_state(device, state, reason):
    old = get(device, DEVICE, "State")
    put(device, DEVICE, "State", dbus.UInt32(state))
    dbusmock.get_object(device).EmitSignal(
        DEVICE, "StateChanged", "uuu", [dbus.UInt32(state), dbus.UInt32(old), dbus.UInt32(reason)])


def active_state(active, state, reason):
    put(active, ACTIVE, "State", dbus.UInt32(state))
    dbusmock.get_object(active).EmitSignal(
        ACTIVE, "StateChanged", "uu", [dbus.UInt32(state), dbus.UInt32(reason)])


def number():
    State.count += 1
    return State.count


def add_profile(manager, settings, flags):
    path = f"{ROOT}/Settings/{number()}"
    manager.AddObject(path, PROFILE, {"Flags": dbus.UInt32(flags), "Unsaved": dbus.Boolean(flags & 1)}, [
        ("GetSettings", "", "a{sa{sv}}", "ret = self.settings"),
        ("Delete", "", "", "self.remove_profile(self.path)"),
    ])
    obj = dbusmock.get_object(path)
    obj.settings, obj.remove_profile = settings, remove_profile
    listed(nm.SETTINGS_OBJ, nm.SETTINGS_IFACE, "Connections", lambda all: all.append(path))
    return path


def remove_profile(path):
    for active in list(get(nm.MANAGER_OBJ, MANAGER, "ActiveConnections")):
        if get(active, ACTIVE, "Connection") == path:
            end(str(active), 11, 38)
    if path in dbusmock.mockobject.objects:
        listed(nm.SETTINGS_OBJ, nm.SETTINGS_IFACE, "Connections", lambda all: all.remove(path))
        dbusmock.get_object(path).RemoveObject(path)


def add_active(manager, profile, device, point, state, flags=0):
    settings = dbusmock.get_object(profile).settings
    path = f"{ROOT}/ActiveConnection/{number()}"
    manager.AddObject(path, ACTIVE, {
        "Connection": dbus.ObjectPath(profile), "SpecificObject": dbus.ObjectPath(point),
        "Id": settings["connection"]["id"], "Uuid": settings["connection"]["uuid"],
        "Type": settings["connection"]["type"], "Devices": dbus.Array([dbus.ObjectPath(device)], signature="o"),
        "State": dbus.UInt32(state), "StateFlags": dbus.UInt32(flags), "Ip4Config": NOTHING,
        "Default": dbus.Boolean(False), "Default6": dbus.Boolean(False), "Vpn": dbus.Boolean(False),
    }, [])
    listed(nm.MANAGER_OBJ, MANAGER, "ActiveConnections", lambda all: all.append(path))
    put(device, DEVICE, "ActiveConnection", dbus.ObjectPath(path))
    return path


def end(active, active_reason, device_reason, failed=False):
    """It comes to an end, and a volatile profile with it."""
    if active not in dbusmock.mockobject.objects:
        return False
    device, profile = str(get(active, ACTIVE, "Devices")[0]), str(get(active, ACTIVE, "Connection"))
    if failed:
        device_state(device, nm.DeviceState.FAILED, device_reason)
    active_state(active, 4, active_reason)
    put(device, DEVICE, "ActiveConnection", NOTHING)
    device_state(device, nm.DeviceState.DISCONNECTED, 0 if failed else device_reason)
    listed(nm.MANAGER_OBJ, MANAGER, "ActiveConnections", lambda all: all.remove(active))
    dbusmock.get_object(active).RemoveObject(active)
    if get(profile, PROFILE, "Flags") & 4:
        remove_profile(profile)
    return False


def later(milliseconds, work, *args):
    def once():
        work(*args)
        return False

    GLib.timeout_add(milliseconds, once)


def check_settings(settings):
    for section, keys in settings.items():
        if section not in SETTINGS:
            refuse("InvalidProperty", f"unknown setting {section}")
        for key, value in keys.items():
            wanted = SETTINGS[section].get(key)
            if wanted is None:
                refuse("InvalidProperty", f"{section}.{key}: unknown property")
            if signature(value) != wanted:
                refuse("InvalidProperty", f"{section}.{key}: can't set property of type {wanted} from {signature(value)}")
    connection, wireless = settings.get("connection", {}), settings.get("802-11-wireless", {})
    if connection.get("type") != "802-11-wireless":
        refuse("InvalidConnection", "connection.type: a wireless connection is expected here")
    if not 1 <= len(wireless.get("ssid", [])) <= 32:
        refuse("InvalidConnection", "802-11-wireless.ssid: property is invalid")
    if len(wireless.get("bssid", [0] * 6)) != 6:
        refuse("InvalidConnection", "802-11-wireless.bssid: property is invalid")
    if wireless.get("mode", "infrastructure") != "infrastructure":
        refuse("InvalidConnection", "802-11-wireless.mode: property is invalid")
    for section, methods in METHODS.items():
        if settings.get(section, {}).get("method", "auto") not in methods:
            refuse("InvalidConnection", f"{section}.method: property is invalid")


def signature(value):
    if isinstance(value, dbus.Array):
        return "a" + str(value.signature)
    kinds = [(dbus.Boolean, "b"), (dbus.Byte, "y"), (dbus.UInt32, "u"), (dbus.Int32, "i"), (dbus.Int64, "x"),
             (dbus.ObjectPath, "o"), (dbus.String, "s")]
    return next((letter for kind, letter in kinds if isinstance(value, kind)), "?")


def check_options(options):
    for key, value in options.items():
        if key not in ("persist", "bind-activation") or signature(value) != "s":
            refuse("InvalidArguments", "Unknown extra option passed")
    if options.get("persist") != "volatile":
        refuse("InvalidArguments", 'Option "persist" must be "volatile" in these tests')
    if options.get("bind-activation") != "dbus-client":
        refuse("InvalidArguments", 'Option "bind-activation" must be "dbus-client" in these tests')


@dbus.service.method(MANAGER, in_signature="a{sa{sv}}ooa{sv}", out_signature="ooa{sv}", sender_keyword="sender")
def AddAndActivateConnection2(self, settings, device, point, options, sender=None):
    State.calls.append("add")
    check_options(options)
    if State.plan == "drop settings":
        # what the real one does with settings that it can't read
        ssid = get(point, POINT, "Ssid")
        settings = {"connection": {"id": "made up", "uuid": "00000000-0000-0000-0000-0000000000ff",
                                   "type": "802-11-wireless", "autoconnect": dbus.Boolean(True)},
                    "802-11-wireless": {"ssid": ssid}, "ipv4": {"method": "auto"}}
    else:
        check_settings(settings)
    if State.plan == "refuse":
        refuse("ConnectionNotAvailable", "Connection 'flashjig' is not available on device wlan1 because device is busy")
    if str(device) not in [str(known) for known in get(nm.MANAGER_OBJ, MANAGER, "Devices")]:
        refuse("UnknownDevice", "Device not found")
    if State.rights.get(f"{MANAGER}.network-control", "yes") != "yes":
        refuse("PermissionDenied", "Not authorized to control networking.")
    interface = settings["connection"].get("interface-name", get(device, DEVICE, "Interface"))
    if interface != get(device, DEVICE, "Interface"):
        refuse("IncompatibleConnection", "The connection was not compatible with the device's interface-name")
    if str(point) not in [str(seen) for seen in get(device, WIRELESS, "AccessPoints")]:
        refuse("SpecificObjectNotFound", f"The access point {point} was not in the scan list.")
    profile = add_profile(self, settings, 1 | 4)
    active = add_active(self, profile, device, point, 1)
    device_state(device, nm.DeviceState.PREPARE, 0)
    # bind-activation: it lives as long as its client
    bus = self.connection
    bus.watch_name_owner(sender, lambda owner: end(active, 2, 39) if not owner else None)
    device_state(device, nm.DeviceState.IP_CONFIG, 0)
    word, _, rest = State.plan.partition(" ")
    if word in ("activate", "lease", "drop", "vanish"):
        address, _, prefix = (rest if word == "lease" else "192.168.4.100/24").partition("/")
        later(20, come_up, self, active, address, int(prefix))
    if word == "vanish":
        later(int(rest), end, active, 3, 8, True)
    if word == "fail":
        later(20, end, active, 3, int(rest), True)
    return dbus.ObjectPath(profile), dbus.ObjectPath(active), dbus.Dictionary({}, signature="sv")


def come_up(manager, active, address, prefix):
    if active not in dbusmock.mockobject.objects or get(active, ACTIVE, "State") != 1:
        return
    path = f"{ROOT}/IP4Config/{number()}"
    data = dbus.Dictionary({"address": dbus.String(address), "prefix": dbus.UInt32(prefix)}, signature="sv")
    manager.AddObject(path, IP4, {"AddressData": dbus.Array([data], signature="a{sv}")}, [])
    put(active, ACTIVE, "Ip4Config", dbus.ObjectPath(path))
    device_state(str(get(active, ACTIVE, "Devices")[0]), nm.DeviceState.ACTIVATED, 0)
    active_state(active, 2, 1)


def deactivate(_manager, active):
    State.calls.append("deactivate")
    if str(active) not in [str(known) for known in get(nm.MANAGER_OBJ, MANAGER, "ActiveConnections")]:
        refuse("ConnectionNotActive", "The connection was not active.")
    active_state(str(active), 3, 2)
    later(20, end, str(active), 2, 39)


def permissions():
    usual = {f"{MANAGER}.{name}": "yes" for name in ("network-control", "wifi.scan", "settings.modify.own")}
    return dbus.Dictionary({**usual, **State.rights}, signature="ss")


def request_scan(device, options):
    for key, value in options.items():
        if key == "ssids" and signature(value) != "aay":
            refuse("Device.InvalidArgument", "Invalid 'ssid' scan option")
    if any(len(ssid) > 32 for ssid in options.get("ssids", [])):
        refuse("Device.InvalidArgument", "SSID at index 0 more than 32 bytes")
    if get(device.path, DEVICE, "State") < nm.DeviceState.DISCONNECTED:
        refuse("Device.NotAllowed", "Scanning not allowed while unavailable")
    # what is still there is seen again
    for point in get(device.path, WIRELESS, "AccessPoints"):
        if str(point) in State.there:
            put(str(point), POINT, "LastSeen", dbus.Int32(boottime()))
    pending, State.pending = State.pending, []
    for point in pending:
        later(20, appear, *point)


def boottime():
    with open("/proc/uptime", encoding="ascii") as file:
        return int(float(file.read().split()[0]))


def appear(ssid, bssid, age):
    manager = dbusmock.get_object(nm.MANAGER_OBJ)
    path = manager.AddAccessPoint(f"{ROOT}/Devices/wlan1", str(number()), ssid, bssid, 2, 2412, 54000, dbus.Byte(71), 0)
    put(path, POINT, "LastSeen", dbus.Int32(boottime() - age))
    if age == 0:
        State.there.add(str(path))


@dbus.service.method(MOCK_IFACE, in_signature="s", out_signature="")
def AirPlan(_self, plan):
    """What comes of the next activations: activate, fail REASON, lease ADDRESS/PREFIX, hang, refuse, vanish MILLISECONDS,
    drop settings."""
    State.plan = str(plan)


@dbus.service.method(MOCK_IFACE, in_signature="ssib", out_signature="")
def AirAppear(_self, ssid, bssid, age, with_scan):
    """An access point is in the list, last seen so many seconds ago; or comes into it with the next scan."""
    if with_scan:
        State.pending.append((str(ssid), str(bssid), int(age)))
    else:
        appear(str(ssid), str(bssid), int(age))


@dbus.service.method(MOCK_IFACE, in_signature="", out_signature="")
def AirVanish(self):
    for point in list(get(f"{ROOT}/Devices/wlan1", WIRELESS, "AccessPoints")):
        dbusmock.get_object(nm.MANAGER_OBJ).RemoveAccessPoint(f"{ROOT}/Devices/wlan1", str(point))


@dbus.service.method(MOCK_IFACE, in_signature="sssv", out_signature="")
def AirSet(_self, path, interface, name, value):
    put(f"{ROOT}{path}", f"{MANAGER}{interface}", str(name), value)


@dbus.service.method(MOCK_IFACE, in_signature="ss", out_signature="")
def AirRight(_self, right, answer):
    State.rights[str(right)] = str(answer)


@dbus.service.method(MOCK_IFACE, in_signature="ssb", out_signature="")
def AirSave(_self, name, interface, autoconnect):
    """Another saved Wi-Fi connection of the station; bound to an interface unless that is empty."""
    settings = saved(str(name), "802-11-wireless")
    settings["connection"]["autoconnect"] = dbus.Boolean(autoconnect)
    if interface:
        settings["connection"]["interface-name"] = dbus.String(interface)
    add_profile(dbusmock.get_object(nm.MANAGER_OBJ), settings, 0)


@dbus.service.method(MOCK_IFACE, in_signature="s", out_signature="")
def AirLeftover(_self, uuid):
    """What a NetworkManager that was restarted may have read again from /run: our profile, up."""
    manager = dbusmock.get_object(nm.MANAGER_OBJ)
    settings = saved("flashjig leftover", "802-11-wireless")
    settings["connection"]["uuid"] = dbus.String(uuid)
    profile = add_profile(manager, settings, 1)
    device = f"{ROOT}/Devices/wlan1"
    add_active(manager, profile, device, "/", 2)
    device_state(device, nm.DeviceState.ACTIVATED, 0)


@dbus.service.method(MOCK_IFACE, in_signature="", out_signature="s")
def AirTold(_self):
    """What is on each device and what is saved, as text; and, apart, what was asked."""
    lines = []
    for device in get(nm.MANAGER_OBJ, MANAGER, "Devices"):
        on = get(device, DEVICE, "ActiveConnection")
        name = "nothing" if on == "/" else get(on, ACTIVE, "Uuid")
        lines.append(f"{get(device, DEVICE, 'Interface')}: {name}, state {int(get(device, DEVICE, 'State'))}")
    names = [str(dbusmock.get_object(path).settings["connection"]["uuid"])
             for path in get(nm.SETTINGS_OBJ, nm.SETTINGS_IFACE, "Connections")]
    return "\n".join(lines + sorted(names))


@dbus.service.method(MOCK_IFACE, in_signature="", out_signature="s")
def AirOwn(_self):
    """Settings of the connection that is on wlan1, as JSON; empty: none is."""
    on = get(f"{ROOT}/Devices/wlan1", DEVICE, "ActiveConnection")
    if on == "/":
        return ""
    settings = dbusmock.get_object(get(on, ACTIVE, "Connection")).settings
    return json.dumps({section: {str(key): str(value) for key, value in keys.items()} for section, keys in settings.items()})


def saved(name, kind):
    return dbus.Dictionary({
        "connection": dbus.Dictionary({
            "id": dbus.String(name), "uuid": dbus.String(f"uuid-of-{name}"), "type": dbus.String(kind),
        }, signature="sv"),
    }, signature="sa{sv}")


def load(mock, parameters):
    nm.load(mock, parameters)
    manager = dbusmock.get_object(nm.MANAGER_OBJ)
    manager.deactivate_connection, manager.permissions = deactivate, permissions
    manager.AddMethod(MANAGER, "GetPermissions", "", "a{ss}", "ret = self.permissions()")
    manager.AddEthernetDevice("eth0", "eth0", nm.DeviceState.ACTIVATED)
    manager.AddEthernetDevice("docker0", "docker0", nm.DeviceState.ACTIVATED)
    for name, state in (("wlan0", nm.DeviceState.ACTIVATED), ("wlan1", nm.DeviceState.DISCONNECTED)):
        path = manager.AddWiFiDevice(name, name, state)
        device = dbusmock.get_object(path)
        device.request_scan = request_scan
        device.AddMethod(WIRELESS, "RequestScan", "a{sv}", "", "self.request_scan(self, args[0])")
        device.AddProperties(WIRELESS, {"LastScan": dbus.Int64(-1)})
    for name, kind, flags in (("wired", "802-3-ethernet", 0), ("home", "802-11-wireless", 0), ("docker0", "bridge", 0x80)):
        profile = add_profile(manager, saved(name, kind), 2 if flags else 0)
        device = {"wired": "eth0", "home": "wlan0"}.get(name, name)
        add_active(manager, profile, f"{ROOT}/Devices/{device}", "/", 2, flags)
