//! What works and what does not, for people on standard error and for a probe.

use std::cell::RefCell;

use crate::terminal::message::warn;

/// Which half of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Hearing of changes.
    Watch,
    /// Telling pods.
    Pods,
}

/// What stands in the way of each. At the start nothing was heard yet.
#[derive(Debug)]
pub(crate) struct Standing {
    watch: RefCell<Option<String>>,
    pods: RefCell<Option<String>>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { watch: RefCell::new(Some("nothing heard yet".to_owned())), pods: RefCell::new(None) }
    }
}

impl Standing {
    fn of(&self, part: Part) -> &RefCell<Option<String>> {
        match part {
            Part::Watch => &self.watch,
            Part::Pods => &self.pods,
        }
    }

    /// Remembers a fault, and tells of it if it is a new one: it may come again twice a minute for days.
    pub(crate) fn fault(&self, part: Part, text: &str) {
        let before = self.of(part).replace(Some(text.to_owned()));
        if before.as_deref() != Some(text) {
            warn(&format!("{text}; trying again"));
        }
    }

    /// That it works; whether it did not, before.
    pub(crate) fn fine(&self, part: Part) -> bool {
        self.of(part).replace(None).is_some()
    }

    /// What stands in the way, if anything does.
    pub(crate) fn first(&self) -> Option<String> {
        self.watch.borrow().clone().or_else(|| self.pods.borrow().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_lasts_until_it_works() {
        let standing = Standing::default();
        assert_eq!(standing.first().as_deref(), Some("nothing heard yet"));
        assert!(standing.fine(Part::Watch) && !standing.fine(Part::Watch));
        standing.fault(Part::Pods, "a");
        assert_eq!(standing.first().as_deref(), Some("a"));
        standing.fault(Part::Watch, "b");
        assert_eq!(standing.first().as_deref(), Some("b"));
        assert!(standing.fine(Part::Watch) && standing.fine(Part::Pods));
        assert_eq!(standing.first(), None);
    }
}
