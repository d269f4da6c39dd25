//! What the application does to its own flash.

use super::Board;
use crate::model::chip::beken::EraseSize;

/// A page of the flash chip.
const PAGE: usize = 256;

impl Board {
    /// The application erases a sector and writes it anew; it lifts the protection for that.
    pub fn save(&mut self, addr: u32, sector: &[u8]) {
        let status = self.nor.status();
        self.nor.set_status(0);
        self.nor.erase(addr, EraseSize::Sector);
        for (at, page) in (addr..).step_by(PAGE).zip(sector.chunks(PAGE)) {
            self.nor.program(at, page);
        }
        self.nor.set_status(status);
        self.nor.settle();
    }
}
