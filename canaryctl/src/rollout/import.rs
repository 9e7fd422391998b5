//! Flagger's manifests as `rollout.yaml`, with a list of what does not carry over.

use std::fmt::Write as _;

use anyhow::{Context, ensure};
use canary_rollout::{Rollout, time};
use minijinja::Environment;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// A canary of Flagger as `rollout.yaml`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Imported {
    pub(crate) rollout: Value,
    pub(crate) notes: Vec<Note>,
}

/// Something that does not carry over, or that a person has to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Note {
    /// The place in Flagger's manifest.
    pub(crate) path: String,
    pub(crate) message: String,
}

/// Fields of a Canary that mean the same here.
const SPEC: [&str; 4] = ["suspend", "skipAnalysis", "progressDeadlineSeconds", "revertOnDeletion"];
const ANALYSIS: [&str; 8] = [
    "threshold",
    "maxWeight",
    "stepWeight",
    "stepWeights",
    "stepWeightPromotion",
    "iterations",
    "primaryReadyThreshold",
    "canaryReadyThreshold",
];

/// Fields that have no counterpart.
const LOST: [(&str, &str); 10] = [
    ("targetRef", "a run begins with a new tag of the canary's image: name its place in spec.canary.image"),
    ("service", "users are moved, not requests: there is no route to manage"),
    ("provider", "users are moved, not requests: there is no route to manage"),
    ("ingressRef", "users are moved, not requests: there is no route to manage"),
    ("routeRef", "users are moved, not requests: there is no route to manage"),
    ("upstreamRef", "users are moved, not requests: there is no route to manage"),
    ("autoscalerRef", "pods are not scaled"),
    ("metricsServer", "name it with --prometheus"),
    ("canaryReadyThreshold", "belongs below spec.analysis"),
    ("primaryReadyThreshold", "belongs below spec.analysis"),
];

/// Fields of an analysis that have no counterpart.
const LOST_ANALYSIS: [(&str, &str); 4] = [
    (
        "match",
        "matches headers: write conditions of the user's attributes, as in CANARY_RULES; without them, iterations are blue/green",
    ),
    ("mirror", "requests are not mirrored"),
    ("mirrorWeight", "requests are not mirrored"),
    ("sessionAffinity", "not needed: the hash keeps a user in one arm"),
];

/// Fields of an analysis that are read one by one.
const READ: [&str; 4] = ["interval", "metrics", "webhooks", "alerts"];

/// About a field that Flagger does not have there: a typing error, or one at a wrong place.
const UNKNOWN: &str = "dropped: Flagger has no such field here, and ignores or refuses it";

/// The documents of a file.
pub(crate) fn documents(name: &str, text: &str) -> anyhow::Result<Vec<Value>> {
    let mut parts = vec![String::new()];
    for line in text.lines() {
        if line.starts_with("---") {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            let _ = writeln!(part, "{line}");
        }
    }
    let mut found = Vec::new();
    for (part, number) in parts.iter().zip(1..) {
        let value: Option<Value> = serde_saphyr::from_str(part).map_err(|error| {
            let text = error.without_snippet().to_string();
            anyhow::anyhow!("{name}: document {number}: {}", text.lines().next().unwrap_or_default())
        })?;
        found.extend(value);
    }
    Ok(found)
}

/// The `rollout.yaml` of each canary.
pub(crate) fn import(documents: &[Value]) -> anyhow::Result<Vec<Imported>> {
    let canaries: Vec<_> = documents.iter().filter(|it| kind(it) == "Canary").collect();
    ensure!(!canaries.is_empty(), "found no Canary of Flagger in the files");
    canaries.into_iter().map(|canary| Importer { documents, notes: Vec::new() }.canary(canary)).collect()
}

fn kind(document: &Value) -> &str {
    let is_own = document.get("apiVersion").and_then(Value::as_str).is_some_and(|it| it.starts_with("flagger.app/"));
    document.get("kind").and_then(Value::as_str).filter(|_| is_own).unwrap_or_default()
}

struct Importer<'a> {
    documents: &'a [Value],
    notes: Vec<Note>,
}

impl<'a> Importer<'a> {
    fn note(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.notes.push(Note { path: path.into(), message: message.into() });
    }

