//! Draws a [`Screen`] on any 1-bit display.

use super::{Face, Frame, Item, Screen, Shape};
use embedded_graphics::geometry::{Dimensions, Point, Size};
use embedded_graphics::mono_font::iso_8859_1::{FONT_5X8, FONT_6X10, FONT_6X13, FONT_7X13_BOLD, FONT_8X13_BOLD};
use embedded_graphics::mono_font::iso_8859_1::{FONT_9X18_BOLD, FONT_10X20};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::BinaryColor::{self, Off, On};
use embedded_graphics::prelude::{DrawTarget, Drawable, Primitive, Transform};
use embedded_graphics::primitives::{Circle, Line, PrimitiveStyle, Rectangle, Triangle};
use embedded_graphics::text::{Baseline, Text};

/// The screen as a picture.
pub fn paint(screen: &Screen) -> Frame {
    let mut frame = Frame::new(screen.size);
    let Ok(()) = draw(screen, &mut frame);
    frame
}

/// Draws the screen on a dark display.
pub fn draw<D: DrawTarget<Color = BinaryColor>>(screen: &Screen, display: &mut D) -> Result<(), D::Error> {
    for item in &screen.items {
        match item {
            Item::Text { at, face, text } => letters(*at, *face, text, display)?,
            Item::Bar { area, permille } => bar(*area, *permille, display)?,
            Item::Rule { area } => display.fill_solid(area, On)?,
            Item::Icon { at, side, shape } => icon(*at, *side, *shape, display)?,
        }
    }
    Ok(())
}

impl Face {
    /// The font, how many times it is enlarged, and the rows of its cell that are in use. The big faces hold
    /// capitals only: what lies above a capital or below the baseline is left out.
    fn cut(self) -> (&'static MonoFont<'static>, u32, std::ops::Range<u32>) {
        match self {
            Self::Small => (&FONT_5X8, 1, 0..8),
            Self::Plain => (&FONT_6X10, 1, 0..10),
            Self::Cell => (&FONT_6X13, 1, 0..13),
            Self::Row => (&FONT_7X13_BOLD, 1, 0..13),
            Self::Fact => (&FONT_8X13_BOLD, 1, 0..13),
            Self::Strong => (&FONT_9X18_BOLD, 1, 4..14),
            Self::Large => (&FONT_10X20, 1, 0..20),
            Self::Big7 => (&FONT_7X13_BOLD, 2, 2..11),
            Self::Big5 => (&FONT_9X18_BOLD, 2, 4..14),
            Self::Big4 => (&FONT_10X20, 2, 3..16),
        }
    }

    /// Width of a letter, pixels.
    pub fn width(self) -> i32 {
        let (font, scale, _) = self.cut();
        (font.character_size.width * scale) as i32
    }

    /// Height of a line, pixels.
    pub fn height(self) -> i32 {
        let (_, scale, rows) = self.cut();
        (rows.len() as u32 * scale) as i32
    }

    /// The pixels that a text in this face may touch.
    pub(super) fn bounds(self, at: Point, text: &str) -> Rectangle {
        let width = self.width() as u32 * text.chars().count() as u32;
        Rectangle::new(at, Size::new(width, self.height() as u32))
    }
}

fn letters<D: DrawTarget<Color = BinaryColor>>(
    at: Point,
    face: Face,
    text: &str,
    display: &mut D,
) -> Result<(), D::Error> {
    let (font, scale, rows) = face.cut();
    let style = MonoTextStyle::new(font, On);
    let above = Point::new(0, rows.start as i32);
    if scale == 1 {
        let is_light = matches!(face, Face::Small | Face::Plain | Face::Cell);
        let own = |letter: char| is_light && stops(letter, font).next().is_some();
        let others: String = text.chars().map(|letter| if own(letter) { ' ' } else { letter }).collect();
        Text::with_baseline(&others, at - above, style, Baseline::Top).draw(display)?;
        for (i, letter) in (0..).zip(text.chars()).filter(|(_, letter)| own(*letter)) {
            let cell = at - above + Point::new(face.width() * i, 0);
            for stop in stops(letter, font) {
                display.fill_solid(&stop.translate(cell), On)?;
            }
        }
        return Ok(());
    }
    let width = font.character_size.width * text.chars().count() as u32;
    let mut small = Frame::new(Size::new(width, font.character_size.height));
    let Ok(_) = Text::with_baseline(text, Point::zero() - above, style, Baseline::Top).draw(&mut small);
    // The only face without a bold cut gets its weight here; its cells leave four pixels between letters.
    let pen = if face == Face::Big4 { 3 } else { 1 };
    for y in 0..rows.len() as i32 {
        for x in 0..width as i32 {
            for (dx, dy, lit) in doubled(&small, x, y) {
                if lit {
                    let spot = at + Point::new(2 * x + dx, 2 * y + dy);
                    display.fill_solid(&Rectangle::new(spot, Size::new(pen, 1)), On)?;
                }
            }
        }
    }
    Ok(())
}

