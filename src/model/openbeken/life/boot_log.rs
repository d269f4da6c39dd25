//! What a board says on its log line from the start of its firmware on, as far as it tells whether it lives.
//!
//! Substrings alone count, wherever they stand in a line: the SDK's own output interleaves with OpenBeken's. Nothing of a line
//! is kept but a version and names of drivers, so no network's name or password can be.

use std::collections::BTreeSet;

/// Bytes of a line that are looked at.
const LONGEST: usize = 512;
/// How the boot loaders of the family announce themselves, and their jump.
const LOADER: [&str; 3] = ["V:BK72", "BK7231n_", "BK7238_"];
/// The SDK's heap, once at each start of an application.
const APPLICATION: &str = "prvHeapInit";
/// In front of the version, behind the firmware's name.
const VERSION: &str = ", version ";
/// What the firmware of every chip of the family is called first.
const NAME: &str = "OpenBK";

/// What was heard since the firmware was started.
#[derive(Clone, Debug, Default)]
pub struct BootLog {
    line: Vec<u8>,
    heard: Heard,
}

/// The facts of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a line of its own that was heard or not")]
pub struct Heard {
    /// Lines in all, whatever they say.
    pub lines: u32,
    /// Times that the boot loader announced itself.
    pub loaders: u32,
    /// Times that an application began.
    pub applications: u32,
    /// What the firmware calls itself, such as `OpenBK7231T`.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// It took the configuration of its flash, at the last start.
    pub configured: bool,
    /// It found none that it could take, at any start, and has put its defaults there.
    pub defaults: bool,
    /// Drivers that it started, at the last start.
    pub drivers: BTreeSet<String>,
    /// It is through with its own start.
    pub ready: bool,
    /// Seconds that it counted since.
    pub seconds: u32,
    /// It counts this start as a good one.
    pub good: bool,
    /// It fell back to its safe mode.
    pub safe: bool,
    /// The Wi-Fi told it that the password is wrong, at the last start.
    pub wrong_password: bool,
    /// It joined the Wi-Fi, at the last start.
    pub joined: bool,
}

impl Heard {
    /// Starts beyond the first one.
    pub fn restarts(&self) -> u32 {
        self.loaders.max(self.applications).saturating_sub(1)
    }

    /// A start begins: what was true of the one before counts no more.
    fn starts_anew(&mut self) {
        let Self { lines, loaders, applications, defaults, safe, .. } = *self;
        *self = Self { lines, loaders, applications, defaults, safe, ..Self::default() };
    }
}

impl BootLog {
    /// Takes what the board said.
    pub fn hear(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'\n' | b'\r' => self.end_line(),
                _ if self.line.len() < LONGEST => self.line.push(*byte),
                _ => {}
            }
        }
    }

    /// What it said so far; a line that has not ended yet does not count.
    pub fn heard(&self) -> &Heard {
        &self.heard
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&line);
        let has = |text: &str| line.contains(text);
        let heard = &mut self.heard;
        heard.lines = heard.lines.saturating_add(1);
        if LOADER.iter().any(|loader| has(loader)) {
            heard.loaders += 1;
            heard.starts_anew();
        }
        if has(APPLICATION) {
            heard.applications += 1;
            heard.starts_anew();
        }
        if let Some((name, version)) = version(&line) {
            (heard.name, heard.version) = (Some(name), Some(version));
        }
        heard.configured |= has("Correct config has been loaded");
        heard.defaults |= has("Default config will be loaded");
        heard.drivers.extend(driver(&line));
        heard.ready |= has("Main_Init_After_Delay done");
        heard.seconds += u32::from(heard.ready && has("Time ") && has(", idle "));
        heard.good |= has("Boot complete time reached");
        heard.safe |= has("safe mode activated") || has("[SAFE] Time");
        heard.wrong_password |= has("WIFI_STA_AUTH_FAILED");
        heard.joined |= has("WIFI_STA_CONNECTED");
    }
}

/// The firmware's name and version, out of a line such as `OpenBK7231T, version 1.18.300`.
fn version(line: &str) -> Option<(String, String)> {
    let (before, after) = line.split_once(VERSION)?;
    let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().filter(|name| name.starts_with(NAME))?;
    let is_part = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let version: String = after.chars().take_while(is_part).take(40).collect();
    let version = version.trim_end_matches('.');
    (!version.is_empty()).then(|| (name.to_owned(), version.to_owned()))
}

