//! What the records say of a lot, and what is said of its pilot.

use super::walk::seq_of;
use super::{Records, json};
use crate::model::unit::lot::{Confirmed, Lot};
use crate::model::unit::open_unit::OpenUnit;
use crate::model::unit::pilot::{Entry, Lots, State, entry};
use crate::model::unit::{Unit, UnitQuery};
use crate::store::StoreError;
use crate::store::loss::refused;

impl Records {
    /// How a lot stands, by its own records and by those of its pilot's board.
    pub(in crate::store) fn lot(&self, lot: &Lot) -> Result<Lots, StoreError> {
        let failed = |error: sled::Error| refused("looking up a lot in the ledger", &error);
        let key = |seq: u64| [lot.key().as_bytes(), &seq.to_be_bytes()].concat();
        let (mut units, mut lots) = (Vec::new(), Lots::default());
        for entry in self.by_lot.range(key(0)..key(u64::MAX)).keys() {
            match self.get(seq_of(&entry.map_err(failed)?).unwrap_or(0)) {
                Ok(unit) => units.extend(unit),
                Err(StoreError::Damaged { .. }) => {}
                Err(error) => return Err(error),
            }
            units.last().into_iter().for_each(|unit| lots.add(unit));
            // what is released stays so, however many boards follow
            if lots.of(lot).is_some_and(|lot| lot.state == State::Released) {
                return Ok(lots);
            }
        }
        let boards: Vec<_> = units.iter().filter_map(|unit| unit.board.as_ref()?.mac).collect();
        for mac in boards {
            let own = self.query(&UnitQuery { mac: Some(mac), ..UnitQuery::default() })?;
            units.extend(own.into_iter().filter(|unit| unit.lot.is_none()));
        }
        units.sort_by_key(|unit| unit.seq);
        units.dedup_by_key(|unit| unit.seq);
        let mut lots = Lots::default();
        for unit in &units {
            lots.add(unit);
        }
        Ok(lots)
    }

    /// Whether the unit of this note may erase its board. Where it is its lot's pilot, its note says so from then on, so that
    /// no other is; not durable yet.
    pub(in crate::store) fn claim(&self, lot: &Lot, open: &OpenUnit) -> Result<Entry, StoreError> {
        let mac = open.unit.board.as_ref().and_then(|board| board.mac);
        let own = |note: &OpenUnit| note.is_same_unit(&open.unit.slot, open.unit.started);
        let in_work = self.notes()?.into_iter().find(|note| note.unit.lot.as_ref() == Some(lot) && !own(note));
        let entry = entry(self.lot(lot)?.of(lot), mac, in_work.as_ref());
        if entry == Entry::Pilot {
            self.put_note(open)?;
        }
        Ok(entry)
    }

    /// Notes in a pilot's record that somebody saw its plug live; `Err`: why that can't be. Not durable yet.
    pub(in crate::store) fn confirm(&self, seq: u64, confirmed: Confirmed) -> Result<Result<Unit, String>, StoreError> {
        let Some(unit) = self.get(seq)? else { return Ok(Err(format!("the ledger has no unit {seq}"))) };
        let lots = unit.lot.as_ref().map(|lot| self.lot(lot)).transpose()?.unwrap_or_default();
        if let Err(why) = lots.may_confirm(seq) {
            return Ok(Err(why));
        }
        let unit = Unit { confirmed: Some(confirmed), ..unit };
        let what = format!("unit {seq}");
        self.units
            .insert(seq.to_be_bytes(), json(&what, &unit)?)
            .map_err(|error| refused(&format!("storing the confirmation of {what}"), &error))?;
        Ok(Ok(unit))
    }
}
