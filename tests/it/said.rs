//! What the program says of a unit in its own words has its sentence in every other language of the page.

use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Where proofs, messages of faults, doubts and notes are put into words, what the doctor finds, what recipes say, and why
/// a file or an order is refused.
const SOURCES: [&str; 68] = [
    "src/broker",
    "src/config/rate.rs",
    "src/doctor",
    "src/face/web/problem.rs",
    "src/flow",
    "src/hw/radio",
    "src/hw/radio.rs",
    "src/jig/air",
    "src/link",
    "src/jig/lines.rs",
    "src/jig/nest.rs",
    "src/jig/panel.rs",
    "src/jig/port.rs",
    "src/jig/supply.rs",
    "src/model/air/radio.rs",
    "src/model/air/routes.rs",
    "src/model/chip/beken/command.rs",
    "src/model/chip/flash/plan.rs",
    "src/model/chip/flash/rf.rs",
    "src/model/chip/identify.rs",
    "src/model/chip/table.rs",
    "src/model/firmware/content.rs",
    "src/model/firmware/image/choice.rs",
    "src/model/firmware/image/refusal.rs",
    "src/model/firmware/maker.rs",
    "src/model/openbeken/claim.rs",
    "src/model/openbeken/config.rs",
    "src/model/openbeken/differs.rs",
    "src/model/openbeken/findings.rs",
    "src/model/openbeken/judge.rs",
    "src/model/openbeken/life/api.rs",
    "src/model/openbeken/life/boot.rs",
    "src/model/openbeken/life/draws.rs",
    "src/model/openbeken/life/miss.rs",
    "src/model/openbeken/life/proof.rs",
    "src/model/openbeken/life/sign.rs",
    "src/model/openbeken/meter/evidence.rs",
    "src/model/openbeken/meter/gates.rs",
    "src/model/openbeken/meter/hardware.rs",
    "src/model/openbeken/meter/words.rs",
    "src/model/openbeken/pins/claims",
    "src/model/openbeken/pins/coils.rs",
    "src/model/openbeken/pins/conclude.rs",
    "src/model/openbeken/pins/doubts",
    "src/model/openbeken/pins/mapping.rs",
    "src/model/openbeken/pins/notes.rs",
    "src/model/openbeken/plug.rs",
    "src/model/openbeken/traces.rs",
    "src/model/openbeken/unfit.rs",
    "src/model/recipe/summary.rs",
    "src/model/tuya/files",
    "src/model/tuya/keys.rs",
    "src/model/tuya/pages.rs",
    "src/model/tuya/settings.rs",
    "src/model/unit/arrival.rs",
    "src/model/unit/history.rs",
    "src/model/unit/lot.rs",
    "src/model/unit/open_unit.rs",
    "src/model/unit/pilot.rs",
    "src/model/unit/streak.rs",
    "src/model/unit/supply.rs",
    "src/station/asked.rs",
    "src/station/handle.rs",
    "src/station/library",
    "src/station/revive.rs",
    "src/station/services.rs",
    "src/station/slot.rs",
    "src/store/room.rs",
];

/// Texts in these files that no page shows.
const UNSHOWN: [&str; 13] = [
    // what other libraries say of a connection
    "No valid CA certificate",
    "Name or service not known",
    "PEM parsing",
    "certificate expired",
    "corrupt message",
    "failed to lookup address",
    "not valid for name",
    "not valid yet",
    "Map<String, Value>",
    "erase {} KiB, write {} KiB, {} KiB already right",
    "\nerase {} {} x {} KiB",
    "\nwrite {} {} x  4 KiB",
    "Config(version {}, {} pins)",
];

/// Commands for a shell and names of computers: the same in every language.
const ALIKE: [&str; 28] = [
    "[Service]\nIPAddressAllow={}\n",
    "sudo mkdir -p {} && printf '{}' | sudo tee {}/broker.conf && sudo systemctl daemon-reload && sudo systemctl restart flashjig",
    "mkdir -p {}",
    "3 Model A Plus",
    "3 Model B Plus",
    "Compute Module 3",
    "Compute Module 4",
    "Compute Module 5",
    "Compute Module Rev",
    "Raspberry Pi ",
    "Zero 2",
    "Zero W",
    "echo {} | sudo tee -a {} && sudo reboot",
    "flashjig check --config {}",
    "flashjig check",
    "flashjig firmware approve {}",
    "ls /dev/gpiochip*",
    "ls /dev/serial/by-path /dev/ttyAMA* /dev/flashjig",
    "mkdir -p {} && cp OpenBK7231*.bin {}/",
    "sudo apt install dbus",
    "sudo apt update && sudo apt full-upgrade && sudo reboot",
    "sudo cp systemd/dbus/{} {}/ && sudo systemctl reload dbus",
    "sudo raspi-config nonint do_i2c 0",
    "sudo raspi-config nonint do_serial_cons 1 && sudo reboot",
    "sudo sed -i 's/{} *//' {} && sudo reboot",
    "sudo systemctl disable --now ModemManager",
    "sudo systemctl disable --now {}",
    "sudo timedatectl set-ntp true",
];

