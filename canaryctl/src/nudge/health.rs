//! The health of the controller, for its log and the readiness probe.

use std::cell::RefCell;

use crate::terminal::message::warn;

/// A task of the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Watching the ConfigMap.
    Watch,
    /// Patching the pods.
    Patch,
}

/// The current failure of each task, if any. The watch counts as failed until it has started.
#[derive(Debug)]
pub(crate) struct Health {
    watch: RefCell<Option<String>>,
    patch: RefCell<Option<String>>,
}

impl Default for Health {
    fn default() -> Self {
        Self { watch: RefCell::new(Some("the watch has not started".to_owned())), patch: RefCell::new(None) }
    }
}

impl Health {
    fn of(&self, task: Task) -> &RefCell<Option<String>> {
        match task {
            Task::Watch => &self.watch,
            Task::Patch => &self.patch,
        }
    }

    /// Records a failure. It prints the text only if it differs from the one before, which may repeat twice a minute for
    /// days.
    pub(crate) fn fail(&self, task: Task, text: &str) {
        let before = self.of(task).replace(Some(text.to_owned()));
        if before.as_deref() != Some(text) {
            warn(&format!("{text}; retrying"));
        }
    }

    /// Records that the task works.
    pub(crate) fn pass(&self, task: Task) {
        self.of(task).replace(None);
    }

    /// The failure that the readiness probe reports.
    pub(crate) fn failure(&self) -> Option<String> {
        self.watch.borrow().clone().or_else(|| self.patch.borrow().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_lasts_until_the_task_works() {
        let health = Health::default();
        assert_eq!(health.failure().as_deref(), Some("the watch has not started"));
        health.pass(Task::Watch);
        assert_eq!(health.failure(), None);
        health.fail(Task::Patch, "a");
        assert_eq!(health.failure().as_deref(), Some("a"));
        health.fail(Task::Watch, "b");
        assert_eq!(health.failure().as_deref(), Some("b"));
        health.pass(Task::Watch);
        assert_eq!(health.failure().as_deref(), Some("a"));
        health.pass(Task::Patch);
        assert_eq!(health.failure(), None);
    }
}
