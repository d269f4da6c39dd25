use super::chip::{Chip, Fate};
use crate::model::chip::beken::{Command, Dialect};
use crate::model::chip::board::Evidence;

/// The standard key as eFuse bytes (bk72xx-uart, section 4.4).
const KEY: [u8; 16] = [0x93, 0xB0, 0x0F, 0x51, 0xDC, 0xEA, 0xCB, 0xA3, 0x7E, 0xA1, 0x93, 0x59, 0x03, 0xEB, 0xAD, 0xC7];

async fn probe(chip: Chip) -> (Evidence, Dialect) {
    ask(chip, true).await
}

async fn ask(chip: Chip, clean: bool) -> (Evidence, Dialect) {
    let head: [u8; 4] = chip.flash[0x1_1000..0x1_1004].try_into().unwrap();
    let (mut link, _) = chip.unknown();
    let evidence = link.probe().await.unwrap();
    if clean {
        assert_eq!(link.stats().errors, 0, "a silence that is an answer is no error");
    }
    assert_eq!(evidence.app_head, Some(head));
    link.link_check().await.unwrap();
    (evidence, link.dialect())
}

#[tokio::test(start_paused = true)]
async fn a_rom_is_known_by_its_registers() {
    let mut chip = Chip::new(Dialect::Rom);
    chip.key = KEY;
    let boot = crate::model::chip::beken::crc::standard(&chip.flash[..257]);
    let (evidence, dialect) = probe(chip).await;
    assert_eq!(dialect, Dialect::Rom);
    assert_eq!(evidence.chip_id, Some(0x0007_231C));
    assert_eq!(evidence.efuse_key, Some([0x510F_B093, 0xA3CB_EADC, 0x5993_A17E, 0xC7AD_EB03]));
    assert_eq!(evidence.flash_id, Some([0xEB, 0x60, 0x15]));
    assert_eq!(evidence.flash_size, 0x20_0000);
    assert_eq!(evidence.crc_by_byte, Some(true));
    assert_eq!(evidence.boot_crc, Some(boot));
    assert_eq!(evidence.boot_version, None);
}

#[tokio::test(start_paused = true)]
async fn a_rom_that_knows_no_registers_is_still_a_rom() {
    let mut chip = Chip::new(Dialect::Rom);
    chip.rom_id = None;
    let (evidence, dialect) = probe(chip).await;
    assert_eq!((dialect, evidence.chip_id, evidence.efuse_key), (Dialect::Rom, None, None));
}

#[tokio::test(start_paused = true)]
async fn tuyas_boot_loader_is_known_by_its_version() {
    let chip = Chip::new(Dialect::TuyaBoot);
    let boot = crate::model::chip::beken::crc::standard(&chip.flash[..256]);
    let (evidence, dialect) = probe(chip).await;
    assert_eq!(dialect, Dialect::TuyaBoot);
    assert_eq!(evidence.boot_version.as_deref(), Some("BK7231S_1.0.5"));
    assert_eq!((evidence.chip_id, evidence.flash_id), (None, None));
    assert_eq!(evidence.flash_size, 0x20_0000);
    assert_eq!(evidence.crc_by_byte, Some(false));
    assert_eq!(evidence.boot_crc, Some(boot));
}

#[tokio::test(start_paused = true)]
async fn an_l_boot_without_a_version_is_bekens() {
    let (evidence, dialect) = probe(Chip::new(Dialect::BekenBoot)).await;
    assert_eq!((dialect, evidence.boot_version), (Dialect::BekenBoot, None));
}

#[tokio::test(start_paused = true)]
async fn the_size_of_a_larger_flash_is_found() {
    let mut chip = Chip::new(Dialect::TuyaBoot);
    let upper: Vec<u8> = chip.flash.iter().map(|byte| byte.wrapping_mul(3).wrapping_add(1)).collect();
    chip.flash.extend(upper);
    assert_eq!(probe(chip).await.0.flash_size, 0x40_0000);
}

#[tokio::test(start_paused = true)]
async fn the_size_of_a_nearly_blank_flash_is_proven_by_the_boot_loaders_sector() {
    let mut chip = Chip::new(Dialect::TuyaBoot);
    chip.flash[0x1_1000..].fill(0xFF);
    assert_eq!(probe(chip).await.0.flash_size, 0x20_0000);
}

#[tokio::test(start_paused = true)]
async fn a_blank_flash_proves_no_size() {
    let mut chip = Chip::new(Dialect::TuyaBoot);
    chip.flash.fill(0xFF);
    assert_eq!(probe(chip).await.0.flash_size, 0);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_changes_nothing_in_the_evidence() {
    for dialect in [Dialect::Rom, Dialect::TuyaBoot] {
        let (clean, _) = probe(Chip::new(dialect)).await;
        for lost in 1..12 {
            let mut number = 0;
            let chip = Chip::new(dialect).hook(move |_| {
                number += 1;
                if number == lost { Fate::Mute } else { Fate::Served }
            });
            assert_eq!(ask(chip, false).await.0, clean, "{dialect:?}, reply {lost}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_boot_version_is_asked_only_where_registers_are_silent() {
    let (mut link, log) = Chip::new(Dialect::Rom).unknown();
    link.probe().await.unwrap();
    assert_eq!(log.count(|c| *c == Command::BootVersion), 0);
}

#[tokio::test(start_paused = true)]
async fn the_silence_of_an_l_boot_is_proven_by_the_answer_to_what_came_behind_and_not_waited_for() {
    let (mut link, log) = Chip::new(Dialect::TuyaBoot).unknown();
    link.probe().await.unwrap();
    let asked = log.timed();
    let silent = |command: &Command| matches!(command, Command::ReadReg { .. });
    let first = asked.iter().find(|(_, command)| silent(command)).unwrap().0;
    let version = asked.iter().find(|(_, command)| *command == Command::BootVersion).unwrap().0;
    assert_eq!(log.count(silent), 3);
    // once the longest that an adapter may hold an answer back
    assert!(version - first < std::time::Duration::from_millis(40), "{:?}", version - first);
}

#[tokio::test(start_paused = true)]
async fn a_rom_whose_first_answer_is_lost_is_asked_again_and_one_that_lost_a_byte_is_not_believed() {
    for fate in [Fate::Mute, Fate::Cut(1), Fate::Cut(4)] {
        let mut number = 0;
        let chip = Chip::new(Dialect::Rom).hook(move |command| {
            number += u32::from(matches!(command, Command::ReadReg { .. }));
            if matches!(command, Command::ReadReg { .. }) && number <= 2 { fate } else { Fate::Served }
        });
        let (evidence, dialect) = ask(chip, false).await;
        assert_eq!((dialect, evidence.chip_id), (Dialect::Rom, Some(0x0007_231C)), "{fate:?}");
    }
}
