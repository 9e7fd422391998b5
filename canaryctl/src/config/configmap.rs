//! The `ConfigMap` that holds the config.

use crate::config::yaml::{Node, Scalar, Tree};

/// Its name.
pub(crate) const NAME: &str = "canary-settings";

/// The key of the config in it.
pub(crate) const KEY: &str = "config.json";

/// The values that could be the config: one, unless a key or the `ConfigMap` is repeated.
pub(crate) fn configs(documents: &[Tree]) -> Vec<Scalar> {
    let roots = documents.iter().map(Tree::root);
    let maps = roots.filter(|it| text(*it, &["kind"]) == "ConfigMap" && text(*it, &["metadata", "name"]) == NAME);
    maps.flat_map(|map| map.all("data")).flat_map(|data| data.all(KEY)).filter_map(Node::scalar).collect()
}

fn text<'a>(node: Node<'a>, path: &[&str]) -> &'a str {
    node.at(path).and_then(Node::text).unwrap_or_default()
}
