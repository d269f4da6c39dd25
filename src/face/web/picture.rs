//! The panel's picture, painted once for all who ask for it.

use crate::model::chip::digest::Digest;
use crate::model::show::screen::{Size, layout, paint};
use crate::model::unit::snapshot::Snapshot;
use axum::body::Bytes;
use jiff::Timestamp;
use std::sync::{Mutex, PoisonError};

/// A picture is this many times as large as the panel, at most.
pub(super) const MAX_SCALE: u32 = 8;

/// What a picture depends on: the state by its number, and the clock of units in flight, s.
type Moment = (u64, i64);

/// The last picture of each scale.
#[derive(Default)]
pub(super) struct Picture(Mutex<[Option<Painted>; MAX_SCALE as usize]>);

/// A picture, as it is sent.
#[derive(Clone)]
pub(super) struct Painted {
    at: Moment,
    pub(super) png: Bytes,
    /// Its entity tag.
    pub(super) tag: String,
}

impl Picture {
    /// The picture of now. `scale` is 1 to [`MAX_SCALE`].
    pub(super) fn of(&self, snapshot: &Snapshot, size: Size, now: Timestamp, scale: u32) -> Painted {
        let at = (snapshot.seq, now.as_second());
        let mut painted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = painted.get_mut(scale.saturating_sub(1) as usize);
        if let Some(Some(kept)) = &kept
            && kept.at == at
        {
            return kept.clone();
        }
        let png = paint(&layout(snapshot, size, now)).to_png(scale);
        let tag = format!("\"{:.16}\"", Digest::of(&png).to_string());
        let fresh = Painted { at, png: png.into(), tag };
        if let Some(kept) = kept {
            *kept = Some(fresh.clone());
        }
        fresh
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::show::screen::USUAL;
    use crate::model::unit::event::story::{bench, story};

    #[test]
    fn whatever_was_asked_before_the_picture_is_that_of_now() {
        let (picture, mut state) = (Picture::default(), bench());
        for (second, stamped) in (0..).zip(story()) {
            state.apply(&stamped);
            for (scale, now) in [(1, second), (2, second), (1, second), (1, second + 1)] {
                let now = Timestamp::from_second(now).unwrap();
                let expected = paint(&layout(&state, USUAL, now)).to_png(scale);
                assert_eq!(picture.of(&state, USUAL, now, scale).png, expected);
            }
        }
    }

    #[test]
    fn nothing_is_painted_twice() {
        let (picture, state) = (Picture::default(), bench());
        let ask = || picture.of(&state, USUAL, Timestamp::UNIX_EPOCH, 8).png;
        // the same bytes in memory
        assert_eq!(ask().as_ptr(), ask().as_ptr());
    }
}