    fn canary(mut self, canary: &'a Value) -> anyhow::Result<Imported> {
        let name = canary.pointer("/metadata/name").and_then(Value::as_str).context("a Canary has no metadata.name")?;
        let mut metadata = json!({"name": name});
        if let (Some(namespace), Some(map)) = (canary.pointer("/metadata/namespace"), metadata.as_object_mut()) {
            map.insert("namespace".to_owned(), namespace.clone());
        }
        let spec = canary.get("spec").and_then(Value::as_object).with_context(|| format!("{name} has no spec"))?;
        let mut new = Map::new();
        new.insert("configRef".to_owned(), json!({"path": "canary-config-cm.yaml"}));
        self.note("spec.configRef", "new: set the path of the ConfigMap with the canary config");
        for side in ["stable", "canary"] {
            new.insert(side.to_owned(), json!({"url": format!("http://{name}-{side}")}));
        }
        self.note("spec.stable, spec.canary", "new: check the addresses, and name the images' places");
        for key in SPEC {
            copy(spec, &mut new, key);
        }
        for (key, message) in LOST {
            if spec.contains_key(key) {
                self.note(format!("spec.{key}"), message);
            }
        }
        let is_known = |key: &str| {
            let mut lost = LOST.iter().map(|(lost, _)| *lost);
            SPEC.contains(&key) || ["analysis", "canaryAnalysis"].contains(&key) || lost.any(|lost| lost == key)
        };
        for key in spec.keys().filter(|key| !is_known(key)) {
            self.note(format!("spec.{key}"), UNKNOWN);
        }
        let (key, old) = match (spec.get("analysis"), spec.get("canaryAnalysis")) {
            (None, Some(old)) => ("spec.canaryAnalysis", old),
            (old, _) => ("spec.analysis", old.unwrap_or(&Value::Null)),
        };
        self.note("spec.analysis.source", "new: set the collectors' address and their number");
        let found = old.as_object().map(|old| self.analysis(key, old));
        let (analysis, providers) = found.unwrap_or_default();
        if !providers.is_empty() {
            new.insert("notifications".to_owned(), json!({"providers": providers}));
        }
        new.insert("analysis".to_owned(), Value::Object(analysis));
        let rollout = json!({
            "apiVersion": "canary.rollout/v1alpha1",
            "kind": "ClientCanary",
            "metadata": metadata,
            "spec": new,
        });
        if let Err(error) = Rollout::read(&rollout) {
            self.note(error.path, format!("has to be mended: {}", error.message));
        }
        Ok(Imported { rollout, notes: self.notes })
    }

    fn analysis(&mut self, path: &str, old: &'a Map<String, Value>) -> (Map<String, Value>, Vec<Value>) {
        let mut new = Map::new();
        match old.get("interval").map(|it| (it.as_str().and_then(time::duration), it)) {
            Some((Some(_), interval)) => _ = new.insert("interval".to_owned(), interval.clone()),
            Some((None, _)) => self.note(format!("{path}.interval"), "no duration: 1m, as Flagger takes it"),
            None => {}
        }
        for key in ANALYSIS {
            copy(old, &mut new, key);
        }
        if new.get("iterations").and_then(Value::as_u64).is_some_and(|iterations| iterations > 0) {
            for key in ["stepWeight", "stepWeights", "maxWeight"] {
                if new.remove(key).is_some() {
                    self.note(format!("{path}.{key}"), "dropped: Flagger ignores it beside iterations");
                }
            }
        }
        for (key, message) in LOST_ANALYSIS {
            if old.contains_key(key) {
                self.note(format!("{path}.{key}"), message);
            }
        }
        let is_known = |key: &str| {
            let mut lost = LOST_ANALYSIS.iter().map(|(lost, _)| *lost);
            ANALYSIS.contains(&key) || READ.contains(&key) || lost.any(|lost| lost == key)
        };
        for key in old.keys().filter(|key| !is_known(key)) {
            self.note(format!("{path}.{key}"), UNKNOWN);
        }
        let items = |key: &str| old.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let metrics: Vec<_> = items("metrics")
            .iter()
            .enumerate()
            .filter_map(|(index, it)| self.metric(&format!("{path}.metrics[{index}]"), it))
            .collect();
        if !metrics.is_empty() {
            new.insert("metrics".to_owned(), Value::Array(metrics));
        }
        copy(old, &mut new, "webhooks");
        let mut providers: Vec<Value> = Vec::new();
        for (index, alert) in items("alerts").iter().enumerate() {
            let Some(provider) = alert.pointer("/providerRef/name").and_then(Value::as_str) else { continue };
            if providers.iter().any(|known| known["name"] == provider) {
                continue;
            }
            providers.extend(self.provider(&format!("{path}.alerts[{index}]"), provider));
        }
        copy(old, &mut new, "alerts");
        (new, providers)
    }

