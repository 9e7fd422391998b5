//! Runs a sequence in a browser and checks that the page is healthy after each view.

use super::fault::Target;
use super::sequence::{Sequence, View};
use canary_e2e::access_log::Mark;
use canary_e2e::fault_server::{Plan, Reply};
use canary_e2e::fault_site::{CANARY, FaultSite, Page, STABLE};
use canary_e2e::files::{read, repo};
use canary_e2e::page_log::{Kind, LogEntry};
use canary_e2e::wait::{self, DEADLINE};
use fantoccini::Locator;
use serde_json::Value;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A page view is over when nothing has changed for so long.
const STILL: Duration = Duration::from_secs(1);

/// The page and one reload.
const MOST_VIEWS: usize = 2;

/// Each fault has a line, and some have a second one.
const MOST_LINES: usize = 12;

/// A script that logs uncaught errors of the runtime: by file, by stack, or by a code in the text.
const ERRORS: &str = r#"
    addEventListener("error", ({ message, filename, error }) => {
        if (filename?.includes("/runtime/")) e2e.log("error", "ours", `${message} ${filename} ${error?.stack}`);
    });
    addEventListener("unhandledrejection", ({ reason }) => {
        if (/\/runtime\//.test(reason?.stack) || /^[EI]\d{3}/.test(reason)) e2e.log("error", "ours", `${reason} ${reason?.stack}`);
    });
"#;

static GUARD: LazyLock<String> = LazyLock::new(|| {
    let page = read(&repo("www/index.html"));
    let (_, rest) = page.split_once("<script data-canary-guard>").expect("a guard in the demo's page");
    let (script, _) = rest.split_once("</script>").expect("an end of the guard");
    format!("<script data-canary-guard>{script}</script>")
});

/// Runs a sequence and one view without faults after it.
///
/// # Errors
///
/// When a page is not healthy.
pub(crate) async fn run(site: &FaultSite, sequence: &Sequence, deadline: Duration) -> Result<(), String> {
    site.server.restore();
    site.set_page(&page(sequence));
    site.clear_data().await;
    let mut most = MOST_VIEWS;
    for (number, view) in sequence.views.iter().enumerate() {
        arm(site, view);
        // The first view has no page to reload.
        let entry = if view.reloads && number > 0 { Entry::Reload } else { Entry::Goto(number) };
        if let Err(fault) = look(site, view, entry, most, deadline).await {
            return Err(format!("view {number}: {fault}"));
        }
        // A page that the user leaves may be about to reload itself.
        most = MOST_VIEWS + usize::from(view.leaves_after.is_some());
    }
    site.server.restore();
    let entry = if button(site).await { Entry::Retry } else { Entry::Goto(sequence.views.len()) };
    look(site, &View::SOUND, entry, most, deadline)
        .await
        .map_err(|fault| format!("the view without faults after it: {fault}"))
}

/// A page on which everyone has the canary, with short time-outs.
fn page(sequence: &Sequence) -> Page {
    let flags = if sequence.flags { r#"{"on": true}"# } else { "{}" };
    let config = format!(
        r#"{{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {flags}, "SALT": "s", "GUARD": {{"readyTimeoutMs": 600}}}}"#
    );
    let consent = if sequence.consent { "data-consent=required" } else { "" };
    let attributes = format!("data-decision-budget=1000 data-hold=1 {consent}");
    let guard = if sequence.guard { &GUARD } else { "" };
    Page::new().config(config).attributes(attributes).first(ERRORS).head(guard)
}

/// Makes the server fail as the view says.
fn arm(site: &FaultSite, view: &View) {
    site.server.restore();
    for fault in &view.faults {
        let (path, plan) = fault.plan();
        site.server.on(path, plan);
    }
    if let Some(store) = view.store {
        let reply = Reply::sound().body(format!("{ERRORS} {{ {} }}", store.script()));
        site.server.on("/.e2e/first.js", if store.lasts() { reply.into() } else { Plan::first(1, reply) });
    }
}

/// How a view begins.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Goto(usize),
    Reload,
    /// The button of the error page.
    Retry,
}

/// Begins a view. It tries again where a page that reloads itself cancels the navigation.
async fn enter(site: &FaultSite, entry: Entry) {
    let client = site.browser.client();
    wait::until_async(format!("{entry:?}"), DEADLINE, async || {
        let done = match entry {
            Entry::Goto(number) => client.goto(&site.server.url(&format!("/?{number}"))).await,
            Entry::Reload => client.refresh().await,
            Entry::Retry => client.find(Locator::Css("button")).await.ok()?.click().await,
        };
        done.ok()
    })
    .await;
}

async fn look(site: &FaultSite, view: &View, entry: Entry, most: usize, deadline: Duration) -> Result<(), String> {
    let since = Since { entries: site.server.page_log().len(), log: site.server.log().mark() };
    enter(site, entry).await;
    if let Some(ms) = view.leaves_after {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        return Ok(());
    }
    let (start, mut last, mut at) = (Instant::now(), State::default(), Instant::now());
    loop {
        let now = State::of(site, &since).await;
        let fault = now.fault(view, most);
        if now != last {
            (last, at) = (now, Instant::now());
        }
        match fault {
            None if at.elapsed() >= STILL => break,
            Some(fault) if last.is_too_much(most) => return Err(format!("{fault}: {last:#?}")),
            Some(fault) if start.elapsed() >= deadline => {
                return Err(format!("{fault}, after {deadline:?}: {last:#?}"));
            }
            None if start.elapsed() >= deadline * 2 => return Err(format!("never still: {last:#?}")),
            _ => tokio::time::sleep(Duration::from_millis(40)).await,
        }
    }
    Ok(())
}

/// Where a view begins in what the server keeps.
struct Since {
    entries: usize,
    log: Mark,
}

/// The state of a page view.
#[derive(Debug, Default, PartialEq)]
struct State {
    /// The visible text, once it is that of this view.
    shown: Option<String>,
    /// Whether there is a button.
    button: bool,
    /// The number of requests for the page.
    views: usize,
    /// The number of all requests.
    requests: usize,
    /// The lines of the runtime on the console.
    lines: Vec<String>,
    /// The errors of the runtime.
    errors: Vec<String>,
}

impl State {
    async fn of(site: &FaultSite, since: &Since) -> Self {
        let look = "[globalThis.e2e?.view, document.body?.innerText.trim() ?? '', !!document.querySelector('button')]";
        // A page that is left does not answer.
        let answer = site.browser.client().execute(&format!("return {look}"), Vec::new()).await.unwrap_or_default();
        let entries = site.server.page_log().split_off(since.entries);
        let of = |kind: Kind| entries.iter().filter(move |entry| entry.kind == kind);
        let is_this = of(Kind::View).any(|entry| answer[0] == *entry.view);
        let texts = |all: &mut dyn Iterator<Item = &LogEntry>| all.map(|entry| entry.text().to_owned()).collect();
        Self {
            shown: is_this
                .then(|| answer[1].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")),
            button: is_this && answer[2] == Value::Bool(true),
            views: site.server.log().requests_for("/", since.log).len(),
            requests: site.server.log().since(since.log).len(),
            lines: texts(&mut of(Kind::Console).filter(|entry| entry.text().starts_with("[canary]"))),
            errors: texts(&mut of(Kind::Error).filter(|entry| entry.name == "ours")),
        }
    }

    /// What is wrong with it.
    fn fault(&self, view: &View, most: usize) -> Option<&'static str> {
        // A script that cannot be parsed is an error in the file that the fault replaces.
        let is_broken_file = view.breaks(Target::Runtime);
        if self.views > most {
            Some("the page loads again and again")
        } else if self.lines.len() > MOST_LINES {
            Some("there is no end of lines on the console")
        } else if !self.errors.is_empty() && !is_broken_file {
            Some("the runtime throws into the page")
        } else if !self.is_healthy(view) {
            Some("nothing healthy is on the screen")
        } else {
            None
        }
    }

    fn is_too_much(&self, most: usize) -> bool {
        self.views > most || self.lines.len() > MOST_LINES
    }

    fn is_healthy(&self, view: &View) -> bool {
        let Some(shown) = &self.shown else { return false };
        let is_broken = view.breaks(Target::Stable);
        // The guard has no error page, so a page without runtime and stable may be blank.
        let is_guarded = self.lines.iter().any(|line| line.contains(" canary.js did not "));
        shown.split(' ').any(|word| word == STABLE || word == CANARY)
            || is_broken && self.button
            || is_broken && is_guarded && shown.is_empty()
    }
}

/// Whether the page has the button of the error page.
async fn button(site: &FaultSite) -> bool {
    site.browser.client().find(Locator::Css("button")).await.is_ok()
}
