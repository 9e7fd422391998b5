//! Runs a sequence in a browser and checks that the page is healthy after each view.

use super::app::App;
use super::noise::Noise;
use super::plain;
use super::sequence::{Post, Sequence, View};
use super::state::{Since, State};
use canary_e2e::engine::Engine;
use canary_e2e::fault_server::{Plan, Reply};
use canary_e2e::fault_site::{FaultSite, Page, bundle};
use canary_e2e::fixture::guard;
use canary_e2e::wait::{self, DEADLINE};
use fantoccini::Locator;
use std::time::{Duration, Instant};

/// A page view is over when nothing has changed for so long.
const STILL: Duration = Duration::from_secs(1);

/// The page and one reload.
pub(crate) const MOST_VIEWS: usize = 2;

/// A script that logs uncaught errors of the runtime: by file, by stack, or by a code in the text.
const ERRORS: &str = r#"
    addEventListener("error", ({ message, filename, error }) => {
        if (filename?.includes("/runtime/")) e2e.log("error", "ours", `${message} ${filename} ${error?.stack}`);
    });
    addEventListener("unhandledrejection", ({ reason }) => {
        if (/\/runtime\//.test(reason?.stack) || /^[EI]\d{3}/.test(reason)) e2e.log("error", "ours", `${reason} ${reason?.stack}`);
    });
"#;

/// Runs a sequence and one view without faults after it.
///
/// # Errors
///
/// When a page is not healthy.
pub(crate) async fn run(site: &FaultSite, sequence: &Sequence, deadline: Duration) -> Result<(), String> {
    site.server.restore();
    write(site, sequence);
    let plain = plain::outcomes(site, sequence).await;
    site.clear_data().await;
    let mut most = MOST_VIEWS;
    for (number, (view, &plain)) in sequence.views.iter().zip(&plain).enumerate() {
        arm(site, view);
        // The first view has no page to reload, and the user does not send a form again.
        let before = number.checked_sub(1).map(|before| &sequence.views[before]);
        let can_reload = before.is_some_and(|before| before.app == view.app && before.post.is_none());
        let entry = if view.post.is_some() {
            Entry::Submit(view.app, number)
        } else if view.reloads && can_reload {
            Entry::Reload
        } else {
            Entry::Goto(view.app, number)
        };
        let expected = Expected { view, plain, most };
        if let Err(fault) = look(site, &expected, entry, deadline).await {
            return Err(format!("view {number}: {fault}"));
        }
        // A page that the user leaves may be about to reload itself.
        most = MOST_VIEWS + usize::from(view.leaves_after.is_some());
    }
    site.server.restore();
    let app = sequence.views.last().map_or(App::Shop, |view| view.app);
    let entry = if button(site).await { Entry::Retry } else { Entry::Goto(app, sequence.views.len()) };
    let expected = Expected { view: &View { app, ..View::SOUND }, plain: true, most };
    look(site, &expected, entry, deadline).await.map_err(|fault| format!("the view without faults after it: {fault}"))
}

/// What is expected of a view.
#[derive(Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) view: &'a View,
    /// Whether the page shows its app without the runtime.
    pub(crate) plain: bool,
    /// The most requests for the page.
    pub(crate) most: usize,
}

/// Writes the pages of both apps, each with the runtime and without it.
fn write(site: &FaultSite, sequence: &Sequence) {
    // It writes what all pages share.
    site.set_page(&page(App::Shop, sequence));
    site.files.write("/.e2e/noise.js", "");
    site.files.write("/.e2e/tracker.js", "throw new Error('of a tracker');");
    for app in App::ALL {
        let [stable, canary] = app.markers();
        site.files.write(app.stable(), bundle(stable));
        site.files.write(app.canary(), bundle(canary));
        site.files.write(app.optional(), "");
        site.files.write(&format!("{}index.html", app.path()), page(app, sequence).html());
        site.files.write(app.plain_path(), plain::html(app, sequence));
    }
    site.files.write(App::Admin.config(), config(sequence));
}

