//! The files that a kustomization names. They are read without kustomize, and its output is not computed.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::configmap::{KEY, NAME, objects};
use crate::config::yaml::{Node, Tree};
use crate::lint::nginx::locations;
use crate::lint::object::{Object, Target};
use crate::lint::object_set::{Generator, ObjectSet, key_of};
use crate::lint::rules::field;
use crate::lint::rules::nginx::is_nginx;
use crate::lint::sources::Sources;
use crate::terminal::diagnostic::FileDiagnostic;

/// The names of the file that kustomize looks for in a folder.
const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The most kustomizations that are read. No set of manifests has so many.
const MOST: usize = 1000;

/// The most objects of a set: some rules compare all of them.
pub(crate) const OBJECTS: usize = 2000;

/// The kustomization in a folder.
pub(crate) fn in_folder(folder: &Path) -> Option<PathBuf> {
    FILES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

/// What a folder holds, without what kustomize and Flux never read. Links to folders are left out: they may lead in a circle.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    const SKIPPED: [&str; 2] = ["node_modules", "target"];
    let mut paths: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !name.starts_with('.') && !(path.is_dir() && (path.is_symlink() || SKIPPED.contains(&name)))
    });
    paths.sort();
    paths
}

/// Whether a file is among those that Flux reads in a folder.
pub(crate) fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|it| it == "yaml" || it == "yml")
}

/// Whether a name is that of a file or repository on another machine, as kustomize understands it.
pub(crate) fn is_remote(folder: &Path, name: &str) -> bool {
    let host = name.split(['/', ':']).next().unwrap_or_default();
    let is_host = host.rsplit_once('.').is_some_and(|(name, end)| {
        !name.is_empty()
            && !name.starts_with('.')
            && end.len() > 1
            && end.bytes().all(|byte| byte.is_ascii_alphabetic())
    });
    let is_host = is_host && name.len() > host.len().saturating_add(1) && !is_yaml(Path::new(name));
    name.contains("://")
        || ["git@", "git::", "gh:"].iter().any(|start| name.starts_with(start))
        || (name.contains("?ref=") || name.contains(".git//") || is_host) && !folder.join(name).exists()
}

/// Whether a file has the name of a kustomization.
pub(crate) fn is_kustomization(path: &Path) -> bool {
    path.file_name().is_some_and(|name| FILES.iter().any(|known| name == *known))
}

/// The scope of an object: in the same scope, the same name is the same object.
pub(crate) fn scope(namespace: &str, prefix: &str, suffix: &str) -> String {
    [namespace, prefix, suffix].join("\n")
}

/// The changes that an outer kustomization makes to the objects of an inner one.
#[derive(Clone, Debug, Default)]
struct Outer {
    namespace: Option<String>,
    prefix: String,
    suffix: String,
}

/// A walk through a kustomization and all that it names.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(super) files: &'a mut Sources,
    pub(crate) set: ObjectSet,
    open: Vec<usize>,
    visits: usize,
}

impl<'a> Visit<'a> {
    pub(crate) fn new(files: &'a mut Sources) -> Self {
        Self { files, set: ObjectSet::default(), open: Vec::new(), visits: 0 }
    }

    /// Reads the kustomization at a path.
    pub(crate) fn file(&mut self, path: &Path) {
        match self.files.open(path) {
            Ok(file) => {
                let _ = self.enter(file, &Outer::default());
            }
            Err(reason) => self.unreadable(path, &reason),
        }
    }

    fn unreadable(&mut self, path: &Path, reason: &str) {
        let file = self.files.add(path, String::new());
        let message = format!("kustomize cannot read this: {reason}");
        self.files.report(vec![(file, FileDiagnostic::new("E901", "", None, message))]);
    }

