//! The word that was probably meant by an unknown key, operator or variant inside a flag or a rule.

use canary_runtime::{Diagnostic, Json};

use crate::config::loaded::Loaded;
use crate::lint::suggest::nearest;

const OPERATORS: [&str; 26] = [
    "$all",
    "$alli",
    "$and",
    "$elemMatch",
    "$eq",
    "$exists",
    "$gt",
    "$gte",
    "$in",
    "$inGroup",
    "$ini",
    "$lt",
    "$lte",
    "$ne",
    "$nin",
    "$nini",
    "$nor",
    "$not",
    "$notInGroup",
    "$or",
    "$regex",
    "$regexi",
    "$size",
    "$type",
    "$veq",
    "$vne",
];
const FLAG: [&str; 9] = ["enabled", "percentage", "salt", "default", "variants", "rules", "requires", "from", "until"];
const RULE: [&str; 4] = ["if", "serve", "percentage", "always"];
const VARIANT: [&str; 2] = ["weight", "value"];
const OTHERS: [&str; 22] = [
    "as",
    "canary",
    "cohorts",
    "countAutomation",
    "endpoint",
    "entries",
    "hash",
    "horizonSeconds",
    "href",
    "integrity",
    "preload",
    "query",
    "readyTimeoutMs",
    "readyWhen",
    "sampleRate",
    "scripts",
    "src",
    "styles",
    "tokens",
    "type",
    "version",
    "always",
];

/// The shortest word that is recognized as a part of another.
const SHORTEST: usize = 4;

/// The word that was meant, as "did you mean" names it.
pub(crate) fn hint(loaded: &Loaded, fault: &Diagnostic) -> Option<String> {
    let (parent, name) = fault.key().rsplit_once('.')?;
    if fault.expected().starts_with("a known operator") {
        return nearest(name, OPERATORS).map(str::to_owned);
    }
    if fault.expected().starts_with("a known key") {
        return known(parent, name).map(str::to_owned);
    }
    variant(loaded, fault)
}

fn known(parent: &str, name: &str) -> Option<&'static str> {
    let is_flag = parent.strip_prefix("FEATURE_FLAGS.").is_some_and(|flag| !flag.contains(['[', '.']));
    let words: &[&'static str] = if is_flag {
        &FLAG
    } else if parent.ends_with(']') && parent.contains("ules[") || parent.starts_with("CANARY_RULES[") {
        &RULE
    } else if parent.contains(".variants.") {
        &VARIANT
    } else if parent.starts_with("FEATURE_FLAGS.") {
        &FLAG
    } else {
        &OTHERS
    };
    let lower = name.to_ascii_lowercase();
    let is_part = |word: &&&str| word.len() >= SHORTEST && (lower.starts_with(**word) || lower.ends_with(**word));
    nearest(name, words.iter().copied()).or_else(|| words.iter().find(is_part).copied())
}

/// The variant of the flag that is nearest to the one that does not exist.
fn variant(loaded: &Loaded, fault: &Diagnostic) -> Option<String> {
    let flags = loaded.document.root().get("FEATURE_FLAGS")?;
    let is_own = |name: &str| {
        fault
            .key()
            .strip_prefix("FEATURE_FLAGS.")
            .and_then(|key| key.strip_prefix(name))
            .is_some_and(|rest| rest.starts_with('.'))
    };
    let (_, flag) = flags.members().find(|(name, _)| is_own(name.as_text()))?;
    let is_there = |value: &Json<'_>| Some(loaded.document.position(value.span().start)) == fault.position();
    let served = flag.get("rules").into_iter().flat_map(Json::items).filter_map(|rule| rule.get("serve"));
    let value = served.chain(flag.get("default")).find(is_there)?.as_str()?.to_owned();
    let names = flag.get("variants")?.members().map(|(name, _)| name.as_text());
    nearest(&value, names).filter(|name| *name != value).map(str::to_owned)
}

/// The attributes that rules use, each once, in order.
pub(crate) fn attributes(loaded: &Loaded) -> Vec<String> {
    let root = loaded.document.root();
    let flags = root.get("FEATURE_FLAGS").into_iter().flat_map(Json::members);
    let rules = flags.filter_map(|(_, flag)| flag.get("rules")).chain(root.get("CANARY_RULES"));
    let mut open: Vec<_> = rules.flat_map(Json::items).filter_map(|rule| rule.get("if")).collect();
    let mut found = Vec::new();
    while let Some(condition) = open.pop() {
        for (name, value) in condition.members() {
            match name.as_text() {
                "$and" | "$or" | "$nor" => open.extend(value.items()),
                "$not" => open.push(value),
                name if !name.starts_with('$') => found.push(name.to_owned()),
                _ => {}
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
