//! A nest over its real PTY, on the real clock. Nothing here depends on how fast the machine is: only lower bounds of
//! time are asserted, and whatever must happen is waited for.

use super::*;
use crate::jig::{Drive, Edge, Input, Line};
use crate::model::chip::Chip;
use crate::model::chip::beken::{Command, Reply};
use crate::sim::board::BoardSpec;
use crate::sim::seed::Seed;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::os::fd::OwnedFd;
use tokio::time::Instant;

/// A host's port. Reads wait for at most 5 ms.
struct Host(OwnedFd);

impl Host {
    fn open(nest: &VirtualNest) -> Self {
        let fd = open(&nest.uart, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        Self(fd)
    }

    fn rate(&self, rate: u32) {
        let mut mode = tcgetattr(&self.0).unwrap();
        mode.make_raw();
        mode.set_speed(rate).unwrap();
        tcsetattr(&self.0, OptionalActions::Now, &mode).unwrap();
    }

    fn send(&self, command: &Command) {
        rustix::io::write(&self.0, &command.encode()).unwrap();
    }

    /// Whatever comes within 5 ms.
    fn some(&self) -> Vec<u8> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 5_000_000 })).unwrap();
        if !fds[0].revents().contains(PollFlags::IN) {
            return Vec::new();
        }
        let mut bytes = vec![0; 8192];
        let n = rustix::io::read(&self.0, &mut bytes).unwrap();
        bytes.truncate(n);
        bytes
    }

    /// So many bytes.
    fn exactly(&self, len: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < len {
            bytes.extend(self.some());
        }
        assert_eq!(bytes.len(), len);
        bytes
    }

    /// Floods link checks, resetting the board by CEN now and then, until it is linked and quiet.
    fn link(&self, nest: &mut VirtualNest) {
        self.rate(115_200);
        let link = Reply::Link.encode();
        let mut heard = Vec::new();
        for n in 0.. {
            if n % 40 == 0 {
                nest.lines.set(Line::Reset, Drive::Asserted).unwrap();
                nest.lines.set(Line::Reset, Drive::Released).unwrap();
            }
            self.send(&Command::LinkCheck);
            heard.extend(self.some());
            if heard.windows(link.len()).any(|window| window == link) {
                break;
            }
        }
        while !self.some().is_empty() {}
    }
}

fn powered(chip: Chip, speed: f64) -> (VirtualNest, Host, Vec<u8>) {
    let mut nest = nest(NestSpec { speed, ..NestSpec::default() }).unwrap();
    let flash = Seed::new(3).bytes(0x20_0000);
    nest.hand.insert(BoardSpec::new(chip, flash.clone()));
    nest.lines.set(Line::Power, Drive::Asserted).unwrap();
    let host = Host::open(&nest);
    (nest, host, flash)
}

#[test]
fn a_board_links_and_reads_over_its_pty() {
    for chip in [Chip::Bk7231T, Chip::Bk7231N, Chip::Bk7231U] {
        let (mut nest, host, flash) = powered(chip, 20.0);
        host.link(&mut nest);
        host.send(&Command::ReadSector { addr: 0x12000 });
        assert_eq!(host.exactly(4111)[15..], flash[0x12000..0x13000], "{chip}");
        drop(host);
        let (end, stats) = nest.hand.remove().unwrap();
        assert!(end == flash && stats.counts.links >= 1);
    }
}

#[test]
fn bytes_never_come_faster_than_the_wire() {
    let (mut nest, host, _) = powered(Chip::Bk7231N, 1.0);
    host.link(&mut nest);
    let began = Instant::now();
    host.send(&Command::ReadSector { addr: 0x12000 });
    host.exactly(4111);
    // 12 bytes there and 4111 back at 115044 baud take 358 ms
    assert!(began.elapsed() >= Duration::from_millis(358));
}

#[test]
fn a_rate_that_differs_garbles_and_the_same_one_does_not() {
    let (mut nest, host, _) = powered(Chip::Bk7231N, 20.0);
    host.link(&mut nest);
    host.send(&Command::SetBaud { rate: 921_600, delay: 100 });
    // the reply comes after 100 ms at the new rate, to a host that still listens at the old one
    let wrong = host.exactly(12);
    let right = Reply::SetBaud { rate: 921_600, delay: 100 }.encode();
    assert!(wrong.iter().zip(&right).all(|(a, b)| a != b));
    host.rate(921_600);
    host.send(&Command::LinkCheck);
    assert_eq!(host.exactly(8), Reply::Link.encode());
}

#[test]
fn hand_and_lines_are_felt() {
    let (mut nest, host, _) = powered(Chip::Bk7231N, 20.0);
    host.link(&mut nest);
    nest.hand.press();
    let edge = |nest: &mut VirtualNest| nest.edges.try_recv().map(|Edge { input, active, .. }| (input, active));
    assert_eq!(edge(&mut nest), Ok((Input::Contact, true)));
    assert_eq!(edge(&mut nest), Ok((Input::Button, true)));
    assert_eq!(edge(&mut nest), Ok((Input::Button, false)));
    nest.lines.set(Line::Park, Drive::Asserted).unwrap();
    host.send(&Command::LinkCheck);
    assert!(host.some().is_empty(), "TX is cut off");
    assert!(nest.hand.remove().is_some() && nest.hand.remove().is_none());
    assert_eq!(edge(&mut nest), Ok((Input::Contact, false)));
}

#[test]
fn a_host_may_close_and_come_back_and_the_nest_ends_with_its_hand() {
    let (mut nest, host, _) = powered(Chip::Bk7231N, 20.0);
    host.link(&mut nest);
    drop(host);
    let host = Host::open(&nest);
    host.send(&Command::LinkCheck);
    assert_eq!(host.exactly(8), Reply::Link.encode());
    drop(nest.hand);
    let gone = loop {
        match rustix::io::read(&host.0, &mut [0; 8]) {
            Ok(0) | Err(Errno::IO) => break true,
            Ok(_) => {}
            Err(_) => break false,
        }
    };
    assert!(gone);
}
