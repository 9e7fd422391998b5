//! The watch on the ConfigMap.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::watcher::{Config, DefaultBackoff, Error, Event, watcher};
use tokio::sync::watch::Sender;
use tokio::time::{sleep, timeout};

use crate::nudge::api_error::{REQUEST_TIMEOUT, describe_watch_error};
use crate::nudge::cluster::{Cluster, WATCH_SECONDS};
use crate::nudge::health::{Health, Task};
use crate::nudge::revision::Revision;

/// How long a watch has to run without an error to count as accepted. The API server sends no confirmation.
const ACCEPTED_AFTER: Duration = Duration::from_secs(2);

/// Watches the ConfigMap of a cluster.
pub(crate) struct Watch<'a> {
    /// The ConfigMap.
    pub(crate) cluster: &'a Cluster,
    /// Where failures are recorded.
    pub(crate) health: &'a Health,
    /// Receives each new revision.
    pub(crate) revisions: Sender<Option<Revision>>,
}

impl Watch<'_> {
    /// Sends new revisions until the program ends. After an error it starts again, with a growing pause.
    pub(crate) async fn run(&self) -> Infallible {
        // A Role that names the object allows requests with this selector only.
        let selector = format!("metadata.name={}", self.cluster.configmap);
        let config = Config::default().fields(&selector).timeout(WATCH_SECONDS);
        let mut pauses = DefaultBackoff::default();
        loop {
            let mut events = pin!(watcher(self.cluster.maps.clone(), config.clone()));
            let mut exists = false;
            loop {
                match timeout(ACCEPTED_AFTER, events.next()).await {
                    Ok(Some(Ok(event))) => self.handle(event, &mut exists),
                    Ok(Some(Err(error))) => {
                        self.fail(&error);
                        break;
                    }
                    Ok(None) => break,
                    Err(_) if exists => self.health.pass(Task::Watch),
                    Err(_) => {}
                }
            }
            sleep(pauses.next().unwrap_or(REQUEST_TIMEOUT)).await;
        }
    }

    fn handle(&self, event: Event<ConfigMap>, exists: &mut bool) {
        match event {
            Event::InitApply(map) | Event::Apply(map) => {
                *exists = true;
                let new = Revision::of(&map);
                self.revisions.send_if_modified(|last| {
                    let is_changed = last.as_ref().is_none_or(|last| !last.has_same_data(&new));
                    if is_changed {
                        *last = Some(new);
                    }
                    is_changed
                });
            }
            // Pods keep the files that they have.
            Event::Delete(_) => {
                *exists = false;
                self.fail_missing();
            }
            Event::InitDone if !*exists => self.fail_missing(),
            Event::Init | Event::InitDone => {}
        }
    }

    fn fail(&self, error: &Error) {
        if let Some(text) = describe_watch_error(error) {
            self.health.fail(Task::Watch, &format!("cannot watch the ConfigMap {}: {text}", self.cluster.name()));
        }
    }

    fn fail_missing(&self) {
        self.health.fail(Task::Watch, &format!("ConfigMap {} not found", self.cluster.name()));
    }
}
