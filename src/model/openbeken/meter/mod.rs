//! The power meter of a plug: what the factory measured on this very board, and what OpenBeken must be told of it.
//!
//! Each metering plug is calibrated when it is made, and the figures lie in the vendor's file store. OpenBeken's own
//! defaults are those of an average plug: two real ones would read 14 and 31 % too much with them. [`Evidence`] is what
//! a flash tells, [`judge`] puts it through the gates (the first that closes decides) and gives the [`Meter`] of the
//! record and the words of the configuration.
//!
//! | file | what |
//! |---|---|
//! | [`chip`] | the meter chips |
//! | [`hardware`] | what the vendor's settings say of the meter |
//! | [`figures`] | the four numbers of the factory |
//! | [`record`] | the files that hold them |
//! | [`evidence`] | all that a flash tells |
//! | [`reference`](mod@reference) | the loads that the factory measures with, and how the numbers tell which |
//! | [`factors`] | from the factory's numbers to OpenBeken's |
//! | [`sign`] | which way round it is wired |
//! | [`terms`] | what is asked for, and of which image |
//! | [`gates`] | whether they are carried over |
//! | [`outcome`] | what the record says of it |
//! | [`words`] | the same for people |
//!
//! Sources: the vendor's `tdd_ele_energy_bl0937_hlw8012.c`, `tdd_ele_energy_bl0942.c` and
//! `bk7231t_bl0937_1_plug_demo/src/bl0937.c`, disassembled stock applications, 46 stock dumps; `drv_bl0937.c`,
//! `drv_bl0942.c` and `drv_pwrCal.c` of openshwprojects/OpenBK7231T_App at 1.18.299.

pub mod chip;
pub mod evidence;
pub mod factors;
pub mod figures;
pub mod gates;
pub mod hardware;
pub mod outcome;
pub mod record;
pub mod reference;
pub mod sign;
pub mod terms;
pub mod words;

pub use chip::MeterChip;
pub use evidence::Evidence;
pub use figures::Figures;
pub use gates::{Judged, judge};
pub use hardware::Hardware;
pub use outcome::{Action, Meter, Token};
pub use sign::Sign;
pub use terms::{ImageFacts, Terms};

#[cfg(test)]
mod tests;
