//! Rules for the config itself, beyond what the runtime says.

use canary_runtime::{Code, Config, Diagnostic, Document, Json};

use crate::config::loaded::Loaded;
use crate::config::schema;
use crate::lint::suggest::nearest;
use crate::terminal::diagnostic::{FileDiagnostic, Mark, Severity};

/// Checks a config at a time, in milliseconds since 1970.
pub(crate) fn check(loaded: &Loaded, now: i64) -> Vec<FileDiagnostic> {
    let found = found(loaded, now).into_iter();
    found.map(|(severity, fault)| describe(loaded, &fault, severity)).collect()
}

/// What was found, with positions in the text of the config.
fn found(loaded: &Loaded, now: i64) -> Vec<(Severity, Diagnostic)> {
    let document = &loaded.document;
    let own = loaded.found().iter().cloned();
    let Ok((config, _)) = &loaded.parsed else { return own.map(|fault| (Severity::Error, fault)).collect() };
    let own = own.map(|fault| (if is_error(&fault) { Severity::Error } else { Severity::Warning }, fault));
    let more =
        expiry(config, document, now).into_iter().chain(requirements(config, document)).chain(segments(document));
    own.chain(more.map(|fault| (Severity::Warning, fault))).collect()
}

fn describe(loaded: &Loaded, fault: &Diagnostic, severity: Severity) -> FileDiagnostic {
    let mut found = FileDiagnostic { severity, ..loaded.describe(fault) };
    suggest(loaded, fault, &mut found);
    found
}

/// Adds the key that was probably meant: the known one that is near an unknown key, or the unknown one that stands in the
/// place of a missing key.
fn suggest(loaded: &Loaded, fault: &Diagnostic, found: &mut FileDiagnostic) {
    let known = schema::keys();
    let is_known = |key: &str| known.iter().any(|known| known == key);
    let root = loaded.document.root();
    let is_missing = |key: &&str| root.get(key).is_none();
    let mut unknown = root.members().map(|(name, _)| name).filter(|name| !is_known(name.as_text()));
    let key = fault.key();
    if is_known(key) && is_missing(&key) {
        let Some(name) = nearest(key, unknown.clone().map(Json::as_text)) else { return };
        let place = unknown.find(|it| it.as_text() == name).and_then(|name| loaded.place(name));
        let at = place.map(|(at, _)| format!(" at {}:{}", at.line, at.column)).unwrap_or_default();
        found.message = format!("{}; did you mean {name}{at}?", found.message);
        let label = "did you mean this?".to_owned();
        found.related = place.map(|(position, length)| (position, Mark { length, label }));
    } else if unknown.any(|name| name.as_text() == key)
        && let Some(name) = nearest(key, known.iter().map(String::as_str).filter(is_missing))
    {
        found.message = format!("{}; did you mean {name}?", found.message);
    }
}

/// Whether the runtime survives something that an operator should not have to. More faults than are shown may hide an
/// error.
fn is_error(fault: &Diagnostic) -> bool {
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

/// Flags that require a missing or malformed flag: they are off for everyone.
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

/// Conditions that name a missing segment: it is empty, so `$notInGroup` matches everyone.
fn segments(document: &Document) -> Vec<Diagnostic> {
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
        let loaded = Loaded::parse("config".to_owned(), text.as_bytes());
        let found = found(&loaded, parse_rfc3339("2026-06-01T00:00:00Z").unwrap());
        let lines = |of: Severity| {
            found.iter().filter(|(severity, _)| *severity == of).map(|(_, fault)| fault.line()).collect::<Vec<_>>()
        };
        assert_eq!((lines(Severity::Error), lines(Severity::Warning)), (own(errors), own(warnings)), "{text}");
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
        let loaded = Loaded::parse("config".to_owned(), with(&many.concat(), "").as_bytes());
        let (errors, warnings): (Vec<_>, Vec<_>) =
            found(&loaded, 0).into_iter().partition(|(severity, _)| *severity == Severity::Error);
        assert_eq!(errors[0].1.line(), "I118 expected at most 100 problems; the rest are not shown");
        assert_eq!(warnings.len(), 100);
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
