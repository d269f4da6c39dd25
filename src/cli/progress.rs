//! One unit on a terminal: a bar where there is a terminal, plain lines where there is none.

use super::tint::tint;
use crate::model::cycle::fault::Fault;
use crate::model::cycle::stage::Stage;
use crate::model::cycle::verdict::Verdict;
use crate::model::openbeken::life::{Awaited, Way};
use crate::model::unit::event::Event;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Duration;

/// Printed before each unit that hands put in; `deploy/jig/README.md` says why.
const BEFORE: [&str; 3] = [
    "SAFETY    never a board that is on the mains; batteries out",
    "          big capacitor: below 10 V DC before you touch it (measure); else 10 k, 2 W across it, measure again",
    "          an adapter's TX, idle: 3.4 V at most (measure), or its jumper is at 5 V",
];

/// Tells of one unit on standard error.
pub(super) struct Progress {
    bar: Option<ProgressBar>,
    stage: Option<Stage>,
    /// The unit has a proof of life.
    alive: bool,
    /// The signs of it that were waited for last.
    signs: Vec<Way>,
}

fn line(text: &str) {
    super::out::warn(text);
}

impl Progress {
    /// A bar if standard error is a terminal.
    pub(super) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(1000), ProgressDrawTarget::stderr_with_hz(10));
            if let Ok(style) = ProgressStyle::with_template("{prefix:>9} [{wide_bar}] {percent:>3} %  {elapsed}  {msg}")
            {
                bar.set_style(style.progress_chars("=> "));
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { bar, stage: None, alive: false, signs: Vec::new() }
    }

    /// What must be known before hands are near a board: nobody reads the guide again for the fortieth.
    pub(super) fn warn(&self) {
        for text in BEFORE {
            self.say(text);
        }
    }

    /// A line above the bar.
    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => line(text),
        }
    }

    /// Takes one event of the unit's slot.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Entered { stage } => self.enter(*stage),
            Event::Progress { stage, done, total } => {
                if let Some(bar) = &self.bar {
                    bar.set_position(u64::from(stage.overall(*done, *total, self.alive)));
                    bar.set_message(format!("{} of {} KiB", done / 1024, total / 1024));
                }
            }
            Event::Found { board } => {
                let mac = board.mac.map(|mac| format!(", MAC {mac}")).unwrap_or_default();
                let module = board.module.as_ref().map(|module| format!(", {module}")).unwrap_or_default();
                let boot = board.bootloader.as_deref().unwrap_or("unknown boot loader");
                self.say(&format!("board     {} ({boot}), {} KiB{module}{mac}", board.chip, board.flash_size / 1024));
            }
            Event::Rate { baud } => self.say(&format!("rate      {baud} baud")),
            Event::Chosen { name, .. } => self.say(&format!("firmware  {name}")),
            Event::Kept { sha256 } => self.say(&format!("backup    {sha256}")),
            Event::Planned { erase, write, same } => self.say(&format!(
                "plan      erase {} KiB, write {} KiB, {} KiB are right already",
                erase / 1024,
                write / 1024,
                same / 1024
            )),
            Event::Retried { stage, message } => self.say(&format!("again     {stage}: {message}")),
            Event::Prompt { message } => self.say(&format!("NOW       {message}")),
            Event::Noticed { message } => self.say(&format!("LOOK      {message}")),
            Event::Already { already } => self.say(&format!(
                "already   OpenBeken {}: {}; nothing is written (--reflash converts it again)",
                already.version, already.proof
            )),
            Event::Doubted { doubts } => {
                for doubt in doubts {
                    self.say(&format!("doubt     {doubt}"));
                }
            }
            Event::Awaited { awaited } => self.awaited(awaited),
            Event::Stopping => self.say("stopping  at the next safe point"),
            _ => {}
        }
    }

    /// Says which signs of life are waited for: on the bar each second, as a line when another one was seen.
    fn awaited(&mut self, awaited: &Awaited) {
        self.alive = true;
        if self.stage != Some(Stage::Alive) {
            return;
        }
        match &self.bar {
            Some(bar) => {
                let done = awaited.of_s.saturating_sub(awaited.left_s);
                bar.set_position(u64::from(Stage::Alive.overall(done.into(), awaited.of_s.into(), true)));
                bar.set_message(format!("waits for {}, {} s left", awaited.words(), awaited.left_s));
            }
            None if awaited.signs != self.signs && !awaited.signs.is_empty() => {
                line(&format!("waits for {}, {} s left", awaited.words(), awaited.left_s));
            }
            None => {}
        }
        self.signs.clone_from(&awaited.signs);
    }

    fn enter(&mut self, stage: Stage) {
        self.stage = Some(stage);
        match &self.bar {
            Some(bar) => {
                bar.set_prefix(stage.name());
                bar.set_message("");
                bar.set_position(u64::from(stage.overall(0, 0, self.alive)));
            }
            None => line(&format!("stage     {stage}")),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// The last line.
    pub(super) fn end(&self, verdict: Verdict, fault: Option<&Fault>, seq: Option<u64>, ms: u64) {
        self.clear();
        let seq = seq.map_or_else(|| "not recorded".into(), |seq| format!("unit {seq}"));
        #[allow(clippy::cast_precision_loss, reason = "seconds for people")]
        let seconds = ms as f64 / 1000.0;
        let end = format!("{}      {seq}, {seconds:.1} s", verdict.name().to_uppercase());
        line(&tint(&end, console::colors_enabled_stderr()));
        if let Some(fault) = fault {
            line(&format!("{}       in stage {}: {}", fault.code, fault.stage, fault.message));
            line(&format!("          {}", fault.code.help()));
        }
    }
}

impl Drop for Progress {
    /// Whichever way it ends, no bar is left that says nothing any more.
    fn drop(&mut self) {
        self.clear();
    }
}
