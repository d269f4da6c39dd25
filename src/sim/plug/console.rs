//! The commands that a plug takes over its interface: those that set it up.

use crate::model::openbeken::{Config, Role, fields};

/// Its answer: 200, 400 for words that it does not take, 501 for a command that it does not know.
pub(super) fn obey(config: &mut Config, line: &str) -> u16 {
    let line = line.trim();
    if let Some(rest) = strip(line, "backlog") {
        return rest.split(';').map(|part| obey(config, part)).max().unwrap_or(200);
    }
    let (command, words) = line.split_once(' ').unwrap_or((line, ""));
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut pins = config.pins();
    match (command.to_ascii_lowercase().as_str(), words.as_slice()) {
        ("cleario", _) => {
            config.set_pins(&std::collections::BTreeMap::new());
            200
        }
        ("lfs_format" | "stopdriver" | "startdriver" | "restart", _) => 200,
        ("startupcommand", _) => {
            let text = line.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map_or("", |(text, _)| text);
            set(config.set_text(fields::STARTUP, text.as_bytes()).is_ok())
        }
        ("flags", [number]) => match number.parse() {
            Ok(flags) => {
                config.set_flags(flags);
                200
            }
            Err(_) => 400,
        },
        ("setpinrole", [pin, role]) => match (pin.parse::<u8>(), Role::parse(role)) {
            (Ok(number), Some(role)) if number < 29 => {
                pins.entry(number).or_default().role = role;
                config.set_pins(&pins);
                200
            }
            _ => 400,
        },
        ("setpinchannel", [pin, channels @ ..]) if (1..=2).contains(&channels.len()) => {
            let channel = |at: usize| channels.get(at).map_or(Some(0), |word| word.parse::<u8>().ok());
            match (pin.parse::<u8>(), channel(0), channel(1)) {
                (Ok(number), Some(first), Some(second)) if number < 29 => {
                    let pin = pins.entry(number).or_default();
                    (pin.channel, pin.channel2) = (first, second);
                    config.set_pins(&pins);
                    200
                }
                _ => 400,
            }
        }
        ("flags" | "setpinrole" | "setpinchannel", _) => 400,
        _ => 501,
    }
}

fn set(is_done: bool) -> u16 {
    if is_done { 200 } else { 400 }
}

fn strip<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (first, rest) = line.split_once(' ')?;
    first.eq_ignore_ascii_case(word).then_some(rest)
}
