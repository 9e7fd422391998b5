//! Protected branches: proposals that people merge, and their pull requests.

use serde_json::{Value, json};

use crate::forge::{Api, Asked};
use crate::shop::Shop;
use crate::support::text;

const TOKEN: &str = "s3cret-token";

/// A shop whose `main` nobody can push to but its people, and whose forge is this one.
fn protected(api: &Api, more: &str) -> Shop {
    let is_gitlab = api.state.lock().unwrap().is_gitlab;
    let (provider, path) = if is_gitlab { ("gitlab", "api/v4") } else { ("github", "api/v3") };
    Shop::new(&format!(
        "{more}  push:
    branch: rollout/frontend
    pullRequest: true
    provider: {provider}
    address: {}/{path}
    repository: shop/deploy
    tokenRef: {{ env: FORGE_TOKEN }}
    timeout: 300ms
",
        api.url
    ))
}

/// One decision, with the token in the environment.
#[track_caller]
fn step(shop: &Shop) -> Value {
    verb(shop, &["step", "--now", &shop.clock()])
}

#[track_caller]
fn verb(shop: &Shop, args: &[&str]) -> Value {
    let args: Vec<_> = args.iter().chain(&["--output", "json"]).copied().collect();
    let output = shop.command(&args).env("FORGE_TOKEN", TOKEN).output().unwrap();
    let (printed, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{errors}");
    assert!(!printed.contains(TOKEN) && !errors.contains(TOKEN), "{printed}{errors}");
    serde_json::from_str(&printed).unwrap()
}

fn rev(shop: &Shop, name: &str) -> String {
    shop.git(&["--git-dir=../remote.git", "rev-parse", "--verify", name])
}

/// Merges the branch of proposals as a person does: `ff`, `merge`, `squash`, or `lossy`, a squash with a message of its own.
fn merge(shop: &Shop, api: &Api, how: &str) {
    let tip = rev(shop, "rollout/frontend");
    shop.pull();
    match how {
        "ff" => drop(shop.git(&["merge", "--quiet", "--ff-only", &tip])),
        "merge" => drop(shop.git(&["merge", "--quiet", "--no-ff", "-m", "Merge pull request", &tip])),
        _ => {
            shop.git(&["merge", "--quiet", "--squash", &tip]);
            let message = shop.git(&["log", "-1", "--format=%B", &tip]);
            let message = if how == "lossy" { "the next step (#1)" } else { message.as_str() };
            shop.git(&["commit", "--quiet", "--message", message]);
        }
    }
    shop.git(&["push", "--quiet", "origin", "HEAD:main"]);
    api.close(true, &tip);
}

const WAITS: &str = "waits for the merge of branch rollout/frontend into main: ";

#[test]
fn each_decision_is_a_pull_request_of_the_documented_api() {
    for is_gitlab in [false, true] {
        let api = Api::start(is_gitlab);
        let mut shop = protected(&api, "");
        let main = rev(&shop, "main");
        let page = if is_gitlab {
            "https://gitlab.example.com/shop/deploy/-/merge_requests"
        } else {
            "https://github.com/shop/deploy/pull"
        };

        let first = step(&shop);
        assert_eq!((&first["phase"], &first["weight"]), (&json!("Initializing"), &json!(0)), "{first}");
        assert_eq!(first["reason"], format!("{WAITS}start 1.6.0 at 0 %; {page}/1"));
        assert_eq!(first["commit"], rev(&shop, "rollout/frontend"), "{first}");
        assert_eq!((rev(&shop, "main"), shop.events("1.6.0").len()), (main.clone(), 1));

        let asked = api.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        let message = shop.git(&["--git-dir=../remote.git", "log", "-1", "--format=%B", "rollout/frontend"]);
        let (title, body) = message.split_once("\n\n").unwrap();
        assert_eq!((title, asked[0].method.as_str()), ("rollout(frontend): start 1.6.0 at 0 %", "POST"));
        let body = format!("{body}\n");
        let headers = |asked: &Asked, names: &[&str]| -> Vec<String> {
            names.iter().map(|name| asked.headers.get(*name).cloned().unwrap_or_default()).collect()
        };
        if is_gitlab {
            assert_eq!(asked[0].target, "/api/v4/projects/shop%2Fdeploy/merge_requests");
            let expected = json!({"source_branch": "rollout/frontend", "target_branch": "main", "title": title, "description": body});
            assert_eq!(asked[0].body, expected);
            let found = headers(&asked[0], &["private-token", "content-type", "authorization"]);
            assert_eq!(found, [TOKEN, "application/json", ""]);
        } else {
            assert_eq!(asked[0].target, "/api/v3/repos/shop/deploy/pulls");
            let expected = json!({"title": title, "head": "rollout/frontend", "base": "main", "body": body});
            assert_eq!(asked[0].body, expected);
            let found =
                headers(&asked[0], &["authorization", "accept", "x-github-api-version", "content-type", "user-agent"]);
            let bearer = format!("Bearer {TOKEN}");
            let expected = [&bearer, "application/vnd.github+json", "2022-11-28", "application/json", "canaryctl"];
            assert_eq!(found, expected);
        }

        // Nothing is pushed again while people look at it, and no second one is opened.
        shop.now += 60;
        let (tip, events) = (rev(&shop, "rollout/frontend"), shop.events("1.6.0").len());
        let again = step(&shop);
        assert_eq!((&again["commit"], &again["reason"]), (&json!(null), &first["reason"]));
        assert_eq!((rev(&shop, "rollout/frontend"), shop.events("1.6.0").len()), (tip, events));
        let targets: Vec<_> =
            api.asked().into_iter().map(|asked| format!("{} {}", asked.method, asked.target)).collect();
        let expected = if is_gitlab {
            "GET /api/v4/projects/shop%2Fdeploy/merge_requests?state=all&source_branch=rollout/frontend&target_branch=main&order_by=created_at&sort=desc&per_page=30"
        } else {
            "GET /api/v3/repos/shop/deploy/pulls?state=all&head=shop:rollout/frontend&base=main&sort=created&direction=desc&per_page=30"
        };
        assert_eq!(targets, [expected]);

        merge(&shop, &api, "ff");
        shop.now += 60;
        let raised = step(&shop);
        assert_eq!((&raised["phase"], &raised["weight"]), (&json!("Initializing"), &json!(0)), "{raised}");
        assert_eq!(raised["reason"], format!("{WAITS}raise canary from 0 % to 10 %; {page}/2"));
        merge(&shop, &api, "merge");
        shop.now += 60;
        shop.visit(9, 600, 60);
        let harmed = step(&shop);
        assert_eq!((&harmed["phase"], &harmed["weight"]), (&json!("Progressing"), &json!(10)), "{harmed}");
        assert!(
            harmed["reason"].as_str().unwrap().starts_with(&format!("{WAITS}roll back 1.6.0 from 10 %: ")),
            "{harmed}"
        );
        assert_eq!(api.states().iter().filter(|state| state.starts_with("open")).count(), 1);
        merge(&shop, &api, "squash");
        shop.now += 60;
        assert_eq!((&step(&shop)["phase"], &shop.config()["CANARY_PERCENTAGE"]), (&json!("Failed"), &json!(0)));
        let kinds: Vec<_> = shop.events("1.6.0").iter().filter(|event| event["type"] == "commit").cloned().collect();
        assert_eq!(
            kinds.iter().map(|event| event["phase"].clone()).collect::<Vec<_>>(),
            ["Initializing", "Progressing", "Failed"]
        );
        let output = shop.command(&["verify"]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output.stdout));
    }
}

