//! The rules of the dialects, on chip time alone.

use super::*;
use crate::model::chip::beken::crc;
use crate::model::chip::beken::reply::Status;
use crate::model::chip::beken::scan::{Found, ReplyScanner};
use crate::model::chip::beken::{Command, EraseSize, Reply};
use crate::sim::wire::byte_time;

const MS: Duration = Duration::from_millis(1);
const READY: Rail = Rail { power: true, held: false, parked: false, phantom: false };
const HELD: Rail = Rail { held: true, ..READY };

/// A host on chip time.
struct Desk {
    board: Board,
    now: Duration,
    rate: u32,
}

fn flash() -> Vec<u8> {
    Seed::new(1).bytes(0x20_0000)
}

impl Desk {
    fn new(chip: Chip) -> Self {
        Self::with(BoardSpec::new(chip, flash()))
    }

    fn with(spec: BoardSpec) -> Self {
        let timing = Timing::new(spec.chip.dialect(), 1.0, 5 * MS);
        let mut board = Board::new(spec, timing, 9, Duration::ZERO);
        board.feel(Duration::ZERO, HELD);
        let mut desk = Self { board, now: Duration::ZERO, rate: 115_200 };
        desk.wait(50 * MS);
        desk.rail(READY);
        desk
    }

    /// A linked board, its pile of link replies drained.
    fn linked(chip: Chip) -> Self {
        let mut desk = Self::new(chip);
        desk.link();
        desk
    }

    fn link(&mut self) {
        self.send(&Command::LinkCheck.encode());
        assert_eq!(self.replies(30 * MS), [Reply::Link]);
    }

    fn rail(&mut self, rail: Rail) {
        self.board.feel(self.now, rail);
    }

    fn send(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.now += byte_time(self.rate);
            self.board.hear(self.now, *byte, self.rate);
        }
    }

    fn wait(&mut self, time: Duration) -> Vec<u8> {
        self.now += time;
        self.board.advance(self.now);
        self.board.speak(self.now).into_iter().flat_map(|(_, bytes)| bytes).collect()
    }

    fn replies(&mut self, time: Duration) -> Vec<Reply> {
        let mut scanner = ReplyScanner::default();
        scanner.feed(&self.wait(time));
        std::iter::from_fn(|| scanner.take())
            .filter_map(|found| match found {
                Found::Frame(reply) => Some(reply),
                Found::Strange { .. } => None,
            })
            .collect()
    }

    fn ask(&mut self, command: &Command) -> Vec<Reply> {
        self.send(&command.encode());
        // less than the idle reset of a loader, but for what takes long
        let time = match command {
            Command::CheckCrc { start, last } => MS * (20 + last.wrapping_sub(*start) / 400),
            Command::ReadSector { .. } => 365 * MS,
            Command::Erase { size: EraseSize::Block, .. } => 265 * MS,
            _ => 60 * MS,
        };
        self.replies(time)
    }

    fn erase(&mut self, addr: u32) -> Vec<Reply> {
        self.ask(&Command::Erase { size: EraseSize::Sector, addr })
    }

    fn write(&mut self, addr: u32) -> Vec<Reply> {
        self.ask(&Command::WritePages { addr, data: vec![0x5A; 4096] })
    }

    fn holds(&self, addr: u32, byte: u8) -> bool {
        self.board.nor().read(addr, 4096).iter().all(|cell| *cell == byte)
    }
}

#[test]
fn an_unheard_t_leaves_after_25_ms_and_a_rom_after_5() {
    for (chip, window) in [(Chip::Bk7231T, 25), (Chip::Bk7231N, 5)] {
        let mut desk = Desk::new(chip);
        desk.wait(MS * (window - 1));
        assert_eq!(desk.board.life(), Life::Server);
        desk.wait(2 * MS);
        assert_eq!(desk.board.life(), Life::Application);
        desk.send(&Command::LinkCheck.encode());
        assert_eq!(desk.replies(20 * MS), []);
    }
}

