//! From what was named to all files that belong to it, as kustomize and Flux would find them.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::lint::kustomize::{self, Visit};
use crate::lint::object::Object;
use crate::lint::object_set::Set;
use crate::lint::rules::flux;
use crate::lint::rules::namespace::{self, Part};
use crate::lint::sources::Files;
use crate::lint::tree::{Node, Tree};

/// Files, and the sets that they make.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    pub(crate) files: Files,
    sets: Vec<(Option<PathBuf>, Set)>,
    /// Which object of which set has Flux apply which set.
    links: Vec<(usize, usize, usize)>,
    /// Kustomizations that are still to be looked at.
    todo: VecDeque<PathBuf>,
}

impl Walk {
    /// A folder, or the file of a kustomization in it.
    pub(crate) fn folder(path: &Path) -> Self {
        let mut walk = Self::default();
        if path.is_file() {
            walk.todo.push_back(path.to_owned());
        } else if let Some(file) = kustomize::in_folder(path) {
            walk.todo.push_back(file);
        } else {
            walk.todo.extend(below(path, 0));
        }
        if walk.todo.is_empty() {
            walk.plain(path);
        }
        walk.go();
        walk
    }

    /// One file of manifests, whose text has been read.
    pub(crate) fn manifest(path: &Path, text: &str) -> Self {
        let mut walk = Self::default();
        let file = walk.files.add(path, text.to_owned());
        let mut set = Set::default();
        for tree in Tree::parse_all(text).unwrap_or_default() {
            set.objects.extend(Object::all(file, tree, &namespace, None));
        }
        walk.take(None, set);
        walk.go();
        walk
    }

    /// A folder without a kustomization: its manifests, as `kubectl apply -f` takes them.
    fn plain(&mut self, folder: &Path) {
        let mut paths: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let mut set = Set::default();
        for path in paths.iter().filter(|path| is_yaml(path)) {
            let Ok(file) = self.files.open(path) else { continue };
            for tree in self.files.trees(file) {
                set.objects.extend(Object::all(file, tree, &namespace, None));
            }
        }
        self.take(None, set);
    }

    fn go(&mut self) {
        while let Some(path) = self.todo.pop_front() {
            let own = fs::canonicalize(&path).ok();
            if self.sets.iter().any(|(known, _)| known.is_some() && *known == own) {
                continue;
            }
            let mut visit = Visit::new(&mut self.files);
            visit.file(&path);
            let set = visit.set;
            self.take(own, set);
        }
        self.judge();
    }

    fn take(&mut self, path: Option<PathBuf>, set: Set) {
        for object in &set.objects {
            if let Some(name) = config_file(object) {
                self.files.has_config(name);
            }
            if flux::is_flux(object)
                && let Some(target) =
                    self.files.path(object.file).and_then(|file| applied(file, object.text(&["spec", "path"])))
            {
                self.todo.push_back(target);
            }
        }
        self.sets.push((path, set));
    }

    fn judge(&mut self) {
        let mut found = Vec::new();
        for (at, (_, set)) in self.sets.iter().enumerate() {
            found.extend(set.traps());
            namespace::check(&[Part::plain(set)], &mut found);
            for (number, object) in set.objects.iter().enumerate().filter(|(_, object)| flux::is_flux(object)) {
                let file = self.files.path(object.file);
                let target =
                    file.and_then(|file| fs::canonicalize(applied(file, object.text(&["spec", "path"]))?).ok());
                let known = self.sets.iter().position(|(path, _)| path.is_some() && *path == target);
                self.links.extend(known.map(|known| (at, number, known)));
            }
        }
        for (at, number, target) in &self.links {
            let (Some((_, set)), Some((_, applied))) = (self.sets.get(*at), self.sets.get(*target)) else { continue };
            let Some(flux) = set.objects.get(*number) else { continue };
            flux::check(flux, applied, &mut found);
            for patch in set.objects.iter().filter(|patch| patch.is_laid_over(flux) && flux::is_flux(patch)) {
                flux::check(patch, applied, &mut found);
            }
        }
        for at in 0..self.sets.len() {
            let links = self.links.iter().filter(|(by, ..)| *by == at);
            let parts = links.map(|(_, number, target)| {
                let ((_, by), (_, applied)) = (self.sets.get(at)?, self.sets.get(*target)?);
                Part::applied(by, by.objects.get(*number)?, applied)
            });
            namespace::check(&parts.collect::<Option<Vec<_>>>().unwrap_or_default(), &mut found);
        }
        self.files.say(found);
    }

    /// Whether any of it has to do with the config.
    pub(crate) fn is_about_config(&self) -> bool {
        self.sets.iter().any(|(_, set)| set.is_about_config()) || self.files.has_errors()
    }
}

/// The file of an object, if `validate` can read the config in it.
fn config_file(object: &Object) -> Option<usize> {
    let own = object.kind() == "ConfigMap" && object.name() == crate::config::configmap::NAME;
    (own && object.at(&["data", crate::config::configmap::KEY]).is_some()).then_some(object.file)
}

/// The scope of an object that no kustomization moves.
fn namespace(root: Node<'_>) -> String {
    kustomize::scope(root.at(&["metadata", "namespace"]).and_then(Node::text).unwrap_or_default(), "", "")
}

/// What Flux applies: a path from the root of the repository, which is a folder above the file.
fn applied(file: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.as_os_str().is_empty() || !path.components().all(inside) {
        return None;
    }
    let file = if file == Path::new("-") { env::current_dir().ok()?.join("-") } else { fs::canonicalize(file).ok()? };
    let found = file.ancestors().skip(1).find_map(|root| kustomize::in_folder(&root.join(path)))?;
    // As the file itself was named.
    let here = env::current_dir().ok().and_then(|here| fs::canonicalize(here).ok());
    Some(here.and_then(|here| found.strip_prefix(here).ok().map(Path::to_owned)).unwrap_or(found))
}

fn is_yaml(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|it| it == "yaml" || it == "yml" || it == "json")
}

/// All kustomizations below a folder.
fn below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    const SKIPPED: [&str; 2] = ["node_modules", "target"];
    if depth > 16 {
        return Vec::new();
    }
    let mut folders: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    folders.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        path.is_dir() && !path.is_symlink() && !name.starts_with('.') && !SKIPPED.contains(&name)
    });
    folders.sort();
    let deeper = folders.iter().flat_map(|folder| below(folder, depth.saturating_add(1)));
    kustomize::in_folder(folder).into_iter().chain(deeper).collect()
}
