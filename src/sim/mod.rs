//! The virtual bench: boards as strict as silicon behind real PTYs, in the shipped binary.
//!
//! A [`board::Board`] is a pure state machine that is told what time it is; [`mod@bench`] gives each nest a thread that
//! drives one against the world's clock and the kernel's tty layer. It shares the protocol's codec with the host side
//! and nothing else.
//!
//! | file | what |
//! |---|---|
//! | [`mod@bench`], [`hand`], [`drive`] | nests for the wiring: PTY, lines, edges; the virtual operator; the thread |
//! | [`pty`], `pipe`, [`outlet`], [`link`] | the cable: master end of a PTY, or a pipe where there are none; pulling it |
//! | [`wire`], [`transmit`], [`timing`], [`rail`] | rates and garbling, pace, time limits, power and CEN |
//! | [`board`] | life of a board |
//! | [`rom`], [`lboot`], [`maskrom`] | device side of the protocol: base and dialects |
//! | [`parser`], [`ring`] | how the silicon receives |
//! | [`nor`] | the flash chip |
//! | [`faults`], [`seed`] | what goes wrong on purpose, repeatably |
//! | [`factory`] | stock dumps and demo images out of thin air |
//! | [`control`], [`workbench`] | the line protocol for other programs, and what they may do |
//! | [`panel`] | the display |

pub mod bench;
pub mod board;
pub mod control;
pub mod drive;
mod end;
pub mod factory;
pub mod faults;
pub mod hand;
pub mod lboot;
pub mod link;
pub mod maskrom;
pub mod nor;
pub mod outlet;
pub mod panel;
pub mod parser;
mod pipe;
pub mod pty;
pub mod rail;
pub mod ring;
pub mod rom;
pub mod saver;
pub mod seed;
pub mod timing;
pub mod transmit;
pub mod wire;
pub mod workbench;
