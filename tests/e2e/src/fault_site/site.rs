//! A fault site: the served page and the browser that opens it.

use super::page::{BLANK, Page};
use crate::access_log::Mark;
use crate::browser_pool::PooledBrowser;
use crate::engine::{Engine, Patience};
use crate::fault_server::{FaultServer, Request};
use crate::page_log::{FOLDER, Kind, LogEntry};
use crate::site_files::SiteFiles;
use crate::wait::{self, DEADLINE};
use serde_json::Value;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::timeout;

/// A served page and a browser. Both are gone when the test ends; the fields are dropped from the top.
#[derive(Debug)]
pub struct FaultSite {
    /// A browser without data of this site. No command waits for a page to load: it may never be done.
    pub browser: PooledBrowser,
    /// The server.
    pub server: FaultServer,
    /// What it serves.
    pub files: SiteFiles,
    /// Where the present page view begins, in the page log and in the server's log.
    since: Cell<(usize, Mark)>,
    /// How many blank pages were opened.
    blanks: Cell<usize>,
}

impl FaultSite {
    /// Serves `page`, without any fault yet.
    pub async fn new(engine: Engine, page: &Page) -> Self {
        let files = SiteFiles::new();
        page.write(&files);
        let server = FaultServer::start(files.root());
        let browser = PooledBrowser::take(engine, Patience::None).await;
        let site = Self { browser, server, files, since: Cell::new((0, Mark::START)), blanks: Cell::new(0) };
        site.clear_data().await;
        site
    }

    /// Serves another page from now on.
    pub fn set_page(&self, page: &Page) {
        page.write(&self.files);
    }

    /// Deletes cookies and storage, so that the browser has never been here.
    pub async fn clear_data(&self) {
        self.open_blank().await;
        let deleting = self.browser.client().delete_all_cookies().await;
        deleting.unwrap_or_else(|e| panic!("cannot delete cookies: {e}"));
        self.browser.eval("void [localStorage.clear(), sessionStorage.clear()]").await;
    }

    /// Makes the browser that of the user `id`; whatever else it remembers stays.
    pub async fn set_user(&self, id: &str) {
        self.open_blank().await;
        self.set_id(id).await;
    }

    /// Makes the browser that of the user `id`, who has never been here.
    pub async fn set_new_user(&self, id: &str) {
        self.clear_data().await;
        self.set_id(id).await;
    }

    /// From a page of this origin.
    async fn set_id(&self, id: &str) {
        self.browser.eval(&format!("void (document.cookie = 'canary_id={id}; Path=/; Max-Age=3600')")).await;
    }

    /// Goes to a page of the same origin that does nothing.
    async fn open_blank(&self) {
        // The query tells it from the page before, which may still answer while it is left.
        let query = format!("?{}", self.blanks.replace(self.blanks.get() + 1));
        let url = self.server.url(&format!("{FOLDER}blank.html{query}"));
        let is_there = format!("document.title === 'blank' && location.search === '{query}'");
        // A page that loads itself again and again may win against this navigation.
        for _ in 0..5 {
            self.browser.goto(&url).await;
            if timeout(Duration::from_secs(3), self.browser.wait_for(&is_there)).await.is_ok() {
                return;
            }
        }
        self.browser.goto(&url).await;
        self.browser.wait_for(&is_there).await;
    }

    /// Loads the page as a user who has never been here, and waits until it has begun.
    pub async fn visit(&self) {
        self.set_new_user("somebody").await;
        self.open().await;
    }

    /// Loads the page and waits until it has begun.
    pub async fn open(&self) {
        self.open_at("/").await;
    }

    /// As [`open`](Self::open), with a query or a fragment, or at another path.
    pub async fn open_at(&self, path: &str) {
        let begin = self.server.page_log().len();
        self.since.set((begin, self.server.log().mark()));
        self.browser.goto(&self.server.url(path)).await;
        // Until then the browser may still answer for the page before.
        wait::until_async(format!("{path} to begin"), DEADLINE, async || {
            let present = self.browser.execute("globalThis.e2e?.view").await.ok()?;
            self.of(Kind::View).any(|entry| present == *entry.view).then_some(())
        })
        .await;
    }

