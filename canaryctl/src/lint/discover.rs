//! All files that belong to a named one, as kustomize and Flux find them.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::config::configmap::{KEY, NAME};
use crate::config::yaml::{Node, Tree};
use crate::lint::kustomize::{self, Visit};
use crate::lint::object::Object;
use crate::lint::object_set::ObjectSet;
use crate::lint::rules::namespace::Part;
use crate::lint::rules::{self, flux, namespace};
use crate::lint::sources::Sources;

/// The files, and the sets of objects in them.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    pub(crate) files: Sources,
    sets: Vec<(Option<PathBuf>, ObjectSet)>,
    /// A set, the index of a Kustomization of Flux in it, and the set that Flux applies because of it.
    links: Vec<(usize, usize, usize)>,
    /// Kustomizations that are still to be read.
    todo: VecDeque<PathBuf>,
}

impl Discovery {
    /// Reads a folder, or the kustomization at a path.
    pub(crate) fn folder(path: &Path) -> Self {
        let mut discovery = Self::default();
        if path.is_file() {
            discovery.todo.push_back(path.to_owned());
        } else if let Some(file) = kustomize::in_folder(path) {
            discovery.todo.push_back(file);
        } else {
            discovery.todo.extend(below(path, 0));
        }
        if discovery.todo.is_empty() {
            discovery.plain(path);
        }
        discovery.go();
        discovery
    }

    /// Reads the text of one file of manifests.
    pub(crate) fn manifest(path: &Path, text: &str) -> Self {
        let mut discovery = Self::default();
        let file = discovery.files.add(path, text.to_owned());
        let mut set = ObjectSet::default();
        for tree in Tree::parse_all(text).unwrap_or_default() {
            set.objects.extend(Object::all(file, tree, &scope, None));
        }
        discovery.take(None, set);
        discovery.go();
        discovery
    }

    /// Reads the manifests of a folder without a kustomization, as `kubectl apply -f` takes them.
    fn plain(&mut self, folder: &Path) {
        let mut paths: Vec<_> =
            fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        paths.sort();
        let mut set = ObjectSet::default();
        for path in paths.iter().filter(|path| is_yaml(path)) {
            let Ok(file) = self.files.open(path) else { continue };
            for tree in self.files.trees(file) {
                set.objects.extend(Object::all(file, tree, &scope, None));
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
        self.check();
    }

    fn take(&mut self, path: Option<PathBuf>, set: ObjectSet) {
        for object in &set.objects {
            if let Some(file) = config_file(object) {
                self.files.mark_config(file);
            }
            if object.is_flux()
                && let Some(target) =
                    self.files.path(object.file).and_then(|file| applied(file, object.text(&["spec", "path"])))
            {
                self.todo.push_back(target);
            }
        }
        self.sets.push((path, set));
    }

    fn check(&mut self) {
        let mut found = Vec::new();
        for (at, (_, set)) in self.sets.iter().enumerate() {
            found.extend(rules::check(set));
            namespace::check(&[Part::plain(set)], &mut found);
            for (number, object) in set.objects.iter().enumerate().filter(|(_, object)| object.is_flux()) {
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
            for patch in set.objects.iter().filter(|patch| patch.is_patch_of(flux) && patch.is_flux()) {
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
        self.files.report(found);
    }

    /// Whether anything here has to do with the config.
    pub(crate) fn is_about_config(&self) -> bool {
        self.sets.iter().any(|(_, set)| set.is_about_config()) || self.files.has_errors()
    }
}

/// The file of an object that is the config's `ConfigMap`.
fn config_file(object: &Object) -> Option<usize> {
    let own = object.kind() == "ConfigMap" && object.name() == NAME;
    (own && object.at(&["data", KEY]).is_some()).then_some(object.file)
}

/// The scope of an object that no kustomization changes.
fn scope(root: Node<'_>) -> String {
    kustomize::scope(root.at(&["metadata", "namespace"]).and_then(Node::text).unwrap_or_default(), "", "")
}

/// The kustomization that Flux applies: `path` is relative to the root of the repository, a folder above the file.
fn applied(file: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path);
    let inside = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if path.as_os_str().is_empty() || !path.components().all(inside) {
        return None;
    }
    let file = if file == Path::new("-") { env::current_dir().ok()?.join("-") } else { fs::canonicalize(file).ok()? };
    let found = file.ancestors().skip(1).find_map(|root| kustomize::in_folder(&root.join(path)))?;
    // Relative to the working directory, as the file itself is named.
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