    fn enter(&mut self, file: usize, outer: &Outer) -> Result<(), String> {
        if self.open.contains(&file) {
            return Err("leads back to itself".to_owned());
        }
        if self.set.objects.len() > OBJECTS {
            return Err(format!("follows more than {OBJECTS} objects"));
        }
        self.visits = self.visits.saturating_add(1);
        if self.visits > MOST {
            return Err(format!("is one of more than {MOST} kustomizations"));
        }
        let Some(folder) = self.files.path(file).and_then(Path::parent).map(Path::to_owned) else { return Ok(()) };
        let Some(tree) = self.files.trees(file).into_iter().next() else { return Ok(()) };
        self.open.push(file);
        let root = tree.root();
        self.files.report(field::check(root).into_iter().map(|found| (file, found)).collect());
        let names: Vec<_> = FILES.into_iter().filter(|name| folder.join(name).is_file()).collect();
        if names.len() > 1 {
            let message = format!("kustomize cannot read this: found {} in one folder, keep one", names.join(" and "));
            self.files.report(vec![(file, FileDiagnostic::new("E901", "", None, message))]);
        }
        let text = |key: &str| root.get(key).and_then(Node::text).unwrap_or_default();
        let inner = Outer {
            namespace: outer.namespace.clone().or_else(|| root.get("namespace")?.text().map(str::to_owned)),
            prefix: format!("{}{}", outer.prefix, text("namePrefix")),
            suffix: format!("{}{}", text("nameSuffix"), outer.suffix),
        };
        for field in ["resources", "bases", "components"] {
            for (entry, index) in root.list(field) {
                if entry.text().is_some_and(|name| is_remote(&folder, name)) {
                    self.files.note(file, entry);
                    continue;
                }
                let done =
                    entry.text().map_or(Ok(()), |name| self.resource(&folder, name, &inner, field == "components"));
                self.missing(file, &format!("{field}[{index}]"), entry, done);
            }
        }
        self.plugins(file, &folder, root);
        // The namespace of a component applies to all objects that the kustomization has by then.
        let is_wide = root.get("kind").and_then(Node::text) == Some("Component") && root.get("namespace").is_some();
        self.set.is_moved |= is_wide || root.get("transformers").is_some();
        self.patches(file, &folder, root, &inner);
        self.replacements(file, &folder, root);
        self.generators(file, &folder, tree, &inner);
        self.open.pop();
        Ok(())
    }

    /// Reads a folder or a file among the resources.
    fn resource(&mut self, folder: &Path, name: &str, outer: &Outer, is_component: bool) -> Result<(), String> {
        let path = folder.join(name);
        if path.is_dir() {
            let inner = in_folder(&path).ok_or("has no kustomization.yaml")?;
            let file = self.files.open(&inner)?;
            let trees = self.files.trees(file);
            let kind = trees.first().and_then(|tree| tree.root().get("kind")?.text()).unwrap_or("Kustomization");
            match (kind, is_component) {
                ("Component", false) => return Err("is a Component, which belongs below components".to_owned()),
                ("Kustomization", true) => return Err("is a Kustomization, which belongs below resources".to_owned()),
                _ => return self.enter(file, outer),
            }
        }
        let file = self.files.open_from(folder, &path)?;
        for tree in self.files.manifests(file) {
            self.nameless(file, &tree);
            self.take(file, tree, outer, None);
        }
        if self.set.objects.len() > OBJECTS {
            return Err(format!("makes more than {OBJECTS} objects"));
        }
        Ok(())
    }

    /// Reports what kustomize takes for no object.
    fn nameless(&mut self, file: usize, tree: &Tree) {
        let is_text = |node: Node<'_>, path: &[&str]| node.at(path).is_some_and(|it| it.text().is_some());
        for object in objects(tree.root()).into_iter().filter(|it| it.is_mapping() || it.is_sequence()) {
            let reason = if !is_text(object, &["kind"]) {
                "expected an object with a kind"
            } else if !is_text(object, &["metadata", "name"]) && !is_list(object) {
                "expected an object with a metadata.name"
            } else {
                continue;
            };
            let message = format!("kustomize cannot read this: {reason}");
            self.files.report(vec![(file, FileDiagnostic::new("E901", "", Some(object.position()), message))]);
        }
    }

    /// Reads a folder without a kustomization as Flux does: all YAML below it, and the kustomizations of its folders.
    pub(crate) fn folder(&mut self, folder: &Path) {
        let outer = Outer::default();
        let mut open = vec![folder.to_owned()];
        while let Some(folder) = open.pop() {
            for path in entries(&folder) {
                if path.is_dir() {
                    match in_folder(&path) {
                        Some(inner) => self.file(&inner),
                        None => open.push(path),
                    }
                } else if is_yaml(&path) {
                    match self.files.open_from(&folder, &path) {
                        Ok(file) => {
                            for tree in self.files.manifests(file) {
                                self.take(file, tree, &outer, None);
                            }
                        }
                        Err(reason) => self.unreadable(&path, &reason),
                    }
                }
            }
        }
    }

    fn replacements(&mut self, file: usize, folder: &Path, root: Node<'_>) {
        for (entry, index) in root.list("replacements") {
            self.set.is_moved |= replaces_namespace(entry);
            self.replaced(file, entry);
            let Some(path) = entry.get("path") else { continue };
            if path.text().is_some_and(|name| is_remote(folder, name)) {
                self.files.note(file, path);
                continue;
            }
            let read = self.read(folder, path.text().unwrap_or_default());
            let trees = read.as_ref().map(|read| self.files.trees(*read)).unwrap_or_default();
            for (tree, read) in trees.iter().zip(read.iter().cycle()) {
                for replacement in tree.root().items().chain([tree.root()]) {
                    self.replaced(*read, replacement);
                }
            }
            let mut roots = trees.iter().map(Tree::root);
            self.set.is_moved |= roots.any(|root| replaces_namespace(root) || root.items().any(replaces_namespace));
            self.missing(file, &format!("replacements[{index}].path"), path, read.map(|_| ()));
        }
    }

