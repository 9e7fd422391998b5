//! The directives of a configuration, with those of included files in the place of `include`.

use std::fs;
use std::path::{Path, PathBuf};

use regex::RegexBuilder;

use super::parser::{Directive, parse};
use crate::config::position::position;
use crate::lint::sources::Sources;
use crate::terminal::diagnostic::{FileDiagnostic, Severity};

/// The most files that are included.
const MOST: usize = 500;

/// Files that nginx brings along and that answer no request.
const SHIPPED: [&str; 8] = [
    "mime.types",
    "fastcgi_params",
    "fastcgi.conf",
    "uwsgi_params",
    "scgi_params",
    "proxy_params",
    "koi-win",
    "win-utf",
];

/// Reads a configuration and what it includes.
pub(crate) fn read(files: &mut Sources, file: usize) -> Vec<Directive> {
    let folder = files.path(file).and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    Reader { files, folder, open: Vec::new(), count: 0 }.file(file)
}

struct Reader<'a> {
    files: &'a mut Sources,
    /// The folder of the first file: nginx takes every relative path from there.
    folder: PathBuf,
    /// The files that are being read, each included by the one before.
    open: Vec<usize>,
    count: usize,
}

impl Reader<'_> {
    fn file(&mut self, file: usize) -> Vec<Directive> {
        let Some(text) = self.files.list.get(file).map(|file| file.text.as_str()) else { return Vec::new() };
        match parse(text, file) {
            Ok(mut directives) => {
                self.open.push(file);
                self.include(&mut directives);
                self.open.pop();
                directives
            }
            Err(error) => {
                self.fault(file, error.at, error.reason);
                Vec::new()
            }
        }
    }

    fn fault(&mut self, file: usize, at: usize, reason: &str) {
        let Some(text) = self.files.list.get(file).map(|file| file.text.as_str()) else { return };
        let message = format!("nginx does not start with this: {reason}");
        let found = FileDiagnostic::new("E921", "", Some(position(text, at)), message);
        self.files.report(vec![(file, found)]);
    }

    fn include(&mut self, directives: &mut Vec<Directive>) {
        let mut all = Vec::new();
        for mut directive in directives.drain(..) {
            if let Some(block) = &mut directive.block {
                self.include(block);
            }
            let pattern = directive.args.first().filter(|_| directive.name == "include").cloned();
            match pattern.and_then(|pattern| self.found(&directive, &pattern)) {
                Some(found) => all.extend(found),
                None => all.push(directive),
            }
        }
        *directives = all;
    }

    /// The directives of the files that a pattern means; nothing where they are not here.
    fn found(&mut self, by: &Directive, pattern: &str) -> Option<Vec<Directive>> {
        let is_mask = pattern.contains(['*', '?', '[']);
        // An absolute path is that of the machine that nginx runs on.
        let is_known = !pattern.starts_with('/') && !pattern.contains('$');
        let paths = if !is_known {
            Vec::new()
        } else if is_mask {
            glob(&self.folder, pattern)
        } else {
            vec![self.folder.join(pattern)]
        };
        let mut found = Vec::new();
        let mut is_read = is_known && is_mask;
        for path in paths {
            // What `include` names in a text of no folder is elsewhere.
            let is_here = !self.folder.as_os_str().is_empty()
                || self.files.path(by.file).is_some_and(|it| !it.as_os_str().is_empty());
            let folder = self.folder.clone();
            let Some(file) = is_here.then(|| self.files.open_from(&folder, &path).ok()).flatten() else { continue };
            is_read = true;
            self.count = self.count.saturating_add(1);
            if self.open.contains(&file) || self.count > MOST {
                let reason = if self.count > MOST { "it includes too many files" } else { "it includes itself" };
                self.fault(by.file, by.at, reason);
                continue;
            }
            found.extend(self.file(file));
        }
        if !is_read {
            self.note(by, pattern);
            return None;
        }
        Some(found)
    }

    fn note(&mut self, by: &Directive, pattern: &str) {
        let name = pattern.rsplit('/').next().unwrap_or_default();
        let Some(text) = self.files.list.get(by.file).map(|file| file.text.as_str()) else { return };
        if !SHIPPED.contains(&name) {
            let note = FileDiagnostic::new("", "", Some(position(text, by.at)), format!("not looked at: {pattern}"));
            self.files.report(vec![(by.file, FileDiagnostic { severity: Severity::Note, ..note })]);
        }
    }
}

/// The files that match a pattern below a folder, in the order in which nginx reads them.
fn glob(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![folder.to_owned()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?', '[']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        let mut regex = String::from("^");
        for char in part.chars() {
            match char {
                '*' => regex.push_str(".*"),
                '?' => regex.push('.'),
                '[' | ']' | '-' => regex.push(char),
                '!' if regex.ends_with('[') => regex.push('^'),
                _ => regex.push_str(&regex::escape(&char.to_string())),
            }
        }
        regex.push('$');
        let Ok(regex) = RegexBuilder::new(&regex).build() else { return Vec::new() };
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
            let is_meant = |name: &String| regex.is_match(name) && (!name.starts_with('.') || part.starts_with('.'));
            let mut names: Vec<_> = names.filter(is_meant).map(|name| folder.join(name)).collect();
            names.sort();
            names
        };
        found = found.iter().flat_map(|folder| names(folder)).take(MOST).collect();
    }
    found
}
