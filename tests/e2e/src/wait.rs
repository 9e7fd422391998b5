//! Waiting for a condition, with a deadline and a name for what was awaited.

use std::fmt::Display;
use std::panic::Location;
use std::time::{Duration, Instant};

/// The deadline of most waits, also on a busy machine.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// The pause between two probes.
const PAUSE: Duration = Duration::from_millis(20);

/// Calls `probe` until it returns a value, and returns that value.
///
/// It is called at least once, so a deadline of zero is a plain check.
///
/// # Panics
///
/// When `deadline` has passed without a value; the message names `what`.
#[track_caller]
pub fn until<T>(what: impl Display, deadline: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}

/// The same as [`until`], for a condition that is itself asynchronous.
///
/// A `probe` that never returns is canceled at the deadline.
///
/// # Panics
///
/// When `deadline` has passed without a value; the message names `what` and the
/// place of the call, which an asynchronous panic would not show otherwise.
#[track_caller]
pub fn until_async<T>(
    what: impl Display,
    deadline: Duration,
    mut probe: impl AsyncFnMut() -> Option<T>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let polling = async {
            loop {
                if let Some(value) = probe().await {
                    return value;
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        let outcome = tokio::time::timeout(deadline, polling).await;
        outcome.unwrap_or_else(|_| panic!("waited {deadline:?} in vain for {what}, at {caller}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{until, until_async};
    use std::time::Duration;

    const SHORT: Duration = Duration::from_millis(60);

    #[test]
    fn returns_the_first_value() {
        let mut calls = 0;
        let value = until("three calls", Duration::from_secs(5), || {
            calls += 1;
            (calls == 3).then_some("third")
        });
        assert_eq!((value, calls), ("third", 3));
    }

    #[test]
    #[should_panic(expected = "waited 60ms in vain for godot")]
    fn names_the_missing_value() {
        until("godot", SHORT, || None::<()>);
    }

    #[tokio::test]
    async fn returns_the_first_value_of_a_future() {
        let mut calls = 0;
        let value = until_async("two calls", Duration::from_secs(5), async || {
            calls += 1;
            (calls == 2).then_some(calls)
        });
        assert_eq!(value.await, 2);
    }

    #[tokio::test]
    #[should_panic(expected = "in vain for a future, at tests/e2e/src/wait.rs")]
    async fn cuts_off_a_future_that_never_ends() {
        until_async("a future", SHORT, async || std::future::pending::<Option<()>>().await).await;
    }
}
