//! One pass over all pods: annotates those that have another revision.

use std::num::NonZeroU16;
use std::pin::pin;
use std::time::Duration;

use anyhow::anyhow;
use futures::stream::{self, StreamExt as _};
use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, interval_at, sleep};

use crate::nudge::api_error::request;
use crate::nudge::cluster::Cluster;
use crate::nudge::pod::{ANNOTATION, Pod, is_current, mounts};
use crate::nudge::revision::Revision;

/// Pods per list request: some megabytes.
const PAGE: u32 = 250;
/// Patches at the same time. This alone slows down when the API server is slow.
const MAX_IN_FLIGHT: usize = 10;
/// Pods that are patched before the rate limit applies. Most deployments are no larger.
const BURST: u32 = 20;
/// How long a slot for a patch stays empty after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// The desired state of the pods, and the limits for reaching it.
pub(crate) struct Reconciler<'a> {
    /// The ConfigMap and its pods.
    pub(crate) cluster: &'a Cluster,
    /// The revision that pods should have.
    pub(crate) desired: &'a Revision,
    /// Whether the resourceVersion has to match as well as the hash: [`Revision::matches`].
    pub(crate) exact: bool,
    /// Patches per second.
    pub(crate) rate: NonZeroU16,
}

/// The counts of one pass.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    /// Pods that were annotated.
    pub(crate) nudged: usize,
    /// Pods that had the annotation already.
    pub(crate) current: usize,
    /// Pods that were deleted in the meantime.
    pub(crate) gone: usize,
    /// Pods that could not be annotated.
    pub(crate) failed: usize,
    /// The error of the first of these.
    pub(crate) first_error: Option<String>,
    /// The duration of the pass.
    pub(crate) elapsed: Duration,
}

/// The result of patching one pod.
enum PatchOutcome {
    Patched,
    Gone,
    Failed(String),
    /// Every other pod would fail as well.
    Forbidden(String),
}

impl Reconciler<'_> {
    /// Annotates every pod that mounts the ConfigMap and has another revision.
    ///
    /// # Errors
    ///
    /// Pods cannot be listed, or patches are forbidden. Pods that were annotated before the error stay annotated.
    pub(crate) async fn run(&self) -> anyhow::Result<Summary> {
        let started = Instant::now();
        let mut summary = Summary::default();
        let limiter = Mutex::new(self.limiter());
        let mut next = None;
        loop {
            let (pods, rest) = self.list(next).await?;
            self.annotate(pods, &limiter, &mut summary).await?;
            next = rest;
            if next.is_none() {
                summary.elapsed = started.elapsed();
                return Ok(summary);
            }
        }
    }

    fn limiter(&self) -> Interval {
        let period = Duration::from_secs(1).checked_div(u32::from(self.rate.get())).unwrap_or(PAUSE);
        let ahead = period.saturating_mul(BURST);
        interval_at(Instant::now().checked_sub(ahead).unwrap_or_else(Instant::now), period)
    }

    /// Lists one page of pods, with the token of the next page.
    async fn list(&self, token: Option<String>) -> anyhow::Result<(Vec<Pod>, Option<String>)> {
        let mut query = ListParams::default().limit(PAGE).fields("status.phase!=Succeeded,status.phase!=Failed");
        query.continue_token = token;
        let page = request(self.cluster.pods.list(&query))
            .await
            .map_err(|error| anyhow!("cannot list pods in {}: {error}", self.cluster.namespace))?;
        Ok((page.items, page.metadata.continue_.filter(|token| !token.is_empty())))
    }

    async fn annotate(&self, pods: Vec<Pod>, limiter: &Mutex<Interval>, summary: &mut Summary) -> anyhow::Result<()> {
        let mounting = pods.into_iter().filter(|pod| mounts(pod, &self.cluster.configmap));
        let (current, outdated): (Vec<_>, Vec<_>) = mounting.partition(|pod| is_current(pod, self.desired, self.exact));
        summary.current = summary.current.saturating_add(current.len());
        let names = outdated.into_iter().map(|pod| pod.name_any());
        let patches = stream::iter(names).map(|name| self.patch(name, limiter));
        let mut outcomes = pin!(patches.buffer_unordered(MAX_IN_FLIGHT));
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                PatchOutcome::Patched => summary.nudged = summary.nudged.saturating_add(1),
                PatchOutcome::Gone => summary.gone = summary.gone.saturating_add(1),
                PatchOutcome::Failed(text) => {
                    summary.failed = summary.failed.saturating_add(1);
                    summary.first_error.get_or_insert(text);
                }
                PatchOutcome::Forbidden(text) => return Err(anyhow!(text)),
            }
        }
        Ok(())
    }

    async fn patch(&self, name: String, limiter: &Mutex<Interval>) -> PatchOutcome {
        limiter.lock().await.tick().await;
        let patch = Patch::Merge(json!({"metadata": {"annotations": {ANNOTATION: self.desired.to_string()}}}));
        match request(self.cluster.pods.patch_metadata(&name, &PatchParams::default(), &patch)).await {
            Ok(_) => PatchOutcome::Patched,
            Err(error) if error.is_pod_gone() => PatchOutcome::Gone,
            Err(error) if error.is_missing_permission() => {
                PatchOutcome::Forbidden(format!("cannot patch pods: {error}"))
            }
            Err(error) => {
                sleep(PAUSE).await;
                PatchOutcome::Failed(format!("cannot patch the pod {name}: {error}"))
            }
        }
    }
}
