//! What happens without a request: configs, the clock, and windows that are written.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};

use super::connections::wait_for_stop;
use super::server::{Server, State};
use crate::labels::ConfigLabels;

/// How often configs and the clock are looked at.
const INTERVAL: Duration = Duration::from_millis(250);
/// How late this may be before the process counts as overloaded, in milliseconds.
const LATE_MS: f64 = 1_000.0;

/// Runs until `stopped` is true.
pub(super) async fn run(
    server: Arc<Server>,
    mut configs: watch::Receiver<Option<ConfigLabels>>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut last, mut written) = {
        let state = server.state();
        (state.clock.now(), f64::MIN)
    };
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = wait_for_stop(&mut stopped) => return,
        }
        if let Some(config) = configs.borrow_and_update().clone() {
            server.state().collector.set_config(config);
        }
        let window_ms = {
            let mut state = server.state();
            let State { collector, clock, is_overloaded } = &mut *state;
            let timing = collector.windows().timing();
            let now = clock.now();
            let late = now - last - INTERVAL.as_secs_f64() * 1e3;
            *is_overloaded = late > LATE_MS;
            if late > timing.step() {
                // The process stood still: what arrived meanwhile is counted too late.
                collector.set_clock(last, now);
            }
            if let Some((before, after)) = clock.follow(timing.step()) {
                collector.set_clock(before, after);
                written = f64::MIN;
            }
            last = clock.now();
            collector.advance(last);
            timing.start(1)
        };
        if last - written >= window_ms {
            written = last;
            if let Err(error) = write(&server, false).await {
                // The reader of standard error may be gone.
                let _ = writeln!(std::io::stderr(), "canaryctl: windows are not written: {error:#}");
            }
        }
    }
}

/// Writes all that has changed.
pub(super) async fn write(server: &Arc<Server>, is_clean: bool) -> anyhow::Result<()> {
    let snapshot = {
        let mut state = server.state();
        let now = state.clock.now();
        state.collector.snapshot(now, server.store.is_file())
    };
    let minutes: Vec<u64> = snapshot.minutes.iter().map(|(minute, _)| *minute).collect();
    let writer = Arc::clone(server);
    let result = spawn_blocking(move || writer.store.write(&snapshot, is_clean)).await?;
    server.state().collector.confirm(&minutes, result.is_ok());
    result
}
