//! Golden bytes of the download protocol. If a test of this file fails, the code is wrong, not the test.
//!
//! Sources, named in each row:
//! - `LBOOT`: answers of unmodified boot loaders under CPU emulation (BK7231T 1.0.5 of the public Tuya SDK, sha256
//!   dccd6a5f.., and others), and disassembly of the same.
//! - `TOOLS`: what the public tools bk7231tools, hid_download_py and BK7231GUIFlashTool send and expect.
//! - `BKW`: a capture of bkWriter 1.60 in the developer notes of BK7231GUIFlashTool.
//! - `ROM`: Beken's public boot code of the ROM kind.

use flashjig::model::chip::beken::command::Shape;
use flashjig::model::chip::beken::scan::{CommandScanner, Found, ReplyScanner};
use flashjig::model::chip::beken::{Command, EraseSize, Reply, Status, crc};
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

const OK: Status = Status::OK;

/// Host to chip.
fn commands() -> Vec<(&'static str, &'static str, Command)> {
    vec![
        ("LBOOT TOOLS BKW", "01 E0 FC 01 00", Command::LinkCheck),
        ("TOOLS", "01 E0 FC 09 01 74 00 80 00 01 01 00 00", Command::WriteReg { addr: 0x0080_0074, value: 0x101 }),
        ("TOOLS", "01 E0 FC 05 03 00 00 80 00", Command::ReadReg { addr: 0x0080_0000 }),
        ("LBOOT TOOLS BKW", "01 E0 FC 02 0E A5", Command::Reboot),
        ("BKW", "01 E0 FC 06 0F 00 10 0E 00 0F", Command::SetBaud { rate: 921_600, delay: 15 }),
        ("TOOLS", "01 E0 FC 06 0F 00 08 07 00 14", Command::SetBaud { rate: 460_800, delay: 20 }),
        ("TOOLS", "01 E0 FC 06 0F 60 E3 16 00 14", Command::SetBaud { rate: 1_500_000, delay: 20 }),
        ("TOOLS", "01 E0 FC 06 0F 80 84 1E 00 14", Command::SetBaud { rate: 2_000_000, delay: 20 }),
        ("BKW", "01 E0 FC 09 10 00 10 01 00 FF 1F 01 00", Command::CheckCrc { start: 0x1_1000, last: 0x1_1FFF }),
        ("LBOOT TOOLS", "01 E0 FC 01 11", Command::BootVersion),
        ("TOOLS", "01 E0 FC 05 70 53 45 41 4E", Command::Reset),
        ("TOOLS", "01 E0 FC 02 AA 55", Command::StayRom),
        ("ROM", "01 E0 FC FF F4 06 00 08 00 00 1E 00 80", Command::Read { addr: 0x1E_0000, len: 0x80 }),
        ("LBOOT TOOLS", "01 E0 FC FF F4 05 00 09 00 10 01 00", Command::ReadSector { addr: 0x1_1000 }),
        ("TOOLS", "01 E0 FC FF F4 05 00 0B 00 10 01 00", Command::EraseSector { addr: 0x1_1000 }),
        ("TOOLS", "01 E0 FC FF F4 02 00 0C 05", Command::ReadStatus { opcode: 0x05 }),
        ("TOOLS", "01 E0 FC FF F4 03 00 0D 01 00", Command::WriteStatus { opcode: 0x01, value: vec![0] }),
        ("TOOLS", "01 E0 FC FF F4 04 00 0D 01 00 00", Command::WriteStatus { opcode: 0x01, value: vec![0, 0] }),
        ("TOOLS", "01 E0 FC FF F4 05 00 0E 9F 00 00 00", Command::FlashId),
        ("BKW", "01 E0 FC FF F4 06 00 0F 20 00 10 01 00", Command::Erase { size: EraseSize::Sector, addr: 0x1_1000 }),
        ("TOOLS", "01 E0 FC FF F4 06 00 0F D8 00 00 02 00", Command::Erase { size: EraseSize::Block, addr: 0x2_0000 }),
    ]
}

