//! `MetricTemplates` of Flagger in the branch, for metrics with a `templateRef`.

use anyhow::{Context, bail, ensure};
use canary_rollout::TemplateRef;
use serde_json::Value;

use crate::rollout::file::File;
use crate::rollout::import::documents;
use crate::rollout::repository::Repository;

/// The most files that are searched.
const FILES: usize = 1_000;

/// A query and the Prometheus that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) query: String,
    /// The provider's address.
    pub(crate) address: Option<String>,
}

/// Finds a template in the manifests of a commit: those in the folder of `rollout.yaml`, and below it.
pub(crate) fn find(
    repository: &Repository,
    commit: &str,
    file: &File,
    wanted: &TemplateRef,
) -> anyhow::Result<Template> {
    let folder = file.path.as_deref().and_then(|path| Some(path.rsplit_once('/')?.0)).unwrap_or_default();
    let mut args = vec!["ls-tree", "-r", "-z", "--name-only", commit];
    if !folder.is_empty() {
        args.extend(["--", folder]);
    }
    let listed = repository.git(&args)?;
    let is_manifest = |path: &&str| [".yaml", ".yml"].iter().any(|end| path.ends_with(end));
    let mut paths: Vec<_> = listed.split('\0').filter(is_manifest).collect();
    // Those nearest to the file first.
    paths.sort_by_key(|path| path.matches('/').count());
    for path in paths.into_iter().take(FILES) {
        let Some(bytes) = repository.read(commit, path)? else { continue };
        let text = String::from_utf8_lossy(&bytes);
        if !text.contains("MetricTemplate") {
            continue;
        }
        let found = documents(path, &text)?.into_iter().find(|document| is_wanted(document, wanted));
        if let Some(found) = found {
            return read(&found).with_context(|| format!("{path}: MetricTemplate {}", wanted.name));
        }
    }
    let place = if folder.is_empty() { "the branch".to_owned() } else { format!("{folder}/ of the branch") };
    bail!("found no MetricTemplate {} in the manifests of {place}", wanted.name)
}

fn is_wanted(document: &Value, wanted: &TemplateRef) -> bool {
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    let is_there = match (&wanted.namespace, text("/metadata/namespace")) {
        (Some(wanted), Some(found)) => wanted == found,
        _ => true,
    };
    is_there && text("/kind") == Some("MetricTemplate") && text("/metadata/name") == Some(&wanted.name)
}

fn read(document: &Value) -> anyhow::Result<Template> {
    let text = |path: &str| document.pointer(path).and_then(Value::as_str);
    let provider = text("/spec/provider/type").unwrap_or_default();
    ensure!(provider == "prometheus", "found the provider {provider:?}, expected \"prometheus\"");
    let query = text("/spec/query").context("expected spec.query")?;
    Ok(Template { query: query.to_owned(), address: text("/spec/provider/address").map(str::to_owned) })
}
