//! A Wi-Fi device of the station, and whether it may be lent to a plug: never one that the station itself needs.

use super::routes::Route;

/// What a device is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Use {
    /// NetworkManager leaves it alone.
    Unmanaged,
    /// NetworkManager can't use it: no firmware, no supplicant, or its radio is off.
    Unavailable,
    /// Nothing is on it.
    Free,
    /// A connection is on it, or comes or goes.
    Busy {
        /// Its name.
        connection: String,
    },
}

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Its interface, such as `wlan1`.
    pub interface: String,
    /// Whether it is a Wi-Fi device.
    pub is_wifi: bool,
    /// Whether it is an access point itself.
    pub is_access_point: bool,
    /// What it is at.
    pub at: Use,
}

/// A saved connection that NetworkManager brings up by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// The interface that it is bound to; `None`: any Wi-Fi device will do.
    pub interface: Option<String>,
}

/// What is known of the station's network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Station {
    /// Its network devices.
    pub devices: Vec<Device>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Saved Wi-Fi connections that come up by themselves.
    pub profiles: Vec<Profile>,
    /// A switch of the case, or the firmware, holds Wi-Fi off.
    pub is_off_in_hardware: bool,
    /// Software holds Wi-Fi off.
    pub is_off_in_software: bool,
    /// The country whose rules the radios follow, two letters; `None`: none was ever set.
    pub country: Option<String>,
    /// What this user may not do, by the names of polkit's actions.
    pub rights_missing: Vec<String>,
}

/// Why a radio is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The configuration names none.
    #[error("the configuration lends no radio")]
    NotNamed,
    /// There is no such device.
    #[error("there is no such device; this station has {there}")]
    Missing {
        /// The Wi-Fi devices that there are.
        there: String,
    },
    /// It is something else.
    #[error("it is no Wi-Fi device")]
    NotWifi,
    /// It carries the station's way into its network.
    #[error("it carries {route} of the station itself")]
    Needed {
        /// What would be cut.
        route: Route,
    },
    /// The station has a network of the plug's addresses.
    #[error("a plug's access point is 192.168.4.1/24, and the station itself needs {route}")]
    Range {
        /// The route that would be hidden.
        route: Route,
    },
    /// It is left alone.
    #[error("NetworkManager does not manage it")]
    Unmanaged,
    /// A switch holds it off.
    #[error("a switch of this computer holds Wi-Fi off")]
    SwitchedOff,
    /// Software holds it off.
    #[error("Wi-Fi is switched off")]
    Off,
    /// No country.
    #[error("no country is set, whose rules a radio must follow")]
    NoCountry,
    /// This user may not.
    #[error("NetworkManager does not allow this user {right}")]
    NotAllowed {
        /// The first right that is missing.
        right: String,
    },
    /// It can't be used now.
    #[error("NetworkManager can't use it now: its driver, its firmware or wpa_supplicant is missing")]
    Unavailable,
    /// It is an access point.
    #[error("it is an access point of the station itself")]
    AccessPoint,
    /// A connection is on it.
    #[error("the connection {connection} of the station is on it")]
    Busy {
        /// Its name.
        connection: String,
    },
    /// A saved connection is meant for it.
    #[error("the saved connection {profile} is meant for it and comes up by itself")]
    Meant {
        /// Its name.
        profile: String,
    },
    /// The station has no way into its network, and this radio may become it.
    #[error(
        "the station has no way into its network now, and the saved connection {profile} may need this radio for it"
    )]
    OnlyWay {
        /// Its name.
        profile: String,
    },
}

