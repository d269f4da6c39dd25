//! Whether the factory's calibration is carried over: the first gate that closes decides. Nothing of it ever stops a
//! conversion.

use super::chip::MeterChip;
use super::evidence::{Evidence, Store};
use super::factors::{factors, misreads};
use super::figures::Figures;
use super::hardware::Hardware;
use super::outcome::{Action, Meter, Token};
use super::record::Record;
use super::reference::{AT_220, Case, Reference, energy, ratio, scaled};
use super::sign::Sign;
use super::terms::{ImageFacts, Terms};
use super::words;
use crate::model::firmware::image::need;
use crate::model::firmware::image::version::Version;
use crate::model::openbeken::Calibration;

/// Before this version the driver corrected the length of its time window the wrong way round.
const FIRST_VERSION: &str = "1.18.25";
/// Deviation from the vendor's defaults that is told, and that closes the gate.
const FAR: f64 = 0.3;
const TOO_FAR: f64 = 0.5;
/// Two records may differ by this much.
const TWO: f64 = 0.01;
/// How far a BL0942's power and energy may lie from what its other numbers give: 0.23 and 0.02 % were seen.
const BL0942_POWER: f64 = 0.01;
const BL0942_ENERGY: f64 = 0.002;

/// What comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// For the record; `None`: the plug has no meter, and nothing is to be said.
    pub meter: Option<Meter>,
    /// What the plug's configuration is to hold.
    pub calibration: Calibration,
}

/// A gate that closed.
struct Stop {
    token: Token,
    why: String,
}

type Gate<T = ()> = Result<T, Stop>;

fn stop<T>(token: Token, why: impl Into<String>) -> Gate<T> {
    Err(Stop { token, why: why.into() })
}

/// Judges the evidence of a flash by the terms.
pub fn judge(evidence: &Evidence, terms: &Terms<'_>) -> Judged {
    let mut meter = blank(evidence, terms);
    let passed = gates(evidence, terms, &mut meter);
    let present = terms.present.unwrap_or_default();
    let mut calibration = present;
    let mut why = None;
    match passed {
        Ok(factors) if !present.has_factors() => {
            calibration = present.with_factors(factors);
            (meter.action, meter.token) = (Action::Write, Token::MeterCarried);
        }
        // what the plug's owner found out outranks the factory, whatever is known of that
        result if present.has_factors() => {
            meter.notes.extend(result.err().map(|stop| stop.why));
            (meter.action, meter.token) = (Action::Keep, Token::MeterKept);
        }
        Ok(_) => {}
        Err(stop) if stop.token == Token::MeterNone && evidence.records.is_empty() => {
            return Judged { meter: None, calibration };
        }
        Err(stop) => (meter.token, why) = (stop.token, Some(stop.why)),
    }
    meter.text = words::sentence(&meter, why.as_deref());
    Judged { meter: Some(meter), calibration }
}

/// What is known before any gate. The numbers stay in the record whatever becomes of them.
fn blank(evidence: &Evidence, terms: &Terms<'_>) -> Meter {
    let hardware = evidence.hardware.as_ref().ok();
    let record = evidence.records.first();
    Meter {
        chip: hardware.and_then(|hardware| hardware.chip),
        chip_type: hardware.and_then(|hardware| hardware.chip_type),
        pins: hardware.and_then(|hardware| hardware.pins),
        resistor: hardware.map(|hardware| hardware.resistor),
        vol_def: hardware.map(|hardware| hardware.vol_def),
        source: record.map(|record| record.source.clone()),
        raw: record.and_then(|record| record.figures.as_ref().ok().copied()),
        rslt: record.and_then(|record| record.rslt),
        k: None,
        case: None,
        r: None,
        slots: None,
        misreads: None,
        image: terms.image.map(|image| image.name.to_owned()),
        action: Action::Note,
        token: Token::MeterNone,
        readback: None,
        text: String::new(),
        notes: Vec::new(),
    }
}

