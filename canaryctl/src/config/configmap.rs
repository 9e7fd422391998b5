//! The `ConfigMap` that holds the config.

use crate::config::yaml::{Node, Scalar, Tree};

/// Its name.
pub(crate) const NAME: &str = "canary-settings";

/// The key of the config in it.
pub(crate) const KEY: &str = "config.json";

/// The name of a `ConfigMap` and the key of the config in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigMapKey {
    pub(crate) name: String,
    pub(crate) key: String,
}

impl Default for ConfigMapKey {
    fn default() -> Self {
        Self { name: NAME.to_owned(), key: KEY.to_owned() }
    }
}

/// The values that could be the config: one, unless a key or the `ConfigMap` is repeated. A value that another mapping
/// merges in (`<<`) is shared.
pub(crate) fn configs(documents: &[Tree], wanted: &ConfigMapKey) -> Vec<Scalar> {
    let roots = documents.iter().flat_map(|tree| objects(tree.root()));
    let maps =
        roots.filter(|it| text(*it, &["kind"]) == "ConfigMap" && text(*it, &["metadata", "name"]) == wanted.name);
    let mut found = Vec::new();
    for map in maps {
        let own: Vec<_> = map.all("data").flat_map(|data| data.all(&wanted.key)).filter_map(Node::scalar).collect();
        if own.is_empty() {
            let merged = map.at(&["data", &wanted.key]).and_then(Node::scalar);
            found.extend(merged.map(|scalar| Scalar { is_shared: true, ..scalar }));
        }
        found.extend(own);
    }
    found
}

/// The objects of a document: more than one in a `List`, which may hold others.
pub(crate) fn objects(root: Node<'_>) -> Vec<Node<'_>> {
    let (mut open, mut found) = (vec![root], Vec::new());
    while let Some(node) = open.pop() {
        let is_list = node.get("kind").and_then(Node::text).is_some_and(|kind| kind.ends_with("List"));
        match node.get("items").filter(|_| is_list) {
            Some(items) => {
                let items: Vec<_> = items.items().collect();
                open.extend(items.into_iter().rev());
            }
            None => found.push(node),
        }
    }
    found
}

/// The MAC that SOPS has put into a document, if it is over plain values too: an edit of them makes it wrong.
pub(crate) fn sops_mac(root: Node<'_>) -> Option<Node<'_>> {
    let only_encrypted = root.at(&["sops", "mac_only_encrypted"]).is_some_and(Node::is_true);
    root.at(&["sops", "mac"]).filter(|_| !only_encrypted)
}

fn text<'a>(node: Node<'a>, path: &[&str]) -> &'a str {
    node.at(path).and_then(Node::text).unwrap_or_default()
}
