//! A Kubernetes object, or a patch of one.

use std::rc::Rc;

use regex::bytes::RegexBuilder;

use crate::config::configmap::objects;
use crate::config::yaml::{Node, Tree};
use crate::terminal::diagnostic::FileDiagnostic;

/// An object and its file.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// The number of the file.
    pub(crate) file: usize,
    tree: Rc<Tree>,
    root: usize,
    /// The namespace, prefix and suffix that it ends up with. In the same scope, the same name is the same object.
    pub(crate) scope: String,
    /// The objects that it changes, if it is a patch.
    pub(crate) patch: Option<Target>,
}

/// The objects that a patch is for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// Patterns of the kind and the name; without them the patch is for the object of its own kind and name.
    pub(crate) patterns: Option<(Option<String>, Option<String>)>,
}

impl Target {
    /// The pattern of the name, where the patch has a target.
    pub(crate) fn name(&self) -> Option<&str> {
        self.patterns.as_ref().and_then(|(_, name)| name.as_deref())
    }
}

/// A diagnostic and the number of its file.
pub(crate) type Found = (usize, FileDiagnostic);

/// The API group of Flux' Kustomization.
const FLUX: &str = "kustomize.toolkit.fluxcd.io/";

impl Object {
    /// The objects of a document: more than one in a `List`.
    pub(crate) fn all(
        file: usize,
        tree: Tree,
        scope: &dyn Fn(Node<'_>) -> String,
        patch: Option<&Target>,
    ) -> Vec<Self> {
        let tree = Rc::new(tree);
        let root = tree.root();
        let roots = objects(root);
        roots
            .into_iter()
            .filter(|root| root.get("kind").is_some())
            .map(|root| Self {
                file,
                tree: Rc::clone(&tree),
                root: root.index(),
                scope: scope(root),
                patch: patch.cloned(),
            })
            .collect()
    }

    /// A document that is not an object of Kubernetes.
    pub(crate) fn document(file: usize, tree: Tree, scope: String) -> Self {
        let root = tree.root().index();
        Self { file, tree: Rc::new(tree), root, scope, patch: None }
    }

    /// Its outermost node.
    pub(crate) fn root(&self) -> Node<'_> {
        self.tree.node(self.root)
    }

    /// The node at a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<Node<'_>> {
        self.root().at(path)
    }

    /// The text at a path of keys; empty where there is none.
    pub(crate) fn text(&self, path: &[&str]) -> &str {
        self.at(path).and_then(Node::text).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    pub(crate) fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// The namespace that it ends up in; empty where nothing names one.
    pub(crate) fn namespace(&self) -> &str {
        self.scope.split('\n').next().unwrap_or_default()
    }

    /// Whether it is a Kustomization of Flux, not of kustomize.
    pub(crate) fn is_flux(&self) -> bool {
        self.kind() == "Kustomization" && self.text(&["apiVersion"]).starts_with(FLUX)
    }

    /// Whether it is a whole object, not a patch.
    pub(crate) fn is_whole(&self) -> bool {
        self.patch.is_none()
    }

    /// Whether it is a patch of another object.
    pub(crate) fn is_patch_of(&self, other: &Self) -> bool {
        let Some(target) = &self.patch else { return false };
        // A patch need not name the namespace.
        let is_near = self.scope == other.scope || self.scope.starts_with('\n') && other.scope.ends_with(&self.scope);
        if !is_near || !other.is_whole() {
            return false;
        }
        match &target.patterns {
            None => self.kind() == other.kind() && self.name() == other.name(),
            Some((kind, name)) => {
                let same = |pattern: &Option<String>, text: &str| {
                    pattern.as_ref().is_none_or(|pattern| {
                        pattern == text
                            || RegexBuilder::new(&format!("^(?:{pattern})$"))
                                .unicode(false)
                                .build()
                                .is_ok_and(|it| it.is_match(text.as_bytes()))
                    })
                };
                same(kind, other.kind()) && same(name, other.name())
            }
        }
    }

    /// A diagnostic at a node of it.
    pub(crate) fn diagnostic(
        &self,
        code: &'static str,
        key: impl Into<String>,
        node: Node<'_>,
        message: impl Into<String>,
    ) -> Found {
        (self.file, FileDiagnostic::new(code, key, Some(node.position()), message).underline(node.len()))
    }
}
