//! What is asked for, and of which image.

use super::sign::Sign;
use crate::model::firmware::image::Image;
use crate::model::openbeken::Calibration;

/// What governs whether a calibration is carried over, besides the flash itself.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The plug is configured and the recipe wants the factory's calibration.
    pub is_wanted: bool,
    /// Which way round a BL0942 is wired, from recipe or device list.
    pub sign: Option<Sign>,
    /// The image that is to run; `None`: not chosen yet.
    pub image: Option<ImageFacts<'a>>,
    /// The calibration that the plug's configuration has now.
    pub present: Option<Calibration>,
}

impl Default for Terms<'_> {
    /// The factory's calibration is wanted, nothing else is known.
    fn default() -> Self {
        Self { is_wanted: true, sign: None, image: None, present: None }
    }
}

/// What counts of an image.
#[derive(Clone, Copy, Debug)]
pub struct ImageFacts<'a> {
    /// Its file's name.
    pub name: &'a str,
    /// OpenBeken's version.
    pub version: Option<&'a str>,
    /// Its drivers; `None`: not readable.
    pub drivers: Option<&'a [String]>,
}

impl<'a> From<&'a Image> for ImageFacts<'a> {
    fn from(image: &'a Image) -> Self {
        Self { name: &image.name, version: image.version.as_deref(), drivers: image.drivers.as_deref() }
    }
}
