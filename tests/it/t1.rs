//! The BK7238 on the virtual bench: the maker's boot loader and calibration stay, a copy of the calibration goes where OpenBeken
//! looks, and every gate refuses before anything is erased.

use crate::common::{Outcome, Rig, replaced};
use flashjig::model::chip::Chip;
use flashjig::model::chip::beken::crc;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::firmware::content::BackupKind;
use flashjig::model::openbeken::Config;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::{Fault, FaultPlan, Quirk};
use flashjig::station::Order;
use flashjig::testdata;

const T1: Chip = Chip::Bk7238;
const BOOT: std::ops::Range<usize> = 0..0x1_1000;
/// What the maker has, what OpenBeken looks at, and its configuration.
const STOCK_RF: usize = 0x1E_3000;
const COPY: usize = 0x1E_0000;
const CONFIG: usize = 0x1E_1000;
const ALLOW: &str = "allow = [\"BK7238\"]\n";
/// Registers of a flash chip that is open, protected in the first byte, and protected as most are.
const OPEN: u16 = 0;
const ONE_BYTE: u16 = 0x0004;

/// Somebody saw the plug of this unit live, where that is waited for: the next board of its lot may follow.
async fn release(rig: &Rig, seq: u64) {
    let doer = flashjig::model::unit::deed::Doer { who: "test".into(), by: flashjig::model::unit::deed::By::Local };
    _ = rig.handle.services().confirm(seq, &doer).await;
}

fn rig_of(files: &[(&str, &[u8])], recipe: &str) -> Rig {
    Rig::with(1, files, |data| {
        std::fs::create_dir_all(data.join("recipes")).unwrap();
        std::fs::write(data.join("recipes/default.toml"), recipe).unwrap();
    })
}

/// A station with a made-up image, and its application.
fn rig(recipe: &str) -> (Rig, Vec<u8>) {
    let (name, file) = factory::demo_image_of(T1, "1.18.300", 0x1_0000);
    (rig_of(&[(&name, &file)], recipe), file)
}

fn board(flash: &[u8]) -> BoardSpec {
    let mut board = BoardSpec::new(T1, flash.to_vec());
    if flash.len() > 0x20_0000 {
        board.faults = FaultPlan { faults: vec![Fault::FlashId { id: [0x85, 0x20, 0x16] }] };
    }
    board
}

fn stock(unit: u32) -> Vec<u8> {
    factory::small_stock(T1, unit, 0x2_8000)
}

/// What a converted board must hold: stock, the application, the copy.
fn converted(stock: &[u8], app: &[u8]) -> Vec<u8> {
    let mut flash = replaced(stock, app);
    flash.copy_within(STOCK_RF..STOCK_RF + 0x1000, COPY);
    flash
}

fn passed(out: &Outcome) {
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
}

/// Refused with this code and by this check, with zero erases, and its flash is kept.
fn refused(out: &Outcome, code: FaultCode, words: &str, before: &[u8]) {
    let fault = out.unit.fault.as_ref().unwrap_or_else(|| panic!("it passed: {words}"));
    assert_eq!(fault.code, code, "{fault:?}");
    assert!(fault.message.contains(words), "{}", fault.message);
    assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0), "{words}");
    assert!(out.flash == before, "{words}");
}

