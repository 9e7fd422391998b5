//! Security headers: those of nginx, or of files that the user names.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use hyper::header::{HeaderMap, HeaderName, HeaderValue};

use crate::lint::nginx::parser::{self, Directive};

/// What nginx sends, with the additions of a site, of which there are none.
const NGINX: [(&str, &str); 2] = [
    ("nginx/headers.conf", include_str!("../../../nginx/headers.conf")),
    ("nginx/csp.conf", include_str!("../../../nginx/csp.conf")),
];

const EXPECTED: &str = "expected add_header NAME VALUE; or map \"\" $NAME { default VALUE; }";

/// The headers of files, in which variables are not replaced yet.
#[derive(Debug, Default)]
struct Definitions {
    /// Name, value and position.
    headers: Vec<(HeaderName, String, String)>,
    variables: BTreeMap<String, String>,
}

/// Headers as nginx sends them. Files with headers replace these; files with variables alone, as `csp.conf`, add to them.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<HeaderMap> {
    let mut all = Definitions::default();
    for (name, text) in NGINX {
        all.parse(name, text)?;
    }
    let mut own = Definitions::default();
    for file in files {
        let name = file.display().to_string();
        let text = fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        own.parse(&name, &text)?;
    }
    all.variables.extend(own.variables);
    if !own.headers.is_empty() {
        all.headers = own.headers;
    }
    let mut headers = HeaderMap::new();
    for (name, value, place) in &all.headers {
        let value = all.replace(value).with_context(|| place.clone())?;
        // Nginx sends no header with an empty value.
        if !value.is_empty() {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| anyhow!("{place}: found a value of {name} with a character that no header may have"))?;
            headers.append(name, value);
        }
    }
    Ok(headers)
}

impl Definitions {
    /// Adds the definitions of a file: directives of nginx, or a list of `Name: value`.
    fn parse(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        if first.is_some_and(|line| list_item(line).is_some()) {
            return self.parse_list(name, text);
        }
        let place = |at: usize| format!("{name}:{}", line(text, at));
        let directives = parser::parse(text, 0).map_err(|error| anyhow!("{}: {}", place(error.at), error.reason))?;
        for directive in &directives {
            self.add(directive, &place(directive.at)).with_context(|| place(directive.at))?;
        }
        Ok(())
    }

    fn parse_list(&mut self, name: &str, text: &str) -> anyhow::Result<()> {
        for (line, number) in text.lines().map(str::trim).zip(1_usize..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("{name}:{number}");
            let (header, value) =
                list_item(line).with_context(|| format!("{place}: found `{line}`, expected NAME: VALUE"))?;
            self.headers.push((header, value.replace('$', "$$"), place));
        }
        Ok(())
    }

    fn add(&mut self, directive: &Directive, place: &str) -> anyhow::Result<()> {
        let args: Vec<&str> = directive.args.iter().map(String::as_str).collect();
        match (directive.name.as_str(), args.as_slice(), &directive.block) {
            ("add_header", [name, value] | [name, value, "always"], None) => {
                let name = name.parse().map_err(|_| anyhow!("found {name:?}, expected the name of a header"))?;
                self.headers.push((name, (*value).to_owned(), place.to_owned()));
            }
            ("add_header", ..) => {
                bail!("found add_header with {}, expected a name and a value in quotes", words(args.len()))
            }
            ("map", [_, variable], Some(block)) => {
                let name = variable.strip_prefix('$').with_context(|| format!("found `{variable}`, expected $NAME"))?;
                let value = block.iter().find(|it| it.name == "default").and_then(|it| it.args.first());
                let value = value.with_context(|| format!("found no `default VALUE;` in the map of ${name}"))?;
                if let Some(other) = block.iter().find(|it| it.name != "default") {
                    bail!(
                        "found a value of ${name} for `{}`, expected only `default VALUE;`: canaryctl serve has no nginx variables",
                        other.name
                    );
                }
                self.variables.insert(name.to_owned(), value.clone());
            }
            (name, ..) => bail!("found `{name}`, {EXPECTED}"),
        }
        Ok(())
    }

    /// Replaces `$name` and `${name}` by their values.
    fn replace(&self, value: &str) -> anyhow::Result<String> {
        let mut pieces = value.split('$');
        let mut replaced = pieces.next().unwrap_or_default().to_owned();
        while let Some(piece) = pieces.next() {
            // A doubled sign is that of a list, which has no variables.
            if piece.is_empty() {
                replaced.push('$');
                replaced.push_str(pieces.next().unwrap_or_default());
                continue;
            }
            let is_other = |it: char| !it.is_ascii_alphanumeric() && it != '_';
            let bare = piece.split_at(piece.find(is_other).unwrap_or(piece.len()));
            let (name, rest) = piece.strip_prefix('{').and_then(|piece| piece.split_once('}')).unwrap_or(bare);
            let Some(found) = self.variables.get(name) else {
                bail!("found ${name}, which no map defines: name the file with its map with another --headers");
            };
            if found.contains('$') {
                bail!("found `{found}` for ${name}, expected no variable: canaryctl serve has no nginx variables");
            }
            replaced.push_str(found);
            replaced.push_str(rest);
        }
        Ok(replaced)
    }
}

