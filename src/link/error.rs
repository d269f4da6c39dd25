//! Why the session with the chip failed.

use crate::jig::LineError;
use crate::model::chip::beken::Status;
use crate::model::cycle::fault::FaultCode;
use std::io;
use std::time::Duration;

/// A step of the session that did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The port failed, not the chip.
    #[error("expected the serial port to work while {doing}, found: {source}; check the cable and the adapter")]
    Port {
        /// What was going on.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The reset line or the power line failed.
    #[error(transparent)]
    Lines(#[from] LineError),
    /// No link check was answered after a reset.
    #[error(
        "expected an answer to the link checks within {} ms after the reset, found {}; reseat the board, check RX, TX, \
         CEN and 3.3 V", .waited.as_millis(), heard(*.noise)
    )]
    NoAnswer {
        /// How long the chip was asked after its reset.
        waited: Duration,
        /// Bytes that came and belonged to no reply.
        noise: u64,
    },
    /// The chip had answered before and now does not, at any rate that it may be at.
    #[error(
        "expected the chip to answer link checks after {doing} at {rate} baud, found silence; reset and attach again"
    )]
    Lost {
        /// What went before.
        doing: String,
        /// The rate in use, or the rate tried.
        rate: u32,
    },
    /// No rate of the ladder carried data unharmed.
    #[error("expected a working rate among {tried:?} baud, found none; shorten the wires, check the ground")]
    NoBaud {
        /// The rates of the ladder.
        tried: Vec<u32>,
    },
    /// One command got no reply, though the chip answers link checks again. Whether it was carried out is unknown.
    #[error("{command}: expected a reply, found none; check the ground and the supply, or lower max_baud")]
    Unanswered {
        /// The command, in words.
        command: String,
    },
    /// A write got no reply. The chip may still wait for bytes of it, and where one of the address is missing, whatever
    /// is sent next would complete it and put the sector somewhere else, in the boot area even. Only a reset is safe.
    #[error("{command}: expected a reply, found none; reset the chip and attach again before anything else is sent")]
    HalfSent {
        /// The command, in words.
        command: String,
    },
    /// A reply of the right kind with the wrong content.
    #[error("{command}: expected its echo, found {found}; check the ground and the supply, or lower max_baud")]
    BadReply {
        /// The command, in words.
        command: String,
        /// What came.
        found: String,
    },
    /// The line never fell silent, so that no reply can be told from noise.
    #[error(
        "expected silence on the line, found {bytes} bytes that nobody asked for; check the ground, and whether \
         something else on the board drives RX"
    )]
    Noise {
        /// How many bytes came while waiting.
        bytes: usize,
    },
    /// The chip answered with an error status.
    #[error("{command}: expected status 0x00 (ok), found {status}; the address may be protected")]
    Refused {
        /// The command, in words.
        command: String,
        /// What the chip said.
        status: Status,
        /// Whether it was an erase or a write.
        changes: bool,
    },
    /// The status register of the flash chip keeps its protect bits.
    #[error(
        "flash status register: expected the bits {mask:#06x} clear after {tries} tries, found {found:#06x}; set the \
         board aside"
    )]
    Protected {
        /// The protect bits.
        mask: u16,
        /// The register as it was read last.
        found: u16,
        /// How often it was written.
        tries: u32,
    },
    /// The status register of the flash chip has bits that nobody asked for.
    #[error(
        "flash status register: expected {}, found {found:#06x}; nothing is erased in this session, the board is reset and \
         looked at again",
        .asked.map_or_else(|| "no lock until the next reset".to_owned(), |asked| format!("{asked:#06x} as it was written"))
    )]
    StrangeStatus {
        /// What was written; none: nothing yet.
        asked: Option<u16>,
        /// What it reads.
        found: u16,
    },
    /// After an answer that was lost, another board may lie in the jig.
    #[error(
        "{what} at {addr:#08x}: expected the board that was backed up, found one that was not compared with it since an \
         answer was lost; nothing was sent"
    )]
    Stranger {
        /// What was asked for.
        what: &'static str,
        /// Where.
        addr: u32,
    },
    /// The flash of an L-boot is locked since the last CRC; the write would be answered "ok" and not be done.
    #[error("write at {addr:#08x}: expected an erase since the last CRC, found none; erase the sector first")]
    Locked {
        /// Where.
        addr: u32,
    },
    /// A command that flashjig never sends; a mistake of the caller.
    #[error("{what} at {addr:#08x}: expected {expected}; nothing was sent, report this")]
    Forbidden {
        /// What was asked for.
        what: &'static str,
        /// Where.
        addr: u32,
        /// What would be allowed.
        expected: String,
    },
}

fn heard(noise: u64) -> String {
    match noise {
        0 => "silence".into(),
        n => format!("{n} bytes that are no reply (the application may be running)"),
    }
}

impl LinkError {
    /// The fault that a unit gets from this.
    pub(crate) fn fault(&self) -> FaultCode {
        match self {
            Self::Port { .. } => FaultCode::NoPort,
            Self::Lines(_) => FaultCode::NoLines,
            Self::NoAnswer { .. } => FaultCode::NoAnswer,
            Self::Lost { .. } | Self::HalfSent { .. } | Self::Stranger { .. } => FaultCode::LinkLost,
            Self::NoBaud { .. } => FaultCode::NoBaud,
            Self::Unanswered { .. }
            | Self::BadReply { .. }
            | Self::Noise { .. }
            | Self::Refused { changes: false, .. } => FaultCode::BadReply,
            Self::Refused { changes: true, .. } => FaultCode::WriteFailed,
            Self::Protected { .. } | Self::StrangeStatus { .. } | Self::Locked { .. } => FaultCode::Protected,
            Self::Forbidden { .. } => FaultCode::NotPlanned,
        }
    }

    /// Whether asking again may help: the link itself still works.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Unanswered { .. } | Self::BadReply { .. } | Self::Noise { .. })
    }
}
