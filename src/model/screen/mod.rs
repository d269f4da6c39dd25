//! What the 128x64 panel shows, as a pure function of a snapshot.

pub mod frame;
