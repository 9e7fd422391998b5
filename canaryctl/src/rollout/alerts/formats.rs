//! The forms of an alert: Flux's event, a generic JSON object, a Slack message, an Adaptive Card of Teams.

use canary_rollout::{Provider, ProviderKind, time};
use serde_json::{Value, json};

use crate::rollout::alerts::message::{Message, Worst};

/// The group of Flux's Kustomization, with which metadata keys have to begin.
const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// The most fields of a Slack section.
const FIELDS: usize = 10;

/// The body of a request.
pub(crate) fn body(provider: &Provider, message: &Message, branch: &str) -> Value {
    match provider.kind {
        ProviderKind::Generic => serde_json::to_value(message).unwrap_or_default(),
        ProviderKind::Flux => flux(provider, message, branch),
        ProviderKind::Slack => slack(provider, message),
        ProviderKind::Teams => teams(message),
    }
}

/// What an alert says beside its sentence.
fn facts(message: &Message) -> Vec<(&'static str, String)> {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    let mut facts =
        vec![("State", message.from.map_or_else(|| message.to.clone(), |from| format!("{from} to {}", message.to)))];
    facts.push(("Cause", message.cause.clone()));
    if let Some(worst) = &message.worst {
        facts.push(("Worst metric", metric(worst)));
        facts.extend(worst.stratum.as_ref().map(|stratum| ("Where", stratum.clone())));
    }
    let seen = message.share_seen.map(|seen| format!(", {seen} % seen")).unwrap_or_default();
    facts.push(("Share", format!("{} % set{seen}", message.weight)));
    if let (Some(canary), Some(stable)) = (message.canary_views, message.stable_views) {
        let harmed = message.harmed_views.filter(|harmed| *harmed > 0);
        let harmed = harmed.map(|harmed| format!("; about {harmed} harmed")).unwrap_or_default();
        facts.push(("Views", format!("{canary} canary, {stable} stable{harmed}")));
    }
    facts.push(("Version", format!("{} canary, {} stable", known(&message.version), known(&message.stable))));
    if let Some(run) = &message.run {
        let cluster = message.cluster.as_ref().map(|cluster| format!(" in {cluster}")).unwrap_or_default();
        facts.push(("Run", format!("{run}{cluster}")));
    }
    facts.extend(message.data_age.map(|age| ("Age of the data", time::length(age))));
    facts.push(("Next", message.command.clone().unwrap_or_else(|| "nothing to do".to_owned())));
    facts
}

fn metric(worst: &Worst) -> String {
    let side = |(bad, of): (f64, f64)| format!("{bad} of {of}");
    let number = |value: Option<f64>, none: &str| value.map_or_else(|| none.to_owned(), |value| value.to_string());
    let code = worst.code.as_ref().map(|code| format!(", {code}")).unwrap_or_default();
    format!(
        "{} ({}{code}): canary {}, stable {}, ratio {} ({} to {}), limit {}",
        worst.metric,
        worst.mark,
        side(worst.canary),
        side(worst.stable),
        number(worst.ratio, "-"),
        worst.low,
        number(worst.high, "inf"),
        worst.limit
    )
}

/// An event of Flux. Its Alerts know two severities, and its controller drops metadata without the object's group.
fn flux(provider: &Provider, message: &Message, branch: &str) -> Value {
    let (namespace, name) = provider.object.clone().unwrap_or_default();
    let mut metadata = serde_json::Map::new();
    let mut add = |key: &str, value: String| metadata.insert(format!("{GROUP}/{key}"), Value::String(value));
    if let Some(commit) = message.commits.last() {
        add("revision", format!("{branch}@sha1:{}", commit.hash));
    }
    for (title, value) in facts(message) {
        add(&title.to_lowercase().replace(' ', "-"), value);
    }
    if let Some(console) = &message.console {
        add("console", console.clone());
    }
    json!({
        "involvedObject": {"apiVersion": format!("{GROUP}/v1"), "kind": "Kustomization", "namespace": namespace, "name": name},
        "severity": if message.severity == "error" { "error" } else { "info" },
        "timestamp": message.timestamp,
        "message": format!("rollout {}/{}: {}", message.namespace, message.name, message.text),
        "reason": reason(&message.to),
        "metadata": metadata,
        "reportingController": "canaryctl",
        "reportingInstance": format!("canaryctl-{}-{}", message.namespace, message.name),
    })
}

/// A state as Kubernetes writes reasons: `RolloutRolledBack`.
fn reason(state: &str) -> String {
    let state = if state.starts_with("Paused") { "Paused" } else { state };
    let words = state.split(' ').map(|word| {
        let (first, rest) = word.split_at_checked(1).unwrap_or_default();
        format!("{}{rest}", first.to_uppercase())
    });
    format!("Rollout{}", words.collect::<String>())
}

/// A message of Slack: a fallback for notifications, and blocks.
fn slack(provider: &Provider, message: &Message) -> Value {
    let title = title(message);
    let section = |text: String| json!({"type": "section", "text": {"type": "mrkdwn", "text": cut(&text, 3000)}});
    let mut blocks = vec![
        json!({"type": "header", "text": {"type": "plain_text", "text": cut(&title, 150)}}),
        section(escape(&message.text)),
    ];
    let field = |(title, value): &(&str, String)| json!({"type": "mrkdwn", "text": cut(&format!("*{title}*\n{}", escape(value)), 2000)});
    for facts in facts(message).chunks(FIELDS) {
        blocks.push(json!({"type": "section", "fields": facts.iter().map(field).collect::<Vec<_>>()}));
    }
    let links = links(message).into_iter().map(|(title, url)| format!("<{}|{}>", escape(&url), escape(&title)));
    let links: Vec<_> = links.collect();
    if !links.is_empty() {
        blocks.push(section(links.join("  ")));
    }
    let mut body = json!({"text": escape(&format!("{title}: {}", message.text)), "blocks": blocks});
    for (key, value) in [("channel", &provider.channel), ("username", &provider.username)] {
        if let (Some(value), Some(body)) = (value, body.as_object_mut()) {
            body.insert(key.to_owned(), Value::String(value.clone()));
        }
    }
    body
}

/// A message of Teams with one Adaptive Card.
fn teams(message: &Message) -> Value {
    let color = match message.severity {
        "error" => "attention",
        "warn" => "warning",
        _ => "default",
    };
    let facts: Vec<_> =
        facts(message).into_iter().map(|(title, value)| json!({"title": title, "value": value})).collect();
    let actions: Vec<_> = links(message)
        .into_iter()
        .map(|(title, url)| json!({"type": "Action.OpenUrl", "title": title, "url": url}))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [
                    {"type": "TextBlock", "text": title(message), "size": "large", "weight": "bolder", "color": color, "wrap": true},
                    {"type": "TextBlock", "text": message.text, "wrap": true},
                    {"type": "FactSet", "facts": facts},
                ],
                "actions": actions,
            },
        }],
    })
}

fn title(message: &Message) -> String {
    format!("{}/{}: {}", message.namespace, message.name, message.to)
}

/// Links of configured addresses: the console, and the commits.
fn links(message: &Message) -> Vec<(String, String)> {
    let console = message.console.iter().map(|url| ("Console".to_owned(), url.clone()));
    let commits = message.commits.iter().filter_map(|commit| {
        let short = commit.hash.get(..7).unwrap_or_default();
        Some((format!("Commit {short}"), commit.url.clone()?))
    });
    console.chain(commits).collect()
}

/// Text without the characters that Slack gives a meaning.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(3)).chain("...".chars()).collect()
}
