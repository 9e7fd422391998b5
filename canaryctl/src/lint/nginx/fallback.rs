//! Pages that nginx answers with where a file is missing.

use super::parser::Directive;
use super::rewrite::{Phase, rewrite_phase};
use super::server::{answering, effective, named};
use super::variable::values;

/// The most redirects inside nginx that are followed; nginx itself stops after ten.
const REDIRECTS: usize = 10;

/// The directive because of which the answer for a missing file is a page with 200, in the blocks that answer its path.
pub(crate) fn page<'a>(blocks: &[&'a Directive], path: &str) -> Option<&'a Directive> {
    let location = blocks.last()?;
    let server = blocks.iter().rposition(|block| block.name == "server").and_then(|at| blocks.get(..=at))?;
    let own = match server.last().map_or(Phase::Open, |own| rewrite_phase(server, own, path)) {
        Phase::Page(directive) => Some(directive),
        Phase::Closed => None,
        Phase::Open => answer(server, location, path, REDIRECTS),
    };
    own.or_else(|| error_page(server, blocks, path))
}

/// The directive of a location that answers with a page, by itself or by a location that it hands on to.
fn answer<'a>(server: &[&'a Directive], location: &'a Directive, path: &str, left: usize) -> Option<&'a Directive> {
    match rewrite_phase(server, location, path) {
        Phase::Page(directive) => return Some(directive),
        Phase::Closed => return None,
        Phase::Open => {}
    }
    let tries = named(location, "try_files").next()?;
    let (last, files) = tries.args.split_last()?;
    let value = |text: &String| values(server, location, text, path);
    // A file in the middle that exists is the answer; what follows is never reached.
    let is_page_file = files.iter().filter(|file| !file.contains('?')).map(value).any(|file| is_page(&file));
    (is_page_file || leads_to_page(server, &value(last), path, left)).then_some(tries)
}

/// Whether a redirect inside nginx, to a path or a named location, ends in a page.
fn leads_to_page(server: &[&Directive], target: &str, path: &str, left: usize) -> bool {
    if is_page(target) {
        // The page has a location, too, which may refuse it.
        let page = target.split(['?', '$']).next().unwrap_or_default();
        let own = answering(server, page).and_then(|blocks| blocks.last().copied());
        return own.is_none_or(|location| named(location, "return").next().is_none());
    }
    let Some(left) = left.checked_sub(1) else { return false };
    if target.starts_with('@') {
        let locations = server.last().into_iter().flat_map(|server| named(server, "location"));
        let mut own = locations.filter(|it| it.args.first().is_some_and(|name| name == target));
        // It gets the path that was asked for.
        return own.any(|it| answer(server, it, path, left).is_some());
    }
    if !target.starts_with('/') || target.contains('$') {
        return false;
    }
    let blocks = answering(server, target).filter(|blocks| blocks.len() > server.len());
    blocks.and_then(|blocks| answer(server, blocks.last()?, target, left)).is_some()
}

/// An `error_page` that answers 404 with another status and a page.
fn error_page<'a>(server: &[&'a Directive], blocks: &[&'a Directive], path: &str) -> Option<&'a Directive> {
    let location = blocks.last()?;
    let has_root = ["root", "alias"].iter().any(|name| !effective(blocks, name).is_empty());
    let is_elsewhere = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass"];
    let returns = named(location, "return").next();
    let intercepts = |name: &str| {
        let of = format!("{}_intercept_errors", name.trim_end_matches("_pass"));
        effective(blocks, &of).first().is_some_and(|it| it.args.first().is_some_and(|word| word == "on"))
    };
    let is_missing = match returns {
        Some(it) => it.args.first().is_some_and(|code| code == "404"),
        None => match is_elsewhere.iter().find(|name| named(location, name).next().is_some()) {
            Some(name) => intercepts(name),
            None => has_root,
        },
    };
    let answers = |it: &&Directive| {
        let [codes @ .., how, target] = it.args.as_slice() else { return false };
        let is_changed = how == "=" || how.strip_prefix("=2").is_some_and(|rest| rest.len() == 2);
        codes.iter().any(|code| code == "404")
            && is_changed
            && leads_to_page(server, &values(server, location, target, path), path, REDIRECTS)
    };
    if is_missing { effective(blocks, "error_page").into_iter().find(answers) } else { None }
}

/// Whether a fallback is a page. Arguments that follow it are those of the request, which is made without any.
pub(crate) fn is_page(target: &str) -> bool {
    let path = ["?", "$is_args", "$args", "$query_string"]
        .iter()
        .fold(target, |path, end| path.split(end).next().unwrap_or_default());
    path == "/" || [".html", ".htm", "index.php"].iter().any(|end| path.ends_with(end)) && !path.starts_with("$uri")
}
