//! The links by which a page requests, at once, all files that its first view needs.

use std::fs;
use std::ops::Range;
use std::path::Path;

use crate::bundler::bundle::Bundle;
use crate::html::elements::{Element, escape};

/// The files of the runtime that `canary.js` requests in every page view, by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeFiles {
    pub(crate) engine: String,
    pub(crate) lifecycle: String,
}

/// The beginnings and ends of those names, which have a hash between them.
const ENGINE: (&str, &str) = ("canary_", ".wasm");
const LIFECYCLE: (&str, &str) = ("lifecycle_", ".js");

/// The number of hexadecimal digits in a name.
const HASH: usize = 16;

impl RuntimeFiles {
    /// Reads the names from the `canary.js` in a folder, which requests these files.
    pub(crate) fn read(folder: &Path) -> Option<Self> {
        let script = fs::read_to_string(folder.join("canary.js")).ok()?;
        let name = |kind| hashed_name(&script, kind).and_then(|range| script.get(range)).map(str::to_owned);
        Some(Self { engine: name(ENGINE)?, lifecycle: name(LIFECYCLE)? })
    }

    /// The value of a `Link` header that preloads the engine. Scripts are left out: a policy with a nonce refuses them in a
    /// header, and reports that.
    pub(crate) fn link_header(&self, runtime: &str) -> String {
        format!("<{}{}>; rel=preload; as=fetch", folder(runtime), self.engine)
    }

    /// The links for the engine and the lifecycle script. The engine is first: nothing is decided without it. The script is
    /// fetched, too, because it is checked before it is imported.
    fn links(&self, runtime: &str) -> [String; 2] {
        let folder = escape(folder(runtime));
        [
            format!("<link rel=\"preload\" href=\"{folder}{}\" as=\"fetch\">", self.engine),
            format!("<link rel=\"preload\" href=\"{folder}{}\" as=\"fetch\" fetchpriority=\"low\">", self.lifecycle),
        ]
    }
}

/// The links of a page, in the order of need: the config, the runtime's files, and stable, which most users get. A link has
/// the file's integrity, because a script that was preloaded without it would be requested again. Not one for the modules
/// that stable imports: imports have no integrity.
pub(crate) fn links(
    config: &str,
    runtime: (&str, Option<&RuntimeFiles>),
    stable: Option<&Bundle>,
    nonce: &str,
) -> Vec<String> {
    let mut links = vec![format!("<link rel=\"preload\" href=\"{}\" as=\"fetch\">", escape(config))];
    if let (url, Some(files)) = runtime {
        links.extend(files.links(url));
    }
    let Some(stable) = stable else { return links };
    let file = |url: &str, kind, integrity: &str| {
        let integrity = format!(" integrity=\"{}\"", escape(integrity));
        format!("<link rel=\"preload\" href=\"{}\" as=\"{kind}\" crossorigin{integrity}{nonce}>", escape(url))
    };
    links.extend(stable.styles.iter().map(|it| file(&it.href, "style", &it.integrity)));
    links.extend(stable.scripts.iter().map(|it| file(&it.src, "script", &it.integrity)));
    let modules = stable.preload.iter().map(|it| escape(&it.href));
    links.extend(modules.map(|url| format!("<link rel=\"modulepreload\" href=\"{url}\" crossorigin{nonce}>")));
    links
}

/// Replaces the names of another build of the runtime in the links of a page. A link that is no longer of the kind that the
/// runtime uses is written anew: with the integrity of another build, its `modulepreload` would keep the script from loading.
pub(crate) fn update(html: &str, elements: &[Element], runtime: &str, files: &RuntimeFiles) -> String {
    let mut result = html.to_owned();
    for link in elements.iter().rev().filter(|it| it.name == "link") {
        let Some(name) = link.attribute("href").and_then(|url| url.strip_prefix(folder(runtime))) else { continue };
        for (kind, current) in [(ENGINE, &files.engine), (LIFECYCLE, &files.lifecycle)] {
            if hashed_name(name, kind) == Some(0..name.len())
                && let Some(element) = html.get(link.span.clone())
            {
                let [_, lifecycle] = files.links(runtime);
                let is_outdated = kind == LIFECYCLE && link.attribute("rel") != Some("preload");
                let updated = if is_outdated { lifecycle } else { element.replace(name, current) };
                result.replace_range(link.span.clone(), &updated);
            }
        }
    }
    result
}

/// The folder of `canary.js`, with the last slash.
fn folder(runtime: &str) -> &str {
    runtime.rfind('/').and_then(|end| runtime.get(..=end)).unwrap_or_default()
}

/// The place of the first name with a hash.
fn hashed_name(text: &str, (start, end): (&str, &str)) -> Option<Range<usize>> {
    text.match_indices(start).find_map(|(at, _)| {
        let hash = at.checked_add(start.len())?;
        let dot = hash.checked_add(HASH)?;
        let is_hex = text.get(hash..dot)?.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_hex && text.get(dot..)?.starts_with(end)).then(|| Some(at..dot.checked_add(end.len())?))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::elements::elements;

    fn files(digit: char) -> RuntimeFiles {
        let hash = String::from(digit).repeat(HASH);
        RuntimeFiles { engine: format!("canary_{hash}.wasm"), lifecycle: format!("lifecycle_{hash}.js") }
    }

    #[test]
    fn names_are_read_from_the_script_that_requests_them() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(RuntimeFiles::read(dir.path()), None);
        let RuntimeFiles { engine, lifecycle } = files('a');
        for (script, expected) in [
            (format!("let e=canary_x,w=\"{engine}\";f(\"{lifecycle}\")"), Some(files('a'))),
            (format!("\"{engine}\""), None),
            ("canary_0123456789abcdeg.wasm lifecycle_0123456789abcdef.js canary_".to_owned(), None),
        ] {
            fs::write(dir.path().join("canary.js"), script).unwrap();
            assert_eq!(RuntimeFiles::read(dir.path()), expected);
        }
        assert_eq!(files('a').link_header("/r/canary.js"), format!("</r/{engine}>; rel=preload; as=fetch"));
    }

    #[test]
    fn links_of_an_older_build_are_updated() {
        let links = |files: &RuntimeFiles| links("/c.json", ("/r/canary.js", Some(files)), None, "").join("\n");
        let page = format!("<a href=\"/r/{0}\">{0}</a><link href=\"/other/{0}\">", files('a').engine);
        let before = format!("{page}{}", links(&files('a')));
        let after = update(&before, &elements(&before).unwrap(), "/r/canary.js", &files('b'));
        assert_eq!(after, format!("{page}{}", links(&files('b'))));
        // Of a build that imported the lifecycle script without a check.
        let module = format!(
            "<link rel=\"modulepreload\" href=\"/r/{}\" integrity=\"sha256-A\" nonce=\"n\">",
            files('a').lifecycle
        );
        let after = update(&module, &elements(&module).unwrap(), "/r/canary.js", &files('b'));
        assert_eq!(after, files('b').links("/r/canary.js")[1]);
    }
}
