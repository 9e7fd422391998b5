//! The alphabet of names: salts and flag keys.

/// Salts and flag keys: `[A-Za-z0-9_.-]{1,64}`. No colon, so that the hashed text stays unambiguous.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// A flag key: a name that is none of those which mean something else to JavaScript objects.
#[must_use]
pub fn is_flag_key(text: &str) -> bool {
    is_name(text) && !matches!(text, "__proto__" | "constructor" | "prototype")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_closed_alphabet() {
        assert!(is_name("release-1.5.0_a"));
        assert!(is_name(&"x".repeat(64)));
        for bad in ["", "a:b", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn flag_keys_leave_prototypes_alone() {
        assert!(is_flag_key("new-checkout"));
        for bad in ["__proto__", "constructor", "prototype", ""] {
            assert!(!is_flag_key(bad), "{bad}");
        }
    }
}
