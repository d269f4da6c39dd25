//! Which signs of life a recipe asks for, and whether a slot can see them at all.

use super::draws::Draws;
use super::sign::Way;
use std::time::Duration;

/// What a recipe asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The signs, each once; none: a unit passes by its flash alone.
    pub alive: Vec<Way>,
    /// How long each start of the firmware may take to show all of them.
    pub within: Duration,
    /// What it draws on the average while it lives, for the sign `current`.
    pub draws: Option<Draws>,
}

impl Default for Proof {
    fn default() -> Self {
        Self { alive: Vec::new(), within: Self::USUAL, draws: None }
    }
}

impl Proof {
    /// Time for what the firmware does by itself: five seconds until it joins, the join, the hello, and a slow router.
    pub const USUAL: Duration = Duration::from_secs(45);

    /// Whether any sign is asked for.
    pub fn is_asked(&self) -> bool {
        !self.alive.is_empty()
    }

    /// Whether this sign is asked for.
    pub fn asks(&self, way: Way) -> bool {
        self.alive.contains(&way)
    }

    /// The first sign that a slot can't see: why, and what to do.
    pub fn beyond(&self, able: Able) -> Option<(Way, &'static str, &'static str)> {
        self.alive.iter().copied().find_map(|way| able.lacks(way).map(|(why, remedy)| (way, why, remedy)))
    }
}

/// What a slot can see of a plug.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a device of its own, there or not")]
pub struct Able {
    /// It hears the board's log.
    pub log: bool,
    /// The station hears plugs on its broker.
    pub broker: bool,
    /// The station lends it a radio.
    pub radio: bool,
    /// A meter stands in its supply.
    pub meter: bool,
}

impl Able {
    fn lacks(self, way: Way) -> Option<(&'static str, &'static str)> {
        match way {
            Way::Log if !self.log => Some((
                "expected a port for the board's log, the slot has none",
                "wire TX2 of the module to the RX of a serial port and name that port with log_uart in its [[slot]], or \
                 take \"log\" out of alive in the recipe",
            )),
            Way::Broker if !self.broker => Some((
                "expected a broker on which the station hears plugs, it has none",
                "name it with url in [mqtt] of the station's configuration, or take \"broker\" out of alive in the recipe",
            )),
            Way::Air if !self.radio => Some((
                "expected a radio that the station may use for plugs, it has none",
                "plug in a Wi-Fi adapter that the station itself does not need and name it with interface in [air] of its \
                 configuration, or take \"air\" out of alive in the recipe; \"log\" needs no radio",
            )),
            Way::Current if !self.meter => Some((
                "expected a meter in the supply of the board, the slot has none",
                "wire an INA219 or INA226 and name it with supply in its [[slot]], or take \"current\" out of alive in the \
                 recipe",
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_slot_can_not_see_is_told_with_its_remedy() {
        let proof = Proof { alive: vec![Way::Http, Way::Log], ..Proof::default() };
        let (way, why, remedy) = proof.beyond(Able::default()).unwrap();
        assert!(way == Way::Log && why.contains("the board's log") && remedy.contains("log_uart"));
        assert_eq!(proof.beyond(Able { log: true, ..Able::default() }), None);
        assert_eq!(Proof::default().beyond(Able::default()), None);
        let proof = Proof { alive: vec![Way::Current], ..Proof::default() };
        let (way, _, remedy) = proof.beyond(Able::default()).unwrap();
        assert!(way == Way::Current && remedy.contains("INA219"));
        assert_eq!(proof.beyond(Able { meter: true, ..Able::default() }), None);
    }
}