#[test]
fn one_stray_byte_holds_the_door_of_a_t_for_800_ms() {
    let mut desk = Desk::new(Chip::Bk7231T);
    desk.send(&[0x55]);
    desk.wait(600 * MS);
    desk.link();
    let mut desk = Desk::new(Chip::Bk7231T);
    desk.send(&[0x55]);
    desk.wait(820 * MS);
    assert_eq!(desk.board.life(), Life::Crashed);
    let mut desk = Desk::new(Chip::Bk7231U);
    desk.send(&[0x55]);
    desk.wait(820 * MS);
    assert_eq!(desk.board.life(), Life::Application);
}

#[test]
fn a_linked_loader_resets_after_176_ms_of_silence_and_a_rom_stays() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    for _ in 0..5 {
        desk.wait(140 * MS);
        desk.link();
    }
    assert_eq!(desk.board.counts().idle_resets, 0);
    desk.wait(190 * MS);
    assert_eq!(desk.board.counts().idle_resets, 1);
    let mut desk = Desk::linked(Chip::Bk7231N);
    desk.wait(10_000 * MS);
    assert!(desk.board.is_linked());
}

#[test]
fn a_held_chip_is_silent_and_a_cut_supply_takes_its_time() {
    let mut desk = Desk::linked(Chip::Bk7231N);
    desk.rail(HELD);
    desk.send(&Command::LinkCheck.encode());
    assert_eq!(desk.replies(20 * MS), []);
    let mut desk = Desk::linked(Chip::Bk7231N);
    desk.rail(Rail { power: false, ..READY });
    desk.wait(5 * MS);
    assert!(desk.board.is_linked());
    desk.wait(10 * MS);
    assert_eq!(desk.board.life(), Life::Off);
}

#[test]
fn phantom_power_keeps_a_board_alive_until_tx_is_parked() {
    let mut desk = Desk::linked(Chip::Bk7231N);
    desk.rail(Rail { power: false, phantom: true, ..READY });
    desk.wait(100 * MS);
    assert!(desk.board.is_linked());
    desk.rail(Rail { power: false, phantom: true, parked: true, ..READY });
    desk.wait(100 * MS);
    assert_eq!(desk.board.life(), Life::Off);
}

#[test]
fn a_loader_erases_only_after_a_link_check_and_locks_again_after_a_crc() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    // protected: a write without an erase before it says "ok" and does nothing
    assert_eq!(desk.write(0x12000), [Reply::WritePages { status: Status::OK, addr: 0x12000 }]);
    assert_eq!(desk.board.nor().bytes(), flash());
    desk.erase(0x12000);
    desk.write(0x12000);
    assert!(desk.holds(0x12000, 0x5A));
    desk.ask(&Command::CheckCrc { start: 0x12000, last: 0x12FFF });
    assert_eq!(desk.erase(0x12000), [Reply::Erase { status: Status::OK, size: EraseSize::Sector, addr: 0x12000 }]);
    assert!(desk.holds(0x12000, 0x5A), "locked by the CRC");
    desk.link();
    desk.erase(0x12000);
    assert!(desk.holds(0x12000, 0xFF));
}

#[test]
fn unknown_sizes_answer_ok_do_nothing_and_still_lift_the_protection() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    for code in [0x52, 0xC7] {
        let size = EraseSize::from_code(code);
        let addr = 0x20000;
        assert_eq!(desk.ask(&Command::Erase { size, addr }), [Reply::Erase { status: Status::OK, size, addr }]);
    }
    assert_eq!((desk.board.nor().bytes(), desk.board.nor().is_protected()), (&flash()[..], false));
}

