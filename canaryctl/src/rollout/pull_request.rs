//! Pull requests by the documented APIs of GitHub and GitLab.

use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, bail, ensure};
use canary_rollout::{Address, ForgeKind, Push};
use hyper::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use crate::platform::forge::{escape, origin, split};
use crate::platform::http::{self, Call, Url};

/// The most characters of a forge's own words in an error.
const WORDS: usize = 200;

/// A forge's repository, with a token.
#[derive(Debug)]
pub(crate) struct Forge {
    kind: ForgeKind,
    base: Url,
    repository: String,
    token: String,
    limit: Duration,
}

/// A pull request that is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) branch: &'a str,
    pub(crate) into: &'a str,
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
}

/// A pull request of the forge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PullRequest {
    number: u64,
    pub(crate) url: String,
    pub(crate) is_open: bool,
    pub(crate) is_merged: bool,
    /// The commit that it brings.
    pub(crate) commit: String,
    title: String,
    text: String,
}

impl Forge {
    /// The forge of a remote; none where nobody asks for pull requests, or forge or token are not known.
    pub(crate) fn of(push: &Push, remote: &str) -> anyhow::Result<Option<Self>> {
        if !push.pull_request {
            return Ok(None);
        }
        let named = split(remote);
        let host = named.as_ref().map_or("", |(host, _)| host.as_str());
        let Some(kind) = push.provider.or_else(|| kind(host)) else { return Ok(None) };
        let Some(token) = token(push, kind)? else { return Ok(None) };
        let base = match &push.address {
            Some(address) => address.clone(),
            None if host == "github.com" => "https://api.github.com".to_owned(),
            None => {
                let origin = origin(remote).context("spec.push.address: missing, as the remote names no host")?;
                format!("{origin}{}", if kind == ForgeKind::GitHub { "/api/v3" } else { "/api/v4" })
            }
        };
        let base = Url::parse(&base).context("spec.push.address")?;
        ensure!(base.is_private(), "spec.push.address: {base}: expected https, as a token is sent there");
        let path = push.repository.clone().or(named.map(|(_, path)| path));
        let repository = path.context("spec.push.repository: missing, as the remote names none")?;
        Ok(Some(Self { kind, base, repository, token, limit: Duration::from_millis(push.timeout) }))
    }

    /// Opens the pull request, or brings the one that is open up to date. Returns its address.
    pub(crate) fn open(&self, wanted: Wanted<'_>) -> anyhow::Result<String> {
        let Wanted { branch, into, title, text } = wanted;
        let body = match self.kind {
            ForgeKind::GitHub => json!({"title": title, "head": branch, "base": into, "body": text}),
            ForgeKind::GitLab => {
                json!({"source_branch": branch, "target_branch": into, "title": title, "description": text})
            }
        };
        let (status, answer) = self.call(Method::POST, &self.path(), Some(&body))?;
        if matches!(status, 409 | 422) && words(&answer).contains("already exists") {
            let open = self.current(wanted)?.filter(|it| it.is_open);
            let open =
                open.context("the forge says that a pull request exists already, and lists none that is open")?;
            self.update(&open, wanted)?;
            return Ok(open.url);
        }
        self.expect(&Method::POST, &self.path(), status, &answer)?;
        Ok(self.parse(&answer)?.url)
    }

    /// The pull request of a branch: the open one, or else the newest.
    pub(crate) fn current(&self, wanted: Wanted<'_>) -> anyhow::Result<Option<PullRequest>> {
        let (branch, into) = (escape(wanted.branch), escape(wanted.into));
        let query = match self.kind {
            ForgeKind::GitHub => {
                let owner = escape(self.repository.split('/').next().unwrap_or_default());
                format!("state=all&head={owner}:{branch}&base={into}&sort=created&direction=desc&per_page=30")
            }
            ForgeKind::GitLab => {
                let order = "order_by=created_at&sort=desc&per_page=30";
                format!("state=all&source_branch={branch}&target_branch={into}&{order}")
            }
        };
        let path = format!("{}?{query}", self.path());
        let (status, answer) = self.call(Method::GET, &path, None)?;
        self.expect(&Method::GET, &self.path(), status, &answer)?;
        let listed = answer.as_array().context("the forge's answer is no list of pull requests")?;
        let listed: Vec<_> = listed.iter().map(|it| self.parse(it)).collect::<anyhow::Result<_>>()?;
        Ok(listed.iter().find(|it| it.is_open).or(listed.first()).cloned())
    }

    /// Gives an open pull request the title and text of what its branch has now.
    pub(crate) fn update(&self, open: &PullRequest, wanted: Wanted<'_>) -> anyhow::Result<()> {
        if open.title == wanted.title && open.text.trim_end() == wanted.text.trim_end() {
            return Ok(());
        }
        let path = format!("{}/{}", self.path(), open.number);
        let (method, body) = match self.kind {
            ForgeKind::GitHub => (Method::PATCH, json!({"title": wanted.title, "body": wanted.text})),
            ForgeKind::GitLab => (Method::PUT, json!({"title": wanted.title, "description": wanted.text})),
        };
        let (status, answer) = self.call(method.clone(), &path, Some(&body))?;
        self.expect(&method, &path, status, &answer)
    }

    fn path(&self) -> String {
        match self.kind {
            ForgeKind::GitHub => format!("/repos/{}/pulls", escape(&self.repository)),
            ForgeKind::GitLab => format!("/projects/{}/merge_requests", escape(&self.repository).replace('/', "%2F")),
        }
    }

