//! The boards: what each truly held before anybody touched it, and what it holds now.

use crate::mould::{self, Chip};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A board by its number.
pub(crate) type BoardId = u32;

/// One board.
pub(crate) struct Board {
    pub(crate) id: BoardId,
    pub(crate) chip: Chip,
    pub(crate) mac: String,
    /// What it held when it came from the vendor.
    pub(crate) stock: Rc<[u8]>,
    pub(crate) stock_sha: String,
    /// What it held when it was looked at last, out of the jig or with the jig at rest.
    pub(crate) flash: Rc<[u8]>,
    /// Bytes on its wires were damaged since it passed last: a frame without a checksum may have hit any sector.
    pub(crate) hurt: bool,
    /// It was seen to differ from its stock.
    pub(crate) changed: bool,
}

/// All boards that are still of interest.
pub(crate) struct Boards {
    all: BTreeMap<BoardId, Board>,
    dumps: BTreeMap<Chip, Vec<u8>>,
    next: BoardId,
}

impl Boards {
    /// From a made-up dump of each chip.
    pub(crate) fn new(dumps: BTreeMap<Chip, Vec<u8>>) -> Self {
        Self { all: BTreeMap::new(), dumps, next: 1 }
    }

    /// A board fresh from the vendor.
    pub(crate) fn make(&mut self, chip: Chip) -> BoardId {
        let id = self.next;
        self.next += 1;
        let stock = mould::cast(chip, &self.dumps[&chip], id);
        let board = Board {
            id,
            chip,
            mac: mould::mac(id),
            stock_sha: mould::sha256(&stock),
            flash: Rc::clone(&stock),
            stock,
            hurt: false,
            changed: false,
        };
        self.all.insert(id, board);
        id
    }

    pub(crate) fn get(&self, id: BoardId) -> &Board {
        &self.all[&id]
    }

    pub(crate) fn get_mut(&mut self, id: BoardId) -> &mut Board {
        self.all.get_mut(&id).expect("a board is never forgotten while it is in use")
    }

    pub(crate) fn by_mac(&self, mac: &str) -> Option<&Board> {
        self.all.values().find(|board| board.mac == mac)
    }

    pub(crate) fn made(&self) -> u32 {
        self.next - 1
    }

    /// A board that will not come again.
    pub(crate) fn forget(&mut self, id: BoardId) {
        self.all.remove(&id);
    }

    /// It was looked at: this is what it holds now.
    pub(crate) fn saw(&mut self, id: BoardId, flash: Vec<u8>) -> Rc<[u8]> {
        let board = self.get_mut(id);
        if *board.flash != *flash {
            board.flash = flash.into();
        }
        board.changed |= *board.flash != *board.stock;
        Rc::clone(&board.flash)
    }
}
