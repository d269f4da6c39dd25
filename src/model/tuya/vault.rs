//! Finds the store in a dump and decrypts it.
//!
//! The key sector is searched for, never taken from its usual address: dumps may begin at 0x11000, hold several
//! stores, or be the store alone.

use super::area;
use super::cipher::{self, BLOCK, BaseKey, MARKER, MASTER};
use super::format::{DEVICE_KEY_AT, DataMagic, KEY_MAGIC, MAX_SECTORS, SECTOR, USUAL_SECTORS, sum, word};

/// A decrypted store. Holds keys and plain text, so it has no `Debug` and stays inside this module tree.
pub(super) struct Vault {
    /// File offset of the key sector.
    pub(super) at: usize,
    pub(super) base: BaseKey,
    pub(super) data_key: [u8; BLOCK],
    /// How the device key was come by.
    pub(super) key_from: KeyFrom,
    /// Data sectors in their physical order, without the unreadable ones behind the last good one.
    pub(super) sectors: Vec<Sector>,
    /// The protected sector, its outer layer removed.
    pub(super) protected: Option<Protected>,
}

/// Where a device key was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFrom {
    /// From the key sector; its checksum is right.
    Sound,
    /// From a key sector with a wrong checksum; the data sectors prove the key right.
    Doubtful,
    /// From the protected sector, since the key sector behind it is unreadable.
    Protected,
}

/// One place for a data sector.
pub(super) struct Sector {
    /// Its number behind the key sector.
    pub(super) place: usize,
    /// File offset.
    pub(super) at: usize,
    pub(super) state: State,
    /// Decrypted bytes; shorter than a sector at the end of a cut file.
    pub(super) plain: Vec<u8>,
}

/// How a data sector's header fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Magic and checksum are right.
    Good(DataMagic),
    /// The magic is right, the checksum is not.
    BadSum(DataMagic),
    /// The magic is right, but the file ends in the sector.
    Cut(DataMagic),
    /// Erased.
    Erased,
    /// No data sector under this key.
    Foreign,
}

impl State {
    pub(super) fn magic(self) -> Option<DataMagic> {
        match self {
            Self::Good(magic) | Self::BadSum(magic) | Self::Cut(magic) => Some(magic),
            Self::Erased | Self::Foreign => None,
        }
    }
}

/// A protected sector.
pub(super) struct Protected {
    /// File offset.
    pub(super) at: usize,
    /// Whether its checksum is right.
    pub(super) is_sound: bool,
    /// Without the outer layer.
    pub(super) plain: Vec<u8>,
}

/// Places with the key magic that are looked at; a flash has one to four.
const MAX_LEADS: usize = 64;
/// Of those, the ones whose sectors are decrypted.
const MAX_OPENED: usize = 8;

/// What a search gave.
pub(super) struct Search {
    /// The best store.
    pub(super) vault: Option<Vault>,
    /// Other places with a device key.
    pub(super) others: Vec<usize>,
    /// Places that have the magic but no usable key.
    pub(super) damaged: Vec<usize>,
}

/// A sector with the key magic.
struct Lead {
    at: usize,
    kind: Kind,
    key: [u8; BLOCK],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Key,
    Protected,
    Doubtful,
}

/// Searches in steps of a sector first, then at every offset by the filling of key sectors.
pub(super) fn search(dump: &[u8]) -> Search {
    let aligned = best(dump, (0..dump.len()).step_by(SECTOR));
    if aligned.vault.as_ref().is_some_and(|vault| vault.longest_run() > 0) {
        return aligned;
    }
    let anywhere = best(dump, fillings(dump));
    if anywhere.vault.as_ref().is_some_and(|vault| aligned.vault.is_none() || vault.longest_run() > 0) {
        return anywhere;
    }
    aligned
}

/// Where a run of encrypted FF says that a key sector begins.
fn fillings(dump: &[u8]) -> impl Iterator<Item = usize> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let hit = dump.get(from..)?.windows(BLOCK).position(|window| window == MARKER)?;
        let at = from + hit;
        let run = dump.get(at..).map_or(0, |run| run.chunks(BLOCK).take_while(|&block| block == MARKER).count());
        from = at + run * BLOCK;
        Some(at.checked_sub(DEVICE_KEY_AT + BLOCK + 8))
    })
    .flatten()
}

