//! What may go wrong in the air.

/// Whose matter it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AirFault {
    /// The radio may not be used, or can't be: a matter of the station.
    NoRadio,
    /// The access point was not seen in time: a matter of the plug.
    NotSeen,
    /// It was seen and could not be joined.
    NotJoined,
    /// The connection ended before it was left.
    Lost,
    /// The station's connections are not as they were.
    NotRestored,
}

/// Something that did not work in the air.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("radio {radio}: expected {expected}, found: {found}; {remedy}")]
pub struct AirError {
    /// Whose matter it is.
    pub fault: AirFault,
    /// The radio's name.
    pub radio: String,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub found: String,
    /// What to do.
    pub remedy: String,
}
