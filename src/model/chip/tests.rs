use super::*;
use crate::model::chip::beken::crc;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::{Span, rf};
use crate::model::firmware::image::anatomy::Boot;
use crate::model::tuya;
use crate::testdata;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Named on failure: the chip and what of it.
fn holds(chip: Chip, what: &str, is_so: bool) {
    assert!(is_so, "{chip}: {what}");
}

#[test]
fn each_row_is_complete_and_agrees_with_itself() {
    for chip in Chip::ALL {
        let facts = chip.facts();
        let (smallest, largest) = (facts.flash_sizes[0], facts.flash_sizes[facts.flash_sizes.len() - 1]);
        holds(chip, "sizes ascend", facts.flash_sizes.is_sorted_by(|a, b| a < b));
        holds(chip, "sizes are powers of two", facts.flash_sizes.iter().all(|size| size.is_power_of_two()));

        let (calibration, config) =
            (Span::sized(facts.calibration.working, SECTOR), Span::sized(facts.config_at, SECTOR));
        let app = Span::new(chip.boot_end(), chip.app_limit());
        let end = chip.boot_end();
        holds(
            chip,
            "a boot loader is whole records in whole sectors",
            end.is_multiple_of(34) && end.is_multiple_of(SECTOR),
        );
        holds(chip, "room for an app", app.len() >= 0x10_0000);
        holds(chip, "an update lies behind the app, before the calibration", {
            facts.update.working.start == app.end && facts.update.working.end <= calibration.start
        });
        holds(chip, "the configuration lies right behind the calibration", calibration.end == config.start);
        holds(chip, "OpenBeken's places fit in the smallest flash", config.end <= smallest);

        let vendors = facts.update.stock.into_iter().chain(facts.store).chain(facts.files.iter().copied());
        for span in vendors.chain(facts.calibration.stock.map(|at| Span::sized(at, SECTOR))) {
            holds(chip, &format!("{span}: whole sectors behind the boot loader, in the largest flash"), {
                span.start >= chip.boot_end() && span.end <= largest && !span.is_empty() && span.aligned(SECTOR) == span
            });
        }
        for kept in facts.store.into_iter().chain(facts.calibration.stock.map(|at| Span::sized(at, SECTOR))) {
            holds(chip, &format!("{kept}: no app, no configuration"), !kept.overlaps(app) && !kept.overlaps(config));
        }

        let is_rom = facts.dialect.has_registers();
        holds(chip, "a ROM looks for a mark", is_rom == facts.rom_magic.is_some());
        holds(chip, "only a ROM has fuses", is_rom || matches!(facts.key, KeyRule::Always(_)));
        holds(chip, "it has an id and a boot loader", !facts.ids.is_empty() && !facts.loaders.is_empty());
        holds(chip, "a configuration is for a build", facts.mqtt_group.is_none() || facts.firmware.is_some());
        if let Some(care) = &facts.care {
            holds(chip, "what needs care is converted by word", matches!(facts.converted, Converted::ByWord(_)));
            holds(chip, "its size is one of its sizes", facts.flash_sizes.contains(&care.flash_size));
            let copy = chip.calibration_copy();
            let kept = facts.calibration.stock.map(|at| Span::sized(at, SECTOR));
            holds(chip, "the copy is no control block and not the calibration", {
                care.update_control.iter().all(|at| copy.is_none_or(|copy| !copy.contains(*at))) && copy != kept
            });
        }
        holds(chip, "what is converted is known in full", {
            !chip.is_converted()
                || (facts.mqtt_group.is_some() && facts.store.is_some() && facts.calibration.stock.is_some())
        });
    }
}

