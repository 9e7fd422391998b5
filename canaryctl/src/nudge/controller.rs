//! The control loop: reconciles the pods after each change of the ConfigMap.

use std::num::NonZeroU16;
use std::time::Duration;

use kube::runtime::watcher::DefaultBackoff;
use tokio::sync::watch::Receiver;
use tokio::time::sleep;

use crate::nudge::cluster::Cluster;
use crate::nudge::health::{Health, Task};
use crate::nudge::reconcile::{Reconciler, Summary};
use crate::nudge::report;
use crate::nudge::revision::Revision;
use crate::terminal::output::Output;

/// How long a change waits before pods are annotated. A kubelet learns of the change by its own watch; if it is annotated
/// earlier, it writes the old files again. Edits in quick succession become one.
const DEBOUNCE: Duration = Duration::from_millis(100);

/// The longest pause before a retry, should the backoff ever end.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Annotates the pods of one ConfigMap.
pub(crate) struct Controller<'a> {
    /// The ConfigMap and its pods.
    pub(crate) cluster: &'a Cluster,
    /// Where failures are recorded.
    pub(crate) health: &'a Health,
    /// Patches per second.
    pub(crate) rate: NonZeroU16,
    /// The format of the lines on standard output.
    pub(crate) output: Output,
}

impl Controller<'_> {
    /// Reconciles after each change until the sender of changes is gone. A newer change cancels the run before it.
    pub(crate) async fn run(&self, mut desired: Receiver<Option<Revision>>) {
        // At the start the annotation is the only evidence; later, the ConfigMap may have changed back and forth.
        let mut exact = false;
        while desired.changed().await.is_ok() {
            loop {
                sleep(DEBOUNCE).await;
                let Some(revision) = desired.borrow_and_update().clone() else { break };
                let is_outdated = tokio::select! {
                    () = self.reconcile(&revision, exact) => false,
                    changed = desired.changed() => changed.is_ok(),
                };
                exact = true;
                if !is_outdated {
                    break;
                }
            }
        }
    }

    /// Annotates all pods with one revision, and retries with a growing pause until no pod failed.
    async fn reconcile(&self, desired: &Revision, exact: bool) {
        let reconciler = Reconciler { cluster: self.cluster, desired, exact, rate: self.rate };
        let mut pauses = DefaultBackoff::default();
        let mut is_first = true;
        loop {
            match reconciler.run().await {
                Ok(summary) => {
                    // A failure that lasts for days is printed once.
                    if is_first || summary.nudged > 0 || summary.first_error.is_none() {
                        self.report(desired, &summary);
                    }
                    is_first = false;
                    let Some(error) = summary.first_error else {
                        self.health.pass(Task::Patch);
                        return;
                    };
                    self.health.fail(Task::Patch, &error);
                }
                Err(error) => self.health.fail(Task::Patch, &format!("{error:#}")),
            }
            sleep(pauses.next().unwrap_or(MAX_PAUSE)).await;
        }
    }

    /// Prints the summary. A closed standard output must not stop the controller.
    fn report(&self, desired: &Revision, summary: &Summary) {
        let _ = report::print(self.cluster, desired, summary, self.output);
    }
}
