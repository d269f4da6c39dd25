#![allow(clippy::cast_possible_wrap, clippy::struct_excessive_bools, reason = "a controller of 128x64 pixels")]

use super::*;
use crate::model::show::screen::{Item, Screen, paint};
use embedded_hal::i2c::{ErrorKind, ErrorType, NoAcknowledgeSource, Operation};
use std::sync::{Arc, Mutex};

/// The RAM of a controller and its registers, as far as a picture needs them.
struct Chip {
    /// 132 columns in 8 pages; an SSD1306 has 128 of them.
    ram: Vec<[u8; 132]>,
    page: usize,
    column: usize,
    on: bool,
    plugged: bool,
    /// The status byte is what it should be.
    honest: bool,
    address: u8,
    /// Bytes on the wire since the last look, addresses not counted.
    bytes: usize,
    pages: Vec<usize>,
    argument: bool,
    /// The command that waits for its argument.
    command: u8,
    contrast: u8,
}

#[derive(Clone)]
struct Bus(Arc<Mutex<Chip>>);

#[derive(Debug)]
struct Nak;

impl embedded_hal::i2c::Error for Nak {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NoAcknowledge(NoAcknowledgeSource::Address)
    }
}

impl ErrorType for Bus {
    type Error = Nak;
}

impl Chip {
    fn command(&mut self, byte: u8) {
        if std::mem::take(&mut self.argument) {
            if self.command == 0x81 {
                self.contrast = byte;
            }
            return;
        }
        match byte {
            0x00..=0x0F => self.column = self.column & 0xF0 | usize::from(byte),
            0x10..=0x1F => self.column = self.column & 0x0F | usize::from(byte & 0x0F) << 4,
            0xB0..=0xB7 => self.page = usize::from(byte & 7),
            0xAE | 0xAF => self.on = byte == 0xAF,
            // commands with one argument, in both datasheets
            0x20 | 0x81 | 0x8D | 0xA8 | 0xAD | 0xD3 | 0xD5 | 0xD9 | 0xDA | 0xDB => {
                (self.argument, self.command) = (true, byte);
            }
            _ => {}
        }
    }

    fn data(&mut self, byte: u8) {
        self.ram[self.page][self.column] = byte;
        self.column += 1;
        if self.pages.last() != Some(&self.page) {
            self.pages.push(self.page);
        }
    }

    /// Power lost: noise in the RAM, everything off.
    fn reset(&mut self) {
        self.ram = vec![[0xA5; 132]; 8];
        (self.page, self.column, self.on, self.argument) = (0, 0, false, false);
    }
}

impl I2c for Bus {
    fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Nak> {
        let mut chip = self.0.lock().unwrap();
        if !chip.plugged || address != chip.address {
            return Err(Nak);
        }
        for operation in operations {
            match operation {
                Operation::Write([control, bytes @ ..]) => {
                    chip.bytes += 1 + bytes.len();
                    for byte in bytes {
                        if *control == 0x40 { chip.data(*byte) } else { chip.command(*byte) }
                    }
                }
                Operation::Write(_) => {}
                Operation::Read(bytes) => bytes.fill(if chip.on && chip.honest { 0 } else { IS_OFF }),
            }
        }
        Ok(())
    }
}

/// A bench: the panel, its bus, and the first column that is seen.
fn bench(controller: Controller, size: Size) -> (Oled<Bus>, Bus, usize) {
    let mut chip = Chip {
        ram: Vec::new(),
        page: 0,
        column: 0,
        on: false,
        plugged: true,
        honest: true,
        address: 0x3C,
        bytes: 0,
        pages: Vec::new(),
        argument: false,
        command: 0,
        contrast: 0,
    };
    chip.reset();
    let bus = Bus(Arc::new(Mutex::new(chip)));
    let opened = bus.clone();
    let oled = Oled::new("panel".into(), 0x3C, controller, size, Box::new(move || Ok(opened.clone())));
    (oled, bus, if controller == Controller::Sh1106 { 2 } else { 0 })
}

/// What somebody in front of the panel sees; nothing while it is off.
fn seen(bus: &Bus, first: usize, size: Size) -> Frame {
    let chip = bus.0.lock().unwrap();
    let mut frame = Frame::new(size);
    for y in 0..size.height as usize {
        for x in 0..size.width as usize {
            frame.set(x as i32, y as i32, chip.on && chip.ram[y / 8][x + first] >> (y % 8) & 1 == 1);
        }
    }
    frame
}

fn frame(text: &str, size: Size) -> Frame {
    let at = embedded_graphics::geometry::Point::new(3, 12);
    paint(&Screen {
        size,
        items: vec![Item::Text { at, face: crate::model::show::screen::Face::Cell, text: text.into() }],
    })
}