/// Chip to host.
fn replies() -> Vec<(&'static str, &'static str, Reply)> {
    vec![
        ("LBOOT TOOLS", "04 0E 05 01 E0 FC 01 00", Reply::Link),
        ("TOOLS", "04 0E 0C 01 E0 FC 01 74 00 80 00 01 01 00 00", Reply::WriteReg { addr: 0x0080_0074, value: 0x101 }),
        (
            "TOOLS",
            "04 0E 0C 01 E0 FC 03 00 00 80 00 1C 23 07 00",
            Reply::ReadReg { addr: 0x0080_0000, value: 0x0007_231C },
        ),
        ("TOOLS", "04 0E 09 01 E0 FC 0F 00 10 0E 00 14", Reply::SetBaud { rate: 921_600, delay: 20 }),
        ("TOOLS", "04 0E 08 01 E0 FC 10 F5 98 AB 0E", Reply::Crc(0x0EAB_98F5)),
        (
            "LBOOT",
            "04 0E 14 01 E0 FC 11 42 4B 37 32 33 31 53 5F 31 2E 30 2E 35 00 00 00",
            Reply::BootVersion(b"BK7231S_1.0.5\0\0\0".to_vec()),
        ),
        ("TOOLS", "04 0E 05 01 E0 FC AA 55", Reply::StayRom),
        ("ROM", "04 0E 05 01 E0 FC 11 07", Reply::UnknownShort { code: 0x11 }),
        ("TOOLS", "04 0E 04 01 E0 FC EE", Reply::SystemError(0xEE)),
        ("TOOLS", "04 0E 04 01 E0 FC FE", Reply::SystemError(0xFE)),
        ("ROM", "04 0E 07 01 E0 FC FE 31 32 33", Reply::Banner(b"123".to_vec())),
        (
            "LBOOT TOOLS",
            "04 0E FF 01 E0 FC F4 07 00 06 00 00 10 01 00 00",
            Reply::Write { status: OK, addr: 0x1_1000, count: 0 },
        ),
        (
            "LBOOT",
            "04 0E FF 01 E0 FC F4 07 00 06 06 00 F0 00 00 20",
            Reply::Write { status: Status::PARAMETER, addr: 0xF000, count: 0x20 },
        ),
        (
            "LBOOT TOOLS",
            "04 0E FF 01 E0 FC F4 06 00 07 00 00 10 01 00",
            Reply::WritePages { status: OK, addr: 0x1_1000 },
        ),
        (
            "LBOOT, its limit in place of the address",
            "04 0E FF 01 E0 FC F4 06 00 07 06 E0 20 00 00",
            Reply::WritePages { status: Status::PARAMETER, addr: 0x20E0 },
        ),
        (
            "LBOOT, 16 bytes instead of 4111",
            "04 0E FF 01 E0 FC F4 07 00 09 06 00 00 00 00 00",
            Reply::ReadSector { status: Status::PARAMETER, addr: 0, data: Vec::new() },
        ),
        ("TOOLS", "04 0E FF 01 E0 FC F4 06 00 0B 00 00 10 01 00", Reply::EraseSector { status: OK, addr: 0x1_1000 }),
        (
            "TOOLS",
            "04 0E FF 01 E0 FC F4 04 00 0C 00 05 7C",
            Reply::ReadStatus { status: OK, opcode: 0x05, value: 0x7C },
        ),
        (
            "TOOLS",
            "04 0E FF 01 E0 FC F4 04 00 0D 00 01 00",
            Reply::WriteStatus { status: OK, opcode: 0x01, value: vec![0] },
        ),
        (
            "TOOLS",
            "04 0E FF 01 E0 FC F4 05 00 0D 00 01 00 00",
            Reply::WriteStatus { status: OK, opcode: 0x01, value: vec![0, 0] },
        ),
        (
            "TOOLS",
            "04 0E FF 01 E0 FC F4 06 00 0E 00 00 EB 60 15",
            Reply::FlashId { status: OK, id: [0xEB, 0x60, 0x15] },
        ),
        (
            "LBOOT TOOLS",
            "04 0E FF 01 E0 FC F4 07 00 0F 00 20 00 10 01 00",
            Reply::Erase { status: OK, size: EraseSize::Sector, addr: 0x1_1000 },
        ),
        (
            "LBOOT",
            "04 0E FF 01 E0 FC F4 07 00 0F 06 20 00 00 00 00",
            Reply::Erase { status: Status::PARAMETER, size: EraseSize::Sector, addr: 0 },
        ),
        ("ROM", "04 0E FF 01 E0 FC F4 02 00 0A 07", Reply::UnknownLong { code: 0x0A }),
    ]
}

fn found_command(bytes: &[u8]) -> Option<Found<Command>> {
    let mut scanner = CommandScanner::default();
    scanner.feed(bytes);
    scanner.take()
}

fn found_reply(bytes: &[u8]) -> Option<Found<Reply>> {
    let mut scanner = ReplyScanner::default();
    scanner.feed(bytes);
    scanner.take()
}