/// Macros and attributes whose texts are for the journal, for programmers or for nobody.
const APART: [&str; 9] = ["expect", "trace", "debug", "info", "warn", "error", "assert", "allow", "serde"];

fn files(at: &Path, into: &mut Vec<PathBuf>) {
    if at.is_file() {
        into.push(at.into());
        return;
    }
    for entry in fs::read_dir(at).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("tests"));
        if !is_test && (path.is_dir() || path.extension().is_some_and(|end| end == "rs")) {
            files(&path, into);
        }
    }
}

/// The texts of a file that have words, without those of its tests; each fact of a text is an empty pair of brackets.
fn texts(tokens: TokenStream, into: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut skip = 0;
    for (i, token) in tokens.iter().enumerate() {
        if i < skip {
            continue;
        }
        match token {
            TokenTree::Ident(name)
                if name == "mod" && tokens.get(i + 1).is_some_and(|next| next.to_string() == "tests") =>
            {
                skip = i + 3;
            }
            TokenTree::Ident(name) if APART.iter().any(|apart| name == apart) => {
                let bang = usize::from(tokens.get(i + 1).is_some_and(|next| next.to_string() == "!"));
                if matches!(tokens.get(i + 1 + bang), Some(TokenTree::Group(_))) {
                    skip = i + 2 + bang;
                }
            }
            // a doc comment
            TokenTree::Ident(name) if name == "doc" => skip = i + 3,
            TokenTree::Group(group) => texts(group.stream(), into),
            TokenTree::Literal(literal) => {
                into.extend(value(&literal.to_string()).map(|text| bare(&text)).filter(|text| is_said(text)));
            }
            _ => {}
        }
    }
}

/// The text of a string as it is written in the source; other literals have none.
fn value(written: &str) -> Option<String> {
    if let Some(raw) = written.strip_prefix('r') {
        return Some(raw.trim_matches('#').trim_matches('"').to_owned());
    }
    let inner = written.strip_prefix('"')?.strip_suffix('"')?;
    let (mut text, mut chars) = (String::new(), inner.chars().peekable());
    while let Some(c) = chars.next() {
        match (c, (c == '\\').then(|| chars.next()).flatten()) {
            (_, Some('n')) => text.push('\n'),
            // the line goes on below
            (_, Some('\n')) => while chars.next_if(|c| c.is_whitespace()).is_some() {},
            (_, Some(escaped)) => text.push(escaped),
            (c, None) => text.push(c),
        }
    }
    Some(text)
}

/// The text with nothing between its brackets: what a fact is called says nothing.
fn bare(text: &str) -> String {
    let mut out = String::new();
    let mut inside = false;
    for c in text.chars() {
        match c {
            '{' => {
                inside = true;
                out.push('{');
            }
            '}' => {
                inside = false;
                out.push('}');
            }
            _ if inside => {}
            c => out.push(c),
        }
    }
    out
}

fn is_said(text: &str) -> bool {
    let letters = |two: &[u8]| two.iter().all(u8::is_ascii_lowercase);
    text.trim().contains(' ') && text.as_bytes().windows(2).any(letters)
}

#[test]
fn every_sentence_about_a_unit_is_in_every_language() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = BTreeSet::new();
    for source in SOURCES {
        let mut found = Vec::new();
        files(&root.join(source), &mut found);
        for file in found {
            texts(fs::read_to_string(&file).unwrap().parse().unwrap(), &mut said);
        }
    }
    said.retain(|text| !UNSHOWN.contains(&text.as_str()) && !ALIKE.contains(&text.as_str()));
    assert!(said.len() > 500, "{}", said.len());
    for entry in fs::read_dir(root.join("src/face/web/words")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("said-") {
            continue;
        }
        let own: BTreeMap<String, String> = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let own: BTreeSet<String> = own.keys().map(|english| bare(english)).collect();
        let lacking: Vec<&String> = said.difference(&own).collect();
        assert!(lacking.is_empty(), "{name} lacks the program's sentences {lacking:#?}");
    }
}
