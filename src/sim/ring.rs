//! The receive ring of the boot loaders: 512 bytes, filled by interrupt, with no overflow check.

const SIZE: usize = 512;

/// Bytes between the UART and the parser. Overrun, it silently loses a whole lap; exactly 512 unparsed bytes look like
/// none (observed of T 1.0.5 under emulation).
pub(crate) struct Ring {
    bytes: [u8; SIZE],
    write: usize,
    read: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self { bytes: [0; SIZE], write: 0, read: 0 }
    }
}

impl Ring {
    /// The interrupt handler's part.
    pub(crate) fn push(&mut self, byte: u8) {
        if let Some(cell) = self.bytes.get_mut(self.write) {
            *cell = byte;
        }
        self.write = (self.write + 1) % SIZE;
    }

    /// The main loop's part.
    pub(crate) fn pop(&mut self) -> Option<u8> {
        if self.read == self.write {
            return None;
        }
        let byte = self.bytes.get(self.read).copied();
        self.read = (self.read + 1) % SIZE;
        byte
    }

    /// The loader's own test for "has anything been received since reset": the write index is not 0.
    pub(crate) fn heard_anything(&self) -> bool {
        self.write != 0
    }

    /// Throws away what is unparsed, as the ROM does after each command.
    pub(crate) fn forget(&mut self) {
        self.read = self.write;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lap_too_far_is_lost_in_silence() {
        let mut ring = Ring::default();
        (0..511).for_each(|n| ring.push(n as u8));
        assert_eq!(std::iter::from_fn(|| ring.pop()).count(), 511);
        (0..512).for_each(|n| ring.push(n as u8));
        assert_eq!(ring.pop(), None);
        (0..515).for_each(|n| ring.push(n as u8));
        assert_eq!(std::iter::from_fn(|| ring.pop()).count(), 3);
    }

    #[test]
    fn exactly_512_noise_bytes_count_as_none() {
        let mut ring = Ring::default();
        (0..512).for_each(|_| ring.push(0x55));
        assert!(!ring.heard_anything());
    }
}
