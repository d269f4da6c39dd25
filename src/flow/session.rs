//! The session with the chip, and what the unit has learned from its earlier ones.

use super::stage_error::StageError;
use crate::link::{self, ChipLink, LinkError};
use crate::model::cycle::fault::FaultCode;
use crate::model::unit::Uart;

/// So many losses on the way to the lowest rate are no accident.
const UNMADE: u32 = 2;

/// Whether sectors may be written in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Not tried on this board.
    #[default]
    Untried,
    /// The first ones came through.
    Proven,
    /// It failed once, and is left for the rest of the unit.
    Left,
}

/// The way to the chip.
pub(super) struct Session {
    /// The session in hand, while there is one.
    pub(super) link: Option<ChipLink>,
    /// Counts of sessions that are over.
    pub(super) uart: Uart,
    /// Rates still to be tried, fastest first; one that let the link down is not tried again in this unit.
    pub(super) ladder: Vec<u32>,
    /// The evidence contradicted itself before.
    suspected: bool,
    /// Times that the link was lost on the way to the lowest rate.
    unmade: u32,
    /// A session was made before: the next one begins with a power cycle.
    pub(super) linked: bool,
    /// The session in hand follows another one of this unit.
    pub(super) relinked: bool,
    /// How it is written.
    pub(super) order: Order,
}

impl Session {
    pub(super) fn new(max_baud: u32) -> Self {
        let ladder = link::ladder(max_baud);
        Self {
            link: None,
            uart: Uart::default(),
            ladder,
            suspected: false,
            unmade: 0,
            linked: false,
            relinked: false,
            order: Order::default(),
        }
    }

    /// The session, or the fault that there is none.
    pub(super) fn link(&mut self) -> Result<&mut ChipLink, StageError> {
        self.link.as_mut().ok_or_else(|| StageError::lost(FaultCode::LinkLost, "there is no session with the chip"))
    }

    /// Ends the session and keeps its counts.
    pub(super) fn hang_up(&mut self) {
        let Some(link) = self.link.take() else { return };
        let stats = link.stats();
        self.uart.tx_bytes += stats.tx_bytes;
        self.uart.rx_bytes += stats.rx_bytes;
        self.uart.errors += stats.errors;
        if let Some(overruns) = stats.overruns {
            *self.uart.overruns.get_or_insert(0) += overruns;
        }
    }

    /// The rate in use damages data: the next link begins below it, as far as there is one that is not a reset's.
    pub(super) fn slow_down(&mut self) {
        if self.ladder.len() > link::LOWEST {
            self.ladder.remove(0);
        }
    }

    /// The link was lost on the way to a rate. Where that was the lowest one, twice, the adapter makes another one of it and does
    /// not say so: that of a reset is left. It was never proven in this unit, or it would be the last.
    pub(super) fn lost_on_the_way(&mut self, error: &LinkError) {
        match (error, self.ladder.as_slice()) {
            (LinkError::Lost { rate, .. }, [lowest, _]) if rate == lowest => {
                self.unmade += 1;
                if self.unmade == UNMADE {
                    self.ladder.remove(0);
                }
            }
            _ => self.slow_down(),
        }
    }

    /// What a loss says about the rate: damaged replies speak against it at once, contradicting evidence and a lost link
    /// when they come twice.
    pub(super) fn suspect(&mut self, code: FaultCode) {
        match code {
            FaultCode::BadReply | FaultCode::BackupUnsure => self.slow_down(),
            FaultCode::BadFlashId | FaultCode::UnknownChip | FaultCode::UnsupportedChip | FaultCode::LinkLost
                if self.suspected =>
            {
                self.slow_down();
            }
            FaultCode::BadFlashId | FaultCode::UnknownChip | FaultCode::UnsupportedChip | FaultCode::LinkLost => {
                self.suspected = true;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jig::{LineCounts, Port};
    use std::io;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::{Context, Poll};
    use tokio::io::{AsyncRead, AsyncWrite, Empty, ReadBuf, empty};

    /// A port on which nothing is heard, whose driver counts, or not.
    struct Counting(Empty, Option<Arc<AtomicU32>>);

    impl Port for Counting {
        fn set_baud(&mut self, _: u32) -> io::Result<()> {
            Ok(())
        }

        fn discard(&mut self) -> io::Result<()> {
            Ok(())
        }

        fn counts(&self) -> Option<LineCounts> {
            let overruns = self.1.as_ref()?.load(Ordering::SeqCst);
            Some(LineCounts { overruns, ..LineCounts::default() })
        }
    }

    impl AsyncRead for Counting {
        fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_read(cx, buf)
        }
    }

    impl AsyncWrite for Counting {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(cx, buf)
        }

        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_shutdown(cx)
        }
    }

    #[tokio::test]
    async fn losses_of_all_sessions_of_the_unit_are_told_and_none_from_before() {
        // close to where the driver's figure wraps round
        let driver = Arc::new(AtomicU32::new(u32::MAX - 1));
        let mut session = Session::new(921_600);
        for lost in [3, 0, 2] {
            session.link = Some(ChipLink::new(Box::new(Counting(empty(), Some(Arc::clone(&driver))))));
            driver.fetch_add(lost, Ordering::SeqCst);
            session.hang_up();
            // another program's
            driver.fetch_add(40, Ordering::SeqCst);
        }
        assert_eq!(session.uart.overruns, Some(5));
    }

    #[tokio::test]
    async fn a_port_that_does_not_count_leaves_the_losses_unknown() {
        let mut session = Session::new(921_600);
        session.link = Some(ChipLink::new(Box::new(Counting(empty(), None))));
        session.hang_up();
        assert_eq!(session.uart.overruns, None);
    }

    #[test]
    fn an_adapter_that_makes_another_rate_of_the_lowest_without_a_word_gets_that_of_a_reset() {
        let mut session = Session::new(460_800);
        let lost = |rate| LinkError::Lost { doing: "the change".into(), rate };
        session.lost_on_the_way(&lost(460_800));
        session.lost_on_the_way(&lost(100_000));
        assert_eq!(session.ladder, [100_000, 115_200], "once is no proof");
        session.lost_on_the_way(&lost(100_000));
        assert_eq!(session.ladder, [115_200]);
        session.lost_on_the_way(&lost(115_200));
        assert_eq!(session.ladder, [115_200]);
    }

    #[test]
    fn a_rate_that_damages_data_is_left_but_never_for_the_rate_of_a_reset() {
        let mut session = Session::new(921_600);
        for _ in 0..8 {
            session.slow_down();
        }
        // the second one is for adapters that can't make the first
        assert_eq!(session.ladder, [100_000, 115_200]);
    }
}
