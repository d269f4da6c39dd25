//! Texts of recipes, good and bad.

use super::*;
use crate::model::openbeken::doubt::Code;
use crate::model::openbeken::life::{Draws, Proof, Way};
use crate::model::openbeken::meter::Sign;
use crate::model::recipe::{Calibrate, Configure, OpenBekenRule, PinSource, WithoutSettings};
use std::time::Duration;

fn try_parse(text: &str) -> Result<(Recipe, Vec<Problem>), Problems> {
    parse(Path::new("r.toml"), text)
}

#[test]
fn an_empty_file_is_the_built_in_recipe() {
    assert_eq!(try_parse(""), Ok((Recipe::default(), Vec::new())));
}

#[test]
fn a_missing_file_is_the_built_in_recipe_only_for_default() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(load(dir.path(), DEFAULT), Ok(LoadedRecipe { devices: Device::built_in(), ..LoadedRecipe::default() }));
    let error = load(dir.path(), "kitchen").unwrap_err().to_string();
    assert!(error.contains("recipes/kitchen.toml: error: can't be read"), "{error}");
}

#[test]
fn the_file_wins_over_the_built_in_recipe() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("recipes")).unwrap();
    std::fs::write(path(dir.path(), DEFAULT), "[backup]\nmode = \"proven\"").unwrap();
    assert_eq!(load(dir.path(), DEFAULT).unwrap().recipe.backup.mode, BackupMode::Proven);
}

#[test]
fn converting_again_and_clearing_are_asked_for_by_name() {
    let (recipe, warnings) = try_parse("reflash = true\nreflash_clears = true").unwrap();
    assert_eq!((recipe.reflash, recipe.reflash_clears, warnings), (true, true, Vec::new()));
    assert!(recipe.summary().iter().any(|line| line.contains("variables are cleared")), "{:?}", recipe.summary());
    assert!(!try_parse("reflash = true").unwrap().0.reflash_clears);
}

/// The table of the manual; what is not done is the only error.
const ALL: &str = r#"
[firmware]
BK7231T = "OpenBK7231T_UA_*.bin"
BK7231N = "OpenBK7231N_*.bin"
[backup]
mode = "full"
encrypt_to = "age1x"
[openbeken]
configure = "flash"
pins = "tuya"
levels = false
name = "plug-{mac6}"
flags = [10]
startup = ""
[openbeken.wifi]
ssid = "home"
password_file = "wifi.secret"
[openbeken.mqtt]
host = "192.0.2.10"
port = 1883
user = "plugs"
password_file = "mqtt.secret"
topic = "{name}"
"#;

