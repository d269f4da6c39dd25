//! The program as its user starts it, on disks that are full, read-only or somebody else's. The disks are small tmpfs in
//! a mount namespace of their own; without the right to make one the tests say so and pass.

use flashjig::testdata;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a shell script in its own mount namespace, with a tmpfs of this size at `$DISK` and the program as `$FLASHJIG`.
fn on_disk(options: &str, script: &str) -> Option<Output> {
    let dir = tempfile::tempdir().unwrap();
    let mount = format!("mount -t tmpfs -o {options} tmpfs \"$DISK\" || exit 77\n{script}");
    let done = run(dir.path(), &mount);
    match done {
        Some(done) if done.status.code() != Some(77) => Some(done),
        _ => {
            testdata::skipped("this user may not mount a tmpfs in a namespace (unshare --mount)");
            None
        }
    }
}

fn run(disk: &Path, script: &str) -> Option<Output> {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script]).env("DISK", disk).env("FLASHJIG", env!("CARGO_BIN_EXE_flashjig"));
    let done = command.output().ok()?;
    let refused = String::from_utf8_lossy(&done.stderr).contains("unshare failed");
    if refused { None } else { Some(done) }
}

fn said(done: &Output) -> String {
    String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr)
}

const DEMO: &str = "\"$FLASHJIG\" demo --units 1 --speed 100 --listen 127.0.0.1:0 --data-dir \"$DISK\"/station";

#[test]
fn a_unit_does_not_start_on_a_disk_without_room() {
    let Some(done) = on_disk("size=12m", DEMO) else { return };
    let said = said(&done);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("S11 in settle") && said.contains("16384 KiB free"), "{said}");
    assert!(said.contains("free some space"), "{said}");
}

#[test]
fn a_read_only_disk_is_refused_in_words() {
    let Some(done) = on_disk("size=30m", &format!("mount -o remount,ro \"$DISK\"; {DEMO}")) else { return };
    let said = said(&done);
    assert_eq!(done.status.code(), Some(2), "{said}");
    assert!(said.contains("read-only") && said.contains("remount it writable"), "{said}");
}

#[test]
fn a_disk_that_fills_up_while_a_unit_is_in_work_loses_no_record_and_erases_nothing_without_a_backup() {
    // 20 MiB are enough to start; the filler takes them as soon as the unit runs
    let script = format!(
        "mkdir \"$DISK\"/station; ({DEMO}) >\"$DISK\".out 2>&1 & demo=$!\n\
         until grep -q page \"$DISK\".out; do sleep 0.02; done\n\
         dd if=/dev/zero of=\"$DISK\"/filler bs=64k 2>/dev/null\n\
         wait $demo; cat \"$DISK\".out; rm \"$DISK\".out \"$DISK\"/filler\n\
         \"$FLASHJIG\" demo --units 0 --listen 127.0.0.1:0 --data-dir \"$DISK\"/station\n\
         \"$FLASHJIG\" units --csv --data-dir \"$DISK\"/station; \"$FLASHJIG\" backup check --data-dir \"$DISK\"/station"
    );
    let Some(done) = on_disk("size=20m", &script) else { return };
    let said = said(&done);
    assert!(done.status.success(), "the archive is whole: {said}");
    // wherever it hit: before the start, at the note, at the backup, at the record, or not at all
    let codes = ["S11", "S12", "K02", "S03", "PASS"];
    assert!(codes.iter().any(|code| said.contains(code)), "{said}");
    assert!(said.contains("\n1,") && !said.contains("\n2,"), "the unit is in the ledger once: {said}");
}

#[test]
fn a_ledger_is_not_opened_where_that_would_fill_the_disk_and_opens_when_there_is_room_again() {
    // room for the tail of a segment of the ledger's log, and none for the snapshot that is written then
    let script = format!(
        "{DEMO} || exit 1\n\
         cd \"$DISK\"; free=$(df -k --output=avail . | tail -1)\n\
         dd if=/dev/zero of=filler bs=1k count=$((free - 396)) 2>/dev/null\n\
         again() {{ \"$FLASHJIG\" demo --units 0 --listen 127.0.0.1:0 --data-dir \"$DISK\"/station; }}\n\
         again && exit 2; ls station/ledger; rm filler\n\
         again || exit 3; \"$FLASHJIG\" units --csv --data-dir \"$DISK\"/station"
    );
    let Some(done) = on_disk("size=30m", &script) else { return };
    let said = said(&done);
    assert!(done.status.success(), "{said}");
    assert!(said.contains("396 KiB free on its disk, expected 4096 KiB; free some space"), "{said}");
    assert!(!said.contains("generating") && said.contains("\n1,") && !said.contains("\n2,"), "{said}");
}
