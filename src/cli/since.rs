//! The time that `--since` means.

use jiff::civil::Date;
use jiff::{Span, Timestamp, Zoned};

/// A moment (RFC 3339), the start of a date in the local zone, or a span before now such as `2h`, `3d`, `1w`.
pub(super) fn since(text: &str, now: &Zoned) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment);
    }
    // A date alone: jiff would also take a date with a time but without a zone, and drop the time.
    if text.len() == 10
        && let Ok(date) = text.parse::<Date>()
    {
        let begin = date.to_zoned(now.time_zone().clone());
        return begin.map(|begin| begin.timestamp()).map_err(|error| error.to_string());
    }
    let expected = || {
        format!(
            "expected a time such as 2026-11-03T08:00:00Z, a date such as 2026-11-03, or a span such as 2h or 3d, \
             found {text:?}"
        )
    };
    let span: Span = text.parse().map_err(|_| expected())?;
    let then = now.checked_sub(span.abs()).map_err(|_| expected())?;
    Ok(then.timestamp())
}

#[cfg(test)]
mod tests {
    use super::since;
    use jiff::civil::datetime;
    use jiff::tz::TimeZone;

    fn at(text: &str) -> Result<String, String> {
        // the day after Berlin's clocks went back
        let berlin = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
        let now = datetime(2026, 10, 26, 12, 0, 0, 0).to_zoned(berlin).unwrap();
        since(text, &now).map(|time| time.to_string())
    }

    #[test]
    fn a_moment_a_date_and_a_span_are_understood() {
        assert_eq!(at("2026-10-20T08:00:00Z").unwrap(), "2026-10-20T08:00:00Z");
        assert_eq!(at("2026-10-20T08:00:00+02:00").unwrap(), "2026-10-20T06:00:00Z");
        assert_eq!(at("2026-10-20").unwrap(), "2026-10-19T22:00:00Z", "midnight of the local zone");
        assert_eq!(at("2h").unwrap(), "2026-10-26T09:00:00Z");
        assert_eq!(at("90m").unwrap(), "2026-10-26T09:30:00Z");
        assert_eq!(at("1d").unwrap(), "2026-10-25T11:00:00Z", "noon to noon");
        assert_eq!(at("3d").unwrap(), "2026-10-23T10:00:00Z", "three days of the calendar, one of 25 hours");
    }

    #[test]
    fn anything_else_says_what_is_expected() {
        for text in ["", "yesterday", "2026-13-01", "3", "2026-10-20T08:00", "99999999999d"] {
            assert!(at(text).unwrap_err().contains("a span such as 2h or 3d"), "{text}");
        }
    }
}