#[test]
fn every_command_has_its_published_bytes() {
    for (source, bytes, command) in commands() {
        assert_eq!(command.encode(), hex(bytes), "{source}: {command}");
        assert_eq!(found_command(&hex(bytes)), Some(Found::Frame(command)), "{source}: {bytes}");
    }
}

#[test]
fn every_reply_has_its_published_bytes() {
    for (source, bytes, reply) in replies() {
        assert_eq!(reply.encode(), hex(bytes), "{source}: {reply}");
        assert_eq!(found_reply(&hex(bytes)), Some(Found::Frame(reply)), "{source}: {bytes}");
    }
}

/// TOOLS: 4108 bytes to write a sector, 268 to write 256, 4111 to answer a read.
#[test]
fn the_long_frames_have_their_published_heads_and_lengths() {
    let write = Command::WritePages { addr: 0x1_1000, data: vec![0xA5; 4096] };
    assert_eq!(write.encode()[..12], hex("01 E0 FC FF F4 05 10 07 00 10 01 00"));
    assert_eq!(write.encode().len(), 4108);
    let write = Command::Write { addr: 0x1_1000, data: vec![0xA5; 256] };
    assert_eq!(write.encode()[..12], hex("01 E0 FC FF F4 05 01 06 00 10 01 00"));
    assert_eq!(write.encode().len(), 268);
    let read = Reply::ReadSector { status: OK, addr: 0x1_1000, data: vec![0xA5; 4096] };
    assert_eq!(read.encode()[..15], hex("04 0E FF 01 E0 FC F4 06 10 09 00 00 10 01 00"));
    assert_eq!(read.encode().len(), 4111);
    let read = Reply::Read { status: OK, addr: 0x1E_0000, data: vec![0xA5; 0x80] };
    assert_eq!(read.encode()[..15], hex("04 0E FF 01 E0 FC F4 86 00 08 00 00 00 1E 00"));
}

/// TOOLS (BK7231GUIFlashTool, hid_download_py): some ROMs count 5 where the frame has 6, and send 15 bytes all the same.
#[test]
fn the_flash_id_is_read_from_a_rom_that_counts_one_too_few() {
    let mut scanner = ReplyScanner::default();
    scanner.feed(&hex("04 0E FF 01 E0 FC F4 05 00 0E 00 00 EB 60 15 04 0E 05 01 E0 FC 01 00"));
    let id = Reply::FlashId { status: OK, id: [0xEB, 0x60, 0x15] };
    assert_eq!(scanner.take(), Some(Found::Frame(id)));
    assert_eq!(scanner.take(), Some(Found::Frame(Reply::Link)));
    assert_eq!(scanner.noise(), 0);
}

/// 4104 is what long 0x06 with 4099 bytes counts, the longest an L-boot takes.
#[test]
fn the_longest_legal_count_is_a_frame_and_one_more_is_noise() {
    let longest = Command::Write { addr: 0x1_1000, data: vec![1; 4099] };
    assert_eq!(found_command(&longest.encode()), Some(Found::Frame(longest)));
    let mut scanner = CommandScanner::default();
    scanner.feed(&Command::Write { addr: 0x1_1000, data: vec![1; 4100] }.encode());
    assert_eq!(scanner.take(), None);
    let mut scanner = ReplyScanner::default();
    scanner.feed(&hex("04 0E FF 01 E0 FC F4 09 10 09 00 04 0E 05 01 E0 FC 01 00"));
    assert_eq!(scanner.take(), Some(Found::Frame(Reply::Link)));
    assert_eq!(scanner.noise(), 11);
}

/// The wire value of "123456789" and of a blank sector (TOOLS).
#[test]
fn the_crc_is_the_chips_and_not_zips() {
    assert_eq!(crc::wire(b"123456789"), 0x340B_C6D9);
    assert_eq!(crc::wire(&[0xFF; 4096]), 0x0EAB_98F5);
}

fn all_replies() -> Vec<Reply> {
    let mut all: Vec<Reply> = replies().into_iter().map(|(_, _, reply)| reply).collect();
    all.push(Reply::Read { status: OK, addr: 0x1E_0000, data: vec![0x3C; 40] });
    all
}

