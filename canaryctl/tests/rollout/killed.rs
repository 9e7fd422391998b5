//! Kills at the calls of git in a step, which lie around everything that it awaits: a `git` before the real one in PATH kills its
//! parent at the n-th call.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::json;

use crate::shop::Shop;
use crate::support::text;

const GIT: &str = "#!/bin/sh
n=$(($(cat \"$KILL/count\" 2>/dev/null || echo 0) + 1))
echo $n >\"$KILL/count\"
echo \"$2\" >>\"$KILL/verbs\"
[ \"$n\" = \"$KILL_AT\" ] || exec \"$GIT_OF_TEST\" \"$@\"
[ -z \"$KILL_AFTER\" ] || \"$GIT_OF_TEST\" \"$@\" >/dev/null 2>&1
kill -9 $PPID
";

/// A shop that is due to rise or to roll back, and a copy of its remote.
struct Scene {
    shop: Shop,
    weight: u64,
}

impl Scene {
    fn new(is_good: bool) -> Self {
        let mut shop = Shop::new("");
        shop.begin();
        shop.visit(9, 600, if is_good { 0 } else { 60 });
        fs::create_dir(shop.path("bin")).unwrap();
        fs::write(shop.path("bin/git"), GIT).unwrap();
        fs::set_permissions(shop.path("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(shop.path("kill")).unwrap();
        let scene = Self { shop, weight: if is_good { 50 } else { 0 } };
        scene.copy("remote.git", "before.git");
        scene
    }

    fn copy(&self, from: &str, to: &str) {
        let _ = fs::remove_dir_all(self.shop.path(to));
        let status = Command::new("cp").arg("-a").args([self.shop.path(from), self.shop.path(to)]).status().unwrap();
        assert!(status.success());
    }

    /// A step that is killed at a call. Returns the verbs of all calls until then.
    fn killed(&self, at: usize, is_after: bool) -> Vec<String> {
        for file in ["kill/count", "kill/verbs"] {
            let _ = fs::remove_file(self.shop.path(file));
        }
        let mut command = self.shop.command(&["step", "--now", &self.shop.clock()]);
        let real = text(&Command::new("sh").args(["-c", "command -v git"]).output().unwrap().stdout);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.shop.path("bin").display()));
        command.env("GIT_OF_TEST", real.trim()).env("KILL", self.shop.path("kill")).env("KILL_AT", at.to_string());
        command.env("KILL_AFTER", if is_after { "1" } else { "" });
        let output = command.output().unwrap();
        let verbs = fs::read_to_string(self.shop.path("kill/verbs")).unwrap();
        let verbs: Vec<_> = verbs.lines().map(str::to_owned).collect();
        assert_eq!(output.status.code().is_none(), verbs.len() == at, "{at}: {}", text(&output.stderr));
        verbs
    }

    /// Kills a step before and after a call, and starts it again.
    fn check(&self, at: usize, verb: &str) {
        for is_after in [false, true] {
            self.copy("before.git", "remote.git");
            let (shop, before) = (&self.shop, self.shop.count());
            let (config, lines) = (shop.config(), shop.events("1.6.0").len());
            self.killed(at, is_after);
            // Nothing is pushed by half: the weight and its event stand together, or neither.
            let is_there = shop.count() > before;
            let place = format!("call {at} ({verb}), after: {is_after}");
            assert_eq!(is_there, shop.events("1.6.0").len() > lines, "{place}");
            assert!(is_there || shop.config() == config, "{place}");
            let report = shop.step();
            assert_eq!((&report["weight"], shop.count()), (&json!(self.weight), before + 1), "{place}: {report}");
            let commits = shop.events("1.6.0").iter().filter(|event| event["type"] == "commit").count();
            assert_eq!(commits, 3, "{place}");
            let changed = shop.git(&["--git-dir=../remote.git", "diff", "--numstat", "main^", "main"]);
            assert_eq!(changed, "2\t2\tcm.yaml", "{place}");
            let output = shop.command(&["verify"]).output().unwrap();
            assert!(output.status.success(), "{place}: {}", text(&output.stdout));
        }
    }
}

#[test]
fn a_kill_around_the_push_leaves_all_or_nothing() {
    let scene = Scene::new(true);
    let verbs = scene.killed(usize::MAX, false);
    let push = verbs.iter().position(|verb| verb == "push").unwrap() + 1;
    for at in [push - 1, push] {
        scene.check(at, &verbs[at - 1]);
    }
}

#[test]
#[ignore = "minutes; scripts/test-long rollout"]
fn a_kill_at_any_call_of_git_leaves_all_or_nothing() {
    for is_good in [true, false] {
        let scene = Scene::new(is_good);
        let verbs = scene.killed(usize::MAX, false);
        println!("{} calls: {}", verbs.len(), verbs.join(" "));
        for (at, verb) in (1..).zip(&verbs) {
            scene.check(at, verb);
        }
    }
}
