//! What the station promises, as rules over what was done, what it said, and what the boards truly hold.

mod flash;
mod ledger;
pub(crate) mod record;

pub(crate) use ledger::{assign, gaps, windows};
pub(crate) use record::judge;

use crate::http::Reply;

/// A refusal carries a reason, and the station has no faults of its own unless its disk has.
pub(crate) fn reply(reply: &Reply, disk_in_trouble: bool) -> Result<(), String> {
    if reply.status < 400 {
        return Ok(());
    }
    let error = &reply.json()["error"];
    let told = ["code", "title", "detail"].iter().all(|key| error[key].as_str().is_some_and(|text| !text.is_empty()));
    if !told {
        return Err(format!("a refusal without a reason: {} {}", reply.status, String::from_utf8_lossy(&reply.body)));
    }
    if reply.status >= 500 && !disk_in_trouble {
        return Err(format!("the station's own fault, and its disk is well: {} {error}", reply.status));
    }
    Ok(())
}
