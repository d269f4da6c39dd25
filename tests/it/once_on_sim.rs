//! The two commands as an outsider uses them: `flashjig once` on a board that `flashjig sim` serves.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

const BIN: &str = env!("CARGO_BIN_EXE_flashjig");

struct Sim {
    child: Child,
    uart: PathBuf,
    control: PathBuf,
}

impl Sim {
    fn start(dir: &Path, speed: &str, args: &[&str]) -> Self {
        let (uart, control) = (dir.join("uart"), dir.join("control"));
        let mut child = Command::new(BIN)
            .args(["sim", "--speed", speed, "--link"])
            .arg(&uart)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("/dev/pts/"), "the first line is the PTY: {line:?}");
        Self { child, uart, control }
    }

    fn ask(&self, order: &str) -> String {
        let mut socket = UnixStream::connect(&self.control).unwrap();
        writeln!(socket, "{order}").unwrap();
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).unwrap();
        line
    }

    fn status(&self) -> Value {
        let line = self.ask("status");
        serde_json::from_str(line.strip_prefix("ok ").expect("ok and an object")).unwrap()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

fn station(dir: &Path, uart: &Path, lines: &str) -> PathBuf {
    let config = dir.join("flashjig.toml");
    let text = format!(
        "[station]\ndata_dir = \"{}\"\n[[slot]]\nname = \"A\"\nuart = \"{}\"\n[slot.lines]\n{lines}\n",
        dir.join("data").display(),
        uart.display()
    );
    std::fs::write(&config, text).unwrap();
    std::fs::create_dir_all(dir.join("data/firmware")).unwrap();
    config
}

fn demo_image(dir: &Path, chip: &str) -> Vec<u8> {
    let chip = flashjig::model::chip::Chip::parse(chip).unwrap();
    let (name, bytes) = flashjig::sim::factory::demo_image(chip, "1.18.300");
    std::fs::write(dir.join("data/firmware").join(name), &bytes).unwrap();
    bytes
}

fn once(config: &Path) -> Output {
    Command::new(BIN).args(["once", "--json", "--config"]).arg(config).output().unwrap()
}

fn record(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
    })
}

#[test]
fn a_unit_passes_over_socket_lines_and_its_record_follows_the_contract() {
    for chip in ["t", "n"] {
        let dir = tempfile::tempdir().unwrap();
        let control = dir.path().join("control");
        let sim = Sim::start(dir.path(), "40", &["--chip", chip, "--control", control.to_str().unwrap()]);
        let config = station(dir.path(), &sim.uart, &format!("kind = \"socket\"\npath = {:?}", sim.control));
        let image = demo_image(dir.path(), chip);
        let output = once(&config);
        let unit = record(&output);
        assert!(output.status.success(), "{unit:#}");
        assert_eq!(unit["verdict"], "pass");
        assert!(unit["fault"].is_null());
        for key in ["seq", "v", "station", "slot", "started", "finished", "clock_synced", "boot_id", "config"] {
            assert!(unit.get(key).is_some(), "{key} is missing: {unit:#}");
        }
        for key in ["chip", "module", "mac", "flash_id", "flash_size", "bootloader", "key"] {
            assert!(unit["board"].get(key).is_some(), "board.{key} is missing: {unit:#}");
        }
        for key in ["sha256", "bytes", "read_bytes", "skipped_bytes"] {
            assert!(unit["backup"].get(key).is_some(), "backup.{key} is missing: {unit:#}");
        }
        for key in ["name", "version", "sha256", "chip"] {
            assert!(unit["firmware"].get(key).is_some(), "firmware.{key} is missing: {unit:#}");
        }
        for key in ["baud", "tx_bytes", "rx_bytes", "errors", "overruns"] {
            assert!(unit["uart"].get(key).is_some(), "uart.{key} is missing: {unit:#}");
        }
        for stage in unit["stages"].as_array().unwrap() {
            for key in ["name", "start_ms", "ms", "bytes", "retries"] {
                assert!(stage.get(key).is_some(), "stages[].{key} is missing: {unit:#}");
            }
        }
        let status = sim.status();
        assert_eq!(status["powered"], false, "{status:#}");
        assert_eq!(status["boot_intact"], true, "{status:#}");
        assert!(status["lowest"].as_u64().unwrap() >= 0x1_1000, "{status:#}");
        // the stock flash comes out of the archive byte for byte
        let file = dir.path().join("stock.bin");
        let export =
            Command::new(BIN).args(["backup", "export", "1"]).arg(&file).arg("--config").arg(&config).output().unwrap();
        assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
        let stock = std::fs::read(&file).unwrap();
        assert_eq!(stock.len() as u64, unit["backup"]["bytes"].as_u64().unwrap());
        let mut want = stock.clone();
        want[0x1_1000..0x1_1000 + image.len()].copy_from_slice(&image);
        want[0x1_1000 + image.len()..(0x1_1000 + image.len()).next_multiple_of(0x1000)].fill(0xFF);
        let digest = flashjig::model::chip::digest::Digest::of(&want).to_string();
        assert_eq!(status["sha256"], digest.as_str(), "the board does not hold stock with the application replaced");
    }
}

