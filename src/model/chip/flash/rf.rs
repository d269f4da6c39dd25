//! The calibration sector: RF trim and MAC, made in the factory for this one board. It must survive.
//!
//! Its place differs by chip and vendor (0x1D0000, 0x1E0000, 0x1E3000 ..), so it is searched, never assumed.
//! Source: the RF tools of BK7231GUIFlashTool (`RFPartitionUtil.cs`) and ltchiptool.

use super::Span;
use super::geometry::SECTOR;
use crate::model::chip::mac::Mac;
use crate::model::chip::{Chip, Family};
use serde::Serialize;

/// How the sector begins: a list of tagged values.
pub const MAGIC: &[u8; 4] = b"TLV\0";
/// Tag and length that stand before the MAC.
pub const MAC_TAG: [u8; 8] = [0x02, 0x11, 0x11, 0x11, 6, 0, 0, 0];
/// Where [`MAC_TAG`] lies in the sector.
pub const MAC_TAG_AT: u32 = 0x1C;
/// Where the MAC lies in the sector.
pub const MAC_AT: u32 = 0x24;

/// The calibration of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rf {
    /// The sector to keep.
    pub sector: Span,
    /// The copy of it that a converted board has where OpenBeken looks. The firmware rewrites it, so it may differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy: Option<Span>,
    /// Station MAC.
    pub mac: Mac,
    /// The MAC is one that firmware falls back to, or blank: this board's own calibration was lost before.
    pub placeholder: bool,
}

/// Why there is no calibration to keep.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RfProblem {
    /// No sector begins as it should.
    #[error(
        "expected one 4 KiB sector that begins with \"TLV\" (RF calibration and MAC), found none in {bytes:#x} bytes; \
         restore the board's own backup before it is flashed"
    )]
    Missing {
        /// Bytes searched.
        bytes: usize,
    },
    /// More than one does.
    #[error(
        "expected one calibration sector, found {}; which of them the board uses can't be known, so nothing is touched",
        list(.0)
    )]
    Several(Vec<u32>),
    /// The copy of a converted board is of another one.
    #[error(
        "expected the MAC of the calibration at {stock:#08x} in its copy at {working:#08x}, found another one; which of them \
         the board uses can't be known, so nothing is touched: write its own stock backup back first, or set it aside"
    )]
    OtherCopy {
        /// Start of the vendor's sector.
        stock: u32,
        /// Start of the copy.
        working: u32,
    },
    /// The list does not hold a MAC where it must be.
    #[error(
        "expected the MAC's tag 02 11 11 11 06 00 00 00 at {:#08x} of the calibration sector {at:#08x}, found other \
         bytes; set the board aside",
        at + MAC_TAG_AT
    )]
    NoMac {
        /// Start of the sector.
        at: u32,
    },
    /// The MAC is a group address, which no station has.
    #[error("expected a station's MAC at {:#08x}, found a group address (its first byte is odd); set the board aside", at + MAC_AT)]
    GroupMac {
        /// Start of the sector.
        at: u32,
    },
}

/// What stands in the place of a board's calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Its own, in every byte.
    Own,
    /// None that a firmware could use, or what is left of its own: flash only loses bits between two erases.
    Gone,
    /// One that is not its own, with this MAC: it is another board.
    Other(Mac),
}

/// Compares what `found` holds with the board's `own` sector.
pub fn standing(own: &[u8], found: &[u8]) -> Standing {
    if own == found {
        return Standing::Own;
    }
    let is_left_over = own.len() == found.len() && own.iter().zip(found).all(|(own, found)| own & found == *found);
    match mac_of(found) {
        Some(mac) if !is_left_over => Standing::Other(mac),
        _ => Standing::Gone,
    }
}

/// The MAC of a calibration sector, `None` if it is none.
pub fn mac_of(sector: &[u8]) -> Option<Mac> {
    let tag = MAC_TAG_AT as usize..MAC_AT as usize;
    let is_one = sector.starts_with(MAGIC) && sector.get(tag) == Some(MAC_TAG.as_slice());
    let bytes = sector.get(MAC_AT as usize..MAC_AT as usize + 6).filter(|_| is_one)?;
    bytes.try_into().ok().map(Mac)
}

/// Places that are told.
const LISTED: usize = 8;

fn list(addresses: &[u32]) -> String {
    let mut told: Vec<String> = addresses.iter().take(LISTED).map(|at| format!("{at:#08x}")).collect();
    let more = addresses.len().saturating_sub(LISTED);
    told.extend((more > 0).then(|| format!("{more} more")));
    told.join(", ")
}

/// The calibration sector of a whole dump.
pub fn find(dump: &[u8]) -> Result<Rf, RfProblem> {
    find_in(dump, 0)
}

/// The same of a board that gets its own backup back: whatever a copy holds, the vendor's sector is the board's.
pub fn find_kept(dump: &[u8]) -> Result<Rf, RfProblem> {
    match find(dump) {
        Err(RfProblem::OtherCopy { stock, working }) => {
            Ok(Rf { copy: Some(Span::sized(working, SECTOR)), ..read(dump, stock)? })
        }
        found => found,
    }
}

