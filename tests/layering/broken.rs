//! Made-up trees that break each rule in each way that the language offers, so that the rules are seen to bite.

use super::house::House;
use super::rules::{self, Crate, Layer, Subject};

const LAYERS: [Layer; 4] = [
    ("model", &[], &[("std::fs", "bytes come in read"), ("std::time::Instant", "time enters as data")]),
    ("hw", &["model"], &[]),
    ("face", &["model"], &[]),
    ("lib", &[], &[]),
];
const CRATES: [Crate; 3] = [("notify", &["hw"]), ("tokio_util", &["face"]), ("proptest", &[])];
const MANIFEST: [&str; 3] = ["notify", "tokio_util", "proptest"];

/// A tree that keeps all rules, with what looks like a breach and is none.
const SOUND: [(&str, &str); 6] = [
    ("lib.rs", "pub mod face; pub mod hw; pub mod model;"),
    (
        "model/mod.rs",
        "pub mod chip; pub mod notify; pub use chip::Chip; pub use notify::notify; pub const SECTOR: u8 = 1;",
    ),
    ("model/chip.rs", "pub struct Chip; pub fn of(at: usize) -> Chip { Chip } /* crate::hw::Port */"),
    ("model/notify.rs", "use super::{Chip, SECTOR}; pub fn to(chip: &Chip) {} pub use to as notify;"),
    ("hw/mod.rs", "use crate::model::Chip; use notify::Watcher; fn f(_: Chip, _: Watcher) {}"),
    (
        "face/mod.rs",
        r#"use crate::model::{chip::{self, Chip}, notify};
        // crate::hw::Port
        #[doc = "crate::hw::Port"] pub(in crate::hw) struct S;
        /// See [`crate::hw::Port`].
        fn f(notify: Chip) { notify::to(&notify); chip::of(1).hw; tokio_util::sync::x(); let s = "crate::hw::Port"; }
        #[cfg(test)] use crate::hw::Port;
        #[cfg(test)] #[allow(unused)] mod tests { use crate::hw::Port; use proptest::prelude::*; fn f() { std::fs::x(); } }"#,
    ),
];

/// The sound tree with a file in place of another or besides.
fn with(name: &'static str, text: &'static str) -> House {
    let others = SOUND.into_iter().filter(|(other, _)| *other != name);
    House::read(others.chain([(name, text)]), &MANIFEST)
}

fn all(house: &House) -> Vec<String> {
    let mut wrong = rules::rows(house, &LAYERS);
    wrong.extend(rules::layers(house, &LAYERS));
    wrong.extend(rules::crates(house, &MANIFEST, &CRATES));
    wrong.extend(rules::no_circles(house));
    wrong.extend(rules::nothing_hidden(house));
    wrong
}

#[test]
fn a_sound_tree_has_no_complaint() {
    assert_eq!(all(&House::read(SOUND, &MANIFEST)), [""; 0]);
}

#[test]
fn the_scan_sees_imports_in_every_form() {
    let ways = [
        "use crate::hw::Port;",
        "pub use crate::hw::Port;",
        "use crate::{hw::Port};",
        "use crate::{model::{self, Chip}, hw};",
        "use {crate::hw::{self as h}};",
        "use crate::hw as h; fn f() { h::open() }",
        "use crate as house; fn f() { house::hw::open() }",
        "use crate::{self as house}; use house::hw::open;",
        "use super::super::hw::Port;",
        "use super::super::hw as h; fn f() { h::open() }",
        "mod inner { use super::super::super::hw; }",
        "mod inner { fn f() { super::super::super::hw::open() } }",
        "use self::super::super::hw;",
        "fn f() { crate::hw::open() }",
        "fn f() { let x = &crate :: hw :: Port; }",
        "fn f() { use crate::hw; hw::open() }",
        "fn f(port: &dyn crate::hw::Port) {}",
        "impl crate::hw::Port for X {}",
        "struct S<T: crate::hw::Port>(T);",
        "fn f() { <X as crate::hw::Port>::open() }",
        "fn f() { x.y::<crate::hw::Port>() }",
        "fn f() { (0..crate::hw::LAST) }",
        "fn f() { println!(\"{}\", crate::hw::open()) }",
        "macro_rules! m { () => { $crate::hw::open() } }",
        "#[derive(crate::hw::Port)] struct S;",
        "#[serde(default = \"crate::hw::open\")] struct S;",
        "#[cfg(not(test))] use crate::hw::Port;",
        "#[cfg(test)] use x::{y}; use crate::hw::Port;",
        "#[cfg(test)] mod tests; use crate::hw::Port;",
        "#[cfg(test)] const X: [u8; 3] = [0; 3]; use crate::hw::Port;",
        "struct S { #[cfg(test)] x: u8, y: crate::hw::Port }",
        "#[cfg(test)] const fn f() {} use crate::hw::Port; const X: u8 = 1;",
        "use crate::r#hw::Port;",
        "extern crate self as house; fn f() { house::hw::open() }",
    ];
    for way in ways {
        let found = all(&with("face/extra.rs", way));
        assert!(found.iter().any(|wrong| wrong.contains("face may not name hw")), "{way}: {found:?}");
    }
}

