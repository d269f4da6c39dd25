//! The log of a command that runs: on standard error, filtered by `FLASHJIG_LOG`.

use tracing_subscriber::EnvFilter;

/// Begins logging; `usual` holds where `FLASHJIG_LOG` is not set, such as `info` or `warn`.
pub(super) fn begin(usual: &str) {
    let filter = EnvFilter::try_from_env("FLASHJIG_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .with_target(false)
        .try_init();
}
