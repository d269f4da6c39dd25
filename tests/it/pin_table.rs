//! The pin table of `deploy/jig/README.md` is made from `deploy/jig/modules.toml`:
//! `UPDATE_GOLDENS=1 cargo test --test it pin_table::` makes it anew.

use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    sources: BTreeMap<String, String>,
    module: Vec<Module>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    name: String,
    chip: String,
    v33: Vec<String>,
    gnd: Vec<String>,
    rx1: String,
    tx1: String,
    cen: Vec<String>,
    tx2: Option<String>,
    #[serde(default)]
    never: Vec<Never>,
    note: Option<String>,
    sure: String,
    sources: Vec<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Never {
    pad: String,
    is: String,
}

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/jig/README.md");
const BEGIN: &str = "<!-- made from modules.toml -->\n";
const END: &str = "<!-- end of what is made -->";

fn book() -> Book {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/jig/modules.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn table(book: &Book) -> String {
    let mut text = String::from(
        "| module | chip | 3V3 | GND | RX1 | TX1 | CEN | TX2 | mind | sure? |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for m in &book.module {
        let cen = if m.cen.is_empty() { "not known".to_string() } else { m.cen.join(" or ") };
        let mut mind: Vec<String> = m.never.iter().map(|n| format!("**{}** is {}", n.pad, n.is)).collect();
        mind.extend(m.note.clone());
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {cen} | {} | {} | {} |",
            m.name,
            m.chip,
            m.v33.join(", "),
            m.gnd.join(", "),
            m.rx1,
            m.tx1,
            m.tx2.as_deref().unwrap_or("not known"),
            mind.join("; "),
            m.sure,
        )
        .unwrap();
    }
    text
}

#[test]
fn the_table_of_the_guide_says_what_the_file_says() {
    let guide = std::fs::read_to_string(README).unwrap();
    let (before, rest) = guide.split_once(BEGIN).expect("the guide has the mark where the table begins");
    let (found, after) = rest.split_once(END).expect("the guide has the mark where the table ends");
    let made = table(&book());
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(README, format!("{before}{BEGIN}{made}{END}{after}")).unwrap();
        return;
    }
    assert!(found == made, "deploy/jig/README.md is old: UPDATE_GOLDENS=1 cargo test --test it pin_table::");
}

/// What LibreTiny's board files at 6514b26 have, typed from them: each pad that matters here and the pin of the chip behind
/// it, by number of the chip's package; the pads on the back by the names in the `-test` files.
const LIBRETINY: &[(&str, &str)] = &[
    ("WB1S", "1:5V 2:27 3:26 4:3V3 5:GND 8:29 14:GND 15:GND 16:21 18:GND"),
    ("WB2S", "1:3V3 3:GND 5:26 7:27 10:21 2TX:29 CEN:21"),
    ("WB2L", "6:GND 7:3V3 GND:GND RST:21 U1_RXD:26 U1_TXD:27 U2_TXD:29"),
    ("WB3S", "1:21 3:21 8:3V3 9:GND 11:29 15:26 16:27"),
    ("WB3L", "3:21 8:3V3 9:GND 11:29 15:26 16:27"),
    ("WBLC5", "1:ANT 2:GND 6:3V3 CEN:21 R1:26 T1:27 T2:29"),
    ("LSC LMA35", "1:3V3 6:GND 8:29 11:GND 14:GND 18:26 19:GND 20:27"),
    ("WB2L_M1", "6:GND 7:3V3 GND:GND RST:21 U1_RXD:26 U1_TXD:27 U2_TXD:29"),
    ("CB1S", "1:5V 2:27 3:26 4:3V3 5:GND 8:29 14:GND 15:GND 16:21 18:GND"),
    ("CB2S", "1:3V3 3:GND 5:26 7:27 10:21 U2_TXD:29"),
    ("CB2L", "6:GND 7:3V3 GND:GND RST:21 U1_RXD:26 U2_TXD:29 U1_TXD:27"),
    ("CB3S", "1:21 3:21 8:3V3 9:GND 11:29 15:26 16:27"),
    ("CB3SE", "1:21 3:21 8:3V3 9:GND 11:29 15:26 16:27 19:GND"),
    ("CB3L", "1:21 3:21 8:3V3 9:GND 11:29 15:26 16:27"),
    ("CBLC5", "1:ANT 2:GND 6:3V3 RST:21 R1:26 T1:27 T2:29"),
    ("CBU", "7:29 13:GND 14:3V3 15:27 16:26 18:21"),
    ("T1-2S", "1:3V3 3:GND 5:28 7:29 10:11 U2_TXD:31"),
    ("T1-M", "1:3V3 3:GND 5:28 7:29 10:11 U2_TXD:31"),
    ("T1-3S", "1:11 3:11 8:3V3 9:GND 11:31 15:28 16:29"),
    ("T1-U", "7:31 13:GND 14:3V3 15:29 16:28 18:11"),
    ("XH-WB3S", "1:11 3:P23 8:3V3 9:GND 11:31 15:28 16:29"),
];