#[test]
fn a_forbidden_crate_is_seen_however_it_is_named() {
    let ways = [
        "use notify::Watcher;",
        "use notify;",
        "use notify as n;",
        "use {std::fmt, notify::{EventKind, Watcher}};",
        "use ::notify::Watcher;",
        "extern crate notify as n;",
        "fn f() { notify::watch() }",
        "fn f() { ::notify::watch() }",
        "fn f() { notify :: watch() }",
        "fn f() -> ::notify::Watcher { }",
        "fn f() { match x { _ => ::notify::watch() } }",
        "fn f() { Vec::<u8>::new(); ::notify::watch() }",
        "use notify as n; fn f() { n::watch() }",
        "mod notify { } mod inner { fn f() { notify::watch() } }",
        "fn f() { use crate::model::notify; } fn g() { notify::watch() }",
        "fn f(x: impl notify::Watcher) {}",
        "#[notify::main] fn f() {}",
        "fn f() { assert!(notify::watch()) }",
    ];
    for way in ways {
        let found = all(&with("face/extra.rs", way));
        assert!(found.iter().any(|wrong| wrong.contains("face may not use notify")), "{way}: {found:?}");
    }
    let found =
        all(&with("face/extra.rs", "fn f() { notify_rust::x(); x.notify::<u8>(); crate::model::notify::to() }"));
    assert_eq!(found, [""; 0], "a longer word, a method, a module of ours");
}

#[test]
fn what_a_layer_must_not_touch_is_seen_however_it_is_named() {
    let ways = [
        "use std::fs;",
        "use std::{fmt, fs::File};",
        "use std::fs::*;",
        "use std::*;",
        "fn f() { std::fs::read(x) }",
        "use std as s; fn f() { s::fs::read(x) }",
        "use std::time; fn f() { time::Instant::now() }",
        "use std::time::Instant as Moment;",
    ];
    for way in ways {
        let found = all(&with("model/extra.rs", way));
        let seen = found.iter().any(|wrong| wrong.contains("bytes come in read") || wrong.contains("enters as data"));
        assert!(seen, "{way}: {found:?}");
    }
}

#[test]
fn a_table_that_says_other_than_the_tree_is_refused() {
    let house = House::read(SOUND, &MANIFEST);
    let rows = |table: &[Layer]| rules::rows(&house, table).join("\n");
    assert!(rows(&LAYERS[1..]).contains("model has no row"));
    assert!(rows(&[LAYERS[0], LAYERS[1], LAYERS[2]]).contains("lib has no row"));
    assert!(rows(&[&LAYERS[..], &[("cellar", &[], &[])]].concat()).contains("there is no such layer"));
    assert!(rows(&[LAYERS[1], LAYERS[0], LAYERS[2], LAYERS[3]]).contains("the row of hw: model is not below it"));
    let root = with("clock.rs", "pub fn now() {}");
    assert!(rules::rows(&root, &LAYERS).join("\n").contains("clock has no row"), "a file at the root is a layer");
    let item = rules::layers(&with("face/extra.rs", "use crate::VERSION;"), &LAYERS).join("\n");
    assert!(item.contains("face may not name lib"), "{item}");
    let wide = [LAYERS[0], LAYERS[1], ("face", &["model", "hw"][..], &[][..]), LAYERS[3]];
    assert!(rules::layers(&house, &wide).join("\n").contains("the row of face: it names hw nowhere"));

    let crates = |manifest: &[&str], table: &[Crate]| rules::crates(&house, manifest, table).join("\n");
    assert!(crates(&["notify", "tokio_util", "proptest", "zbus"], &CRATES).contains("zbus of Cargo.toml has no row"));
    assert!(crates(&["notify", "tokio_util"], &CRATES).contains("the row of proptest: it is not in Cargo.toml"));
    assert!(crates(&MANIFEST, &[CRATES[0], CRATES[2]]).contains("tokio_util of Cargo.toml has no row"));
    assert!(crates(&MANIFEST, &[CRATES[0], CRATES[1], CRATES[2], CRATES[0]]).contains("two rows"));
    let wide: [Crate; 3] = [("notify", &["hw", "face"]), CRATES[1], CRATES[2]];
    assert!(crates(&MANIFEST, &wide).contains("the row of notify: face does not use it"));
    let idle: [Crate; 3] = [CRATES[0], CRATES[1], ("proptest", &["hw"])];
    assert!(crates(&MANIFEST, &idle).contains("the row of proptest: hw does not use it"));
}