/// A lead that may open a store, by the heads of its sectors alone.
struct Candidate {
    at: usize,
    key_from: KeyFrom,
    key: [u8; BLOCK],
    base: BaseKey,
    heads: usize,
    /// Where its lead lies.
    lead_at: usize,
}

/// Every place with the magic counts only with its first bytes, and the likeliest alone are decrypted, one after the
/// other: a flash made of nothing but key sectors costs no more than one with a few.
fn best(dump: &[u8], offsets: impl Iterator<Item = usize>) -> Search {
    let leads: Vec<Lead> = offsets.filter_map(|at| lead(dump, at)).take(MAX_LEADS).collect();
    let candidates: Vec<Candidate> = leads.iter().filter_map(|lead| Candidate::of(dump, &leads, lead)).collect();
    let mut likeliest: Vec<usize> = (0..candidates.len()).collect();
    likeliest.sort_by_key(|i| candidates.get(*i).map(|candidate| std::cmp::Reverse(candidate.heads)));
    likeliest.truncate(MAX_OPENED);
    let (mut vault, mut others, mut damaged): (Option<Vault>, Vec<usize>, Vec<usize>) = Default::default();
    for (i, candidate) in candidates.iter().enumerate() {
        let opened = likeliest.contains(&i).then(|| open(dump, candidate));
        let run = opened.as_ref().map_or(0, Vault::longest_run);
        if candidate.key_from != KeyFrom::Sound && run == 0 {
            damaged.push(candidate.lead_at);
            continue;
        }
        let rank = |vault: &Vault| (vault.longest_run(), std::cmp::Reverse(vault.first_good()));
        match opened {
            Some(opened) if vault.as_ref().is_none_or(|best| rank(&opened) > rank(best)) => {
                others.extend(vault.replace(opened).map(|former| former.at));
            }
            _ => others.push(candidate.at),
        }
    }
    others.sort_unstable();
    if let Some(vault) = &mut vault {
        vault.protected = protected(dump, &leads, vault.at);
    }
    Search { vault, others, damaged }
}

impl Candidate {
    fn of(dump: &[u8], leads: &[Lead], lead: &Lead) -> Option<Self> {
        let is_key = |at: usize| leads.iter().any(|lead| lead.at == at && lead.kind == Kind::Key);
        let (at, key_from) = match lead.kind {
            Kind::Key => (lead.at, KeyFrom::Sound),
            // In front of a key sector: the protected sector, sound or not.
            Kind::Protected | Kind::Doubtful if is_key(lead.at + SECTOR) => return None,
            Kind::Doubtful => (lead.at, KeyFrom::Doubtful),
            Kind::Protected => (lead.at + SECTOR, KeyFrom::Protected),
        };
        let heads = |base: BaseKey| {
            let key = base.data_key(&lead.key);
            (0..MAX_SECTORS).filter(|place| head(dump, at + (place + 1) * SECTOR, &key).is_some()).count()
        };
        // of equals the first: max_by_key would give the last
        let (base, heads) =
            BaseKey::ALL.into_iter().rev().map(|base| (base, heads(base))).max_by_key(|(_, heads)| *heads)?;
        Some(Self { at, key_from, key: lead.key, base, heads, lead_at: lead.at })
    }
}

/// The protected sector in front of a key sector, if its bytes are all there.
fn protected(dump: &[u8], leads: &[Lead], key_at: usize) -> Option<Protected> {
    let lead = leads.iter().find(|lead| lead.at.checked_add(SECTOR) == Some(key_at) && lead.kind != Kind::Key)?;
    Some(Protected { at: lead.at, is_sound: lead.kind == Kind::Protected, plain: unmastered(dump, lead.at)? })
}

/// Whether a sector with the key magic begins here.
fn is_lead(dump: &[u8], at: usize) -> bool {
    head_of(dump, at, &MASTER) == Some(KEY_MAGIC)
}

/// The sector at `at` without its outer layer.
fn unmastered(dump: &[u8], at: usize) -> Option<Vec<u8>> {
    let mut plain = dump.get(at..dump.len().min(at.checked_add(SECTOR)?))?.to_vec();
    cipher::decrypt(&MASTER, &mut plain);
    Some(plain)
}

