//! The reader against public stores, made-up ones, and damage.

use super::encode::{self, Plan};
use super::*;
use proptest::prelude::*;

const N: Chip = Chip::Bk7231N;
const T: Chip = Chip::Bk7231T;

fn flash() -> Vec<u8> {
    vec![0xFF; 0x20_0000]
}

fn areas(chip: Chip) -> Areas {
    Areas::of(chip, 0).unwrap()
}

fn plan(name: &str, length: usize, blocks: &[u16]) -> Plan {
    Plan { name: name.into(), length, blocks: blocks.to_vec(), content: Vec::new() }
}

fn base() -> Vec<Plan> {
    vec![plan("oem_cfg", 368, &[2]), plan("measure_coe", 16, &[3]), plan("measure_rslt", 1, &[4])]
}

/// A flash with these index sectors in blocks 0 and 1, and in each other block its own number.
fn with(chip: Chip, primary: &[u8], backup: &[u8]) -> Vec<u8> {
    let (mut flash, areas) = (flash(), areas(chip));
    for block in 2..areas.total() {
        encode::put(&mut flash, &areas, block, &[block as u8; BLOCK]);
    }
    encode::put(&mut flash, &areas, 0, primary);
    encode::put(&mut flash, &areas, 1, backup);
    flash
}

fn both(chip: Chip, sector: &[u8]) -> Result<FileStore, NoFiles> {
    read(&with(chip, sector, sector), chip, 0)
}

fn header(sector: &[u8]) -> String {
    format!("{:032x}", u128::from_be_bytes(sector[..16].try_into().unwrap()))
}

fn names(store: &FileStore) -> Vec<&str> {
    store.files.iter().map(|file| file.name.as_str()).collect()
}

fn first(store: &FileStore, name: &str) -> u8 {
    store.file(name).unwrap().bytes().unwrap()[0]
}

/// The index of the first public LSPA9 plug.
fn lspa9() -> Vec<u8> {
    let files = [
        ("oem_cfg", 0x170, 2),
        ("log_seq_stat", 0x40, 10),
        ("measure_coe", 0x10, 3),
        ("measure_rslt", 1, 4),
        ("netcfg_log", 0x4C, 8),
        ("logseq0", 0xF0, 6),
        ("temp_energy", 4, 12),
        ("day_energy", 0x54, 13),
        ("RLY_STAT", 8, 5),
    ];
    encode::index(&files.map(|(name, length, block)| plan(name, length, &[block])), 45)
}

#[test]
fn the_index_of_a_public_plug_is_built_bit_for_bit() {
    let sector = lspa9();
    assert_eq!(header(&sector), "21437698712600002d00000000000900");
    let store = both(N, &sector).unwrap();
    assert_eq!((store.held, store.generation, store.copies_equal, store.files.len()), (Held::Primary, 45, true, 9));
    assert_eq!(store.file("RLY_STAT").unwrap().at, Some(0x1D_7000));
    let Some(real) = crate::testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    assert!(real[..BLOCK] == sector && real[BLOCK..2 * BLOCK] == sector);
}

#[test]
fn the_store_of_a_real_plug_is_read() {
    let Some(real) = crate::testdata::read("meter/N_LSPA9_file_store_0x1D2000.bin") else { return };
    let store = read(&real, N, 0x1D_2000).unwrap();
    assert_eq!(store.notes, [""; 0]);
    let coe = store.file("measure_coe").unwrap();
    assert_eq!((coe.at, coe.length, coe.blocks.as_slice()), (Some(0x1D_5000), 16, [3].as_slice()));
    let expected = [537_u32, 24_333, 13_284, 3140].map(u32::to_le_bytes).concat();
    assert_eq!(coe.bytes(), Some(expected.as_slice()));
    assert_eq!(store.file("measure_rslt").unwrap().bytes(), Some([1].as_slice()));
    assert!(store.file("oem_cfg").unwrap().bytes().unwrap().starts_with(b"{sel_pin_pin:24,"));
    assert!(!format!("{store:?}").contains("sel_pin"), "no content in Debug");
}

