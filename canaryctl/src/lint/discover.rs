//! All files that belong to a named one, as kustomize and Flux find them.

use std::collections::{BTreeSet, VecDeque};
use std::env;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::config::configmap::{KEY, NAME};
use crate::config::loaded::Loaded;
use crate::config::yaml::{Node, Tree};
use crate::lint::kustomize::{self, OBJECTS, Visit};
use crate::lint::object::{Found, Object};
use crate::lint::object_set::{Generator, ObjectSet, key_of};
use crate::lint::plugin;
use crate::lint::rules::namespace::Part;
use crate::lint::rules::{self, config, flux, foreign, namespace};
use crate::lint::sources::Sources;
use crate::platform::input;
use crate::terminal::diagnostic::FileDiagnostic;

/// The deepest nesting of folders.
const DEPTH: usize = 16;

/// What to do where a config is not checked.
const UNREAD: &str = "write it as text below data, or as a file of the generator";

/// The files, and the sets of objects in them.
#[derive(Debug, Default)]
pub(crate) struct Discovery {
    pub(crate) files: Sources,
    sets: Vec<(Option<PathBuf>, ObjectSet)>,
    /// A set, the index of a Kustomization of Flux in it, and the set that Flux applies because of it.
    links: Vec<(usize, usize, usize)>,
    /// Kustomizations, and folders without one, that are still to be read.
    todo: VecDeque<PathBuf>,
    /// The time at which configs are checked, in milliseconds since 1970.
    now: i64,
}

impl Discovery {
    /// Reads a folder, or the kustomization at a path.
    pub(crate) fn folder(path: &Path, now: i64) -> Self {
        let mut discovery = Self { now, ..Self::default() };
        if path.is_file() {
            discovery.todo.push_back(path.to_owned());
        } else if let Some(file) = kustomize::in_folder(path) {
            discovery.todo.push_back(file);
        } else {
            discovery.todo.extend(below(path, 0));
            if discovery.todo.is_empty() {
                discovery.todo.push_back(path.to_owned());
            }
            discovery.go();
            discovery.strays(path, 0);
        }
        discovery.go();
        discovery.check();
        discovery
    }

    /// Reads the text of one file of manifests.
    pub(crate) fn manifest(path: &Path, text: &str, now: i64) -> Self {
        let mut discovery = Self { now, ..Self::default() };
        let file = discovery.files.add(path, text.to_owned());
        let mut set = ObjectSet::default();
        // Why it is no YAML is said where the config is read.
        if Tree::parse_all(text).is_ok() {
            for tree in discovery.files.manifests(file) {
                set.objects.extend(Object::all(file, tree, &scope, None));
            }
        }
        discovery.take(None, set);
        discovery.go();
        discovery.check();
        discovery
    }

