//! JSON numbers, parsed to the doubles that JavaScript reads.

use crate::host;

/// Parses the number at the start of `text` and returns it with its length in bytes. A number that is too large for a
/// double is not one.
pub(crate) fn parse_prefix(text: &str) -> Option<(f64, usize)> {
    let mut rest = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if let [b'0', tail @ ..] = rest {
        rest = tail;
    } else {
        skip_digits(&mut rest)?;
    }
    let integer_length = text.len().saturating_sub(rest.len());
    if let [b'.', tail @ ..] = rest {
        rest = tail;
        skip_digits(&mut rest)?;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        rest = if let [b'-' | b'+', digits @ ..] = tail { digits } else { tail };
        skip_digits(&mut rest)?;
    }
    let length = text.len().saturating_sub(rest.len());
    let digits = text.get(..length)?;
    // Short integers are most of a config; the platform parses the others.
    let value = if length == integer_length && length < 16 && !text.starts_with('-') {
        digits.bytes().fold(0.0, |value, digit| value * 10.0 + f64::from(digit & 15))
    } else {
        host::string_to_number(digits)
    };
    value.is_finite().then_some((value, length))
}

/// Skips at least one digit.
fn skip_digits(rest: &mut &[u8]) -> Option<()> {
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    *rest = rest.get(length..).filter(|_| length > 0)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let expected: f64 = text.parse().unwrap();
        assert_eq!(
            parse_prefix(text).map(|(value, length)| (value.to_bits(), length)),
            Some((expected.to_bits(), text.len())),
            "{text}"
        );
    }

    #[test]
    fn parses_to_the_nearest_double() {
        for text in [
            "0",
            "-0",
            "5",
            "100",
            "-2.5",
            "33.333",
            "1.005",
            "64.005",
            "0.001",
            "1e2",
            "1E+2",
            "1e-3",
            "5.0",
            "1.0050000000000001",
            "1.00499999999999989",
            "5.0000000000000001",
            "9007199254740993",
            "9007199254740992.5",
            "5.0000000000000000000000000",
            "33.3330000000000000001",
            "0.1",
            "0.30000000000000004",
            "123456789.123456789",
            "18446744073709551615",
            "1e22",
            "1.7976931348623157e308",
            "12345678901234567890123",
        ] {
            check(text);
        }
    }

    #[test]
    fn stops_after_the_number() {
        for (text, length) in [("1]", 1), ("0123", 1), ("1.5e3,", 5), ("-7}", 2)] {
            assert_eq!(parse_prefix(text).unwrap().1, length, "{text}");
        }
    }

    #[test]
    fn rejects_other_text() {
        for text in [
            "",
            "-",
            "+1",
            ".5",
            "1.",
            "1.e3",
            "1e",
            "1e+",
            "-e",
            "NaN",
            "Infinity",
            "1e999",
            "-1e400",
            "1e99999999999",
        ] {
            assert_eq!(parse_prefix(text), None, "{text}");
        }
        assert_eq!(parse_prefix("0e999"), Some((0.0, 5)));
        assert_eq!(parse_prefix("1e-999"), Some((0.0, 6)));
    }
}
