//! Which of the vendor's keys names which pin, and what that pin becomes: rows of data, each with its evidence.
//!
//! Sources: APP = openshwprojects/OpenBK7231T_App 1.18.299, WEB = OpenBekenIOT/webapp (`devices.json`: templates that
//! were tried on hardware, and copies of the importer's output), UPK = libretiny-eu/upk2esphome, CC = 499 settings of
//! Beken units in tuya-cloudcutter. Both public importers ignore the active levels; relays, coils and PWM follow theirs
//! here always, LEDs when the recipe asks for it. What one row can't say has its own file: coils, curtains, lamps, chips
//! of LEDs.

use super::claim::Family::{self, Button, Input, Led, Meter, NetLed, Power, Strip, Supply};
use super::claim::Sure::{self, Certain, Likely};

/// Which role a key gives.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    /// Always this one; an empty name: the part is known, the firmware has no role for it.
    One(&'static str),
    /// By the active level: the level's key, the role at 1 and without a level, the role at 0.
    Level(&'static str, &'static str, &'static str),
    /// As the public importer has it; with levels asked for, the role at 1 and at 0 of the level's key.
    Shown(&'static str, &'static str, &'static str, &'static str),
}

/// Where a pin's channel comes from.
#[derive(Clone, Copy)]
pub(super) enum Channel {
    /// The number in the key.
    Number,
    /// That much above the number in the key.
    Above(u8),
    /// Always this one.
    Fixed(u8),
}

/// In which units a row holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// In all.
    Always,
    /// With `cmod`, colours or a chip of LEDs.
    Lamp,
    /// In all others.
    NoLamp,
    /// One relay, and its switch is a rocker.
    OneRocker,
    /// No lamp, and not that.
    ManyOrNone,
    /// The meter counts pulses: `chip_type` 0, 1 or none.
    Pulses,
    /// The remote control's function is not switched off: `irfunc`.
    Infrared,
    /// The radio is not deselected: `remote_select`.
    Radio,
    /// A relay or coil is there.
    Relay,
    /// None is.
    NoRelay,
    /// It runs from a battery: `samp_pin`.
    Battery,
    /// It does not.
    Mains,
    /// `s_type` 0.
    Sht3x,
    /// `s_type` 1.
    Cht83xx,
}

/// A row of the mapping; `#` in a key stands for digits.
pub(super) struct Row {
    pub(super) key: &'static str,
    pub(super) family: Family,
    pub(super) shape: Shape,
    pub(super) channel: Channel,
    pub(super) when: When,
    pub(super) sure: Sure,
}

const fn row(key: &'static str, family: Family, shape: Shape, channel: Channel, when: When, sure: Sure) -> Row {
    Row { key, family, shape, channel, when, sure }
}

use Channel::{Above, Fixed, Number};
use Shape::{Level, One, Shown};
use When::{
    Always, Battery, Cht83xx, Infrared, Lamp, Mains, ManyOrNone, NoLamp, NoRelay, OneRocker, Pulses, Radio, Relay,
    Sht3x,
};

/// Channel of the backlight: its own, or it would follow a relay.
const BACKLIGHT: u8 = 20;
/// Channels of sensors lie above those of relays: an input writes its channel, so it would move a relay that shares it
/// (APP `PIN_ticks`).
const SENSORS: u8 = 10;

