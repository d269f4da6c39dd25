//! A 1-bit picture.

/// Width of the panel, pixels.
pub const WIDTH: u32 = 128;
/// Height of the panel, pixels.
pub const HEIGHT: u32 = 64;

/// A 128x64 picture, one bit a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    lit: Vec<bool>,
}

impl Default for Frame {
    fn default() -> Self {
        Self { lit: vec![false; (WIDTH * HEIGHT) as usize] }
    }
}