#[test]
fn what_a_forge_refuses_is_one_line_and_is_tried_again() {
    let elsewhere = Api::start(false);
    let moved = format!("Location: {}/api/v3/repos/shop/deploy/pulls\r\n", elsewhere.url);
    for is_gitlab in [false, true] {
        let api = Api::start(is_gitlab);
        let mut shop = protected(&api, "");
        let path =
            if is_gitlab { "/api/v4/projects/shop%2Fdeploy/merge_requests" } else { "/api/v3/repos/shop/deploy/pulls" };
        let mut method = "POST";
        for (status, body, header, expected) in [
            (401, json!({"message": "Bad credentials"}), "", " (Bad credentials): the token is wrong or has expired"),
            (
                403,
                json!({"message": "Forbidden"}),
                "",
                " (Forbidden): the token may not do this, or has asked too often",
            ),
            (
                404,
                json!({"message": "Not Found"}),
                "",
                " (Not Found): there is no such repository, or the token does not see it",
            ),
            (422, json!({"message": "No commits"}), "", " (No commits): see its words"),
            (500, json!("<html>"), "", ": it is tried again at the next step"),
            (
                307,
                json!(null),
                moved.as_str(),
                ": a redirect is not followed, as it would get the token; set spec.push.address",
            ),
        ] {
            api.fail(Some((status, body, header)));
            let report = step(&shop);
            let line =
                format!("cannot open the pull request: {method} {}{path}: found status {status}{expected}", api.url);
            assert_eq!(report["reason"], format!("{WAITS}start 1.6.0 at 0 %; {line}"));
            shop.now += 60;
            method = "GET";
        }
        api.fail(None);
        api.state.lock().unwrap().is_silent = true;
        let report = step(&shop);
        assert!(
            report["reason"].as_str().unwrap().ends_with("merge_requests: no answer within 0.3 s")
                || report["reason"].as_str().unwrap().ends_with("pulls: no answer within 0.3 s"),
            "{report}"
        );
        api.state.lock().unwrap().is_silent = false;
        shop.now += 60;
        let report = step(&shop);
        assert!(report["reason"].as_str().unwrap().ends_with("/1"), "{report}");
        assert_eq!(api.states().len(), 1);
        let states: Vec<_> = shop.events("1.6.0").iter().map(|event| event["state"].clone()).collect();
        assert_eq!(states, ["pull-request", "alert:pull-request-failed", "pull-request"]);
        let output = shop.command(&["step", "--now", &shop.clock()]).output().unwrap();
        let errors = text(&output.stderr);
        assert!(errors.contains("spec.push.tokenRef: the environment variable FORGE_TOKEN is not set"), "{errors}");
    }
    assert!(elsewhere.asked().is_empty(), "a token went after a redirect");
}

