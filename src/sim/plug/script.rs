//! What a firmware says and does after its start, and when. Order and texts are those of OpenBeken; the times are a plug's.

use super::firmware::Firmware;
use super::home::Home;
use crate::model::openbeken::drivers::needed;
use crate::model::openbeken::{Template, fields};
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);
/// It joins its network so long after its start.
const JOINS: Duration = Duration::from_secs(5);
/// The network takes so long to let it in.
const JOIN: Duration = Duration::from_millis(1500);

/// What happens at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// It says a line.
    Say(String),
    /// It writes its configuration.
    Save,
    /// It counts its start as a good one.
    Good,
    /// It is in the network.
    Joined,
    /// Its own access point is open.
    Opened,
    /// It starts anew.
    Restart,
}

/// How a plug finds its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reception {
    /// It is configured for none: it opens its own.
    Own,
    /// There is none of that name.
    Nothing,
    /// The password is wrong.
    Refused,
    /// It is let in.
    Joins,
}

/// How this firmware finds this network.
pub(super) fn reception(firmware: &Firmware, home: &Home) -> Reception {
    let config = &firmware.config;
    match config.text(fields::WIFI_SSID).unwrap_or_default() {
        "" => Reception::Own,
        ssid if ssid != home.ssid => Reception::Nothing,
        _ if config.secret(fields::WIFI_PASS).reveal() != home.password.as_bytes() => Reception::Refused,
        _ => Reception::Joins,
    }
}

/// What the boot loader says at a reset.
pub(super) fn loader(name: &str) -> Vec<String> {
    // Tuya's T calls itself S
    let platform = name.trim_start_matches("Open").replace("BK7231T", "BK7231S");
    vec![format!("V:{platform}_1.0.5"), "REG:cpsr     spsr     r13      r14".into(), "J 0x10000".into()]
}

/// All that a firmware does by itself after its start, in order; `crash`: it falls over in the middle of it.
pub(super) fn script(
    firmware: &Firmware,
    reception: Reception,
    safe: Option<u32>,
    crash: bool,
) -> Vec<(Duration, Deed)> {
    let mut at = Duration::ZERO;
    let mut script = Vec::new();
    let mut say = |text: String| {
        at += 5 * MS;
        script.push((at, Deed::Say(text)));
    };
    let main = |text: &str| format!("Info:MAIN:{text}");
    say("prvHeapInit-start addr:0x4150f8, size:110344".into());
    say("[Flash]id:0xeb6015".into());
    say(format!("{}, version {}", firmware.name, firmware.version));
    for text in ["Entering initLog()...", "Commands registered!", "initLog() done!"] {
        say(text.into());
    }
    if let Some(failures) = safe {
        say(format!("###### safe mode activated - boot failures {failures}"));
    }
    say(main("Main_Init_Before_Delay"));
    say(if firmware.configured {
        let changes = firmware.config.number(fields::CHANGE_COUNTER);
        format!("Warn:CFG:CFG_InitAndLoad: Correct config has been loaded with {changes} changes count.")
    } else {
        "Warn:CFG:CFG_InitAndLoad: Config crc or ident mismatch. Default config will be loaded.".into()
    });
    for text in ["Main_Init_Before_Delay done", "Main_Init_Delay", "Main_Init_Delay done", "Main_Init_After_Delay"] {
        say(main(text));
    }
    let config = &firmware.config;
    if reception != Reception::Own {
        say(main(&format!("Using SSID [{}]", config.text(fields::WIFI_SSID).unwrap_or_default())));
        say(main(&format!("Using Pass [{}]", String::from_utf8_lossy(config.secret(fields::WIFI_PASS).reveal()))));
    }
    let command = config.text(fields::STARTUP).unwrap_or_default().to_owned();
    for driver in needed(&Template { pins: config.pins(), command, ..Template::default() }) {
        say(main(&format!("Started {driver}.")));
    }
    say(main("Started http tcp server"));
    say(main("Main_Init_After_Delay done"));
    if !firmware.configured {
        script.push((at, Deed::Save));
    }
    if crash {
        script.push((at + 300 * MS, Deed::Restart));
        return script;
    }
    let mode = if safe.is_some() { "[SAFE] " } else { "" };
    for second in 1..=30_u32 {
        let line = format!(
            "{mode}Time {second}, idle 18{second:04}/s, free 74{second:03}, MQTT 0(0), bWifi 0, secondsWithNoPing -1, socks 2/38 "
        );
        script.push((Duration::from_secs(second.into()), Deed::Say(main(&line))));
    }
    script.push((JOINS + MS, Deed::Say(main("Boot complete time reached (5 seconds)"))));
    script.push((JOINS + MS, Deed::Good));
    let state = |text: &str| Deed::Say(main(&format!("Main_OnWiFiStatusChange - {text}")));
    script.extend(match (safe, reception) {
        (Some(_), _) | (None, Reception::Own) => {
            vec![
                (JOINS + 2 * MS, Deed::Say("set ip info: 192.168.4.1,255.255.255.0".into())),
                (JOINS + 3 * MS, Deed::Opened),
            ]
        }
        (None, Reception::Nothing) => vec![(JOINS + JOIN, state("WIFI_STA_DISCONNECTED - 3"))],
        (None, Reception::Refused) => vec![(JOINS + JOIN, state("WIFI_STA_AUTH_FAILED - 5"))],
        (None, Reception::Joins) => vec![
            (JOINS + 2 * MS, state("WIFI_STA_CONNECTING - 1")),
            (JOINS + JOIN, state("WIFI_STA_CONNECTED - 4")),
            (JOINS + JOIN, Deed::Joined),
        ],
    });
    script.sort_by_key(|(at, _)| *at);
    script
}
