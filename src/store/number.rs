//! Running numbers of plugs, `{n}` in a recipe: never twice on one station.

use super::StoreError;
use crate::model::chip::mac::Mac;
use crate::model::unit::Unit;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Numbers that units in flight hold, each with its recipe.
#[derive(Default)]
pub(super) struct Pool(Mutex<HashSet<(String, u32)>>);

/// A running number, held for a unit in flight. Once dropped it is free again, unless the ledger has a passed unit with
/// it by then.
pub struct Number {
    value: u32,
    recipe: String,
    pool: Arc<Pool>,
}

impl Number {
    /// The number.
    pub fn value(&self) -> u32 {
        self.value
    }
}

impl Drop for Number {
    fn drop(&mut self) {
        let mut held = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.remove(&(std::mem::take(&mut self.recipe), self.value));
    }
}

impl Pool {
    /// Takes a number. `passed` is asked while the pool is locked: a unit is committed before it lets its number go, so
    /// each number in use is seen in one of the two places.
    pub(super) fn take(
        self: &Arc<Self>,
        recipe: &str,
        mac: Mac,
        first: u32,
        passed: impl FnOnce() -> Result<Vec<Unit>, StoreError>,
    ) -> Result<Number, StoreError> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = HashSet::new();
        let mut own = None;
        for unit in passed()? {
            let config = unit.config.as_ref().filter(|config| config.recipe.as_deref() == Some(recipe));
            let Some(number) = config.and_then(|config| config.number) else { continue };
            used.insert(number);
            if own.is_none() && unit.board.as_ref().and_then(|board| board.mac) == Some(mac) {
                own = Some(number);
            }
        }
        let free = |number: &u32| !used.contains(number) && !held.contains(&(recipe.to_owned(), *number));
        let value = own.or_else(|| (first..=u32::MAX).find(free)).unwrap_or(first);
        held.insert((recipe.to_owned(), value));
        Ok(Number { value, recipe: recipe.to_owned(), pool: Arc::clone(self) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cycle::verdict::Verdict;
    use crate::model::unit::Config;
    use crate::store::Ledger;
    use crate::store::sample::unit;

    fn mac(last: u8) -> Mac {
        Mac([0x18, 0xDE, 0x50, 0, 0, last])
    }

    fn made(last: u8, recipe: &str, number: u32, verdict: Verdict) -> Unit {
        let mut unit = unit();
        unit.verdict = verdict;
        unit.board.as_mut().unwrap().mac = Some(mac(last));
        unit.config = Some(Config { number: Some(number), recipe: Some(recipe.into()), ..Config::default() });
        unit
    }

    #[tokio::test]
    async fn no_number_is_given_twice_and_a_board_keeps_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let (a, b) = tokio::join!(ledger.number("home", mac(1), 5), ledger.number("home", mac(2), 5));
        let (a, b) = (a.unwrap(), b.unwrap());
        assert_eq!(a.value().min(b.value()), 5);
        assert_eq!(a.value().max(b.value()), 6);
        let number = a.value();
        ledger.commit(made(1, "home", number, Verdict::Pass)).await.unwrap();
        drop(a);
        let failed = b.value();
        ledger.commit(made(2, "home", failed, Verdict::Fail)).await.unwrap();
        drop(b);
        for (recipe, last, expected) in [("home", 3, failed), ("home", 1, number), ("other", 1, 5)] {
            assert_eq!(ledger.number(recipe, mac(last), 5).await.unwrap().value(), expected, "{recipe} {last}");
        }
    }
}
