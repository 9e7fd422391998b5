//! Responses of both ports.

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use super::windows_body::WindowsBody;

/// A response, whose body is whole or written minute by minute.
pub type Answer = Response<Either<Full<Bytes>, WindowsBody>>;

/// A response with a whole body.
pub type WholeAnswer = Response<Full<Bytes>>;

/// A response without a body.
pub(super) fn empty(status: StatusCode) -> WholeAnswer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// A response to a method that is not allowed.
pub(super) fn not_allowed(allowed: &'static str) -> WholeAnswer {
    let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, &format!("use {allowed}"));
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// A response in plain text.
pub(super) fn text(status: StatusCode, text: &str) -> WholeAnswer {
    let mut answer = with_type("text/plain; charset=utf-8", Full::from(format!("{text}\n")));
    *answer.status_mut() = status;
    answer
}

/// A response with a content type.
pub(super) fn with_type<B>(content_type: &'static str, body: B) -> Response<B> {
    let mut answer = Response::new(body);
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}
