//! Keeps at it until all pods were told of the newest config.

use std::num::NonZeroU16;
use std::time::Duration;

use kube::runtime::watcher::DefaultBackoff;
use tokio::sync::watch::Receiver;
use tokio::time::sleep;

use crate::nudge::cluster::Cluster;
use crate::nudge::health::{Part, Standing};
use crate::nudge::reconcile::{Round, Tally};
use crate::nudge::report;
use crate::nudge::revision::Revision;
use crate::terminal::output::Output;

/// How long a change lies before pods hear of it. Kubelets hear of it by a watch of their own, and one that had not would
/// write the old files again; and edits in quick succession become one.
const SETTLE: Duration = Duration::from_millis(100);

/// Who walks over the pods.
pub(crate) struct Keeper<'a> {
    /// Where.
    pub(crate) cluster: &'a Cluster,
    /// What works.
    pub(crate) standing: &'a Standing,
    /// Pods a second.
    pub(crate) rate: NonZeroU16,
    /// Who reads the lines.
    pub(crate) output: Output,
}

impl Keeper<'_> {
    /// Walks over the pods after each change, until nobody finds changes any more. A newer change ends the walk for the
    /// one before it.
    pub(crate) async fn keep(&self, mut wanted: Receiver<Option<Revision>>) {
        // At the start a pod's annotation is all that is known; later, what has changed meanwhile.
        let mut exact = false;
        while wanted.changed().await.is_ok() {
            loop {
                sleep(SETTLE).await;
                let Some(config) = wanted.borrow_and_update().clone() else { break };
                let newer = tokio::select! {
                    () = self.reach(&config, exact) => false,
                    newer = wanted.changed() => newer.is_ok(),
                };
                exact = true;
                if !newer {
                    break;
                }
            }
        }
    }

    /// Tells all pods of one config, and tries again where that failed, ever more slowly.
    async fn reach(&self, wanted: &Revision, exact: bool) {
        let round = Round { cluster: self.cluster, wanted, exact, rate: self.rate };
        let mut waits = DefaultBackoff::default();
        let mut first = true;
        loop {
            match round.run().await {
                Ok(tally) => {
                    let fault = tally.fault.clone();
                    // What fails for days is told once.
                    if first || tally.nudged > 0 || fault.is_none() {
                        self.report(wanted, &tally);
                    }
                    first = false;
                    let Some(fault) = fault else {
                        self.standing.fine(Part::Pods);
                        return;
                    };
                    self.standing.fault(Part::Pods, &fault);
                }
                Err(error) => self.standing.fault(Part::Pods, &format!("{error:#}")),
            }
            sleep(waits.next().unwrap_or(Duration::from_secs(30))).await;
        }
    }

    /// Whoever does not read has pods that are told nevertheless.
    fn report(&self, wanted: &Revision, tally: &Tally) {
        let _ = report::print(self.cluster, wanted, tally, self.output);
    }
}
