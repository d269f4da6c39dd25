//! What becomes of one plug, decided as a whole before anything is erased: its pins with their doubts, the image that can
//! drive them, and its meter's calibration.

use super::calibration::Calibration;
use super::device::Device;
use super::doubt::{Code, Doubt};
use super::drivers;
use super::findings::Findings;
use super::judge::{Around, Choice, judge};
use super::tailor::Unfit;
use crate::model::chip::board::Board;
use crate::model::firmware::image::drivers::listed;
use crate::model::firmware::image::need::{Answer, Need};
use crate::model::firmware::image::{self, Image, Refusal};
use crate::model::openbeken::meter::{self, ImageFacts, Meter, Terms, Token};
use crate::model::openbeken::rule::{Calibrate, Configure, OpenBekenRule};
use std::sync::Arc;

/// What the decision rests on.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The plug's configuration, as the recipe asks for it.
    pub rule: &'a OpenBekenRule,
    /// The device list.
    pub devices: &'a [Device],
    /// The board, as far as it is known.
    pub board: &'a Board,
    /// Its flash as it was before anything was changed.
    pub base: &'a [u8],
}

/// What was found out and what comes of it.
#[derive(Debug)]
pub struct Plug<'a> {
    /// What the flash tells.
    pub found: Findings,
    /// The doubts that stop it; of one that nothing stops, all.
    pub doubts: Vec<Doubt>,
    /// The power meter; `None`: it has none.
    pub meter: Option<Meter>,
    /// What it gets, or why it gets nothing.
    pub settled: Result<Settled<'a>, Unable>,
}

/// What a plug gets.
#[derive(Debug)]
pub struct Settled<'a> {
    /// Its pins and its calibration.
    pub choice: Choice,
    /// Its firmware.
    pub image: &'a Arc<Image>,
    /// Why this one.
    pub reason: String,
}

/// Why a plug gets nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unable {
    /// Because of its pins or of what its recipe asks for.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// Because of the images.
    #[error(transparent)]
    Image(#[from] Refusal),
}

/// Decides it, with the first of the images that fits best and can drive the pins.
pub fn settle<'a>(order: &Order<'_>, images: &'a [Arc<Image>]) -> Plug<'a> {
    let Order { rule, devices, board, base } = *order;
    let found = Findings::of(base, board.chip, rule.levels, devices);
    let mut around = Around { chip: board.chip, devices, image: None };
    let bare = match judge(rule, &found, &around) {
        Ok(choice) => choice,
        Err(unfit) => {
            let doubts = match &unfit {
                Unfit::InDoubt { doubts } => doubts.clone(),
                _ => found.doubts.clone(),
            };
            return refused(order, found, doubts, unfit.into());
        }
    };
    // what nobody asks of the image must not decide which one is taken
    let pins = bare.template.as_ref().filter(|_| bare.configure && bare.with_template);
    let need = Need {
        drivers: pins.map(drivers::needed).unwrap_or_default().into_iter().map(str::to_owned).collect(),
        is_accepted: rule.accept.contains(&Code::ImageLacks),
    };
    let image::Choice { image, reason, answer } = match image::choose(images.iter(), board, Some(&need)) {
        Ok(choice) => choice,
        Err(refusal) => {
            let plain = image::choose(images.iter(), board, None).ok();
            let mut doubts = told(&bare);
            doubts.extend(plain.and_then(|plain| drivers::doubt(bare.template.as_ref()?, &facts(plain.image))));
            return refused(order, found, doubts, refusal.into());
        }
    };
    if let Err(refusal) = image.fits(board, Some(base)) {
        return refused(order, found, told(&bare), refusal.into());
    }
    around.image = Some(facts(image));
    let mut choice = match judge(rule, &found, &around) {
        Ok(choice) => choice,
        Err(unfit) => return refused(order, found, told(&bare), unfit.into()),
    };
    if answer == Answer::NotReadable {
        choice.accepted.push(unknown(image, &need));
    }
    let judged = calibration(order, &found, Some(image.as_ref().into()), choice.configure);
    choice.calibration = judged.calibration;
    let doubts = told(&choice);
    Plug { found, doubts, meter: judged.meter, settled: Ok(Settled { choice, image, reason }) }
}

/// What is known of a plug that is left as it is.
pub fn look(order: &Order<'_>) -> (Findings, Option<Meter>) {
    let found = Findings::of(order.base, order.board.chip, order.rule.levels, order.devices);
    let meter = untouched(order, &found);
    (found, meter)
}

fn refused<'a>(order: &Order<'_>, found: Findings, doubts: Vec<Doubt>, why: Unable) -> Plug<'a> {
    let meter = untouched(order, &found);
    Plug { found, doubts, meter, settled: Err(why) }
}

/// The meter of a plug that nothing is written to.
fn untouched(order: &Order<'_>, found: &Findings) -> Option<Meter> {
    let meter = calibration(order, found, None, false).meter?;
    let is_asked = order.rule.configure != Configure::None && order.rule.calibrate == Calibrate::Factory;
    if !is_asked || meter.token != Token::MeterNotAsked {
        return Some(meter);
    }
    let text = "the factory's calibration is not carried over: nothing was written to this plug; it is when the plug is \
                converted, and a converted one takes it when it is converted again (reflash)";
    Some(Meter { text: text.to_owned(), ..meter })
}

fn told(choice: &Choice) -> Vec<Doubt> {
    choice.accepted.iter().chain(&choice.doubts).cloned().collect()
}

fn facts(image: &Image) -> drivers::Image<'_> {
    drivers::Image { name: &image.name, drivers: image.drivers.as_deref() }
}

fn unknown(image: &Image, need: &Need) -> Doubt {
    let text = format!(
        "expected the table of drivers in {}, found none that can be read: nobody knows whether it has {}, which this \
         plug needs. Try the plug, or take another build.",
        image.name,
        listed(&need.drivers)
    );
    Doubt::new(Code::DriversUnknown, text, vec![format!("image {}", image.name)])
}

/// The meter and what the configuration is to hold of it.
fn calibration(
    order: &Order<'_>,
    found: &Findings,
    image: Option<ImageFacts<'_>>,
    is_configured: bool,
) -> meter::Judged {
    let Order { rule, devices, board, base } = *order;
    let device = devices.iter().find(|device| Some(&device.name) == found.device.as_ref());
    let terms = Terms {
        is_wanted: is_configured && rule.calibrate == Calibrate::Factory,
        sign: rule.meter_sign.or_else(|| device.and_then(Device::meter_sign)),
        image,
        present: Calibration::in_flash(base, board.chip.facts().config_at),
    };
    meter::judge(&found.meter, &terms)
}

#[cfg(test)]
mod tests;
