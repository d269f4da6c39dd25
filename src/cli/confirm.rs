//! `flashjig units --confirm SEQ`: somebody saw the plug of a pilot live.

use super::deed;
use crate::clock;
use crate::face::people;
use crate::fail::Failure;
use crate::model::unit::deed::By;
use crate::model::unit::lot::Confirmed;
use crate::store::{Choices, Confirmation, LedgerCopy};
use std::path::Path;

/// Leaves word for the station, which has the ledger: it takes it at once, and before any unit that it makes.
pub(super) fn confirm(data_dir: &Path, ledger: &LedgerCopy, seq: u64) -> Result<String, Failure> {
    let unit = ledger.get(seq).map_err(Failure::broken)?;
    let unit = unit.ok_or_else(|| Failure::no(format!("there is no unit {seq}; `flashjig units` lists them")))?;
    ledger.may_confirm(&unit).map_err(Failure::broken)?.map_err(Failure::no)?;
    let confirmed = Confirmed { at: clock::now(), who: people::own_name(), by: By::Command };
    Choices::open(data_dir).confirm(Confirmation { unit: seq, confirmed }).map_err(Failure::broken)?;
    deed::leave(data_dir, "confirm", &format!("unit {seq}"), unit.firmware.as_ref().map(|firmware| firmware.sha256));
    let lot = unit.lot.map(|lot| format!(" ({lot})")).unwrap_or_default();
    Ok(format!(
        "unit {seq}: its plug lives, by your word; its lot{lot} is released: a running station takes that within seconds, \
         another one at its start\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fail::NO;
    use crate::model::chip::digest::Digest;
    use crate::model::unit::Unit;
    use crate::model::unit::lot::Lot;
    use crate::store::Ledger;
    use crate::store::sample::unit;

    #[tokio::test]
    async fn a_pilot_that_waits_is_confirmed_beside_the_station_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path()).unwrap();
        let lot = Lot { loader: "f42f8c32".into(), module: None, image: Digest::of(b"firmware") };
        ledger.commit(Unit { lot: Some(lot), ..unit() }).await.unwrap();
        ledger.commit(unit()).await.unwrap();
        let ask = |seq| confirm(dir.path(), &LedgerCopy::take(dir.path()).unwrap(), seq);
        for (seq, why) in [(2, "is no pilot"), (3, "there is no unit 3")] {
            let refused = ask(seq).unwrap_err();
            assert!(refused.code == NO && refused.message.contains(why), "{refused}");
        }
        assert_eq!(Choices::open(dir.path()).confirmations(), []);
        assert!(ask(1).unwrap().contains("boot loader f42f8c32"));
        let left = Choices::open(dir.path()).confirmations();
        assert_eq!((left.len(), left[0].unit, left[0].confirmed.by), (1, 1, By::Command));
        assert_eq!(Choices::open(dir.path()).left()[0].what, "confirm");
        ledger.confirm(1, left[0].confirmed.clone()).await.unwrap().unwrap();
        assert!(ask(1).unwrap_err().message.contains("released already"));
    }
}