#[test]
fn a_unit_passes_by_hand_where_the_operator_resets_the_board() {
    let dir = tempfile::tempdir().unwrap();
    let sim = Sim::start(dir.path(), "40", &["--chip", "t"]);
    let config = station(dir.path(), &sim.uart, "kind = \"manual\"");
    demo_image(dir.path(), "t");
    let output = once(&config);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(record(&output)["verdict"], "pass");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("CEN"), "the operator was not told what to do: {told}");
    for word in ["mains", "10 V DC", "batteries", "3.4 V"] {
        assert!(
            told.split("CEN").next().unwrap().contains(word),
            "not warned of {word} before hands are asked for: {told}"
        );
    }
}

#[test]
fn an_empty_firmware_folder_is_a_refusal_with_exit_code_1() {
    let dir = tempfile::tempdir().unwrap();
    let control = dir.path().join("control");
    let sim = Sim::start(dir.path(), "40", &["--chip", "n", "--control", control.to_str().unwrap()]);
    let config = station(dir.path(), &sim.uart, &format!("kind = \"socket\"\npath = {:?}", sim.control));
    let output = once(&config);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(record(&output)["fault"]["code"], "I01");
    assert_eq!(sim.status()["erases"], 0);
}

#[test]
fn a_port_that_is_not_there_is_the_stations_fault_with_exit_code_2() {
    let dir = tempfile::tempdir().unwrap();
    let config = station(dir.path(), Path::new("/dev/no-such-port"), "kind = \"manual\"");
    let output = once(&config);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("/dev/no-such-port"));
}

#[test]
fn sigterm_ends_a_unit_at_a_safe_point_and_records_it() {
    let dir = tempfile::tempdir().unwrap();
    let control = dir.path().join("control");
    // slow enough that the backup is still running when the signal comes
    let sim = Sim::start(dir.path(), "2", &["--chip", "n", "--control", control.to_str().unwrap()]);
    let config = station(dir.path(), &sim.uart, &format!("kind = \"socket\"\npath = {:?}", sim.control));
    demo_image(dir.path(), "n");
    let child = Command::new(BIN)
        .args(["once", "--json", "--config"])
        .arg(&config)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let linked = (0..1_000_000).any(|_| sim.status()["linked"] == true);
    assert!(linked, "the board was never linked");
    let killed = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let unit = record(&output);
    assert_eq!(unit["verdict"], "aborted", "{unit:#}");
    let status = sim.status();
    assert_eq!((status["powered"].clone(), status["erases"].clone()), (false.into(), 0.into()));
}

#[test]
fn safe_cuts_the_power_of_a_board_that_was_left_live_and_not_of_a_unit_in_work() {
    let dir = tempfile::tempdir().unwrap();
    let control = dir.path().join("control");
    let sim = Sim::start(dir.path(), "40", &["--chip", "t", "--control", control.to_str().unwrap()]);
    assert!(sim.ask("power on").starts_with("ok"));
    assert!(sim.ask("cen high").starts_with("ok"));
    assert_eq!(sim.status()["powered"], true);
    let config = station(dir.path(), &sim.uart, &format!("kind = \"socket\"\npath = {:?}", sim.control));
    let safe = |more: &[&str]| Command::new(BIN).args(["safe", "--config"]).arg(&config).args(more).output().unwrap();
    let running = flashjig::store::Ledger::open(&dir.path().join("data")).unwrap();
    let refused = safe(&[]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("nothing was switched") && said.contains("--force"), "{said}");
    assert_eq!(sim.status()["powered"], true);
    let forced = safe(&["--force"]);
    assert!(forced.status.success(), "{}", String::from_utf8_lossy(&forced.stderr));
    assert_eq!(sim.status()["powered"], false);
    assert!(sim.ask("power on").starts_with("ok"));
    drop(running);
    let output = safe(&[]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.starts_with("slot A: power off, reset held"), "{said}");
    let status = sim.status();
    assert_eq!((status["powered"].clone(), status["cen"].clone()), (false.into(), "low".into()));
}

