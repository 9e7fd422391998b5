//! The syntax of identifiers: salts and flag keys.

/// Returns whether `text` is an identifier, `[A-Za-z0-9_.-]{1,64}`. A colon would make the hashed text ambiguous.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
}

/// Returns whether `text` is a flag key: an identifier other than the property names that are special in JavaScript.
#[must_use]
pub fn is_flag_key(text: &str) -> bool {
    is_identifier(text) && !matches!(text, "__proto__" | "constructor" | "prototype")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_a_closed_alphabet() {
        assert!(is_identifier("release-1.5.0_a"));
        assert!(is_identifier(&"x".repeat(64)));
        for bad in ["", "a:b", "a b", "é", "a/b", &"x".repeat(65)] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }

    #[test]
    fn flag_keys_exclude_special_property_names() {
        assert!(is_flag_key("new-checkout"));
        for bad in ["__proto__", "constructor", "prototype", ""] {
            assert!(!is_flag_key(bad), "{bad}");
        }
    }
}
