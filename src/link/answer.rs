//! Which reply answers which command. No frame carries a number, so the echoed parameters are all there is.

use crate::model::chip::beken::{Command, Reply, Status};

/// What a reply is to the command that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Its answer.
    Yes,
    /// Its refusal.
    Refused(Status),
    /// The right kind with other parameters.
    Mismatch,
    /// Something else, such as a late link reply.
    Unrelated,
}

fn echo(status: Status, same: bool) -> Answer {
    // a refused long 0x07 carries 0x20E0 in place of its address, so the status is looked at first
    match (status.is_ok(), same) {
        (false, _) => Answer::Refused(status),
        (true, true) => Answer::Yes,
        (true, false) => Answer::Mismatch,
    }
}

/// Compares them.
pub(super) fn judge(command: &Command, reply: &Reply) -> Answer {
    let same = |same: bool| if same { Answer::Yes } else { Answer::Mismatch };
    match (command, reply) {
        (Command::LinkCheck, Reply::Link)
        | (Command::CheckCrc { .. }, Reply::Crc(_))
        | (Command::BootVersion, Reply::BootVersion(_))
        | (Command::StayRom, Reply::StayRom)
        // some chips give a bad status with a good id
        | (Command::FlashId, Reply::FlashId { .. }) => Answer::Yes,
        (Command::WriteReg { addr, value }, Reply::WriteReg { addr: a, value: v }) => same(a == addr && v == value),
        (Command::ReadReg { addr }, Reply::ReadReg { addr: a, .. }) => same(a == addr),
        (Command::SetBaud { rate, delay }, Reply::SetBaud { rate: r, delay: d }) => same(r == rate && d == delay),
        (Command::Write { addr, data }, Reply::Write { status, addr: a, count }) => {
            // the low 8 bits of the count
            echo(*status, a == addr && data.len() & 0xFF == usize::from(*count))
        }
        (Command::WritePages { addr, .. }, Reply::WritePages { status, addr: a })
        | (Command::EraseSector { addr }, Reply::EraseSector { status, addr: a }) => echo(*status, a == addr),
        (Command::Read { addr, len }, Reply::Read { status, addr: a, data }) => {
            echo(*status, a == addr && data.len() == usize::from(*len))
        }
        (Command::ReadSector { addr }, Reply::ReadSector { status, addr: a, data }) => {
            // a refusal carries no data; with data it is the status that is damaged
            if status.is_ok() || data.is_empty() {
                echo(*status, a == addr && data.len() == 4096)
            } else {
                Answer::Mismatch
            }
        }
        // the status of these two may be bad while the value is right; reading again is what decides
        (Command::ReadStatus { opcode }, Reply::ReadStatus { opcode: o, .. }) => same(o == opcode),
        (Command::WriteStatus { opcode, value }, Reply::WriteStatus { opcode: o, value: v, .. }) => {
            same(o == opcode && v == value)
        }
        (Command::Erase { size, addr }, Reply::Erase { status, size: s, addr: a }) => {
            echo(*status, s == size && a == addr)
        }
        (command, reply) => match (command.opcode(), reply.unknown()) {
            (asked, Some(refused)) if asked == refused => Answer::Refused(Status::UNKNOWN),
            _ => Answer::Unrelated,
        },
    }
}

/// Length of the longest reply to a command, in bytes.
pub(super) fn longest_reply(command: &Command) -> usize {
    match command {
        Command::ReadSector { .. } => 4111,
        Command::Read { len, .. } => 15 + usize::from(*len),
        _ => 23,
    }
}