/// A line `Name: value`.
fn list_item(line: &str) -> Option<(HeaderName, &str)> {
    let (name, value) = line.split_once(':')?;
    Some((name.trim_end().parse().ok()?, value.trim()))
}

fn words(count: usize) -> String {
    format!("{count} {}", if count == 1 { "word" } else { "words" })
}

fn line(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count().saturating_add(1)
}

/// Adds the headers to a response, in place of any of their names.
pub(crate) fn add_to(response: &mut HeaderMap, headers: &HeaderMap) {
    for name in headers.keys() {
        response.remove(name);
        for value in headers.get_all(name) {
            response.append(name, value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(texts: &[&str]) -> Result<HeaderMap, String> {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..texts.len()).map(|index| dir.path().join(format!("{index}.conf"))).collect();
        for (file, text) in files.iter().zip(texts) {
            fs::write(file, text).unwrap();
        }
        read(&files).map_err(|error| format!("{error:#}").replace(&format!("{}/", dir.path().display()), ""))
    }

    fn policy(headers: &HeaderMap) -> &str {
        headers["content-security-policy"].to_str().unwrap()
    }

    #[test]
    fn every_header_of_nginx_is_read() {
        let headers = with(&[]).unwrap();
        let count = NGINX[0].1.lines().filter(|line| line.starts_with("add_header")).count();
        assert_eq!(headers.len(), count);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(policy(&headers).contains("; font-src 'self' ; "), "{}", policy(&headers));
    }

    #[test]
    fn variables_add_to_the_policy_and_headers_replace_all() {
        let added = with(&["map \"\" $csp_font_src { default https://a.example; }"]).unwrap();
        assert!(policy(&added).contains("; font-src 'self' https://a.example; "), "{}", policy(&added));
        assert_eq!(added["x-content-type-options"], "nosniff");
        let own =
            with(&["# c\nadd_header X-A \"a ${b}c $b\" always;\nadd_header X-B '';", "map $host $b { default q; }"]);
        let own = own.unwrap();
        assert_eq!((own.len(), &own["x-a"]), (1, &HeaderValue::from_static("a qc q")));
        let list = with(&["\u{feff}# c\n\nX-A: a: $b $\nx-c : d\n"]).unwrap();
        assert_eq!((&list["x-a"], &list["x-c"]), (&"a: $b $".parse().unwrap(), &"d".parse().unwrap()));
        let mut response = HeaderMap::from_iter([("x-a".parse().unwrap(), "1".parse().unwrap())]);
        add_to(&mut response, &list);
        assert_eq!((response.len(), &response["x-a"]), (2, &list["x-a"]));
    }

    #[test]
    fn faults_name_file_and_line() {
        for (text, expected) in [
            (
                "\nserver { }",
                "0.conf:2: found `server`, expected add_header NAME VALUE; or map \"\" $NAME { default VALUE; }",
            ),
            ("add_header A;", "0.conf:1: found add_header with 1 word, expected a name and a value in quotes"),
            ("add_header A b c d;", "0.conf:1: found add_header with 4 words, expected a name and a value in quotes"),
            ("add_header \"A B\" c;", "0.conf:1: found \"A B\", expected the name of a header"),
            ("\nadd_header A b", "0.conf:2: a directive has no ; at its end"),
            (
                "add_header A $no;",
                "0.conf:1: found $no, which no map defines: name the file with its map with another --headers",
            ),
            ("add_header A \"b\nc\";", "0.conf:1: found a value of a with a character that no header may have"),
            ("map a b { default c; }", "0.conf:1: found `b`, expected $NAME"),
            ("map a $b { }", "0.conf:1: found no `default VALUE;` in the map of $b"),
            (
                "map a $b { default c; x y; }",
                "0.conf:1: found a value of $b for `x`, expected only `default VALUE;`: canaryctl serve has no nginx variables",
            ),
            (
                "map a $b { default 'nonce-$c'; } add_header A $b;",
                "0.conf:1: found `nonce-$c` for $b, expected no variable: canaryctl serve has no nginx variables",
            ),
            ("A: b\nnothing", "0.conf:2: found `nothing`, expected NAME: VALUE"),
        ] {
            assert_eq!(with(&[text]), Err(expected.to_owned()), "{text}");
        }
        assert!(read(&["/none.conf".into()]).unwrap_err().to_string().starts_with("cannot read /none.conf"));
    }
}
