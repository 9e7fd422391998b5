//! The rules, one module for each kind of object.

pub(crate) mod config;
pub(crate) mod configmap;
pub(crate) mod field;
pub(crate) mod flux;
pub(crate) mod kind;
pub(crate) mod namespace;
pub(crate) mod workload;

use crate::lint::object::Found;
use crate::lint::object_set::ObjectSet;

/// Checks the objects of a set by all rules that need no other set.
pub(crate) fn check(set: &ObjectSet) -> Vec<Found> {
    let mut found: Vec<_> = set.objects.iter().filter_map(kind::check).collect();
    for scope in set.scopes() {
        let names = set.names(scope);
        configmap::check(set, scope, &names, &mut found);
        workload::check(set, scope, &names, &mut found);
    }
    found
}
