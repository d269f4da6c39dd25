//! The work: stock flashes of one model, the image, and what a board must hold in the end.

use flashjig::model::chip::Chip;
use flashjig::model::chip::flash::plan;
use flashjig::model::firmware::image::Image;
use flashjig::sim::factory;

/// The version that the made-up image claims.
const VERSION: &str = "1.18.300";

/// What is to be done with boards of one chip.
pub(crate) struct Work {
    pub(crate) chip: Chip,
    pub(crate) file: (String, Vec<u8>),
    image: Image,
}

impl Work {
    pub(crate) fn new(chip: Chip) -> Self {
        let file = factory::demo_image(chip, VERSION);
        let image = Image::open(&file.0, &file.1).expect("an image");
        Self { chip, file, image }
    }

    /// The stock flash of a unit of the model: boot loader and application are those of all, the rest is its own.
    pub(crate) fn stock(&self, unit: u32) -> Vec<u8> {
        factory::stock(self.chip, unit)
    }

    /// What is written at the begin of the application.
    pub(crate) fn app(&self) -> &[u8] {
        self.image.app()
    }

    /// The whole flash of a unit in the end.
    pub(crate) fn want(&self, unit: u32) -> Vec<u8> {
        plan::expected(&self.stock(unit), self.image.span().start, self.app()).to_vec()
    }
}
