//! The options of every verb that works on a rollout in a repository.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use anyhow::Context;
use canary_rollout::time;

use crate::platform::clock;
use crate::rollout::alerts::outbox::send_now;
use crate::rollout::controller::Controller;
use crate::rollout::repository::Repository;
use crate::terminal::message::warn;

/// The rollout and its repository.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct Target {
    /// The rollout's file, from the repository's root.
    #[arg(long, value_name = "FILE", default_value = "rollout.yaml")]
    rollout: PathBuf,
    /// A bare repository, an address, or a work tree, of which the remote is used; else the current one.
    #[arg(long, value_name = "DIR|URL")]
    repo: Option<String>,
    /// The branch that is followed; else the one that is checked out, or the remote's default.
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// The collectors, instead of `source` in the file; as many as are named have to answer.
    #[arg(long, value_name = "URL", value_delimiter = ',')]
    collectors: Option<Vec<String>>,
    /// Prometheus, for `metrics` in the file; else that of the metric's template, or `prometheus:9090`.
    #[arg(long, value_name = "URL")]
    prometheus: Option<String>,
}

impl Target {
    /// Clones the repository.
    pub(crate) fn open(&self) -> anyhow::Result<Controller> {
        let repository = Repository::open(self.repo.as_deref(), self.branch.as_deref())?;
        Ok(Controller {
            repository,
            path: self.rollout.clone(),
            collectors: self.collectors.clone(),
            prometheus: self.prometheus.clone(),
            news: RefCell::default(),
            refused: Cell::default(),
        })
    }
}

/// Sends what there is to alert about. It never fails: the decision stands.
pub(crate) fn send_alerts(controller: &mut Controller, now: i64) {
    match controller.alerts(now) {
        Ok(deliveries) => send_now(deliveries),
        Err(error) => warn(&format!("cannot send alerts: {error:#}")),
    }
}

/// Seconds since 1970 of `--now`, or of the clock.
pub(crate) fn now(given: Option<&str>) -> anyhow::Result<i64> {
    match given {
        Some(text) => {
            time::parse(text).with_context(|| format!("--now {text}: expected a time such as 2026-12-01T08:00:00Z"))
        }
        None => Ok(clock::now() / 1000),
    }
}
