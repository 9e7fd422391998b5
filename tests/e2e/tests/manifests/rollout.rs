//! A rollout from end to end: commit, push, fetch, build, volume, nginx, browser.
//!
//! Only the cluster is replaced, by a fetch, a build and the steps of kubelet, which happen at once and check no
//! signatures.

use canary_e2e::access_log::Mark;
use canary_e2e::bucket::{User, user_at, users_in};
use canary_e2e::demo::{self, Arm, CANARY, STABLE};
use canary_e2e::files::{read, repo};
use canary_e2e::fixture::PATIENT;
use canary_e2e::git::Git;
use canary_e2e::kustomize::Manifests;
use canary_e2e::site_files::SiteFiles;
use canary_e2e::test_site::TestSite;
use canary_e2e::wait::DEADLINE;
use serde_json::Value;
use std::ops::Range;
use std::time::{Duration, Instant};

/// The salt of the manifest.
const SALT: &str = "release-1.5.0";

/// The demo as a cluster serves it, and the repository to push to.
struct Rollout {
    git: Git,
    pods: Manifests,
    site: TestSite,
}

impl Rollout {
    async fn start() -> Self {
        let (mut git, files) = (Git::new(), SiteFiles::new());
        let tag = r#"src="/runtime/canary.js""#;
        files.write("index.html", read(&repo("www/index.html")).replace(tag, &format!("{tag} {PATIENT}")));
        assert!(git.fetch() && !git.fetch());
        let pods = git.pods();
        let mounted = git.build(&pods);
        let config: Value = serde_json::from_slice(&mounted["canary.json"]).unwrap();
        assert_eq!((&config["CANARY_PERCENTAGE"], &config["SALT"]), (&5.into(), &SALT.into()));
        assert!(files.mount(&mounted));
        let site = TestSite::new(files).await;
        site.browser.set_cache_disabled(true).await;
        Self { git, pods, site }
    }

    /// Commits another percentage and brings it to nginx.
    fn set_percentage(&mut self, percentage: &str) {
        self.git.set(&[percentage, "--commit"]);
        self.push();
    }

    /// Brings the last commit to nginx, and returns the time of each step.
    fn push(&mut self) -> Vec<(&'static str, Duration)> {
        let mut steps = Vec::new();
        let mut start = Instant::now();
        let mut done = |step| {
            steps.push((step, start.elapsed()));
            start = Instant::now();
        };
        self.git.operate(&["push", "--quiet"]);
        done("push");
        assert!(self.git.fetch(), "nothing was pushed");
        done("fetch");
        let files = self.git.build(&self.pods);
        done("kustomize build");
        assert!(self.site.files.mount(&files), "the commit changed nothing");
        done("volume");
        steps
    }

    /// Loads the page as `user` and checks that exactly `arm` was shown and requested.
    async fn check(&self, user: &User, arm: Arm) {
        let TestSite { browser, nginx, .. } = &self.site;
        browser.clear_site_data().await;
        self.site.set_user(&user.id).await;
        let log = nginx.access_log();
        let mark = log.mark();
        self.site.goto("/").await;
        assert_eq!(demo::shown(browser).await, arm.shown(), "{user:?}");
        for asset in arm.assets() {
            log.wait_for(&asset, mark, DEADLINE, |line| line.path == asset);
        }
        // The page preloads stable for everyone.
        let mut others = self.assets_since(mark).into_iter().filter(|path| !arm.assets().contains(path));
        assert!(others.all(|path| STABLE.assets().contains(&path)), "{user:?}");
    }

    /// The requested paths below `/assets/`, sorted.
    fn assets_since(&self, mark: Mark) -> Vec<String> {
        let lines = self.site.nginx.access_log().since(mark);
        let mut paths: Vec<_> = lines.into_iter().map(|l| l.path).filter(|path| path.starts_with("/assets/")).collect();
        paths.sort();
        paths
    }
}

fn single(buckets: &[u32]) -> impl Iterator<Item = Range<u32>> {
    buckets.iter().map(|bucket| *bucket..bucket + 1)
}

/// Equal parts of a range.
fn parts(range: Range<u32>, count: u32) -> impl Iterator<Item = Range<u32>> {
    let at = move |part: u32| range.start + (range.end - range.start) / count * part;
    (0..count).map(move |part| at(part)..at(part + 1))
}