#[test]
fn low_addresses_are_refused_and_the_wrap_reaches_them() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    // golden: refusals as disassembled and run, T 1.0.5
    desk.send(&Command::ReadSector { addr: 0xF000 }.encode());
    assert_eq!(desk.wait(60 * MS), b"\x04\x0e\xff\x01\xe0\xfc\xf4\x07\x00\x09\x06\x00\xf0\x00\x00\x00");
    desk.send(&Command::Erase { size: EraseSize::Sector, addr: 0xF000 }.encode());
    assert_eq!(desk.wait(60 * MS), b"\x04\x0e\xff\x01\xe0\xfc\xf4\x07\x00\x0f\x06\x20\x00\xf0\x00\x00");
    assert!(desk.board.nor().is_protected(), "a refused erase lifts nothing");
    let addr = 0x8000_0000;
    let refused = Reply::Erase { status: Status::PARAMETER, size: EraseSize::Sector, addr };
    assert_eq!(desk.erase(addr), [refused]);
    assert_eq!(desk.write(0x1000), [Reply::WritePages { status: Status::PARAMETER, addr: 0x20E0 }]);
    let data = flash()[0xF000..0x10000].to_vec();
    assert_eq!(
        desk.ask(&Command::ReadSector { addr: 0x20_F000 }),
        [Reply::ReadSector { status: Status::OK, addr: 0x20_F000, data }]
    );
    desk.link();
    desk.erase(0x20_0000);
    assert!(desk.holds(0, 0xFF), "a wrapped erase takes the boot loader");
}

#[test]
fn a_t_without_its_boot_area_never_answers_again_and_an_n_does() {
    for (chip, life) in [(Chip::Bk7231T, Life::Dead), (Chip::Bk7231N, Life::Server)] {
        let mut spec = BoardSpec::new(chip, flash());
        spec.status = Some(0);
        let mut desk = Desk::with(spec);
        desk.link();
        desk.erase(0x20_0000);
        desk.rail(HELD);
        desk.rail(READY);
        desk.wait(3 * MS);
        assert_eq!(desk.board.life(), life);
    }
}

#[test]
fn the_crc_counts_blocks_on_a_loader_and_bytes_on_a_rom() {
    let content = flash();
    for (chip, lengths) in [(Chip::Bk7231T, [0x100, 0x1000, 0]), (Chip::Bk7231N, [0x101, 0x1001, 0x10])] {
        let mut desk = Desk::linked(chip);
        for (last, len) in [0x11100, 0x12000, 0x1100F].into_iter().zip(lengths) {
            let crc = crc::wire(&content[0x11000..0x11000 + len]);
            assert_eq!(desk.ask(&Command::CheckCrc { start: 0x11000, last }), [Reply::Crc(crc)], "{chip}");
        }
    }
}

#[test]
fn reads_queued_on_a_loader_are_served_and_those_on_a_rom_are_lost() {
    for (chip, served) in [(Chip::Bk7231T, 3), (Chip::Bk7231N, 1)] {
        let mut desk = Desk::linked(chip);
        desk.send(&Command::ReadSector { addr: 0x11000 }.encode().repeat(3));
        assert_eq!(desk.replies(3 * 360 * MS).len(), served);
    }
}

#[test]
fn forty_three_queued_reads_fit_the_ring_and_sixty_do_not() {
    for (queued, served) in [(43, 43), (60, 17)] {
        let mut desk = Desk::linked(Chip::Bk7231T);
        desk.send(&Command::ReadSector { addr: 0x11000 }.encode().repeat(queued));
        // observed: 43 all answered, of 60 only 17
        assert_eq!(desk.replies(MS * queued as u32 * 360).len(), served);
    }
}

#[test]
fn the_chip_answers_at_the_new_rate_and_the_old_one_is_garbage() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    desk.send(&Command::SetBaud { rate: 921_600, delay: 20 }.encode());
    assert!(desk.wait(41 * MS).is_empty());
    let said = desk.wait(3 * MS);
    assert_eq!(said, Reply::SetBaud { rate: 921_600, delay: 20 }.encode());
    assert_eq!(desk.board.rate(), 928_571);
    desk.send(&Command::LinkCheck.encode());
    assert_eq!(desk.replies(20 * MS), []);
    desk.rate = 921_600;
    desk.link();
    desk.rail(HELD);
    desk.rail(READY);
    desk.wait(MS);
    assert_eq!(desk.board.rate(), 115_044);
}