    fn take(&mut self, file: usize, tree: Tree, outer: &Outer, patch: Option<&Target>) {
        let scope = |root: Node<'_>| {
            let own = root.at(&["metadata", "namespace"]).and_then(Node::text);
            scope(outer.namespace.as_deref().or(own).unwrap_or_default(), &outer.prefix, &outer.suffix)
        };
        let is_moved = tree.root().items().any(|step| step.get("path").is_some_and(is_namespace));
        self.set.is_moved |= is_moved;
        self.set.objects.extend(Object::all(file, tree, &scope, patch));
    }

    pub(super) fn read(&mut self, folder: &Path, name: &str) -> Result<usize, String> {
        self.files.open_from(folder, &folder.join(name))
    }

    fn patches(&mut self, file: usize, folder: &Path, root: Node<'_>, outer: &Outer) {
        for field in ["patches", "patchesStrategicMerge", "patchesJson6902"] {
            for (entry, index) in root.list(field) {
                let target = entry.get("target").map(|target| {
                    let pattern = |key: &str| target.get(key).and_then(Node::text).map(str::to_owned);
                    (pattern("kind"), pattern("name"))
                });
                let target = Target { patterns: target };
                let whole =
                    entry.text().filter(|text| !text.contains('\n')).map(|_| (entry, format!("{field}[{index}]")));
                let path = whole.or_else(|| Some((entry.get("path")?, format!("{field}[{index}].path"))));
                if let Some((path, _)) =
                    path.as_ref().filter(|(path, _)| path.text().is_some_and(|name| is_remote(folder, name)))
                {
                    self.files.note(file, *path);
                } else if let Some((path, key)) = path {
                    let read = self.read(folder, path.text().unwrap_or_default());
                    let found = read.as_ref().ok().copied();
                    self.missing(file, &key, path, read.map(|_| ()));
                    let trees = found.map(|patch| self.files.manifests(patch)).unwrap_or_default();
                    for tree in trees {
                        self.patched(found.unwrap_or(file), &tree, target.name());
                        self.take(found.unwrap_or(file), tree, outer, Some(&target));
                    }
                } else {
                    for tree in Tree::parse_inside(entry.get("patch").unwrap_or(entry)) {
                        self.patched(file, &tree, target.name());
                        self.take(file, tree, outer, Some(&target));
                    }
                }
            }
        }
    }

    fn generators(&mut self, file: usize, folder: &Path, tree: Tree, outer: &Outer) {
        let root = tree.root();
        let mut count = 0_usize;
        for (entry, index) in root.list("configMapGenerator") {
            count = count.saturating_add(1);
            let is_config = entry.get("name").and_then(Node::text) == Some(NAME);
            for field in ["files", "envs"] {
                for (named, at) in entry.list(field) {
                    let text = named.text().unwrap_or_default();
                    let path = text.split_once('=').map_or(text, |(_, path)| path);
                    if path.contains("://") {
                        self.files.note(file, named);
                        continue;
                    }
                    let read = self.read(folder, path);
                    if let (Ok(read), true) = (&read, is_config && field == "files" && key_of(text) == KEY) {
                        self.files.mark_config(*read);
                    }
                    if let Ok(read) = read
                        && self.files.list.get(read).is_some_and(|file| is_nginx(path, &file.text))
                    {
                        locations::check(self.files, read);
                    }
                    self.missing(file, &format!("configMapGenerator[{index}].{field}[{at}]"), named, read.map(|_| ()));
                }
            }
        }
        let scope = scope(outer.namespace.as_deref().unwrap_or_default(), &outer.prefix, &outer.suffix);
        let by = Object::document(file, tree, scope);
        self.set.generators.extend((0..count).map(|index| Generator { by: by.clone(), index }));
    }

    pub(super) fn missing(&mut self, file: usize, key: &str, entry: Node<'_>, done: Result<(), String>) {
        if let Err(reason) = done {
            let message = format!(
                "kustomize cannot build this, and Flux keeps what it applied last, so no edit arrives: {}: {reason}",
                entry.text().unwrap_or_default()
            );
            let diagnostic = FileDiagnostic::new("E901", key, Some(entry.position()), message).underline(entry.len());
            self.files.report(vec![(file, diagnostic)]);
        }
    }
}

/// Whether the path of a field leads to a namespace, either `metadata.namespace` or Flux' `targetNamespace`.
fn is_namespace(path: Node<'_>) -> bool {
    path.text().is_some_and(|path| path.ends_with("amespace"))
}

/// Whether an object is a list without items, which has no name.
fn is_list(object: Node<'_>) -> bool {
    object.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"))
}

fn replaces_namespace(replacement: Node<'_>) -> bool {
    replacement.list("targets").any(|(target, _)| target.list("fieldPaths").any(|(path, _)| is_namespace(path)))
}