impl Refusal {
    /// What to do.
    pub fn remedy(&self, interface: &str) -> String {
        match self {
            Self::NotNamed => {
                "plug in a second Wi-Fi adapter and write its name into the configuration: [air] interface \
                               = \"wlan1\""
                    .into()
            }
            Self::Missing { .. } => "write one of these into [air] interface, or plug the adapter in".into(),
            Self::NotWifi => "write a Wi-Fi adapter into [air] interface; nmcli device lists them".into(),
            Self::Needed { .. } | Self::AccessPoint => {
                "a radio that the station needs is never lent: use a second Wi-Fi adapter".into()
            }
            Self::Range { .. } => "give that network other addresses, or leave \"air\" out of the recipe".into(),
            Self::Unmanaged => format!("sudo nmcli device set {interface} managed yes"),
            Self::SwitchedOff => "switch Wi-Fi on at the computer; rfkill list tells which switch it is".into(),
            Self::Off => "sudo nmcli radio wifi on".into(),
            Self::NoCountry => {
                "sudo raspi-config nonint do_wifi_country GB, with your own country; elsewhere the kernel \
                                takes cfg80211.ieee80211_regdom=GB"
                    .into()
            }
            Self::NotAllowed { .. } => "install polkit's rule: sudo cp systemd/polkit/50-flashjig.rules \
                                        /usr/share/polkit-1/rules.d/"
                .into(),
            Self::Unavailable => format!("nmcli device show {interface} and dmesg tell more"),
            Self::Busy { .. } => "a radio that the station uses is never lent: use a second Wi-Fi adapter".into(),
            Self::Meant { profile } | Self::OnlyWay { profile } => {
                format!(
                    "use a second Wi-Fi adapter, or: sudo nmcli connection modify {profile:?} connection.autoconnect no"
                )
            }
        }
    }
}

impl Station {
    /// Whether this radio may be lent now. The first reason against it is given; what the station needs comes before what
    /// could be mended.
    pub fn may_lend(&self, interface: Option<&str>) -> Result<(), Refusal> {
        let interface = interface.ok_or(Refusal::NotNamed)?;
        let device = self.devices.iter().find(|device| device.interface == interface);
        let device = device.ok_or_else(|| Refusal::Missing { there: self.wifi() })?;
        if !device.is_wifi {
            return Err(Refusal::NotWifi);
        }
        let own = |route: &&Route| route.interface == interface;
        if let Some(route) = self.routes.iter().filter(own).find(|route| route.is_world()) {
            return Err(Refusal::Needed { route: route.clone() });
        }
        if device.is_access_point {
            return Err(Refusal::AccessPoint);
        }
        if let Some(route) = self.routes.iter().find(|route| !own(route) && route.meets_plug()) {
            return Err(Refusal::Range { route: route.clone() });
        }
        if self.is_off_in_hardware {
            return Err(Refusal::SwitchedOff);
        }
        // a Raspberry Pi without a country holds its radio off for that reason alone
        if self.country.is_none() {
            return Err(Refusal::NoCountry);
        }
        if self.is_off_in_software {
            return Err(Refusal::Off);
        }
        if let Some(right) = self.rights_missing.first() {
            return Err(Refusal::NotAllowed { right: right.clone() });
        }
        match &device.at {
            Use::Unmanaged => return Err(Refusal::Unmanaged),
            Use::Unavailable => return Err(Refusal::Unavailable),
            Use::Busy { connection } => return Err(Refusal::Busy { connection: connection.clone() }),
            Use::Free => {}
        }
        if let Some(profile) = self.profiles.iter().find(|profile| profile.interface.as_deref() == Some(interface)) {
            return Err(Refusal::Meant { profile: profile.name.clone() });
        }
        let has_way = self.routes.iter().any(Route::is_world);
        match self.profiles.iter().find(|profile| profile.interface.is_none()) {
            Some(profile) if !has_way => Err(Refusal::OnlyWay { profile: profile.name.clone() }),
            _ => Ok(()),
        }
    }

    fn wifi(&self) -> String {
        let names: Vec<&str> = self.devices.iter().filter(|it| it.is_wifi).map(|it| it.interface.as_str()).collect();
        if names.is_empty() { "no Wi-Fi device".into() } else { names.join(", ") }
    }
}

/// The country of `/sys/module/cfg80211/parameters/ieee80211_regdom`: "00" is the world's, which nobody chose.
pub fn country(parameter: &str) -> Option<String> {
    let letters = parameter.trim();
    (letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_uppercase())).then(|| letters.to_owned())
}

#[cfg(test)]
mod tests;
