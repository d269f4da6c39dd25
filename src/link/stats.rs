//! What is counted on the line.

/// Counters of one session: the unit record's `uart`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkStats {
    /// The rate now, in bits per second.
    pub baud: u32,
    /// Bytes sent.
    pub tx_bytes: u64,
    /// Bytes received.
    pub rx_bytes: u64,
    /// Replies that never came, were damaged or answered something else.
    pub errors: u64,
    /// Times that bytes were lost because the computer did not take them in time; nothing where the port does not count.
    pub overruns: Option<u64>,
    /// Commands that were sent again, and rates that were given up.
    pub retries: u64,
}
