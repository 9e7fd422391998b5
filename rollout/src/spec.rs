//! `rollout.yaml`: a client-side canary and its analysis, with Flagger's names and meanings.

use canary_judge::Policy;
use serde_json::Value;

use crate::alert::{Alert, Notifications};
use crate::freeze::Freeze;
use crate::ladder::Ladder;
use crate::metric::{Metric, metrics};
use crate::object::{Object, PERCENTAGE, SpecError, mismatch, percentage};
use crate::push::Push;
use crate::time;
use crate::webhook::{HookKind, Webhook};

/// A rollout of a file.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of the file, with Flagger's name")]
#[derive(Clone, Debug)]
pub struct Rollout {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// The manifest with the config, from the repository's root.
    pub config: String,
    /// The name of its `ConfigMap`, where it is not the runtime's.
    pub config_name: Option<String>,
    /// The key of the config in it, where it is not the runtime's.
    pub config_key: Option<String>,
    /// What serves the stable version.
    pub stable: Side,
    /// What serves the canary version.
    pub canary: Side,
    /// Stops everything.
    pub suspend: bool,
    /// Keeps the weight; the judge goes on.
    pub pause: bool,
    /// Sends everyone to stable when the file is deleted in mid-run.
    pub revert_on_deletion: bool,
    /// Holds at a commit without a valid signature.
    pub require_signatures: bool,
    /// Promotes after the probes.
    pub skip_analysis: bool,
    /// The time for readiness and adoption, in seconds.
    pub progress_deadline: i64,
    /// The time after which an analysis that gets nowhere alerts, in seconds.
    pub stall: i64,
    /// The branch below which runs are kept, where a forge refuses other refs.
    pub runs_branch: Option<String>,
    /// The branch that commits go to, where the followed one is protected.
    pub push: Option<Push>,
    /// Receivers of alerts.
    pub notifications: Notifications,
    /// The analysis.
    pub analysis: Analysis,
}

/// One side of the comparison.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// The address of its Service.
    pub url: Option<String>,
    /// The place of its image's tag.
    pub image: Option<Image>,
}

/// The place of an image's tag.
#[derive(Clone, Debug)]
pub struct Image {
    /// The file, from the repository's root.
    pub path: String,
    /// The image's name without its tag.
    pub name: String,
}

/// The analysis of a run.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The time between checks, in seconds.
    pub interval: i64,
    /// The least length of a step, in seconds.
    pub step_duration: i64,
    /// Failed checks before it rolls back.
    pub threshold: u64,
    /// The weights, one after the other.
    pub ladder: Ladder,
    /// The rise of the percentage at each check of the promotion; 0 for none.
    pub step_weight_promotion: f64,
    /// Conditions of those who take part; empty for everyone.
    pub matching: Vec<Value>,
    /// Checks of a blue/green or A/B run; 0 for a ladder.
    pub iterations: u64,
    /// The part of stable's addresses that have to be ready, in percent.
    pub primary_ready: u64,
    /// The part of the canary's addresses that have to be ready, in percent.
    pub canary_ready: u64,
    /// The judge's policy.
    pub judge: Policy,
    /// The collectors.
    pub source: Source,
    /// Metrics that are queried.
    pub metrics: Vec<Metric>,
    /// Weights by date: seconds since 1970 and the weight.
    pub schedule: Vec<(i64, f64)>,
    /// Hours in which nothing advances.
    pub freeze: Vec<Freeze>,
    /// Webhooks in their order.
    pub webhooks: Vec<Webhook>,
    /// Alerts in their order.
    pub alerts: Vec<Alert>,
}

/// The collectors.
#[derive(Clone, Debug)]
pub struct Source {
    /// Their address.
    pub collectors: String,
    /// How many have to answer.
    pub replicas: u64,
}

const SPEC: [&str; 14] = [
    "configRef",
    "stable",
    "canary",
    "suspend",
    "pause",
    "skipAnalysis",
    "progressDeadlineSeconds",
    "stallSeconds",
    "revertOnDeletion",
    "requireSignatures",
    "analysis",
    "runs",
    "push",
    "notifications",
];

const ANALYSIS: [&str; 18] = [
    "interval",
    "stepDuration",
    "threshold",
    "maxWeight",
    "stepWeight",
    "stepWeights",
    "stepWeightPromotion",
    "match",
    "iterations",
    "primaryReadyThreshold",
    "canaryReadyThreshold",
    "judge",
    "source",
    "metrics",
    "schedule",
    "freeze",
    "webhooks",
    "alerts",
];

