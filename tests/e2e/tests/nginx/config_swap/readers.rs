//! Readers of a config that is swapped, and the answers that none of them may get.

use super::numbered_config;
use canary_e2e::fixture::CONFIG;
use canary_e2e::http::{Connection, Response};
use flate2::read::GzDecoder;
use std::fmt;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// The number of readers.
const READERS: usize = 4;

/// The minimum of answers between two swaps.
const ANSWERS: u64 = 8;

/// The maximum of reported faults.
const TOLD: usize = 10;

/// The result of a run.
#[derive(Debug, Default)]
pub(crate) struct Report {
    swaps: u64,
    pub(crate) answers: u64,
    pub(crate) conditional: u64,
    pub(crate) compressed: u64,
    /// 404s, where the folder was removed while nginx opened it.
    pub(crate) missing: u64,
    pub(crate) faults: Vec<String>,
    time: Duration,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { swaps, answers, conditional, compressed, missing, faults, time } = self;
        write!(f, "{swaps} swaps in {:.1} s: {answers} answers, ", time.as_secs_f64())?;
        write!(f, "{conditional} to conditional requests, {compressed} compressed, {missing} 404, ")?;
        write!(f, "{} faults", faults.len())
    }
}

/// The state that writer and readers share.
#[derive(Default)]
struct State {
    /// The newest config that a reader may see.
    begun: AtomicU64,
    /// The oldest config that a new request may get.
    finished: AtomicU64,
    answers: AtomicU64,
    over: AtomicBool,
}

/// Writes the configs 1 to `swaps` by `write`, while readers request them from `origin`.
pub(crate) fn run(origin: &str, swaps: u64, write: impl Fn(u64) + Sync) -> Report {
    let state = State::default();
    let start = Instant::now();
    let mut report = Report { swaps, ..Report::default() };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..READERS).map(|_| scope.spawn(|| read(origin, &state))).collect();
        for number in 1..=swaps {
            let goal = state.answers.load(SeqCst) + ANSWERS;
            while state.answers.load(SeqCst) < goal && !readers.iter().any(thread::ScopedJoinHandle::is_finished) {
                thread::yield_now();
            }
            state.begun.store(number, SeqCst);
            write(number);
            state.finished.store(number, SeqCst);
        }
        state.over.store(true, SeqCst);
        for reader in readers {
            let read = reader.join().expect("a reader to come to its end");
            report.answers += read.answers;
            report.conditional += read.conditional;
            report.compressed += read.compressed;
            report.missing += read.missing;
            report.faults.extend(read.faults);
        }
    });
    report.time = start.elapsed();
    report
}

/// Reads until the last swap, or until there are too many faults.
fn read(origin: &str, state: &State) -> Report {
    let mut report = Report::default();
    let mut connection = Connection::open(origin).expect("nginx to be there");
    let mut earlier = Earlier::default();
    while !state.over.load(SeqCst) && report.faults.len() < TOLD {
        let compressed = report.answers % 3 == 0;
        let mut headers = earlier.conditions();
        if compressed {
            headers.push(("Accept-Encoding", "gzip"));
        }
        let finished = state.finished.load(SeqCst);
        let answer = connection.get(CONFIG, &headers);
        let begun = state.begun.load(SeqCst);
        report.answers += 1;
        report.conditional += u64::from(!earlier.conditions().is_empty());
        match answer {
            Ok(answer) => {
                report.compressed += u64::from(answer.header("content-encoding").is_some());
                // nginx closes a connection after a thousand requests, and says so.
                if answer.header("connection") == Some("close") {
                    connection = Connection::open(origin).expect("nginx to be there");
                }
                match judge(&answer, &earlier, finished, begun) {
                    _ if answer.status == 404 => report.missing += 1,
                    Ok(number) => earlier = Earlier::of(&answer, number),
                    Err(fault) => report.faults.push(fault),
                }
            }
            Err(error) => {
                report.faults.push(format!("torn: {error}"));
                connection = Connection::open(origin).expect("nginx to be there");
            }
        }
        state.answers.fetch_add(1, SeqCst);
    }
    report
}

/// The number of the config in a valid answer.
fn judge(answer: &Response, earlier: &Earlier, finished: u64, begun: u64) -> Result<u64, String> {
    match answer.status {
        200 => (),
        304 => return Err(format!("304: {} is unchanged, and {finished} was there", earlier.number)),
        status => return Err(format!("status {status}")),
    }
    let body = if answer.header("content-encoding") == Some("gzip") {
        let mut text = String::new();
        let unzipped = GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text);
        unzipped.map_err(|e| format!("torn: {e}"))?;
        text
    } else {
        answer.text()
    };
    let number = numbered_config::number(&body).ok_or_else(|| format!("torn: {} bytes of no config", body.len()))?;
    match number {
        old if old < finished => Err(format!("older: {old}, and {finished} was there")),
        new if new > begun => Err(format!("newer: {new}, and {begun} was not there")),
        number => Ok(number),
    }
}

/// The validators of an earlier answer.
#[derive(Default)]
struct Earlier {
    number: u64,
    etag: Option<String>,
    modified: Option<String>,
}

impl Earlier {
    /// Without a `Last-Modified` it takes the time of the answer, as some clients do.
    fn of(answer: &Response, number: u64) -> Self {
        let header = |name| answer.header(name).map(str::to_owned);
        Self { number, etag: header("etag"), modified: header("last-modified").or_else(|| header("date")) }
    }

    /// The headers of a conditional request.
    fn conditions(&self) -> Vec<(&str, &str)> {
        let all = [("If-None-Match", &self.etag), ("If-Modified-Since", &self.modified)];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }
}
