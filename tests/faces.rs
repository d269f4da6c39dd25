//! The faces, over handles made of channels and a real ledger: what the page's interface answers, to whom, and that
//! page, panel and state tell the same story.

#![allow(clippy::unwrap_used, clippy::cast_possible_wrap, reason = "a test")]

#[path = "faces/bench.rs"]
mod bench;
#[path = "faces/desk.rs"]
mod desk;
#[path = "faces/interface.rs"]
mod interface;
#[path = "faces/live.rs"]
mod live;
#[path = "faces/panel.rs"]
mod panel;
#[path = "faces/security.rs"]
mod security;
#[path = "faces/session.rs"]
mod session;
