//! A 1-bit picture: what a panel shows, what the page mirrors, what a golden holds.

use embedded_graphics::Pixel;
pub use embedded_graphics::geometry::Size;
use embedded_graphics::geometry::{OriginDimensions, Point};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::DrawTarget;

/// What most panels have, and what is drawn where there is none, pixels.
pub const USUAL: Size = Size::new(128, 64);
/// The lower half of that: three lines of letters.
pub const LOW: Size = Size::new(128, 32);
/// Twice that: room for more of each slot, or for more slots.
pub const SQUARE: Size = Size::new(128, 128);

/// A picture, one bit a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    size: Size,
    lit: Vec<bool>,
}

impl Frame {
    /// A dark picture.
    pub fn new(size: Size) -> Self {
        Self { size, lit: vec![false; size.width as usize * size.height as usize] }
    }

    /// Whether the pixel is lit; dark outside the picture.
    pub fn is_lit(&self, x: i32, y: i32) -> bool {
        self.index(x, y).and_then(|i| self.lit.get(i)).copied().unwrap_or(false)
    }

    /// Lights or darkens a pixel; nothing happens outside the picture.
    pub fn set(&mut self, x: i32, y: i32, lit: bool) {
        if let Some(pixel) = self.index(x, y).and_then(|i| self.lit.get_mut(i)) {
            *pixel = lit;
        }
    }

    /// All pixels, row by row: what a display driver draws.
    pub fn pixels(&self) -> impl Iterator<Item = Pixel<BinaryColor>> + '_ {
        self.lit.iter().enumerate().map(|(i, lit)| {
            let (x, y) = (i as u32 % self.size.width, i as u32 / self.size.width);
            Pixel(Point::new(x as i32, y as i32), BinaryColor::from(*lit))
        })
    }

    /// The picture in half blocks, two rows a line, blanks at the end of a line cut: for terminals and goldens.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for y in (0..self.size.height as i32).step_by(2) {
            let line: String = (0..self.size.width as i32)
                .map(|x| match (self.is_lit(x, y), self.is_lit(x, y + 1)) {
                    (false, false) => ' ',
                    (true, false) => '▀',
                    (false, true) => '▄',
                    (true, true) => '█',
                })
                .collect();
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }

    /// The picture as a 1-bit grey PNG, each pixel a square of `scale` by `scale`.
    pub fn to_png(&self, scale: u32) -> Vec<u8> {
        // Memory takes every byte and the sizes agree, so there is no error to hand on.
        self.encode(scale.max(1)).unwrap_or_default()
    }

    fn encode(&self, scale: u32) -> Result<Vec<u8>, png::EncodingError> {
        let Size { width, height } = self.size * scale;
        let mut rows = Vec::with_capacity((width.div_ceil(8) * height) as usize);
        for y in 0..height {
            for byte in 0..width.div_ceil(8) {
                rows.push((0..8).fold(0_u8, |bits, bit| {
                    let x = (byte * 8 + bit) / scale;
                    bits << 1 | u8::from(self.is_lit(x as i32, (y / scale) as i32))
                }));
            }
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::One);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&rows)?;
        writer.finish()?;
        Ok(file)
    }

    fn index(&self, x: i32, y: i32) -> Option<usize> {
        let (x, y, Size { width, height }) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?, self.size);
        (x < width && y < height).then_some((y * width + x) as usize)
    }
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        self.size
    }
}

impl DrawTarget for Frame {
    type Color = BinaryColor;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<BinaryColor>>>(&mut self, pixels: I) -> Result<(), Self::Error> {
        for Pixel(at, color) in pixels {
            self.set(at.x, at.y, color.is_on());
        }
        Ok(())
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dotted(size: Size) -> Frame {
        let mut frame = Frame::new(size);
        let (right, bottom) = (size.width as i32, size.height as i32);
        for (x, y) in [(0, 0), (1, 1), (2, 0), (2, 1), (right - 1, bottom - 1), (-1, 0), (right, 0), (0, bottom)] {
            frame.set(x, y, true);
        }
        frame
    }

    /// Real panels, and one whose rows end within a byte.
    const SIZES: [Size; 5] = [USUAL, LOW, SQUARE, Size::new(72, 40), Size::new(13, 7)];

    #[test]
    fn half_blocks_show_two_rows_a_line() {
        let text = dotted(USUAL).to_text();
        assert_eq!(text.lines().count(), 32);
        assert_eq!(text.lines().next(), Some("▀▄█"));
        assert_eq!(text.lines().last().map(|line| line.chars().count()), Some(128));
    }

    #[test]
    fn the_png_holds_every_pixel_at_every_scale() {
        for (frame, scale) in SIZES.into_iter().flat_map(|size| [1, 3, 8].map(|scale| (dotted(size), scale))) {
            let mut reader = png::Decoder::new(std::io::Cursor::new(frame.to_png(scale))).read_info().unwrap();
            let mut bits = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut bits).unwrap();
            assert_eq!((info.width, info.height), (frame.size.width * scale, frame.size.height * scale));
            for (y, row) in bits.chunks(info.line_size).enumerate() {
                for x in 0..info.width {
                    let lit = row[x as usize / 8] >> (7 - x % 8) & 1 == 1;
                    assert_eq!(lit, frame.is_lit((x / scale) as i32, (y as u32 / scale) as i32));
                }
            }
        }
    }

    #[test]
    fn pixels_redraw_the_same_picture() {
        for size in SIZES {
            let mut copy = Frame::new(size);
            copy.draw_iter(dotted(size).pixels()).unwrap();
            assert_eq!(copy, dotted(size));
            assert_eq!(copy.lit.iter().filter(|lit| **lit).count(), 5, "nothing came in from outside");
        }
    }
}
