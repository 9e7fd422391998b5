//! Durations as Flagger writes them, and times of RFC 3339.

use jiff::Timestamp;

/// Milliseconds of a duration in Go's notation: `500ms`, `30s`, `1h30m`.
#[must_use]
pub fn duration(text: &str) -> Option<u64> {
    let (mut rest, mut sum) = (text, 0.0);
    while !rest.is_empty() {
        let digits = rest.find(|char: char| !char.is_ascii_digit() && char != '.')?;
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.find(|char: char| char.is_ascii_digit()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let factor = match unit {
            "ms" => 1.0,
            "s" => 1000.0,
            "m" => 60_000.0,
            "h" => 3_600_000.0,
            _ => return None,
        };
        sum += number.parse::<f64>().ok()? * factor;
        rest = after;
    }
    let is_valid = !text.is_empty() && (0.0..1e15).contains(&sum);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in this range")]
    is_valid.then_some(sum as u64)
}

/// Seconds since 1970 of a time of RFC 3339.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// A time in the notation of RFC 3339, in UTC.
#[must_use]
pub fn format(seconds: i64) -> String {
    Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

/// The length of a time for people: `5 min`, `2 h 10 min`.
#[must_use]
pub fn length(seconds: i64) -> String {
    let (minutes, rest) = (seconds.max(0) / 60, seconds.max(0) % 60);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{rest} s"),
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_go_s() {
        for (text, expected) in [
            ("1m", Some(60_000)),
            ("1h30m", Some(5_400_000)),
            ("500ms", Some(500)),
            ("1.5s", Some(1500)),
            ("0s", Some(0)),
            ("", None),
            ("10", None),
            ("1d", None),
            ("m", None),
            ("-1s", None),
        ] {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn lengths_are_short() {
        for (seconds, text) in [(9, "9 s"), (300, "5 min"), (7800, "2 h 10 min"), (7200, "2 h")] {
            assert_eq!(length(seconds), text);
        }
    }
}