#[test]
fn what_tells_chips_apart_is_in_one_row_only() {
    let mut names = HashSet::new();
    let (mut platforms, mut modules) = (HashSet::new(), HashSet::new());
    for chip in Chip::ALL {
        let facts = chip.facts();
        for name in [facts.name].iter().chain(facts.aliases) {
            holds(chip, name, names.insert(name.to_ascii_uppercase()));
        }
        for platform in facts.platforms {
            holds(chip, platform, platforms.insert(platform));
        }
        for module in facts.modules {
            holds(chip, module, modules.insert(module));
        }
        // those that share id and build are told apart by their fuses
        let alike = |other: &Chip| *other != chip && facts.dialect.has_registers() && other.facts().ids == facts.ids;
        for other in Chip::ALL.into_iter().filter(alike) {
            let fused = matches!((facts.key, other.facts().key), (KeyRule::Fused(a), KeyRule::Fused(b)) if a != b);
            holds(chip, other.name(), fused && other.facts().firmware == facts.firmware);
        }
    }
}

#[test]
fn every_way_back_leads_to_the_row_it_came_from() {
    for chip in Chip::ALL {
        let facts = chip.facts();
        for name in [facts.name].iter().chain(facts.aliases) {
            assert_eq!(Chip::parse(&name.to_lowercase()), Some(chip), "{name}");
        }
        let json = serde_json::to_value(chip).unwrap();
        assert_eq!(json, facts.name);
        assert_eq!(serde_json::from_value::<Chip>(json).unwrap(), chip);
        holds(chip, "id", facts.ids.iter().all(|id| Chip::of_id(*id).any(|found| found == chip)));
        holds(chip, "CRC", facts.loaders.iter().all(|loader| Chip::of_loader(loader.crc).any(|found| found == chip)));
        holds(
            chip,
            "calibration",
            facts.calibration.each().all(|at| Chip::of_calibration(at).any(|found| found == chip)),
        );
        holds(chip, "configuration", config_places().contains(&facts.config_at));
        for platform in facts.platforms {
            assert_eq!(Chip::of_platform(platform), Some(chip), "{platform}");
        }
        if let Some(firmware) = facts.firmware {
            let found = Chip::of_firmware(firmware).unwrap();
            assert_eq!(found.with_key(chip.key()), chip, "{firmware}");
        }
        for module in facts.modules {
            assert_eq!(Chip::of_module(&format!("{module}-X")), Some((chip, module.len())));
        }
        assert_eq!(chip.with_key(chip.key()), chip);
        assert_eq!(chip.with_key(Key::Foreign), chip, "no chip is named by a key that nobody knows");
        holds(chip, "family", chip.facts().family.chips().any(|found| found == chip));
    }
    let places: HashSet<u32> = config_places().into_iter().collect();
    assert_eq!(places.len(), config_places().len(), "each place once");
    for nothing in ["", "BK", "BK7231", "7231", "OpenBK7231T"] {
        assert_eq!(Chip::parse(nothing), None, "{nothing}");
    }
    assert!(Chip::of_id(0).next().is_none() && Chip::of_loader(0).next().is_none());
    assert!(Chip::of_calibration(0x1D_9000).next().is_none() && Chip::of_module("XR3").is_none());
}

#[test]
fn the_longest_prefix_of_a_module_counts() {
    assert_eq!(Chip::of_module("WB2S"), Some((Chip::Bk7231T, 1)));
    assert_eq!(Chip::of_module("WB2L_M1"), Some((Chip::Bk7231N, 7)));
    assert_eq!(Chip::of_module("T34"), Some((Chip::Bk7231N, 3)));
    assert_eq!(Chip::of_module("T1-2S-NL"), Some((Chip::Bk7238, 2)));
}

#[test]
fn a_key_tells_the_chips_of_one_silicon_apart_and_no_others() {
    assert_eq!(Chip::Bk7231N.with_key(Key::Plain), Chip::Bk7231M);
    assert_eq!(Chip::Bk7231M.with_key(Key::Standard), Chip::Bk7231N);
    assert_eq!(Chip::Bk7231T.with_key(Key::Plain), Chip::Bk7231T);
    assert_eq!(Chip::Bk7238.with_key(Key::Standard), Chip::Bk7238);
}