#[test]
fn a_doubt_ends_a_unit_untouched_and_once_accepts_it_by_its_code() {
    let dir = tempfile::tempdir().unwrap();
    let control = dir.path().join("control");
    let sim = Sim::start(dir.path(), "40", &["--chip", "t", "--control", control.to_str().unwrap()]);
    let config = station(dir.path(), &sim.uart, &format!("kind = \"socket\"\npath = {:?}", sim.control));
    demo_image(dir.path(), "t");
    let data = dir.path().join("data");
    std::fs::create_dir_all(data.join("recipes")).unwrap();
    std::fs::create_dir_all(data.join("devices")).unwrap();
    let recipe = "[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\n";
    std::fs::write(data.join("recipes/default.toml"), recipe).unwrap();
    let device = "[match]\nmodule = \"WB2S\"\n[template.pins]\n6 = \"Rel_n;1\"\n";
    std::fs::write(data.join("devices/lsc-3202088.toml"), device).unwrap();
    let once = |accept: &[&str]| {
        Command::new(BIN).args(["once", "--json", "--config"]).arg(&config).args(accept).output().unwrap()
    };
    let refused = once(&[]);
    let unit = record(&refused);
    assert_eq!((refused.status.code(), &unit["fault"]["code"]), (Some(1), &"C04".into()), "{unit:#}");
    assert_eq!(unit["config"]["doubts"][0]["code"], "list-differs");
    assert_eq!(unit["config"]["accepted"], serde_json::json!([]));
    assert!(!unit["checks"].as_array().unwrap().iter().any(|check| check["name"] == "image"), "no image is to blame");
    assert_eq!(sim.status()["erases"], 0);
    for (word, why) in [("toaster", "expected one of motor"), ("coil", "only the device list")] {
        let wrong = once(&["--accept", word]);
        assert_eq!(wrong.status.code(), Some(2), "{word}");
        assert!(String::from_utf8_lossy(&wrong.stderr).contains(why), "{}", String::from_utf8_lossy(&wrong.stderr));
    }
    let accepted = once(&["--accept", "strip,list-differs"]);
    let unit = record(&accepted);
    assert!(accepted.status.success(), "{unit:#}");
    assert_eq!(unit["config"]["accepted"], serde_json::json!(["list-differs"]));
    assert_eq!(unit["config"]["template"]["pins"]["6"], "Rel;1", "the settings win");
    assert!(String::from_utf8_lossy(&accepted.stderr).contains("list-differs"), "the terminal tells it");
}

#[test]
fn a_configured_plugs_passwords_reach_neither_terminal_nor_journal_nor_ledger() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let control = dir.path().join("control");
    let sim = Sim::start(dir.path(), "40", &["--chip", "t", "--control", control.to_str().unwrap()]);
    let config = station(dir.path(), &sim.uart, &format!("kind = \"socket\"\npath = {:?}", sim.control));
    demo_image(dir.path(), "t");
    let recipes = dir.path().join("data/recipes");
    std::fs::create_dir(&recipes).unwrap();
    let recipe = "[openbeken]\nconfigure = \"flash\"\nname = \"room-{n}\"\n[openbeken.wifi]\nssid = \"home\"\n\
                  password_file = \"wifi.secret\"\n";
    std::fs::write(recipes.join("default.toml"), recipe).unwrap();
    std::fs::write(recipes.join("wifi.secret"), "W1fi-Marker-Pass\n").unwrap();
    std::fs::set_permissions(recipes.join("wifi.secret"), PermissionsExt::from_mode(0o600)).unwrap();
    let output = Command::new(BIN)
        .args(["once", "--json", "--config"])
        .arg(&config)
        .env("FLASHJIG_LOG", "trace")
        .output()
        .unwrap();
    let unit = record(&output);
    assert!(output.status.success(), "{unit:#}");
    assert_eq!((&unit["config"]["checked"], &unit["config"]["name"]), (&true.into(), &"room-1".into()));
    let mut told = [output.stdout, output.stderr].concat();
    for file in std::fs::read_dir(dir.path().join("data/ledger")).unwrap() {
        told.extend(std::fs::read(file.unwrap().path()).unwrap_or_default());
    }
    let list = Command::new(BIN).args(["units", "--template", "1", "--config"]).arg(&config).output().unwrap();
    assert!(list.status.success() && String::from_utf8_lossy(&list.stdout).contains("Flags 1024"));
    told.extend(list.stdout);
    let told = String::from_utf8_lossy(&told);
    for spelling in
        ["W1fi-Marker", "VzFmaS1NYXJrZXI", "573166692d4d61726b6572", "573166692D4D61726B6572", "87, 49, 102"]
    {
        assert!(!told.contains(spelling), "the Wi-Fi password leaks");
    }
}
