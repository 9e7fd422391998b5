//! Whether the operations guide says anything that nobody tried.

use canary_cluster::shop::Shop;

pub(crate) fn complete(shop: &Shop) {
    let left = shop.guide.left();
    assert!(left.is_empty(), "commands of docs/operations.md that no test has run:\n{}", left.join("\n"));
}
