//! What is wrong with one config.

use canary_runtime::{Code, Config, Diagnostic, Document, Json};

/// What was found, with places in the config's text.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub(crate) errors: Vec<Diagnostic>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// Checks a config at a moment, in milliseconds since 1970.
pub(crate) fn check(bytes: &[u8], now: i64) -> Faults {
    let (config, faults) = match Config::parse(bytes) {
        Ok(parsed) => parsed,
        Err(fault) => return Faults { errors: vec![fault], warnings: Vec::new() },
    };
    let text = str::from_utf8(bytes).unwrap_or_default();
    let document = Document::parse(text.trim_start_matches('\u{feff}')).unwrap_or_default();
    let (errors, mut warnings): (Vec<_>, Vec<_>) = faults.into_iter().partition(is_error);
    warnings.extend(expiry(&config, &document, now));
    warnings.extend(requirements(&config, &document));
    warnings.extend(groups(&document));
    Faults { errors, warnings }
}

/// What the runtime survives, and an operator should not have to.
fn is_error(fault: &Diagnostic) -> bool {
    // Where so much is wrong that the parser stops telling, nobody knows what else is.
    let is_cut = fault.position().is_none();
    let is_pattern = fault.key().ends_with(".$regex") || fault.key().ends_with(".$regexi");
    is_cut || is_pattern && fault.expected().starts_with("a regular expression")
}

fn expiry(config: &Config, document: &Document, now: i64) -> Option<Diagnostic> {
    const KEY: &str = "EXPIRES_AT";
    config.check_expiry(Some(now)).err()?;
    let position = document.root().get(KEY).map(|time| document.position(time.span().start));
    let expected = "a time still to come; the config counts as absent";
    Some(Diagnostic::new(Code::Expired, KEY, expected).with_position(position))
}

/// A flag that requires what can never be is off for everybody, which is hardly what was meant.
fn requirements(config: &Config, document: &Document) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for flag in (0..config.flag_count()).filter_map(|index| config.flag(index)) {
        for name in flag.requires().map(|(name, _)| name.as_text()) {
            let expected = match config.flag_index(name) {
                None => "a flag that the config has; it is never met",
                Some(index) if config.flag(index).is_none() => "a flag that can be read; it is never met",
                Some(_) => continue,
            };
            let at = requirement(document.root(), flag.key(), name).map(|json| document.position(json.span().start));
            let key = format!("FEATURE_FLAGS.{}.requires.{name}", flag.key());
            faults.push(Diagnostic::new(Code::Notice, &key, expected).with_position(at));
        }
    }
    faults
}

/// A segment that does not exist is empty: `$notInGroup` of it is everybody.
fn groups(document: &Document) -> Vec<Diagnostic> {
    let segments = document.root().get("SEGMENTS");
    let unknown = |(name, value): &(Json<'_>, Json<'_>)| {
        matches!(name.as_text(), "$inGroup" | "$notInGroup")
            && value.as_str().is_some_and(|group| segments.and_then(|segments| segments.get(group)).is_none())
    };
    let conditions = ["CANARY_RULES", "FEATURE_FLAGS"].into_iter().filter_map(|key| document.root().get(key));
    let mut open: Vec<_> = conditions.collect();
    let mut faults = Vec::new();
    while let Some(json) = open.pop() {
        for (_, value) in json.members().filter(unknown) {
            let at = value.span().start;
            let expected = "a segment that the config has; this one is empty";
            let fault = Diagnostic::new(Code::Notice, &document.path_to(at), expected);
            faults.push(fault.with_position(Some(document.position(at))));
        }
        open.extend(json.items());
        open.extend(json.members().map(|(_, value)| value));
    }
    faults
}