#[test]
fn a_loader_is_silent_where_a_rom_answers_unknown() {
    for code in [0x03, 0x42] {
        let frame =
            crate::model::chip::beken::frame::command(crate::model::chip::beken::command::Shape::Short, code, &[0; 4]);
        let mut desk = Desk::linked(Chip::Bk7231T);
        desk.send(&frame);
        assert!(desk.wait(30 * MS).is_empty());
    }
    let mut desk = Desk::linked(Chip::Bk7231N);
    assert_eq!(desk.ask(&Command::BootVersion), [Reply::UnknownShort { code: 0x11 }]);
    let frame = crate::model::chip::beken::frame::command(crate::model::chip::beken::command::Shape::Long, 0x42, &[0]);
    desk.send(&frame);
    assert_eq!(desk.replies(30 * MS), [Reply::UnknownLong { code: 0x42 }]);
    let mut desk = Desk::linked(Chip::Bk7231T);
    // golden: T 1.0.5's version, 23 bytes
    desk.send(&Command::BootVersion.encode());
    assert_eq!(desk.wait(30 * MS), b"\x04\x0e\x14\x01\xe0\xfc\x11BK7231S_1.0.5\0\0\0");
}

#[test]
fn a_rom_is_unprotected_by_its_status_registers() {
    let mut desk = Desk::linked(Chip::Bk7231N);
    assert_eq!(desk.erase(0x12000).len(), 1);
    assert_eq!(desk.board.nor().bytes(), flash());
    let sr = |opcode, value| [Reply::ReadStatus { status: Status::OK, opcode, value }];
    assert_eq!(desk.ask(&Command::ReadStatus { opcode: 0x05 }), sr(0x05, 0x04));
    assert_eq!(desk.ask(&Command::ReadStatus { opcode: 0x35 }), sr(0x35, 0x42));
    desk.send(&Command::WriteStatus { opcode: 1, value: vec![0x00, 0x02] }.encode());
    desk.wait(2 * MS);
    desk.send(&Command::ReadStatus { opcode: 0x05 }.encode());
    assert_eq!(desk.replies(2 * MS), sr(0x05, 0x01), "still being written");
    assert_eq!(desk.ask(&Command::ReadStatus { opcode: 0x05 }), sr(0x05, 0x00));
    desk.erase(0x12000);
    assert!(desk.holds(0x12000, 0xFF));
}

#[test]
fn a_rom_names_chip_flash_and_key() {
    for (chip, id, key) in [
        (Chip::Bk7231N, 0x7231C, [0x93_u32, 0xB0, 0x0F, 0x51, 0xDC, 0xEA, 0xCB, 0xA3]),
        (Chip::Bk7231M, 0x7231C, [0; 8]),
        // no key of code: four bytes again and again
        (Chip::Bk7238, 0x7238, [0x00, 0x6A, 0xDE, 0x84, 0x00, 0x6A, 0xDE, 0x84]),
    ] {
        let mut desk = Desk::linked(chip);
        let addr = 0x0080_0000;
        assert_eq!(desk.ask(&Command::ReadReg { addr }), [Reply::ReadReg { addr, value: id }]);
        assert_eq!(desk.ask(&Command::FlashId), [Reply::FlashId { status: Status::OK, id: [0xEB, 0x60, 0x15] }]);
        for (n, byte) in (0..).zip(key) {
            desk.ask(&Command::WriteReg { addr: 0x0080_0074, value: n << 8 | 1 });
            let addr = 0x0080_0078;
            let value = 0x100 | byte;
            assert_eq!(desk.ask(&Command::ReadReg { addr }), [Reply::ReadReg { addr, value }]);
        }
    }
}

