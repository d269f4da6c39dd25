//! The samples of the project, and the names of ports that they use.

use super::*;

#[test]
fn the_samples_of_the_project_are_clean() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let (_, warnings) = load(&folder.join("flashjig.toml")).unwrap();
    assert_eq!(warnings, []);
    for name in ["default", "pinned"] {
        let (_, warnings) = recipe::look(&folder, name).unwrap();
        assert_eq!(warnings, [], "{name}");
    }
    assert_eq!(recipe::load(&folder, "default").unwrap().recipe, crate::model::recipe::Recipe::default());
}

#[test]
fn the_samples_for_four_slots_name_each_port_by_its_pins_and_differ_in_comments_alone() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/pi");
    let sample = |model: &str| {
        let (config, warnings) = load(&folder.join(format!("flashjig-four-slots-{model}.toml"))).unwrap();
        assert_eq!(warnings, [], "{model}");
        config
    };
    let config = sample("pi4");
    assert_eq!(config, sample("pi5"));
    let ports: Vec<_> = config.slots.iter().map(|slot| slot.uart.to_str().unwrap()).collect();
    let names = [14, 4, 8, 12].map(|tx| format!("{}/gpio{tx}", crate::jig::header::LINKS));
    assert_eq!(ports, names);
    // the overlays that a sample's comments name are those that config.txt gets for its model
    let lines = std::fs::read_to_string(folder.join("config-four-slots.txt")).unwrap();
    for (file, model) in [("pi4", crate::jig::header::Model::Pi4), ("pi5", crate::jig::header::Model::Pi5)] {
        let section = lines.split(&format!("[{file}]")).nth(1).unwrap().split("\n[").next().unwrap();
        let text = std::fs::read_to_string(folder.join(format!("flashjig-four-slots-{file}.toml"))).unwrap();
        for tx in [14, 4, 8, 12] {
            let line = model.switches_on(tx).unwrap();
            assert!(section.lines().any(|given| given == line), "{file}: {line}");
            let comment = text.lines().find(|given| given.starts_with('#') && given.contains(&format!("{line} ")));
            assert!(comment.is_some(), "{file}: {line}");
        }
    }
}

#[test]
fn a_link_names_its_pins_and_one_that_no_pi_has_is_refused() {
    let text = r#"
[station]
data_dir = "/d"
[[slot]]
name = "A"
uart = "/dev/flashjig/gpio4"
lines = { kind = "gpio", reset = { pin = 27 }, park = { tx = 4 } }
"#;
    assert_eq!(try_parse(text).unwrap().1, []);
    let bad = text.replace("gpio4", "gpio6").replace("tx = 4", "tx = 8");
    insta::assert_snapshot!(problems(&bad), @r##"
    f.toml:6: error: slot "A": no UART of a Raspberry Pi is called /dev/flashjig/gpio6; its links are gpio0, gpio4, gpio8, gpio12, gpio14 in /dev/flashjig
    f.toml:7: error: slot "A" park: pin 8 is not the TX of /dev/flashjig/gpio6; use tx = 14 with /dev/flashjig/gpio14; with a USB adapter use a buffer: park = { pin = N }
    "##);
    let clash = text.replace("pin = 27", "pin = 5");
    let said = "slot \"A\" reset: pin 5 is used by the UART /dev/flashjig/gpio4 already; give each its own pin";
    assert!(problems(&clash).contains(said), "{}", problems(&clash));
}

#[test]
fn the_udev_rules_link_every_uart_of_the_header_by_its_tx() {
    let rules = include_str!("../../../systemd/udev/61-flashjig.rules");
    let mut links = std::collections::BTreeSet::new();
    for line in rules.lines().filter(|line| line.contains("SYMLINK+=\"flashjig/")) {
        let (nodes, rest) = line.strip_prefix("KERNELS==\"").unwrap().split_once('"').unwrap();
        let link = rest.split("flashjig/gpio").nth(1).unwrap().trim_end_matches('"');
        for node in nodes.split('|') {
            let address = u64::from_str_radix(node.strip_suffix(".serial").unwrap(), 16).unwrap();
            let uart = crate::jig::header::by_address(address).unwrap();
            assert_eq!(uart.tx.to_string(), link, "{node}");
            links.insert(address);
        }
    }
    assert_eq!(links.len(), 15, "{links:x?}");
    // true whatever the order of the rules is; ID_BUS is known only behind 60-serial.rules
    assert!(rules.contains("SUBSYSTEMS==\"usb\", ENV{ID_MM_DEVICE_IGNORE}=\"1\""));
}

#[test]
fn the_sample_for_a_home_needs_its_passwords_and_nothing_else() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let recipes = dir.path().join("recipes");
    std::fs::create_dir(&recipes).unwrap();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/recipes/home.toml");
    std::fs::copy(sample, recipes.join("home.toml")).unwrap();
    assert_eq!(recipe::look(dir.path(), "home").unwrap_err().errors(), 2);
    for name in ["wifi.secret", "mqtt.secret"] {
        std::fs::write(recipes.join(name), "correct horse\n").unwrap();
        std::fs::set_permissions(recipes.join(name), PermissionsExt::from_mode(0o600)).unwrap();
    }
    let (kit, warnings) = recipe::look(dir.path(), "home").unwrap();
    assert_eq!(warnings, []);
    assert_eq!(kit.secrets.wifi.len(), 13);
}
