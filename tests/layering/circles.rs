//! Circles of a graph.

use std::collections::{BTreeMap, BTreeSet};

/// Which names each name points at.
pub type Arrows<'a> = BTreeMap<&'a str, BTreeSet<&'a str>>;

/// The largest sets of names of which each can be reached from each other one.
pub fn circles<'a>(arrows: &Arrows<'a>) -> Vec<BTreeSet<&'a str>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = arrows.keys().map(|from| (*from, reached(arrows, from))).collect();
    let mut found: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
    for (from, to) in &reach {
        let circle: BTreeSet<&str> =
            to.iter().copied().filter(|to| reach.get(to).is_some_and(|back| back.contains(from))).collect();
        if !circle.is_empty() {
            found.insert(circle);
        }
    }
    found.into_iter().collect()
}

/// All that can be reached from a name.
pub fn reached<'a>(arrows: &Arrows<'a>, from: &str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for to in arrows.get(at).into_iter().flatten() {
            if found.insert(*to) {
                open.push(to);
            }
        }
    }
    found
}
