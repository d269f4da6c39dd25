//! The list: what it matches, what it overrides, and files that can't be used.

use super::*;
use crate::model::openbeken::pins::{Options, map};
use crate::model::openbeken::script;

fn seed() -> Template {
    let settings: serde_json::Value = serde_json::from_str(
        r#"{"rl1_pin":6,"bt1_pin":7,"led1_pin":8,"netled1_pin":10,"sel_pin_pin":11,"vi_pin":24,"ele_pin":26,"module":"WB2S"}"#,
    )
    .unwrap();
    map(settings.as_object().unwrap(), Options::default()).template
}

fn facts(template: &Template) -> Facts<'_> {
    Facts { module: Some("WB2S"), product_key: None, template }
}

#[test]
fn the_missions_plug_gets_the_device_lists_template() {
    // The entry of the web application's devices.json for this plug.
    let (devices, seed) = (Device::built_in(), seed());
    let device = Device::find(&devices, &facts(&seed)).unwrap();
    let template = device.apply(&seed);
    assert_eq!(
        serde_json::to_string(&template.to_json()).unwrap(),
        r#"{"vendor":"LSC","bDetailed":"0","name":"Action SmartPlug with power monitoring","model":"3202088","chip":"BK7231T","board":"WB2S","flags":"1024","pins":{"6":"Rel;1","7":"Btn;1","8":"LED;1","10":"WifiLED_n;0","11":"BL0937SEL;0","24":"BL0937CF1;0","26":"BL0937CF;0"},"command":""}"#
    );
    assert_eq!(
        script::lines(&template),
        [
            "backlog setPinRole 6 Rel; setPinChannel 6 1",
            "backlog setPinRole 7 Btn; setPinChannel 7 1",
            "backlog setPinRole 8 LED; setPinChannel 8 1",
            "backlog setPinRole 10 WifiLED_n; setPinChannel 10 0",
            "backlog setPinRole 11 BL0937SEL; setPinChannel 11 0",
            "backlog setPinRole 24 BL0937CF1; setPinChannel 24 0",
            "backlog setPinRole 26 BL0937CF; setPinChannel 26 0",
            "Flags 1024",
        ]
    );
    let started = Template { command: "startDriver BL0937".into(), ..template };
    assert_eq!(script::lines(&started).last().unwrap(), "StartupCommand \"startDriver BL0937\"");
    assert!(script::autoexec(&started).ends_with("Flags 1024\nstartDriver BL0937\n"));
}

#[test]
fn the_strongest_match_wins() {
    let parse = |name: &str, text: &str| Device::parse(name, text).unwrap();
    let devices = [
        parse("module", "[match]\nmodule = \"WB2S\""),
        parse("other", "[match]\nmodule = \"CB2S\""),
        parse("pins", "[match.pins]\n6 = \"Rel;1\""),
        parse("key", "[match]\nproduct_keys = [\"a\", \"keyabc\"]\n[template.pins]\n6 = \"None\"\n7 = \"Btn;1\""),
    ];
    let mut template = Template::default();
    let name = |facts: &Facts| Device::find(&devices, facts).map(|device| device.name.clone());
    assert_eq!(name(&facts(&template)).as_deref(), Some("module"));
    template.pins.insert(6, Pin::parse("Rel;1").unwrap());
    assert_eq!(name(&facts(&template)).as_deref(), Some("pins"));
    let with_key = Facts { product_key: Some("keyabc"), ..facts(&template) };
    assert_eq!(name(&with_key).as_deref(), Some("key"));
    assert_eq!(devices[3].apply(&template).pins, BTreeMap::from([(7, Pin::parse("Btn;1").unwrap())]));
    assert_eq!(name(&Facts { module: None, ..facts(&Template::default()) }), None);
}

#[test]
fn a_bad_file_names_what_is_wrong() {
    let error = |text: &str| Device::parse("bad", text).unwrap_err().to_string();
    assert!(error("[match]\n").contains("found none"));
    assert!(error("[match]\nmodul = 1").contains("modul"));
    assert!(error("[match]\nmodule = \"X\"\n[template.pins]\n29 = \"Rel;1\"").contains("pin 29"));
    assert!(error("[match.pins]\n6 = \"Toaster\"").contains("Toaster"));
    assert!(error("nonsense").contains("bad"));
}
