//! Energy meters, by the vendor's `chip_type`.
//!
//! 0 BL0937 and 1 HLW8012 count pulses on three pins; 2 HLW8032 and 3 BL0942 talk over UART1, so that no pin tells of them
//! and a command must start their driver. Evidence for 3: all five matched units (LoraTap SP800WJ, Nedis WIFIP110FWT,
//! LSPA7, RR620W, WBP-1G) start BL0942, with or without `ele_rx`. For 2: the templates of DETA 6294HA and 6920HA start
//! CSE7766, which speaks the HLW8032's protocol.

use crate::model::openbeken::settings::Settings;

/// The meter of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Meter {
    /// Nothing tells of one.
    #[default]
    None,
    /// Counts pulses.
    Pulses,
    /// Talks; the driver's name.
    Serial {
        /// Which driver.
        driver: &'static str,
        /// Whether it hangs on UART2 (P1, P0) in place of UART1 (P10, P11).
        second: bool,
    },
    /// A chip, or a pair of lines, that nobody knows.
    Unknown,
}

/// Keys that only units with a meter have.
const SIGNS: [&str; 2] = ["over_cur", "lose_vol"];

/// Which meter the settings tell of.
pub(super) fn find(settings: Settings<'_>) -> Meter {
    let lines = (settings.pin("ele_rx"), settings.pin("ele_tx"));
    let serial = |driver| match lines {
        (None | Some(10), None | Some(11)) => Meter::Serial { driver, second: false },
        (Some(1), Some(0)) => Meter::Serial { driver, second: true },
        _ => Meter::Unknown,
    };
    let has_pulses = ["ele_pin", "vi_pin", "sel_pin_pin"].iter().any(|key| settings.pin(key).is_some());
    // -1 and 255 are "not fitted" here too
    let kind = settings.number("chip_type").filter(|kind| (0..255).contains(kind));
    match kind {
        Some(0 | 1) => Meter::Pulses,
        Some(2) => serial("CSE7766"),
        Some(3) => serial("BL0942"),
        Some(_) => Meter::Unknown,
        None if has_pulses => Meter::Pulses,
        None if lines.0.is_some() => serial("BL0942"),
        None if !signs(settings).is_empty() => Meter::Unknown,
        None => Meter::None,
    }
}

/// Keys that say that there is a meter, without saying which. A function that is switched off says nothing.
pub(super) fn signs(settings: Settings<'_>) -> Vec<&str> {
    let is_sign = |key: &&str| {
        SIGNS.contains(key) || (key.starts_with("ele_") && (*key != "ele_fun_en" || settings.number(key) != Some(0)))
    };
    settings.keys().filter(is_sign).collect()
}