impl Rollout {
    /// Reads a file's value.
    ///
    /// # Errors
    /// The first key that is unknown, or has a value that it cannot have.
    pub fn read(value: &Value) -> Result<Self, SpecError> {
        let root = Object::new("", value, &["apiVersion", "kind", "metadata", "spec"])?;
        for (key, expected) in [("apiVersion", "canary.rollout/v1alpha1"), ("kind", "ClientCanary")] {
            let found = root.required(key)?;
            if found != expected {
                return Err(root.error(key, format!("found {found:?}, expected {expected:?}")));
            }
        }
        let missing = |key: &str| root.error(key, "missing, expected a mapping");
        let known = ["name", "namespace", "labels", "annotations"];
        let metadata = root.object("metadata", &known)?.ok_or_else(|| missing("metadata"))?;
        let spec = root.object("spec", &SPEC)?.ok_or_else(|| missing("spec"))?;
        let config = spec.object("configRef", &["path", "name", "key"])?;
        let config = config.ok_or_else(|| spec.error("configRef", "missing, expected a mapping"))?;
        let skip_analysis = spec.boolean("skipAnalysis")?;
        let empty = Value::Object(serde_json::Map::new());
        let analysis = Object::new("spec.analysis", spec.get("analysis").unwrap_or(&empty), &ANALYSIS)?;
        let runs = spec.object("runs", &["branch"])?;
        Ok(Self {
            name: metadata.required("name")?,
            namespace: metadata.text("namespace")?.unwrap_or_else(|| "default".to_owned()),
            config: config.required("path")?,
            config_name: config.text("name")?,
            config_key: config.text("key")?,
            stable: Side::read(&spec, "stable")?,
            canary: Side::read(&spec, "canary")?,
            suspend: spec.boolean("suspend")?,
            pause: spec.boolean("pause")?,
            revert_on_deletion: spec.boolean("revertOnDeletion")?,
            require_signatures: spec.boolean("requireSignatures")?,
            skip_analysis,
            progress_deadline: seconds(spec.whole("progressDeadlineSeconds")?, 600),
            stall: seconds(spec.whole("stallSeconds")?, 86_400),
            runs_branch: runs.map(|runs| runs.required("branch")).transpose()?,
            push: Push::read(&spec)?,
            notifications: Notifications::read(&spec)?,
            analysis: Analysis::read(&analysis, skip_analysis)?,
        })
    }

    /// The webhooks of a kind.
    pub fn hooks(&self, kind: HookKind) -> impl Iterator<Item = &Webhook> {
        self.analysis.webhooks.iter().filter(move |hook| hook.kind == kind)
    }

    /// The freeze that a time lies in.
    #[must_use]
    pub fn frozen(&self, now: i64) -> Option<&Freeze> {
        self.analysis.freeze.iter().find(|freeze| freeze.contains(now))
    }
}

fn seconds(given: Option<u64>, default: i64) -> i64 {
    given.map_or(default, |given| i64::try_from(given).unwrap_or(i64::MAX))
}

impl Side {
    fn read(spec: &Object<'_>, key: &str) -> Result<Self, SpecError> {
        let Some(side) = spec.object(key, &["url", "image"])? else { return Ok(Self::default()) };
        let image = side.object("image", &["path", "name"])?;
        let image = image.map(|image| Ok(Image { path: image.required("path")?, name: image.required("name")? }));
        Ok(Self { url: side.address("url")?, image: image.transpose()? })
    }
}

