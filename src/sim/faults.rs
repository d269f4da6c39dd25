//! What may go wrong with a virtual board, on purpose.

use serde::Serialize;
use std::str::FromStr;
use std::time::Duration;

/// A direction on the line, as the board sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Way {
    /// Host to board.
    Rx,
    /// Board to host.
    Tx,
}

/// What happens to one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Damage {
    /// It never arrives.
    Lose,
    /// These bits of it are inverted.
    Flip(u8),
    /// It arrives twice.
    Duplicate,
    /// It and all behind it arrive later, in chip time.
    Delay(Duration),
}

/// One fault. Bytes count from 0, from the board's insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Fault {
    /// One byte of one direction is damaged.
    Byte {
        /// Which direction.
        way: Way,
        /// Which byte.
        at: u64,
        /// How.
        damage: Damage,
    },
    /// The supply dips when the board receives this byte.
    BrownOut {
        /// Which byte.
        at: u64,
    },
    /// The chip resets itself when it receives this byte.
    Reset {
        /// Which byte.
        at: u64,
    },
    /// The next erase answers as usual and does nothing.
    LazyErase,
    /// A sector that neither erases nor programs any more.
    Stuck {
        /// Any address in it.
        addr: u32,
    },
    /// One bit too many falls when this byte is programmed next.
    Slip {
        /// Its address.
        addr: u32,
    },
    /// Once this byte was programmed, a read gives it with its lowest bit inverted; a CRC does not.
    Misread {
        /// Its address.
        addr: u32,
    },
    /// One CRC of so many is right for another range than the one that was asked for.
    StrayCrc {
        /// One of so many.
        one_of: u32,
        /// So much higher, bytes.
        by: u32,
    },
    /// The wires don't carry this rate and those above it: each byte of both directions is damaged by this chance.
    Noise {
        /// Lowest rate that is damaged, bits per second.
        rate: u32,
        /// One byte of so many, on the average.
        one_of: u32,
    },
    /// One answer of so many, on the average, is lost whole, at any rate.
    Mute {
        /// One of so many.
        one_of: u32,
    },
    /// The flash chip's status registers do not do as they are told.
    Register(Quirk),
    /// Its firmware does not live as it should.
    Life(Ailment),
    /// The flash chip names itself wrongly.
    FlashId {
        /// Manufacturer, type, capacity.
        id: [u8; 3],
    },
}

/// What is odd about the status registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Quirk {
    /// A first write of both bytes that changes nothing sets nearly every bit until the reset (P25Q16HBK, 85 20 15).
    Redundant,
    /// The board's very first write does that, whatever it is.
    Flood,
    /// A write of both bytes does nothing: the register is one byte (P25Q16HB, 85 42 15).
    OneByte,
}

impl Quirk {
    /// By its word.
    const WORDS: [(&str, Self); 3] =
        [("status-redundant", Self::Redundant), ("status-flood", Self::Flood), ("status-one-byte", Self::OneByte)];
}

/// How a firmware fails to live, where the bench's plugs live at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Ailment {
    /// The chip does not run it.
    NoBoot,
    /// The chip does not run it at its first start.
    LateBoot,
    /// It starts again and again.
    CrashLoop,
    /// A bit of its configuration's checksum reads wrongly.
    ConfigLost,
    /// It calls itself another version.
    OtherVersion,
    /// It takes a pin for another one.
    OtherPins,
    /// It says hello under another name.
    OtherName,
    /// It says no hello.
    NoArrival,
    /// It does not find its Wi-Fi.
    WifiLost,
    /// It opens no access point of its own.
    NoAccessPoint,
    /// It does not know the command that gives a pin its role.
    Declines,
    /// It goes on for a minute after it was asked to restart.
    LateRestart,
}

impl Ailment {
    /// By its word.
    const WORDS: [(&str, Self); 12] = [
        ("no-boot", Self::NoBoot),
        ("late-boot", Self::LateBoot),
        ("crash-loop", Self::CrashLoop),
        ("config-lost", Self::ConfigLost),
        ("other-version", Self::OtherVersion),
        ("other-pins", Self::OtherPins),
        ("other-name", Self::OtherName),
        ("no-arrival", Self::NoArrival),
        ("wifi-lost", Self::WifiLost),
        ("no-access-point", Self::NoAccessPoint),
        ("declines", Self::Declines),
        ("late-restart", Self::LateRestart),
    ];
}

/// A number in decimal, or in hex behind `0x`.
fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Every fault as it is written: N counts bytes, `+N` from now on; rx and tx are the board's.
pub const WORDS: &str = "lose|duplicate rx|tx N, flip rx|tx N MASK, delay rx|tx N MS, brownout N, reset N, lazy-erase, \
                         stuck ADDR, slip ADDR, misread ADDR, stray-crc ONE_OF BYTES, noise RATE ONE_OF, mute ONE_OF, \
                         flash-id HEX, status-redundant, status-flood, status-one-byte, no-boot, late-boot, crash-loop, config-lost, other-version, other-pins, \
                         other-name, no-arrival, wifi-lost, no-access-point, declines, late-restart";

impl FromStr for Fault {
    type Err = String;

