//! Texts cut to the room they have.

use crate::model::unit::snapshot::Station;
use jiff::Timestamp;

/// The text, or its beginning and two dots; a bare beginning where dots would eat most of it.
pub(super) fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.into();
    }
    if room < 5 {
        return text.chars().take(room).collect();
    }
    let kept: String = text.chars().take(room - 2).collect();
    kept.trim_end().to_owned() + ".."
}

/// The text, or two dots and its end.
pub(super) fn tail(text: &str, room: usize) -> String {
    let long = text.chars().count();
    if long <= room {
        return text.into();
    }
    "..".to_owned() + &text.chars().skip(long - room.saturating_sub(2)).collect::<String>()
}

/// The text in lines of at most `room` letters, broken between words, at most `lines` of them.
pub(super) fn wrap(text: &str, room: usize, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match done.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => done.push(word.into()),
        }
    }
    if done.len() > lines {
        // What is too much stays on the last line, where it is cut: the dots tell that there is more.
        let rest = done.split_off(lines.saturating_sub(1)).join(" ");
        done.push(rest);
    }
    done.iter().map(|line| cut(line, room)).collect()
}

/// Longest headline of a prompt, letters: "RESET THE BOARD".
const HEADLINE: usize = 15;

/// What the operator must do now, as a headline and the rest: a prompt begins with a short order and a colon.
pub(super) fn order(prompt: &str) -> (String, &str) {
    match prompt.split_once(": ") {
        Some((order, how)) if order.chars().count() <= HEADLINE => (order.to_uppercase(), how),
        _ => ("DO THIS NOW".into(), prompt),
    }
}

/// Minutes and seconds since `started`: `1:07`. The wall clock of a Pi may jump when the network comes, so nothing
/// below zero or above `99:59` is shown.
pub(super) fn elapsed(started: Option<Timestamp>, now: Timestamp) -> String {
    let seconds = started.map_or(0, |from| now.as_second() - from.as_second()).clamp(0, 99 * 60 + 59);
    minutes(seconds.unsigned_abs())
}

/// How long a unit took: `23.4 s`, or `1:07` from a minute on.
pub(super) fn duration(ms: u64) -> String {
    if ms < 59_950 {
        let tenths = (ms + 50) / 100;
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        minutes(((ms + 500) / 1000).min(99 * 60 + 59))
    }
}

fn minutes(seconds: u64) -> String {
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Where the page is, without what everybody knows: `192.168.1.20:8080`. One that only the station itself reaches tells
/// nobody anything: its name stands there then.
pub(super) fn address(station: &Station) -> &str {
    reachable(station).unwrap_or(&station.name)
}

/// That address, where others can type it.
pub(super) fn reachable(station: &Station) -> Option<&str> {
    let page = station.page.as_deref().map(|page| page.trim_start_matches("http://").trim_end_matches('/'));
    let is_ours_alone = |page: &&str| ["127.", "[::1]", "localhost"].iter().any(|own| page.starts_with(own));
    page.filter(|page| !is_ours_alone(page))
}

/// A word with a capital.
pub(super) fn title(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_can_type_is_told_and_no_other() {
        let of = |page: Option<&str>| {
            let (name, version) = ("bench-1".into(), "0".into());
            let started = Timestamp::UNIX_EPOCH;
            address(&Station { name, version, started, page: page.map(str::to_owned) }).to_owned()
        };
        assert_eq!(of(Some("http://192.168.1.20:8080/")), "192.168.1.20:8080");
        assert_eq!(of(Some("http://jig.local:8080/")), "jig.local:8080");
        for page in [None, Some("http://127.0.0.1:8080/"), Some("http://[::1]:8080/")] {
            assert_eq!(of(page), "bench-1", "{page:?}");
        }
    }

    #[test]
    fn long_texts_end_in_dots_and_never_pass_the_edge() {
        assert_eq!(cut("WB2S", 8), "WB2S");
        assert_eq!(cut("front left", 8), "front..");
        assert_eq!(cut("front left", 3), "fro");
        assert_eq!(
            wrap("the serial port is gone: check the cable", 21, 3),
            ["the serial port is", "gone: check the cable"]
        );
        assert_eq!(wrap("one two three four five six seven", 9, 2), ["one two", "three f.."]);
        assert_eq!(wrap("/dev/serial/by-path/platform-usb-0:1.2", 12, 1), ["/dev/seria.."]);
    }

    #[test]
    fn a_prompt_begins_with_an_order() {
        assert_eq!(order("reset the board: touch CEN"), ("RESET THE BOARD".into(), "touch CEN"));
        assert_eq!(order("press: a, then b: c"), ("PRESS".into(), "a, then b: c"));
        assert_eq!(order("look into the lamp of the jig: red?").0, "DO THIS NOW");
        assert_eq!(order("wait"), ("DO THIS NOW".into(), "wait"));
    }

    #[test]
    fn times_read_as_people_say_them() {
        assert_eq!(duration(0), "0.0 s");
        assert_eq!(duration(23_449), "23.4 s");
        assert_eq!(duration(59_949), "59.9 s");
        assert_eq!(duration(59_950), "1:00");
        assert_eq!(duration(67_000), "1:07");
        assert_eq!(duration(u64::MAX - 500), "99:59");
        let start = Timestamp::from_second(1_000_000).ok();
        let at = |s: i64| Timestamp::from_second(1_000_000 + s).unwrap();
        assert_eq!(elapsed(start, at(67)), "1:07");
        assert_eq!(elapsed(start, at(-5)), "0:00");
        assert_eq!(elapsed(start, at(900_000)), "99:59");
    }
}