fn gates(evidence: &Evidence, terms: &Terms<'_>, meter: &mut Meter) -> Gate<[f32; 3]> {
    let hardware = match &evidence.hardware {
        Ok(hardware) => hardware,
        Err(why) => return stop(Token::MeterNone, format!("the settings name no power meter: {why}")),
    };
    if !evidence.disagree.is_empty() {
        let keys = evidence.disagree.join(", ");
        return stop(Token::MeterPinsDisagree, format!("the vendor's two copies of the settings differ in {keys}"));
    }
    let chip = supported(hardware, &evidence.records)?;
    if let Some(image) = &terms.image {
        has_driver(chip, image, meter)?;
    }
    match &evidence.store {
        Store::Read => {}
        Store::Damaged(why) => return stop(Token::StoreDamaged, why.clone()),
        Store::Unknown(why) => return stop(Token::StoreUnknown, why.clone()),
    }
    let Some(record) = evidence.records.first() else {
        return stop(Token::MeterAbsent, "the factory left none");
    };
    let figures = measured(record)?;
    let load = Reference::of(hardware.vol_def);
    is_measured(chip, figures, load.unwrap_or(AT_220), hardware.resistor)?;
    let load = if chip.has_pulses() {
        let case = case(chip, figures, meter)?;
        let load = is_load(case, load, hardware, record, meter)?;
        is_chip(chip, figures, meter)?;
        is_near(chip, figures, case, load, hardware.resistor, meter)?;
        load
    } else {
        is_consistent(figures)?;
        AT_220
    };
    let sign = terms.sign.unwrap_or(Sign::Plus);
    let Some(slots) = factors(chip, figures, load, sign) else {
        return stop(Token::MeterImplausible, "its numbers give no factors");
    };
    is_one(chip, slots, evidence, load, sign)?;
    if chip == MeterChip::Bl0942 && terms.sign.is_none() {
        let why = "the flash does not tell which way round a BL0942 is wired, and a wrong sign shows 0 W; see one of these \
                   plugs on a load, then say meter_sign = \"+\" or \"-\"";
        return stop(Token::MeterSign, why);
    }
    // byte by byte as they lie in the configuration
    meter.slots = Some(slots.map(|slot| format!("{:08x}", slot.to_bits().swap_bytes())));
    meter.misreads = Some(misreads(chip, slots));
    if terms.is_wanted { Ok(slots) } else { stop(Token::MeterNotAsked, "nobody asked for it") }
}

/// The chip, if its numbers are understood.
fn supported(hardware: &Hardware, records: &[Record]) -> Gate<MeterChip> {
    if records.iter().any(|record| record.is_rn8209) {
        return stop(Token::MeterChipUnsupported, "it is a RN8209's, which fits no driver of OpenBeken");
    }
    match hardware.chip {
        Some(MeterChip::Hlw8032) => {
            stop(Token::MeterChipUnsupported, "nobody knows how a HLW8032's numbers fit OpenBeken")
        }
        Some(chip) => Ok(chip),
        None => {
            let chip_type = hardware.chip_type.unwrap_or_default();
            stop(Token::MeterChipUnsupported, format!("nobody knows which chip chip_type {chip_type} is"))
        }
    }
}

fn has_driver(chip: MeterChip, image: &ImageFacts<'_>, meter: &mut Meter) -> Gate {
    let (name, driver) = (image.name, chip.driver());
    match image.drivers {
        Some(drivers) if !need::lacks(drivers, &[driver.to_owned()]).is_empty() => {
            return stop(Token::MeterImage, format!("{name} has no driver {driver}"));
        }
        Some(_) => {}
        None => meter.notes.push(format!("the drivers of {name} can't be read: whether it has {driver} is not known")),
    }
    let Some(version) = image.version else { return Ok(()) };
    let number = Version::of(version);
    if !number.is_release() {
        meter.notes.push(format!("{name} is a build of a branch, {version}: its age is not known"));
    } else if number.is_before(&Version::of(FIRST_VERSION)) {
        return stop(
            Token::MeterImage,
            format!("{name} is {version}; before {FIRST_VERSION} the driver's time was wrong"),
        );
    }
    Ok(())
}

/// The numbers of a record that can be believed at all.
fn measured(record: &Record) -> Gate<Figures> {
    let file = &record.source.file;
    let figures = match &record.figures {
        Ok(figures) => *figures,
        Err(why) => return stop(Token::MeterRecordDamaged, format!("{file}: {why}")),
    };
    if !record.is_passed {
        let found = record.rslt.map_or("no result".to_owned(), |rslt| format!("result {rslt}"));
        return stop(Token::MeterTestFailed, format!("the factory's own test of the meter was not passed ({found})"));
    }
    match figures.implausible() {
        Some((letter, number)) => {
            stop(Token::MeterImplausible, format!("{file} has {letter} {number}, which is no measurement"))
        }
        None => Ok(figures),
    }
}

/// The vendor's defaults are stored where nothing was measured. A scaled one may be off by its rounding.
fn is_measured(chip: MeterChip, figures: Figures, load: Reference, shunt: u32) -> Gate {
    let found = [figures.v, figures.i, figures.p].map(f64::from);
    let sets = chip.vendors_defaults().iter().flat_map(|&set| match chip {
        // its numbers grow with the shunt, and newer firmware does not scale them
        MeterChip::Bl0942 => {
            let [v, i, p] = [set.v, set.i, set.p].map(f64::from);
            [1.0, f64::from(shunt)].map(|shunt| [v, i * shunt, p * shunt])
        }
        _ => [shunt, 1].map(|shunt| {
            let [v, i, p, _] = scaled(set, load, shunt);
            [v, i, p]
        }),
    });
    let equals = |set: &[f64; 3]| set.iter().zip(found).all(|(default, found)| (default - found).abs() <= 1.0);
    match sets.into_iter().find(equals) {
        Some(_) => stop(Token::MeterDefaults, "its numbers are the vendor's defaults, which were never measured"),
        None => Ok(()),
    }
}

