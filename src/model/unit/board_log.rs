//! What a board says on its log UART (UART2: P0, 115200 8N1): the last lines, without what must not be told.
//!
//! Stock firmware and OpenBeken both may print the Wi-Fi's name and password. Three sieves, each enough for the usual
//! case: every credential that is known is masked in all its spellings; behind a word such as `ssid` or `password` the
//! rest of the line goes; so do long runs of letters and digits, which keys and tokens are. Until the flash was read its
//! credentials are not known: then only what the boot loader says is told.

use crate::model::chip;
use crate::model::openbeken::life::{BootLog, Heard};
use crate::model::openbeken::{Config, fields};
use crate::model::tuya::secret::Secret;
use crate::model::tuya::view::{Masks, Show};
use std::collections::VecDeque;

/// Lines that are kept.
const LINES: usize = 16;
/// Bytes of a line that are kept, so that no credential is cut in two before it is masked.
const RAW: usize = 512;
/// Characters of a line that are told.
const TOLD: usize = 120;
/// Letters and digits mixed, this many in a row, are a key or a token.
const RUN: usize = 16;
/// What stands for something that is not told.
const MASK: &str = "<redacted>";

/// Behind these words, in lower case, the rest of the line may be anything.
const WORDS: [&str; 12] =
    ["ssid", "pass", "pwd", "psk", "key", "token", "secret", "auth", "uuid", "user", "login", "client"];

/// How the lines of the boot loaders begin: version, registers, jump.
const BOOT: [&str; 5] = ["V:", "CPSR", "SPSR", "R0:", "J 0x"];

/// The log of one unit's board. Not `Debug`: it is not masked yet.
#[derive(Default)]
pub struct BoardLog {
    lines: VecDeque<Vec<u8>>,
    line: Vec<u8>,
    /// What tells of its firmware's start, once that is waited for.
    boot: BootLog,
}

impl BoardLog {
    /// Takes what the board said.
    pub fn hear(&mut self, bytes: &[u8]) {
        self.boot.hear(bytes);
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                _ if self.line.len() < RAW => self.line.push(*byte),
                _ => {}
            }
        }
    }

    /// The firmware is started now: what was said before tells nothing of that.
    pub fn starts(&mut self) {
        self.boot = BootLog::default();
    }

    /// What tells of its start.
    pub fn heard(&self) -> &Heard {
        self.boot.heard()
    }

    fn end_line(&mut self) {
        if self.line.is_empty() {
            return;
        }
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(std::mem::take(&mut self.line));
    }

    /// The last lines as they may be told; the oldest first.
    pub fn told(&self, sieve: &Sieve) -> Vec<String> {
        let mut open = false;
        let rest = (!self.line.is_empty()).then_some(&self.line);
        self.lines.iter().chain(rest).map(|line| sieve.line(line, &mut open)).filter(|line| !line.is_empty()).collect()
    }
}

/// What must not be told.
#[derive(Default)]
pub struct Sieve {
    masks: Masks,
    is_known: bool,
}

impl Sieve {
    /// For a board whose flash was `dumps`, one after the other; none: it was not read yet. `secrets` are those that
    /// it was given.
    pub fn new<'a>(dumps: impl IntoIterator<Item = &'a [u8]>, secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut sieve = Self::default();
        dumps.into_iter().for_each(|dump| sieve.know(dump));
        secrets.into_iter().for_each(|secret| sieve.hide(secret));
        sieve
    }

    /// The board's flash was this one, too: what it holds must not be told.
    pub fn know(&mut self, dump: &[u8]) {
        self.is_known = true;
        if let Ok(store) = crate::model::tuya::decode(dump) {
            self.masks.join(Masks::of(&store, Show::Safe));
        }
        let configs = chip::config_places();
        for own in configs.into_iter().filter_map(|at| Config::parse(dump.get(at as usize..)?).ok()) {
            for field in fields::ALL.iter().filter(|field| is_private(field)) {
                self.masks.add(&own.secret(*field));
            }
        }
    }

    /// One more that it was given.
    pub fn hide(&mut self, secret: &Secret) {
        self.masks.add(secret);
    }

    /// `open`: the line before ended with a word behind which anything may come.
    fn line(&self, bytes: &[u8], open: &mut bool) -> String {
        let text: String =
            bytes.iter().map(|byte| if (0x20..0x7F).contains(byte) { char::from(*byte) } else { '.' }).collect();
        let text = text.trim();
        if !self.is_known && !BOOT.iter().any(|head| text.starts_with(head)) {
            return String::new();
        }
        let before = std::mem::take(open);
        // a name may have letters beyond ASCII
        let raw = String::from_utf8_lossy(bytes);
        if before || self.masks.are_in(text) || self.masks.are_in(&raw) {
            return MASK.to_owned();
        }
        let lower = text.to_ascii_lowercase();
        let cut = WORDS.iter().filter_map(|word| Some(lower.find(word)? + word.len())).min();
        let mut told = without_runs(cut.and_then(|cut| text.get(..cut)).unwrap_or(text));
        told.truncate(TOLD);
        if let Some(cut) = cut {
            let rest = text.get(cut..).unwrap_or_default().trim_start_matches(char::is_alphanumeric);
            *open = !rest.contains(char::is_alphanumeric);
            told.push_str(MASK);
        }
        told
    }
}

