//! An nginx whose health is checked at the end.

use canary_e2e::http;
use canary_e2e::nginx::{Config, Nginx};
use std::ops::Deref;
use std::path::Path;

/// A server that knows its first workers.
pub(crate) struct CheckedNginx {
    nginx: Nginx,
    workers: Vec<u32>,
}

impl CheckedNginx {
    pub(crate) fn start(root: &Path, edit: impl FnOnce(&mut Config)) -> Self {
        let nginx = Nginx::start_with(root, edit);
        let workers = nginx.workers();
        Self { nginx, workers }
    }

    /// Checks that it answers, that no worker was replaced, and that its log has no alarms but `expected`.
    #[track_caller]
    pub(crate) fn check(&self, expected: Option<&str>) {
        assert_eq!(http::get(&self.url("/healthz"), &[]).text(), "ok\n");
        assert_eq!(self.nginx.workers(), self.workers, "a worker has died");
        let is_expected = |line: &String| expected.is_some_and(|text| line.contains(text));
        let alarms: Vec<_> = self.alarms().into_iter().filter(|line| !is_expected(line)).collect();
        assert!(alarms.is_empty(), "{alarms:#?}");
    }

    /// Megabytes of all its processes. Shared memory counts once.
    pub(crate) fn memory(&self) -> f64 {
        let all = [&self.workers[..], &[self.pid()]].concat().into_iter().map(|pid| {
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap();
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:")).unwrap().to_owned();
            line.split_whitespace().next().unwrap().parse::<f64>().unwrap()
        });
        all.sum::<f64>() * 1_024.0 / 1e6
    }

    /// The limit of open files of each worker.
    pub(crate) fn open_files(&self) -> Vec<u64> {
        let limit = |pid: &u32| {
            let limits = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
            let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap().to_owned();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        self.workers.iter().map(limit).collect()
    }
}

impl Deref for CheckedNginx {
    type Target = Nginx;

    fn deref(&self) -> &Nginx {
        &self.nginx
    }
}
