//! The corpus: configs with their expected diagnostics, in the format that `README.md` describes.

use std::fs;
use std::path::Path;

use canary_runtime::{Diagnostic, Document, Json};

/// The verdict of a JSON schema on a config.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Schema {
    Accepts,
    Rejects,
    /// The schema cannot reject the config, for the given reason.
    Cannot(String),
}

/// A config and its expected diagnostics.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The diagnostics, in the form of [`show`].
    pub(crate) diagnostics: Vec<String>,
    pub(crate) schema: Schema,
    /// A time, `None` if it is not known, and the diagnostic that the config has expired.
    pub(crate) expired: Option<(Option<i64>, String)>,
}

/// Reads all cases of a folder, `bad` or `good`.
pub(crate) fn read(folder: &str) -> Vec<Case> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = package.ancestors().find(|above| above.join("tests/corpus").is_dir()).expect("the corpus");
    let mut files: Vec<_> = fs::read_dir(root.join("tests/corpus").join(folder))
        .expect("a folder of cases")
        .map(|entry| entry.expect("a file of cases").path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| cases(&fs::read_to_string(file).expect("a file of cases"))).collect()
}

/// Formats a diagnostic as code, key, line and column.
pub(crate) fn show(diagnostic: &Diagnostic) -> String {
    let position = diagnostic.position().map(|position| format!("{}:{}", position.line, position.column));
    format!("{} {:?} {}", diagnostic.code().as_str(), diagnostic.key(), position.as_deref().unwrap_or("-"))
}

fn cases(text: &str) -> Vec<Case> {
    let document = Document::parse(text).expect("JSON");
    document.root().items().map(case).collect()
}

fn case(case: Json) -> Case {
    let name = case.get("name").expect("a name").as_text().to_owned();
    let items = |member: &str| case.get(member).into_iter().flat_map(Json::items).collect::<Vec<_>>();
    let bytes = match (case.get("config"), case.get("text"), case.get("hex")) {
        (Some(config), None, None) => config.source().into(),
        (None, Some(text), None) => expand(text).into(),
        (None, None, Some(hex)) => unhex(hex.as_text()),
        _ => panic!("{name}: one of config, text and hex"),
    };
    let schema = match case.get("schema").map_or("accepts", Json::as_text) {
        "accepts" => Schema::Accepts,
        "rejects" => Schema::Rejects,
        other => Schema::Cannot(other.strip_prefix("cannot: ").expect("a reason").to_owned()),
    };
    let expired = case.get("expired").map(|expired| {
        let now = case.get("now").and_then(Json::as_integer).map(|now| i64::try_from(now).expect("a time"));
        (now, expired.as_text().to_owned())
    });
    let diagnostics = items("faults").into_iter().map(diagnostic).collect();
    Case { name, bytes, diagnostics, schema, expired }
}

fn diagnostic(parts: Json) -> String {
    let parts: Vec<_> = parts.items().collect();
    match parts.as_slice() {
        [code, key] => format!("{} {:?} -", code.as_text(), key.as_text()),
        [code, key, line, column] => {
            format!("{} {:?} {}:{}", code.as_text(), key.as_text(), line.source(), column.source())
        }
        _ => panic!("{parts:?}: code, key, line and column"),
    }
}

/// Expands a text or its parts, of which `{"times", "text"}` stands for repetitions with `#` for their number.
fn expand(text: Json) -> String {
    if let Some(whole) = text.as_str() {
        return whole.to_owned();
    }
    let part = |part: Json| match part.get("times").and_then(Json::as_integer) {
        Some(times) => (0..times)
            .map(|index| part.get("text").expect("a text").as_text().replace('#', &index.to_string()))
            .collect(),
        None => part.as_text().to_owned(),
    };
    text.items().map(part).collect()
}

fn unhex(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().map(|digit| digit.to_digit(16).expect("a digit")).collect();
    let byte = |pair: &[u32]| u8::try_from(pair.iter().fold(0, |byte, digit| byte << 4 | digit)).expect("a byte");
    digits.chunks(2).map(byte).collect()
}
