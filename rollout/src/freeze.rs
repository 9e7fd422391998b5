//! Hours in which nothing advances.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::object::{Object, SpecError};
use crate::time::parse;

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
}
