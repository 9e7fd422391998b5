//! Durations as Flagger writes them, times of RFC 3339, and hours in which nothing advances.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::object::{Object, SpecError};

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

/// Hours in which nothing advances.
#[derive(Clone, Debug)]
pub struct Freeze {
    from: Edge,
    until: Edge,
    zone: TimeZone,
    /// As it was typed.
    text: String,
}

/// The begin or the end of a freeze.
#[derive(Clone, Copy, Debug)]
enum Edge {
    /// Minutes since Monday, every week.
    Weekly(i64),
    /// Seconds since 1970.
    Once(i64),
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Edge {
    fn parse(text: &str) -> Option<Self> {
        if let Some(at) = parse(text) {
            return Some(Self::Once(at));
        }
        let (day, time) = text.split_once(' ')?;
        let day = day.get(..3)?.to_ascii_lowercase();
        let day = i64::try_from(DAYS.iter().position(|known| *known == day)?).ok()?;
        let (hour, minute) = time.trim().split_once(':')?;
        let (hour, minute) = (hour.parse::<u8>().ok()?, minute.parse::<u8>().ok()?);
        let is_time = hour < 24 && minute < 60;
        is_time.then(|| {
            Self::Weekly(
                day.saturating_mul(1440)
                    .saturating_add(i64::from(hour).saturating_mul(60))
                    .saturating_add(i64::from(minute)),
            )
        })
    }
}

impl Freeze {
    pub(crate) fn read(path: &str, value: &Value) -> Result<Self, SpecError> {
        let object = Object::new(path, value, &["from", "until", "timeZone"])?;
        let edge = |key: &str| {
            let text = object.required(key)?;
            let edge = Edge::parse(&text);
            let expected = || format!("found {text:?}, expected a time of the week such as \"Fri 16:00\", or RFC 3339");
            edge.map(|edge| (text.clone(), edge)).ok_or_else(|| object.error(key, expected()))
        };
        let ((from_text, from), (until_text, until)) = (edge("from")?, edge("until")?);
        if matches!((from, until), (Edge::Weekly(_), Edge::Once(_)) | (Edge::Once(_), Edge::Weekly(_))) {
            return Err(object.error("until", "expected the same form as from: both of the week, or both RFC 3339"));
        }
        let name = object.text("timeZone")?.unwrap_or_else(|| "UTC".to_owned());
        let zone = TimeZone::get(&name)
            .map_err(|_| object.error("timeZone", format!("found {name:?}, expected a zone such as Europe/Berlin")))?;
        Ok(Self { from, until, zone, text: format!("{from_text} to {until_text} {name}") })
    }

    /// Whether a time lies in it.
    #[must_use]
    pub fn contains(&self, now: i64) -> bool {
        match (self.from, self.until) {
            (Edge::Once(from), Edge::Once(until)) => (from..until).contains(&now),
            (Edge::Weekly(from), Edge::Weekly(until)) => {
                let zoned = Timestamp::from_second(now).unwrap_or_default().to_zoned(self.zone.clone());
                let day = i64::from(zoned.weekday().to_monday_zero_offset());
                let time = i64::from(zoned.hour()).saturating_mul(60).saturating_add(i64::from(zoned.minute()));
                let at = day.saturating_mul(1440).saturating_add(time);
                if from <= until { (from..until).contains(&at) } else { at >= from || at < until }
            }
            _ => false,
        }
    }

    /// As it was typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
    fn a_freeze_is_of_its_time_zone() {
        let freeze = json!({"from": "Fri 16:00", "until": "Mon 08:00", "timeZone": "Europe/Berlin"});
        let freeze = Freeze::read("f", &freeze).unwrap();
        for (at, expected) in [
            ("2026-11-27T14:59:00Z", false),
            ("2026-11-27T15:00:00Z", true),
            ("2026-11-29T12:00:00Z", true),
            ("2026-11-30T06:59:00Z", true),
            ("2026-11-30T07:00:00Z", false),
            // In summer the zone is an hour further from UTC.
            ("2026-07-03T14:00:00Z", true),
            ("2026-07-03T13:59:00Z", false),
        ] {
            assert_eq!(freeze.contains(parse(at).unwrap()), expected, "{at}");
        }
        let once = json!({"from": "2026-12-24T00:00:00Z", "until": "2026-12-27T00:00:00Z"});
        let once = Freeze::read("f", &once).unwrap();
        assert!(once.contains(parse("2026-12-25T00:00:00Z").unwrap()) && !once.contains(0));
        let error = Freeze::read("f", &json!({"from": "Friday", "until": "Mon 08:00"})).unwrap_err();
        assert_eq!(
            error.to_string(),
            "f.from: found \"Friday\", expected a time of the week such as \"Fri 16:00\", or RFC 3339"
        );
    }

    #[test]
    fn lengths_are_short() {
        for (seconds, text) in [(9, "9 s"), (300, "5 min"), (7800, "2 h 10 min"), (7200, "2 h")] {
            assert_eq!(length(seconds), text);
        }
    }
}
