//! Variables that a configuration itself defines, by `set` and `map`.

use super::parser::Directive;
use super::server::{inner, is_match, named};

/// A text with the values of the configuration's own variables, as a request of a path has them.
pub(crate) fn values(server: &[&Directive], location: &Directive, text: &str, path: &str) -> String {
    let mut text = text.to_owned();
    if !text.contains('$') {
        return text;
    }
    let blocks: Vec<&Directive> = server.iter().copied().chain([location]).collect();
    for map in blocks.iter().flat_map(|block| named(block, "map")) {
        if let [source, name] = map.args.as_slice() {
            replace(&mut text, name, mapped(map, source, path));
        }
    }
    // The last one of the innermost block counts.
    let sets: Vec<_> = blocks.iter().flat_map(|block| named(block, "set")).collect();
    for set in sets.into_iter().rev() {
        if let [name, value] = set.args.as_slice() {
            replace(&mut text, name, value);
        }
    }
    text
}

fn replace(text: &mut String, name: &str, value: &str) {
    let Some(bare) = name.strip_prefix('$').filter(|bare| !bare.is_empty()) else { return };
    *text = text.replace(&format!("${{{bare}}}"), value);
    let Some(at) = text.find(name) else { return };
    let (before, rest) = text.split_at(at);
    let rest = rest.strip_prefix(name).unwrap_or_default();
    if !rest.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_') {
        *text = format!("{before}{value}{rest}");
    }
}

/// The value of a map: by the path if that is its source, else the default, which scripts get.
fn mapped<'a>(map: &'a Directive, source: &str, path: &str) -> &'a str {
    let is_path = matches!(source, "$uri" | "$request_uri" | "$document_uri");
    let value = |directive: &'a Directive| directive.args.first().map(String::as_str).unwrap_or_default();
    let exact = inner(map).iter().find(|it| is_path && it.name == path);
    let by_pattern = |it: &&Directive| {
        let pattern = it.name.strip_prefix('~').filter(|_| is_path);
        let pattern = pattern.map(|it| it.strip_prefix('*').map_or((it, false), |it| (it, true)));
        pattern.is_some_and(|(pattern, ignores_case)| is_match(pattern, ignores_case, path) == Some(true))
    };
    let found = exact.or_else(|| inner(map).iter().find(by_pattern));
    found.or_else(|| named(map, "default").next()).map(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::nginx::parser::parse;

    #[test]
    fn own_variables_have_values() {
        let text = "map $uri $page { default /index.html; ~^/assets/ =404; /a.js /b; } map $http_accept $kind { default x; ~html y; }
                    server { set $one 1; set $one 2; location / { set $two $page; } }";
        let all = Directive { name: String::new(), args: Vec::new(), at: 0, file: 0, block: parse(text, 0).ok() };
        let server = inner(&all).last().unwrap();
        let location = named(server, "location").next().unwrap();
        for (text, path, expected) in [
            ("$page", "/", "/index.html"),
            ("${page}?x", "/", "/index.html?x"),
            ("$page", "/assets/a", "=404"),
            ("$page", "/a.js", "/b"),
            ("$pages", "/", "$pages"),
            ("$kind", "/", "x"),
            ("/$one", "/", "/2"),
            ("$uri", "/", "$uri"),
        ] {
            assert_eq!(values(&[&all, server], location, text, path), expected, "{text} {path}");
        }
    }
}