#[test]
fn the_stores_of_the_public_dumps_have_the_files_that_were_measured() {
    for (name, chip, generation, files) in [
        ("N_Mirabella_I003632_plug_CB2S", N, 8, "log_seq_stat:0@- temp_energy:4@2 day_energy:84@3 oem_cfg:242@4"),
        ("N_TSL-PS-F4U_plug", N, 15, "log_seq_stat:0@- oem_cfg:412@2"),
        ("T_Woox_R5111_bulb_WB3S", T, 10, "log_seq_stat:0@- oem_cfg:347@2 0:1@4"),
        ("T_DS-101JL_4gang_WB3S", T, 2, "log_seq_stat:0@-"),
    ] {
        let Some(dump) = crate::testdata::read(&format!("stock/{name}.bin")) else { return };
        let store = read(&dump, chip, 0).unwrap();
        let listed = |file: &File| {
            let block = file.blocks.first().map_or("-".to_owned(), u16::to_string);
            format!("{}:{}@{block}", file.name, file.length)
        };
        assert_eq!(store.files.iter().map(listed).collect::<Vec<_>>().join(" "), files, "{name}");
        assert_eq!((store.generation, store.held, store.copies_equal), (generation, Held::Primary, true), "{name}");
        assert_eq!(store.notes, [""; 0], "{name}: all is sound");
        let cut = read(&dump[0x1_1000..], chip, 0x1_1000).unwrap();
        assert!(cut == store, "{name}: the same store in a dump without the boot loader");
    }
}

#[test]
fn s1_and_s2_the_newer_index_counts_wherever_it_lies() {
    let (one, mut moved) = (encode::index(&base(), 5), base());
    assert_eq!(header(&one), "21437698010d00000500000000000300");
    moved[1].blocks = vec![7];
    let two = encode::index(&moved, 6);
    assert_eq!(header(&two), "21437698060d00000600000000000300");
    assert_eq!(names(&both(N, &one).unwrap()), ["oem_cfg", "measure_coe", "measure_rslt"]);
    for (primary, backup, held) in [(&one, &two, Held::Backup), (&two, &one, Held::Primary)] {
        let store = read(&with(N, primary, backup), N, 0).unwrap();
        assert_eq!((store.held, store.generation, store.copies_equal), (held, 6, false));
        assert_eq!(first(&store, "measure_coe"), 7);
        assert!(store.notes.iter().all(|note| !note.contains("generation")), "one apart is usual: {:?}", store.notes);
    }
    let late = encode::index(&moved, 9);
    let store = read(&with(N, &one, &late), N, 0).unwrap();
    assert_eq!(store.generation, 9);
    assert!(store.notes[0].contains("generations 9 and 5"), "{:?}", store.notes);
    let other = encode::index(&moved, 5);
    let store = read(&with(N, &one, &other), N, 0).unwrap();
    assert_eq!(first(&store, "measure_coe"), 3, "a tie is the primary's");
    assert!(store.notes[0].contains("differ"), "{:?}", store.notes);
}

#[test]
fn s3_blocks_of_a_t_lie_in_three_areas() {
    let sector = encode::index(&[plan("measure_coe", 16, &[12]), plan("measure_rslt", 1, &[20])], 9);
    assert_eq!(header(&sector), "21437698da0900000900000000000200");
    let flash = with(T, &sector, &sector);
    let store = read(&flash, T, 0).unwrap();
    assert_eq!((first(&store, "measure_coe"), flash[0x1D_9000]), (12, 12));
    assert_eq!((first(&store, "measure_rslt"), flash[0x12_B000]), (20, 20));
    let ats: Vec<_> = store.files.iter().map(|file| file.at).collect();
    assert_eq!(ats, [Some(0x1D_9000), Some(0x12_B000)]);
    assert_eq!(read(&flash[0x1_1000..], T, 0x1_1000).unwrap(), store);
}

#[test]
fn s4_a_file_of_two_blocks_is_put_together_in_their_order() {
    let sector = encode::index(&[plan("logseq0", 5000, &[5, 2]), plan("measure_coe", 16, &[3])], 3);
    assert_eq!(header(&sector), "21437698fd0700000300000000000200");
    let store = both(N, &sector).unwrap();
    let content = store.file("logseq0").unwrap().bytes().unwrap();
    assert!(content.len() == 5000 && content[..4096] == [5; 4096] && content[4096..] == [2; 904]);
}

