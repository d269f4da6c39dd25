//! Random life: a station as its user starts it, three slots with boards in programs of their own, seeded orders and
//! mishaps, and a model of what it must do. The model shares no code with the station: it knows HTTP, JSON, SHA-256 and
//! the bytes that it put into the boards itself.
//!
//! `cargo test` lives for 15 seconds. Any length, with the choices of another seed:
//!
//! ```sh
//! FLASHJIG_LIFE_SECONDS=600 FLASHJIG_LIFE_SEED=7 cargo test --release --test life -- --nocapture
//! ```
//!
//! One seed makes the same choices; what they meet depends on the machine. `FLASHJIG_LIFE_VIOLATIONS=20` goes on after
//! a violation until there are so many, `FLASHJIG_LIFE_STATION` names another program to be the station, such as that of
//! a package. A folder in which something was violated stays.
//!
//! It is a program of its own because it starts daemons and, as root, mounts a disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that can't go on shall say where"
)]

#[path = "life/archive.rs"]
mod archive;
#[path = "life/board.rs"]
mod board;
#[path = "life/clock.rs"]
mod clock;
#[path = "life/deed.rs"]
mod deed;
#[path = "life/dice.rs"]
mod dice;
#[path = "life/disk.rs"]
mod disk;
#[path = "life/ear.rs"]
mod ear;
#[path = "life/fold.rs"]
mod fold;
#[path = "life/http.rs"]
mod http;
#[path = "life/journal.rs"]
mod journal;
#[path = "life/judge/mod.rs"]
mod judge;
#[path = "life/lines.rs"]
mod lines;
#[path = "life/mould.rs"]
mod mould;
#[path = "life/nest.rs"]
mod nest;
#[path = "life/shelf.rs"]
mod shelf;
#[path = "life/slot.rs"]
mod slot;
#[path = "life/station.rs"]
mod station;
#[path = "life/table.rs"]
mod table;
#[path = "life/world/mod.rs"]
mod world;

use dice::Dice;
use world::World;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}: a number")))
}

#[test]
fn nothing_that_a_station_promises_is_broken_by_a_random_life() {
    let (seconds, seed) = (number("FLASHJIG_LIFE_SECONDS", 15), number("FLASHJIG_LIFE_SEED", 1));
    let most = number("FLASHJIG_LIFE_VIOLATIONS", 1) as usize;
    let mut world = World::new(seed, most);
    let mut deeds = Dice::new(seed);
    world.live(&mut deeds, seconds);
    if let Err(what) = world.end() {
        panic!("{what}");
    }
}
