//! What the words of the control socket do: to the lines, to the board, to its cable.

use super::board::BoardSpec;
use super::faults::Fault;
use super::hand::Hand;
use super::outlet::Outlet;
use super::saver::Saver;
use crate::jig::{Drive, Line};
use crate::model::chip::Chip;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The words, for help and for who says another one.
pub(crate) const WORDS: &str = "`power on|off`, `cen low|high`, `park on|off`, `status`, `save FILE`, `fault ...`, `dip MS`, `reset`, \
                         `lift`, `insert CHIP FILE`, `tray FILE`, `pull` or `plug`";

/// What an order came to: more words behind `ok`, or why not.
type Answer = Result<String, String>;

/// A virtual bench as other programs see it.
pub struct Workbench {
    hand: Arc<Hand>,
    outlet: Outlet,
    saver: Saver,
    /// The flash of the board that was lifted out last.
    tray: Mutex<Option<Vec<u8>>>,
}

impl Workbench {
    /// Over a nest and its port.
    pub fn new(hand: Arc<Hand>, outlet: Outlet, saver: Saver) -> Self {
        Self { hand, outlet, saver, tray: Mutex::default() }
    }

    /// Does what a line says and gives the answer.
    pub fn obey(&self, line: &str) -> String {
        match self.act(line) {
            Ok(more) if more.is_empty() => "ok".to_owned(),
            Ok(more) => format!("ok {more}"),
            Err(why) => format!("error {why}"),
        }
    }

    fn act(&self, line: &str) -> Answer {
        let (verb, rest) = line.split_once(' ').map_or((line, ""), |(verb, rest)| (verb, rest.trim()));
        match (verb, rest) {
            ("power", "on") => Ok(self.set(Line::Power, true)),
            ("power", "off") => Ok(self.set(Line::Power, false)),
            ("cen", "low") => Ok(self.set(Line::Reset, true)),
            ("cen", "high") => Ok(self.set(Line::Reset, false)),
            ("park", "on") => Ok(self.set(Line::Park, true)),
            ("park", "off") => Ok(self.set(Line::Park, false)),
            ("status", "") => {
                let stats = self.hand.stats().ok_or_else(empty)?;
                serde_json::to_string(&stats).map_err(|error| error.to_string())
            }
            ("save", file) if !file.is_empty() => self.save(file, &self.hand.flash().ok_or_else(empty)?),
            ("fault", words) => self.fault(words),
            ("dip", ms) => {
                let ms = ms.parse().map_err(|_| format!("expected milliseconds, found `{}`", ms.escape_default()))?;
                seated(self.hand.dip(Duration::from_millis(ms)))
            }
            ("reset", "") => seated(self.hand.touch_reset()),
            ("lift", "") => Ok(self.keep(Some(self.hand.take().ok_or_else(empty)?))),
            ("insert", words) => self.insert(words),
            ("tray", file) if !file.is_empty() => {
                let tray = self.tray.lock().unwrap_or_else(PoisonError::into_inner);
                self.save(file, tray.as_deref().ok_or("no board was lifted out yet")?)
            }
            ("pull", "") => {
                self.outlet.pull();
                self.hand.nudge();
                Ok(String::new())
            }
            ("plug", "") => {
                let path = self.outlet.plug().map_err(|error| error.to_string())?;
                self.hand.nudge();
                Ok(path.display().to_string())
            }
            _ => Err(format!("expected {WORDS}, found `{}`", line.escape_default())),
        }
    }

    fn set(&self, line: Line, on: bool) -> String {
        self.hand.set(line, if on { Drive::Asserted } else { Drive::Released });
        String::new()
    }

    fn save(&self, file: &str, flash: &[u8]) -> Answer {
        self.saver.save(Path::new(file), flash).map(|()| String::new()).map_err(|error| format!("{file}: {error}"))
    }

    fn keep(&self, lifted: Option<Vec<u8>>) -> String {
        if let Some(flash) = lifted {
            *self.tray.lock().unwrap_or_else(PoisonError::into_inner) = Some(flash);
        }
        String::new()
    }

    /// A board from a dump takes the place of the one that is in, which goes on the tray.
    fn insert(&self, words: &str) -> Answer {
        let (chip, file) = words.split_once(' ').ok_or("expected a chip and a file, as in `insert n dump.bin`")?;
        let chip = Chip::parse(chip).ok_or_else(|| format!("no chip is named `{}`", chip.escape_default()))?;
        let flash = std::fs::read(file.trim()).map_err(|error| format!("{file}: {error}"))?;
        self.saver.protect(Path::new(file.trim()));
        Ok(self.keep(self.hand.exchange(BoardSpec::new(chip, flash))))
    }