    /// Reads the manifests that no kustomization names, where they have to do with the config: those of each folder
    /// together. What lies in the folder of a kustomization is not applied.
    fn strays(&mut self, folder: &Path, depth: usize) {
        if depth > DEPTH || kustomize::in_folder(folder).is_some() {
            return;
        }
        let mut set = ObjectSet::default();
        let (mut trees, mut paths) = (Vec::new(), Vec::new());
        for path in kustomize::entries(folder) {
            if path.is_dir() {
                self.strays(&path, depth.saturating_add(1));
            } else if kustomize::is_yaml(&path) && !self.files.is_known(&path) {
                let parsed = input::read(&path).ok().and_then(|bytes| String::from_utf8(bytes).ok());
                trees.extend(parsed.and_then(|text| Tree::parse_all(&text).ok()).into_iter().flatten());
                paths.push(path);
            }
        }
        let objects = trees.into_iter().flat_map(|tree| Object::all(0, tree, &scope, None));
        if !(ObjectSet { objects: objects.collect(), ..ObjectSet::default() }).is_about_config() {
            return;
        }
        for path in paths {
            let Ok(file) = self.files.open(&path) else { continue };
            for tree in self.files.manifests(file) {
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
            if path.is_dir() {
                visit.folder(&path);
            } else {
                visit.file(&path);
            }
            let set = visit.set;
            self.take(own, set);
        }
    }

    fn take(&mut self, path: Option<PathBuf>, mut set: ObjectSet) {
        if let Some(object) = set.objects.get(OBJECTS) {
            let message = format!("expected at most {OBJECTS} objects; the rest are not checked");
            self.files.report(vec![object.diagnostic("E901", "", object.root(), message)]);
            set.objects.truncate(OBJECTS);
        }
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
        self.mounted(&mut found);
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
        for (at, (path, set)) in self.sets.iter().enumerate() {
            // A folder without a kustomization may be one that nothing applies.
            let is_applied =
                path.as_deref().is_some_and(Path::is_file) || self.links.iter().any(|(.., target)| *target == at);
            foreign::check(&self.files, set, path.is_some(), is_applied, &mut found);
        }
        for (at, number, target) in &self.links {
            let (Some((_, set)), Some((_, applied))) = (self.sets.get(*at), self.sets.get(*target)) else { continue };
            let Some(flux) = set.objects.get(*number) else { continue };
            flux::check(flux, applied, &mut found);
            plugin::of_flux(flux, &mut found);
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

    /// Finds the texts that pods mount as the config, whatever they are called.
    fn mounted(&mut self, found: &mut Vec<Found>) {
        let mounts: BTreeSet<_> = self.sets.iter().flat_map(|(_, set)| set.mounts()).collect();
        let (mut marks, mut files) = (Vec::new(), Vec::new());
        for (_, set) in &self.sets {
            for (name, key) in &mounts {
                for object in set.objects.iter().filter(|it| it.kind() == "ConfigMap" && it.name() == name) {
                    let start = object.at(&["data", key]).and_then(Node::start);
                    marks.extend(start.map(|start| (object.file, start)));
                    if let Some(binary) = object.at(&["binaryData", key]) {
                        let message =
                            format!("the config was found here, in binaryData, and was not checked: {UNREAD}");
                        found.push(object.diagnostic("W918", format!("binaryData.{key}"), binary, message));
                    }
                }
                for generator in set.generators.iter().filter(|it| it.name() == name) {
                    files.extend(self.generated(generator, key, found));
                }
            }
        }
        for (file, start) in marks {
            self.files.add_config(file, start);
        }
        for file in files {
            if self.files.is_known(&file)
                && let Ok(file) = self.files.open(&file)
            {
                self.files.mark_config(file);
            }
        }
    }

    /// The file that a generator makes a key of. A literal is checked at once.
    fn generated(&self, generator: &Generator, key: &str, found: &mut Vec<Found>) -> Option<PathBuf> {
        let entry = generator.node()?;
        let folder = self.files.path(generator.by.file)?.parent()?;
        let own = |field: &'static str| entry.list(field).filter(move |(it, _)| it.text().map(key_of) == Some(key));
        for (literal, index) in own("literals") {
            let (_, text) = literal.text().and_then(|text| text.split_once('='))?;
            let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
            let loaded = Loaded::parse(String::new(), quoted.unwrap_or(text).as_bytes());
            for diagnostic in config::check(&loaded, self.now) {
                let key = format!("configMapGenerator[{}].literals[{index}]: {}", generator.index, diagnostic.key);
                let place = FileDiagnostic { position: Some(literal.position()), related: None, key, ..diagnostic };
                found.push((generator.by.file, place.underline(literal.len())));
            }
        }
        for field in ["envs", "env"] {
            let entries = entry.get(field).into_iter().flat_map(|it| it.items().chain([it]));
            for named in entries.filter(|it| it.text().is_some()) {
                let path = folder.join(named.text().unwrap_or_default());
                let Some(text) = self.files.text(&path) else { continue };
                if text.lines().any(|line| line.split('=').next() == Some(key)) {
                    let message = format!("the config was found in this file, and was not checked: {UNREAD}");
                    let key = format!("configMapGenerator[{}].{field}", generator.index);
                    found.push(generator.by.diagnostic("W918", key, named, message));
                }
            }
        }
        let (file, _) = own("files").next()?;
        let text = file.text()?;
        Some(folder.join(text.split_once('=').map_or(text, |(_, path)| path)))
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
    let target = |root: &Path| {
        let folder = root.join(path);
        kustomize::in_folder(&folder).or_else(|| folder.is_dir().then_some(folder))
    };
    let found = file.ancestors().skip(1).find_map(target)?;
    // Relative to the working directory, as the file itself is named.
    let here = env::current_dir().ok().and_then(|here| fs::canonicalize(here).ok());
    Some(here.and_then(|here| found.strip_prefix(here).ok().map(Path::to_owned)).unwrap_or(found))
}

/// All kustomizations below a folder.
fn below(folder: &Path, depth: usize) -> Vec<PathBuf> {
    if depth > DEPTH {
        return Vec::new();
    }
    let folders = kustomize::entries(folder).into_iter().filter(|path| path.is_dir());
    let deeper = folders.flat_map(|folder| below(&folder, depth.saturating_add(1)));
    kustomize::in_folder(folder).into_iter().chain(deeper).collect()
}