#[test]
fn s5_what_is_behind_the_count_is_not_there() {
    let sector = encode::index_of(&base(), 7, 0, Some(2), 0);
    assert_eq!(header(&sector), "21437698020d00000700000000000200");
    assert_eq!(names(&both(N, &sector).unwrap()), ["oem_cfg", "measure_coe"]);
}

#[test]
fn s6_a_block_beyond_the_last_spoils_the_index() {
    let sector = encode::index(&[plan("measure_coe", 16, &[24])], 4);
    assert_eq!(header(&sector), "21437698b50400000400000000000100");
    let flaw = Flaw::Block { entry: 0, block: 24, total: 24 };
    assert_eq!(both(N, &sector), Err(NoFiles::Damaged { at: 0x1D_2000, primary: flaw.clone(), backup: flaw }));
    assert!(both(T, &sector).is_ok(), "a T has 27 blocks");
    let sound = encode::index(&base(), 3);
    let store = read(&with(N, &sector, &sound), N, 0).unwrap();
    assert_eq!((store.held, store.generation), (Held::Backup, 3));
    assert!(store.notes[0].contains("the primary has block 24"), "{:?}", store.notes);
}

#[test]
fn s7_a_formatted_store_is_empty() {
    let sector = encode::index(&[], 1);
    assert_eq!(header(&sector), "21437698010000000100000000000000");
    assert_eq!(names(&both(N, &sector).unwrap()), [""; 0]);
}

#[test]
fn s8_what_fills_the_sector_is_summed_too() {
    let sector = encode::index_of(&[plan("measure_coe", 16, &[3])], 2, 0, None, 0xFF);
    assert_eq!(header(&sector), "2143769812810f000200000000000100");
    assert_eq!(names(&both(N, &sector).unwrap()), ["measure_coe"]);
}

#[test]
fn s9_and_s10_are_summed_as_published() {
    let short = encode::index(&[plan("measure_coe", 12, &[3])], 2);
    assert_eq!(header(&short), "214376989a0400000200000000000100");
    let [_, coe, rslt] = base().try_into().unwrap();
    let two = [coe, plan("coe_save_key", 45, &[5]), plan("prod_rslt_key", 15, &[6]), rslt];
    let sector = encode::index(&two, 8);
    assert_eq!(header(&sector), "21437698771400000800000000000400");
    assert_eq!(both(N, &sector).unwrap().files.len(), 4);
}

#[test]
fn s11_a_wrong_checksum_sends_the_reader_to_the_other_copy() {
    let sound = encode::index(&base(), 5);
    let mut broken = sound.clone();
    broken[0xD8] ^= 1;
    for (primary, backup, held) in [(&broken, &sound, Held::Backup), (&sound, &broken, Held::Primary)] {
        let store = read(&with(N, primary, backup), N, 0).unwrap();
        assert_eq!((store.held, store.files.len()), (held, 3));
        assert!(store.notes[0].contains("checksum"), "{:?}", store.notes);
    }
    let problem = both(N, &broken).unwrap_err();
    assert!(matches!(&problem, NoFiles::Damaged { primary: Flaw::Checksum { .. }, .. }));
    assert_eq!(
        problem.to_string(),
        "expected the vendor's file store at 0x1d2000, found no usable index: the first has the checksum 0xd01, expected \
         0xd00, its backup has the checksum 0xd01, expected 0xd00"
    );
}

#[test]
fn s12_an_index_of_another_number_is_none_in_either_block() {
    let sector = encode::index_of(&base(), 5, 1, None, 0);
    assert_eq!(header(&sector), "21437698020d00000500000001000300");
    let flaw = Flaw::Number { found: 1 };
    assert_eq!(both(N, &sector), Err(NoFiles::Damaged { at: 0x1D_2000, primary: flaw.clone(), backup: flaw }));
}

#[test]
fn s13_erased_flash_is_no_store() {
    assert_eq!(read(&flash(), N, 0), Err(NoFiles::Erased { at: 0x1D_2000 }));
    assert_eq!(read(&flash(), T, 0), Err(NoFiles::Erased { at: 0x1E_3000 }));
    assert_eq!(read(&flash(), Chip::Bk7238, 0), Err(NoFiles::Unknown { chip: Chip::Bk7238 }));
    let beyond = Err(NoFiles::Damaged { at: 0x1D_2000, primary: Flaw::Beyond, backup: Flaw::Beyond });
    assert_eq!(read(&flash()[..0x1D_2000], N, 0), beyond);
}