    /// One of [`WORDS`].
    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let way = |word: &str| match word {
            "rx" => Some(Way::Rx),
            "tx" => Some(Way::Tx),
            _ => None,
        };
        let byte = |at: &str, to: &str, damage| Some(Self::Byte { way: way(to)?, at: number(at)?, damage });
        let fault = match *words.as_slice() {
            ["lose", to, at] => byte(at, to, Damage::Lose),
            ["duplicate", to, at] => byte(at, to, Damage::Duplicate),
            ["flip", to, at, mask] => number(mask).and_then(|mask| byte(at, to, Damage::Flip(mask as u8))),
            ["delay", to, at, ms] => number(ms).and_then(|ms| byte(at, to, Damage::Delay(Duration::from_millis(ms)))),
            ["brownout", at] => number(at).map(|at| Self::BrownOut { at }),
            ["reset", at] => number(at).map(|at| Self::Reset { at }),
            ["lazy-erase"] => Some(Self::LazyErase),
            ["stuck", addr] => number(addr).map(|addr| Self::Stuck { addr: addr as u32 }),
            ["slip", addr] => number(addr).map(|addr| Self::Slip { addr: addr as u32 }),
            ["misread", addr] => number(addr).map(|addr| Self::Misread { addr: addr as u32 }),
            ["stray-crc", one_of, by] => match (number(one_of), number(by)) {
                (Some(one_of @ 1..), Some(by)) => Some(Self::StrayCrc { one_of: one_of as u32, by: by as u32 }),
                _ => None,
            },
            ["noise", rate, one_of] => match (number(rate), number(one_of)) {
                (Some(rate), Some(one_of @ 1..)) => Some(Self::Noise { rate: rate as u32, one_of: one_of as u32 }),
                _ => None,
            },
            ["mute", one_of] => match number(one_of) {
                Some(one_of @ 1..) => Some(Self::Mute { one_of: one_of as u32 }),
                _ => None,
            },
            ["flash-id", id] => u32::from_str_radix(id, 16).ok().map(|id| {
                let [_, maker, kind, capacity] = id.to_be_bytes();
                Self::FlashId { id: [maker, kind, capacity] }
            }),
            [word] => {
                let ailment = Ailment::WORDS.iter().find(|(known, _)| *known == word);
                let quirk = Quirk::WORDS.iter().find(|(known, _)| *known == word);
                let life = ailment.map(|(_, ailment)| Self::Life(*ailment));
                life.or_else(|| quirk.map(|(_, quirk)| Self::Register(*quirk)))
            }
            _ => None,
        };
        fault.ok_or_else(|| format!("expected a fault, one of {WORDS}; found `{}`", text.escape_default()))
    }
}

/// The faults of one board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FaultPlan {
    /// All of them; those of single bytes happen once.
    pub faults: Vec<Fault>,
}

impl FaultPlan {
    /// The damage to the `n`-th byte of a direction.
    pub fn damage(&self, to: Way, n: u64) -> Option<Damage> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Byte { way, at, damage } if *way == to && *at == n => Some(*damage),
            _ => None,
        })
    }

    /// From which rate on the wires damage bytes, and one of how many.
    pub fn noise(&self) -> Option<(u32, u32)> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::Noise { rate, one_of } => Some((*rate, *one_of)),
            _ => None,
        })
    }

    /// Whether an answer is lost, by a number that is drawn if one may be.
    pub fn mutes(&self, draw: impl FnOnce() -> u64) -> bool {
        let one_of = self.faults.iter().find_map(|fault| match fault {
            Fault::Mute { one_of } => Some(u64::from(*one_of)),
            _ => None,
        });
        one_of.is_some_and(|one_of| draw().is_multiple_of(one_of))
    }

    /// Whether the supply dips, and whether the chip resets, at the `n`-th received byte.
    pub fn at_received(&self, n: u64) -> (bool, bool) {
        (self.faults.contains(&Fault::BrownOut { at: n }), self.faults.contains(&Fault::Reset { at: n }))
    }

    /// Whether its firmware fails to live so.
    pub fn ails(&self, ailment: Ailment) -> bool {
        self.faults.contains(&Fault::Life(ailment))
    }

    /// What the flash chip says it is, if that is wrong.
    pub fn flash_id(&self) -> Option<[u8; 3]> {
        self.faults.iter().find_map(|fault| match fault {
            Fault::FlashId { id } => Some(*id),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_words() {
        assert_eq!("flip rx 1000 0x10".parse(), Ok(Fault::Byte { way: Way::Rx, at: 1000, damage: Damage::Flip(0x10) }));
        assert_eq!("flash-id C84016".parse(), Ok(Fault::FlashId { id: [0xC8, 0x40, 0x16] }));
        assert_eq!("crash-loop".parse(), Ok(Fault::Life(Ailment::CrashLoop)));
        assert_eq!("status-flood".parse(), Ok(Fault::Register(Quirk::Flood)));
        assert!(Quirk::WORDS.iter().all(|(word, _)| WORDS.contains(word)), "each is told");
        assert!(Ailment::WORDS.iter().all(|(word, _)| WORDS.contains(word)), "each is told");
        assert_eq!("stuck 0x20000".parse(), Ok(Fault::Stuck { addr: 0x20000 }));
        for bad in ["", "lose", "lose up 3", "stuck here", "explode"] {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }
}