fn config(sequence: &Sequence) -> String {
    let flags = if sequence.flags { r#"{"on": true}"# } else { "{}" };
    format!(
        r#"{{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {flags}, "SALT": "s", "GUARD": {{"readyTimeoutMs": 600}}}}"#
    )
}

/// A page on which everyone has the canary, with short time-outs.
fn page(app: App, sequence: &Sequence) -> Page {
    let consent = if sequence.consent { "data-consent=required" } else { "" };
    let paths = format!("data-config={} data-stable={} data-canary={}", app.config(), app.stable(), app.canary());
    let attributes = format!("data-decision-budget=1000 data-hold=1 {consent} {paths}");
    let guard = if sequence.guard { guard() } else { String::new() };
    let block = if sequence.optional {
        let scripts = format!(r#"[{{"src": "{}"}}, {{"src": "{}"}}]"#, app.optional(), app.stable());
        format!(r#"<script type="application/json" data-canary-stable>{{"scripts": {scripts}}}</script>"#)
    } else {
        String::new()
    };
    let head = format!("{NOISE}{guard}{block}");
    Page::new().config(config(sequence)).attributes(attributes).first(ERRORS).head(head)
}

/// The tag of the errors of others.
pub(crate) const NOISE: &str = r#"<script src="/.e2e/noise.js"></script>"#;

/// Makes the server fail as the view says.
pub(crate) fn arm(site: &FaultSite, view: &View) {
    site.server.restore();
    for fault in &view.faults {
        let (path, plan) = fault.plan(view.app);
        site.server.on(path, plan);
    }
    if let Some(noise) = view.noise {
        site.server.on("/.e2e/noise.js", Reply::sound().body(noise.script()));
    }
    if let Some(store) = view.store {
        let reply = Reply::sound().body(format!("{ERRORS} {{ {} }}", store.script(view.app)));
        site.server.on("/.e2e/first.js", if store.lasts() { reply.into() } else { Plan::first(1, reply) });
    }
    let mut page = Reply::sound();
    if let Some(ms) = view.slow_html {
        // In four pieces of about this size.
        page = page.trickling(1200, Duration::from_millis(ms / 4));
    }
    if view.post == Some(Post::Told) {
        page = page.header("Server-Timing", "post");
    }
    // Where the page loads again, that is no POST.
    site.server.on(view.app.path(), Plan::first(1, page));
}

/// The codes that say that a bundle has failed, without those of a busy machine.
pub(crate) fn blames_the_app(line: &str) -> bool {
    ["E403", "E406", "E409"].iter().any(|code| line.contains(code))
}

/// Whether a browser cannot tell these errors from those of the app.
pub(crate) fn is_ambiguous(engine: Engine, view: &View) -> bool {
    // WebKit does not say what could not be imported.
    engine == Engine::WebKit && view.noise == Some(Noise::Widget)
}

/// How a view begins.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Goto(App, usize),
    /// A form that another page sends.
    Submit(App, usize),
    Reload,
    /// The button of the error page.
    Retry,
}

/// Begins a view. It tries again where a page that reloads itself cancels the navigation.
async fn enter(site: &FaultSite, entry: Entry) {
    let client = site.browser.client();
    if let Entry::Submit(app, number) = entry {
        plain::land(site, &format!("/.e2e/blank.html?{number}")).await;
        let form = format!("<form method=post action='{}?{number}'></form>", app.path());
        let submit = format!("document.body.innerHTML = \"{form}\"; document.querySelector('form').submit();");
        let sent = client.execute(&submit, Vec::new()).await;
        sent.unwrap_or_else(|e| panic!("cannot send a form: {e}"));
        return;
    }
    wait::until_async(format!("{entry:?}"), DEADLINE, async || {
        let done = match entry {
            Entry::Goto(app, number) => client.goto(&site.server.url(&format!("{}?{number}", app.path()))).await,
            Entry::Reload => client.refresh().await,
            Entry::Retry => client.find(Locator::Css("button")).await.ok()?.click().await,
            Entry::Submit(..) => Ok(()),
        };
        done.ok()
    })
    .await;
}

async fn look(site: &FaultSite, expected: &Expected<'_>, entry: Entry, deadline: Duration) -> Result<(), String> {
    let since = Since { entries: site.server.page_log().len(), log: site.server.log().mark() };
    enter(site, entry).await;
    if let Some(ms) = expected.view.leaves_after {
        tokio::time::sleep(Duration::from_millis(ms)).await;
        return Ok(());
    }
    let (start, mut last, mut at) = (Instant::now(), State::default(), Instant::now());
    loop {
        let now = State::of(site, &since, expected.view.app).await;
        let fault = now.fault(expected, site.browser.engine());
        if now != last {
            (last, at) = (now, Instant::now());
        }
        match fault {
            None if at.elapsed() >= STILL => break,
            Some(fault) if last.is_final(expected) => return Err(format!("{fault}: {last:#?}")),
            Some(fault) if start.elapsed() >= deadline => {
                return Err(format!("{fault}, after {deadline:?}: {last:#?}"));
            }
            None if start.elapsed() >= deadline * 2 => return Err(format!("never still: {last:#?}")),
            _ => tokio::time::sleep(Duration::from_millis(40)).await,
        }
    }
    Ok(())
}

/// Whether the page has the button of the error page.
async fn button(site: &FaultSite) -> bool {
    site.browser.client().find(Locator::Css("button")).await.is_ok()
}