#[test]
fn damage_of_one_file_leaves_the_others() {
    let files = [
        plan("good", 4, &[2]),
        plan("index", 4, &[1]),
        plan("one", 4, &[3]),
        plan("two", 4096 + 4, &[4, 3]),
        plan("twice", 1, &[5]),
        plan("twice", 1, &[6]),
        plan("n\u{7}me", 1, &[7]),
        plan("", 1, &[8]),
        plan("empty", 0, &[]),
        plan("itself", 5000, &[9, 9]),
    ];
    let store = both(N, &encode::index(&files, 1)).unwrap();
    let sound: Vec<_> = store.files.iter().filter(|file| file.content.is_ok()).map(|file| file.name.as_str()).collect();
    assert_eq!(sound, ["good", "empty"]);
    assert_eq!(store.file("empty").unwrap().bytes(), Some([].as_slice()));
    insta::assert_snapshot!(store.notes.join("\n"), @r##"
    file good: expected blank flash behind its 4 bytes, found data 0 on
    file index: expected data blocks, found block 1, which holds the index
    file one: its block 3 is listed twice
    file two: its block 3 is listed twice
    file twice: two files have this name
    file twice: two files have this name
    file n?me: expected a printable name, found another
    file : expected a printable name, found another
    file itself: its block 9 is listed twice
    "##);
}

#[test]
fn limits_of_an_index_are_kept() {
    let many: Vec<Plan> = (0..40).map(|i| plan(&format!("f{i}"), 0, &[])).collect();
    assert_eq!(both(N, &encode::index(&many, 1)).unwrap().files.len(), 40);
    let sector = encode::index_of(&many, 1, 0, Some(41), 0);
    assert!(matches!(both(N, &sector), Err(NoFiles::Damaged { primary: Flaw::Count { found: 41 }, .. })));
    for length in [32 * BLOCK + 1, u32::MAX as usize] {
        let sector = encode::index(&[plan("long", length, &[2; 32])], 1);
        assert!(matches!(both(N, &sector), Err(NoFiles::Damaged { primary: Flaw::Long { .. }, .. })), "{length}");
    }
    let widest = plan("long", 32 * BLOCK, &[2; 32]);
    assert!(both(N, &encode::index(&[widest], 1)).unwrap().files[0].content.is_err(), "one block 32 times");
}

#[test]
fn what_is_written_is_read_back() {
    let mut flash = flash();
    let long: Vec<u8> = (0..9000_u32).map(|n| n as u8).collect();
    let files = [Plan::new("a", &[2], b"{x:1,}"), Plan::new("b", &[20, 12, 3], &long), Plan::new("none", &[], b"")];
    encode::store(&mut flash, &areas(T), &files, 3);
    let store = read(&flash, T, 0).unwrap();
    assert_eq!(store.notes, [""; 0]);
    for file in &files {
        assert_eq!(store.file(&file.name).unwrap().bytes(), Some(file.content.as_slice()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn hostile_indexes_neither_panic_nor_grow(
        bytes in prop::collection::vec(any::<u8>(), 0..BLOCK - 8),
        sparse in prop::collection::vec((0usize..BLOCK - 8, any::<u8>()), 0..12),
        count in 0u16..60,
    ) {
        let mut body = bytes;
        body.resize(BLOCK - 8, 0);
        body[4..6].fill(0);
        body[6..8].copy_from_slice(&count.to_le_bytes());
        let mut wild = encode::index(&base(), 5);
        for (at, byte) in &sparse {
            wild[8 + at] = *byte;
        }
        for mut sector in [[&wild[..8], &body].concat(), wild] {
            let checksum = sector[8..].iter().map(|byte| u32::from(*byte)).sum::<u32>();
            sector[4..8].copy_from_slice(&checksum.to_le_bytes());
            if let Ok(store) = both(T, &sector) {
                let held: usize = store.files.iter().filter_map(|file| file.bytes()).map(<[u8]>::len).sum();
                prop_assert!(held <= 27 * BLOCK, "every block counts once");
            }
        }
    }

    #[test]
    fn a_flipped_bit_of_an_index_is_always_found(at in 4usize..BLOCK, bit in 0u8..8) {
        let mut sector = lspa9();
        sector[at] ^= 1 << bit;
        prop_assert!(both(N, &sector).is_err());
    }
}
