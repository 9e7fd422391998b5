//! Alerts of each form, and receivers that fail, hang and redirect.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::service::{Running, get};
use crate::shop::Shop;
use crate::support::{DEADLINE, lines, text};

const PROVIDERS: &str = "  notifications:
    cluster: production
    console: https://console.example.com/runtime/console/
    commits: https://git.example.com/shop/deploy/commit/
    reminderSeconds: 3600
    providers:
      - { name: hook, type: generic, address: \"URL/hook\", timeout: 1s }
      - { name: flux, type: flux, address: \"URL/\", kustomization: { name: apps } }
      - { name: chat, type: slack, addressRef: { env: CHAT_HOOK }, channel: \"#shop\", username: rollouts, timeout: 1s }
      - { name: teams, type: msteams, addressRef: { env: TEAMS_HOOK }, timeout: 1s }
";

/// A shop whose alerts go to these providers, one for each.
fn shop(alerts: &[&str]) -> Shop {
    let alerts: Vec<_> = alerts.iter().map(|alert| format!("      - {alert}\n")).collect();
    let shop = Shop::new(&format!("    alerts:\n{}{PROVIDERS}", alerts.concat()));
    for path in ["/hook", "/chat-secret", "/teams-secret"] {
        shop.web.set(path, 200, "text/plain", "ok");
    }
    shop
}

fn command(shop: &Shop) -> Command {
    let mut command = shop.command(&["step", "--now", &shop.clock()]);
    command.env("CHAT_HOOK", format!("{}/chat-secret", shop.web.url));
    command.env("TEAMS_HOOK", format!("{}/teams-secret", shop.web.url));
    command
}

/// One decision, which has to succeed. Returns what it warned of.
#[track_caller]
fn step(shop: &Shop) -> String {
    let output = command(shop).output().unwrap();
    let errors = text(&output.stderr);
    assert!(output.status.success(), "{errors}");
    errors
}

/// Goes to a roll-back with evidence.
fn roll_back(shop: &mut Shop) -> String {
    step(shop);
    shop.now += 60;
    step(shop);
    shop.now += 60;
    shop.visit(5, 600, 60);
    step(shop)
}

#[track_caller]
fn keys(value: &Value, expected: &[&str]) {
    let mut found: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn a_generic_webhook_gets_one_alert_for_each_change_with_all_figures() {
    let mut shop = shop(&["{ name: hook }"]);
    assert_eq!(roll_back(&mut shop), "");
    let posted = shop.web.posted("/hook");
    let changes: Vec<_> =
        posted.iter().map(|it| (it["from"].clone(), it["to"].clone(), it["severity"].clone())).collect();
    let change = |from: &str, to: &str, severity: &str| (json!(from), json!(to), json!(severity));
    assert_eq!(
        changes,
        [
            change("No run", "Progressing", "info"),
            change("Progressing", "Collecting", "info"),
            change("Progressing", "Rolled back", "error"),
        ]
    );
    let last = &posted[2];
    keys(
        last,
        &[
            "name",
            "namespace",
            "cluster",
            "timestamp",
            "severity",
            "from",
            "to",
            "phase",
            "message",
            "cause",
            "run",
            "version",
            "stable",
            "weight",
            "shareSeen",
            "canaryViews",
            "stableViews",
            "harmedViews",
            "worst",
            "commits",
            "dataAge",
            "console",
            "command",
        ],
    );
    assert!(last["message"].as_str().unwrap().starts_with("Rolled back: everyone on 1.5.0 since 10:07 UTC. Not-ready"));
    assert_eq!(
        (&last["cluster"], &last["canaryViews"], &last["harmedViews"]),
        (&json!("production"), &json!(180), &json!(180))
    );
    assert_eq!((&last["worst"]["metric"], &last["worst"]["canary"]), (&json!("not-ready"), &json!([180.0, 180.0])));
    let commits = last["commits"].as_array().unwrap();
    assert_eq!(commits.len(), 2, "the start and the last one");
    let head = shop.git(&["--git-dir=../remote.git", "rev-parse", "main"]);
    assert_eq!(commits[1]["url"], format!("https://git.example.com/shop/deploy/commit/{head}"));
    // Checks and the same state are no alerts.
    shop.now += 60;
    step(&shop);
    assert_eq!(shop.web.posted("/hook").len(), 3);
}

#[test]
fn severities_choose_alerts() {
    let mut shop = shop(&["{ name: hook, severity: error }"]);
    roll_back(&mut shop);
    let posted = shop.web.posted("/hook");
    assert_eq!((posted.len(), &posted[0]["to"]), (1, &json!("Rolled back")));
}

#[test]
fn flux_gets_an_event_of_the_kustomization() {
    let mut shop = shop(&["{ name: a, severity: error, providerRef: { name: flux } }"]);
    shop.web.set("/", 202, "text/plain", "");
    // The page of stable has the same address here.
    shop.set_page("1.5.0");
    roll_back(&mut shop);
    let events = shop.web.sent("/");
    let [event] = events.as_slice() else { panic!("{events:?}") };
    keys(
        event,
        &[
            "involvedObject",
            "severity",
            "timestamp",
            "message",
            "reason",
            "metadata",
            "reportingController",
            "reportingInstance",
        ],
    );
    assert_eq!(
        event["involvedObject"],
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization", "namespace": "flux-system", "name": "apps"})
    );
    assert_eq!(
        (&event["severity"], &event["reason"], &event["timestamp"]),
        (&json!("error"), &json!("RolloutRolledBack"), &json!("2026-11-30T10:07:00Z"))
    );
    assert!(event["message"].as_str().unwrap().starts_with("rollout shop/frontend: Rolled back: everyone on 1.5.0"));
    let metadata = event["metadata"].as_object().unwrap();
    assert!(metadata.iter().all(|(key, value)| key.starts_with("kustomize.toolkit.fluxcd.io/") && value.is_string()));
    let head = shop.git(&["--git-dir=../remote.git", "rev-parse", "main"]);
    assert_eq!(metadata["kustomize.toolkit.fluxcd.io/revision"], format!("main@sha1:{head}"));
}

#[test]
fn slack_gets_blocks_within_its_limits() {
    let mut shop = shop(&["{ name: chat, severity: error }"]);
    roll_back(&mut shop);
    let posted = shop.web.posted("/chat-secret");
    let [message] = posted.as_slice() else { panic!("{posted:?}") };
    keys(message, &["text", "blocks", "channel", "username"]);
    assert_eq!((&message["channel"], &message["username"]), (&json!("#shop"), &json!("rollouts")));
    let blocks = message["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50, "{blocks:?}");
    assert_eq!(
        blocks[0],
        json!({"type": "header", "text": {"type": "plain_text", "text": "shop/frontend: Rolled back"}})
    );
    for block in &blocks[1..] {
        assert_eq!(block["type"], "section");
        let texts = block["fields"].as_array().cloned().unwrap_or_else(|| vec![block["text"].clone()]);
        assert!((1..=10).contains(&texts.len()), "{block}");
        for text in texts {
            keys(&text, &["type", "text"]);
            assert_eq!(text["type"], "mrkdwn");
            assert!((1..=2000).contains(&text["text"].as_str().unwrap().chars().count()));
        }
    }
    let links = blocks.last().unwrap()["text"]["text"].as_str().unwrap();
    assert!(links.starts_with("<https://console.example.com/runtime/console/|Console>"), "{links}");
}

#[test]
fn teams_gets_an_adaptive_card() {
    let mut shop = shop(&["{ name: teams, severity: error }"]);
    roll_back(&mut shop);
    let posted = shop.web.posted("/teams-secret");
    let [message] = posted.as_slice() else { panic!("{posted:?}") };
    keys(message, &["type", "attachments"]);
    assert_eq!(message["type"], "message");
    let attachment = &message["attachments"][0];
    keys(attachment, &["contentType", "contentUrl", "content"]);
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachment["content"];
    keys(card, &["$schema", "type", "version", "body", "actions"]);
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.4")));
    let body = card["body"].as_array().unwrap();
    let kinds: Vec<_> = body.iter().map(|it| it["type"].as_str().unwrap()).collect();
    assert_eq!((kinds, &body[0]["color"]), (vec!["TextBlock", "TextBlock", "FactSet"], &json!("attention")));
    for fact in body[2]["facts"].as_array().unwrap() {
        keys(fact, &["title", "value"]);
    }
    for action in card["actions"].as_array().unwrap() {
        keys(action, &["type", "title", "url"]);
        assert_eq!(action["type"], "Action.OpenUrl");
    }
}

#[test]
fn a_receiver_that_fails_twice_gets_the_alert() {
    let shop = shop(&["{ name: chat }"]);
    shop.web.fail("/chat-secret", 2);
    let errors = step(&shop);
    assert_eq!(errors.matches("alert to chat failed: found status 503, expected 2xx").count(), 2, "{errors}");
    assert_eq!(shop.web.posted("/chat-secret").len(), 3);
    assert_eq!(shop.config()["SALT"], "1.6.0");
}

/// Flux's controller refuses an event that it has had a short time ago. Any other receiver that says so gets it again.
#[test]
fn flux_has_an_event_that_it_limits() {
    let shop = shop(&["{ name: a, providerRef: { name: flux } }", "{ name: b, providerRef: { name: hook } }"]);
    shop.web.set("/", 429, "text/plain", "");
    shop.web.set("/hook", 429, "text/plain", "");
    let errors = step(&shop);
    assert!(!errors.contains("alert to flux failed"), "{errors}");
    assert_eq!(errors.matches("alert to hook failed: found status 429, expected 2xx").count(), 3, "{errors}");
}

#[test]
fn the_service_counts_failures_and_goes_on() {
    let shop = shop(&["{ name: hook }"]);
    shop.web.fail("/hook", 1);
    let child = shop.command(&["run", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut service = Running(child);
    let output = lines(service.0.stdout.take().unwrap());
    let url = output.recv_timeout(DEADLINE).unwrap();
    let host = url.strip_prefix("http://").unwrap();
    let count = |result: &str| {
        format!(
            "canary_rollout_alerts_total{{name=\"frontend\",namespace=\"shop\",provider=\"hook\",result=\"{result}\"}} 1\n"
        )
    };
    let end = Instant::now() + DEADLINE;
    loop {
        let metrics = get(host, "/metrics");
        if metrics.contains(&count("failed")) && metrics.contains(&count("sent")) {
            break;
        }
        assert!(Instant::now() < end, "{metrics}");
        sleep(Duration::from_millis(200));
    }
    drop(service);
    assert_eq!(shop.config()["SALT"], "1.6.0");
}

#[test]
fn receivers_that_hang_redirect_or_have_no_address_stop_nothing_and_leak_nothing() {
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let shop = shop(&["{ name: chat }", "{ name: teams }", "{ name: hook }"]);
    let elsewhere = format!("text/plain\r\nLocation: {}/elsewhere", shop.web.url);
    shop.web.set("/hook", 307, &elsewhere, "");
    let begun = Instant::now();
    let mut command = command(&shop);
    command.env("CHAT_HOOK", format!("http://{}/chat-secret", hanging.local_addr().unwrap())).env_remove("TEAMS_HOOK");
    let output = command.output().unwrap();
    let errors = text(&output.stderr);
    assert!(output.status.success() && begun.elapsed() < Duration::from_secs(30), "{errors}");
    for line in [
        "alert to chat failed: no answer within 1 s",
        "alert to teams failed: the environment variable TEAMS_HOOK is not set",
        "alert to hook failed: found status 307, expected 2xx",
        "alert to hook is given up after 3 attempts",
    ] {
        assert!(errors.contains(line), "{errors}");
    }
    assert!(!errors.contains("secret"), "{errors}");
    assert!(shop.web.posted("/elsewhere").is_empty());
    assert_eq!(shop.config()["SALT"], "1.6.0", "the step is done");
}

#[test]
fn a_long_hold_is_reminded_of_and_a_refused_roll_back_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let mut shop = shop(&["{ name: hook, severity: warn }"]);
    shop.begin();
    shop.run(&["pause", "--now", &shop.clock()]);
    shop.visit(4, 600, 0);
    step(&shop);
    let told = |shop: &Shop| shop.web.posted("/hook").len();
    assert_eq!(told(&shop), 1, "the pause itself");
    let posted = shop.web.posted("/hook");
    assert_eq!(posted[0]["to"], "Paused by operator");
    shop.visit(55, 600, 0);
    step(&shop);
    assert_eq!(told(&shop), 1, "still paused, for another cause");
    shop.visit(58, 600, 0);
    for _ in 0..4 {
        shop.visit(1, 600, 0);
        step(&shop);
    }
    let posted = shop.web.posted("/hook");
    assert_eq!(posted.len(), 2, "{posted:?}");
    let reminder = posted.last().unwrap();
    assert_eq!(reminder["from"], json!(null));
    assert!(reminder["message"].as_str().unwrap().ends_with(" It has been so for 1 h."), "{reminder}");
    let hook = shop.path("remote.git/hooks/update");
    std::fs::write(&hook, "#!/bin/sh\necho protected branch >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    shop.visit(5, 600, 60);
    assert_eq!(command(&shop).output().unwrap().status.code(), Some(2));
    let posted = shop.web.posted("/hook");
    let refused = posted.last().unwrap();
    assert_eq!((&refused["severity"], &refused["to"]), (&json!("error"), &json!("Rolling back")));
    let message = refused["message"].as_str().unwrap();
    assert!(message.starts_with("The roll-back of 1.6.0 cannot be pushed: [remote rejected]"), "{message}");
    assert!(message.contains("protected branch"), "{message}");
}