    fn call(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<(u16, Value)> {
        let bearer = format!("Bearer {}", self.token);
        let headers = match self.kind {
            ForgeKind::GitHub => vec![
                ("accept", "application/vnd.github+json"),
                ("authorization", bearer.as_str()),
                ("x-github-api-version", "2022-11-28"),
            ],
            ForgeKind::GitLab => vec![("accept", "application/json"), ("private-token", self.token.as_str())],
        };
        let body = body.map(ToString::to_string).map(Bytes::from).unwrap_or_default();
        let url = self.base.at(path)?;
        let name = format!("{method} {}", self.base.at(path.split('?').next().unwrap_or_default())?);
        let answer = http::call(&url, &Call { method, headers, body }, self.limit).with_context(|| name)?;
        Ok((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// Fails with one line that says what to do, unless the status is a success.
    fn expect(&self, method: &Method, path: &str, status: u16, answer: &Value) -> anyhow::Result<()> {
        let hint = match status {
            200 | 201 => return Ok(()),
            300..=399 => "a redirect is not followed, as it would get the token; set spec.push.address",
            401 => "the token is wrong or has expired",
            403 => "the token may not do this, or has asked too often",
            404 => "there is no such repository, or the token does not see it",
            500.. => "it is tried again at the next step",
            _ => "see its words",
        };
        let said = words(answer);
        let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
        bail!("{method} {}: found status {status}{said}: {hint}", self.base.at(path)?)
    }

    fn parse(&self, it: &Value) -> anyhow::Result<PullRequest> {
        let text = |pointer: &str| it.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (number, url, commit, body) = match self.kind {
            ForgeKind::GitHub => ("/number", "/html_url", "/head/sha", "/body"),
            ForgeKind::GitLab => ("/iid", "/web_url", "/sha", "/description"),
        };
        let state = text("/state");
        let number = it.pointer(number).and_then(Value::as_u64);
        Ok(PullRequest {
            number: number.context("the forge's answer has no number of a pull request")?,
            url: text(url),
            is_open: matches!(state.as_str(), "open" | "opened" | "locked"),
            is_merged: state == "merged" || it.get("merged_at").is_some_and(|at| !at.is_null()),
            commit: text(commit),
            title: text("/title"),
            text: text(body),
        })
    }
}

/// The forge of a host.
fn kind(host: &str) -> Option<ForgeKind> {
    let has = |word: &str| host == format!("{word}.com") || host.starts_with(&format!("{word}."));
    let kinds = [("github", ForgeKind::GitHub), ("gitlab", ForgeKind::GitLab)];
    kinds.into_iter().find(|(word, _)| has(word)).map(|(_, kind)| kind)
}

/// The token. One that is named has to be there.
fn token(push: &Push, kind: ForgeKind) -> anyhow::Result<Option<String>> {
    let default = match kind {
        ForgeKind::GitHub => "GITHUB_TOKEN",
        ForgeKind::GitLab => "GITLAB_TOKEN",
    };
    let text = match &push.token {
        Some(Address::File(name)) => {
            fs::read_to_string(name).with_context(|| format!("spec.push.tokenRef: cannot read {name}"))?
        }
        Some(Address::Env(name)) => env::var(name)
            .ok()
            .with_context(|| format!("spec.push.tokenRef: the environment variable {name} is not set"))?,
        _ => env::var(default).unwrap_or_default(),
    };
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(is_plain, "spec.push.tokenRef: the token has characters that no token has");
    ensure!(push.token.is_none() || !text.is_empty(), "spec.push.tokenRef: the token is empty");
    Ok(Some(text.to_owned()).filter(|text| !text.is_empty()))
}

/// A forge's own words about a failure, on one line.
fn words(answer: &Value) -> String {
    let message = |it: &Value| it.as_str().or_else(|| it.get("message")?.as_str()).map(str::to_owned);
    let mut found = Vec::new();
    for key in ["message", "error", "errors"] {
        match answer.get(key) {
            Some(Value::Array(items)) => found.extend(items.iter().filter_map(message)),
            Some(it @ Value::String(_)) => found.extend(message(it)),
            Some(it @ Value::Object(_)) => found.push(it.to_string()),
            _ => {}
        }
    }
    let text = found.join("; ");
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).take(WORDS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_both_forges_are_one_line() {
        for (answer, expected) in [
            (json!({"message": "Bad credentials", "documentation_url": "x"}), "Bad credentials"),
            (
                json!({"message": "Validation Failed", "errors": [{"code": "custom", "message": "A pull request already exists for a:b."}]}),
                "Validation Failed; A pull request already exists for a:b.",
            ),
            (
                json!({"message": ["Another open merge request already exists for this source branch: !1"]}),
                "Another open merge request already exists for this source branch: !1",
            ),
            (json!({"error": "insufficient_scope", "error_description": "x"}), "insufficient_scope"),
            (json!({"message": {"title": ["is\nlong"]}}), "{\"title\":[\"is\\nlong\"]}"),
            (json!({"message": "a\u{1b}[1m\nb"}), "a [1m b"),
            (json!(null), ""),
        ] {
            assert_eq!(words(&answer), expected);
        }
    }

    #[test]
    fn hosts_name_their_forge() {
        for (host, expected) in [
            ("github.com", Some(ForgeKind::GitHub)),
            ("github.example.com", Some(ForgeKind::GitHub)),
            ("gitlab.com", Some(ForgeKind::GitLab)),
            ("gitlab.example.com", Some(ForgeKind::GitLab)),
            ("git.example.com", None),
            ("notgithub.com", None),
        ] {
            assert_eq!(kind(host), expected, "{host}");
        }
    }
}