fn cost(bus: &Bus) -> (usize, Vec<usize>) {
    let mut chip = bus.0.lock().unwrap();
    (std::mem::take(&mut chip.bytes), std::mem::take(&mut chip.pages))
}

const ALL: [(Controller, Size); 3] =
    [(Controller::Ssd1306, USUAL), (Controller::Ssd1306, LOW), (Controller::Sh1106, USUAL)];

#[test]
fn what_is_sent_decodes_to_the_frame_on_every_controller() {
    for (controller, size) in ALL {
        let (mut oled, bus, first) = bench(controller, size);
        assert_eq!(oled.size(), size);
        for text in ["A READY", "A BACKUP 45%", ""] {
            oled.show(&frame(text, size)).unwrap();
            assert_eq!(seen(&bus, first, size), frame(text, size), "{controller:?} {size} {text:?}");
        }
    }
}

#[test]
fn only_changed_columns_of_changed_pages_travel() {
    for (controller, size) in ALL {
        let (mut oled, bus, _) = bench(controller, size);
        oled.show(&frame("A 44%", size)).unwrap();
        let (all, pages) = cost(&bus);
        assert_eq!(pages, (0..size.height as usize / 8).collect::<Vec<_>>());
        assert!(all >= 128 * size.height as usize / 8, "the first picture is sent whole: {all} bytes");
        oled.show(&frame("A 44%", size)).unwrap();
        assert_eq!(cost(&bus), (0, vec![]), "nothing changed");
        oled.show(&frame("A 45%", size)).unwrap();
        let (some, pages) = cost(&bus);
        assert!(some <= 30 && pages.len() <= 2, "{controller:?}: one digit cost {some} bytes in {pages:?}");
    }
}

#[test]
fn a_panel_is_dimmed_with_the_next_picture_and_again_when_it_comes_back() {
    for (controller, size) in ALL {
        let (mut oled, bus, _) = bench(controller, size);
        let contrast = || bus.0.lock().unwrap().contrast;
        oled.show(&frame("A 44%", size)).unwrap();
        let bright = contrast();
        oled.dim(true);
        oled.show(&frame("A 44%", size)).unwrap();
        let dim = contrast();
        assert!(dim < bright / 4, "{controller:?}: {dim} of {bright}");
        bus.0.lock().unwrap().plugged = false;
        assert!(oled.show(&frame("A 45%", size)).is_err());
        bus.0.lock().unwrap().plugged = true;
        oled.show(&frame("A 45%", size)).unwrap();
        assert_eq!(contrast(), dim);
        oled.dim(false);
        oled.show(&frame("A 45%", size)).unwrap();
        assert_eq!(contrast(), bright);
    }
}

#[test]
fn an_unplugged_panel_is_an_error_and_comes_back_whole() {
    for (controller, size) in ALL {
        let (mut oled, bus, first) = bench(controller, size);
        oled.show(&frame("A 44%", size)).unwrap();
        bus.0.lock().unwrap().plugged = false;
        let error = oled.show(&frame("A 45%", size)).unwrap_err().to_string();
        assert!(error.contains("i2cdetect"), "{error}");
        assert!(oled.show(&frame("A 46%", size)).is_err());
        bus.0.lock().unwrap().reset();
        bus.0.lock().unwrap().plugged = true;
        oled.show(&frame("A 47%", size)).unwrap();
        assert_eq!(seen(&bus, first, size), frame("A 47%", size));
    }
}

#[test]
fn a_panel_that_was_away_while_nothing_changed_is_found_out_by_its_status() {
    let (mut oled, bus, first) = bench(Controller::Sh1106, USUAL);
    oled.show(&frame("A READY", USUAL)).unwrap();
    assert!(oled.check().unwrap());
    bus.0.lock().unwrap().reset();
    assert!(!oled.check().unwrap(), "it answers, but it is off");
    oled.show(&frame("A READY", USUAL)).unwrap();
    assert_eq!(seen(&bus, first, USUAL), frame("A READY", USUAL));
}

#[test]
fn a_panel_whose_status_says_nothing_is_begun_anew_at_each_check() {
    let (mut oled, bus, first) = bench(Controller::Ssd1306, USUAL);
    bus.0.lock().unwrap().honest = false;
    oled.show(&frame("A READY", USUAL)).unwrap();
    assert!(!oled.check().unwrap());
    oled.show(&frame("A READY", USUAL)).unwrap();
    assert_eq!(seen(&bus, first, USUAL), frame("A READY", USUAL));
}

#[test]
fn a_panel_that_is_not_there_says_what_to_check() {
    let (mut oled, bus, _) = bench(Controller::Ssd1306, USUAL);
    bus.0.lock().unwrap().address = 0x3D;
    let error = oled.show(&frame("", USUAL)).unwrap_err();
    assert!(error.remedy.contains("0x3D"), "{error}");
    assert!(!oled.check().unwrap());
}
