//! What a recipe makes of what was found: the unit's template, or the doubts that stop it before anything is erased.

use super::calibration::Calibration;
use super::device::Device;
use super::doubt::{Code, Doubt, accept};
use super::drivers::{self, Image};
use super::findings::Findings;
use super::settles::Says;
use super::template::Template;
use super::unfit::Unfit;
use super::{differs, pins};
use crate::model::chip::Chip;
use crate::model::openbeken::rule::{Configure, OpenBekenRule, PinSource, WithoutSettings};

/// What the decision rests on beside recipe and findings.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The board's chip.
    pub chip: Chip,
    /// The device list.
    pub devices: &'a [Device],
    /// The image that was chosen; `None`: what it can drive is not asked.
    pub image: Option<Image<'a>>,
}

/// What a unit is, and what it gets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Its template, for the record.
    pub template: Option<Template>,
    /// The device of the list that it is.
    pub device: Option<String>,
    /// Whether it gets a configuration.
    pub configure: bool,
    /// Whether the template's pins, flags and command are in it.
    pub with_template: bool,
    /// Doubts that the recipe accepts: the unit passes with them.
    pub accepted: Vec<Doubt>,
    /// Doubts that stop nothing, because no pins are written or the recipe names the device.
    pub doubts: Vec<Doubt>,
    /// What a reader must know.
    pub notes: Vec<String>,
    /// The power meter's calibration that it gets.
    pub calibration: Calibration,
}

/// Decides what a unit is. A unit without settings is never guessed at, and no doubt is passed over in silence.
pub fn judge(rule: &OpenBekenRule, found: &Findings, around: &Around<'_>) -> Result<Choice, Unfit> {
    let mut choice = Choice {
        template: found.template.clone(),
        device: found.device.clone(),
        configure: rule.configure != Configure::None,
        with_template: true,
        notes: found.notes.clone(),
        ..Choice::default()
    };
    if !choice.configure || rule.pins == PinSource::None {
        choice.with_template = !choice.configure;
        // a flash without settings, of a unit that needs none, is nothing to tell of
        let told = found.doubts.iter().filter(|doubt| found.template.is_some() || doubt.code != Code::NoPins);
        choice.doubts = told.cloned().chain(lacking(&choice, around)).collect();
        return Ok(choice);
    }
    match &rule.pins {
        PinSource::Device(name) => become_device(choice, rule, name, found, around),
        _ if found.no_pins().is_some() => without_pins(choice, rule, found, around),
        _ => own_pins(choice, rule, found, around),
    }
}

/// The vendor's pins, with what the list adds.
fn own_pins(mut choice: Choice, rule: &OpenBekenRule, found: &Findings, around: &Around<'_>) -> Result<Choice, Unfit> {
    // the settings outrank a device that says otherwise
    if found.doubts.iter().any(|doubt| doubt.code == Code::ListDiffers) {
        choice.template.clone_from(&found.own);
    }
    let mut doubts = found.doubts.clone();
    if choice.template != found.template {
        // what that device settled is open again
        doubts.extend(found.settled.iter().cloned());
    }
    doubts.extend(choice.template.as_ref().and_then(wrong_order));
    doubts.extend(lacking(&choice, around));
    let parted = accept(doubts, &rule.accept);
    if parted.standing.is_empty() {
        choice.accepted = parted.accepted;
        return Ok(choice);
    }
    let is_bare = choice.template.as_ref().is_none_or(|template| template.pins.is_empty());
    if is_bare && rule.without_settings != WithoutSettings::Refuse {
        return without_pins(choice, rule, found, around);
    }
    Err(Unfit::InDoubt { doubts: parted.standing })
}

/// A unit whose pins shall come from the vendor's settings, and that has none that can be trusted.
fn without_pins(
    mut choice: Choice,
    rule: &OpenBekenRule,
    found: &Findings,
    around: &Around<'_>,
) -> Result<Choice, Unfit> {
    match &rule.without_settings {
        WithoutSettings::Device(name) => become_device(choice, rule, name, found, around),
        WithoutSettings::Refuse => {
            let why = found.no_pins().map(|doubt| doubt.text.clone()).unwrap_or_default();
            Err(Unfit::NoSettings { why })
        }
        WithoutSettings::Unconfigured => {
            choice.configure = false;
            choice.notes.push("left unconfigured, as the recipe says".to_owned());
            choice.doubts.clone_from(&found.doubts);
            Ok(choice)
        }
    }
}

