//! Which way round a meter is wired.

use std::fmt::{self, Display, Formatter};

/// The sign of a BL0942's power. Boards are wired either way and their flash does not tell which; with the wrong one
/// OpenBeken shows 0 W.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The register grows with the load.
    Plus,
    /// It falls.
    Minus,
}

impl Sign {
    /// From a recipe's or device's `+` or `-`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "+" => Some(Self::Plus),
            "-" => Some(Self::Minus),
            _ => None,
        }
    }
}

impl Display for Sign {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plus => "+",
            Self::Minus => "-",
        })
    }
}