fn case(chip: MeterChip, figures: Figures, meter: &mut Meter) -> Gate<Case> {
    let energy = energy(figures);
    meter.k = Some((energy * 1e4).round() / 1e4);
    meter.case = Case::of(energy, chip);
    match meter.case {
        Some(case) => Ok(case),
        None => stop(
            Token::MeterRedundancy,
            format!(
                "its numbers contradict each other: they give {energy:.4} Wh where 1, 0.5, 0.864 or 0.432 must come out"
            ),
        ),
    }
}

/// The load that the numbers were measured with, if the settings name the same.
fn is_load(
    case: Case,
    named: Option<Reference>,
    hardware: &Hardware,
    record: &Record,
    meter: &mut Meter,
) -> Gate<Reference> {
    let Some(load) = named.filter(|load| load.mains == case.mains) else {
        let why =
            format!("its numbers are of a load at {} V, the settings say vol_def {}", case.mains, hardware.vol_def);
        return stop(Token::MeterReference, why);
    };
    if case.energy.total_cmp(&record.energy()).is_ne() {
        let expected = record.energy();
        meter.notes.push(format!(
            "{} counts its pulses per {} Wh, expected {expected} Wh; the factors do not depend on it",
            record.source.file, case.energy
        ));
    }
    Ok(load)
}

fn is_chip(chip: MeterChip, figures: Figures, meter: &mut Meter) -> Gate {
    let ratio = ratio(figures);
    meter.r = Some((ratio * 10.0).round() / 10.0);
    let limits = chip.ratio();
    if limits.contains(&ratio) {
        return Ok(());
    }
    let (from, to) = (limits.start(), limits.end());
    stop(
        Token::MeterChipMismatch,
        format!("its numbers are not of a {chip}: a ratio of {ratio:.1} us, expected {from} to {to}"),
    )
}

/// Of several default sets the nearest counts.
fn is_near(chip: MeterChip, figures: Figures, case: Case, load: Reference, shunt: u32, meter: &mut Meter) -> Gate {
    let found = [f64::from(figures.v), f64::from(figures.i), f64::from(figures.p), f64::from(figures.e) / case.energy];
    let farthest = |set: [f64; 4]| {
        let each = ["v", "i", "p", "e"].into_iter().zip(set.into_iter().zip(found));
        each.map(|(letter, (default, found))| (letter, found / default - 1.0))
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
    };
    let sets = chip.vendors_defaults().iter().filter_map(|set| farthest(scaled(*set, load, shunt)));
    let Some((letter, off)) = sets.min_by(|a, b| a.1.abs().total_cmp(&b.1.abs())) else { return Ok(()) };
    let told = format!("{letter} lies {:+.0} % off what such a plug has", off * 100.0);
    if off.abs() > TOO_FAR {
        return stop(Token::MeterFar, told);
    }
    if off.abs() > FAR {
        meter.notes.push(told);
    }
    Ok(())
}

/// A BL0942's numbers are counts of one chip, so two of them follow from the others.
fn is_consistent(figures: Figures) -> Gate {
    let [v, i, p, e] = figures.each().map(|(_, number)| f64::from(number));
    // its data sheet's gains: 73989, 305978 and 3537, and 4194304 counts a pulse
    let power = v * i * 10.0 * 3537.0 / (305_978.0 * 73_989.0);
    let energy = p * 3_600_000.0 / 4_194_304.0;
    let off = |found: f64, expected: f64| found / expected - 1.0;
    let (power, energy) = (off(p / 10.0, power), off(e, energy));
    if power.abs() > BL0942_POWER || energy.abs() > BL0942_ENERGY {
        let why = format!(
            "its numbers contradict each other: the power lies {:+.2} % off, the energy {:+.2} %",
            power * 100.0,
            energy * 100.0
        );
        return stop(Token::MeterRedundancy, why);
    }
    Ok(())
}

/// A second record that was passed too must say the same.
fn is_one(chip: MeterChip, slots: [f32; 3], evidence: &Evidence, load: Reference, sign: Sign) -> Gate {
    for other in evidence.records.iter().skip(1).filter(|other| other.is_passed) {
        let Some(others) = other.figures.as_ref().ok().and_then(|figures| factors(chip, *figures, load, sign)) else {
            continue;
        };
        if slots.iter().zip(others).any(|(one, two)| (two / one - 1.0).abs() > TWO as f32) {
            return stop(Token::MeterTwo, format!("{} has other numbers", other.source.file));
        }
    }
    Ok(())
}
