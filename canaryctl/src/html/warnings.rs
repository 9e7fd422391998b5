//! What else in a build has to follow an injected page: its own policy, and service workers that know the old page.

use std::fs;
use std::path::Path;

use crate::html::csp::InlineSource;
use crate::html::elements::{Element, elements};

/// Notes about the new page.
pub(crate) fn of_page(html: &str, hashes: &[InlineSource]) -> anyhow::Result<Vec<String>> {
    let mut notes = Vec::new();
    for element in elements(html)? {
        notes.extend(policy(&element, hashes));
    }
    Ok(notes)
}

/// What a policy in the page lacks for the guard and the engine.
fn policy(element: &Element, hashes: &[InlineSource]) -> Option<String> {
    let kind = element.attribute("http-equiv").filter(|_| element.name == "meta")?;
    if !kind.trim_ascii().eq_ignore_ascii_case("content-security-policy") {
        return None;
    }
    let policy = element.attribute("content").unwrap_or_default();
    let directive = |name: &str| {
        let mut all = policy.split(';').map(str::split_ascii_whitespace);
        all.find_map(|mut words| words.next()?.eq_ignore_ascii_case(name).then(|| words.collect::<Vec<_>>()))
    };
    let sources = directive("script-src").or_else(|| directive("default-src"))?;
    let has = |one: &str| sources.contains(&one);
    let mut lacking: Vec<&str> = Vec::new();
    let is_lax =
        has("'unsafe-inline'") && !sources.iter().any(|it| it.starts_with("'sha") || it.starts_with("'nonce-"));
    if !is_lax && !sources.iter().any(|it| it.starts_with("'nonce-")) {
        lacking.extend(hashes.iter().map(|it| it.source.as_str()).filter(|it| !has(it)));
    }
    if !has("'wasm-unsafe-eval'") && !has("'unsafe-eval'") {
        lacking.push("'wasm-unsafe-eval'");
    }
    (!lacking.is_empty()).then(|| {
        format!(
            "line {}: the policy of the page lacks {} in script-src: everybody gets stable",
            element.line,
            lacking.join(" and ")
        )
    })
}

/// The files in which service workers list the files of a build, with their hashes.
const WORKERS: [&str; 4] = ["sw.js", "service-worker.js", "serviceworker.js", "ngsw.json"];

/// A note for each service worker in the build's folder that knows the page as it was before.
pub(crate) fn of_workers(dir: &Path, page: &Path) -> Vec<String> {
    let Some(name) = page.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let knows = |path: &Path| fs::read_to_string(path).is_ok_and(|text| text.contains(name));
    let found = WORKERS.iter().map(|worker| dir.join(worker)).filter(|path| knows(path));
    found
        .map(|path| {
            format!(
                "{} knows the page as it was before: run inject before that file is written, or leave the page out of it",
                path.display()
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_in_the_page_has_to_allow_guard_and_engine() {
        let hashes = [InlineSource { line: 1, source: "'sha256-a'".to_owned() }];
        for (content, lacking) in [
            ("default-src 'self'", "'sha256-a' and 'wasm-unsafe-eval'"),
            ("default-src 'none'; SCRIPT-SRC 'self' 'wasm-unsafe-eval'", "'sha256-a'"),
            ("script-src 'self' 'sha256-a' 'unsafe-eval'", ""),
            ("script-src 'unsafe-inline' 'wasm-unsafe-eval'", ""),
            ("script-src 'nonce-b' 'wasm-unsafe-eval'", ""),
            ("img-src 'self'", ""),
        ] {
            let html = format!("<meta http-equiv=Content-Security-Policy content=\"{content}\">");
            let expected = match lacking {
                "" => vec![],
                lacking => {
                    vec![format!("line 1: the policy of the page lacks {lacking} in script-src: everybody gets stable")]
                }
            };
            assert_eq!(of_page(&html, &hashes).unwrap(), expected, "{content}");
        }
        assert_eq!(of_page("<meta name=a content=\"default-src\">", &hashes).unwrap(), [""; 0]);
    }

    #[test]
    fn a_worker_that_names_the_page_knows_it() {
        let dir = tempfile::tempdir().unwrap();
        let page = dir.path().join("index.html");
        assert_eq!(of_workers(dir.path(), &page), [""; 0]);
        fs::write(dir.path().join("sw.js"), "precache([{url:'index.html'}])").unwrap();
        fs::write(dir.path().join("ngsw.json"), "{\"/other.html\": 1}").unwrap();
        let found = of_workers(dir.path(), &page);
        assert!(found.len() == 1 && found[0].contains("/sw.js knows the page as it was before"), "{found:?}");
    }
}