fn requirement<'a>(root: Json<'a>, flag: &str, required: &str) -> Option<Json<'a>> {
    let mut members = root.get("FEATURE_FLAGS")?.get(flag)?.get("requires")?.members();
    members.find(|(name, _)| name.as_text() == required).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use canary_runtime::config::parse_rfc3339;

    #[track_caller]
    fn check_lines(text: &str, errors: &[&str], warnings: &[&str]) {
        let found = check(text.as_bytes(), parse_rfc3339("2026-06-01T00:00:00Z").unwrap());
        let lines = |faults: &[Diagnostic]| faults.iter().map(Diagnostic::line).collect::<Vec<_>>();
        assert_eq!((lines(&found.errors), lines(&found.warnings)), (own(errors), own(warnings)), "{text}");
    }

    fn own(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|&line| line.to_owned()).collect()
    }

    fn with(members: &str, flags: &str) -> String {
        format!("{{{members}\n\"CANARY_PERCENTAGE\": 5,\n\"FEATURE_FLAGS\": {{{flags}}}}}")
    }

    #[test]
    fn what_rejects_a_config_is_an_error() {
        check_lines(&with("", ""), &[], &[]);
        check_lines(
            &with("", "").replace('5', "\"5\""),
            &["E109 CANARY_PERCENTAGE (line 2, column 22): expected a number from 0 to 100 with at most 3 decimals"],
            &[],
        );
        check_lines("<html>", &["E104 expected JSON, not a web page"], &[]);
    }

    #[test]
    fn what_costs_a_part_is_a_warning() {
        check_lines(
            &with("\"X\": 1,", "\"a\": 101"),
            &[],
            &[
                "I118 X (line 1, column 2): expected a known key; it is ignored",
                "E112 FEATURE_FLAGS.a (line 3, column 24): expected a number from 0 to 100 with at most 3 decimals",
            ],
        );
    }

    #[test]
    fn patterns_have_to_be_portable() {
        let expected = "expected a regular expression that JavaScript and Rust read alike";
        for operator in ["$regex", "$regexi"] {
            let rule = format!("{{\"if\": {{\"a\": {{\"{operator}\": \"(?=x)\"}}}}");
            let key = format!("FEATURE_FLAGS.f.rules[0].if.a.{operator}");
            let column = 53 + operator.len();
            check_lines(
                &with("", &format!("\"f\": {{\"rules\": [{rule}}}]}}")),
                &[&format!("E112 {key} (line 3, column {column}): {expected}")],
                &[],
            );
            let key = format!("CANARY_RULES[0].if.a.{operator}");
            let column = 37 + operator.len();
            check_lines(
                &with(&format!("\"CANARY_RULES\": [{rule}, \"serve\": \"canary\"}}],"), ""),
                &[&format!("I118 {key} (line 1, column {column}): {expected}")],
                &[],
            );
        }
        check_lines(
            &with("", "\"f\": {\"$regex\": \"(?=x)\"}"),
            &[],
            &["I118 FEATURE_FLAGS.f.$regex (line 3, column 25): expected a known key; it is ignored"],
        );
    }

    #[test]
    fn more_faults_than_are_told_may_hide_an_error() {
        let many: Vec<_> = (0..101).map(|number| format!("\"{number}\": 1,")).collect();
        let found = check(with(&many.concat(), "").as_bytes(), 0);
        assert_eq!(found.errors[0].line(), "I118 expected at most 100 problems; the rest are not shown");
        assert_eq!(found.warnings.len(), 100);
    }

    #[test]
    fn an_end_in_the_past_is_a_warning() {
        for (time, warnings) in [
            ("2026-06-01T00:00:01Z", [].as_slice()),
            (
                "2026-06-01T00:00:00Z",
                &["E115 EXPIRES_AT (line 1, column 16): expected a time still to come; the config counts as absent"],
            ),
        ] {
            check_lines(&with(&format!("\"EXPIRES_AT\": \"{time}\","), ""), &[], warnings);
        }
    }

    #[test]
    fn a_segment_has_to_be_there() {
        let flags = r#""a": {"rules": [{"if": {"id": {"$inGroup": "staff"}}}, {"if": {"$or": [{"id": {"$notInGroup": "x"}}]}}]}"#;
        check_lines(
            &with(r#""SEGMENTS": {"staff": []},"#, flags),
            &[],
            &[
                "I118 FEATURE_FLAGS.a.rules[1].if.$or[0].id.$notInGroup (line 3, column 113): expected a segment that the config has; this one is empty",
            ],
        );
    }

    #[test]
    fn what_is_required_has_to_be_there() {
        let flags = "\"a\": {\"requires\": {\"b\": true, \"c\": 1, \"d\": 1}}, \"b\": 5, \"c\": 101";
        check_lines(
            &with("", flags),
            &[],
            &[
                "E112 FEATURE_FLAGS.c (line 3, column 80): expected a number from 0 to 100 with at most 3 decimals",
                "I118 FEATURE_FLAGS.a.requires.c (line 3, column 49): expected a flag that can be read; it is never met",
                "I118 FEATURE_FLAGS.a.requires.d (line 3, column 57): expected a flag that the config has; it is never met",
            ],
        );
    }
}
