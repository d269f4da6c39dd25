//! The lamps and the buzzer of a nest.

use super::LineError;
use crate::model::show::lamps::Lit;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Three lamps and a buzzer; those that a nest does not have stay dark. All are off when this is made, and when it is
/// dropped.
pub trait Lamps: Send {
    /// Switches all of them.
    fn show(&mut self, lit: Lit) -> Result<(), LineError>;
}

/// Where the lamps of a nest are put in as soon as they can be had, and taken out when they are lost. Clones are the same
/// holder: who lights the lamps needs not know who opens them.
#[derive(Clone, Default)]
pub struct Holder(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    lamps: Option<Box<dyn Lamps>>,
    /// What was asked for last.
    lit: Lit,
}

impl Holder {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts lamps in, lit as was asked for last.
    pub fn put(&self, mut lamps: Box<dyn Lamps>) {
        let mut held = self.held();
        // who lights them hears of a failure at the next change
        _ = lamps.show(held.lit);
        held.lamps = Some(lamps);
    }

    /// Takes them out.
    pub fn take(&self) -> Option<Box<dyn Lamps>> {
        self.held().lamps.take()
    }
}

impl Lamps for Holder {
    fn show(&mut self, lit: Lit) -> Result<(), LineError> {
        let mut held = self.held();
        held.lit = lit;
        held.lamps.as_mut().map_or(Ok(()), |lamps| lamps.show(lit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Seen(Arc<Mutex<Vec<Lit>>>);

    impl Lamps for Seen {
        fn show(&mut self, lit: Lit) -> Result<(), LineError> {
            self.0.lock().unwrap().push(lit);
            Ok(())
        }
    }

    #[test]
    fn lamps_that_come_late_show_what_was_asked_for_and_follow_from_then_on() {
        let (holder, seen) = (Holder::default(), Arc::new(Mutex::new(Vec::new())));
        let red = Lit { red: true, ..Lit::default() };
        holder.clone().show(red).unwrap();
        holder.put(Box::new(Seen(Arc::clone(&seen))));
        holder.clone().show(Lit::default()).unwrap();
        assert!(holder.take().is_some());
        holder.clone().show(red).unwrap();
        assert_eq!(*seen.lock().unwrap(), [red, Lit::default()]);
    }
}
