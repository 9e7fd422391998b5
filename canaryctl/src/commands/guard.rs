//! `canaryctl guard`: the inline guard, as it goes into a page.

use std::io::{self, Write};
use std::process::ExitCode;

use serde_json::json;

use crate::html::csp;
use crate::html::elements::{Element, escape};
use crate::html::minify::squeeze;
use crate::terminal::output::Output;

/// Its one source.
const SOURCE: &str = include_str!("../../../loader/guard.js");

/// By which it is known in a page.
const ATTRIBUTE: &str = "data-canary-guard";

/// Where pages had a place for it, before there was one.
const MARK: &str = "<!-- canary:guard -->";

/// Print the inline guard, for a page that is written by hand.
///
/// An element that loads stable even where canary.js cannot: missing, blocked, broken or silent. It stands before the tag
/// of canary.js, below the same parent, with no other module script between them. canaryctl inject writes it by itself.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  canaryctl guard
  canaryctl guard --hash")]
pub(crate) struct Args {
    /// Print what allows it in script-src of the Content-Security-Policy instead.
    #[arg(long)]
    hash: bool,
}

/// Prints it, or its hash.
pub(crate) fn run(args: &Args, output: Output) -> anyhow::Result<ExitCode> {
    let (element, source) = (element(None), csp::source(&squeeze(SOURCE)));
    let mut out = io::stdout().lock();
    match output {
        Output::Json => writeln!(out, "{}", json!({"element": element, "scriptSrc": source})),
        Output::Text if args.hash => writeln!(out, "{source}"),
        Output::Text => writeln!(out, "{element}"),
    }?;
    Ok(ExitCode::SUCCESS)
}

/// The element. A page whose policy goes by a nonce needs no hash.
pub(crate) fn element(nonce: Option<&str>) -> String {
    let nonce = nonce.map(|nonce| format!(" nonce=\"{}\"", escape(nonce))).unwrap_or_default();
    format!("<script {ATTRIBUTE}{nonce}>{}</script>", squeeze(SOURCE))
}

/// The guard of a page, if it has one.
pub(crate) fn find(elements: &[Element]) -> Option<&Element> {
    elements.iter().find(|it| it.name == "script" && it.attribute(ATTRIBUTE).is_some())
}

/// The page with the present guard in the place of an older one, or of the mark. Whoever took both out wants none.
pub(crate) fn renew(html: &str, elements: &[Element], nonce: Option<&str>) -> String {
    let Some(guard) = find(elements) else {
        return html.replacen(MARK, &element(nonce), 1);
    };
    let before = html.get(..guard.span.start).unwrap_or_default();
    let after = html.get(guard.span.end..).unwrap_or_default();
    [before, &element(guard.attribute("nonce")), after].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::html::elements;

    /// What a page has to carry uncompressed. Raise it with a reason.
    const LIMIT: usize = 2000;

    #[test]
    fn it_is_small_and_fit_for_a_page() {
        let script = squeeze(SOURCE);
        assert!(script.len() <= LIMIT, "{} bytes", script.len());
        for bad in ["//", "/*", "\n", "  ", "<!--", "</", "<script"] {
            assert!(!script.contains(bad), "{bad:?} in {script}");
        }
        let page = element(None);
        let elements = elements::elements(&page).unwrap();
        assert_eq!((elements.len(), page.get(elements[0].text.clone())), (1, Some(script.as_str())));
    }

    #[test]
    fn the_mark_and_older_guards_give_way() {
        let present = element(Some("n"));
        for old in [MARK, "<script data-canary-guard nonce=n>old()</script>", &present] {
            let page = format!("<p>\r\n {old}\r\n<script src=/a.js></script>");
            let renewed = renew(&page, &elements::elements(&page).unwrap(), Some("n"));
            assert_eq!(renewed, page.replace(old, &present));
        }
        let page = "<script src=/a.js></script>";
        assert_eq!(renew(page, &elements::elements(page).unwrap(), None), page);
    }
}