/// The pins of a device that the recipe names.
fn become_device(
    mut choice: Choice,
    rule: &OpenBekenRule,
    name: &str,
    found: &Findings,
    around: &Around<'_>,
) -> Result<Choice, Unfit> {
    let device = around.devices.iter().find(|device| device.name == name).ok_or_else(|| {
        let known: Vec<&str> = around.devices.iter().map(|device| device.name.as_str()).collect();
        Unfit::NoDevice { name: name.to_owned(), known: known.join(", ") }
    })?;
    let list = device.template(around.chip);
    if list.pins.is_empty() {
        return Err(Unfit::NoPins { name: name.to_owned() });
    }
    let own = found.own.as_ref().filter(|_| found.no_pins().is_none());
    // what it says nothing of, such as the command that starts a meter, is the settings' to say
    let list = match own {
        Some(own) => Template { pins: list.pins, chip: list.chip, ..device.apply(own) },
        None => list,
    };
    let differs = own.and_then(|own| differs::replaced(own, name, &list));
    if let (Some(differs), Some(_)) = (&differs, own) {
        if !rule.accept.contains(&Code::ListDiffers) {
            return Err(Unfit::InDoubt { doubts: vec![differs.clone()] });
        }
        // the settings were read from this very unit
        let (template, doubts) = (found.own.clone(), all(found));
        let found = Findings { template, doubts, settled: Vec::new(), ..found.clone() };
        choice.template.clone_from(&found.own);
        choice.notes.push(format!("the recipe says {name}; the unit's own settings are taken"));
        let mut choice = own_pins(choice, rule, &found, around)?;
        choice.accepted.push(differs.clone());
        return Ok(choice);
    }
    let says = Says { names: &list.pins, has_command: device.has_command(), result: &list };
    let (open, _) = says.part(all(found));
    // the recipe knows the device, so only what could burn something, or can't work at all, still stands
    let is_grave = |doubt: &Doubt| doubt.code.burns() || (!doubt.is_acceptable() && doubt.code != Code::NoPins);
    let (mut standing, told): (Vec<Doubt>, Vec<Doubt>) = open.into_iter().partition(is_grave);
    standing.extend(wrong_order(&list));
    (choice.template, choice.device) = (Some(list), Some(name.to_owned()));
    let parted = accept(lacking(&choice, around).into_iter().collect(), &rule.accept);
    standing.extend(parted.standing);
    if !standing.is_empty() {
        return Err(Unfit::InDoubt { doubts: standing });
    }
    choice.accepted = parted.accepted;
    choice.doubts = told.into_iter().filter(|doubt| doubt.code != Code::ListDiffers).collect();
    if let (Some(own), Some(list)) = (own, &choice.template)
        && own.pins != list.pins
    {
        let pins: Vec<String> = own.pins.iter().map(|(pin, what)| format!("P{pin} {what}")).collect();
        choice.notes.push(format!("the recipe says {name}; the unit's settings have other pins: {}", pins.join(", ")));
    }
    Ok(choice)
}

/// All doubts, also those that a matching device settled.
fn all(found: &Findings) -> Vec<Doubt> {
    let own = found.doubts.iter().filter(|doubt| doubt.code != Code::ListDiffers);
    own.chain(&found.settled).cloned().collect()
}

/// Coils of a finished template that the firmware would join wrongly: the settings' own are looked at where they are
/// mapped, so a device of the list is to blame.
fn wrong_order(template: &Template) -> Option<Doubt> {
    let wrong = pins::joins_wrongly(template)?;
    let text = format!("{wrong}. An outlet could not be switched off. Correct the device of the list.");
    Some(Doubt::new(Code::CoilOrder, text, Vec::new()))
}

/// What the chosen image can't drive.
fn lacking(choice: &Choice, around: &Around<'_>) -> Option<Doubt> {
    drivers::doubt(choice.template.as_ref()?, around.image.as_ref()?)
}

#[cfg(test)]
mod tests;
