//! How a unit goes, and how it ends.
//!
//! | file | what |
//! |---|---|
//! | [`machine`] | what comes next, by what came of the last step |
//! | [`stage`] | the steps |
//! | [`check`] | what was proven on the way |
//! | [`fault`] | each way to fail: its code, its words, what to do |
//! | [`verdict`] | what stands in the record at the end |

pub mod check;
pub mod fault;
mod machine;
pub mod stage;
pub mod verdict;

pub use machine::{Action, Cycle, Ending, MAX_LINKS, MAX_ROUNDS, Outcome};
