//! One walk over all pods.

use std::num::NonZeroU16;
use std::pin::pin;
use std::time::Duration;

use anyhow::anyhow;
use futures::stream::{self, StreamExt as _};
use kube::ResourceExt as _;
use kube::api::{ListParams, Patch, PatchParams};
use serde_json::json;
use tokio::sync::Mutex;
use tokio::time::{Instant, Interval, interval_at, sleep, timeout};

use crate::nudge::api_error;
use crate::nudge::cluster::{Cluster, PATIENCE};
use crate::nudge::pod::{ANNOTATION, Pod, follows, is_told};
use crate::nudge::revision::Revision;

/// Pods in one answer: some megabytes.
const PAGE: u32 = 250;
/// Requests at the same time. An API server that is slow is asked less often by this alone.
const ABREAST: usize = 10;
/// Pods that are told before the rate counts: most fleets are no larger.
const AT_ONCE: u32 = 20;
/// How long the place of a request stays empty after it failed.
const PAUSE: Duration = Duration::from_secs(1);

/// What is to be done.
pub(crate) struct Round<'a> {
    /// Where.
    pub(crate) cluster: &'a Cluster,
    /// What pods should have.
    pub(crate) wanted: &'a Revision,
    /// Whether a pod has it only if it was told of this coming of it: [`Revision::is_told`].
    pub(crate) exact: bool,
    /// Pods a second.
    pub(crate) rate: NonZeroU16,
}

/// What has been done.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Pods that were told.
    pub(crate) nudged: usize,
    /// Those that had been told before.
    pub(crate) current: usize,
    /// Those that had gone by then.
    pub(crate) gone: usize,
    /// Those that could not be told.
    pub(crate) failed: usize,
    /// Why the first of these could not.
    pub(crate) fault: Option<String>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// What became of one pod.
enum Fate {
    Nudged,
    Gone,
    Failed(String),
    /// As all others will.
    Forbidden(String),
}

impl Round<'_> {
    /// Tells every pod that follows the ConfigMap and was not told yet.
    ///
    /// # Errors
    ///
    /// Pods cannot be listed, or none may be patched. What was done until then need not be done again.
    pub(crate) async fn run(&self) -> anyhow::Result<Tally> {
        let started = Instant::now();
        let mut tally = Tally::default();
        let clock = Mutex::new(self.clock());
        let mut next = None;
        loop {
            let (pods, rest) = self.page(next).await?;
            self.tell(pods, &clock, &mut tally).await?;
            next = rest;
            if next.is_none() {
                tally.took = started.elapsed();
                return Ok(tally);
            }
        }
    }

    fn clock(&self) -> Interval {
        let period = Duration::from_secs(1).checked_div(u32::from(self.rate.get())).unwrap_or(PAUSE);
        let ahead = period.saturating_mul(AT_ONCE);
        interval_at(Instant::now().checked_sub(ahead).unwrap_or_else(Instant::now), period)
    }

    /// Some of the pods, and how to ask for the rest.
    async fn page(&self, from: Option<String>) -> anyhow::Result<(Vec<Pod>, Option<String>)> {
        let mut query = ListParams::default().limit(PAGE).fields("status.phase!=Succeeded,status.phase!=Failed");
        query.continue_token = from;
        let within = &self.cluster.namespace;
        let fail = |text: String| anyhow!("cannot list pods in {within}: {text}");
        let answer = timeout(PATIENCE, self.cluster.pods.list(&query)).await.map_err(|_| fail(api_error::late()))?;
        let page = answer.map_err(|error| fail(api_error::describe(&error)))?;
        Ok((page.items, page.metadata.continue_.filter(|token| !token.is_empty())))
    }

    async fn tell(&self, pods: Vec<Pod>, clock: &Mutex<Interval>, tally: &mut Tally) -> anyhow::Result<()> {
        let following = pods.into_iter().filter(|pod| follows(pod, &self.cluster.configmap));
        let (told, others): (Vec<_>, Vec<_>) = following.partition(|pod| is_told(pod, self.wanted, self.exact));
        tally.current = tally.current.saturating_add(told.len());
        let names = others.into_iter().map(|pod| pod.name_any());
        let mut fates = pin!(stream::iter(names).map(|name| self.patch(name, clock)).buffer_unordered(ABREAST));
        while let Some(fate) = fates.next().await {
            match fate {
                Fate::Nudged => tally.nudged = tally.nudged.saturating_add(1),
                Fate::Gone => tally.gone = tally.gone.saturating_add(1),
                Fate::Failed(text) => {
                    tally.failed = tally.failed.saturating_add(1);
                    tally.fault.get_or_insert(text);
                }
                Fate::Forbidden(text) => return Err(anyhow!(text)),
            }
        }
        Ok(())
    }

    async fn patch(&self, name: String, clock: &Mutex<Interval>) -> Fate {
        clock.lock().await.tick().await;
        let patch = json!({"metadata": {"annotations": {ANNOTATION: self.wanted.to_string()}}});
        let (who, patch) = (PatchParams::default(), Patch::Merge(patch));
        let text = match timeout(PATIENCE, self.cluster.pods.patch_metadata(&name, &who, &patch)).await {
            Ok(Ok(_)) => return Fate::Nudged,
            Ok(Err(error)) if api_error::is_departure(&error) => return Fate::Gone,
            Ok(Err(error)) if api_error::is_missing_permission(&error) => {
                return Fate::Forbidden(format!("cannot patch pods: {}", api_error::describe(&error)));
            }
            Ok(Err(error)) => api_error::describe(&error),
            Err(_) => api_error::late(),
        };
        sleep(PAUSE).await;
        Fate::Failed(format!("cannot patch the pod {name}: {text}"))
    }
}
