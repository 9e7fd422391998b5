//! Hears of every change of the ConfigMap.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::watcher::{Config, DefaultBackoff, Error, Event, watcher};
use tokio::sync::watch::Sender;
use tokio::time::{sleep, timeout};

use crate::nudge::api_error;
use crate::nudge::cluster::{Cluster, PATIENCE, WATCH};
use crate::nudge::health::{Part, Standing};
use crate::nudge::revision::Revision;

/// How long nothing is said against a watch until it counts as accepted: nobody says so in words.
const CALM: Duration = Duration::from_secs(2);

/// Puts each new revision into `found`, for ever. After a fault everything is asked for anew, ever more slowly.
pub(crate) async fn follow(cluster: &Cluster, standing: &Standing, found: &Sender<Option<Revision>>) -> Infallible {
    // A right that names the object is a right to ask for it by name alone.
    let only = format!("metadata.name={}", cluster.configmap);
    let config = Config::default().fields(&only).timeout(WATCH);
    let mut waits = DefaultBackoff::default();
    loop {
        let mut events = pin!(watcher(cluster.maps.clone(), config.clone()));
        let mut there = false;
        loop {
            match timeout(CALM, events.next()).await {
                Ok(Some(Ok(event))) => hear(event, &mut there, cluster, standing, found),
                Ok(Some(Err(error))) => {
                    complain(&error, cluster, standing);
                    break;
                }
                Ok(None) => break,
                Err(_) if there => {
                    standing.fine(Part::Watch);
                }
                Err(_) => {}
            }
        }
        sleep(waits.next().unwrap_or(PATIENCE)).await;
    }
}

fn hear(
    event: Event<ConfigMap>,
    there: &mut bool,
    cluster: &Cluster,
    standing: &Standing,
    found: &Sender<Option<Revision>>,
) {
    match event {
        Event::InitApply(map) | Event::Apply(map) => {
            *there = true;
            let new = Revision::of(&map);
            found.send_if_modified(|last| {
                let changed = last.as_ref().is_none_or(|last| !last.is_like(&new));
                if changed {
                    *last = Some(new);
                }
                changed
            });
        }
        // Pods keep the files that they have.
        Event::Delete(_) => {
            *there = false;
            absent(cluster, standing);
        }
        Event::InitDone if !*there => absent(cluster, standing),
        Event::Init | Event::InitDone => {}
    }
}

fn complain(error: &Error, cluster: &Cluster, standing: &Standing) {
    if let Some(text) = api_error::of_watch(error) {
        standing.fault(Part::Watch, &format!("cannot watch the ConfigMap {}: {text}", cluster.name()));
    }
}

fn absent(cluster: &Cluster, standing: &Standing) {
    standing.fault(Part::Watch, &format!("no ConfigMap {}", cluster.name()));
}
