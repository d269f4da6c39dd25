//! Firmware, and what else a file or a flash may hold.
//!
//! | file | what |
//! |---|---|
//! | [`image`] | a file of firmware: what it is for, what it can drive, which one is taken |
//! | [`rbl`] | the container of updates and of the application |
//! | [`fal`] | the table of partitions |
//! | [`content`] | whose flash it is: the vendor's, OpenBeken's, another's |
//! | [`maker`] | what a maker's boot loader that stays must be, and what it must not be about to do |
//! | [`approval`] | who answers for a file |
//! | [`publisher`] | the key of a publisher, whose signature answers for a file |

pub mod approval;
pub mod content;
pub mod fal;
pub mod image;
pub mod maker;
pub mod publisher;
pub mod rbl;
