//! What people see and touch, apart from any device.
//!
//! | file | what |
//! |---|---|
//! | [`screen`] | the panel's layouts and their pixels |
//! | [`lamps`] | what lamps and buzzer do |
//! | [`press`] | what a press of the button means |
//! | [`prompt`] | what the operator is asked to do, word for word |

pub mod lamps;
pub mod press;
pub mod prompt;
pub mod screen;