/// The driver of a line such as `Started BL0937.`; `Started http tcp server` names none.
fn driver(line: &str) -> Option<String> {
    let (_, after) = line.split_once("Started ")?;
    let (name, _) = after.split_once('.')?;
    let is_name = (1..=24).contains(&name.len()) && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
    is_name.then(|| name.to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(in crate::model::openbeken::life) const GOOD: &str = "V:BK7231S_1.0.5\r\nREG:cpsr spsr\r\nJ 0x10000\r\nprvHeapInit-start addr:0x414850\r\n\
        [Flash]id:0xeb6015\r\nOpenBK7231T, version 1.18.300\r\nEntering initLog()...\r\ninitLog() done!\r\n\
        Info:MAIN:Main_Init_Before_Delay\r\nWarn:CFG:CFG_InitAndLoad: Correct config has been loaded with 3 changes count.\r\n\
        Info:MAIN:Main_Init_Before_Delay done\r\nInfo:MAIN:Main_Init_Delay\r\nInfo:MAIN:Main_Init_Delay done\r\n\
        Info:MAIN:Main_Init_After_Delay\r\nInfo:MAIN:Using SSID [attic]\r\nInfo:MAIN:Using Pass [correct horse]\r\n\
        Info:MAIN:Started BL0937.\r\nInfo:MAIN:Started http tcp server\r\nInfo:MAIN:Main_Init_After_Delay done\r\n\
        Info:MAIN:Time 1, idle 1/s, free 74216, MQTT 0(0), bWifi 0, secondsWithNoPing -1, socks 2/38\r\n";

    fn heard(text: &str) -> Heard {
        let mut log = BootLog::default();
        log.hear(text.as_bytes());
        log.heard().clone()
    }

    #[test]
    fn a_good_start_tells_version_configuration_driver_and_seconds() {
        let heard = heard(GOOD);
        assert_eq!((heard.name.as_deref(), heard.version.as_deref()), (Some("OpenBK7231T"), Some("1.18.300")));
        assert!(heard.configured && heard.ready && !heard.defaults && !heard.good && !heard.safe, "{heard:?}");
        assert_eq!((heard.restarts(), heard.seconds), (0, 1));
        assert_eq!(heard.drivers.into_iter().collect::<Vec<_>>(), ["BL0937"], "a server is no driver");
    }

    #[test]
    fn nothing_of_a_network_is_kept() {
        let kept = format!("{:?}", heard(GOOD));
        assert!(!kept.contains("attic") && !kept.contains("horse"), "{kept}");
    }

    #[test]
    fn each_start_counts_anew_but_defaults_and_safe_mode_stay() {
        let lost = "Warn:CFG:CFG_InitAndLoad: Config crc or ident mismatch. Default config will be loaded.\r\n";
        let again = heard(&format!("{GOOD}{lost}###### safe mode activated - boot failures 5\r\n{GOOD}"));
        assert_eq!((again.restarts(), again.seconds), (1, 1));
        assert!(again.defaults && again.safe && again.configured, "a second start takes the defaults for its own");
        let half = heard(&format!("{GOOD}V:BK7231S_1.0.5\r\n"));
        assert!(!half.ready && half.version.is_none() && half.restarts() == 1);
    }

    #[test]
    fn a_text_counts_wherever_it_stands_in_its_line_and_only_once_the_line_ends() {
        let mixed = "sta:rssi=-51,Info:MAIN:Main_Init_After_Delay done[cal]\n";
        assert!(heard(mixed).ready && !heard(mixed.trim_end()).ready);
        assert_eq!(heard("x\0OpenBK7231N, version 1.18.300_ALT.\n").version.as_deref(), Some("1.18.300_ALT"));
        assert_eq!(heard("lwIP, version 2.0\n").version, None);
    }

    #[test]
    fn the_texts_are_those_of_the_firmware() {
        let Some(file) = crate::testdata::read("firmware/OpenBK7231M_QIO_1.18.300.bin") else { return };
        // an M has no key: 32 bytes of code and two of a CRC, again and again
        let code: Vec<u8> =
            file[0x1_1000..].chunks(34).flat_map(|record| &record[..record.len().min(32)]).copied().collect();
        for text in [
            "%s, version %s",
            "Correct config has been loaded",
            "Default config will be loaded",
            "Started %s.",
            "Main_Init_After_Delay",
            "%sTime %i, idle ",
            "Boot complete time reached",
            "safe mode activated",
            "WIFI_STA_AUTH_FAILED",
            "WIFI_STA_CONNECTED",
        ] {
            assert!(code.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_are_heard_alike(noise in any::<Vec<u8>>(), cut in any::<prop::sample::Index>()) {
            let bytes = [noise.as_slice(), GOOD.as_bytes()].concat();
            let (mut whole, mut parts) = (BootLog::default(), BootLog::default());
            whole.hear(&bytes);
            let (a, b) = bytes.split_at(cut.index(bytes.len()));
            parts.hear(a);
            parts.hear(b);
            prop_assert_eq!(whole.heard(), parts.heard());
        }
    }
}