/// The places of two calibrations of which one is a copy, for a piece whose first byte lies at `begins_at`: the vendor's, then
/// OpenBeken's.
fn pair(hits: &[u32], begins_at: u32) -> Option<(u32, u32)> {
    let [low, high] = hits else { return None };
    let own = |chip: Chip| {
        let copy = chip.calibration_copy()?.start.checked_sub(begins_at)?;
        Some((chip.facts().calibration.stock?.checked_sub(begins_at)?, copy))
    };
    Chip::ALL.into_iter().filter_map(own).find(|(stock, copy)| (stock.min(copy), stock.max(copy)) == (low, high))
}

/// Whether this is a copy of the board's own sector, with the same MAC, or what an erase or write of one left when it was cut
/// short: it has all bits of it, and more.
fn is_copy(own: &[u8], found: &[u8]) -> bool {
    let mut head = own.iter().zip(found).take(MAC_AT as usize + 6);
    mac_of(own) == mac_of(found) || head.all(|(own, found)| own & found == *own)
}

/// The calibration sector of a piece of a flash whose first byte lies at `begins_at`; its span counts from there. Where a
/// boot loader lies is none.
pub fn find_in(dump: &[u8], begins_at: u32) -> Result<Rf, RfProblem> {
    let first = Family::Beken.lowest_boot_end().saturating_sub(begins_at).next_multiple_of(SECTOR);
    let starts = (first..u32::try_from(dump.len()).unwrap_or(u32::MAX)).step_by(SECTOR as usize);
    let hits: Vec<u32> =
        starts.filter(|at| Span::sized(*at, 4).of(dump).is_some_and(|head| head == MAGIC.as_slice())).collect();
    if let Some((stock, working)) = pair(&hits, begins_at) {
        let rf = read(dump, stock)?;
        let copy = Span::sized(working, SECTOR);
        let [own, found] = [rf.sector, copy].map(|span| span.of(dump).unwrap_or_default());
        return if is_copy(own, found) {
            Ok(Rf { copy: Some(copy), ..rf })
        } else {
            Err(RfProblem::OtherCopy { stock: stock + begins_at, working: working + begins_at })
        };
    }
    match hits.as_slice() {
        [] => Err(RfProblem::Missing { bytes: dump.len() }),
        [at] => read(dump, *at),
        _ => Err(RfProblem::Several(hits)),
    }
}

