//! Rules for nginx configurations (E921 to W928).

use std::collections::BTreeSet;
use std::path::Path;

use regex::bytes::RegexBuilder;

use super::parser::{Directive, parse};
use super::server::{answering, effective, inner, name, named};
use crate::config::position::position;
use crate::lint::sources::Sources;
use crate::terminal::diagnostic::FileDiagnostic;

/// Paths of missing files that a page must never be the answer to; the name of each and the consequence.
const MISSING: [(&str, &str, &str); 3] = [
    ("/assets/0.0.0/gone.js", "a script under /assets/", AS_SCRIPT),
    ("/runtime/canary_0123456789abcdef.wasm", "a module under /runtime/", AS_SCRIPT),
    (CONFIG, "the config", "so browsers get HTML for a config (E104), and nobody sees that it is not mounted"),
];
const AS_SCRIPT: &str =
    "so browsers get HTML for a script, and caches keep it under that name when the file is there again";
const CONFIG: &str = "/config/canary.json";
const HIDDEN: &str = "/config/..data/canary.json";
/// The deepest nesting of included files.
const DEPTH: usize = 8;
/// Directives that answer with something else than a file.
const ELSEWHERE: [&str; 6] = ["proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "return"];

/// Checks the configuration in a file, together with the files beside it that it includes.
pub(crate) fn check(files: &mut Sources, file: usize) {
    let directives = read(files, file, 0);
    let main = Directive { name: String::new(), args: Vec::new(), at: 0, file, block: Some(directives) };
    let mut traps = Traps { found: Vec::new() };
    traps.block(&[&main]);
    let found: Vec<_> = traps.found.into_iter().filter_map(|trap| Some((trap.file, trap.diagnostic(files)?))).collect();
    files.report(found);
}

/// The directives of a file, with those of included files in the place of `include`.
fn read(files: &mut Sources, file: usize, depth: usize) -> Vec<Directive> {
    let Some(text) = files.list.get(file).map(|file| file.text.as_str()) else { return Vec::new() };
    match parse(text, file) {
        Ok(mut directives) => {
            include(files, &mut directives, depth);
            directives
        }
        Err(error) => {
            let message = format!("nginx does not start with this: {}", error.reason);
            let at = Some(position(text, error.at));
            files.report(vec![(file, FileDiagnostic::new("E921", "", at, message))]);
            Vec::new()
        }
    }
}

fn include(files: &mut Sources, directives: &mut Vec<Directive>, depth: usize) {
    let mut all = Vec::new();
    for mut directive in directives.drain(..) {
        let pattern = directive.args.first().filter(|_| directive.name == "include" && depth < DEPTH);
        // Absolute paths and patterns are those of the machine that nginx runs on.
        let path = pattern.filter(|it| !it.starts_with('/') && !it.contains(['*', '?', '[', '$']));
        let folder = files.path(directive.file).and_then(Path::parent).map(Path::to_owned);
        if let (Some(path), Some(folder)) = (path, folder)
            && let Ok(file) = files.open(&folder.join(path))
        {
            all.extend(read(files, file, depth.saturating_add(1)));
            continue;
        }
        if let Some(block) = &mut directive.block {
            include(files, block, depth);
        }
        all.push(directive);
    }
    *directives = all;
}

/// A fault of a directive.
struct Trap {
    file: usize,
    code: &'static str,
    key: String,
    at: usize,
    message: String,
}

impl Trap {
    fn diagnostic(self, files: &Sources) -> Option<FileDiagnostic> {
        let text = &files.list.get(self.file)?.text;
        Some(FileDiagnostic::new(self.code, self.key, Some(position(text, self.at)), self.message))
    }
}

struct Traps {
    found: Vec<Trap>,
}

impl Traps {
    /// Checks the servers of a block.
    fn block(&mut self, blocks: &[&Directive]) {
        for directive in blocks.last().into_iter().flat_map(|block| inner(block)) {
            let blocks: Vec<_> = blocks.iter().copied().chain([directive]).collect();
            match directive.name.as_str() {
                "http" => {
                    self.headers(&blocks);
                    self.block(&blocks);
                }
                "server" if directive.block.is_some() => self.server(&blocks),
                _ => {}
            }
        }
    }

    fn server(&mut self, blocks: &[&Directive]) {
        self.headers(blocks);
        self.nested(blocks);
        let own = blocks.last().copied();
        // A server that redirects everyone, to https for example.
        if own.is_none_or(|server| named(server, "return").next().is_some()) {
            return;
        }
        for (path, what, then) in MISSING {
            if let Some(answer) = answering(blocks, path) {
                self.fallback(
                    &answer,
                    path,
                    &format!("{what} that is missing is answered with a page and 200, {then}"),
                );
            }
        }
        if let Some(answer) = answering(blocks, CONFIG).filter(|answer| is_file(answer)) {
            self.config(&answer);
            if let Some(answer) = answering(blocks, HIDDEN).filter(|answer| is_file(answer)) {
                self.hidden(&answer);
            }
        }
    }

    /// Checks for a page as the answer to a missing file.
    fn fallback(&mut self, blocks: &[&Directive], path: &str, message: &str) {
        let Some(location) = blocks.last() else { return };
        let server = blocks.iter().find(|block| block.name == "server").copied();
        let mut culprit = rewritten(location, path).or_else(|| server.and_then(|server| conditions(server, path)));
        if let Some(tries) = named(location, "try_files").next() {
            let last = tries.args.last().map(String::as_str).unwrap_or_default();
            let handed_on = server.into_iter().flat_map(|server| named(server, "location"));
            let named_one = handed_on
                .into_iter()
                .find(|it| it.args.first().is_some_and(|name| name == last && name.starts_with('@')));
            let by_name = named_one.is_some_and(|it| {
                rewritten(it, path).is_some()
                    || named(it, "try_files").any(|it| it.args.last().is_some_and(|last| is_page(last)))
            });
            if is_page(last) || by_name {
                culprit = Some(tries);
            }
        }
        let answers_200 = |it: &&Directive| {
            let [codes @ .., how, page] = it.args.as_slice() else { return false };
            codes.iter().any(|code| code == "404") && matches!(how.as_str(), "=" | "=200") && is_page(page)
        };
        culprit = culprit
            .or_else(|| is_file(blocks).then(|| effective(blocks, "error_page").into_iter().find(answers_200))?);
        if let Some(culprit) = culprit {
            self.report("E922", blocks, culprit, format!("{message}; give {path} a location that ends in =404"));
        }
    }

    fn config(&mut self, blocks: &[&Directive]) {
        let Some(location) = blocks.last() else { return };
        if let Some(cache) = effective(blocks, "open_file_cache").first().filter(|it| first(it) != "off") {
            self.report(
                "E923",
                blocks,
                cache,
                "nginx goes on serving the config that it has open, for a minute after each edit \
                 unless told otherwise; write open_file_cache off in the config's location",
            );
        }
        let off = |name: &str| effective(blocks, name).first().is_some_and(|it| first(it) == "off");
        if !off("etag") || !off("if_modified_since") {
            self.report("W925", blocks, location, "two configs of the same length within a second have the same ETag and \
                 Last-Modified, and pods disagree on them, so a browser may be told that nothing changed; write etag off and \
                 if_modified_since off in the config's location");
        }
        let headers = effective(blocks, "add_header");
        let control = headers.iter().find(|it| first(it).eq_ignore_ascii_case("cache-control"));
        let expires = effective(blocks, "expires").first().copied().filter(|it| first(it) != "off");
        match (control, expires) {
            (Some(control), _) => {
                let value = control.args.get(1).map(String::as_str).unwrap_or_default();
                if !["no-store", "no-cache", "max-age=0", "$"].iter().any(|fine| value.contains(fine)) {
                    self.report("E924", blocks, control, LATE);
                }
            }
            (None, Some(expires)) => {
                let value = expires.args.last().map(String::as_str).unwrap_or_default();
                if !matches!(value, "epoch" | "0") && !value.starts_with(['-', '$']) {
                    self.report("E924", blocks, expires, LATE);
                }
            }
            (None, None) => self.report(
                "W926",
                blocks,
                location,
                "the config is sent without Cache-Control, so a cache on the way \
                 may keep it as long as it likes; write add_header Cache-Control no-store in its location",
            ),
        }
    }

    fn hidden(&mut self, blocks: &[&Directive]) {
        let Some(location) = blocks.last() else { return };
        self.report(
            "W927",
            blocks,
            location,
            "this also serves /config/..data/canary.json, and the folders of the mounted \
             ConfigMap by their dates, under names that caches may keep; write location = /config/canary.json, and a \
             location ~ /\\. that returns 404",
        );
    }

    /// Checks the headers of all blocks inside a server.
    fn nested(&mut self, blocks: &[&Directive]) {
        for directive in blocks.last().into_iter().flat_map(|block| inner(block)) {
            if matches!(directive.name.as_str(), "location" | "if") {
                let blocks: Vec<_> = blocks.iter().copied().chain([directive]).collect();
                self.headers(&blocks);
                self.nested(&blocks);
            }
        }
    }

    /// Checks for headers of outer blocks that the block's own headers replace.
    fn headers(&mut self, blocks: &[&Directive]) {
        let Some((block, outer)) = blocks.split_last() else { return };
        let merges = effective(blocks, "add_header_inherit").first().is_some_and(|it| first(it) == "merge");
        // The answer of another server has its own headers.
        let is_other = ELSEWHERE.iter().filter(|it| **it != "return").any(|name| named(block, name).next().is_some());
        let Some(own) = named(block, "add_header").next().filter(|_| !merges && !is_other) else { return };
        let names = |all: Vec<&Directive>| all.into_iter().map(|it| first(it).to_lowercase()).collect::<BTreeSet<_>>();
        let lost: Vec<_> = names(effective(outer, "add_header"))
            .difference(&names(named(block, "add_header").collect()))
            .cloned()
            .collect();
        if !lost.is_empty() {
            self.report("W928", blocks, own, format!(
                "an add_header here puts all those of the blocks around out of effect, so these answers lack {}; repeat them, \
                 or include the file that has them",
                lost.join(", ")
            ));
        }
    }

    fn report(&mut self, code: &'static str, blocks: &[&Directive], at: &Directive, message: impl Into<String>) {
        let mut path: Vec<_> = blocks.iter().skip(1).map(|block| name(block)).collect();
        if !blocks.iter().any(|block| std::ptr::eq(*block, at)) {
            path.push(at.name.clone());
        }
        let trap = Trap { file: at.file, code, key: path.join(" > "), at: at.at, message: message.into() };
        // One directive may be wrong for several paths.
        if !self.found.iter().any(|known| (known.file, known.code, known.at) == (trap.file, trap.code, trap.at)) {
            self.found.push(trap);
        }
    }
}

const LATE: &str = "browsers and caches keep the config for that long, and a roll-back arrives as much later; write add_header \
                    Cache-Control no-store in its location";

fn first(directive: &Directive) -> &str {
    directive.args.first().map(String::as_str).unwrap_or_default()
}

/// Whether a location answers with a file.
fn is_file(blocks: &[&Directive]) -> bool {
    let Some(location) = blocks.last() else { return false };
    let has_root = ["root", "alias"].iter().any(|name| !effective(blocks, name).is_empty());
    let denies = named(location, "deny").any(|it| first(it) == "all") || named(location, "internal").next().is_some();
    has_root && !denies && ELSEWHERE.iter().all(|name| named(location, name).next().is_none())
}

/// Whether a fallback is a page.
fn is_page(target: &str) -> bool {
    let path = target.split('?').next().unwrap_or_default();
    path == "/" || [".html", ".htm", "index.php"].iter().any(|end| path.ends_with(end))
}

/// A `rewrite` to a page in a block or its conditions.
fn rewritten<'a>(block: &'a Directive, path: &str) -> Option<&'a Directive> {
    let own = named(block, "rewrite").find(|it| {
        let [from, to, ..] = it.args.as_slice() else { return false };
        is_page(to) && RegexBuilder::new(from).unicode(false).build().is_ok_and(|from| from.is_match(path.as_bytes()))
    });
    own.or_else(|| conditions(block, path))
}

/// A `rewrite` to a page inside `if (!-e $request_filename)`.
fn conditions<'a>(block: &'a Directive, path: &str) -> Option<&'a Directive> {
    let missing = named(block, "if").filter(|it| matches!(first(it).trim_start_matches('('), "!-e" | "!-f"));
    missing.into_iter().find_map(|it| rewritten(it, path))
}
