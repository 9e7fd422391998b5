//! The state of a page view, and what is wrong with it.

use super::app::App;
use super::fault::Target;
use super::run::{Expected, blames_the_app, is_ambiguous};
use canary_e2e::access_log::Mark;
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::FaultSite;
use canary_e2e::page_log::{Kind, LogEntry};
use serde_json::Value;

/// Each fault has a line, and some have a second one.
const MOST_LINES: usize = 12;

/// Where a view begins in what the server keeps.
pub(crate) struct Since {
    pub(crate) entries: usize,
    pub(crate) log: Mark,
}

/// The state of a page view.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct State {
    /// The visible text, once it is that of this view.
    shown: Option<String>,
    /// Whether there is a button.
    button: bool,
    /// The number of requests for the page.
    views: usize,
    /// The number of those that sent a form.
    posts: usize,
    /// The number of all requests.
    requests: usize,
    /// The bundles that ran.
    ran: Vec<String>,
    /// The lines of the runtime on the console.
    lines: Vec<String>,
    /// The errors of the runtime.
    errors: Vec<String>,
}

impl State {
    pub(crate) async fn of(site: &FaultSite, since: &Since, app: App) -> Self {
        let look = "[globalThis.e2e?.view, document.body?.innerText.trim() ?? '', !!document.querySelector('button')]";
        // A page that is left does not answer.
        let answer = site.browser.client().execute(&format!("return {look}"), Vec::new()).await.unwrap_or_default();
        let entries = site.server.page_log().split_off(since.entries);
        let of = |kind: Kind| entries.iter().filter(move |entry| entry.kind == kind);
        let is_this = of(Kind::View).any(|entry| answer[0] == *entry.view);
        let texts = |all: &mut dyn Iterator<Item = &LogEntry>| all.map(|entry| entry.text().to_owned()).collect();
        let views = site.server.log().requests_for(app.path(), since.log);
        Self {
            shown: is_this
                .then(|| answer[1].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")),
            button: is_this && answer[2] == Value::Bool(true),
            views: views.len(),
            posts: views.iter().filter(|request| request.method == "POST").count(),
            requests: site.server.log().since(since.log).len(),
            // A page that the user has just left may still run its bundle.
            ran: of(Kind::Ran)
                .filter(|ran| of(Kind::View).any(|view| view.view == ran.view))
                .map(|entry| entry.name.clone())
                .collect(),
            lines: texts(&mut of(Kind::Console).filter(|entry| entry.text().starts_with("[canary]"))),
            errors: texts(&mut of(Kind::Error).filter(|entry| entry.name == "ours")),
        }
    }

    /// What is wrong with it.
    pub(crate) fn fault(&self, expected: &Expected<'_>, engine: Engine) -> Option<&'static str> {
        let view = expected.view;
        // A script that cannot be parsed is an error in the file that the fault replaces.
        let is_broken_file = view.breaks(Target::Runtime);
        let is_app_broken = view.breaks(Target::Canary) || is_ambiguous(engine, view);
        if self.posts > 1 {
            Some("the form is sent again")
        } else if self.views > expected.most {
            Some("the page loads again and again")
        } else if self.lines.len() > MOST_LINES {
            Some("there is no end of lines on the console")
        } else if self.runs_another_app(view.app) {
            Some("the app of another path runs")
        } else if !self.errors.is_empty() && !is_broken_file {
            Some("the runtime throws into the page")
        } else if !is_app_broken && self.lines.iter().any(|line| blames_the_app(line)) {
            Some("the app is blamed for an error of others")
        } else if expected.plain && !self.shows_app(view.app) {
            Some("the plain page shows the app, and this one does not")
        } else if !self.is_healthy(view.app) {
            Some("nothing healthy is on the screen")
        } else {
            None
        }
    }

    /// Whether what is wrong with it cannot become right later.
    pub(crate) fn is_final(&self, expected: &Expected<'_>) -> bool {
        self.posts > 1
            || self.views > expected.most
            || self.lines.len() > MOST_LINES
            || self.runs_another_app(expected.view.app)
    }

    fn runs_another_app(&self, app: App) -> bool {
        app.other().markers().iter().any(|marker| self.ran.iter().any(|ran| ran == marker))
    }

    fn shows_app(&self, app: App) -> bool {
        let words = || self.shown.iter().flat_map(|shown| shown.split(' '));
        words().any(|word| app.markers().contains(&word))
    }

    /// Of a page that shows nothing without the runtime.
    fn is_healthy(&self, app: App) -> bool {
        let Some(shown) = &self.shown else { return false };
        // The guard has no error page for what throws, so a page without runtime and stable may be blank.
        let by_guard = ["E201 canary.js did not load", "E103 no decision within"];
        let is_guarded = self.lines.iter().any(|line| by_guard.iter().any(|text| line.contains(text)));
        self.shows_app(app) || self.button || is_guarded && shown.is_empty()
    }
}