    /// A metric with the query of its template; none where it does not carry over.
    fn metric(&mut self, path: &str, old: &'a Value) -> Option<Value> {
        let old = old.as_object()?;
        let name = old.get("name").and_then(Value::as_str).unwrap_or_default();
        let mut query = old.get("query").and_then(Value::as_str);
        if let Some(template) = old.get("templateRef").and_then(|it| it.get("name")).and_then(Value::as_str) {
            let Some(found) = self.find("MetricTemplate", template) else {
                self.note(path, format!("{name}: the MetricTemplate {template} is in none of the files"));
                return None;
            };
            let provider = found.pointer("/spec/provider/type").and_then(Value::as_str).unwrap_or_default();
            if provider != "prometheus" {
                self.note(path, format!("{name}: the provider {provider:?} is not read; only prometheus is"));
                return None;
            }
            query = found.pointer("/spec/query").and_then(Value::as_str);
        }
        let Some(query) = query else {
            let message = match name {
                "request-success-rate" => "the judge's metrics not-ready and error take its place",
                "request-duration" => "the judge's metrics poor-lcp, poor-inp and poor-cls take its place",
                _ => "it has no query",
            };
            self.note(path, format!("{name}: {message}"));
            return None;
        };
        if let Err(error) = Environment::new().template_from_str(query) {
            self.note(path, format!("{name}: the query's template cannot be read: {error}"));
            return None;
        }
        if old.get("thresholdRange").is_none() {
            self.note(path, format!("{name}: it has no thresholdRange"));
            return None;
        }
        let mut new = Map::new();
        for key in ["name", "interval", "thresholdRange", "templateVariables"] {
            copy(old, &mut new, key);
        }
        new.insert("query".to_owned(), Value::from(query));
        Some(Value::Object(new))
    }

    /// A provider of alerts. Its address is a secret, which no file has.
    fn provider(&mut self, path: &str, name: &str) -> Option<Value> {
        let Some(found) = self.find("AlertProvider", name) else {
            self.note(path, format!("the AlertProvider {name} is in none of the files: add it to spec.notifications"));
            return None;
        };
        let spec = found.get("spec")?.as_object()?;
        let kind = spec.get("type").and_then(Value::as_str).unwrap_or_default();
        if !["slack", "msteams"].contains(&kind) {
            self.note(
                path,
                format!("the AlertProvider {name} of type {kind:?} is not supported; generic webhooks are"),
            );
            return None;
        }
        let env: String =
            name.chars().map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_uppercase() } else { '_' }).collect();
        let env = format!("{env}_ADDRESS");
        self.note(path, format!("give the address of {name} in the environment variable {env}"));
        let mut new = Map::new();
        new.insert("name".to_owned(), Value::from(name));
        for key in ["type", "channel", "username"] {
            copy(spec, &mut new, key);
        }
        new.insert("addressRef".to_owned(), json!({"env": env}));
        Some(Value::Object(new))
    }

    fn find(&self, wanted: &str, name: &str) -> Option<&'a Value> {
        let named = |it: &&Value| it.pointer("/metadata/name").and_then(Value::as_str) == Some(name);
        self.documents.iter().filter(|it| kind(it) == wanted).find(named)
    }
}

fn copy(old: &Map<String, Value>, new: &mut Map<String, Value>, key: &str) {
    if let Some(value) = old.get(key).filter(|value| !value.is_null()) {
        new.insert(key.to_owned(), value.clone());
    }
}

impl Imported {
    /// The file, with the notes as comments before it.
    pub(crate) fn yaml(&self) -> String {
        let mut text = String::new();
        for note in &self.notes {
            let _ = writeln!(text, "# {}: {}", note.path, note.message.replace('\n', " "));
        }
        yaml(&self.rollout, 0, &mut text);
        text
    }
}

/// Members in block style, strings as JSON writes them.
fn yaml(value: &Value, indent: usize, text: &mut String) {
    let pad = " ".repeat(indent);
    let mut member = |start: &str, value: &Value, deeper: usize| match value {
        Value::Object(map) if !map.is_empty() => {
            let _ = writeln!(text, "{start}");
            yaml(value, deeper, text);
        }
        Value::Array(items) if !items.is_empty() => {
            let _ = writeln!(text, "{start}");
            yaml(value, deeper, text);
        }
        _ => _ = writeln!(text, "{start} {value}"),
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let plain = key.chars().all(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '.'));
                let key = if plain { key.clone() } else { Value::from(key.as_str()).to_string() };
                member(&format!("{pad}{key}:"), value, indent.saturating_add(2));
            }
        }
        Value::Array(items) => {
            for item in items {
                member(&format!("{pad}-"), item, indent.saturating_add(2));
            }
        }
        _ => {}
    }
}
