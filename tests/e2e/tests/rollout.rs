//! The main job, nothing of it faked: manifests, volume, nginx, browser.

use canary_e2e::access_log::Mark;
use canary_e2e::atomic::Files;
use canary_e2e::base::Base;
use canary_e2e::bucket::{User, user_at, users_in};
use canary_e2e::demo::{self, Arm, CANARY, STABLE};
use canary_e2e::process::children;
use canary_e2e::site::Site;
use canary_e2e::stage::Stage;
use canary_e2e::wait::DEADLINE;
use serde_json::Value;
use std::ops::Range;

/// The salt that the manifest names.
const SALT: &str = "release-1.5.0";

/// The demo as a cluster serves it, with the manifests to edit.
struct Rollout {
    base: Base,
    stage: Stage,
}

impl Rollout {
    async fn start() -> Self {
        let (base, site) = (Base::new(), Site::new());
        let config: Value = serde_json::from_str(&base.config()).unwrap();
        assert_eq!((&config["CANARY_PERCENTAGE"], &config["SALT"]), (&5.into(), &SALT.into()));
        assert!(site.mount(&base.mounted()));
        let stage = Stage::new(site).await;
        stage.browser.set_cache_disabled(true).await;
        Self { base, stage }
    }

    /// What a commit does in the end.
    fn set_percentage(&self, percentage: &str) {
        self.base.set_percentage(percentage);
        let files: Files = self.base.mounted();
        assert!(self.stage.site.mount(&files), "the edit changed nothing");
    }

    /// Loads the page as `user` and sees that exactly `arm` was shown and fetched.
    async fn check(&self, user: &User, arm: Arm) {
        let Stage { browser, nginx, .. } = &self.stage;
        browser.clear_site_data().await;
        self.stage.be(&user.id).await;
        let log = nginx.access_log();
        let mark = log.mark();
        self.stage.goto("/").await;
        assert_eq!(demo::shown(browser).await, arm.shown(), "{user:?}");
        for asset in arm.assets() {
            log.wait_for(&asset, mark, DEADLINE, |line| line.path == asset);
        }
        assert_eq!(self.assets_since(mark), arm.assets(), "{user:?}");
    }

    /// The paths asked for below `/assets/`, sorted.
    fn assets_since(&self, mark: Mark) -> Vec<String> {
        let lines = self.stage.nginx.access_log().since(mark);
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
async fn users_move_with_the_percentage_and_only_forward() {
    const EDGES: [u32; 16] = [
        0, 1, 4_997, 4_998, 4_999, 5_000, 5_001, 5_002, 49_998, 49_999, 50_000, 50_001, 54_999, 55_000, 99_998, 99_999,
    ];
    let places: Vec<_> = single(&EDGES).chain(parts(2..4_997, 9)).chain(parts(5_003..99_998, 35)).collect();
    let users = users_in(SALT, &places);
    assert_eq!(users.len(), 60);

    let rollout = Rollout::start().await;
    let pid = rollout.stage.nginx.pid();
    let workers = children(pid);
    assert_eq!(workers.len(), 2);
    let below = |end: u32| move |user: &User| if user.bucket < end { CANARY } else { STABLE };

    for user in &users {
        rollout.check(user, below(5_000)(user)).await;
    }
    let canaries: Vec<_> = users.iter().filter(|user| below(5_000)(user) == CANARY).collect();
    assert_eq!(canaries.len(), 14);
    rollout.stage.browser.assert_console(&[]).await;

    // All edges, all that had the canary, and every fifth of the rest.
    let rest = users.iter().skip(25).step_by(5);
    let some: Vec<_> = users[..25].iter().chain(rest).collect();
    rollout.set_percentage("50");
    for user in &some {
        rollout.check(user, below(50_000)(user)).await;
    }
    assert!(canaries.iter().all(|user| some.contains(user)));
    rollout.stage.browser.assert_console(&[]).await;

    rollout.set_percentage("0");
    for user in some {
        rollout.check(user, STABLE).await;
    }
    rollout.stage.browser.assert_console(&[]).await;

    // No asset came later than its page was looked at, and nginx was left alone.
    let pages = rollout.stage.nginx.access_log().requests_for("/", Mark::START).len();
    assert_eq!((pages, rollout.assets_since(Mark::START).len()), (124, 2 * 124));
    assert_eq!((rollout.stage.nginx.pid(), children(pid)), (pid, workers));
}

#[tokio::test]
async fn an_open_page_keeps_its_arm_until_it_is_reloaded() {
    let rollout = Rollout::start().await;
    let Stage { browser, .. } = &rollout.stage;
    let user = user_at(SALT, 30_000);
    for (percentage, before, after) in [("50", STABLE, CANARY), ("0", CANARY, STABLE)] {
        rollout.check(&user, before).await;
        // The page itself sees the new config, and nothing but its flags may follow.
        browser
            .eval(r#"void globalThis[Symbol.for("canary-runtime")].on("superseded", (d) => (globalThis.next = d))"#)
            .await;
        rollout.set_percentage(percentage);
        browser.eval(r#"void document.dispatchEvent(new Event("visibilitychange"))"#).await;
        assert_eq!(browser.wait_for("globalThis.next?.variant").await, after.name);
        assert_eq!(demo::shown(browser).await, before.shown());
        browser.client().refresh().await.unwrap();
        assert_eq!(demo::shown(browser).await, after.shown());
    }
    browser.assert_console(&[]).await;
}