#[test]
fn an_odd_streaming_write_wedges_a_loader_until_it_resets_itself() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    desk.erase(0x12000);
    assert_eq!(desk.ask(&Command::WritePages { addr: 0x12000, data: vec![0; 300] }), []);
    assert_eq!(desk.ask(&Command::LinkCheck), []);
    assert_eq!((desk.board.nor().bytes()[0x120FF], desk.board.nor().bytes()[0x12100]), (0, 0xFF));
    desk.wait(130 * MS);
    desk.link();
}

#[test]
fn a_short_write_fills_its_last_unit_with_stale_bytes() {
    let mut desk = Desk::linked(Chip::Bk7231T);
    desk.erase(0x12000);
    desk.ask(&Command::Write { addr: 0x12000, data: vec![0x11; 64] });
    desk.ask(&Command::Write { addr: 0x12100, data: vec![0x22; 40] });
    let got = desk.board.nor().read(0x12100, 65);
    assert_eq!((&got[..40], &got[40..64], got[64]), (&[0x22; 40][..], &[0x11; 24][..], 0xFF));
}

#[test]
fn a_supply_that_fails_during_an_erase_leaves_a_half_erased_sector() {
    let mut spec = BoardSpec::new(Chip::Bk7231N, vec![0; 0x20_0000]);
    spec.status = Some(0);
    let mut desk = Desk::with(spec);
    desk.link();
    desk.send(&Command::Erase { size: EraseSize::Sector, addr: 0x12000 }.encode());
    desk.rail(Rail { power: false, ..READY });
    desk.wait(100 * MS);
    assert!(!desk.holds(0x12000, 0xFF) && !desk.holds(0x12000, 0));
    assert!(desk.holds(0x11000, 0) && desk.holds(0x13000, 0));
}

#[test]
fn a_dip_at_a_byte_ends_the_session_and_the_board_comes_back() {
    let mut spec = BoardSpec::new(Chip::Bk7231N, flash());
    spec.faults.faults.push(Fault::BrownOut { at: 7 });
    let mut desk = Desk::with(spec);
    desk.link();
    assert_eq!(desk.ask(&Command::LinkCheck), []);
    assert_eq!(desk.board.counts().resets, 1);
    desk.wait(20 * MS);
    assert_eq!((desk.board.life(), desk.board.counts().resets), (Life::Application, 2));
}

#[test]
fn an_application_with_a_missing_microcontroller_chatters() {
    let mut spec = BoardSpec::new(Chip::Bk7231N, flash());
    spec.chatter = true;
    let mut desk = Desk::with(spec);
    assert_eq!(desk.wait(2_100 * MS), HEARTBEAT.repeat(2));
    assert_eq!(desk.board.rate(), CHATTER_RATE);
}

mod noise {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Noise between frames, cut frames, frames of any opcode: the board neither panics nor forgets its time.
        #[test]
        fn no_bytes_upset_a_board(
            chip in prop::sample::select(vec![Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231U]),
            frames in prop::collection::vec((any::<bool>(), any::<u8>(), prop::collection::vec(any::<u8>(), 0..300)), 0..12),
        ) {
            // a uniform boot area is a dead board
            let mut flash = vec![0; 0x2_0000];
            flash[0] = 0x42;
            let mut spec = BoardSpec::new(chip, flash);
            spec.status = Some(0);
            let mut desk = Desk::with(spec);
            desk.link();
            for (long, code, payload) in frames {
                let shape = crate::model::chip::beken::command::Shape::Long;
                if long {
                    desk.send(&crate::model::chip::beken::frame::command(shape, code, &payload));
                } else {
                    desk.send(&payload);
                }
                desk.wait(3 * MS);
                prop_assert!(desk.board.wake_at().is_none_or(|at| at > desk.now));
            }
        }
    }
}
