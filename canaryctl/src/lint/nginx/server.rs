//! The location of a server that answers a path, as nginx finds it.

use fancy_regex::RegexBuilder;

use crate::lint::nginx::parser::Directive;

/// The blocks from the outermost one down to the one that answers.
pub(crate) type Blocks<'a> = Vec<&'a Directive>;

/// The directives of a block.
pub(crate) fn inner(block: &Directive) -> &[Directive] {
    block.block.as_deref().unwrap_or_default()
}

/// The directives of a name in a block.
pub(crate) fn named<'a>(block: &'a Directive, name: &str) -> impl Iterator<Item = &'a Directive> {
    inner(block).iter().filter(move |directive| directive.name == name)
}

/// The directives of a name that are in effect in the innermost block: its own, else those of the next block that has
/// any.
pub(crate) fn effective<'a>(blocks: &[&'a Directive], name: &str) -> Vec<&'a Directive> {
    let found = blocks.iter().rev().map(|block| named(block, name).collect::<Vec<_>>());
    found.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
}

/// The blocks down to the location that answers a path; `blocks` where none does. Nothing where a regular expression of
/// another dialect leaves that open.
pub(crate) fn answering<'a>(blocks: &[&'a Directive], path: &str) -> Option<Blocks<'a>> {
    let all = || blocks.last().into_iter().flat_map(|block| named(block, "location"));
    let mut longest: Option<(&Directive, &str)> = None;
    for location in all() {
        let [modifier @ .., pattern] = location.args.as_slice() else { continue };
        match modifier.first().map(String::as_str) {
            Some("=") if pattern == path => return Some(with(blocks, location)),
            None | Some("^~")
                if !pattern.starts_with('@')
                    && path.starts_with(pattern.as_str())
                    && longest.is_none_or(|(_, known)| known.len() < pattern.len()) =>
            {
                longest = Some((location, pattern));
            }
            _ => {}
        }
    }
    let deeper = longest.map(|(location, _)| with(blocks, location));
    if longest.is_none_or(|(location, _)| location.args.first().map(String::as_str) != Some("^~")) {
        for location in all() {
            let [modifier, pattern] = location.args.as_slice() else { continue };
            if matches!(modifier.as_str(), "~" | "~*") && is_match(pattern, modifier == "~*", path)? {
                return answering(&with(blocks, location), path);
            }
        }
    }
    match deeper {
        Some(deeper) => answering(&deeper, path),
        None => Some(blocks.to_vec()),
    }
}

/// Whether a pattern matches a text. Nothing where it is of a dialect that is not known here, or takes too long.
pub(crate) fn is_match(pattern: &str, ignores_case: bool, text: &str) -> Option<bool> {
    RegexBuilder::new(pattern).case_insensitive(ignores_case).build().ok()?.is_match(text).ok()
}

fn with<'a>(blocks: &[&'a Directive], block: &'a Directive) -> Blocks<'a> {
    blocks.iter().copied().chain([block]).collect()
}

/// The name of a block in a key.
pub(crate) fn name(block: &Directive) -> String {
    [&block.name].into_iter().chain(&block.args).map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::nginx::parser::parse;

    #[test]
    fn finds_the_location_that_nginx_finds() {
        let server = "server { location = /a/x { } location /a/ { location ~ y$ { } } location /a/b/ { }\n\
                      location ^~ /c/ { } location ~ \\.js$ { } location ~* \\.CSS$ { } location @d { }\n\
                      location ~ ^/(?!q)\\w+\\.map$ { } }";
        let server = parse(server, 0).unwrap();
        for (path, expected) in [
            ("/a/x", "location = /a/x"),
            ("/a/z", "location /a/"),
            ("/a/y", "location ~ y$"),
            ("/a/b/c", "location /a/b/"),
            ("/a/b/c.js", "location ~ \\.js$"),
            ("/c/d.js", "location ^~ /c/"),
            ("/q.css", "location ~* \\.CSS$"),
            ("/q", "server"),
            ("/r.map", "location ~ ^/(?!q)\\w+\\.map$"),
        ] {
            let found = answering(&[&server[0]], path).unwrap();
            assert_eq!(name(found.last().unwrap()), expected, "{path}");
        }
        let server = parse("server { location ~ (*VERB)a { } location / { } }", 0).unwrap();
        assert_eq!(answering(&[&server[0]], "/"), None);
    }
}
