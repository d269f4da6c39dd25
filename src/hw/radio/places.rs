//! Files of the kernel that tell of routes and radios.

use std::path::PathBuf;

/// What tells of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Its routes.
    pub routes: PathBuf,
    /// Those of IPv6.
    pub routes6: PathBuf,
    /// The country whose rules its radios follow.
    pub country: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            routes: "/proc/net/route".into(),
            routes6: "/proc/net/ipv6_route".into(),
            country: "/sys/module/cfg80211/parameters/ieee80211_regdom".into(),
        }
    }
}
