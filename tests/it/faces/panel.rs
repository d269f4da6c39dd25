//! The panel follows the state, slowly enough for its bus, and never harms anybody.

use super::bench::Bench;
use flashjig::face::oled::{self, Ends};
use flashjig::jig::{Panel, PanelError};
use flashjig::model::cycle::stage::Stage;
use flashjig::model::cycle::verdict::Verdict;
use flashjig::model::show::screen::{Frame, Size, USUAL, ending, layout, paint};
use flashjig::model::unit::event::Event;
use flashjig::sim::panel::VirtualPanel;
use jiff::Timestamp;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Notes when it was shown what; fails the first `failures` times.
#[derive(Clone, Default)]
struct Log {
    dim: Arc<Mutex<bool>>,
    shown: Arc<Mutex<Vec<(Instant, Frame)>>>,
    failures: Arc<Mutex<u32>>,
}

impl Panel for Log {
    fn size(&self) -> Size {
        USUAL
    }

    fn dim(&mut self, dim: bool) {
        *self.dim.lock().unwrap() = dim;
    }

    fn show(&mut self, frame: &Frame) -> Result<(), PanelError> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            let text = |text: &str| text.to_owned();
            return Err(PanelError { panel: text("/dev/i2c-1"), what: text("no answer"), remedy: text("check it") });
        }
        self.shown.lock().unwrap().push((Instant::now(), frame.clone()));
        Ok(())
    }
}

#[tokio::test]
async fn the_virtual_panel_shows_the_state_and_goes_dark_at_the_end() {
    let bench = Bench::new();
    let panel = VirtualPanel::default();
    let mut shown = panel.watch();
    let stop = CancellationToken::new();
    let task =
        tokio::spawn(oled::run(bench.handle.clone(), Box::new(panel), Ends { stop: stop.clone(), ..Ends::default() }));
    bench.hub.finish("A", Verdict::Pass);
    let expected = paint(&layout(&bench.handle.snapshot(), USUAL, Timestamp::UNIX_EPOCH));
    shown.wait_for(|frame| *frame == expected).await.unwrap();
    stop.cancel();
    task.await.unwrap();
    assert_eq!(*shown.borrow(), Frame::new(USUAL));
}

#[tokio::test(start_paused = true)]
async fn at_most_ten_frames_a_second_and_only_new_ones() {
    let bench = Bench::new();
    let log = Log::default();
    let stop = CancellationToken::new();
    let task = tokio::spawn(oled::run(
        bench.handle.clone(),
        Box::new(log.clone()),
        Ends { stop: stop.clone(), ..Ends::default() },
    ));
    bench.hub.tell("A", Event::Started { recipe: "default".into() });
    for done in 0..400_u64 {
        bench.hub.tell("A", Event::Progress { stage: Stage::Backup, done, total: 400 });
        sleep(Duration::from_millis(5)).await;
    }
    let quiet = log.shown.lock().unwrap().len();
    // The same state again: nothing new to show but the clock of the unit, which is the wall's and stands still.
    bench.hub.tell("nobody", Event::Seated);
    sleep(Duration::from_millis(500)).await;
    stop.cancel();
    task.await.unwrap();
    let shown = log.shown.lock().unwrap();
    assert!((10..=22).contains(&quiet), "{quiet} frames in 2 s");
    for pair in shown[..quiet].windows(2) {
        assert!(pair[1].0 - pair[0].0 >= Duration::from_millis(100));
        assert_ne!(pair[0].1, pair[1].1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panel_that_does_not_answer_is_asked_again() {
    let bench = Bench::new();
    let log = Log::default();
    *log.failures.lock().unwrap() = 5;
    let stop = CancellationToken::new();
    let task = tokio::spawn(oled::run(
        bench.handle.clone(),
        Box::new(log.clone()),
        Ends { stop: stop.clone(), ..Ends::default() },
    ));
    let begin = Instant::now();
    while log.shown.lock().unwrap().is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(60), "it was given up");
        // News does not make it be asked sooner: a dead bus may take long to say so.
        bench.hub.finish("A", Verdict::Pass);
        bench.hub.finish("A", Verdict::Fail);
        sleep(Duration::from_millis(100)).await;
    }
    assert!(begin.elapsed() >= Duration::from_secs(20), "a dead panel is not asked all the time");
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn a_station_that_ends_says_so_until_it_has() {
    let bench = Bench::new();
    let panel = VirtualPanel::default();
    let mut shown = panel.watch();
    let ends = Ends::default();
    let task = tokio::spawn(oled::run(bench.handle.clone(), Box::new(panel), ends.clone()));
    bench.hub.tell("A", Event::Started { recipe: "default".into() });
    ends.ending.cancel();
    let expected = paint(&ending(USUAL));
    shown.wait_for(|frame| *frame == expected).await.unwrap();
    ends.stop.cancel();
    task.await.unwrap();
    assert_eq!(*shown.borrow(), Frame::new(USUAL));
}

#[tokio::test(start_paused = true)]
async fn an_idle_panel_moves_dims_and_sleeps_and_news_wake_it() {
    let bench = Bench::new();
    let log = Log::default();
    let stop = CancellationToken::new();
    let ends = Ends { stop: stop.clone(), ..Ends::default() };
    let task = tokio::spawn(oled::run(bench.handle.clone(), Box::new(log.clone()), ends));
    bench.hub.finish("A", Verdict::Pass);
    let last = || log.shown.lock().unwrap().last().unwrap().1.clone();
    sleep(Duration::from_secs(10)).await;
    let first = last();
    sleep(Duration::from_secs(90)).await;
    assert_eq!((last(), *log.dim.lock().unwrap()), (first.shifted((1, 0)), false));
    sleep(Duration::from_secs(300)).await;
    assert!(*log.dim.lock().unwrap() && last() != Frame::new(USUAL));
    sleep(Duration::from_secs(1800)).await;
    assert_eq!(last(), Frame::new(USUAL));
    bench.hub.tell("A", Event::Seated);
    sleep(Duration::from_secs(1)).await;
    assert!(!*log.dim.lock().unwrap() && last() != Frame::new(USUAL));
    stop.cancel();
    task.await.unwrap();
}
