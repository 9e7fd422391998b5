//! RFC 3339 timestamps as milliseconds since 1970 in UTC.
#![expect(clippy::arithmetic_side_effects, reason = "fields have two to four digits, far from the ends of u32")]

/// Parses an RFC 3339 timestamp such as `2026-12-01T00:00:00Z` or `2026-12-01T01:00:00.25+01:00`.
///
/// ```
/// assert_eq!(canary_runtime::config::parse_rfc3339("1970-01-01T00:00:01Z"), Some(1_000));
/// ```
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 0, 4, 0, 9999)?;
    let month = number(&mut rest, b'-', 2, 1, 12)?;
    let day = number(&mut rest, b'-', 2, 1, days_in(year, month))?;
    let hour = number(&mut rest, b'T', 2, 0, 23)?;
    let minute = number(&mut rest, b':', 2, 0, 59)?;
    let second = number(&mut rest, b':', 2, 0, 60)?;
    let mut millis = 0;
    let mut unit = 1000;
    while let Some(digit) = number(&mut rest, if unit == 1000 { b'.' } else { 0 }, 1, 0, 9) {
        unit /= 10;
        millis += digit * unit;
    }
    let mut offset = 0;
    if !matches!(rest, b"Z" | b"z") {
        let east = rest.first() == Some(&b'+');
        let hours = number(&mut rest, if east { b'+' } else { b'-' }, 2, 0, 23)?;
        offset = i64::from(hours * 60 + number(&mut rest, b':', 2, 0, 59)?);
        if !east {
            offset = -offset;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    let minutes = i64::from(days_from_civil(year, month, day)) * 1440 + i64::from(hour * 60 + minute) - offset;
    Some((minutes - EPOCH) * 60_000 + i64::from(second * 1000 + millis))
}

/// The minutes between the epoch of [`days_from_civil`] and 1970.
const EPOCH: i64 = (719_468 + 146_097) * 1440;

/// Parses `separator` (0 for none; a letter may be lowercase) and a number of `digits` digits within a range.
fn number(rest: &mut &[u8], separator: u8, digits: u32, min: u32, max: u32) -> Option<u32> {
    let mut tail = *rest;
    if separator != 0 {
        tail = tail.split_first().filter(|(byte, _)| byte.to_ascii_uppercase() == separator)?.1;
    }
    let mut number = 0;
    for _ in 0..digits {
        let (digit, after) = tail.split_first().filter(|(byte, _)| byte.is_ascii_digit())?;
        number = number * 10 + u32::from(digit & 15);
        tail = after;
    }
    if number < min || number > max {
        return None;
    }
    *rest = tail;
    Some(number)
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(if year.is_multiple_of(100) { 400 } else { 4 }) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Returns the days since 400 years before 0000-03-01, so that every number is positive. Years begin in March, so that leap
/// days come last.
fn days_from_civil(year: u32, month: u32, day: u32) -> u32 {
    let year = if month <= 2 { year + 399 } else { year + 400 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year / 4 - year / 100 + year / 400 + day_of_year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_timestamps() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-12-01T00:00:00Z", 1_796_083_200_000),
            ("2024-02-29T23:59:59.5z", 1_709_251_199_500),
            ("2000-01-01t01:30:00.123456+01:30", 946_684_800_123),
            ("1969-12-31T23:59:59-00:00", -1_000),
            ("2000-02-29T12:00:00-05:30", 951_845_400_000),
            ("2026-04-30T00:00:00Z", 1_777_507_200_000),
            ("0000-01-01T00:00:00Z", -62_167_219_200_000),
        ] {
            assert_eq!(parse_rfc3339(text), Some(millis), "{text}");
        }
    }

    #[test]
    fn rejects_other_text() {
        for text in [
            "",
            "2026-12-01",
            "2026-12-01T00:00:00",
            "2026-13-01T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-12-01 00:00:00Z",
            "2026-12-01T24:00:00Z",
            "2026-12-01T00:00:00.Z",
            "2026-12-01T00:00:00+1:00",
            "2026-12-01T00:00:00+24:00",
            "+026-12-01T00:00:00Z",
            "2026-12-01T00:00:00Zx",
            "é026-12-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }
}
