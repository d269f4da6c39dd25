//! The faces, over handles made of channels and a real ledger: what the page's interface answers, to whom, and that
//! page, panel and state tell the same story.

#![allow(clippy::unwrap_used, clippy::cast_possible_wrap, reason = "a test")]

mod bench;
mod desk;
mod interface;
mod live;
mod panel;
mod security;
mod session;