#[test]
fn a_circle_of_files_is_seen_also_through_names_that_are_passed_on() {
    let ways = [
        "use super::notify::to; pub struct Chip;",
        "use super::notify; pub struct Chip;",
        "pub struct Chip; fn f() { super::notify::to() }",
        "pub struct Chip; fn f() { debug!(crate::model::notify::to()) }",
        "pub use super::notify::to; pub struct Chip; fn f() { to() }",
    ];
    for way in ways {
        let house = with("model/chip.rs", way);
        let found = rules::no_circles(&house).join("\n");
        assert!(found.contains("model/chip.rs needs model/notify.rs"), "{way}: {found}");
        assert!(found.contains("model/notify.rs needs model/chip.rs"), "{way}: {found}");
    }
    let mother = with("model/mod.rs", "pub mod chip; pub mod notify; pub struct Chip; fn f() { notify::to() }");
    assert!(rules::no_circles(&mother).join("\n").contains("model/mod.rs needs model/notify.rs"));
    let map = with("model/mod.rs", "pub mod chip; pub mod notify; pub use notify::to; pub struct Chip;");
    assert_eq!(rules::no_circles(&map), [""; 0], "a map that passes a name on does not need it");
}

#[test]
fn a_subject_names_only_what_stands_before_it() {
    const TABLE: [Subject; 2] = [("chip", &[]), ("unit", &["chip"])];
    let found = |files: &[(&'static str, &'static str)], table: &[Subject]| {
        rules::subjects(&House::read(files.iter().copied(), &MANIFEST), "model", table).join("\n")
    };
    let chip = ("model/chip/mod.rs", "pub struct Chip;");
    let unit = ("model/unit/mod.rs", "pub mod record; pub struct Unit;");
    let record = ("model/unit/record.rs", "use crate::model::chip::Chip; use super::Unit; fn f(_: Chip, _: Unit) {}");
    let map = ("model/mod.rs", "pub mod chip; pub mod unit;");
    assert_eq!(found(&[map, chip, unit, record], &TABLE), "");
    let up = ("model/chip/find.rs", "use super::super::unit::Unit; fn f(_: Unit) {}");
    assert!(found(&[map, chip, unit, record, up], &TABLE).contains("chip may not name unit"));
    let loose = ("model/mac.rs", "pub struct Mac;");
    assert!(found(&[map, chip, unit, record, loose], &TABLE).contains("model/mac.rs belongs to no subject"));
    let strange = ("model/show/mod.rs", "pub struct Lamp;");
    assert!(found(&[map, chip, unit, record, strange], &TABLE).contains("model/show/mod.rs belongs to no subject"));
    assert!(found(&[map, chip, unit], &TABLE).contains("the row of unit: it names chip nowhere"));
    assert!(found(&[map, chip, unit, record], &[TABLE[1], TABLE[0]]).contains("chip is not below it"));
}

#[test]
fn code_that_could_not_be_read_here_is_refused() {
    for (way, what) in [
        ("include!(\"../x.rs\");", "include!"),
        ("#[path = \"../x.rs\"] mod x;", "#[path]"),
        ("macro_rules! m { ($m:ident) => { crate::$m::open() } } m!(hw);", "a path that a macro puts together"),
        ("use crate::model::*;", "crate::model::* hides"),
        ("fn f() { use super::super::model::*; }", "crate::model::* hides"),
    ] {
        let found = all(&with("face/extra.rs", way)).join("\n");
        assert!(found.contains(what), "{way}: {found}");
    }
}

#[test]
fn a_file_of_tests_is_left_out_and_one_that_is_only_called_so_is_not() {
    let breach = "use crate::hw::Port;";
    let declared = "#[cfg(test)] mod tests; use crate::model::Chip; fn f() { tokio_util::x() }";
    let tree = |mother: &'static str, name: &'static str| {
        let others = SOUND.into_iter().filter(|(other, _)| *other != "face/mod.rs");
        all(&House::read(others.chain([("face/mod.rs", mother), (name, breach)]), &MANIFEST)).join("\n")
    };
    assert_eq!(tree(declared, "face/tests.rs"), "");
    assert_eq!(tree(declared, "face/tests/deep/one.rs"), "");
    assert!(
        tree("mod tests; use crate::model::Chip; fn f() { tokio_util::x() }", "face/tests.rs")
            .contains("may not name hw")
    );
    assert!(tree(declared, "face/tests_of.rs").contains("may not name hw"));
    assert_eq!(all(&with("face/extra.rs", "#![cfg(test)] use std::fmt; use crate::hw::Port;")), [""; 0]);
}