fn lead(dump: &[u8], at: usize) -> Option<Lead> {
    if !is_lead(dump, at) {
        return None;
    }
    let plain = unmastered(dump, at)?;
    let key: [u8; BLOCK] = plain.get(DEVICE_KEY_AT..DEVICE_KEY_AT + BLOCK)?.try_into().ok()?;
    let expected = word(&plain, 4)?;
    let kind = if sum(&key) == expected {
        Kind::Key
    } else if plain.len() == SECTOR && plain.get(DEVICE_KEY_AT..).map(sum) == Some(expected) {
        Kind::Protected
    } else {
        Kind::Doubtful
    };
    Some(Lead { at, kind, key })
}

fn open(dump: &[u8], candidate: &Candidate) -> Vault {
    let Candidate { at, key_from, base, .. } = *candidate;
    let data_key = base.data_key(&candidate.key);
    let usual = area::of(at);
    let usual_sectors = usual.map_or(USUAL_SECTORS, |area| area.sectors);
    let mut sectors: Vec<Sector> = Vec::new();
    let mut misses = 0;
    for place in 0..MAX_SECTORS {
        let Some(sector) = sector(dump, place, at + (place + 1) * SECTOR, &data_key) else { break };
        misses = if sector.state.magic().is_some() { 0 } else { misses + 1 };
        // Inside the usual size a hole is damage; behind it, two misses are the end of the store.
        if misses >= 2 && place >= usual_sectors {
            break;
        }
        // Another store begins.
        if sector.state == State::Foreign && place > 0 && is_lead(dump, sector.at) {
            break;
        }
        sectors.push(sector);
    }
    // Where a chip has its store the size is known: what is unreadable inside is damage. Elsewhere the rest is not known
    // to belong to it.
    let is_usual = usual.is_some() && !sectors.iter().all(|s| s.state.magic().is_none());
    let belongs = |sector: &Sector| {
        sector.state.magic().is_some() || (is_usual && sector.place < usual_sectors && sector.state == State::Foreign)
    };
    while sectors.last().is_some_and(|sector| !belongs(sector)) {
        sectors.pop();
    }
    Vault { at, base, data_key, key_from, sectors, protected: None }
}

/// The data magic of the sector at `at` under this key.
fn head(dump: &[u8], at: usize, key: &[u8; BLOCK]) -> Option<DataMagic> {
    head_of(dump, at, key).and_then(DataMagic::of)
}

/// The first word of the sector at `at` under this key.
fn head_of(dump: &[u8], at: usize, key: &[u8; BLOCK]) -> Option<u32> {
    let mut head: [u8; BLOCK] = dump.get(at..at.checked_add(BLOCK)?)?.try_into().ok()?;
    cipher::decrypt(key, &mut head);
    word(&head, 0)
}

fn sector(dump: &[u8], place: usize, at: usize, key: &[u8; BLOCK]) -> Option<Sector> {
    let raw = dump.get(at..dump.len().min(at + SECTOR)).filter(|raw| !raw.is_empty())?;
    let Some(magic) = head(dump, at, key) else {
        let is_erased = raw.iter().all(|&byte| byte == 0xFF);
        let state = if is_erased { State::Erased } else { State::Foreign };
        return Some(Sector { place, at, state, plain: Vec::new() });
    };
    let mut plain = raw.to_vec();
    plain.truncate(raw.len() / BLOCK * BLOCK);
    cipher::decrypt(key, &mut plain);
    let state = if plain.len() < SECTOR {
        State::Cut(magic)
    } else if plain.get(8..).map(sum) == word(&plain, 4) {
        State::Good(magic)
    } else {
        State::BadSum(magic)
    };
    Some(Sector { place, at, state, plain })
}

impl Vault {
    /// Length of the longest row of good sectors.
    pub(super) fn longest_run(&self) -> usize {
        let runs = self.sectors.split(|sector| !matches!(sector.state, State::Good(_)));
        runs.map(<[Sector]>::len).max().unwrap_or(0)
    }

    fn first_good(&self) -> usize {
        self.sectors.iter().position(|sector| matches!(sector.state, State::Good(_))).unwrap_or(usize::MAX)
    }
}
