//! What the API server, or the way to it, has against a request: one line.

use std::error::Error;

use kube::runtime::watcher;

use crate::nudge::cluster::PATIENCE;

/// What to say of a request that failed.
pub(crate) fn describe(error: &kube::Error) -> String {
    match error {
        // The message names who, verb, resource and namespace.
        kube::Error::Api(status) if status.code == 403 => format!("not allowed: {}", status.message),
        kube::Error::Api(status) => format!("the API server answers {}: {}", status.code, status.message),
        error => {
            let mut cause: &dyn Error = error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            let what = match error {
                kube::Error::SerdeError(_) => "the API server answers what it should not",
                _ => "no answer from the API server",
            };
            format!("{what}: {cause}")
        }
    }
}

/// What to say of an answer that did not come in time.
pub(crate) fn late() -> String {
    format!("no answer from the API server in {} s", PATIENCE.as_secs())
}

/// What to say of a watch that ended; nothing, where that is its usual end.
pub(crate) fn of_watch(error: &watcher::Error) -> Option<String> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(describe(error)).filter(|_| !is_gone(error)),
        // It asks for everything anew.
        watcher::Error::WatchError(status) if status.code == 410 => None,
        watcher::Error::WatchError(status) => {
            Some(format!("the API server ends the watch with {}: {}", status.code, status.message))
        }
        watcher::Error::NoResourceVersion => Some("the API server names no resourceVersion".to_owned()),
    }
}

/// Whether what was asked about is too long ago.
fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 410)
}

/// Whether the pod is not there any more, or another one than the one that was meant.
pub(crate) fn is_departure(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if matches!(status.code, 404 | 409))
}

/// Whether no other pod would fare better. A webhook that refuses one pod says 403, too, in words of its own.
pub(crate) fn is_missing_permission(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status)
        if status.code == 401 || (status.code == 403 && status.message.contains(" cannot ")))
}
