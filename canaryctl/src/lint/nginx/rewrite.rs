//! What the rewrite module of nginx does with a request before any file is looked for.

use super::fallback::is_page;
use super::parser::Directive;
use super::server::{effective, inner, is_match};
use super::variable::values;

/// The outcome of the directives `rewrite`, `return` and `if` in a block.
#[derive(Debug, PartialEq)]
pub(crate) enum Phase<'a> {
    /// They decide nothing.
    Open,
    /// The answer is a page.
    Page(&'a Directive),
    /// The answer is something else, as `return 404`.
    Closed,
}

/// Runs the directives of a block for a path at which there is no file.
pub(crate) fn rewrite_phase<'a>(server: &[&'a Directive], block: &'a Directive, path: &str) -> Phase<'a> {
    for directive in inner(block) {
        let phase = match directive.name.as_str() {
            // Browsers follow a redirect to the page as well.
            "rewrite" => match directive.args.as_slice() {
                [from, to, ..]
                    if is_match(from, false, path) == Some(true) && is_page(&values(server, block, to, path)) =>
                {
                    Phase::Page(directive)
                }
                _ => Phase::Open,
            },
            "return" => of_return(server, block, directive),
            "if" if holds(&directive.args, path) => rewrite_phase(server, directive, path),
            _ => Phase::Open,
        };
        if phase != Phase::Open {
            return phase;
        }
    }
    Phase::Open
}

/// A `return` with a text, or with a redirect to a page. A server without files, as one for probes, may answer all with a text.
fn of_return<'a>(server: &[&'a Directive], block: &'a Directive, directive: &'a Directive) -> Phase<'a> {
    let blocks: Vec<_> = server.iter().copied().chain([block]).collect();
    let has_files = ["root", "alias"].iter().any(|name| !effective(&blocks, name).is_empty());
    match directive.args.as_slice() {
        [code, _] if code == "200" && has_files => Phase::Page(directive),
        [.., target] if is_page(target) => Phase::Page(directive),
        _ => Phase::Closed,
    }
}

/// Whether a condition holds for a path at which there is no file. One that is not known here does not.
fn holds(args: &[String], path: &str) -> bool {
    let words: Vec<&str> = args.iter().map(|it| it.trim_matches(['(', ')'])).filter(|it| !it.is_empty()).collect();
    match words.as_slice() {
        ["!-e" | "!-f" | "!-d", _] => true,
        ["$uri" | "$request_uri" | "$document_uri", operator, pattern] => match *operator {
            "=" => *pattern == path,
            "!=" => *pattern != path,
            "~" | "~*" => is_match(pattern, *operator == "~*", path) == Some(true),
            "!~" | "!~*" => is_match(pattern, *operator == "!~*", path) == Some(false),
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_those_of_a_missing_file() {
        for (words, expected) in [
            ("(!-e $request_filename)", true),
            ("( !-f $request_filename )", true),
            ("(-f $request_filename)", false),
            ("($uri ~ ^/assets/)", true),
            ("($uri !~ \\.html$)", true),
            ("($request_uri !~* ^/ASSETS/)", false),
            ("($uri = /assets/a.js)", true),
            ("($uri != /assets/a.js)", false),
            ("($uri ~ (*VERB))", false),
            ("($http_accept ~ html)", false),
            ("($flag)", false),
        ] {
            let args: Vec<_> = words.split(' ').map(str::to_owned).collect();
            assert_eq!(holds(&args, "/assets/a.js"), expected, "{words}");
        }
    }
}
