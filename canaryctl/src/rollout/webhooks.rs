//! Calls of webhooks.

use std::time::Duration;

use canary_rollout::event::Event;
use canary_rollout::{HookKind, Phase, Rollout, Webhook};

use crate::platform::http::{Url, post};

/// Calls all webhooks of a kind. Returns what failed, or of `rollback`, what succeeded.
pub(crate) fn call(rollout: &Rollout, kind: HookKind, phase: Phase, salt: &str, event: Option<&Event>) -> Vec<String> {
    let mut found = Vec::new();
    for hook in rollout.hooks(kind) {
        match (attempt(hook, rollout, phase, salt, event), kind) {
            (Ok(()), HookKind::Rollback) => found.push(hook.name.clone()),
            (Ok(()), _) | (Err(_), HookKind::Rollback) => {}
            (Err(reason), _) => found.push(format!("{}: {reason}", hook.name)),
        }
    }
    found
}

fn attempt(hook: &Webhook, rollout: &Rollout, phase: Phase, salt: &str, event: Option<&Event>) -> Result<(), String> {
    let body = serde_json::to_string(&hook.payload((&rollout.name, &rollout.namespace), phase, salt, event))
        .map_err(|error| error.to_string())?;
    let mut result = Err(String::new());
    for _ in 0..=hook.retries {
        result = once(hook, body.clone());
        if result.is_ok() {
            break;
        }
    }
    result
}

fn once(hook: &Webhook, body: String) -> Result<(), String> {
    let url = Url::parse(&hook.url).map_err(|error| error.to_string())?;
    let answer = post(&url, body, Duration::from_millis(hook.timeout)).map_err(|error| format!("{error:#}"))?;
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    let text: String = String::from_utf8_lossy(&answer.body).trim().chars().take(100).collect();
    Err(if text.is_empty() { format!("status {}", answer.status) } else { format!("status {}: {text}", answer.status) })
}
