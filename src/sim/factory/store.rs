//! The Tuya settings of the virtual plug: those of the Action LSC smart plug with metering, as its public guide prints
//! them, and a made-up owner.

use super::layout::Tuya;
use crate::model::tuya::encode;
use crate::sim::seed::Seed;

/// Pins and limits, in Tuya's own notation; `{module}` is filled in.
const PINS: &str = "{sel_pin_pin:11,rl1_lv:1,bt1_pin:7,led1_pin:8,net_trig:2,jv:1.2.0,netled1_lv:1,netled_reuse:1,\
bt1_type:0,ffc_select:1,vi_pin:24,resistor:1,over_cur:17800,bt1_lv:0,reset_t:5,netled1_pin:10,chip_type:0,lose_vol:180,\
over_vol:264,module:{module},ele_pin:26,ch_cddpid1:9,ch1_stat:0,led1_lv:1,rl1_type:0,ch_num:1,rl1_pin:6,vol_def:0,\
ch_dpid1:1,sel_pin_lv:1,crc:10,}";

/// The plug's settings, as its module has them.
pub(super) fn settings(module: &str) -> String {
    PINS.replace("{module}", module)
}

/// So many letters and digits.
fn token(seed: &mut Seed, len: usize) -> String {
    seed.bytes(len).into_iter().map(|byte| char::from_digit(u32::from(byte) % 36, 36).unwrap_or('0')).collect()
}

/// The store's bytes; `own` values take the place of the made-up ones of their names.
pub(super) fn store(tuya: &Tuya, unit: u32, own: &[(&str, &str)]) -> Vec<u8> {
    use base64::Engine as _;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let mut seed = Seed::new(0x5EED_0000_0000 + u64::from(unit));
    let mut device_key = [0; 16];
    device_key.iter_mut().zip(seed.bytes(16)).for_each(|(to, from)| *to = from);

    let licence = serde_json::json!({
        "uuid": format!("tuya{}", token(&mut seed, 16)),
        "psk_key": token(&mut seed, 37),
        "auth_key": token(&mut seed, 32),
        "ap_ssid": "SmartLife",
        "ap_passwd": null,
        "country_code": "EU",
        "bt_mac": null,
        "bt_hid": null,
        "prod_test": false,
        "fac_pin": token(&mut seed, 16),
    });
    let device = serde_json::json!({
        "abi": 0,
        "id": format!("bf{}", token(&mut seed, 20)),
        "swv": "1.1.8",
        "bv": "40.00",
        "pv": "2.2",
        "lpv": "3.3",
        "pk": "keyvirtualplug00",
        "firmk": "keyvirtualplug00",
        "cadv": "1.0.3",
        "cdv": "1.0.0",
        "dev_swv": "1.1.8",
        "s_id": "000004w0oh",
    });
    let network = serde_json::json!({
        "nc_tp": 1,
        "ssid": base64("virtual home"),
        "passwd": base64(&format!("made-up-{unit}")),
        "md": 0,
        "random": 0,
        "wfb64": 1,
        "stat": 2,
        "token": null,
        "region": null,
        "reg_key": null,
        "dns_prio": 0,
    });
    let entries = [
        ("gw_bi", licence.to_string()),
        ("gw_di", device.to_string()),
        ("gw_wsm", network.to_string()),
        ("user_param_key", settings(tuya.module)),
        ("em_sys_env", tuya.platform.to_owned()),
    ];
    let mut entries: Vec<(String, Vec<u8>)> =
        entries.into_iter().map(|(name, value)| (name.to_owned(), value.into_bytes())).collect();
    for (name, value) in own {
        entries.retain(|(other, _)| other != name);
        entries.push(((*name).to_owned(), value.as_bytes().to_vec()));
    }
    // the entries are constant but for tokens of fixed length: they fit, as the tests of the factory show
    encode::store(&encode::Spec { device_key, entries, sectors: tuya.sectors, ..encode::Spec::default() })
        .unwrap_or_default()
}
