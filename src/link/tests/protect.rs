use super::chip::{Chip, Fate, Register};
use crate::link::LinkError;
use crate::model::chip::beken::{Command, Dialect};
use crate::model::chip::flash::parts::{self, Part};
use crate::model::cycle::fault::FaultCode;

/// TH25Q16HB: two status bytes, mask 0x407C.
fn two() -> &'static Part {
    parts::find([0xEB, 0x60, 0x15]).unwrap()
}

/// EN25QH16B: one status byte, mask 0x003C.
fn one() -> &'static Part {
    parts::find([0x1C, 0x70, 0x15]).unwrap()
}

fn chip(value: u16, stuck: u16) -> Chip {
    let mut chip = Chip::new(Dialect::Rom);
    chip.register = Register { value, stuck, busy: 0 };
    chip
}

fn is_status_write(command: &Command) -> bool {
    matches!(command, Command::WriteStatus { .. })
}

#[tokio::test(start_paused = true)]
async fn a_clear_register_is_not_written() {
    // 0x0680 was read on a healthy board (BK7231GUIFlashTool issue 51)
    for value in [0, 0x0680, 0x0200] {
        let (mut link, log) = chip(value, 0).linked();
        link.unprotect(two()).await.unwrap();
        assert_eq!(log.count(is_status_write), 0, "{value:#06x}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_protect_bits_are_cleared_and_the_others_kept() {
    let (mut link, log) = chip(0x4604, 0).linked();
    link.unprotect(two()).await.unwrap();
    let writes: Vec<_> = log.commands().into_iter().filter(is_status_write).collect();
    assert_eq!(writes, [Command::WriteStatus { opcode: 0x01, value: vec![0x00, 0x06] }]);
}

#[tokio::test(start_paused = true)]
async fn a_one_byte_register_is_written_with_one_byte() {
    let (mut link, log) = chip(0x00FC, 0).linked();
    link.unprotect(one()).await.unwrap();
    let writes: Vec<_> = log.commands().into_iter().filter(is_status_write).collect();
    assert_eq!(writes, [Command::WriteStatus { opcode: 0x01, value: vec![0xC0] }]);
    assert_eq!(log.count(|c| *c == Command::ReadStatus { opcode: 0x35 }), 0);
}

#[tokio::test(start_paused = true)]
async fn a_register_that_keeps_its_bits_is_an_error_after_few_tries() {
    let (mut link, log) = chip(0x4004, 0x4000).linked();
    let error = link.unprotect(two()).await.unwrap_err();
    assert!(matches!(error, LinkError::Protected { found: 0x4000, .. }), "{error}");
    assert_eq!(error.fault(), FaultCode::Protected);
    assert!(log.count(is_status_write) <= 5);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_to_the_status_write_is_settled_by_reading_again() {
    let (mut link, log) =
        chip(0x4004, 0).hook(|command| if is_status_write(command) { Fate::Mute } else { Fate::Served }).linked();
    link.unprotect(two()).await.unwrap();
    assert_eq!(log.count(is_status_write), 1);
}
