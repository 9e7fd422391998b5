//! The `ConfigMap` that holds the config.

use crate::config::refusal::objects;
use crate::config::yaml::{Node, Scalar, Tree};

/// Its name.
pub(crate) const NAME: &str = "canary-settings";

/// The key of the config in it.
pub(crate) const KEY: &str = "config.json";

/// The values that could be the config: one, unless a key or the `ConfigMap` is repeated. A value that another mapping
/// merges in (`<<`) is shared.
pub(crate) fn configs(documents: &[Tree]) -> Vec<Scalar> {
    let roots = documents.iter().flat_map(|tree| objects(tree.root()));
    let maps = roots.filter(|it| text(*it, &["kind"]) == "ConfigMap" && text(*it, &["metadata", "name"]) == NAME);
    let mut found = Vec::new();
    for map in maps {
        let own: Vec<_> = map.all("data").flat_map(|data| data.all(KEY)).filter_map(Node::scalar).collect();
        if own.is_empty() {
            let merged = map.at(&["data", KEY]).and_then(Node::scalar);
            found.extend(merged.map(|scalar| Scalar { is_shared: true, ..scalar }));
        }
        found.extend(own);
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