/// The calibration that begins here.
fn read(dump: &[u8], at: u32) -> Result<Rf, RfProblem> {
    if Span::sized(at + MAC_TAG_AT, 8).of(dump) != Some(MAC_TAG.as_slice()) {
        return Err(RfProblem::NoMac { at });
    }
    let bytes = Span::sized(at + MAC_AT, 6).of(dump).and_then(|bytes| bytes.try_into().ok());
    let mac = Mac(bytes.ok_or(RfProblem::NoMac { at })?);
    let placeholder = mac.is_placeholder();
    // all FF is a group address too, but says "blank"
    if !placeholder && mac.0.first().is_some_and(|first| first & 1 == 1) {
        return Err(RfProblem::GroupMac { at });
    }
    Ok(Rf { sector: Span::sized(at, SECTOR), copy: None, mac, placeholder })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWN: [u8; 6] = [0x18, 0xDE, 0x50, 0x3A, 0x8E, 0x3F];

    /// A blank dump with calibration sectors at these places; the shape is that of every BK7231 dump.
    fn dump(places: &[usize], mac: [u8; 6]) -> Vec<u8> {
        let mut dump = vec![0xFF; 0x4_0000];
        for at in places {
            dump[*at..at + 4].copy_from_slice(MAGIC);
            dump[at + 0x1C..at + 0x24].copy_from_slice(&MAC_TAG);
            dump[at + 0x24..at + 0x2A].copy_from_slice(&mac);
        }
        dump
    }

    #[test]
    fn the_sector_is_found_wherever_it_lies() {
        for at in [0x1_1000, 0x2_0000, 0x3_F000] {
            let rf = find(&dump(&[at], OWN)).unwrap();
            assert_eq!((rf.sector, rf.mac, rf.placeholder), (Span::sized(at as u32, 0x1000), Mac(OWN), false));
        }
    }

    #[test]
    fn none_or_two_are_a_problem() {
        assert_eq!(find(&dump(&[], OWN)), Err(RfProblem::Missing { bytes: 0x4_0000 }));
        assert_eq!(find(&dump(&[0x2_0010], OWN)), Err(RfProblem::Missing { bytes: 0x4_0000 }), "not at a sector");
        let two = find(&dump(&[0x2_0000, 0x3_0000], OWN)).unwrap_err();
        assert_eq!(two, RfProblem::Several(vec![0x2_0000, 0x3_0000]));
        assert!(two.to_string().contains("0x020000, 0x030000"), "{two}");
        let everywhere: Vec<usize> = (0x1_1000..0x4_0000).step_by(0x1000).collect();
        let many = find(&dump(&everywhere, OWN)).unwrap_err().to_string();
        assert!(many.contains("0x018000, 39 more"), "{many}");
    }

    /// A blank flash of 2 MiB with these calibrations.
    fn flash(places: &[(usize, [u8; 6])]) -> Vec<u8> {
        let mut flash = vec![0xFF; 0x20_0000];
        for (at, mac) in places {
            let sector = dump(&[0x2_0000], *mac)[0x2_0000..0x2_1000].to_vec();
            flash[*at..at + 0x1000].copy_from_slice(&sector);
        }
        flash
    }

    #[test]
    fn a_copy_beside_the_vendors_calibration_is_one_board_and_the_vendors_sector_is_its_own() {
        let both = flash(&[(0x1E_0000, OWN), (0x1E_3000, OWN)]);
        let rf = find(&both).unwrap();
        assert_eq!((rf.sector.start, rf.copy.map(|copy| copy.start), rf.mac), (0x1E_3000, Some(0x1E_0000), Mac(OWN)));
        let mut tuned = both.clone();
        tuned[0x1E_0100] = 7;
        assert_eq!(find(&tuned).unwrap().sector.start, 0x1E_3000, "the firmware writes into its copy");
        // a write that was cut short has set bits that it was still to clear
        let mut half = both.clone();
        half[0x1E_0024..0x1E_002A].copy_from_slice(&[0xFF; 6]);
        assert_eq!(find(&half).unwrap().copy.map(|copy| copy.start), Some(0x1E_0000));
        let other = flash(&[(0x1E_0000, [0x18, 0xDE, 0x50, 1, 2, 3]), (0x1E_3000, OWN)]);
        let problem = find(&other).unwrap_err();
        assert_eq!(problem, RfProblem::OtherCopy { stock: 0x1E_3000, working: 0x1E_0000 });
        let kept = find_kept(&other).unwrap();
        assert_eq!((kept.sector.start, kept.mac), (0x1E_3000, Mac(OWN)), "its own backup goes back all the same");
        let elsewhere = flash(&[(0x1D_0000, OWN), (0x1E_3000, OWN)]);
        assert_eq!(find(&elsewhere), Err(RfProblem::Several(vec![0x1D_0000, 0x1E_3000])), "no chip has such a pair");
        let part = find_in(&both[0x1D_0000..], 0x1D_0000).unwrap();
        assert_eq!((part.sector.start, part.copy.map(|copy| copy.start)), (0x1_3000, Some(0x1_0000)));
    }

    #[test]
    fn a_mac_that_is_not_the_boards_own_is_flagged() {
        for mac in [[0xC8, 0x47, 0x8C, 0, 0, 0], [0; 6], [0xFF; 6]] {
            assert!(find(&dump(&[0x2_0000], mac)).unwrap().placeholder);
        }
        assert_eq!(find(&dump(&[0x2_0000], [1, 2, 3, 4, 5, 6])), Err(RfProblem::GroupMac { at: 0x2_0000 }));
        let mut dump = dump(&[0x2_0000], OWN);
        dump[0x2_001C] = 3;
        assert_eq!(find(&dump), Err(RfProblem::NoMac { at: 0x2_0000 }));
    }

    #[test]
    fn what_stands_in_the_place_of_a_calibration_is_told_apart() {
        let own = dump(&[0x2_0000], OWN)[0x2_0000..0x2_1000].to_vec();
        let other = dump(&[0x2_0000], [0x18, 0xDE, 0x50, 1, 2, 3])[0x2_0000..0x2_1000].to_vec();
        assert_eq!(standing(&own, &own), Standing::Own);
        assert_eq!(standing(&own, &other), Standing::Other(Mac([0x18, 0xDE, 0x50, 1, 2, 3])));
        let mut tuned = own.clone();
        tuned[0x18] = 0;
        assert_eq!(standing(&tuned, &own), Standing::Other(Mac(OWN)), "the same MAC and another calibration");
        assert_eq!(standing(&own, &tuned), Standing::Gone, "a bit that fell is what is left of its own");
        for blank in [0xFF, 0x00, 0x5A] {
            assert_eq!(standing(&own, &[blank; 0x1000]), Standing::Gone);
        }
    }

    #[test]
    fn real_dumps_have_exactly_one() {
        let known = [
            ("stock/T_Woox_R5111_bulb_WB3S.bin", 0x1E_0000),
            ("stock/T_DS-101JL_4gang_WB3S.bin", 0x1E_0000),
            ("stock/N_Mirabella_I003632_plug_CB2S.bin", 0x1D_0000),
            ("stock/N_TSL-PS-F4U_plug.bin", 0x1D_0000),
        ];
        for (name, at) in known {
            let Some(dump) = crate::testdata::read(name) else { return };
            let rf = find(&dump).unwrap();
            assert!(rf.sector == Span::sized(at, SECTOR) && !rf.placeholder, "{name}: {}", rf.sector);
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), len in 0usize..0x12_100) {
            let mut dump = vec![0xFF; len];
            let tail = [MAGIC, &bytes[..]].concat();
            if let Some(to) = dump.get_mut(0x1_1000..0x1_1000 + tail.len()) {
                to.copy_from_slice(&tail);
            }
            let _ = find(&dump);
        }
    }
}