#[test]
fn frames_are_found_byte_by_byte_and_at_every_split() {
    let stream: Vec<u8> = all_replies().iter().flat_map(Reply::encode).collect();
    let take_all = |pieces: &[&[u8]]| {
        let mut scanner = ReplyScanner::default();
        let mut found = Vec::new();
        for piece in pieces {
            scanner.feed(piece);
            found.extend(std::iter::from_fn(|| scanner.take()));
        }
        found
    };
    let want: Vec<_> = all_replies().into_iter().map(Found::Frame).collect();
    let single: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(take_all(&single), want);
    for at in 0..=stream.len() {
        assert_eq!(take_all(&[&stream[..at], &stream[at..]]), want, "split at {at}");
    }
}

/// Bytes of a reply that mean nothing: the byte clocked in before the flash id, and the last one of a refused read,
/// which other servers may leave out (so the count says little too).
fn is_idle_byte(reply: &Reply, at: usize) -> bool {
    match reply {
        Reply::FlashId { .. } => at == 11,
        Reply::ReadSector { status, .. } => !status.is_ok() && (at == 15 || at == 7),
        _ => false,
    }
}

#[test]
fn a_flipped_bit_never_gives_the_frame_that_was_sent_and_the_next_frame_is_found() {
    let next = Reply::Crc(0x1234_5678);
    for reply in all_replies() {
        let frame = reply.encode();
        for bit in 0..frame.len() * 8 {
            if is_idle_byte(&reply, bit / 8) {
                continue;
            }
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut scanner = ReplyScanner::default();
            scanner.feed(&flipped);
            for found in std::iter::from_fn(|| scanner.take()) {
                assert_ne!(found, Found::Frame(reply.clone()), "{reply}, bit {bit}");
            }
            scanner.clear();
            scanner.feed(&next.encode());
            assert_eq!(scanner.take(), Some(Found::Frame(next.clone())), "{reply}, bit {bit}");

            // and without being told: the longest frame that the damage can announce has an end
            scanner.feed(&flipped);
            let last = Reply::Crc(1);
            for _ in 0..500 {
                scanner.feed(&next.encode());
            }
            scanner.feed(&last.encode());
            let found: Vec<_> = std::iter::from_fn(|| scanner.take()).collect();
            assert_eq!(found.last(), Some(&Found::Frame(last)), "{reply}, bit {bit}");
        }
    }
}

#[test]
fn a_flipped_bit_in_a_command_never_gives_that_command() {
    for (_, _, command) in commands() {
        let frame = command.encode();
        for bit in 0..frame.len() * 8 {
            // the clock bytes behind 9F mean nothing
            if command == Command::FlashId && bit / 8 > 8 {
                continue;
            }
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(found_command(&flipped), Some(Found::Frame(command.clone())), "{command}, bit {bit}");
        }
    }
}

#[test]
fn an_unknown_code_is_strange_and_not_a_guess() {
    let mut scanner = ReplyScanner::default();
    scanner.feed(&hex("04 0E 06 01 E0 FC 77 01 02"));
    assert_eq!(scanner.take(), Some(Found::Strange { code: 0x77, total: 9 }));
    assert_eq!(Command::decode(Shape::Short, 0x0E, &[0x00]), None, "reboot only with its argument");
    assert_eq!(Command::decode(Shape::Long, 0x0E, &[0x05, 0, 0, 0]), None, "another SPI opcode is no flash id");
}

fn any_size() -> impl Strategy<Value = EraseSize> {
    any::<u8>().prop_map(EraseSize::from_code)
}

fn any_command() -> impl Strategy<Value = Command> {
    let (word, data) = (any::<u32>, || proptest::collection::vec(any::<u8>(), 0..300));
    prop_oneof![
        Just(Command::LinkCheck),
        (word(), word()).prop_map(|(addr, value)| Command::WriteReg { addr, value }),
        word().prop_map(|addr| Command::ReadReg { addr }),
        Just(Command::Reboot),
        (word(), any::<u8>()).prop_map(|(rate, delay)| Command::SetBaud { rate, delay }),
        (word(), word()).prop_map(|(start, last)| Command::CheckCrc { start, last }),
        Just(Command::BootVersion),
        Just(Command::Reset),
        Just(Command::StayRom),
        (word(), data()).prop_map(|(addr, data)| Command::Write { addr, data }),
        (word(), data()).prop_map(|(addr, data)| Command::WritePages { addr, data }),
        (word(), any::<u8>()).prop_map(|(addr, len)| Command::Read { addr, len }),
        word().prop_map(|addr| Command::ReadSector { addr }),
        word().prop_map(|addr| Command::EraseSector { addr }),
        any::<u8>().prop_map(|opcode| Command::ReadStatus { opcode }),
        (any::<u8>(), proptest::collection::vec(any::<u8>(), 1..3))
            .prop_map(|(opcode, value)| Command::WriteStatus { opcode, value }),
        Just(Command::FlashId),
        (any_size(), word()).prop_map(|(size, addr)| Command::Erase { size, addr }),
    ]
}

