//! Numbers as JSON writes them, and as JavaScript means them: doubles.

use crate::host;

/// Reads the number with which `text` begins: its value, and how many bytes it takes. One that is too large for a double
/// is none.
///
/// ```
/// use canary_runtime::json::number::read;
///
/// assert_eq!(read("1.005, 2"), Some((1.005, 5)));
/// assert_eq!(read("01"), Some((0.0, 1)));
/// assert_eq!(read("+1"), None);
/// ```
#[must_use]
pub fn read(text: &str) -> Option<(f64, usize)> {
    let mut rest = text.strip_prefix('-').unwrap_or(text).as_bytes();
    if let [b'0', after @ ..] = rest {
        rest = after;
    } else {
        skip_digits(&mut rest)?;
    }
    let whole = text.len().saturating_sub(rest.len());
    if let [b'.', after @ ..] = rest {
        rest = after;
        skip_digits(&mut rest)?;
    }
    if let [b'e' | b'E', after @ ..] = rest {
        rest = if let [b'-' | b'+', after @ ..] = after { after } else { after };
        skip_digits(&mut rest)?;
    }
    let length = text.len().saturating_sub(rest.len());
    let digits = text.get(..length)?;
    // Short integers are most of what there is; the platform knows the others.
    let value = if length == whole && length < 16 && !text.starts_with('-') {
        digits.bytes().fold(0.0, |value, digit| value * 10.0 + f64::from(digit & 15))
    } else {
        host::string_to_number(digits)
    };
    value.is_finite().then_some((value, length))
}

/// Skips all digits that come next, at least one.
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
            read(text).map(|(value, length)| (value.to_bits(), length)),
            Some((expected.to_bits(), text.len())),
            "{text}"
        );
    }

    #[test]
    fn takes_the_nearest_double() {
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
    fn stops_where_the_number_does() {
        for (text, length) in [("1]", 1), ("0123", 1), ("1.5e3,", 5), ("-7}", 2)] {
            assert_eq!(read(text).unwrap().1, length, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
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
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read("0e999"), Some((0.0, 5)));
        assert_eq!(read("1e-999"), Some((0.0, 6)));
    }
}
