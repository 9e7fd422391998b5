//! A sequence in a browser, and what has to hold whatever fails.

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

/// A page view is over when nothing has happened for so long.
const STILL: Duration = Duration::from_secs(1);

/// The page itself, and one clean reload.
const MOST_VIEWS: usize = 2;

/// Each fault has a line, some have a second one for what could not be done about them.
const MOST_LINES: usize = 12;

/// Errors that nobody caught, and that are the runtime's: by the file, by the stack, or by what only the runtime throws.
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

/// Runs a sequence, and a calm view after it. Answers what did not hold.
pub(crate) async fn run(site: &FaultSite, sequence: &Sequence, deadline: Duration) -> Result<(), String> {
    site.server.restore();
    site.set_page(&page(sequence));
    site.clear_data().await;
    let mut most = MOST_VIEWS;
    for (number, view) in sequence.views.iter().enumerate() {
        arm(site, view);
        // The first has nothing to load again.
        let entry = if view.reloads && number > 0 { Entry::Reload } else { Entry::Goto(number) };
        if let Err(fault) = look(site, view, entry, most, deadline).await {
            return Err(format!("view {number}: {fault}"));
        }
        // A page that is left may be about to load itself again.
        most = MOST_VIEWS + usize::from(view.leaves_after.is_some());
    }
    site.server.restore();
    let entry = if button(site).await { Entry::Retry } else { Entry::Goto(sequence.views.len()) };
    look(site, &View::CALM, entry, most, deadline).await.map_err(|fault| format!("the calm view after it: {fault}"))
}

/// The page: everybody has the canary, and time-outs are short.
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

/// From now on the server fails as the view has it.
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
    /// By the button of the error page.
    Retry,
}

/// Begins a view. A page that just then loads itself again may cut that off, so there is more than one try.
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
            // More of it would make it no better.
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

/// What there is of a page view at one time.
#[derive(Debug, Default, PartialEq)]
struct State {
    /// What a reader sees, once it is this view.
    shown: Option<String>,
    /// Whether there is a button.
    button: bool,
    /// How often the page was asked for.
    views: usize,
    /// How often anything was.
    requests: usize,
    /// What the runtime said.
    lines: Vec<String>,
    /// What it threw.
    errors: Vec<String>,
}

impl State {
    async fn of(site: &FaultSite, since: &Since) -> Self {
        let look = "[globalThis.e2e?.view, document.body?.innerText.trim() ?? '', !!document.querySelector('button')]";
        // The page may go while it is asked, and nobody is there to answer.
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

    /// What does not hold.
    fn fault(&self, view: &View, most: usize) -> Option<&'static str> {
        // A script that cannot be parsed is an error in the file that the test broke.
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
        // The guard has no error page: who is without runtime and stable has nothing.
        let is_guarded = self.lines.iter().any(|line| line.contains(" canary.js did not "));
        shown.split(' ').any(|word| word == STABLE || word == CANARY)
            || is_broken && self.button
            || is_broken && is_guarded && shown.is_empty()
    }
}

/// Whether the page offers another try.
async fn button(site: &FaultSite) -> bool {
    site.browser.client().find(Locator::Css("button")).await.is_ok()
}
