//! A 1-bit picture: what a panel shows, what the page mirrors, what a golden holds.

use embedded_graphics::Pixel;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::DrawTarget;

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

impl Frame {
    /// Whether the pixel is lit; dark outside the picture.
    pub fn is_lit(&self, x: i32, y: i32) -> bool {
        index(x, y).and_then(|i| self.lit.get(i)).copied().unwrap_or(false)
    }

    /// Lights or darkens a pixel; nothing happens outside the picture.
    pub fn set(&mut self, x: i32, y: i32, lit: bool) {
        if let Some(pixel) = index(x, y).and_then(|i| self.lit.get_mut(i)) {
            *pixel = lit;
        }
    }

    /// All pixels, row by row: what a display driver draws.
    pub fn pixels(&self) -> impl Iterator<Item = Pixel<BinaryColor>> + '_ {
        self.lit.iter().enumerate().map(|(i, lit)| {
            let (x, y) = (i as u32 % WIDTH, i as u32 / WIDTH);
            Pixel(Point::new(x as i32, y as i32), BinaryColor::from(*lit))
        })
    }

    /// The picture as 32 lines of half blocks, blanks at the end of a line cut: for terminals and goldens.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for y in (0..HEIGHT as i32).step_by(2) {
            let line: String = (0..WIDTH as i32)
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
        let (width, height) = (WIDTH * scale, HEIGHT * scale);
        let mut rows = Vec::with_capacity((width / 8 * height) as usize);
        for y in 0..height {
            for byte in 0..width / 8 {
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
}

fn index(x: i32, y: i32) -> Option<usize> {
    let (x, y) = (u32::try_from(x).ok()?, u32::try_from(y).ok()?);
    (x < WIDTH && y < HEIGHT).then_some((y * WIDTH + x) as usize)
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        Size::new(WIDTH, HEIGHT)
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

    fn dotted() -> Frame {
        let mut frame = Frame::default();
        for (x, y) in [(0, 0), (1, 1), (2, 0), (2, 1), (127, 63), (-1, 0), (128, 0), (0, 64)] {
            frame.set(x, y, true);
        }
        frame
    }

    #[test]
    fn half_blocks_show_two_rows_a_line() {
        let text = dotted().to_text();
        assert_eq!(text.lines().count(), 32);
        assert_eq!(text.lines().next(), Some("▀▄█"));
        assert_eq!(text.lines().last().map(|line| line.chars().count()), Some(128));
    }

    #[test]
    fn the_png_holds_every_pixel_at_every_scale() {
        let frame = dotted();
        for scale in [1, 3, 8] {
            let mut reader = png::Decoder::new(std::io::Cursor::new(frame.to_png(scale))).read_info().unwrap();
            let mut bits = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut bits).unwrap();
            assert_eq!((info.width, info.height), (WIDTH * scale, HEIGHT * scale));
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
        let mut copy = Frame::default();
        copy.draw_iter(dotted().pixels()).unwrap();
        assert_eq!(copy, dotted());
    }
}
