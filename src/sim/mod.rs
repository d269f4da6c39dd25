//! The virtual bench: boards as strict as silicon behind real PTYs, in the shipped binary.
//!
//! A [`board::Board`] is a pure state machine that is told what time it is; [`mod@bench`] gives each nest a thread that
//! drives one against the world's clock and the kernel's tty layer. It shares the protocol's codec with the host side
//! and nothing else.
//!
//! | file | what |
//! |---|---|
//! | [`mod@bench`], [`hand`], `operator`, [`drive`] | nests for the wiring: PTY, lines, edges; the virtual operator; the thread |
//! | `cable`, [`pty`], `pipe`, [`outlet`], [`link`] | the cable: master end of a PTY, or a pipe where there are none; pulling it |
//! | [`wire`], [`transmit`], [`timing`], [`rail`] | rates and garbling, pace, time limits, power and CEN |
//! | [`board`] | life of a board |
//! | [`rom`], [`lboot`], [`maskrom`] | device side of the protocol: base and dialects |
//! | [`parser`], [`ring`] | how the silicon receives |
//! | [`nor`], `register` | the flash chip; its status registers where they are odd |
//! | `banner` | what boot loaders print on the flashing port |
//! | [`faults`], [`seed`] | what goes wrong on purpose, repeatably |
//! | [`factory`] | stock dumps and demo images out of thin air |
//! | [`plug`] | what OpenBeken does once a board starts it |
//! | [`control`], [`workbench`] | the line protocol for other programs, and what they may do |
//! | [`panel`] | the display |
//! | [`hello`] | what a plug says on its broker, from the flash that it holds |
//! | [`radio`] | the air: access points of plugs, and a radio that sees them |

mod banner;
pub mod bench;
pub mod board;
mod cable;
pub mod control;
pub(crate) mod drive;
mod end;
pub mod factory;
pub mod faults;
pub mod hand;
pub mod hello;
pub(crate) mod lboot;
pub(crate) mod link;
pub(crate) mod maskrom;
pub(crate) mod nor;
mod operator;
pub(crate) mod outlet;
pub mod panel;
pub mod parser;
mod pipe;
pub mod plug;
pub(crate) mod pty;
pub mod radio;
pub(crate) mod rail;
mod register;
pub(crate) mod ring;
pub(crate) mod rom;
pub(crate) mod saver;
pub mod seed;
pub(crate) mod timing;
pub(crate) mod transmit;
pub(crate) mod wire;
pub(crate) mod workbench;
