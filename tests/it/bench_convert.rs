//! Whole units over real serial ports: the virtual board on one end of a PTY, the whole station on the other.

use crate::common::{Rig, quick, replaced, slot_name};
use flashjig::flow::Pace;
use flashjig::model::chip::Chip;
use flashjig::model::chip::flash::rf;
use flashjig::model::cycle::fault::FaultCode;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::tuya;
use flashjig::sim::bench::NestSpec;
use flashjig::sim::board::BoardSpec;
use flashjig::sim::factory;
use flashjig::sim::faults::Fault;
use flashjig::station::Order;
use flashjig::testdata;
use flashjig::wiring;

/// The application of a firmware file.
fn app<'a>(name: &str, file: &'a [u8]) -> &'a [u8] {
    if name.contains("_QIO_") { &file[0x1_1000..] } else { file }
}

fn assert_untouched(flash: &[u8], stock: &[u8], rf: usize) {
    assert!(flash[..0x1_1000] == stock[..0x1_1000], "the boot loader changed");
    assert!(flash[rf..rf + 0x1000] == stock[rf..rf + 0x1000], "the calibration sector changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_board_of_each_chip_passes_and_holds_stock_with_the_application_replaced() {
    for chip in Chip::supported() {
        let (name, file) = factory::demo_image(chip, "1.18.300");
        let rig = Rig::new(1, &[(&name, &file)]);
        let stock = factory::stock(chip, 7);
        let out = rig.convert(0, BoardSpec::new(chip, stock.clone())).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}: {:?}", out.unit.fault);
        assert!(out.flash == replaced(&stock, app(&name, &file)), "{chip}: the flash is not as planned");
        assert!(rig.backup(&out.unit).await == stock, "{chip}: the backup is not byte-exact");
        let rf = rf::find(&stock).unwrap().sector.start;
        assert_untouched(&out.flash, &stock, rf as usize);
        assert!(!out.stats.powered && out.stats.cen == "low", "{chip}: the jig was left live");
        let board = out.unit.board.expect("the board is recorded");
        assert_eq!(board.chip, chip);
        let settings = tuya::decode(&stock).unwrap();
        assert_eq!(board.module.as_deref(), settings.module(), "{chip}: the module comes from the vendor's settings");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_board_on_a_pipe_passes_as_one_on_a_terminal_does() {
    let (name, file) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    let rig = Rig::piped(&[(&name, &file)]);
    let stock = factory::stock(Chip::Bk7231N, 7);
    let out = rig.convert(0, BoardSpec::new(Chip::Bk7231N, stock.clone())).await;
    assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    assert!(out.flash == replaced(&stock, app(&name, &file)) && rig.backup(&out.unit).await == stock);
    assert!(out.unit.uart.baud > 115_200, "the host's rates reach the board");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_converted_board_that_is_pressed_again_is_proven_and_not_written() {
    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let rig = Rig::new(1, &[(&name, &file)]);
    let first = rig.convert(0, BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 1))).await;
    let again = rig.convert(0, BoardSpec::new(Chip::Bk7231T, first.flash.clone())).await;
    assert_eq!(again.unit.verdict, Verdict::Pass, "{:?}", again.unit.fault);
    assert_eq!((again.stats.wear.erases, again.stats.wear.programs), (0, 0));
    assert!(again.flash == first.flash);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_slots_convert_at_the_same_time() {
    let (t_name, t_file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let (n_name, n_file) = factory::demo_image(Chip::Bk7231N, "1.18.300");
    let rig = Rig::new(4, &[(&t_name, &t_file), (&n_name, &n_file)]);
    let chips = [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231T, Chip::Bk7231N];
    let board = |slot: usize| BoardSpec::new(chips[slot], factory::stock(chips[slot], slot as u32));
    let (a, b, c, d) = tokio::join!(
        rig.convert(0, board(0)),
        rig.convert(1, board(1)),
        rig.convert(2, board(2)),
        rig.convert(3, board(3))
    );
    for out in [&a, &b, &c, &d] {
        assert_eq!(out.unit.verdict, Verdict::Pass, "{:?}", out.unit.fault);
    }
    let mut seqs: Vec<u64> = [a, b, c, d].iter().map(|out| out.unit.seq).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 2, 3, 4]);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn real_dumps_with_real_firmware_end_as_stock_with_the_application_replaced() {
    let pairs = [
        (Chip::Bk7231T, "T_Woox_R5111_bulb_WB3S.bin", "OpenBK7231T_UA_1.18.300.bin"),
        (Chip::Bk7231T, "T_Woox_R5111_bulb_WB3S.bin", "OpenBK7231T_QIO_1.18.300.bin"),
        (Chip::Bk7231T, "T_DS-101JL_4gang_WB3S.bin", "OpenBK7231T_UA_1.18.300.bin"),
        (Chip::Bk7231T, "T_DS-101JL_4gang_WB3S.bin", "OpenBK7231T_QIO_1.18.300.bin"),
        (Chip::Bk7231N, "N_Mirabella_I003632_plug_CB2S.bin", "OpenBK7231N_QIO_1.18.300.bin"),
        (Chip::Bk7231N, "N_Mirabella_I003632_plug_CB2S.bin", "OpenBK7231N_UA_1.18.300.bin"),
        (Chip::Bk7231N, "N_TSL-PS-F4U_plug.bin", "OpenBK7231N_QIO_1.18.300.bin"),
        (Chip::Bk7231N, "N_TSL-PS-F4U_plug.bin", "OpenBK7231N_UA_1.18.300.bin"),
    ];
    for (chip, dump, image) in pairs {
        let (Some(stock), Some(file)) =
            (testdata::read(&format!("stock/{dump}")), testdata::read(&format!("firmware/{image}")))
        else {
            continue;
        };
        let rig = Rig::new(1, &[(image, &file)]);
        let out = rig.convert(0, BoardSpec::new(chip, stock.clone())).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{dump} + {image}: {:?}", out.unit.fault);
        assert!(out.flash == replaced(&stock, app(image, &file)), "{dump} + {image}: not as planned");
        assert!(rig.backup(&out.unit).await == stock, "{dump} + {image}: the backup is not byte-exact");
        assert!(out.stats.wear.lowest.is_none_or(|lowest| lowest >= 0x1_1000), "{dump} + {image}: below 0x11000");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_does_not_fit_is_refused_before_the_first_erase() {
    let real = |name: &str| testdata::read(&format!("firmware/{name}_1.18.300.bin"));
    let t = factory::demo_image(Chip::Bk7231T, "1.18.300").1;
    let n = factory::demo_image(Chip::Bk7231N, "1.18.300").1;
    let m = factory::demo_image(Chip::Bk7231M, "1.18.300").1;
    let noise: Vec<u8> = (0..200_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut cases: Vec<(Chip, &str, Option<Vec<u8>>)> = Vec::new();
    for (chip, own) in [(Chip::Bk7231T, &t), (Chip::Bk7231N, &n), (Chip::Bk7231M, &m)] {
        for (of, file) in [(Chip::Bk7231T, &t), (Chip::Bk7231N, &n), (Chip::Bk7231M, &m)] {
            if of != chip {
                cases.push((chip, "an image of another chip", Some(file.clone())));
            }
        }
        cases.push((chip, "a full stock dump", Some(factory::stock(chip, 3))));
        cases.push((chip, "a truncated file", Some(own[..own.len() / 2 + 5].to_vec())));
        cases.push((chip, "random bytes", Some(noise.clone())));
        cases.push((chip, "an OTA file", Some([b"RBL\0".as_slice(), &noise].concat())));
        cases.push((chip, "an empty file", Some(Vec::new())));
        for name in ["OpenBK7231T_QIO", "OpenBK7231N_QIO", "OpenBK7231M_QIO", "OpenBK7231U_QIO", "OpenBK7238_QIO"] {
            if !name.starts_with(&format!("Open{chip}")) {
                cases.push((chip, name, real(name)));
            }
        }
        if let Some(own) = real(&format!("Open{chip}_QIO")) {
            cases.push((chip, "a truncated real image", Some(own[..own.len() - 70_001].to_vec())));
        }
    }
    for (chip, what, file) in cases {
        let Some(file) = file else { continue };
        let rig = Rig::new(1, &[("firmware.bin", &file)]);
        let board = BoardSpec::new(chip, factory::stock(chip, 5));
        let out = rig.run(0, board, Order::Start { redo: false }).await;
        assert_eq!(out.unit.verdict, Verdict::Fail, "{what} on {chip}: {:?}", out.unit.fault);
        let code = out.unit.fault.expect("a reason").code;
        assert!(matches!(code, FaultCode::NoImage | FaultCode::WrongImage), "{what} on {chip}: {code}");
        assert_eq!((out.stats.wear.erases, out.stats.wear.programs), (0, 0), "{what} on {chip} reached the flash");
        rig.station.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chip_that_is_not_supported_is_named_and_left_alone() {
    let rig = Rig::new(1, &[]);
    let board = BoardSpec::new(Chip::Bk7231U, factory::stock(Chip::Bk7231U, 1));
    let out = rig.run(0, board, Order::Start { redo: false }).await;
    let fault = out.unit.fault.expect("a reason");
    assert_eq!(fault.code, FaultCode::UnsupportedChip);
    assert!(fault.message.contains("BK7231U"), "{}", fault.message);
    assert_eq!(out.stats.wear.erases, 0);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_firmware_folder_fails_the_unit_and_says_so() {
    let rig = Rig::new(1, &[]);
    let board = BoardSpec::new(Chip::Bk7231N, factory::stock(Chip::Bk7231N, 1));
    let out = rig.run(0, board, Order::Start { redo: false }).await;
    assert_eq!(out.unit.verdict, Verdict::Fail);
    assert_eq!(out.unit.fault.expect("a reason").code, FaultCode::NoImage);
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_board_gives_no_answer_and_the_jig_is_left_safe() {
    let (name, file) = factory::demo_image(Chip::Bk7231T, "1.18.300");
    let rig = Rig::new(1, &[(&name, &file)]);
    let mut board = BoardSpec::new(Chip::Bk7231T, factory::stock(Chip::Bk7231T, 1));
    // a boot loader that was erased never answers again
    board.flash[..0x1_1000].fill(0xFF);
    let out = rig.convert(0, board).await;
    assert_eq!(out.unit.verdict, Verdict::Fail);
    assert_eq!(out.unit.fault.expect("a reason").code, FaultCode::NoAnswer);
    assert!(!out.stats.powered && out.stats.cen == "low", "the jig was left live");
    rig.station.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_loses_one_answer_in_a_hundred_or_in_twenty_ends_in_pass() {
    let at = |chip, one_of, code| async move {
        let (name, file) = factory::demo_image_of(chip, "1.18.300", code);
        let rig = Rig::new(1, &[(&name, &file)]);
        let stock = factory::small_stock(chip, 1, 0x2_8000);
        let mut board = BoardSpec::new(chip, stock.clone());
        board.faults.faults.push(Fault::Mute { one_of });
        let out = rig.convert(0, board).await;
        assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}, one of {one_of}: {:?}", out.unit.fault);
        assert!(out.flash == replaced(&stock, app(&name, &file)), "{chip}, one of {one_of}: not as planned");
        let retries: u32 = out.unit.stages.iter().map(|stage| stage.retries).sum();
        assert!(retries > 3, "{chip}, one of {one_of}: answers were lost: {retries}");
        rig.station.stop().await;
    };
    // each waits for the answers that it lost
    tokio::join!(
        at(Chip::Bk7231T, 100, 0xD_0000),
        at(Chip::Bk7231T, 20, 0x1_0000),
        at(Chip::Bk7231N, 100, 0xD_0000),
        at(Chip::Bk7231N, 20, 0x1_0000)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rates_above_2_mbaud_are_used_where_they_carry_data_and_remembered_where_they_do_not() {
    for chip in [Chip::Bk7231T, Chip::Bk7231N] {
        let (name, file) = factory::demo_image_of(chip, "1.18.300", 0x1_0000);
        // a proof that comes too late takes a unit a rung down: slow boards leave a busy computer its time
        let spec = NestSpec { speed: 10.0, ..NestSpec::default() };
        let pace = Pace { max_baud: 3_250_000, ..quick() };
        let slot = wiring::virtual_slot(&slot_name(0), spec, pace).unwrap();
        let rig = Rig::over(vec![slot], &[(&name, &file)], |_| {});
        let board = |unit| BoardSpec::new(chip, factory::small_stock(chip, unit, 0x2_8000));
        let noisy = |unit| {
            let mut board = board(unit);
            board.faults.faults.push(Fault::Noise { rate: 2_600_000, one_of: 200 });
            board
        };
        for (board, expected) in [(board(1), 3_250_000), (noisy(2), 2_000_000), (board(3), 2_000_000)] {
            let out = rig.convert(0, board).await;
            assert_eq!(out.unit.verdict, Verdict::Pass, "{chip}: {:?}", out.unit.fault);
            assert_eq!(out.unit.uart.baud, expected, "{chip}");
        }
        rig.station.stop().await;
    }
}
