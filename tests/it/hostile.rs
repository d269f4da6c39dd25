//! Hostile bytes: the checks of the fuzz targets on their seeds, on damaged copies of them, and on noise.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// A seed with some bytes changed, some left out and some put in.
fn damaged(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..3_u8);
    (prop::sample::select(seeds), prop::collection::vec(change, 1..12)).prop_map(|(mut bytes, changes)| {
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len().max(1));
            match kind {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => bytes.truncate(bytes.len().max(16) - usize::from(byte % 16)),
                _ => bytes.insert(at.min(bytes.len()), byte),
            }
        }
        bytes
    })
}

fn run(name: &str, cases: u32) {
    let (_, check, seeds) = fuzz::TARGETS.into_iter().find(|(target, ..)| *target == name).unwrap();
    for seed in seeds() {
        check(&seed);
    }
    let noise = prop::collection::vec(any::<u8>(), 0..600);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    runner
        .run(&prop_oneof![3 => damaged(seeds()), 1 => noise], |bytes| {
            check(&bytes);
            Ok(())
        })
        .unwrap();
}

#[test]
fn no_bytes_on_the_wire_upset_the_scanners() {
    run("frames", 400);
}

#[test]
fn no_file_upsets_the_image_parsers() {
    run("images", 24);
}

#[test]
fn no_store_upsets_the_settings_decoder() {
    run("settings", 100);
}

#[test]
fn no_text_upsets_the_configuration() {
    run("configuration", 400);
}

#[test]
fn no_request_upsets_the_page() {
    run("http", 200);
}
