//! Where commits go that the followed branch does not take: a branch, and its pull request.

use crate::alert::{Address, reference};
use crate::object::{Object, SpecError};

/// A branch beside the followed one, which people merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The branch that commits are pushed to.
    pub branch: String,
    /// Opens a pull request, where the forge and a token are known.
    pub pull_request: bool,
    /// The forge, where the remote's host does not say it.
    pub provider: Option<ForgeKind>,
    /// The base of its API, where it is not that of the remote's host.
    pub address: Option<String>,
    /// The repository there, where the remote's path does not say it.
    pub repository: Option<String>,
    /// The place of the token; else the environment variable of the forge's own tools.
    pub token: Option<Address>,
    /// The time for one answer, in milliseconds.
    pub timeout: u64,
}

/// A forge with an API for pull requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForgeKind {
    /// GitHub, and GitHub Enterprise Server.
    GitHub,
    /// GitLab.
    GitLab,
}

const FORGES: [(&str, ForgeKind); 2] = [("github", ForgeKind::GitHub), ("gitlab", ForgeKind::GitLab)];

impl Push {
    pub(crate) fn read(spec: &Object<'_>) -> Result<Option<Self>, SpecError> {
        let known = ["branch", "pullRequest", "provider", "address", "repository", "tokenRef", "timeout"];
        let Some(push) = spec.object("push", &known)? else { return Ok(None) };
        let branch = push.required("branch")?;
        if !is_branch(&branch) {
            let message = format!("found {branch:?}, expected the name of a branch, of letters, digits and ._/+-");
            return Err(push.error("branch", message));
        }
        let repository = push.text("repository")?;
        if let Some(found) = repository.as_ref().filter(|name| !is_branch(name) || !name.contains('/')) {
            return Err(push.error("repository", format!("found {found:?}, expected OWNER/NAME")));
        }
        Ok(Some(Self {
            branch,
            pull_request: push.boolean("pullRequest")?,
            provider: push.word("provider", &FORGES)?,
            address: push.address("address")?,
            repository,
            token: reference(&push, "tokenRef")?,
            timeout: push.duration("timeout")?.unwrap_or(10_000),
        }))
    }
}

/// Whether a name is one of a branch, without what Git forbids and what needs quotes.
fn is_branch(name: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty()
            && !part.starts_with(['.', '-'])
            && !part.ends_with('.')
            && part.strip_suffix(".lock").is_none()
            && !part.contains("..")
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
    };
    name.split('/').all(is_part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn read(push: &serde_json::Value) -> Result<Option<Push>, String> {
        let spec = json!({ "push": push });
        let object = Object::new("spec", &spec, &["push"]).map_err(|error| error.to_string())?;
        Push::read(&object).map_err(|error| error.to_string())
    }

    #[test]
    fn a_branch_is_all_it_needs() {
        let push = read(&json!({"branch": "rollout/frontend"})).unwrap().unwrap();
        assert_eq!((push.branch.as_str(), push.pull_request, push.timeout), ("rollout/frontend", false, 10_000));
        assert_eq!(read(&json!(null)), Ok(None));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (push, expected) in [
            (json!({}), "spec.push.branch: missing, expected a string"),
            (
                json!({"branch": "a..b"}),
                "spec.push.branch: found \"a..b\", expected the name of a branch, of letters, digits and ._/+-",
            ),
            (
                json!({"branch": "-f"}),
                "spec.push.branch: found \"-f\", expected the name of a branch, of letters, digits and ._/+-",
            ),
            (
                json!({"branch": "a", "provider": "bitbucket"}),
                "spec.push.provider: found \"bitbucket\", expected one of github, gitlab",
            ),
            (json!({"branch": "a", "repository": "shop"}), "spec.push.repository: found \"shop\", expected OWNER/NAME"),
            (json!({"branch": "a", "tokenRef": {}}), "spec.push.tokenRef: expected one of env and file"),
            (
                json!({"branch": "a", "token": "x"}),
                "spec.push.token: unknown key, expected one of branch, pullRequest, provider, address, repository, tokenRef, timeout",
            ),
        ] {
            assert_eq!(read(&push), Err(expected.to_owned()));
        }
    }
}
