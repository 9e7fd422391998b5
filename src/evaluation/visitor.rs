//! Visitors of a page, and what a browser remembers of them.

/// A kind of visitor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visitor {
    /// A person whose key is the same on every page view.
    #[default]
    Identified,
    /// A browser that software controls. It is served like a person, and not counted unless the config says so.
    Bot,
    /// A person who cannot or must not be recognized again: no storage, no consent, or a privacy control.
    Anonymous,
}

/// The past page views that affect a decision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// This canary failed in this browser.
    pub quarantined: bool,
    /// A config took this browser from canary to stable too recently for going back.
    pub held: bool,
}