/// What the makers' own papers have: supply, ground, RX1, TX1 and CEN, `-` where the paper does not say.
const MAKERS: &[(&str, [&str; 5])] = &[
    ("WB2S", ["1", "3", "5", "7", "10"]),
    ("CBU", ["14", "13", "16", "15", "18"]),
    ("T1-M", ["1", "3", "5", "7", "10"]),
    ("WB1S", ["-", "-", "3", "2", "-"]),
    ("CB1S", ["-", "-", "3", "2", "-"]),
    ("CB2S", ["-", "-", "5", "7", "-"]),
    ("CB3S", ["-", "-", "15", "16", "-"]),
    ("CB3L", ["-", "-", "15", "16", "-"]),
];

/// What stands for supply, ground, P10, P11, CEN and P0 in `LIBRETINY`: the numbers of BK7231's and BK7238's QFN32.
fn behind(chip: &str) -> [&'static str; 6] {
    if chip == "BK7238" { ["3V3", "GND", "28", "29", "11", "31"] } else { ["3V3", "GND", "26", "27", "21", "29"] }
}

fn sorted(pads: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut pads: Vec<String> = pads.into_iter().map(|p| p.as_ref().trim_start_matches("pad ").to_string()).collect();
    pads.sort();
    pads
}

#[test]
fn the_pads_are_those_of_libretinys_board_files() {
    let book = book();
    for module in &book.module {
        let Some((_, typed)) = LIBRETINY.iter().find(|(name, _)| *name == module.name) else {
            assert!(module.sure == "c", "{}: no second source is typed here", module.name);
            continue;
        };
        let pads: Vec<(&str, &str)> = typed.split(' ').map(|pad| pad.split_once(':').unwrap()).collect();
        let has = |what: &str| sorted(pads.iter().filter(|(_, is)| *is == what).map(|(pad, _)| pad));
        let [v33, gnd, rx1, tx1, cen, tx2] = behind(&module.chip);
        assert_eq!(sorted(&module.v33), has(v33), "{}: 3V3", module.name);
        assert_eq!(sorted(&module.gnd), has(gnd), "{}: GND", module.name);
        assert_eq!(sorted([&module.rx1]), has(rx1), "{}: RX1", module.name);
        assert_eq!(sorted([&module.tx1]), has(tx1), "{}: TX1", module.name);
        assert_eq!(sorted(&module.cen), has(cen), "{}: CEN", module.name);
        assert_eq!(sorted(&module.tx2), has(tx2), "{}: TX2", module.name);
        let harmed = pads.iter().filter(|(_, is)| ["5V", "ANT", "P23"].contains(is)).map(|(pad, _)| pad);
        assert_eq!(sorted(module.never.iter().map(|n| &n.pad)), sorted(harmed), "{}: never", module.name);
    }
    assert_eq!(LIBRETINY.len() + 1, book.module.len(), "each module has its line here");
}

#[test]
fn a_module_is_as_sure_as_its_sources() {
    let book = book();
    for module in &book.module {
        for source in &module.sources {
            let key = source.split(' ').next().unwrap();
            assert!(book.sources.contains_key(key), "{}: {source} is not among the sources", module.name);
        }
        let maker = MAKERS.iter().find(|(name, _)| *name == module.name).map(|(_, pads)| *pads);
        let first = |pads: &[String]| pads.first().cloned().unwrap_or_default();
        let ours = [first(&module.v33), first(&module.gnd), module.rx1.clone(), module.tx1.clone(), first(&module.cen)];
        for (pad, theirs) in ours.iter().zip(maker.unwrap_or(["-"; 5])) {
            assert!(theirs == "-" || pad == theirs, "{}: {pad} here, {theirs} in the maker's paper", module.name);
        }
        let sure = match maker {
            Some(pads) if !pads.contains(&"-") => "aa",
            Some(_) => "a",
            None if LIBRETINY.iter().any(|(name, _)| *name == module.name) => "b",
            None => "c",
        };
        assert_eq!(module.sure, sure, "{}", module.name);
    }
}
