//! A page with the runtime and a bundle of each arm, a server that fails as it is told, and a browser of any engine.
//!
//! ```no_run
//! # async fn example() {
//! use canary_e2e::engine::Engine;
//! use canary_e2e::fault_server::Reply;
//! use canary_e2e::fault_site::{CONFIG, FaultStage, Page, STABLE};
//!
//! let stage = FaultStage::new(Engine::WebKit, &Page::new()).await;
//! stage.server.on(CONFIG, Reply::sound().status(500));
//! stage.open().await;
//! stage.shows(STABLE).await;
//! stage.says(&["E101"]).await;
//! assert_eq!((stage.views(), stage.ran()), (1, vec![STABLE.to_owned()]));
//! # }
//! ```

pub mod fallback;
mod outcome;

use crate::access_log::Mark;
use crate::browser::Browser;
use crate::driver::Driver;
use crate::engine::Engine;
use crate::fault_server::{FaultServer, Request};
use crate::page_log::{FOLDER, Kind, RECORDER, Told};
use crate::site_files::Site;
use crate::wait::{self, DEADLINE};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

/// Where the runtime asks for the config.
pub const CONFIG: &str = "/config/canary.json";

/// Where the runtime asks for the canary.
pub const CANARY_BUNDLE: &str = "/canary/main.js";

/// Where the runtime asks for stable.
pub const STABLE_BUNDLE: &str = "/stable/main.js";

/// What a reader sees of the canary.
pub const CANARY: &str = "CANARY";

/// What a reader sees of stable.
pub const STABLE: &str = "STABLE";

/// What a reader sees of a page without visible text.
pub const BLANK: &str = "blank";

/// A page to be served, at `/`. By default everybody has the canary, which is sound.
#[derive(Debug, Clone)]
pub struct Page {
    config: String,
    attributes: String,
    first: String,
    head: String,
    body: String,
    nonce: String,
}

