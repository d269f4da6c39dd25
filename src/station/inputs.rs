//! What a slot hears of its jig: its button and its contact, with their times.

use crate::jig::{Edge, Input, Levels};
use crate::model::show::press::{Meaning, Press};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A board that was put in is left alone this long before it starts by its contact: the lid is still moving.
pub(crate) const SETTLE: Duration = Duration::from_millis(500);

/// What the jig tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JigInput {
    /// The button.
    Press(Meaning),
    /// A board was put in.
    Seated,
    /// It lies still since [`SETTLE`].
    Still,
    /// The board was taken out.
    Lifted,
}

/// The inputs of one slot.
pub(crate) struct JigInputs {
    edges: mpsc::Receiver<Edge>,
    /// What they are, each time that the jig was taken.
    found: mpsc::Receiver<Levels>,
    /// They are as they were found, and nobody was told yet.
    news: bool,
    press: Press,
    /// Whether a board is in, as far as a contact told.
    seated: Option<bool>,
    /// The jig has a contact, by its wiring; its word counts for starts and alarms.
    sensed: bool,
    /// The same moment by our clock and by the jig's.
    clock: Option<(Instant, Duration)>,
    /// When a board that was put in has settled.
    still: Option<Instant>,
}

impl JigInputs {
    /// Inputs that were so at the start; `found` tells what they are each time that the jig was taken later.
    pub(crate) fn new(edges: mpsc::Receiver<Edge>, levels: Levels, found: mpsc::Receiver<Levels>) -> Self {
        let press = Press::default();
        let mut ears = Self { edges, found, news: true, press, seated: None, sensed: false, clock: None, still: None };
        ears.set(levels);
        ears
    }

    fn set(&mut self, levels: Levels) {
        self.press = if levels.button { Press::stuck() } else { Press::default() };
        (self.seated, self.sensed) = (levels.contact, levels.contact.is_some());
        (self.clock, self.still, self.news) = (None, None, true);
    }

    /// Takes over what the inputs are where the jig was taken since; whether that is to be told, as it is at the start.
    pub(super) fn renew(&mut self) -> bool {
        while let Ok(levels) = self.found.try_recv() {
            self.set(levels);
        }
        std::mem::take(&mut self.news)
    }

    /// Whether a contact says that no board is in.
    pub(super) fn is_empty(&self) -> bool {
        self.sensed && self.seated == Some(false)
    }

    /// Whether the button is stuck.
    pub(super) fn is_stuck(&self) -> bool {
        self.press.is_stuck()
    }

    /// Whether the jig has a contact.
    pub(super) fn is_sensed(&self) -> bool {
        self.sensed
    }

    /// Waits for the next thing. `pairs`: a double press means something now. Nothing is lost when the wait is given
    /// up.
    pub(super) async fn next(&mut self, pairs: bool) -> JigInput {
        loop {
            let wake = self.press.wake().zip(self.clock).map(|(wake, (ours, jigs))| ours + wake.saturating_sub(jigs));
            tokio::select! {
                biased;
                Some(edge) = self.edges.recv() => if let Some(heard) = self.edge(edge, pairs) { return heard },
                () = until(self.still), if self.still.is_some() => {
                    self.still = None;
                    return JigInput::Still;
                }
                () = until(wake), if wake.is_some() => if let Some(meaning) = self.tick() {
                    return JigInput::Press(meaning);
                },
                else => std::future::pending().await,
            }
        }
    }

    fn edge(&mut self, edge: Edge, pairs: bool) -> Option<JigInput> {
        self.clock = Some((Instant::now(), edge.at));
        match edge.input {
            Input::Button => self.press.edge(edge.active, edge.at, pairs).map(JigInput::Press),
            Input::Contact => {
                self.seated = Some(edge.active);
                self.still = edge.active.then(|| Instant::now() + SETTLE);
                Some(if edge.active { JigInput::Seated } else { JigInput::Lifted })
            }
        }
    }

    fn tick(&mut self) -> Option<Meaning> {
        let (ours, jigs) = self.clock?;
        self.press.tick(jigs + ours.elapsed())
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::advance;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn ears(levels: Levels) -> (JigInputs, mpsc::Sender<Edge>) {
        let (send, edges) = mpsc::channel(8);
        (JigInputs::new(edges, levels, mpsc::channel(1).1), send)
    }

    async fn edge(to: &mpsc::Sender<Edge>, input: Input, active: bool, at: u64) {
        to.send(Edge { input, active, at: MS(at) }).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_press_is_heard_while_the_button_is_still_held() {
        let (mut ears, jig) = ears(Levels::default());
        edge(&jig, Input::Button, true, 70_000).await;
        let begun = Instant::now();
        assert_eq!(ears.next(false).await, JigInput::Press(Meaning::Long));
        assert_eq!(begun.elapsed(), MS(1000));
        assert_eq!(ears.next(false).await, JigInput::Press(Meaning::Stuck));
        assert_eq!(begun.elapsed(), MS(10_000));
        edge(&jig, Input::Button, false, 81_000).await;
        assert_eq!(ears.next(false).await, JigInput::Press(Meaning::Freed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_press_waits_for_a_second_one_only_where_that_means_something() {
        let (mut ears, jig) = ears(Levels::default());
        for pairs in [false, true] {
            edge(&jig, Input::Button, true, 1000).await;
            edge(&jig, Input::Button, false, 1100).await;
            let begun = Instant::now();
            assert_eq!(ears.next(pairs).await, JigInput::Press(Meaning::Short));
            assert_eq!(begun.elapsed(), if pairs { MS(400) } else { MS(0) });
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_board_is_still_when_its_contact_no_longer_moves() {
        let (mut ears, jig) = ears(Levels { button: false, contact: Some(false) });
        assert!(ears.is_empty() && ears.is_sensed());
        edge(&jig, Input::Contact, true, 1000).await;
        assert_eq!(ears.next(false).await, JigInput::Seated);
        advance(MS(400)).await;
        edge(&jig, Input::Contact, false, 1400).await;
        edge(&jig, Input::Contact, true, 1450).await;
        assert_eq!(ears.next(false).await, JigInput::Lifted);
        assert_eq!(ears.next(false).await, JigInput::Seated);
        let begun = Instant::now();
        assert_eq!(ears.next(false).await, JigInput::Still);
        assert_eq!(begun.elapsed(), SETTLE);
        assert!(!ears.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_button_that_was_held_at_the_begin_is_only_freed() {
        let (mut ears, jig) = ears(Levels { button: true, contact: None });
        edge(&jig, Input::Button, false, 5).await;
        assert_eq!(ears.next(false).await, JigInput::Press(Meaning::Freed));
        assert!(!ears.is_empty() && !ears.is_sensed());
    }

    #[tokio::test]
    async fn a_jig_that_is_taken_anew_has_the_inputs_that_it_is_found_with() {
        let ((_send, edges), (tell, found)) = (mpsc::channel(8), mpsc::channel(2));
        let mut ears = JigInputs::new(edges, Levels::default(), found);
        assert!(ears.renew() && !ears.renew(), "told once");
        tell.send(Levels { button: true, contact: Some(false) }).await.unwrap();
        assert!(ears.renew() && ears.is_stuck() && ears.is_empty());
        tell.send(Levels { button: false, contact: Some(true) }).await.unwrap();
        assert!(ears.renew() && !ears.is_stuck() && !ears.is_empty() && ears.is_sensed());
        assert!(!ears.renew());
    }
}
