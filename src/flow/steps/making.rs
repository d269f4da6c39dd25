//! How what the whole flash must hold is made. It is a whole flash of its own, so it is made where its turn has come
//! ([`host_work`](crate::flow::host_work)), and what it is made from is let go right behind.

use super::care;
use crate::model::chip::Chip;
use crate::model::chip::flash::geometry::SECTOR;
use crate::model::chip::flash::rf::Rf;
use crate::model::chip::flash::{Span, plan as planner};
use crate::model::firmware::image::Image;
use std::sync::Arc;

/// What the whole flash must hold.
pub(super) enum Making {
    /// This, as it is.
    As(Arc<[u8]>),
    /// What was there, with layers over it.
    Over(Layers),
}

/// What is laid over a flash, in this order.
pub(super) struct Layers {
    pub(super) chip: Chip,
    pub(super) base: Arc<[u8]>,
    pub(super) image: Arc<Image>,
    /// What becomes blank.
    pub(super) cleared: Vec<Span>,
    /// Where the calibration is, for what its chip asks for besides.
    pub(super) rf: Rf,
    /// The plug's configuration, and where it lies.
    pub(super) config: Option<(Span, Vec<u8>)>,
}

impl Making {
    pub(super) fn make(self) -> Arc<[u8]> {
        match self {
            Self::As(want) => want,
            Self::Over(layers) => layers.lay(),
        }
    }
}

impl Layers {
    fn lay(self) -> Arc<[u8]> {
        let Self { chip, base, image, cleared, rf, config } = self;
        let mut want = planner::expected(&base, image.span().start, image.app());
        drop(base);
        // it is new, so nobody else has it
        let Some(flash) = Arc::get_mut(&mut want) else { return want };
        for span in cleared {
            put(flash, span, &[]);
        }
        care::lay(chip, rf, image.span().aligned(SECTOR).end, flash);
        if let Some((span, bytes)) = config {
            put(flash, span, &bytes);
        }
        want
    }
}

/// Bytes into their place; what is left of it is blank. The gate has seen that it lies in the flash.
fn put(flash: &mut [u8], span: Span, bytes: &[u8]) {
    let Some(room) = flash.get_mut(span.start as usize..span.end as usize) else { return };
    let (content, rest) = room.split_at_mut(bytes.len().min(span.len() as usize));
    content.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    rest.fill(0xFF);
}
