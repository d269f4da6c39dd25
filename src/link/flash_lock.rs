//! The write protection of an L-boot as far as the host can know it: nothing reads it back.
//!
//! Rules, from disassembled boot loaders (T 1.0.5, U 1.0.15): a link check arms; the first erase after it lifts the
//! protection; a CRC sets it again, and erases and writes are then answered "ok" and not done.

/// What the last commands left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FlashLock {
    armed: bool,
    open: bool,
}

impl FlashLock {
    /// A link check was answered.
    pub(super) fn linked(&mut self) {
        self.armed = true;
    }

    /// A CRC was sent; whether it was answered does not matter.
    pub(super) fn locked(&mut self) {
        *self = Self::default();
    }

    /// An erase was answered "ok".
    pub(super) fn erased(&mut self) {
        self.open |= self.armed;
        self.armed = false;
    }

    /// Whether an erase would be done.
    pub(super) fn may_erase(self) -> bool {
        self.armed || self.open
    }

    /// Whether a write would be done.
    pub(super) fn may_write(self) -> bool {
        self.open
    }
}
