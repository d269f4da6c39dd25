//! Hostile bytes: the checks of the fuzz targets on their seeds, on damaged copies of them, and on noise; the files that
//! were made to cost memory and time, given to the program.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use flashjig::model::chip::Chip;
use flashjig::sim::factory::crafted;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::process::{Command, Output};

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

/// The program under the promised limit of memory, in KiB, and one of time, in seconds of a core: a build without
/// optimization needs up to three of them.
fn limited(args: &[&str]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -d 65536 && ulimit -t 30 && exec \"$@\"", "sh", env!("CARGO_BIN_EXE_flashjig")]);
    shell.args(args).output().unwrap()
}

#[test]
fn no_crafted_file_costs_the_program_more_memory_or_time_than_it_may() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in crafted::files(Chip::Bk7231T) {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let file = file.to_str().unwrap();
        // 0: sound or something found, 1: damaged or nothing; 2: it could not be read
        for (args, ends) in [
            (&["inspect", file][..], &[0, 1][..]),
            (&["extract", "--json", file], &[0, 1]),
            (&["check", "--config", file], &[2]),
        ] {
            let output = limited(args);
            let (told, error) = (output.stdout.len() + output.stderr.len(), String::from_utf8_lossy(&output.stderr));
            assert!(
                output.status.code().is_some_and(|code| ends.contains(&code)),
                "{args:?}: {} {error}",
                output.status
            );
            assert!((1..1 << 20).contains(&told), "{args:?} says {told} bytes");
        }
    }
}