impl Analysis {
    fn read(analysis: &Object<'_>, skip_analysis: bool) -> Result<Self, SpecError> {
        let to_seconds = |milliseconds: u64| i64::try_from(milliseconds.div_ceil(1000)).unwrap_or(i64::MAX);
        // Flagger's floor.
        let interval = analysis.duration("interval")?.map_or(60, to_seconds).max(10);
        let iterations = analysis.whole("iterations")?.unwrap_or_default();
        let weights = ["stepWeight", "stepWeights"].into_iter().find(|key| analysis.get(key).is_some());
        if let (Some(key), true) = (weights, analysis.get("iterations").is_some() && iterations > 0) {
            return Err(analysis.error("iterations", format!("found beside {key}, expected one of the two")));
        }
        let schedule = schedule(analysis)?;
        let has_strategy = weights.is_some() || iterations > 0 || !schedule.is_empty() || skip_analysis;
        if !has_strategy {
            return Err(analysis.error(
                "stepWeight",
                "missing, expected stepWeight, stepWeights, iterations or schedule, or skipAnalysis in spec",
            ));
        }
        let max = analysis.percentage("maxWeight")?.unwrap_or(100.0);
        let ladder = match (analysis.percentage("stepWeight")?, steps(analysis)?) {
            (Some(_), Some(_)) => return Err(analysis.error("stepWeights", "found beside stepWeight, expected one")),
            (Some(0.0), None) => return Err(analysis.error("stepWeight", "found 0, expected more than 0")),
            (Some(step), None) => Ladder::rising(step, max),
            (None, Some(weights)) => Ladder(weights),
            (None, None) if iterations > 0 => Ladder(vec![max]),
            (None, None) => Ladder(schedule.iter().map(|(_, weight)| *weight).collect()),
        };
        Ok(Self {
            interval,
            step_duration: analysis.duration("stepDuration")?.map_or(interval, to_seconds),
            threshold: analysis.whole("threshold")?.unwrap_or_default().max(1),
            ladder,
            step_weight_promotion: analysis.percentage("stepWeightPromotion")?.unwrap_or_default(),
            matching: analysis
                .items("match")?
                .into_iter()
                .map(|(path, value)| condition(&path, value))
                .collect::<Result<_, _>>()?,
            iterations,
            primary_ready: analysis.whole("primaryReadyThreshold")?.unwrap_or(100),
            canary_ready: analysis.whole("canaryReadyThreshold")?.unwrap_or(100),
            judge: policy(analysis)?,
            source: source(analysis)?,
            metrics: metrics(analysis)?,
            schedule,
            freeze: analysis
                .items("freeze")?
                .iter()
                .map(|(path, value)| Freeze::read(path, value))
                .collect::<Result<_, _>>()?,
            webhooks: analysis
                .items("webhooks")?
                .iter()
                .map(|(path, value)| Webhook::read(path, value))
                .collect::<Result<_, _>>()?,
            alerts: analysis
                .items("alerts")?
                .iter()
                .map(|(path, value)| Alert::read(path, value))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn condition(path: &str, value: &Value) -> Result<Value, SpecError> {
    if value.is_object() { Ok(value.clone()) } else { Err(mismatch(path, value, "a condition")) }
}

fn steps(analysis: &Object<'_>) -> Result<Option<Vec<f64>>, SpecError> {
    if analysis.get("stepWeights").is_none() {
        return Ok(None);
    }
    let mut weights = Vec::new();
    for (path, value) in analysis.items("stepWeights")? {
        let weight = percentage(value).filter(|weight| *weight > 0.0);
        let weight =
            weight.ok_or_else(|| mismatch(&path, value, "a number above 0, up to 100, with at most 3 decimals"))?;
        if weights.last().is_some_and(|last| *last >= weight) {
            return Err(mismatch(&path, value, "more than the weight before it"));
        }
        weights.push(weight);
    }
    if weights.is_empty() {
        return Err(analysis.error("stepWeights", "found no weight, expected at least one"));
    }
    Ok(Some(weights))
}

fn schedule(analysis: &Object<'_>) -> Result<Vec<(i64, f64)>, SpecError> {
    let mut entries: Vec<(i64, f64)> = Vec::new();
    for (path, value) in analysis.items("schedule")? {
        let entry = Object::new(&path, value, &["at", "weight"])?;
        let text = entry.required("at")?;
        let at = time::parse(&text);
        let at = at.ok_or_else(|| {
            entry.error("at", format!("found {text:?}, expected a time such as 2026-12-01T08:00:00Z"))
        })?;
        let weight = entry.percentage("weight")?;
        let weight = weight.ok_or_else(|| entry.error("weight", format!("missing, expected {PERCENTAGE}")))?;
        if entries.last().is_some_and(|(last_at, last)| *last_at >= at || *last >= weight) {
            return Err(SpecError::new(path, "expected a later time and a higher weight than those before it"));
        }
        entries.push((at, weight));
    }
    Ok(entries)
}

fn policy(analysis: &Object<'_>) -> Result<Policy, SpecError> {
    let known = ["alpha", "minViews", "metrics", "onSampleRatio", "onNoData"];
    let (Some(_), Some(value)) = (analysis.object("judge", &known)?, analysis.get("judge")) else {
        return Ok(Policy::default());
    };
    serde_json::from_value(value.clone()).map_err(|error| analysis.error("judge", error.to_string()))
}

fn source(analysis: &Object<'_>) -> Result<Source, SpecError> {
    let default = || "http://127.0.0.1:9090".to_owned();
    let Some(source) = analysis.object("source", &["collectors", "replicas"])? else {
        return Ok(Source { collectors: default(), replicas: 1 });
    };
    let collectors = source.address("collectors")?.unwrap_or_else(default);
    Ok(Source { collectors, replicas: source.whole("replicas")?.unwrap_or(1) })
}

#[cfg(test)]
mod tests;
