//! The panel shows a screen, and the operator says whether it does.

use super::ask::Ask;
use super::question::Question;
use crate::config::Panel;
use crate::fail::Failure;
use crate::model::show::screen::{Frame, paint, starting};
use crate::wiring;

/// Tries the panel of the station, where it has one; gives what is wrong. It is dark at the end.
pub(super) async fn test(panel: &Panel, slot: &str, ask: &mut Ask) -> Result<Vec<String>, Failure> {
    let mut wrong = Vec::new();
    // one that only the page shows can't be broken
    if matches!(panel, Panel::None | Panel::Virtual { .. }) {
        return Ok(wrong);
    }
    let Some(mut screen) = wiring::panel(panel) else { return Ok(wrong) };
    let size = screen.size();
    match screen.show(&paint(&starting(slot, env!("CARGO_PKG_VERSION"), size))) {
        Ok(()) => ask.check(Question::Panel, &mut wrong).await?,
        Err(error) => wrong.push(error.to_string()),
    }
    // a panel that can't be made dark was just told of
    _ = screen.show(&Frame::new(size));
    Ok(wrong)
}