/// Typed a second time, from the dumps and images that the table names.
#[test]
fn the_places_of_the_chips_of_plugs_are_right() {
    let places = |chip: Chip| {
        let facts = chip.facts();
        let Places { stock, working } = facts.calibration;
        (chip.boot_end(), chip.app_limit(), stock, working, facts.config_at, facts.store)
    };
    let full = Some(Span::new(0x1E_E000, 0x20_0000));
    let t = (0x1_1000, 0x13_2000, Some(0x1E_0000), 0x1E_0000, 0x1E_1000, full);
    let n = (0x1_1000, 0x12_A000, Some(0x1D_0000), 0x1D_0000, 0x1D_1000, full);
    let short = Some(Span::new(0x1F_5000, 0x20_0000));
    let t1 = (0x1_1000, 0x13_2000, Some(0x1E_3000), 0x1E_0000, 0x1E_1000, short);
    assert_eq!(Chip::ALL.map(places)[..3], [t, n, n], "T, N, M");
    assert_eq!(places(Chip::Bk7238), t1);
    let update = Chip::Bk7238.facts().update;
    assert_eq!(update.stock, Some(Span::new(0x12_C000, 0x1E_1000)), "it covers the place where OpenBeken looks");
    assert_eq!(update.working, Span::new(0x13_2000, 0x1E_0000));
}

#[test]
fn what_is_asked_before_the_chip_is_known_holds_for_all_of_the_family() {
    for family in Family::ALL {
        assert!(family.chips().next().is_some(), "{}", family.name());
        for chip in family.chips() {
            let ends = family.lowest_boot_end()..=family.highest_boot_end();
            holds(chip, "boot loader", ends.contains(&chip.boot_end()));
            holds(chip, "app", chip.app_limit() <= family.highest_app_limit());
            holds(chip, "flash", chip.facts().flash_sizes.iter().all(|size| *size >= family.smallest_flash()));
        }
        // what reads files and dumps looks for the app at the lowest end, and finds it there on each chip
        assert_eq!(family.lowest_boot_end(), family.highest_boot_end(), "{}", family.name());
    }
    let beken = Family::Beken;
    assert_eq!(
        (beken.lowest_boot_end(), beken.highest_app_limit(), beken.smallest_flash()),
        (0x1_1000, 0x13_2000, 2 << 20)
    );
}

#[test]
fn names_are_listed_as_a_sentence_has_them() {
    assert_eq!(listed(Chip::supported().map(Chip::name), "or"), "BK7231T, BK7231N or BK7231M");
    assert_eq!(listed(["a", "b"], "and"), "a and b");
    assert_eq!(listed(["a"], "or"), "a");
    assert_eq!(listed([""; 0], "or"), "");
}

/// The first bytes of a boot loader are known by their CRC, over 257 bytes on a ROM and 256 on an L-boot.
fn loader_crc(chip: Chip, flash: &[u8]) -> u32 {
    crc::standard(&flash[..if chip.dialect().has_registers() { 257 } else { 256 }])
}

#[test]
fn published_images_bear_their_rows_out() {
    for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231M, Chip::Bk7231U, Chip::Bk7238] {
        let Some(file) = testdata::read(&format!("firmware/Open{chip}_QIO_1.18.300.bin")) else { return };
        let (facts, boot) = (chip.facts(), Boot::read(&file).unwrap());
        let update = boot.partitions.iter().find(|partition| partition.name == "download").unwrap();
        assert_eq!(update.span, facts.update.working, "{chip}: update area");
        assert_eq!(boot.for_rom, facts.rom_magic.is_some(), "{chip}: mark");
        assert!(facts.rom_magic.is_none_or(|magic| file[0x110..0x118] == magic), "{chip}: mark");
        let crc = loader_crc(chip, &file);
        assert!(facts.loaders.iter().any(|loader| loader.crc == crc), "{chip}: boot loader {crc:08X}");
        assert!(file.len() <= chip.app_limit() as usize, "{chip}: app limit");
        assert_eq!(boot.key, chip.key(), "{chip}");
    }
}

