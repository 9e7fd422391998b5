//! Signatures of commits by others: a signed commit says nothing about those below it.

use crate::rollout::repository::Repository;

/// The first commit since an accepted one that has no signature that git accepts, in words. Without an accepted one, `head` is the
/// only one that is looked at.
pub(crate) fn unsigned(repository: &Repository, accepted: Option<&str>, head: &str) -> anyhow::Result<Option<String>> {
    let commits = match accepted {
        Some(accepted) if repository.resolve(accepted)?.is_some() => {
            repository.git(&["rev-list", "--reverse", &format!("{accepted}..{head}")])?
        }
        _ => head.to_owned(),
    };
    let hashes: Vec<_> = commits.lines().collect();
    if hashes.is_empty() || repository.is(&[&["verify-commit"], hashes.as_slice()].concat())? {
        return Ok(None);
    }
    for hash in hashes {
        if repository.is(&["verify-commit", hash])? {
            continue;
        }
        let shown = repository.git(&["log", "-1", "--format=%an%n%G?", hash])?;
        let (author, code) = shown.trim_end().split_once('\n').unwrap_or((shown.trim(), ""));
        let why = match code {
            "N" => "has no signature",
            "B" => "has a signature that does not fit it",
            "X" | "Y" => "has a signature that has expired, or whose key has",
            "R" => "is signed by a key that was revoked",
            _ => "is signed by a key that is not trusted here",
        };
        return Ok(Some(format!("commit {} by {author} {why}", hash.get(..12).unwrap_or(hash))));
    }
    Ok(None)
}