/// All rows.
#[rustfmt::skip]
pub(super) static ROWS: &[Row] = &[
    // 72 of 72 relay pins of 100 matched units. Level 0: the template of the strip SM-SO301K has Rel_n where the settings of
    // Xenon PA301 say 0 (WEB, CC); UPK inverts too.
    row("rl#_pin", Power, Level("rl#_lv", "Rel", "Rel_n"), Number, NoLamp, Certain),
    // On a channel of the lamp the relay would follow a colour.
    row("rl#_pin", Power, Level("rl#_lv", "Rel", "Rel_n"), Above(10), Lamp, Likely),
    row("relay_pin", Power, Level("relay_lv", "Rel", "Rel_n"), Fixed(10), Always, Likely),
    // Dialect of the firmware `switch1-gesture` for BK7231N, two units in CC.
    row("rlypin", Power, Level("rlylv", "Rel", "Rel_n"), Fixed(1), NoLamp, Likely),
    row("rlypin#", Power, Level("rlylv#", "Rel", "Rel_n"), Number, NoLamp, Likely),
    row("rlypin", Power, Level("rlylv", "Rel", "Rel_n"), Fixed(11), Lamp, Likely),
    row("rlypin#", Power, Level("rlylv#", "Rel", "Rel_n"), Above(10), Lamp, Likely),

    // 33 of 36 pins, the others are other hardware. All 49 units in CC have the three of them and SEL at level 1: high
    // selects the voltage (APP, three drivers of the vendor). Level 0 was never seen.
    row("ele_pin", Meter, One("BL0937CF"), Fixed(0), Pulses, Certain),
    row("vi_pin", Meter, One("BL0937CF1"), Fixed(0), Pulses, Certain),
    row("sel_pin_pin", Meter, Level("sel_pin_lv", "BL0937SEL", "BL0937SEL_n"), Fixed(0), Pulses, Certain),

    // LSC 3206306, AM-RGB-LB-5, ST-LR4311 (WEB).
    row("mosi", Strip, One("SM16703P_DIN"), Fixed(0), Always, Likely),

    // 56 of 76 pins equal, 8 on another channel. Level 1 would mean active high (UPK), but the templates of both such
    // switches (SmartLED 8044, 8046) and of the hub NAS-IR02W6 say Btn.
    row("bt#_pin", Button, One("Btn"), Number, Always, Certain),
    // 7 of 9 equal, 2 with another channel.
    row("onoff#", Button, One("TglChanOnTgl"), Number, Always, Certain),
    // With one relay both are the same to the user. Of the rocker modules with radio the template of BSEED W601 has Btn, that
    // of WIFI+RF433 Btn_Tgl_All; 14 matched units: 9 the one, 5 the other.
    row("total_bt_pin", Button, One("Btn"), Fixed(1), OneRocker, Certain),
    row("total_bt_pin", Button, One("Btn_Tgl_All"), Fixed(0), ManyOrNone, Certain),
    // Btn_Tgl_All walks the channels of relays and bridges only, so it does nothing in a lamp (APP
    // `CHANNEL_DoSpecialToggleAll`). Btn_SmartLED: click on and off, hold dims, double click colour.
    row("total_bt_pin", Button, One("Btn_SmartLED"), Fixed(0), Lamp, Likely),
    row("key_pin", Button, One("Btn_SmartLED"), Fixed(0), Lamp, Certain),
    row("key1_pin", Button, One("Btn_SmartLED"), Fixed(0), Lamp, Certain),
    row("key_pin", Button, One("Btn_Tgl_All"), Fixed(0), NoLamp, Certain),
    row("key1_pin", Button, One("Btn_Tgl_All"), Fixed(0), NoLamp, Likely),
    // Keys for colour, mode and speed of light bars (AM-RGB-LB-5, SNDI-57): each needs a script.
    row("k#pin_pin", Button, One("Btn_ScriptOnly"), Number, Always, Likely),
    row("btpin", Button, One("Btn"), Fixed(1), Always, Likely),
    row("btpin#", Button, One("Btn"), Number, Always, Likely),
    // The button of an IR hub or a sensor. Beside a relay's own button it must not switch the relay.
    row("reset_pin", Button, One("Btn"), Fixed(1), NoRelay, Likely),
    row("reset_pin", Button, One("Btn"), Fixed(0), Relay, Likely),
    row("bt_pin", Button, One("Btn"), Fixed(1), Always, Likely),
    row("bt", Button, One("Btn"), Fixed(1), Always, Likely),
    // A curtain's (Moes): no role resets, and an output on its pin would be shorted by the button.
    row("reset_bt_pin", Button, One(""), Fixed(0), Always, Likely),

    // The level is the vendor's meaning (UPK); templates do not decide, where the wiring is equal they copy the importer.
    row("led#_pin", Led, Shown("led#_lv", "LED", "LED", "LED_n"), Number, Always, Likely),
    row("ledpin", Led, Shown("ledlv", "LED", "LED", "LED_n"), Fixed(1), Always, Likely),
    // Lit with any relay; the template of SM-SO301K gives it an own relay channel.
    row("total_led_pin", Led, Shown("total_led_lv", "LED", "LED", "LED_n"), Fixed(1), Always, Likely),
    row("backlit_io_pin", Led, Shown("backlit_io_lv", "LED", "LED", "LED_n"), Fixed(BACKLIGHT), Always, Likely),
    row("netled_pin", NetLed, Shown("netled_lv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),
    row("netled#_pin", NetLed, Shown("netled#_lv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),
    row("netledpin", NetLed, Shown("netledlv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),
    row("wfst_pin", NetLed, Shown("wfst_lv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),
    row("status_led_pin", NetLed, Shown("status_led_lv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),
    row("net_led_pin", NetLed, Shown("net_led_lv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),
    // A lamp's own LED (Lexi APT01); what it shows is not known.
    row("led_pin", NetLed, Shown("led_lv", "WifiLED_n", "WifiLED", "WifiLED_n"), Fixed(0), Always, Likely),

    // Templates of IR hubs; the driver starts by its roles.
    row("infrr", Input, One("IRRecv"), Fixed(0), Always, Certain),
    row("irpin", Input, One("IRRecv"), Fixed(0), Always, Certain),
    row("infre", Input, One("IRSend"), Fixed(0), Always, Certain),
    // In lamps (Globo 41386, LSC 3000342): `irfunc` is 1 in 29 units and 0 in 33.
    row("ir", Input, One("IRRecv"), Fixed(0), Infrared, Likely),
    // Template WIFI+RF433 (WEB); only startDriver RC starts it (APP).
    row("remote_io", Input, One("RCRecv"), Fixed(0), Radio, Certain),
    // Athom's template has the door's magnet on another channel than the relay.
    row("door#_magt_pin", Input, One("dInput"), Above(SENSORS), Always, Certain),
    row("gate_sensor_pin_pin", Input, One("dInput"), Fixed(SENSORS), Always, Certain),
    // Treatlife SS02 (WEB): the second wall switch; a script toggles the relay.
    row("i_dctr#_pin", Input, One("dInput_n"), Above(20), Always, Likely),
    // TYTE-D1 (WEB).
    row("one_wire_pin", Input, One("DS1820_IO"), Fixed(17), Always, Certain),
    // The PIR driver is in no Beken build.
    row("pir_pin", Input, One("dInput"), Fixed(15), Always, Likely),
    row("pirin_pin", Input, One("dInput"), Fixed(15), Always, Likely),
    // ADC-capable (P23) in light bars.
    row("micpin", Input, One("ADC"), Fixed(19), Always, Likely),
    row("mic", Input, One("ADC"), Fixed(19), Always, Likely),
    // Battery sensors: TH01, 19JWT, AW301, DY-SQ400B (WEB). Whether there is a pull-up differs from product to product.
    row("samp_pin", Input, One("BAT_ADC"), Fixed(0), Always, Likely),
    row("samp_sw_pin", Input, Level("samp_sw_lv", "BAT_Relay", "BAT_Relay_n"), Fixed(0), Always, Likely),
    row("basic_pin_pin", Input, One("DoorSnsrWSleep"), Fixed(16), Battery, Likely),
    row("basic_pin_pin", Input, One("dInput"), Fixed(16), Mains, Likely),
    row("bz_pin_pin", Input, One("PWM"), Fixed(14), Battery, Likely),
    row("i2c_sda_pin", Input, One("SHT3X_SDA"), Fixed(17), Sht3x, Likely),
    row("i2c_scl_pin", Input, One("SHT3X_SCK"), Fixed(17), Sht3x, Likely),
    row("i2c_sda_pin", Input, One("CHT83XX_SDA"), Fixed(17), Cht83xx, Likely),
    row("i2c_scl_pin", Input, One("CHT83XX_SCK"), Fixed(17), Cht83xx, Likely),

    // Switches the supply of a lamp's LEDs (13 units in CC, the projector NX-SK20 among them).
    row("ctrl_pin", Supply, Level("ctrl_lv", "AlwaysHigh", "AlwaysLow"), Fixed(0), Always, Likely),
    row("expowctrl_pin", Supply, Level("expowctrl_lv", "AlwaysHigh", "AlwaysLow"), Fixed(0), Always, Likely),
];

/// Keys that look like pins and are none that matter: test points, and a buzzer of the dialect with `btpin`.
pub(super) const DROPPED: [&str; 2] = ["ledtestpin", "bzpin"];

/// Pins of parts that the unit is there for and that no row maps: a pattern and what it is.
pub(super) const ACTORS: &[(&str, &str)] = &[
    ("buzzer_io", "buzzer"),
    ("buzzer_pin", "buzzer"),
    ("buzzer_pin_pin", "buzzer"),
    ("buzz_pin", "buzzer"),
    ("bz_pin", "buzzer"),
    ("bz_pin_pin", "buzzer"),
    ("siren_pin", "siren"),
    ("siren_pin_pin", "siren"),
    ("alarm_pin", "alarm"),
    ("alarm#_pin", "alarm"),
    ("alarm_pin_pin", "alarm"),
    ("motor_pin", "motor"),
    ("motor#_pin", "motor"),
    // Projectors.
    ("m_pin", "motor"),
    ("laser_pin", "laser"),
    ("l_pin", "laser"),
    ("sense_pin", "sensor"),
    ("p_type_pin", "sensor's kind"),
    ("red_pin", "red"),
    ("green_pin", "green"),
    ("blue_pin", "blue"),
    ("firstpin_pin", "first output"),
    ("secpin_pin", "second output"),
];

/// Inputs that are mapped and do nothing without a script.
pub(super) const MOTION: [&str; 2] = ["pir_pin", "pirin_pin"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::openbeken::roles::Role;

    #[test]
    fn every_role_of_the_table_exists() {
        for row in ROWS {
            let names = match row.shape {
                One("") => vec![],
                One(role) => vec![role],
                Level(_, high, low) => vec![high, low],
                Shown(_, plain, high, low) => vec![plain, high, low],
            };
            assert!(names.iter().all(|name| Role::parse(name).is_some()), "{}", row.key);
        }
    }

    #[test]
    fn no_input_shares_a_channel_with_what_it_would_move() {
        for row in ROWS
            .iter()
            .filter(|row| row.family == Input && matches!(row.shape, One(name) if name.starts_with("dInput")))
        {
            let channel = match row.channel {
                Number => 0,
                Above(base) | Fixed(base) => base,
            };
            assert!(channel >= SENSORS, "{}", row.key);
        }
    }
}
