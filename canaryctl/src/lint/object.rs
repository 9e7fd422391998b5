//! A Kubernetes object, or a patch of one.

use std::rc::Rc;

use regex::bytes::RegexBuilder;

use crate::lint::diagnostic::Finding;
use crate::lint::tree::{Node, Tree};

/// An object and the file that it stands in.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    /// The number of the file.
    pub(crate) file: usize,
    tree: Rc<Tree>,
    root: usize,
    /// Where it ends up: namespace, prefix and suffix. Names mean the same thing in the same scope.
    pub(crate) scope: String,
    /// What it is laid over, if it is a patch.
    pub(crate) patch: Option<Target>,
}

/// Which objects a patch is for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Target {
    /// Nothing: what the patch itself is called.
    pub(crate) told: Option<(Option<String>, Option<String>)>,
}

/// A finding, and the number of its file.
pub(crate) type Found = (usize, Finding);

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
        let is_list = root.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"));
        let listed = root.get("items").filter(|_| is_list);
        let roots: Vec<_> = match listed {
            Some(items) => items.items().collect(),
            None => vec![root],
        };
        roots
            .into_iter()
            .filter(|root| root.get("kind").is_some())
            .map(|root| Self {
                file,
                tree: Rc::clone(&tree),
                root: root.number(),
                scope: scope(root),
                patch: patch.cloned(),
            })
            .collect()
    }

    /// A document that is no object of Kubernetes.
    pub(crate) fn document(file: usize, tree: Tree, scope: String) -> Self {
        let root = tree.root().number();
        Self { file, tree: Rc::new(tree), root, scope, patch: None }
    }

    /// Its outermost node.
    pub(crate) fn root(&self) -> Node<'_> {
        self.tree.node(self.root)
    }

    /// What is under keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<Node<'_>> {
        self.root().at(path)
    }

    /// A text under keys.
    pub(crate) fn text(&self, path: &[&str]) -> &str {
        self.at(path).and_then(Node::text).unwrap_or_default()
    }

    pub(crate) fn kind(&self) -> &str {
        self.text(&["kind"])
    }

    pub(crate) fn name(&self) -> &str {
        self.text(&["metadata", "name"])
    }

    /// Where it ends up; empty where nothing says that.
    pub(crate) fn namespace(&self) -> &str {
        self.scope.split('\n').next().unwrap_or_default()
    }

    /// Whether it says how something is that exists, and not what to change.
    pub(crate) fn is_whole(&self) -> bool {
        self.patch.is_none()
    }

    /// Whether it is a patch that kustomize would lay over another object.
    pub(crate) fn is_laid_over(&self, other: &Self) -> bool {
        let Some(target) = &self.patch else { return false };
        // A patch need not say in which namespace.
        let is_near = self.scope == other.scope || self.scope.starts_with('\n') && other.scope.ends_with(&self.scope);
        if !is_near || !other.is_whole() {
            return false;
        }
        match &target.told {
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

    /// Says something about a place in it.
    pub(crate) fn says(
        &self,
        code: &'static str,
        key: impl Into<String>,
        node: Node<'_>,
        message: impl Into<String>,
    ) -> Found {
        (self.file, Finding { code, key: key.into(), place: Some(node.place()), message: message.into() })
    }
}