#[tokio::test]
async fn users_follow_the_percentage_and_stay_in_the_canary() {
    const EDGES: [u32; 16] = [
        0, 1, 4_997, 4_998, 4_999, 5_000, 5_001, 5_002, 49_998, 49_999, 50_000, 50_001, 54_999, 55_000, 99_998, 99_999,
    ];
    let places: Vec<_> = single(&EDGES).chain(parts(2..4_997, 9)).chain(parts(5_003..99_998, 35)).collect();
    let users = users_in(SALT, &places);
    assert_eq!(users.len(), 60);

    let mut rollout = Rollout::start().await;
    let pid = rollout.site.nginx.pid();
    let workers = rollout.site.nginx.workers();
    let below = |end: u32| move |user: &User| if user.bucket < end { CANARY } else { STABLE };

    for user in &users {
        rollout.check(user, below(5_000)(user)).await;
    }
    let canaries: Vec<_> = users.iter().filter(|user| below(5_000)(user) == CANARY).collect();
    assert_eq!(canaries.len(), 14);
    rollout.site.browser.assert_console(&[]).await;

    // All edges, all users of the canary, and every fifth of the rest.
    let rest = users.iter().skip(25).step_by(5);
    let some: Vec<_> = users[..25].iter().chain(rest).collect();
    rollout.set_percentage("50");
    for user in &some {
        rollout.check(user, below(50_000)(user)).await;
    }
    assert!(canaries.iter().all(|user| some.contains(user)));
    rollout.site.browser.assert_console(&[]).await;

    rollout.set_percentage("0");
    let canary_views = canaries.len() + some.iter().filter(|user| below(50_000)(user) == CANARY).count();
    for user in some {
        rollout.check(user, STABLE).await;
    }
    rollout.site.browser.assert_console(&[]).await;

    // No asset was requested later than its page was checked, and nginx did not restart. Views of the canary preload stable.
    let pages = rollout.site.nginx.access_log().requests_for("/", Mark::START).len();
    assert_eq!((pages, rollout.assets_since(Mark::START).len()), (124, 2 * (124 + canary_views)));
    assert_eq!((rollout.site.nginx.pid(), rollout.site.nginx.workers()), (pid, workers));
}

#[tokio::test]
async fn an_open_page_keeps_its_arm_until_it_is_reloaded() {
    let mut rollout = Rollout::start().await;
    let user = user_at(SALT, 30_000);
    for (percentage, before, after) in [("50", STABLE, CANARY), ("0", CANARY, STABLE)] {
        rollout.check(&user, before).await;
        // The page sees the new config, but only its flags may change.
        let listen = r#"void globalThis[Symbol.for("canary-runtime")].on("superseded", (d) => (globalThis.next = d))"#;
        rollout.site.browser.eval(listen).await;
        rollout.set_percentage(percentage);
        let TestSite { browser, .. } = &rollout.site;
        browser.eval(r#"void document.dispatchEvent(new Event("visibilitychange"))"#).await;
        assert_eq!(browser.wait_for("globalThis.next?.variant").await, after.name);
        assert_eq!(demo::shown(browser).await, before.shown());
        browser.client().refresh().await.unwrap();
        assert_eq!(demo::shown(browser).await, after.shown());
    }
    rollout.site.browser.assert_console(&[]).await;
}

#[tokio::test]
async fn a_revert_takes_effect_and_an_unpushed_commit_does_not() {
    let mut rollout = Rollout::start().await;
    let user = user_at(SALT, 30_000);
    rollout.check(&user, STABLE).await;
    rollout.git.set(&["50", "--commit"]);
    assert!(!rollout.git.fetch());
    rollout.check(&user, STABLE).await;
    rollout.push();
    rollout.check(&user, CANARY).await;
    rollout.git.operate(&["revert", "--no-edit", "HEAD"]);
    rollout.push();
    rollout.check(&user, STABLE).await;
    // A revert of the revert, by `canaryctl set --push`.
    rollout.git.set(&["50", "--commit", "--push"]);
    assert!(rollout.git.fetch());
    assert!(rollout.site.files.mount(&rollout.git.build(&rollout.pods)));
    rollout.check(&user, CANARY).await;
    rollout.site.browser.assert_console(&[]).await;
}

/// Measures the times in the documentation.
#[tokio::test]
#[ignore = "measures: make bench"]
async fn twenty_changes() {
    const CHANGES: usize = 20;
    let mut rollout = Rollout::start().await;
    let user = user_at(SALT, 30_000);
    rollout.check(&user, STABLE).await;
    let mut table: Vec<(&str, Vec<Duration>)> = Vec::new();
    let mut note = |step, time| match table.iter_mut().find(|(name, _)| *name == step) {
        Some((_, times)) => times.push(time),
        None => table.push((step, vec![time])),
    };
    for change in 0..CHANGES {
        // Up, and down by a lower number or a revert in turn.
        let arm = match change % 4 {
            0 | 2 => CANARY,
            _ => STABLE,
        };
        match change % 4 {
            3 => drop(rollout.git.operate(&["revert", "--no-edit", "HEAD"])),
            1 => rollout.git.set(&["5", "--commit"]),
            _ => rollout.git.set(&["50", "--commit"]),
        }
        // A browser without data, which requests everything.
        let TestSite { browser, .. } = &rollout.site;
        browser.clear_site_data().await;
        rollout.site.set_user(&user.id).await;
        let start = Instant::now();
        for (step, time) in rollout.push() {
            note(step, time);
        }
        let swapped = Instant::now();
        rollout.site.goto("/").await;
        assert_eq!(demo::shown(&rollout.site.browser).await, arm.shown(), "change {change}");
        note("page view", swapped.elapsed());
        note("all", start.elapsed());
    }
    println!("{CHANGES} changes, seconds{:>18}{:>8}{:>8}", "median", "p95", "max");
    for (step, mut times) in table {
        times.sort();
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1].as_secs_f64();
        println!("{step:<28}{:>8.3}{:>8.3}{:>8.3}", at(50), at(95), at(100));
    }
}