/// The dots of a full stop, a comma and a colon in a letter's cell. The light fonts draw each as a plus of three by three
/// pixels, which reads as a plus on a small panel: `3A+8E+42`.
fn stops(letter: char, font: &MonoFont<'static>) -> impl Iterator<Item = Rectangle> {
    let (left, base) = ((font.character_size.width as i32 - 2) / 2, font.baseline as i32 - 1);
    let high = base - (font.baseline as i32 + 1) / 2 + 1;
    let dot = |y| Some(Rectangle::new(Point::new(left, y), Size::new_equal(2)));
    let tail = Some(Rectangle::new(Point::new(left, base + 2), Size::new_equal(1)));
    let all = match letter {
        '.' => [dot(base), None],
        ',' => [dot(base), tail],
        ':' => [dot(base), dot(high)],
        _ => [None, None],
    };
    all.into_iter().flatten()
}

/// One pixel as four, with rounded corners: the Scale2x rule (Andrea Mazzoleni, scale2x.it).
fn doubled(small: &Frame, x: i32, y: i32) -> [(i32, i32, bool); 4] {
    let own = small.is_lit(x, y);
    let (up, down) = (small.is_lit(x, y - 1), small.is_lit(x, y + 1));
    let (left, right) = (small.is_lit(x - 1, y), small.is_lit(x + 1, y));
    let corner = |side: bool, end: bool, other_side: bool, other_end: bool| {
        if side == end && side != other_side && end != other_end { side } else { own }
    };
    [
        (0, 0, corner(left, up, right, down)),
        (1, 0, corner(right, up, left, down)),
        (0, 1, corner(left, down, right, up)),
        (1, 1, corner(right, down, left, up)),
    ]
}

fn bar<D: DrawTarget<Color = BinaryColor>>(area: Rectangle, permille: u16, display: &mut D) -> Result<(), D::Error> {
    area.into_styled(PrimitiveStyle::with_stroke(On, 1)).draw(display)?;
    let inside = area.offset(-2);
    let width = inside.size.width * u32::from(permille.min(1000)) / 1000;
    display.fill_solid(&Rectangle::new(inside.top_left, Size::new(width, inside.size.height)), On)
}

fn icon<D: DrawTarget<Color = BinaryColor>>(
    at: Point,
    side: u32,
    shape: Shape,
    display: &mut D,
) -> Result<(), D::Error> {
    let thick = if matches!(shape, Shape::Tick | Shape::Cross) { (side / 5).max(2) } else { (side / 6).max(2) };
    let stroke = PrimitiveStyle::with_stroke(On, thick);
    let fill = PrimitiveStyle::with_fill(On);
    // Coordinates inside the symbol, in 24ths of its side.
    let span = side as i32 - 1;
    let p = |x: i32, y: i32| at + Point::new((x * span + 12) / 24, (y * span + 12) / 24);
    let line = |from: Point, to: Point, d: &mut D| Line::new(from, to).into_styled(stroke).draw(d);
    let ring = |d: &mut D| {
        let inset = thick as i32 / 2;
        let circle = Circle::new(at + Point::new_equal(inset), side - 2 * inset as u32);
        circle.into_styled(stroke).draw(d)?;
        Ok(circle.bounding_box().center())
    };
    match shape {
        Shape::Tick => {
            line(p(2, 13), p(9, 20), display)?;
            line(p(9, 20), p(22, 4), display)
        }
        Shape::Cross => {
            line(p(3, 3), p(21, 21), display)?;
            line(p(21, 3), p(3, 21), display)
        }
        Shape::Warning => {
            Triangle::new(p(12, 1), p(0, 23), p(24, 23)).into_styled(fill).draw(display)?;
            let dark = PrimitiveStyle::with_stroke(Off, (side / 8).max(1));
            Line::new(p(12, 8), p(12, 15)).into_styled(dark).draw(display)?;
            Line::new(p(12, 19), p(12, 20)).into_styled(dark).draw(display)
        }
        Shape::Clock => {
            let middle = ring(display)?;
            let hand = PrimitiveStyle::with_stroke(On, (side / 10).max(1));
            Line::new(middle, Point::new(middle.x, p(12, 5).y)).into_styled(hand).draw(display)?;
            Line::new(middle, Point::new(p(17, 12).x, middle.y)).into_styled(hand).draw(display)
        }
        Shape::Stop => Rectangle::with_corners(p(3, 3), p(21, 21)).into_styled(fill).draw(display),
        Shape::NoEntry => {
            ring(display)?;
            line(p(6, 12), p(18, 12), display)
        }
        Shape::Hand => {
            Rectangle::with_corners(p(1, 8), p(11, 16)).into_styled(fill).draw(display)?;
            Triangle::new(p(11, 2), p(11, 22), p(22, 12)).into_styled(fill).draw(display)
        }
        Shape::Drop => {
            line(p(12, 1), p(12, 10), display)?;
            Triangle::new(p(6, 9), p(18, 9), p(12, 16)).into_styled(fill).draw(display)?;
            let tray = PrimitiveStyle::with_stroke(On, (side / 9).max(1));
            for (from, to) in [(p(2, 15), p(2, 22)), (p(2, 22), p(22, 22)), (p(22, 22), p(22, 15))] {
                Line::new(from, to).into_styled(tray).draw(display)?;
            }
            Ok(())
        }
    }
}