#[test]
fn the_whole_table_is_understood_and_what_is_not_done_is_refused() {
    insta::assert_snapshot!(try_parse(ALL).unwrap_err(), @r##"
    r.toml:7: error: [backup]: encrypt_to must be an age recipient, age1 and 58 letters (invalid Bech32 encoding); `age-keygen` prints it; keep the secret key elsewhere
    "##);
    let (recipe, warnings) = try_parse(&ALL.replace("encrypt_to", "# encrypt_to")).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(recipe.firmware.len(), 2);
    let rule = recipe.openbeken;
    assert_eq!((rule.configure, rule.pins), (Configure::Flash, PinSource::Tuya));
    assert_eq!((rule.flags, rule.startup, rule.without_settings), (Some(vec![10]), None, WithoutSettings::Refuse));
    assert_eq!(rule.mqtt.map(|mqtt| (mqtt.port, mqtt.password_file)), Some((1883, Some("mqtt.secret".into()))));
    let http = ALL.replace("\"flash\"", "\"http\"").replace("encrypt_to", "# encrypt_to");
    let (recipe, warnings) = try_parse(&http).unwrap();
    assert_eq!(
        (recipe.openbeken.configure, recipe.openbeken.pins, warnings),
        (Configure::Http, PinSource::Tuya, Vec::new())
    );
    let nowhere = http.replace("[openbeken.mqtt]", "[openbeken.mqtt2]");
    let error = try_parse(&nowhere).unwrap_err().to_string();
    assert!(
        error.contains("r.toml:9: error: openbeken.configure: a plug that is configured over its own interface"),
        "{error}"
    );
}

#[test]
fn what_goes_beyond_the_table_is_understood() {
    let text = r#"
[openbeken]
configure = "flash"
without_settings = "device:lsc-3202088"
name = "room-{n:02}"
number_from = 12
web_password_file = "web"
[openbeken.wifi]
ssid = "home"
ssid2 = "shed"
password2_file = "shed"
[openbeken.mqtt]
host = "h"
client = "a/{name}"
group = "all"
[openbeken.address]
ip = "192.0.2.{n}"
gateway = "192.0.2.1"
"#;
    let (recipe, warnings) = try_parse(text).unwrap();
    assert_eq!(warnings, []);
    let rule = recipe.openbeken;
    assert_eq!(rule.pins, PinSource::Tuya, "a plug that is configured gets its pins");
    assert_eq!(rule.without_settings, WithoutSettings::Device("lsc-3202088".into()));
    assert_eq!((rule.number_from, rule.web_password_file.as_deref()), (Some(12), Some("web")));
    let address = rule.address.unwrap();
    assert_eq!((address.mask, address.dns), ([255, 255, 255, 0], [192, 0, 2, 1]));
    assert!(rule.mqtt.unwrap().topic.unwrap().has_name());
}

#[test]
fn limits_of_the_plug_are_found_before_the_first_unit() {
    let text = format!(
        r#"
[openbeken]
configure = "flash"
pins = "device:lsc-320208"
without_settings = "guess"
name = "a plug {{n}}"
flags = [10, 52]
startup = "{}"
[openbeken.wifi]
ssid = "{}"
password2_file = "x"
[openbeken.mqtt]
host = ""
topic = "all/#"
client = "other"
user = "{}"
group = "a\nb"
[openbeken.address]
ip = "192.0.3.{{n}}"
mask = "255.255.255"
gateway = "192.0.2.1"
"#,
        "x".repeat(1568),
        "s".repeat(33),
        "u".repeat(64)
    );
    insta::assert_snapshot!(try_parse(&text).unwrap_err(), @r##"
    r.toml:4: error: [openbeken]: pins: there is no device "lsc-320208"; did you mean "device:lsc-3202088"?
    r.toml:5: error: [openbeken]: without_settings must be refuse, unconfigured or device:NAME, found "guess"; use one of these
    r.toml:6: error: [openbeken]: name: expected 1 to 31 letters, digits, -, _ or ., found "a plug 1" (8 bytes); it is host name, access point and topic too
    r.toml:7: error: [openbeken]: flags must be numbers from 0 to 51, found 52; OpenBeken's page of flags shows their numbers
    r.toml:8: error: [openbeken]: startup must be at most 1567 bytes, found 1568; shorten it
    r.toml:9: error: [openbeken] wifi: the key ssid2 is missing; add the name of the second network, or remove password2_file
    r.toml:10: error: [openbeken] wifi: ssid must be at most 32 bytes, found 33; shorten it
    r.toml:13: error: [openbeken] mqtt: host is empty; fill it in
    r.toml:14: error: [openbeken] mqtt: topic: expected a topic of 1 to 63 characters without blanks, +, # and quotes, found "all/#"; correct the value
    r.toml:15: error: [openbeken] mqtt: topic and client differ, but OpenBeken has one field for both; remove one of them
    r.toml:16: error: [openbeken] mqtt: user must be at most 63 bytes, found 64; shorten it
    r.toml:17: error: [openbeken] mqtt: group must be one line of text; take control characters out
    r.toml:19: error: [openbeken] address: ip: expected an address of the gateway's network for a device, found 192.0.3.1; correct ip, mask or gateway
    r.toml:20: error: [openbeken] address: mask must be an IPv4 address, found "255.255.255"; write four numbers from 0 to 255 with dots between them
    "##);
}

#[test]
fn doubts_meter_and_levels_are_understood() {
    let text = r#"
[openbeken]
configure = "flash"
levels = true
accept = ["motor", "strip"]
calibrate = "none"
meter_sign = "-"
"#;
    let (recipe, warnings) = try_parse(text).unwrap();
    assert_eq!(warnings, []);
    let rule = recipe.openbeken;
    assert_eq!((rule.levels, rule.accept.as_slice()), (true, [Code::Motor, Code::Strip].as_slice()));
    assert_eq!((rule.calibrate, rule.meter_sign), (Calibrate::None, Some(Sign::Minus)));
    let rule = try_parse("[openbeken]\nconfigure = \"flash\"\n").unwrap().0.openbeken;
    assert_eq!((rule.accept.len(), rule.calibrate, rule.meter_sign), (0, Calibrate::Factory, None));
}

#[test]
fn a_doubt_that_no_recipe_may_accept_is_named_with_its_line() {
    let text = r#"
[openbeken]
configure = "flash"
accept = [
    "strip",
    "moter",
    "toaster",
    "coil",
    "no-pins",
    "strip",
]
calibrate = "owner"
meter_sign = "plus"
"#;
    insta::assert_snapshot!(try_parse(text).unwrap_err(), @r##"
    r.toml:6: error: [openbeken]: accept: there is no doubt "moter"; did you mean "motor"?
    r.toml:7: error: [openbeken]: accept: there is no doubt "toaster"; the doubts are motor, ch-count, meter, image-lacks, uart-clash, lamp, pwm-pin, led-chip, led-map, enable-pin, strip, actor, three-way, battery, mcu, tree, pin-clash, few, two-copies, list-differs
    r.toml:8: error: [openbeken]: accept can't hold coil: a latching relay of which not both coils are known, or of which another part has a pin. Driven by one pin it would stay under current; a wrong pin could burn something here: only the device list can name these pins
    r.toml:9: error: [openbeken]: accept can't hold no-pins: no pins that can be trusted: there are no settings, they are damaged, or nothing of them could be mapped; write without_settings = "unconfigured" or "device:NAME"
    r.toml:10: warning: [openbeken]: accept names strip twice; remove one
    r.toml:12: error: [openbeken]: calibrate must be one of factory, none, found "owner"; use one of these
    r.toml:13: error: [openbeken]: meter_sign must be one of +, -, found "plus"; use one of these
    "##);
    insta::assert_snapshot!(try_parse("[openbeken]\nconfigure = \"flash\"\naccept = \"strip\"\n").unwrap_err(), @r##"
    r.toml:3: error: [openbeken]: accept must be a list of doubts, such as ["strip"], found a text; correct the value
    "##);
    insta::assert_snapshot!(try_parse("[openbeken]\nconfigure = \"flash\"\naccept = [1]\n").unwrap_err(), @r##"
    r.toml:3: error: [openbeken]: accept must be a list of doubts, such as ["strip"], found a list; correct the value
    "##);
}

#[test]
fn names_that_every_plug_would_share_are_warned_of() {
    let text = r#"
[openbeken]
configure = "flash"
name = "plug"
number_from = 3
[openbeken.mqtt]
host = "h"
topic = "plugs"
[openbeken.address]
ip = "192.0.2.10"
gateway = "192.0.2.1"
"#;
    insta::assert_snapshot!(Problems(try_parse(text).unwrap().1), @r##"
    r.toml:3: warning: [openbeken]: number_from does nothing, no name has {n}; write name = "plug-{n:02}"
    r.toml:4: warning: [openbeken]: every plug gets this same name; add {mac6} or {n}
    r.toml:8: warning: [openbeken] mqtt: every plug gets this same topic; write topic = "{name}"
    r.toml:10: warning: [openbeken] address: every plug gets this same address; write {n} in place of its end
    "##);
}

#[test]
fn a_password_that_does_not_fit_is_refused_with_its_line_and_never_shown() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let recipes = dir.path().join("recipes");
    std::fs::create_dir(&recipes).unwrap();
    let text = "[openbeken]\nconfigure = \"flash\"\n[openbeken.wifi]\nssid = \"home\"\npassword_file = \"wifi\"\n";
    std::fs::write(path(dir.path(), "r"), text).unwrap();
    let with = |password: &str, mode: u32| {
        std::fs::write(recipes.join("wifi"), password).unwrap();
        std::fs::set_permissions(recipes.join("wifi"), PermissionsExt::from_mode(mode)).unwrap();
        load(dir.path(), "r").map(|kit| kit.secrets.wifi.len()).map_err(|problems| problems.to_string())
    };
    assert_eq!(with("12345678\n", 0o600), Ok(8));
    assert_eq!(with(&"a".repeat(64), 0o600), Ok(64));
    for (password, mode, word) in [
        ("Sh0rt!!", 0o600, "expected 8 to 63 bytes, or a key of 64 hex digits, found 7 bytes"),
        (&*"Sh0rt!!x".repeat(8), 0o600, "found 64 bytes"),
        ("Sh0rt!!xy", 0o644, "run: chmod 600 /"),
    ] {
        let error = with(password, mode).unwrap_err();
        assert!(error.contains("recipes/r.toml:5: error: [openbeken] wifi password_file: "), "{error}");
        assert!(error.contains(word) && !error.contains("Sh0rt"), "{error}");
    }
}

#[test]
fn every_mistake_is_named_with_its_line_and_no_secret_is_shown() {
    let bad = r#"
[firmware]
BK7231X = "a.bin"
bk7231n = "folder/b.bin"
[backup]
mode = "ful"
[openbeken]
pins = "device:"
levels = "yes"
flags = [10, 64]
[openbeken.wifi]
password = "hunter2"
[openbeken.mqtt]
host = "h"
port = 0
"#;
    insta::assert_snapshot!(try_parse(bad).unwrap_err(), @r##"
    r.toml:3: error: [firmware]: there is no chip "BK7231X"; did you mean BK7231T?
    r.toml:4: error: [firmware]: bk7231n must be a file name without folders, where * stands for any text; write "OpenBK7231T_UA_*.bin"; firmware_dir names the folder
    r.toml:4: error: [firmware]: there is no chip "bk7231n"; did you mean BK7231N?
    r.toml:6: error: [backup]: mode must be one of full, proven, found "ful"; did you mean "full"?
    r.toml:7: error: [openbeken]: nothing of this is done with configure = "none", the default; remove the keys, or write configure = "flash"
    r.toml:8: error: [openbeken]: pins must be tuya, device:NAME or none, found "device:"; use one of these
    r.toml:9: error: [openbeken]: levels must be true or false, found a text; correct the value
    r.toml:10: error: [openbeken]: flags must be numbers from 0 to 51, found 64; OpenBeken's page of flags shows their numbers
    r.toml:11: error: [openbeken] wifi: the key ssid is missing; add ssid = "home"
    r.toml:12: error: [openbeken] wifi: there is no key "password"; remove it; known here: ssid, password_file, ssid2, password2_file
    r.toml:15: error: [openbeken] mqtt: port must be from 1 to 65535, found 0; correct the value
    "##);
}

#[test]
fn firmware_is_named_by_a_text_or_pinned_by_digests() {
    let digest = Digest::of(b"firmware");
    let text = format!(
        "[firmware]\nBK7231T = {{ name = \"OpenBK7231T_UA_*.bin\", sha256 = [\"{digest}\"] }}\n\
         BK7231M = {{ sha256 = [\"{}\", \"{digest}\"] }}\nBK7231N = \"a.bin\"\n",
        digest.to_string().to_uppercase()
    );
    let (recipe, warnings) = try_parse(&text).unwrap();
    assert_eq!(warnings, []);
    let rule = |name: Option<&str>, sha256| FirmwareRule { name: name.map(str::to_owned), sha256 };
    assert_eq!(recipe.firmware[&Chip::Bk7231T], rule(Some("OpenBK7231T_UA_*.bin"), vec![digest]));
    assert_eq!(recipe.firmware[&Chip::Bk7231M], rule(None, vec![digest, digest]));
    assert_eq!(recipe.firmware[&Chip::Bk7231N], rule(Some("a.bin"), vec![]));
    let told = recipe.summary();
    let line = format!("Firmware for BK7231T: OpenBK7231T_UA_*.bin, SHA-256 {}...", digest.short());
    assert!(told.contains(&line), "{told:?}");
}

#[test]
fn a_digest_that_is_none_is_named_with_its_line() {
    let bad = "[firmware]\nBK7231T = 7\nBK7231N = { sha256 = [] }\nBK7231M = { sha256 = [\"abc\", 7] }\n\
               BK7231U = { sha = [\"+0\"], sha256 = [\"zz\"] }\n";
    insta::assert_snapshot!(try_parse(bad).unwrap_err(), @r#"
    r.toml:2: error: [firmware]: BK7231T must be a text in quotes or a table, found a number (or one too large); write "OpenBK7231T_UA_*.bin", or { name = "OpenBK7231T_UA_*.bin", sha256 = ["64 hex digits"] }
    r.toml:3: error: [firmware] BK7231N: sha256 names no digest, so no file would do; write the digest of each file that may be used, or remove the key
    r.toml:4: error: [firmware] BK7231M: sha256 must be a list of digests in quotes, such as ["64 hex digits"], found a list; correct the value
    r.toml:5: error: [firmware] BK7231U: sha256 must be a list of 64 hex digits each, found 2 letters; `sha256sum FILE` prints the digest of a file; `flashjig inspect FILE` does, too
    r.toml:5: error: [firmware] BK7231U: there is no key "sha"; remove it; known here: name, sha256
    "#);
}

#[test]
fn how_backups_are_kept_is_read_from_a_recipe_whatever_else_is_wrong_with_it() {
    const KEY: &str = "age1lvyvwawkr0mcnnnncaghunadrqkmuf9e6507x9y920xxpp866cnql7dp2z";
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("recipes")).unwrap();
    let rule = |text: &str| {
        std::fs::write(path(dir.path(), "home"), text).unwrap();
        backup_rule(dir.path(), "home")
    };
    let broken =
        format!("[firmware]\nBK9 = 7\n[backup]\nencrypt_to = \"{KEY}\"\nmode = \"some\"\n[openbeken]\nname = ");
    assert_eq!(rule(&broken).encrypt_to.as_deref(), Some(KEY));
    assert_eq!(rule("[backup]\nmode = \"proven\"\nencrypt_to = \"age1x\"\n").encrypt_to, None, "it is no key");
    assert_eq!(rule("]["), BackupRule::default());
    assert_eq!(backup_rule(dir.path(), "gone"), BackupRule::default());
}

/// The sample with every line switched on, each that shows a default with another value.
fn sample_switched_on() -> String {
    let mut text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/config/recipes/home.toml")).to_owned();
    for (shown, other) in [
        ("without_settings = \"refuse\"", "without_settings = \"unconfigured\""),
        ("levels = false", "levels = true"),
        ("calibrate = \"factory\"", "calibrate = \"none\""),
        ("within = \"45s\"", "within = \"30s\""),
    ] {
        assert!(text.contains(shown), "the sample shows {shown} no more");
        text = text.replace(shown, other);
    }
    let is_key = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        line.starts_with('[') || (line.contains(" = ") && key.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric()))
    };
    let on = text.lines().map(|line| line.strip_prefix("# ").filter(|line| is_key(line)).unwrap_or(line));
    on.collect::<Vec<_>>().join("\n")
}

/// The fields of a value, by the names that its `Debug` gives.
fn fields(value: &impl std::fmt::Debug) -> BTreeMap<String, String> {
    let text = format!("{value:#?}");
    let mut fields = BTreeMap::new();
    let mut name = String::new();
    for line in text.lines().skip(1) {
        if let Some((field, rest)) = line
            .strip_prefix("    ")
            .filter(|rest| !rest.starts_with([' ', '}', ']', ')']))
            .and_then(|line| line.split_once(": "))
        {
            (name, _) = (field.to_owned(), fields.insert(field.to_owned(), rest.to_owned()));
        } else if let Some(value) = fields.get_mut(&name) {
            value.push_str(line);
        }
    }
    fields
}

#[test]
fn every_key_of_a_plugs_configuration_is_in_the_sample_and_is_read() {
    let (recipe, warnings) = try_parse(&sample_switched_on()).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(warnings, []);
    let (usual, read) = (fields(&OpenBekenRule::default()), fields(&recipe.openbeken));
    assert!(usual.len() > 14 && usual.contains_key("meter_sign"), "{usual:?}");
    for (name, value) in usual {
        assert_ne!(read[&name], value, "{name}: not in config/recipes/home.toml, or not read");
    }
    let proof = Proof { alive: vec![Way::Log, Way::Http], within: Duration::from_secs(30), draws: None };
    assert_eq!(recipe.proof, proof);
}

#[test]
fn a_proof_of_life_is_asked_for_by_its_signs() {
    let (recipe, warnings) = try_parse("[proof]\nalive = [\"air\", \"log\", \"air\"]\nwithin = \"1.5s\"\n").unwrap();
    assert_eq!(warnings, []);
    let proof = Proof { alive: vec![Way::Air, Way::Log], within: Duration::from_millis(1500), draws: None };
    assert_eq!(recipe.proof, proof);
    assert!(recipe.summary().contains(&"Proof of life: air, log, within 1.5 s".to_owned()), "{:?}", recipe.summary());
    assert_eq!(try_parse("[proof]\nalive = [\"log\"]\n").unwrap().0.proof.within, Proof::USUAL);
    assert_eq!(try_parse("[proof]\nwithin = \"9s\"\n").unwrap().1.len(), 1, "nothing is asked for");
}

#[test]
fn what_a_plug_may_draw_is_asked_for_with_its_limits() {
    let (recipe, warnings) = try_parse("[proof]\nalive = [\"current\"]\nmilliamps = [30, 250]\n").unwrap();
    assert_eq!((recipe.proof.draws, warnings.len()), (Some(Draws { from: 30, to: 250 }), 0));
    assert!(recipe.summary().contains(&"Drawn from the supply while it lives: 30 to 250 mA on the average".to_owned()));
    let told = |text: &str| match try_parse(text) {
        Ok((_, warnings)) => Problems(warnings).to_string(),
        Err(problems) => Problems(problems.0).to_string(),
    };
    let lacks = told("[proof]\nalive = [\"current\"]\n");
    assert!(lacks.starts_with("r.toml:1: error: [proof]: alive: \"current\" needs to know what a board may draw; write milliamps = [30, 250]"), "{lacks}");
    let idle = told("[proof]\nalive = [\"log\"]\nmilliamps = [30, 250]\n");
    assert!(
        idle.starts_with(
            "r.toml:1: warning: [proof]: milliamps does nothing, the sign is not asked for; write \"current\""
        ),
        "{idle}"
    );
    for wrong in ["[250, 30]", "[30]", "[0, 250]", "[30, 250, 300]", "[30, 701]", "[30, 4294967326]"] {
        let told = told(&format!("[proof]\nalive = [\"current\"]\nmilliamps = {wrong}\n"));
        assert!(
            told.contains("error: [proof]: milliamps must be the least and the most, from 1 to 700"),
            "{wrong}: {told}"
        );
    }
}

#[test]
fn a_sign_of_life_that_a_plug_of_the_recipe_can_not_show_is_named_with_its_line() {
    let wifi = "[openbeken]\nconfigure = \"flash\"\n[openbeken.wifi]\nssid = \"home\"\n";
    let asked = |before: &str, signs: &str| {
        let text = format!("{before}[proof]\nalive = [{signs}]\nwithin = \"1h\"\n");
        Problems(try_parse(&text).unwrap_err().0).to_string()
    };
    insta::assert_snapshot!(asked("", "\"logs\", \"broker\", \"http\""), @r##"
    r.toml:2: error: [proof]: alive: there is no sign of life "logs"; did you mean "log"?
    r.toml:2: error: [proof]: alive: "broker": this recipe joins the plug to no broker; write [openbeken.wifi] and [openbeken.mqtt] with configure = "flash", or take it out
    r.toml:2: error: [proof]: alive: "http": this recipe gives no way to the plug; write [openbeken.wifi], and [openbeken.address] for an own address or [openbeken.mqtt] for a broker that tells it, with configure = "flash"; or take it out
    r.toml:3: error: [proof]: within must be a time from "1000ms" to "600000ms", found "1h"; write it such as "250ms"
    "##);
    let joins = asked(wifi, "\"air\", \"http\"");
    assert!(joins.contains("r.toml:6: error: [proof]: alive: \"air\": a plug that joins a Wi-Fi"), "{joins}");
    assert!(joins.contains("\"http\": this recipe gives no way to the plug"), "{joins}");
    let address = format!("{wifi}[openbeken.address]\nip = \"192.0.2.{{n}}\"\ngateway = \"192.0.2.1\"\n");
    assert!(!asked(&address, "\"http\"").contains("alive"), "its address is known");
}

#[test]
fn a_file_full_of_mistakes_is_told_by_its_first_ones() {
    let mut text = (0..30_000).map(|number| format!("key{number} = 1\n")).collect::<Vec<_>>().concat();
    let Err(Problems(problems)) = parse(Path::new("x.toml"), &text) else { panic!("unknown keys") };
    assert_eq!(problems.len(), 51);
    assert_eq!(problems[49].line, Some(50));
    assert_eq!(problems[50].to_string(), "x.toml: error: 29950 more; mend these first");
    // a value as long as the file is not told at length
    text = format!("[backup]\nmode = {:?}\n", "x".repeat(30_000));
    let Err(Problems(problems)) = parse(Path::new("x.toml"), &text) else { panic!("no such mode") };
    assert!(problems[0].what.chars().count() <= 601, "{}", problems[0].what.len());
}
