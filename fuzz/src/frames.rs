//! Frames of the serial line, in both directions, and the virtual chip's own parser.

use flashjig::model::chip::beken::command::{Command, Shape};
use flashjig::model::chip::beken::reply::Reply;
use flashjig::model::chip::beken::scan::{CommandScanner, Found, ReplyScanner};
use flashjig::sim::parser::Parser;

/// The first byte is the size of the pieces in which the rest arrives.
pub fn check(data: &[u8]) {
    let Some((&piece, bytes)) = data.split_first() else { return };
    let (mut replies, mut commands) = (ReplyScanner::default(), CommandScanner::default());
    let (mut replied, mut commanded) = (Vec::new(), Vec::new());
    for part in bytes.chunks(usize::from(piece).max(1)) {
        replies.feed(part);
        while let Some(found) = replies.take() {
            replied.push(found);
        }
        commands.feed(part);
        while let Some(found) = commands.take() {
            commanded.push(found);
        }
    }
    let limit = bytes.len() / 4 + 1;
    assert!(replied.len() <= limit && commanded.len() <= limit, "a frame has at least four bytes");
    let accounted = replies.noise() as usize + replies.clear();
    assert!(accounted <= bytes.len(), "{accounted} bytes of noise in {}", bytes.len());

    // what arrives in pieces is what arrives at once
    let mut whole = ReplyScanner::default();
    whole.feed(bytes);
    let at_once: Vec<_> = std::iter::from_fn(|| whole.take()).collect();
    assert_eq!(at_once, replied);

    for found in &replied {
        if let Found::Frame(reply) = found {
            let mut scanner = ReplyScanner::default();
            scanner.feed(&reply.encode());
            assert_eq!(scanner.take(), Some(Found::Frame(reply.clone())), "a reply is what its encoding says");
        }
    }
    for found in &commanded {
        if let Found::Frame(command) = found {
            let mut scanner = CommandScanner::default();
            scanner.feed(&command.encode());
            assert_eq!(scanner.take(), Some(Found::Frame(command.clone())), "a command is what its encoding says");
        }
    }
    if let Some((&code, payload)) = bytes.split_first() {
        for shape in [Shape::Short, Shape::Long] {
            _ = Reply::decode(shape, code, payload);
            _ = Command::decode(shape, code, payload);
        }
    }
    let mut parser = Parser::default();
    for byte in bytes {
        _ = parser.take(*byte);
    }
}

/// A conversation.
pub fn seeds() -> Vec<Vec<u8>> {
    use flashjig::model::chip::beken::reply::Status;
    let commands = [
        Command::LinkCheck,
        Command::SetBaud { rate: 2_000_000, delay: 20 },
        Command::ReadSector { addr: 0x1_1000 },
        Command::Read { addr: 0x1_1000, len: 64 },
        Command::Write { addr: 0x1_1000, data: vec![0x5A; 256] },
        Command::WritePages { addr: 0x1_1000, data: vec![0x5A; 4096] },
    ];
    let replies = [
        Reply::Link,
        Reply::Crc(0x1234_5678),
        Reply::FlashId { status: Status(0), id: [0xEB, 0x60, 0x15] },
        Reply::BootVersion(b"BK7231S_1.0.5".to_vec()),
    ];
    let framed = commands.iter().map(Command::encode).chain(replies.iter().map(Reply::encode));
    let mut seeds: Vec<Vec<u8>> = framed.map(|frame| [vec![7], frame].concat()).collect();
    seeds.push(seeds.iter().flat_map(|seed| seed[1..].to_vec()).collect());
    seeds
}