/// Fields of a configuration that name its owner's network or accounts.
fn is_private(field: &fields::Field) -> bool {
    field.kind == fields::Kind::Secret
        || [fields::WIFI_SSID, fields::WIFI_SSID2, fields::MQTT_USER].iter().any(|private| private.at == field.at)
}

fn without_runs(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '_' | '-');
    let mut told = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find(is_part) {
        let (before, from) = rest.split_at(begin);
        let (run, after) = from.split_at(from.find(|c| !is_part(c)).unwrap_or(from.len()));
        let mixed = run.contains(|c: char| c.is_ascii_digit()) && run.contains(|c: char| c.is_ascii_alphabetic());
        told.push_str(before);
        told.push_str(if mixed && run.len() >= RUN { MASK } else { run });
        rest = after;
    }
    told.push_str(rest);
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::chip::Chip;
    use crate::model::chip::mac::Mac;
    use crate::model::tuya::encode::{self, Spec};
    use proptest::prelude::*;

    fn log(text: &str) -> BoardLog {
        let mut log = BoardLog::default();
        log.hear(text.as_bytes());
        log
    }

    fn told(text: &str) -> Vec<String> {
        log(text).told(&Sieve::new([&[][..]], []))
    }

    #[test]
    fn the_last_lines_are_kept_and_cut() {
        let text: Vec<String> = (0..40).map(|n| format!("line {n}\r\n")).collect();
        let lines = told(&text.concat());
        assert_eq!((lines.len(), lines[0].as_str(), lines[15].as_str()), (16, "line 24", "line 39"));
        assert_eq!(told(&"a ".repeat(5000))[0].len(), TOLD);
        assert_eq!(told("half a line"), ["half a line"], "a board that dies does not end its line");
        assert_eq!(told("\x1b[0mreset \u{fffd}\n"), [".[0mreset ..."]);
    }

    #[test]
    fn what_follows_a_telling_word_is_not_told() {
        assert_eq!(told("Info:MAIN:Using SSID [my home]\n"), ["Info:MAIN:Using SSID<redacted>"]);
        assert_eq!(told("{\"wifi\":1,\"passwd\":\"x y\"}\n"), ["{\"wifi\":1,\"pass<redacted>"]);
        assert_eq!(told("password:\nhunter2\nnext\n"), ["pass<redacted>", "<redacted>", "next"]);
        assert_eq!(told("join 3fA9c0d17b2e44aa ok\n"), ["join <redacted> ok"]);
        assert_eq!(told("V:BK7231S_1.0.5\n"), ["V:BK7231S_1.0.5"]);
    }

    #[test]
    fn credentials_of_the_flash_and_of_the_recipe_are_masked() {
        let at = encode::store(&Spec {
            entries: vec![("gw_wsm".into(), r#"{"ssid":"aG9tZS1uZXQ=","passwd":"hunter2"}"#.into())],
            ..Spec::default()
        });
        let mut dump = vec![0xFF; 0x20_0000];
        let place = Chip::Bk7231T.facts().store.unwrap().start as usize;
        let store = at.unwrap();
        dump[place..place + store.len()].copy_from_slice(&store);
        let given = Secret::new(*b"broker-pw");
        let name = Secret::new("B\u{fc}ro".as_bytes());
        let sieve = Sieve::new([&dump[..]], [&given, &name]);
        let lines = log("joined home-net\nsent hunter2\nmqtt broker-pw\nin B\u{fc}ro\nall well\n").told(&sieve);
        assert_eq!(lines, [MASK, MASK, MASK, MASK, "all well"]);

        let mut own = Config::defaults(Chip::Bk7231T, Mac([2, 0, 0, 0, 0, 1])).unwrap();
        own.set_text(fields::WIFI_SSID, b"attic").unwrap();
        let mut dump = vec![0xFF; 0x20_0000];
        let place = Chip::Bk7231T.facts().config_at as usize;
        dump[place..place + 0x1000].copy_from_slice(&own.sector());
        assert_eq!(log("joined attic\n").told(&Sieve::new([&dump[..]], [])), [MASK]);
    }

    #[test]
    fn before_the_flash_is_known_only_the_boot_loader_is_heard() {
        let sieve = Sieve::new([], []);
        let lines = log("V:BK7231S_1.0.5\nCPSR:000000D3\nJ 0x10000\njoined home\n").told(&sieve);
        assert_eq!(lines, ["V:BK7231S_1.0.5", "CPSR:000000D3", "J 0x10000"]);
    }

    #[test]
    fn a_short_name_of_a_network_is_masked_where_it_is_a_word() {
        let given = Secret::new(*b"ab1");
        let lines = log("joined ab1\n[ab1]\nslab12 ok\n").told(&Sieve::new([&[][..]], [&given]));
        assert_eq!(lines, [MASK, MASK, "slab12 ok"]);
    }

    proptest! {
        #[test]
        fn a_known_secret_is_never_told(secret in "[ -~]{4,64}", around in "[ -~]{0,80}", noise in any::<Vec<u8>>()) {
            let mut log = BoardLog::default();
            log.hear(format!("{around}{secret}{around}\n").as_bytes());
            log.hear(&noise);
            let given = Secret::new(secret.trim().as_bytes());
            prop_assume!(given.len() >= 4 && !MASK.contains(secret.trim()));
            let sieve = Sieve::new([&[][..]], [&given]);
            prop_assert!(log.told(&sieve).iter().all(|line| !line.contains(secret.trim())));
        }
    }
}
