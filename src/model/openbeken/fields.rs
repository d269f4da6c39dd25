//! Every field of the configuration, by offset: group D, that is BK7231T, N, M, U and BK7238.
//!
//! Source: openshwprojects/OpenBK7231T_App, `new_cfg.h`/`new_common.h`, checked against BK7231GUIFlashTool's
//! `OBKConfig.cs`. That tool puts the second Wi-Fi password where the firmware has the web password; the firmware's
//! own place is used here.

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text that ends with a NUL.
    Text,
    /// Text that is a credential.
    Secret,
    /// A little-endian integer of the field's size, or several bytes that are read as one.
    Number,
    /// Bytes, one for each pin or channel.
    Bytes,
    /// Little-endian 16-bit numbers.
    Halves,
    /// Little-endian 32-bit floats.
    Floats,
    /// Alignment or reserved: zero, and not compared.
    Unused,
}

/// A field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The firmware's name.
    pub name: &'static str,
    /// Offset in bytes.
    pub at: usize,
    /// Size in bytes.
    pub size: usize,
    /// What it holds.
    pub kind: Kind,
}

/// Size of the configuration, versions 4 and 5.
pub const SIZE: usize = 0xE00;
/// Size of version 3.
pub const SIZE_V3: usize = 2016;

macro_rules! fields {
    ($($id:ident $name:literal $at:literal $size:literal $kind:ident;)*) => {
        $(
            #[doc = concat!("`", $name, "` at ", stringify!($at), ".")]
            pub const $id: Field = Field { name: $name, at: $at, size: $size, kind: Kind::$kind };
        )*
        /// All fields, in order, without a gap.
        pub const ALL: &[Field] = &[$($id),*];
    };
}

fields! {
    IDENT "ident" 0x000 3 Text;
    CHECKSUM "checksum" 0x003 1 Number;
    VERSION "version" 0x004 4 Number;
    FLAGS "flags" 0x008 8 Number;
    CHANGE_COUNTER "changeCounter" 0x010 2 Number;
    OTA_COUNTER "otaCounter" 0x012 2 Number;
    WIFI_SSID "wifi_ssid" 0x014 64 Text;
    WIFI_PASS "wifi_pass" 0x054 64 Secret;
    MQTT_HOST "mqtt_host" 0x094 256 Text;
    MQTT_CLIENT "mqtt_clientId" 0x194 64 Text;
    MQTT_USER "mqtt_userName" 0x1D4 64 Text;
    MQTT_PASS "mqtt_pass" 0x214 128 Secret;
    MQTT_PORT "mqtt_port" 0x294 4 Number;
    WEBAPP_ROOT "webappRoot" 0x298 64 Text;
    MAC "mac" 0x2D8 6 Bytes;
    SHORT_NAME "shortDeviceName" 0x2DE 32 Text;
    LONG_NAME "longDeviceName" 0x2FE 64 Text;
    ROLES "pin roles" 0x33E 32 Bytes;
    CHANNELS "pin channels" 0x35E 32 Bytes;
    CHANNELS2 "pin channels2" 0x37E 32 Bytes;
    CHANNEL_TYPES "channel types" 0x39E 64 Bytes;
    START_VALUES "startChannelValues" 0x3DE 128 Halves;
    LOG2LFS "log2lfs" 0x45E 1 Number;
    FILL_45F "fill" 0x45F 1 Unused;
    DGR_SEND "dgr_sendFlags" 0x460 4 Number;
    DGR_RECV "dgr_recvFlags" 0x464 4 Number;
    DGR_NAME "dgr_name" 0x468 16 Text;
    NTP_SERVER "ntpServer" 0x478 32 Text;
    CALIBRATION "calibration" 0x498 32 Floats;
    BUTTON_SHORT "buttonShortPress" 0x4B8 1 Number;
    BUTTON_LONG "buttonLongPress" 0x4B9 1 Number;
    BUTTON_REPEAT "buttonHoldRepeat" 0x4BA 1 Number;
    FILL_4BB "fill" 0x4BB 1 Unused;
    LFS_SIZE "LFS_Size" 0x4BC 4 Number;
    LOGGER_FLAGS "loggerFlags" 0x4C0 4 Number;
    UNUSED_4C4 "unused" 0x4C4 99 Unused;
    STATIC_IP "static IP, mask, gateway, DNS" 0x527 16 Bytes;
    LED_MAP "LED remap" 0x537 5 Bytes;
    LED_CORRECTION "LED correction" 0x53C 24 Floats;
    MQTT_GROUP "mqtt_group" 0x554 64 Text;
    FILL_594 "fill" 0x594 3 Unused;
    BOOT_GOOD "seconds to mark boot good" 0x597 1 Number;
    PING_INTERVAL "ping_interval" 0x598 4 Number;
    PING_SECONDS "ping_seconds" 0x59C 4 Number;
    PING_HOST "ping_host" 0x5A0 64 Text;
    STARTUP "startup command" 0x5E0 1568 Text;
    WIFI_SSID2 "wifi_ssid2" 0xC00 64 Text;
    WIFI_PASS2 "wifi_pass2" 0xC40 68 Secret;
    WEB_PASS "webPassword" 0xC84 33 Secret;
    MQTT_TLS "mqtt_use_tls" 0xCA5 1 Number;
    MQTT_VERIFY "mqtt_verify_tls_cert" 0xCA6 1 Number;
    MQTT_CERT "mqtt_cert_file" 0xCA7 20 Text;
    NO_WEB "disable_web_server" 0xCBB 1 Number;
    UNUSED_CBC "unused" 0xCBC 324 Unused;
}

impl Field {
    /// One past its last byte.
    pub fn end(self) -> usize {
        self.at + self.size
    }

    /// Most bytes of a text: one is left for its NUL. The first Wi-Fi password alone may fill its field; the firmware
    /// takes 64 hex digits there.
    pub fn longest(self) -> usize {
        if self.at == WIFI_PASS.at { self.size } else { self.size.saturating_sub(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_cover_the_configuration_without_a_gap() {
        let mut at = 0;
        for field in ALL {
            assert_eq!(field.at, at, "{}", field.name);
            at = field.end();
        }
        assert_eq!(at, SIZE);
    }

    #[test]
    fn sizes_fit_their_kinds() {
        for field in ALL {
            match field.kind {
                Kind::Number => assert!(matches!(field.size, 1 | 2 | 4 | 8), "{}", field.name),
                Kind::Halves => assert!(field.size % 2 == 0),
                Kind::Floats => assert!(field.size % 4 == 0),
                _ => {}
            }
        }
    }
}