    /// A fault; a number of a byte with `+` counts from the byte that comes next.
    fn fault(&self, words: &str) -> Answer {
        let (rx, tx) = self.hand.bytes();
        let received = self.hand.glance().map(|(_, _, counts)| counts.received).ok_or_else(empty)?;
        let from = match words.split_whitespace().nth(1) {
            Some("rx") => rx,
            Some("tx") => tx,
            _ => received,
        };
        let absolute = |word: &str| match word.strip_prefix('+').and_then(|number| number.parse::<u64>().ok()) {
            Some(number) => from.saturating_add(number).to_string(),
            None => word.to_owned(),
        };
        let words = words.split_whitespace().map(absolute).collect::<Vec<_>>().join(" ");
        seated(self.hand.add_fault(words.parse::<Fault>()?))
    }
}

fn empty() -> String {
    "no board is in the nest".to_owned()
}

fn seated(found: bool) -> Answer {
    if found { Ok(String::new()) } else { Err(empty()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::bench::{NestSpec, outlet_nest};
    use serde_json::Value;

    fn bench() -> Workbench {
        let outlet = Outlet::default();
        let nest = outlet_nest(NestSpec::default(), &outlet).unwrap();
        Workbench::new(Arc::new(nest.hand), outlet, Saver::default())
    }

    fn status(bench: &Workbench) -> Value {
        serde_json::from_str(bench.obey("status").strip_prefix("ok ").unwrap()).unwrap()
    }

    #[test]
    fn the_lines_and_the_status_are_reached_by_words() {
        let bench = bench();
        assert!(bench.obey("status").starts_with("error"));
        assert!(bench.obey("reset").starts_with("error") && bench.obey("fault reset 3").starts_with("error"));
        bench.hand.insert(BoardSpec::new(Chip::Bk7231N, vec![0; 0x1000]));
        assert_eq!(bench.obey("power on"), "ok");
        assert_eq!(bench.obey("cen high"), "ok");
        let json = status(&bench);
        assert_eq!((&json["powered"], &json["cen"]), (&true.into(), &"high".into()));
        assert_eq!((&json["erases"], &json["boot_intact"]), (&0.into(), &true.into()));
        for wrong in ["power up", "dip", "dip soon", "insert", "insert x y", "tray", "fly"] {
            assert!(bench.obey(wrong).starts_with("error"), "{wrong}");
        }
        assert_eq!(bench.obey("fault stuck 0x20000"), "ok");
        assert_eq!(bench.obey("fault flip tx +100 0x10"), "ok");
    }

    #[test]
    fn a_board_that_is_exchanged_lies_on_the_tray_and_its_dump_is_never_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        for (name, byte) in [("one", 1), ("two", 2)] {
            std::fs::write(path(name), vec![byte; 0x1000]).unwrap();
        }
        let bench = bench();
        assert!(bench.obey(&format!("tray {}", path("out"))).starts_with("error"));
        assert_eq!(bench.obey(&format!("insert t {}", path("one"))), "ok");
        assert_eq!(bench.obey(&format!("insert n {}", path("two"))), "ok");
        assert_eq!(bench.obey(&format!("tray {}", path("out"))), "ok");
        assert_eq!(std::fs::read(path("out")).unwrap(), [1; 0x1000]);
        assert_eq!(status(&bench)["chip"], "BK7231N");
        assert!(bench.obey(&format!("tray {}", path("one"))).starts_with("error"));
        assert_eq!(bench.obey("lift"), "ok");
        assert_eq!(bench.obey(&format!("tray {}", path("out"))), "ok");
        assert_eq!(std::fs::read(path("out")).unwrap(), [2; 0x1000]);
        assert!(bench.obey("lift").starts_with("error"));
    }

    #[test]
    fn a_supply_that_fails_and_a_touch_of_cen_reset_the_board() {
        let bench = bench();
        bench.hand.insert(BoardSpec::new(Chip::Bk7231N, vec![0; 0x1000]));
        assert_eq!((bench.obey("power on"), bench.obey("cen high")), ("ok".into(), "ok".into()));
        while status(&bench)["resets"] != 1 {}
        assert_eq!(bench.obey("reset"), "ok");
        assert_eq!(status(&bench)["resets"], 2);
        assert_eq!(bench.obey("dip 1"), "ok");
        while status(&bench)["resets"] != 3 {}
    }

    #[test]
    fn the_port_can_be_pulled_and_put_back() {
        let bench = bench();
        assert_eq!(bench.obey("pull"), "ok");
        let path = bench.obey("plug");
        assert!(path.starts_with("ok /dev/pts/") && bench.obey("plug") == path, "{path}");
    }
}
