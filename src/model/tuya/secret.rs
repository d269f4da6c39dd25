//! What must not be shown by accident, and the table of what may be shown of a stock dump.

/// A credential, or a value that may hold one. `Debug` tells its length only; whoever needs the content asks for it by
/// name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Wraps bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The content. Whatever is made of it must be masked again before it is shown.
    pub fn reveal(&self) -> &[u8] {
        &self.0
    }

    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Who may see a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Everybody: it says what the device is, not whose.
    Free,
    /// Who asks for it: it identifies the unit or its owner.
    Hidden,
    /// Not in the table: name and length only, unless asked.
    Unknown,
    /// A credential: present or absent, and its length, unless asked.
    Redacted,
}

/// Field names that are credentials in whatever value they turn up.
const CREDENTIALS: [&str; 17] = [
    "uuid",
    "auth_key",
    "psk_key",
    "ap_passwd",
    "ssid",
    "passwd",
    "password",
    "pwd",
    "token",
    "reg_key",
    "seckey",
    "lckey",
    "localkey",
    "local_key",
    "psk21_key",
    "wx_app_id",
    "wx_uuid",
];

/// The class of a whole value, when its fields have none of their own.
fn of_key(key: &str) -> Class {
    match key {
        "user_param_key" | "baud_cfg" | "uart_adapt_params" | "em_sys_env" | "wf_start_md" | "is_stride"
        | "tls_ca_cnt" | "mf_test_close" => Class::Free,
        "timer_arr" | "astro_timer" | "voice_ctrl_enc" | "trace_time_save" | "save_off_stat" | "inch_time_key" => {
            Class::Hidden
        }
        "ble_beaconkey" | "tuya_seed" => Class::Redacted,
        _ if is_schema(key) => Class::Free,
        _ => Class::Unknown,
    }
}

/// Names of data-point schemas are ten lower-case letters and digits that begin with a digit, such as `000004w0oh`.
fn is_schema(key: &str) -> bool {
    key.len() == 10
        && key.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_lowercase())
        && key.bytes().next().is_some_and(|b| b.is_ascii_digit())
}

/// The class of the field `path` (outermost name first, indices left out) of the value named `key`; an empty path is
/// the value itself.
pub fn class(key: &str, path: &[&str]) -> Class {
    let key = key.to_ascii_lowercase();
    let whole = of_key(&key);
    path.iter()
        .map(|field| of_field(&key, whole, &field.to_ascii_lowercase()))
        .fold(if path.is_empty() { whole } else { Class::Free }, Class::max)
}

fn of_field(key: &str, whole: Class, field: &str) -> Class {
    if CREDENTIALS.contains(&field) {
        return Class::Redacted;
    }
    match (key, field) {
        ("gw_di", "id") | ("gw_ai", "key") => Class::Redacted,
        ("gw_bi", "fac_pin" | "bt_mac" | "bt_hid")
        | ("gw_di", "pk" | "firmk")
        | ("gw_wsm", "region")
        | ("gw_ai", "h_url" | "h_ip" | "time_z" | "s_time_z") => Class::Hidden,
        ("gw_ai", _) if ["mq_", "hs_", "lp_"].iter().any(|prefix| field.starts_with(prefix)) => Class::Hidden,
        ("gw_bi", "ap_ssid" | "country_code" | "prod_test")
        | ("gw_di", "swv" | "bv" | "pv" | "lpv" | "cadv" | "cdv" | "dev_swv" | "s_id")
        | ("gw_wsm", "stat" | "nc_tp" | "md" | "dns_prio" | "wfb64" | "random") => Class::Free,
        _ => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_redacted_wherever_they_turn_up() {
        for (key, path) in [
            ("gw_wsm", &["ssid"][..]),
            ("gw_wsm", &["PASSWD"]),
            ("gw_bi", &["auth_key"]),
            ("gw_di", &["id"]),
            ("gw_ai", &["key"]),
            ("gw_ai", &["lckey"]),
            ("user_param_key", &["net", "Passwd"]),
            ("user_param_key", &["uuid", "anything"]),
            ("tuya_seed", &[]),
            ("never_heard_of", &["ssid"]),
        ] {
            assert_eq!(class(key, path), Class::Redacted, "{key} {path:?}");
        }
    }

    #[test]
    fn what_is_not_in_the_table_is_not_shown() {
        assert_eq!(class("never_heard_of", &[]), Class::Unknown);
        assert_eq!(class("gw_bi", &["new_field"]), Class::Unknown);
        assert_eq!(class("gw_ai", &["mq_url"]), Class::Hidden);
        assert_eq!(class("timer_arr", &["on"]), Class::Hidden);
    }

    #[test]
    fn pins_versions_and_schemas_are_free() {
        assert_eq!(class("user_param_key", &["rl1_pin"]), Class::Free);
        assert_eq!(class("gw_di", &["swv"]), Class::Free);
        assert_eq!(class("000004w0oh", &["id"]), Class::Free);
    }

    #[test]
    fn debug_tells_the_length_only() {
        assert_eq!(format!("{:?}", Secret::new(*b"hunter2")), "Secret(7 bytes)");
    }
}