impl Page {
    /// A page where nothing fails.
    #[must_use]
    pub fn new() -> Self {
        let config = r#"{"CANARY_PERCENTAGE": 100, "FEATURE_FLAGS": {"on": true}}"#.to_owned();
        let [attributes, first, head, nonce] = Default::default();
        Self { config, attributes, first, head, body: r#"<div id="app"></div>"#.to_owned(), nonce }
    }

    /// The text of the config.
    #[must_use]
    pub fn config(self, config: impl Into<String>) -> Self {
        Self { config: config.into(), ..self }
    }

    /// One whose budget is enough on a busy machine, so that no fault is taken for another.
    #[must_use]
    pub fn patient() -> Self {
        Self::new().attributes(r#"data-decision-budget="15000""#)
    }

    /// Attributes of the runtime's tag.
    #[must_use]
    pub fn attributes(self, attributes: impl Into<String>) -> Self {
        Self { attributes: attributes.into(), ..self }
    }

    /// A classic script that runs before everything of the page.
    #[must_use]
    pub fn first(self, script: impl Into<String>) -> Self {
        Self { first: script.into(), ..self }
    }

    /// HTML before the runtime's tag, such as a guard.
    #[must_use]
    pub fn head(self, html: impl Into<String>) -> Self {
        Self { head: html.into(), ..self }
    }

    /// What is in the body.
    #[must_use]
    pub fn body(self, html: impl Into<String>) -> Self {
        Self { body: html.into(), ..self }
    }

    /// A nonce for all scripts of the page.
    #[must_use]
    pub fn nonce(self, nonce: impl Into<String>) -> Self {
        Self { nonce: nonce.into(), ..self }
    }

    /// The HTML.
    #[must_use]
    pub fn html(&self) -> String {
        let Self { attributes, head, body, nonce, .. } = self;
        let nonce = if nonce.is_empty() { String::new() } else { format!(r#" nonce="{nonce}""#) };
        format!(
            r#"<!doctype html><meta charset="utf-8"><title>faults</title><link rel="icon" href="data:,">
            <script{nonce} src="{FOLDER}recorder.js"></script>
            <script{nonce} src="{FOLDER}first.js"></script>
            {head}
            <script{nonce} type="module" src="/runtime/canary.js" {attributes}></script>
            <script{nonce} type="module" src="{FOLDER}listen.js"></script>
            <body>{body}"#
        )
    }

    /// Writes the page and all that belongs to it. What is at the root of a site that has a page already goes.
    fn write(&self, site: &Site) {
        site.write("index.html", self.html());
        site.write(&format!("{FOLDER}recorder.js"), RECORDER);
        site.write(&format!("{FOLDER}first.js"), &self.first);
        site.write(&format!("{FOLDER}listen.js"), "e2e.listen();");
        site.write(&format!("{FOLDER}blank.html"), "<!doctype html><title>blank</title>");
        site.write(STABLE_BUNDLE, bundle(STABLE));
        site.write(CANARY_BUNDLE, bundle(CANARY));
        site.mount_config(&self.config);
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}

/// A bundle that shows and reports `marker`. A second one shows its own beside it.
#[must_use]
pub fn bundle(marker: &str) -> String {
    format!(
        r#"globalThis.e2e?.tell("ran", "{marker}");
        {{
          const shown = document.createElement("p");
          shown.textContent = "{marker}";
          (document.getElementById("app") ?? document.body).append(shown);
        }}"#
    )
}

/// All of it, gone when the test ends. The fields are dropped from the top.
#[derive(Debug)]
pub struct FaultStage {
    /// A browser with an empty profile, that waits for no page.
    pub browser: Browser,
    driver: Driver,
    /// The server.
    pub server: FaultServer,
    /// What it serves.
    pub site: Site,
    /// Where the present page view begins, in what pages told and in the log.
    since: Cell<(usize, Mark)>,
    /// How many blank pages there were.
    blanks: Cell<usize>,
}

impl FaultStage {
    /// Serves `page`, without any fault yet.
    pub async fn new(engine: Engine, page: &Page) -> Self {
        let site = Site::new();
        page.write(&site);
        let server = FaultServer::start(site.root());
        let driver = Driver::start(engine);
        let browser = Browser::impatient(&driver).await;
        Self { browser, driver, server, site, since: Cell::new((0, Mark::START)), blanks: Cell::new(0) }
    }

    /// Serves another page from now on.
    pub fn set_page(&self, page: &Page) {
        page.write(&self.site);
    }

    /// Makes the browser one that has never been here, which is quicker than another one.
    pub async fn forget(&self) {
        self.go_blank().await;
        let forgetting = self.browser.client().delete_all_cookies().await;
        forgetting.unwrap_or_else(|e| panic!("cannot delete cookies: {e}"));
        self.browser.eval("void [localStorage.clear(), sessionStorage.clear()]").await;
    }

    /// Goes on in another browser, with an empty profile. The drivers of Firefox and `WebKitGTK` have one at a time.
    pub async fn another_browser(self) -> Self {
        let Self { browser, driver, server, site, since, blanks } = self;
        browser.close().await;
        let browser = Browser::impatient(&driver).await;
        Self { browser, driver, server, site, since, blanks }
    }

    /// Makes the browser that of the user `id`.
    pub async fn be(&self, id: &str) {
        self.go_blank().await;
        self.browser.eval(&format!("void (document.cookie = 'canary_id={id}; Path=/; Max-Age=3600')")).await;
    }

    /// To a page of the same origin that does nothing.
    async fn go_blank(&self) {
        // By a name of its own, or the one before would answer for it, and go while it does.
        let query = format!("?{}", self.blanks.replace(self.blanks.get() + 1));
        self.browser.goto(&self.server.url(&format!("{FOLDER}blank.html{query}"))).await;
        self.browser.wait_for(&format!("document.title === 'blank' && location.search === '{query}'")).await;
    }

    /// Loads the page, and waits until it has begun.
    pub async fn open(&self) {
        self.open_at("/").await;
    }

    /// The first view of somebody whom this browser does not know yet.
    pub async fn visit(&self) {
        self.fresh("somebody").await;
        self.open().await;
    }

    /// A browser that remembers nothing, and that user in it.
    pub async fn fresh(&self, id: &str) {
        self.forget().await;
        self.be(id).await;
    }

    /// As [`open`](Self::open), with a query or a fragment, or at another path.
    pub async fn open_at(&self, path: &str) {
        let begin = self.server.told().len();
        self.since.set((begin, self.server.log().mark()));
        self.browser.goto(&self.server.url(path)).await;
        // Until then the browser may still answer for the page before.
        wait::until_async(format!("{path} to begin"), DEADLINE, async || {
            let present = self.browser.execute("globalThis.e2e?.view").await.ok()?;
            self.of(Kind::View).any(|told| present == *told.view).then_some(())
        })
        .await;
    }

    /// Waits until a reader sees this and nothing else: a marker, or [`BLANK`].
    #[track_caller]
    pub fn shows(&self, marker: &str) -> impl Future<Output = ()> {
        let last = Rc::new(RefCell::new(String::new()));
        let seen = last.clone();
        let what = fmt::from_fn(move |f| {
            write!(f, "{marker:?} on the screen; last: {:?}; told: {:#?}", seen.borrow(), self.told())
        });
        wait::until_async(what, DEADLINE, async move || {
            let shown = self.shown().await?;
            last.borrow_mut().clone_from(&shown);
            (shown == marker).then_some(())
        })
    }

    /// What a reader sees now; nothing while a page is on its way.
    pub async fn shown(&self) -> Option<String> {
        // `innerText` is what is rendered: nothing of what is hidden is in it.
        let text = self.browser.execute("document.body?.innerText.trim().replace(/\\s+/g, ' ')").await.ok()?;
        let text = text.as_str()?;
        Some(if text.is_empty() { BLANK } else { text }.to_owned())
    }

    /// What the page said since it was opened, also before it reloaded itself.
    #[must_use]
    pub fn told(&self) -> Vec<Told> {
        self.server.told().split_off(self.since.get().0)
    }

    /// The runtime's lines on the console since the page was opened, each with its level: `warn`, `debug`. Without the one
    /// that every driven browser has, which says that it is driven.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let of_runtime = |told: &Told| {
            let text = told.text();
            told.kind == Kind::Console && text.starts_with("[canary]") && !text.starts_with("[canary] I415 automation")
        };
        self.told().into_iter().filter(of_runtime).map(|told| (told.name.clone(), told.text().to_owned())).collect()
    }

    /// Waits until the runtime has said this on the console and checks that it says nothing else: one line with each
    /// of these codes, in any order; `I` as debug output, `E` as a warning.
    #[track_caller]
    pub fn says(&self, codes: &[&str]) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        let level = |code: &str| if code.starts_with('I') { "debug" } else { "warn" };
        let mut expected: Vec<_> =
            codes.iter().map(|code| (level(code).to_owned(), format!("[canary] {code} "))).collect();
        expected.sort();
        let found = |lines: &[(String, String)]| {
            let mut found: Vec<_> =
                lines.iter().map(|(level, text)| (level.clone(), text.chars().take(14).collect::<String>())).collect();
            found.sort();
            found
        };
        async move {
            let enough = async || (self.lines().len() >= expected.len()).then_some(());
            wait::until_async(fmt::from_fn(|f| write!(f, "{expected:?}; {:?}", self.lines())), DEADLINE, enough).await;
            self.settle().await;
            let lines = self.lines();
            assert_eq!(found(&lines), expected, "at {caller}: {lines:?}");
        }
    }

    /// Waits until what the page has asked for and begun up to now is done: it asks for one thing more, twice.
    pub async fn settle(&self) {
        let ask = format!("fetch('{FOLDER}blank.html?settle')");
        self.browser.eval(&format!("{ask}.then(() => {ask}).then(() => true)")).await;
    }

    /// The details of the runtime's events of that type since the page was opened.
    #[must_use]
    pub fn events(&self, type_: &str) -> Vec<Value> {
        self.of(Kind::Event).filter(|told| told.name == type_).map(|told| told.detail).collect()
    }

    /// The decision, which every page view comes to once.
    #[track_caller]
    #[must_use]
    pub fn decision(&self) -> Value {
        wait::until("the decision", DEADLINE, || self.events("ready").pop())
    }

    /// Errors that nobody caught since the page was opened.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.of(Kind::Error).map(|told| told.text().to_owned()).collect()
    }

    /// The markers of the bundles that began to run since the page was opened.
    #[must_use]
    pub fn ran(&self) -> Vec<String> {
        self.of(Kind::Ran).map(|told| told.name).collect()
    }

    /// How often the page was asked for since it was opened: 1, and one more for each reload.
    #[must_use]
    pub fn views(&self) -> usize {
        self.requests("/").len()
    }

    /// The requests for a path since the page was opened, whatever the query.
    #[must_use]
    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.server.log().requests_for(path, self.since.get().1)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = Told> {
        self.told().into_iter().filter(move |told| told.kind == kind)
    }
}
