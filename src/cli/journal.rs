//! The log of a command that runs: on standard error, filtered by `FLASHJIG_LOG`.

use crate::face::tail::Tail;
use crate::station::AUDIT;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, fmt};

/// Begins logging; `usual` holds where `FLASHJIG_LOG` is not set, such as `info` or `warn`.
///
/// The tail holds the last lines of it.
pub(super) fn begin(usual: &str) -> Tail {
    let filter = EnvFilter::try_from_env("FLASHJIG_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let tail = Tail::default();
    let kept = tail.clone();
    let shown = fmt::layer().with_writer(std::io::stderr).with_ansi(colour).with_target(false);
    let last = fmt::layer().with_writer(move || kept.clone()).with_ansi(false).with_target(false);
    // everybody sees the tail on the page; who did what, and from where, is for who has the right
    let last = last.with_filter(filter_fn(|about| about.target() != AUDIT));
    _ = tracing_subscriber::registry().with(filter).with(shown).with(last).try_init();
    tail
}