fn any_reply() -> impl Strategy<Value = Reply> {
    let (word, byte) = (any::<u32>, any::<u8>);
    let status = || any::<u8>().prop_map(Status);
    let sector = proptest::collection::vec(any::<u8>(), 4096);
    prop_oneof![
        Just(Reply::Link),
        (word(), word()).prop_map(|(addr, value)| Reply::WriteReg { addr, value }),
        (word(), word()).prop_map(|(addr, value)| Reply::ReadReg { addr, value }),
        (word(), byte()).prop_map(|(rate, delay)| Reply::SetBaud { rate, delay }),
        word().prop_map(Reply::Crc),
        proptest::collection::vec(any::<u8>(), 16).prop_map(Reply::BootVersion),
        Just(Reply::StayRom),
        (0_u8..0xAA).prop_map(|code| Reply::UnknownShort { code }),
        prop_oneof![Just(0xEE_u8), Just(0xFE)].prop_map(Reply::SystemError),
        proptest::collection::vec(any::<u8>(), 1..200).prop_map(Reply::Banner),
        (status(), word(), byte()).prop_map(|(status, addr, count)| Reply::Write { status, addr, count }),
        (status(), word()).prop_map(|(status, addr)| Reply::WritePages { status, addr }),
        (status(), word(), proptest::collection::vec(any::<u8>(), 0..256))
            .prop_map(|(status, addr, data)| Reply::Read { status, addr, data }),
        (status(), word()).prop_map(|(status, addr)| Reply::ReadSector { status, addr, data: Vec::new() }),
        (status(), word(), sector).prop_map(|(status, addr, data)| Reply::ReadSector { status, addr, data }),
        (status(), word()).prop_map(|(status, addr)| Reply::EraseSector { status, addr }),
        (status(), byte(), byte()).prop_map(|(status, opcode, value)| Reply::ReadStatus { status, opcode, value }),
        (status(), byte(), proptest::collection::vec(any::<u8>(), 1..3))
            .prop_map(|(status, opcode, value)| Reply::WriteStatus { status, opcode, value }),
        (status(), any::<[u8; 3]>()).prop_map(|(status, id)| Reply::FlashId { status, id }),
        (status(), any_size(), word()).prop_map(|(status, size, addr)| Reply::Erase { status, size, addr }),
        byte().prop_map(|code| Reply::UnknownLong { code }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_command_survives_its_encoding(command in any_command()) {
        prop_assert_eq!(found_command(&command.encode()), Some(Found::Frame(command)));
    }

    #[test]
    fn a_reply_survives_its_encoding(reply in any_reply()) {
        prop_assert_eq!(found_reply(&reply.encode()), Some(Found::Frame(reply)));
    }

    #[test]
    fn replies_are_found_between_noise(
        replies in proptest::collection::vec(any_reply(), 1..6),
        // no 0x04, so that the noise itself can't begin a frame
        noise in proptest::collection::vec(proptest::collection::vec(5_u8..=255, 0..40), 6),
        step in 1_usize..5000,
    ) {
        let mut stream = Vec::new();
        for (reply, noise) in replies.iter().zip(&noise) {
            stream.extend_from_slice(noise);
            stream.extend(reply.encode());
        }
        let mut scanner = ReplyScanner::default();
        let mut found = Vec::new();
        for piece in stream.chunks(step) {
            scanner.feed(piece);
            found.extend(std::iter::from_fn(|| scanner.take()));
        }
        let expected: Vec<_> = replies.into_iter().map(Found::Frame).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn any_bytes_are_survived_and_a_good_frame_after_them_is_found(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
    ) {
        let mut replies = ReplyScanner::default();
        replies.feed(&bytes);
        while replies.take().is_some() {}
        replies.clear();
        replies.feed(&Reply::Link.encode());
        prop_assert_eq!(replies.take(), Some(Found::Frame(Reply::Link)));
        let mut commands = CommandScanner::default();
        commands.feed(&bytes);
        while commands.take().is_some() {}
        commands.clear();
        commands.feed(&Command::LinkCheck.encode());
        prop_assert_eq!(commands.take(), Some(Found::Frame(Command::LinkCheck)));
    }
}
