//! The faces, over handles made of channels and a real ledger: what the page's interface answers, to whom, and that
//! page, panel and state tell the same story.

mod bench;
mod desk;
mod interface;
mod live;
mod load;
mod panel;
mod rights;
mod security;
mod session;