#[test]
fn public_stock_dumps_bear_their_rows_out() {
    for (name, chip) in [
        ("T_Woox_R5111_bulb_WB3S.bin", Chip::Bk7231T),
        ("T_DS-101JL_4gang_WB3S.bin", Chip::Bk7231T),
        ("N_Mirabella_I003632_plug_CB2S.bin", Chip::Bk7231N),
        ("N_TSL-PS-F4U_plug.bin", Chip::Bk7231N),
    ] {
        let Some(dump) = testdata::read(&format!("stock/{name}")) else { return };
        let (facts, boot) = (chip.facts(), Boot::read(&dump).unwrap());
        let update = boot.partitions.iter().find(|partition| partition.name == "download").map(|found| found.span);
        assert_eq!(update, facts.update.stock, "{name}: update area");
        assert_eq!(Some(rf::find(&dump).unwrap().sector.start), facts.calibration.stock, "{name}: calibration");
        let store = tuya::decode(&dump).unwrap();
        let found =
            Span::new(store.found_at as u32, store.found_at as u32 + (1 + store.layout.sectors as u32) * SECTOR);
        assert_eq!(Some(found), facts.store, "{name}: store");
        // the file store's index, and its copy, begin with this word
        for index in facts.files[0].pieces(SECTOR).take(2) {
            assert_eq!(index.of(&dump).unwrap()[..4], [0x21, 0x43, 0x76, 0x98], "{name}: files at {index}");
        }
        let crc = loader_crc(chip, &dump);
        let loader = facts.loaders.iter().find(|loader| loader.crc == crc);
        assert_eq!(loader.and_then(|loader| loader.name), boot.name.as_deref(), "{name}: boot loader");
        assert_eq!(boot.chip(), Some(chip), "{name}: platform");
        assert!(
            store.module().is_none_or(|module| Chip::of_module(module).map(|(chip, _)| chip) == Some(chip)),
            "{name}"
        );
        assert_eq!(dump.len(), facts.flash_sizes[0] as usize, "{name}");
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_pages_name_the_chips_that_are_converted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let names: Vec<&str> = Chip::supported().map(Chip::name).collect();
    for page in ["README.md", "deploy/debian/control.in", "deploy/debian/flashjig.1"] {
        let text = read(&root.join(page));
        assert!(text.contains(&format!("{})", names.join(", "))), "{page}");
    }
}

/// Where code may name a single chip, and why.
const NAMED: [(&str, &str); 8] = [
    ("model/chip/table.rs", "the rows"),
    ("sim/factory/layout.rs", "the vendors' flashes"),
    ("model/openbeken/pins.rs", "the web importer's own guess"),
    ("config/recipe/openbeken.rs", "a made-up unit that names are tried on"),
    ("cli/sim.rs", "what is served when nothing is said"),
    ("cli/demo/boards.rs", "what is served when nothing is said"),
    ("model/firmware/image/sample.rs", "tests"),
    ("store/sample.rs", "tests"),
];

#[test]
fn no_code_but_the_table_has_a_case_for_one_chip() {
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { sources(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    let mut wrong = Vec::new();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|ext| ext == "rs")) {
        let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
        let is_test = name.ends_with("tests.rs") || name.contains("/tests/");
        if is_test || NAMED.iter().any(|(allowed, _)| *allowed == name) {
            continue;
        }
        let text = read(path);
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let is_case = |line: &&str| !line.trim_start().starts_with("//") && line.contains("::Bk7");
        wrong.extend(code.lines().filter(is_case).map(|line| format!("{name}: {}", line.trim())));
    }
    assert!(wrong.is_empty(), "look it up in the row, or add a column:\n{}", wrong.join("\n"));
}