    /// Waits until a reader sees this and nothing else: a marker, or [`BLANK`].
    #[track_caller]
    pub fn shows(&self, marker: &str) -> impl Future<Output = ()> {
        let last = Rc::new(RefCell::new(String::new()));
        let seen = last.clone();
        let what = fmt::from_fn(move |f| {
            write!(f, "{marker:?} on the screen; last: {:?}; page log: {:#?}", seen.borrow(), self.page_log())
        });
        wait::until_async(what, DEADLINE, async move || {
            let shown = self.shown().await?;
            last.borrow_mut().clone_from(&shown);
            (shown == marker).then_some(())
        })
    }

    /// The text that a reader sees now; none while a page is on its way.
    pub async fn shown(&self) -> Option<String> {
        // `innerText` is what is rendered: nothing of what is hidden is in it.
        let text = self.browser.execute("document.body?.innerText.trim().replace(/\\s+/g, ' ')").await.ok()?;
        let text = text.as_str()?;
        Some(if text.is_empty() { BLANK } else { text }.to_owned())
    }

    /// What the page reported since it was opened, also before it reloaded itself.
    #[must_use]
    pub fn page_log(&self) -> Vec<LogEntry> {
        self.server.page_log().split_off(self.since.get().0)
    }

    /// The runtime's lines on the console since the page was opened, each with its level: `warn`, `debug`. The line that
    /// every driven browser has, which says that it is driven, is left out.
    #[must_use]
    pub fn lines(&self) -> Vec<(String, String)> {
        let of_runtime = |entry: &LogEntry| {
            let text = entry.text();
            entry.kind == Kind::Console && text.starts_with("[canary]") && !text.starts_with("[canary] I415 automation")
        };
        let entries = self.page_log().into_iter().filter(of_runtime);
        entries.map(|entry| (entry.name.clone(), entry.text().to_owned())).collect()
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

    /// Waits until what the page has begun up to now is done, by two more requests of the page, one after the other.
    pub async fn settle(&self) {
        let ask = format!("fetch('{FOLDER}blank.html?settle')");
        self.browser.eval(&format!("{ask}.then(() => {ask}).then(() => true)")).await;
    }

    /// The details of the runtime's events of that type since the page was opened.
    #[must_use]
    pub fn events(&self, type_: &str) -> Vec<Value> {
        self.of(Kind::Event).filter(|entry| entry.name == type_).map(|entry| entry.detail).collect()
    }

    /// The decision, which every page view comes to once.
    #[track_caller]
    #[must_use]
    pub fn decision(&self) -> Value {
        wait::until("the decision", DEADLINE, || self.events("ready").pop())
    }

    /// Uncaught errors since the page was opened.
    #[must_use]
    pub fn errors(&self) -> Vec<String> {
        self.of(Kind::Error).map(|entry| entry.text().to_owned()).collect()
    }

    /// The markers of the bundles that began to run since the page was opened.
    #[must_use]
    pub fn ran(&self) -> Vec<String> {
        self.of(Kind::Ran).map(|entry| entry.name).collect()
    }

    /// How often the page was requested since it was opened: 1, and one more for each reload.
    #[must_use]
    pub fn views(&self) -> usize {
        self.requests("/").len()
    }

    /// The requests for a path since the page was opened, whatever the query.
    #[must_use]
    pub fn requests(&self, path: &str) -> Vec<Request> {
        self.server.log().requests_for(path, self.since.get().1)
    }

    fn of(&self, kind: Kind) -> impl Iterator<Item = LogEntry> {
        self.page_log().into_iter().filter(move |entry| entry.kind == kind)
    }
}