fn check<'a>(out: &'a Outcome, name: &str) -> &'a str {
    let check = out.unit.checks.iter().find(|check| check.name == name);
    check.map_or("", |check| check.result.as_str())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_word_it_is_refused_before_its_backup_and_the_way_out_is_told() {
    let (rig, _) = rig("");
    let flash = stock(1);
    let out = rig.convert(0, board(&flash)).await;
    refused(&out, FaultCode::NotAllowed, "write allow = [\"BK7238\"] at the top of the recipe", &flash);
    let fault = out.unit.fault.unwrap();
    assert!(fault.message.contains("updates over Wi-Fi do not work"), "{}", fault.message);
    assert!(out.unit.backup.is_none());
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_board_ends_with_loader_and_calibration_untouched_and_a_copy_where_openbeken_looks() {
    let (rig, app) = rig(ALLOW);
    let flash = stock(2);
    let out = rig.convert(0, board(&flash)).await;
    passed(&out);
    assert!(out.flash == converted(&flash, &app), "not as planned");
    assert!(out.flash[BOOT] == flash[BOOT] && out.flash[COPY..COPY + 0x1000] == flash[STOCK_RF..STOCK_RF + 0x1000]);
    assert_eq!(out.stats.wear.first, Some(COPY as u32), "the copy comes first");
    assert_eq!(out.unit.backup.as_ref().unwrap().kind, BackupKind::Stock);
    assert!(rig.backup(&out.unit).await == flash);
    assert!(check(&out, "loader").contains("F42F8C32") && check(&out, "vendor_store").contains("0x1f5000"));
    assert!(!check(&out, "boot_text").is_empty());
    assert!(check(&out, "allowed").contains("nobody here"));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_image_on_a_made_up_stock_board_ends_as_planned() {
    let name = "OpenBK7238_QIO_1.18.300.bin";
    let Some(file) = testdata::read(&format!("firmware/{name}")) else { return };
    let mut with_patch = factory::stock(T1, 3);
    factory::put_old_patch(&mut with_patch, T1);
    for flash in [factory::stock(T1, 4), with_patch] {
        let rig = rig_of(&[(name, &file)], ALLOW);
        let out = rig.convert(0, board(&flash)).await;
        passed(&out);
        let mut want = converted(&flash, &file[0x1_1000..]);
        // a block of an update that is done says nothing to OpenBeken
        if want[CONFIG..].starts_with(&[0xBA, 0xDC, 0xCD, 0xAB]) {
            want[CONFIG..CONFIG + 0x1000].fill(0xFF);
        }
        assert!(out.flash == want, "not as planned");
        assert!(out.flash[BOOT] == flash[BOOT], "its own loader, not the image's");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_configuration_lies_behind_the_copy() {
    let (rig, app) =
        rig(&format!("{ALLOW}[openbeken]\nconfigure = \"flash\"\npins = \"tuya\"\nname = \"plug-{{mac6}}\"\n"));
    let flash = stock(5);
    let out = rig.convert(0, board(&flash)).await;
    passed(&out);
    assert!(Config::parse(&out.flash[CONFIG..CONFIG + 0x1000]).is_ok());
    let mut want = converted(&flash, &app);
    want[CONFIG..CONFIG + 0x1000].copy_from_slice(&out.flash[CONFIG..CONFIG + 0x1000]);
    assert!(out.flash == want);
    assert!(out.unit.config.unwrap().checked);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_press_writes_nothing_and_a_copy_that_the_firmware_tuned_is_left() {
    let (rig, app) = rig(ALLOW);
    let flash = stock(6);
    let first = rig.convert(0, board(&flash)).await;
    passed(&first);
    let mut tuned = first.flash.clone();
    tuned[COPY + 0x200] = 0x12;
    for flash in [&first.flash, &tuned] {
        let again = rig.convert(0, board(flash)).await;
        passed(&again);
        assert!(again.unit.already.is_some() && again.stats.wear.erases == 0);
        assert!(check(&again, "calibration").contains("and its copy at 0x1e0000"), "{}", check(&again, "calibration"));
    }
    let redone = rig.run(0, board(&tuned), Order::Start { redo: true }).await;
    passed(&redone);
    assert!(redone.flash == converted(&flash, &app), "on request the copy is made anew");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_with_openbeken_and_without_the_copy_gets_it() {
    let (rig, app) = rig(ALLOW);
    let before = replaced(&stock(7), &app);
    let out = rig.convert(0, board(&before)).await;
    passed(&out);
    assert!(out.unit.already.is_none());
    assert!(out.flash == converted(&before, &app));
    assert_eq!(out.stats.wear.highest, Some(COPY as u32 + 0x1000), "nothing else is touched");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_half_written_board_goes_on_from_its_backup_and_up_to_the_application_it_is_still_stock() {
    let (rig, app) = rig(ALLOW);
    for (unit, stuck) in [(8, COPY as u32), (9, 0x1_4000), (10, 0x1_1000)] {
        let flash = stock(unit);
        let mut worn = board(&flash);
        worn.faults = FaultPlan { faults: vec![Fault::Stuck { addr: stuck }] };
        let cut = rig.convert(0, worn).await;
        assert_eq!(cut.unit.fault.as_ref().unwrap().code, FaultCode::WriteFailed, "{:?}", cut.unit.fault);
        if stuck == COPY as u32 {
            assert!(cut.flash[..COPY] == flash[..COPY], "what it runs is as it was");
        }
        assert!(
            cut.flash[BOOT] == flash[BOOT]
                && cut.flash[STOCK_RF..STOCK_RF + 0x1000] == flash[STOCK_RF..STOCK_RF + 0x1000]
        );
        let again = rig.convert(0, board(&cut.flash)).await;
        release(&rig, again.unit.seq).await;
        passed(&again);
        assert!(again.flash == converted(&flash, &app), "{stuck:#x}");
    }
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn its_stock_backup_goes_back_whatever_became_of_the_copy_and_without_the_word() {
    let (rig, _) = rig(ALLOW);
    let mut flash = stock(11);
    factory::put_old_patch(&mut flash, T1);
    let first = rig.convert(0, board(&flash)).await;
    passed(&first);
    let restore = rig.handle.restore_of(first.unit.seq, None).await.unwrap();
    std::fs::write(rig.dir.path().join("recipes/default.toml"), "").unwrap();
    let mut renamed = first.flash.clone();
    renamed[COPY + 0x27..COPY + 0x2A].copy_from_slice(&[1, 2, 3]);
    for converted in [&first.flash, &renamed] {
        let back = rig.run(0, board(converted), Order::Restore(restore.clone())).await;
        passed(&back);
        assert!(back.flash == flash, "the whole flash is the backup again");
    }
    let other = rig.run(0, board(&stock(12)), Order::Restore(restore)).await;
    assert_eq!(other.unit.fault.as_ref().unwrap().code, FaultCode::OtherBoard);
    assert_eq!(other.stats.wear.erases, 0);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_gate_refuses_its_case_with_zero_erases() {
    let (rig, _) = rig(ALLOW);
    let with = |unit: u32, change: &dyn Fn(&mut Vec<u8>)| {
        let mut flash = stock(unit);
        change(&mut flash);
        flash
    };
    let block = |flash: &mut Vec<u8>, at: usize, state: u8| {
        let mut other = stock(0);
        factory::put_update(&mut other, T1, state);
        flash[at..at + 0x1000].copy_from_slice(&other[CONFIG..CONFIG + 0x1000]);
    };
    let foreign = with(20, &|flash| {
        flash.copy_within(STOCK_RF..STOCK_RF + 0x1000, COPY);
        flash[COPY + 0x24..COPY + 0x2A].copy_from_slice(&[0x18, 0xDE, 0x50, 0, 1, 2]);
    });
    let moved = with(21, &|flash| {
        flash.copy_within(STOCK_RF..STOCK_RF + 0x1000, COPY);
        flash[STOCK_RF..STOCK_RF + 0x1000].fill(0xFF);
    });
    let placeholder =
        with(22, &|flash| flash[STOCK_RF + 0x24..STOCK_RF + 0x2A].copy_from_slice(&[0xC8, 0x47, 0x8C, 0, 0, 0]));
    let large = with(23, &|flash| {
        let mut upper = stock(23);
        for byte in &mut upper {
            *byte ^= 0x5A;
        }
        flash.extend(upper);
    });
    let cases: Vec<(Vec<u8>, FaultCode, &str)> = vec![
        (with(24, &|flash| flash[..0x1000].fill(0xFF)), FaultCode::BadBoot, "first sector blank"),
        (factory::with_other_loader(&stock(25), T1), FaultCode::UnknownLoader, "no word allows it"),
        (with(26, &|flash| flash[0x8000] ^= 1), FaultCode::BadBoot, "a damaged record at 0x"),
        (with(27, &|flash| flash[0x3_8000] ^= 1), FaultCode::NoWholeApp, "a damaged record at 0x"),
        (with(28, &|flash| block(flash, CONFIG, 1)), FaultCode::UpdatePending, "found one at 0x1e1000 in state 1"),
        (with(29, &|flash| block(flash, CONFIG + 0x1000, 3)), FaultCode::UpdatePending, "let the plug finish it"),
        (foreign, FaultCode::NoRf, "found another one"),
        (moved, FaultCode::RfElsewhere, "found one at 0x1e0000 alone"),
        (with(30, &|flash| flash[STOCK_RF..STOCK_RF + 0x1000].fill(0xFF)), FaultCode::NoRf, "found none"),
        (placeholder, FaultCode::PlaceholderMac, "C8:47:8C:00:00:00"),
        (large, FaultCode::RfElsewhere, "expected a flash of 2048 KiB"),
    ];
    for (flash, code, words) in cases {
        let out = rig.convert(0, board(&flash)).await;
        refused(&out, code, words, &flash);
        assert!(rig.backup(&out.unit).await == flash, "{words}: it is archived all the same");
    }
    // a store that is not there is only told
    let bare = with(31, &|flash| flash[0x1F_5000..].fill(0xFF));
    let out = rig.convert(0, board(&bare)).await;
    passed(&out);
    assert_eq!(check(&out, "vendor_store"), "not found");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn images_that_would_erase_the_makers_data_are_refused_before_the_backup() {
    for (version, words) in [
        ("1.18.254", "is older than 1.18.255"),
        ("1.18.300_btproxy", "is a btproxy build"),
        ("2178_merge_b", "is older"),
    ] {
        let (name, file) = factory::demo_image_of(T1, version, 0x1_0000);
        let rig = rig_of(&[(&name, &file)], ALLOW);
        let flash = stock(32);
        let out = rig.convert(0, board(&flash)).await;
        refused(&out, FaultCode::NoImage, words, &flash);
        assert!(out.unit.backup.is_none());
        rig.station.stop().await;
    }
    let (name, file) = factory::demo_image_of(T1, "1.18.255", 0x1_0000);
    let rig = rig_of(&[(&name, &file)], ALLOW);
    passed(&rig.convert(0, board(&stock(33))).await);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_status_registers_are_read_written_once_at_most_and_never_trusted() {
    let (rig, app) = rig(ALLOW);
    let puya = |unit: u32, id: [u8; 3], status: u16, quirk: Quirk| {
        let mut spec = board(&stock(unit));
        spec.status = Some(status);
        spec.faults = FaultPlan { faults: vec![Fault::FlashId { id }, Fault::Register(quirk)] };
        spec
    };
    for (unit, id, status, quirk) in [
        // open: not written at all, so it is not confused
        (40, [0x85, 0x20, 0x15], OPEN, Quirk::Redundant),
        (41, [0x85, 0x42, 0x15], ONE_BYTE, Quirk::OneByte),
        // confused all the same: reset, and begun again
        (42, [0x85, 0x20, 0x15], ONE_BYTE, Quirk::Flood),
    ] {
        let out = rig.convert(0, puya(unit, id, status, quirk)).await;
        release(&rig, out.unit.seq).await;
        passed(&out);
        assert!(out.flash == converted(&stock(unit), &app), "{id:02x?}");
        assert_eq!(out.stats.wear.refused, 0, "{id:02x?}: nothing was sent to a locked flash");
        let retried: u32 = out.unit.stages.iter().map(|stage| stage.retries).sum();
        assert_eq!(retried > 0, quirk == Quirk::Flood, "{id:02x?}");
    }
    // one that stays so is given up with nothing erased
    let mut locked = board(&stock(43));
    locked.status = Some(0x7BFC);
    locked.faults = FaultPlan { faults: vec![Fault::FlashId { id: [0x85, 0x20, 0x15] }] };
    let out = rig.convert(0, locked).await;
    refused(&out, FaultCode::Protected, "found 0x7bfc; nothing is erased in this session", &stock(43));
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_with_bekens_loader_is_heard_on_its_flashing_port() {
    let Some(file) = testdata::read("firmware/OpenBK7238_QIO_1.18.300.bin") else { return };
    let (rig, app) = rig(ALLOW);
    let mut flash = stock(50);
    flash[BOOT].copy_from_slice(&file[BOOT]);
    assert_eq!(crc::standard(&flash[..257]), 0x6BEB_0924);
    let mut heard = Vec::new();
    // a busy machine may open its ear too late
    while heard.len() < 3 && !heard.iter().any(|text| text == "Beken's boot loader announced itself") {
        let out = rig.convert(0, board(&flash)).await;
        release(&rig, out.unit.seq).await;
        passed(&out);
        assert!(out.flash == converted(&flash, &app));
        heard.push(check(&out, "boot_text").to_owned());
    }
    assert!(heard.iter().any(|text| text == "Beken's boot loader announced itself"), "{heard:?}");
    // such boards have their calibration where OpenBeken looks, and nowhere else
    let mut moved = flash.clone();
    factory::rename(&mut moved, T1, 51);
    moved.copy_within(STOCK_RF..STOCK_RF + 0x1000, COPY);
    moved[STOCK_RF..STOCK_RF + 0x1000].fill(0xFF);
    let out = rig.convert(0, board(&moved)).await;
    passed(&out);
    assert!(out.flash == replaced(&moved, &app));
    rig.station.stop().await;
}