#[test]
fn a_closed_pull_request_holds_and_a_deleted_branch_is_proposed_again() {
    let api = Api::start(false);
    let mut shop = protected(&api, "");
    step(&shop);
    let tip = rev(&shop, "rollout/frontend");
    api.close(false, &tip);
    shop.now += 60;
    let held = step(&shop);
    let expected = format!(
        "https://github.com/shop/deploy/pull/1 was closed without a merge: reopen it, or delete branch rollout/frontend and it is proposed again; {WAITS}start 1.6.0 at 0 %"
    );
    assert_eq!((&held["reason"], &held["commit"]), (&json!(expected), &json!(null)));
    assert_eq!(shop.events("1.6.0").last().unwrap()["state"], "alert:pull-request-closed");
    assert_eq!((api.states(), rev(&shop, "rollout/frontend")), (vec!["closed".to_owned()], tip.clone()));
    shop.git(&["--git-dir=../remote.git", "branch", "-D", "rollout/frontend"]);
    shop.now += 60;
    assert!(step(&shop)["reason"].as_str().unwrap().ends_with("https://github.com/shop/deploy/pull/2"));
    assert_ne!(rev(&shop, "rollout/frontend"), tip);
}

#[test]
fn a_squash_that_loses_the_trailers_counts_and_is_told() {
    let api = Api::start(false);
    let mut shop = protected(&api, "");
    for weight in [0, 0, 10] {
        let report = step(&shop);
        assert_eq!(report["weight"], weight, "{report}");
        assert!(report["reason"].as_str().unwrap().starts_with(WAITS), "{report}");
        merge(&shop, &api, "lossy");
        shop.now += 60;
        if weight == 0 && shop.config()["CANARY_PERCENTAGE"] == 10 {
            shop.visit(9, 600, 0);
        }
    }
    assert_eq!(shop.config()["CANARY_PERCENTAGE"], 50);
    shop.visit(9, 600, 0);
    let output = shop.command(&["step", "--now", &shop.clock()]).env("FORGE_TOKEN", TOKEN).output().unwrap();
    let lost = format!(
        "merged as {} without its trailers, so that git log does not show its figures",
        rev(&shop, "main").get(..12).unwrap()
    );
    assert!(text(&output.stderr).contains(&lost), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("promote 1.6.0 to stable"), "{}", text(&output.stdout));
    merge(&shop, &api, "lossy");
    shop.set_page("1.6.0");
    shop.now += 60;
    assert!(step(&shop)["reason"].as_str().unwrap().contains("finish 1.6.0: everyone on stable"));
    merge(&shop, &api, "lossy");
    shop.now += 60;
    assert_eq!(step(&shop)["phase"], "Succeeded");
    assert!(shop.file("stable.yaml").contains("shop:1.6.0@sha256:ab"), "{}", shop.file("stable.yaml"));
    let output = shop.command(&["verify"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
}

#[test]
fn people_win_on_the_branch_of_proposals_too() {
    let api = Api::start(false);
    let mut shop = protected(&api, "");
    step(&shop);
    merge(&shop, &api, "ff");
    shop.now += 60;
    step(&shop);
    merge(&shop, &api, "ff");
    shop.now += 60;
    step(&shop);
    let paused = verb(&shop, &["pause", "--now", &shop.clock()]);
    assert!(paused["reason"].as_str().unwrap().contains("pause at 10 %; https://"), "{paused}");
    shop.visit(9, 600, 0);
    let tip = rev(&shop, "rollout/frontend");
    let waits = step(&shop);
    assert!(waits["reason"].as_str().unwrap().contains(&format!("{WAITS}pause at 10 %")), "{waits}");
    assert_eq!(rev(&shop, "rollout/frontend"), tip, "a person's proposal is not replaced by the next weight");
    // A roll-back is more urgent than any proposal.
    shop.visit(5, 600, 200);
    let harmed = step(&shop);
    assert!(harmed["reason"].as_str().unwrap().contains("roll back 1.6.0 from 10 %"), "{harmed}");
    // A commit of somebody else on the branch is left alone, and the roll-back alerts.
    shop.pull();
    shop.git(&["checkout", "--quiet", "--detach", &rev(&shop, "rollout/frontend")]);
    shop.write("cm.yaml", &shop.file("cm.yaml").replace("true", "false"));
    shop.git(&["commit", "--quiet", "--all", "--message", "by hand"]);
    shop.git(&["push", "--quiet", "origin", "HEAD:rollout/frontend"]);
    let theirs = rev(&shop, "rollout/frontend");
    shop.now += 60;
    let held = step(&shop);
    let expected = "branch rollout/frontend has commits of somebody else, and is left alone: merge or delete it, then this is proposed: roll back";
    assert!(held["reason"].as_str().unwrap().starts_with(expected), "{held}");
    assert_eq!(rev(&shop, "rollout/frontend"), theirs);
    assert_eq!(shop.events("1.6.0").last().unwrap()["state"], "alert:pull-request-branch");
}

#[test]
fn without_a_token_the_branch_is_pushed_and_two_at_once_push_one_commit() {
    let shop = Shop::new("  push: { branch: rollout/frontend, pullRequest: true }\n");
    let mut children = Vec::new();
    for _ in 0..2 {
        let mut command = shop.command(&["step", "--now", &shop.clock()]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        children.push(command.spawn().unwrap());
    }
    for child in children {
        let output = child.wait_with_output().unwrap();
        let printed = text(&output.stdout);
        assert!(output.status.success() && printed.contains(&format!("{WAITS}start 1.6.0 at 0 %")), "{printed}");
    }
    let count = shop.git(&["--git-dir=../remote.git", "rev-list", "--count", "main..rollout/frontend"]);
    assert_eq!((count.as_str(), shop.count()), ("1", 1));
    let same = shop.file("rollout.yaml").replace("branch: rollout/frontend", "branch: main");
    shop.write("rollout.yaml", &(same + "\n"));
    shop.commit("push");
    let output = shop.command(&["step"]).output().unwrap();
    let expected = "canaryctl: spec.push.branch: main is the branch that is followed; expected another one\n";
    assert_eq!(text(&output.stderr), expected);
}

#[test]
fn a_roll_back_that_waits_for_its_merge_alerts_until_then() {
    let api = Api::start(false);
    let mut shop = protected(&api, "    alerts: [ { name: pager, severity: error } ]\n");
    let providers = format!("providers: [ {{ name: pager, type: generic, address: \"{}/pager\" }} ]", shop.web.url);
    let notifications = format!("  notifications: {{ reminderSeconds: 3600, {providers} }}\n");
    shop.write("rollout.yaml", &(shop.file("rollout.yaml") + "\n" + &notifications));
    shop.commit("alerts");
    shop.web.set("/pager", 200, "text/plain", "");
    for _ in 0..2 {
        step(&shop);
        merge(&shop, &api, "merge");
        shop.now += 60;
    }
    assert!(shop.web.posted("/pager").is_empty());
    shop.visit(9, 600, 60);
    step(&shop);
    let sent = shop.web.posted("/pager");
    assert_eq!(
        (sent.len(), &sent[0]["severity"], &sent[0]["to"]),
        (1, &json!("error"), &json!("Rolling back")),
        "{sent:?}"
    );
    let words = sent[0]["message"].as_str().unwrap();
    let expected = format!("Rolling back at 10 %: {WAITS}roll back 1.6.0 from 10 %: not-ready");
    assert!(words.starts_with(&expected) && words.ends_with(". Goes on when it is merged."), "{words}");
    // Once in each reminderSeconds, until it is merged.
    let since = shop.now;
    for hours in [1, 2] {
        shop.now = since + hours * 3600;
        step(&shop);
        assert_eq!(shop.web.posted("/pager").len(), 1 + usize::try_from(hours).unwrap());
        shop.now += 600;
        step(&shop);
        assert_eq!(shop.web.posted("/pager").len(), 1 + usize::try_from(hours).unwrap());
    }
    merge(&shop, &api, "merge");
    shop.now += 60;
    assert_eq!(step(&shop)["phase"], "Failed");
    let sent = shop.web.posted("/pager");
    assert_eq!((sent.len(), &sent[3]["to"]), (4, &json!("Rolled back")), "{sent:?}");
    shop.now += 7200;
    step(&shop);
    assert_eq!(shop.web.posted("/pager").len(), 4);
}
