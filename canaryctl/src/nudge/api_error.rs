//! Requests to the API server with a time limit, and their errors in one line.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use kube::runtime::watcher;
use tokio::time::timeout;

/// How long a request may take. A watch has its own limit.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);

/// Why a request failed.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No answer within [`REQUEST_TIMEOUT`].
    TimedOut,
    /// The API server refused the request, or could not be reached.
    Request(kube::Error),
}

/// Sends a request and waits for the answer, at most [`REQUEST_TIMEOUT`].
pub(crate) async fn request<T>(answer: impl Future<Output = kube::Result<T>>) -> Result<T, ApiError> {
    match timeout(REQUEST_TIMEOUT, answer).await {
        Ok(answer) => answer.map_err(ApiError::Request),
        Err(_) => Err(ApiError::TimedOut),
    }
}

impl ApiError {
    /// Whether the pod no longer exists, or was replaced by another one with the same name.
    pub(crate) fn is_pod_gone(&self) -> bool {
        matches!(self, Self::Request(kube::Error::Api(status)) if matches!(status.code, 404 | 409))
    }

    /// Whether the request would fail for every pod. A webhook that refuses one pod answers 403 too, with its own text.
    pub(crate) fn is_missing_permission(&self) -> bool {
        matches!(self, Self::Request(kube::Error::Api(status))
            if status.code == 401 || (status.code == 403 && status.message.contains(" cannot ")))
    }
}

impl Error for ApiError {}

impl fmt::Display for ApiError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => write!(out, "no answer from the API server in {} s", REQUEST_TIMEOUT.as_secs()),
            Self::Request(error) => out.write_str(&describe(error)),
        }
    }
}

fn describe(error: &kube::Error) -> String {
    match error {
        // The message names the user, the verb, the resource and the namespace.
        kube::Error::Api(status) if status.code == 403 => format!("not allowed: {}", status.message),
        kube::Error::Api(status) => format!("the API server answers {}: {}", status.code, status.message),
        error => {
            let mut cause: &dyn Error = error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            let what = match error {
                kube::Error::SerdeError(_) => "unexpected answer from the API server",
                _ => "no answer from the API server",
            };
            format!("{what}: {cause}")
        }
    }
}

/// Describes why a watch ended. `None` if it has only expired: the next watch lists everything again.
pub(crate) fn describe_watch_error(error: &watcher::Error) -> Option<String> {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => Some(describe(error)).filter(|_| !is_expired(error)),
        watcher::Error::WatchError(status) if status.code == 410 => None,
        watcher::Error::WatchError(status) => {
            Some(format!("the API server ends the watch with {}: {}", status.code, status.message))
        }
        watcher::Error::NoResourceVersion => Some("the API server sends no resourceVersion".to_owned()),
    }
}

/// Whether the resourceVersion is too old for the API server.
fn is_expired(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 410)
}
