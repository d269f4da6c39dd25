//! The section `[proof]`: how a plug is to show that it lives.

use super::super::problem::nearest;
use super::super::read::{At, Section, Source};
use crate::model::openbeken::life::{Draws, Proof, Way};
use crate::model::recipe::{Configure, OpenBekenRule};
use std::time::Duration;

/// Above it the supply counts as short-circuited, mA.
const MOST: i32 = 700;
/// What `within` may be.
const WITHIN: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(600);

/// Reads it; what `plug` can't show is an error.
pub(super) fn read(mut section: Section<'_>, source: &Source<'_>, plug: &OpenBekenRule) -> Proof {
    let mut alive: Vec<Way> = Vec::new();
    for At { value: word, at } in section.words("alive", "a list of signs in quotes, such as [\"log\"]") {
        let names = Way::ALL.map(Way::name);
        let Some(way) = Way::ALL.into_iter().find(|way| way.name() == word) else {
            let remedy = match nearest(&word, names) {
                Some(meant) => format!("did you mean {meant:?}?"),
                None => format!("the signs are {}", names.join(", ")),
            };
            source.error(at, format!("[proof]: alive: there is no sign of life {word:?}"), remedy);
            continue;
        };
        if let Some((why, remedy)) = beyond(way, plug) {
            source.error(at, format!("[proof]: alive: {word:?}: {why}"), remedy);
        }
        if !alive.contains(&way) {
            alive.push(way);
        }
    }
    let within = section.time_in("within", WITHIN);
    let draws = section.numbers("milliamps").and_then(|given| draws(&given, source));
    match (section.holds("milliamps"), alive.contains(&Way::Current)) {
        (false, true) => source.error(
            section.at,
            "[proof]: alive: \"current\" needs to know what a board may draw",
            "write milliamps = [30, 250], the least and the most on the average; begin with wide limits, the records' life shows \
             what good boards draw",
        ),
        (true, false) => {
            source.warn(section.at, "[proof]: milliamps does nothing, the sign is not asked for", "write \"current\" in alive");
        }
        _ => {}
    }
    if within.is_some() && alive.is_empty() {
        source.warn(section.at, "[proof]: within does nothing, no sign is asked for", "write alive = [\"log\"]");
    }
    section.finish();
    Proof { alive, within: within.unwrap_or(Proof::USUAL), draws }
}

/// The least and the most that a board may draw, mA.
fn draws(given: &At<Vec<i64>>, source: &Source<'_>) -> Option<Draws> {
    let limits: Vec<i32> = given.value.iter().filter_map(|number| i32::try_from(*number).ok()).collect();
    match limits.as_slice() {
        [from, to] if given.value.len() == 2 && 0 < *from && from < to && *to <= MOST => {
            Some(Draws { from: *from, to: *to })
        }
        _ => {
            let found: Vec<_> = given.value.iter().map(i64::to_string).collect();
            let what = format!(
                "[proof]: milliamps must be the least and the most, from 1 to {MOST}, found [{}]",
                found.join(", ")
            );
            source.error(given.at, what, "write it such as [30, 250]");
            None
        }
    }
}

/// Why a plug of this recipe can't show this sign, and what to do.
fn beyond(way: Way, plug: &OpenBekenRule) -> Option<(&'static str, &'static str)> {
    let joins = plug.configure != Configure::None && plug.wifi.is_some();
    match way {
        Way::Broker if !joins || plug.mqtt.is_none() => Some((
            "this recipe joins the plug to no broker",
            "write [openbeken.wifi] and [openbeken.mqtt] with configure = \"flash\", or take it out",
        )),
        Way::Http if !joins || (plug.address.is_none() && plug.mqtt.is_none()) => Some((
            "this recipe gives no way to the plug",
            "write [openbeken.wifi], and [openbeken.address] for an own address or [openbeken.mqtt] for a broker that tells it, \
             with configure = \"flash\"; or take it out",
        )),
        Way::Air if joins => Some((
            "a plug that joins a Wi-Fi opens no access point of its own",
            "take it out; \"broker\" and \"http\" see a plug in its network",
        )),
        _ => None,
    }
}
