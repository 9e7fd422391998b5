//! Random sequences of faults, several in one page view, and one thing that has to hold: something healthy is on the
//! screen, and nothing loops.
//!
//! A sequence follows from its seed, and what fails is told with the smallest one that fails as well. To see it again:
//!
//! ```sh
//! CANARY_STORM_SEED=42 CANARY_STORM_COUNT=1 cargo test -p canary-e2e --test faults a_few_storms
//! ```

mod fault;
mod random;
mod run;
mod sequence;

use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{FaultSite, Page};
use canary_e2e::wait::DEADLINE;
use fault::{Fault, How, Store, Target};
use run::run;
use sequence::{Sequence, View};
use std::env;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// How many browsers at a time: most of a storm is waiting.
const BROWSERS: usize = 3;

#[test]
fn a_few_storms_in_chromium() {
    storms(Engine::Chromium, 1, 12);
}

#[test]
#[ignore = "long: make test-long"]
fn two_hundred_storms_in_chromium() {
    storms(Engine::Chromium, new_seed(), 200);
}

#[test]
#[ignore = "long: make test-long"]
fn some_storms_in_firefox() {
    storms(Engine::Firefox, new_seed(), 40);
}

#[test]
#[ignore = "long: make test-long"]
fn some_storms_in_webkit() {
    storms(Engine::WebKit, new_seed(), 40);
}

/// Other storms each time.
fn new_seed() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// Runs so many sequences from a seed on, or as the environment has it.
fn storms(engine: Engine, seed: u64, count: usize) {
    let seed = number("CANARY_STORM_SEED").unwrap_or(seed);
    let count = number("CANARY_STORM_COUNT").unwrap_or(count);
    println!("{engine}: CANARY_STORM_SEED={seed} CANARY_STORM_COUNT={count}");
    let begin = Instant::now();
    let found: Vec<String> = thread::scope(|scope| {
        let browsers: Vec<_> = (0..BROWSERS.min(count))
            .map(|first| scope.spawn(move || weather(engine, (seed..).take(count).skip(first).step_by(BROWSERS))))
            .collect();
        browsers.into_iter().flat_map(|browser| browser.join().expect("a browser to come to its end")).collect()
    });
    println!("{engine}, {count} storms: {} failed; {:.1} s", found.len(), begin.elapsed().as_secs_f64());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What the environment has under a name.
fn number<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: {text} is no number")))
}

/// What failed, of these seeds.
fn weather(engine: Engine, seeds: impl Iterator<Item = u64>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let site = FaultSite::new(engine, &Page::new()).await;
        let mut found = Vec::new();
        for seed in seeds {
            let sequence = Sequence::new(seed);
            if let Err(fault) = run(&site, &sequence, DEADLINE).await {
                let (sequence, fault) = shrink(&site, sequence, fault).await;
                let again = format!("CANARY_STORM_SEED={seed} CANARY_STORM_COUNT=1");
                found.push(format!("in {engine}, {fault}\nby {sequence:#?}\nof {again}"));
                println!("{}", found[found.len() - 1]);
            }
        }
        found
    })
}

/// The smallest that fails too, and how.
async fn shrink(site: &FaultSite, sequence: Sequence, fault: String) -> (Sequence, String) {
    let (mut sequence, mut fault) = (sequence, fault);
    'again: loop {
        for smaller in sequence.smaller() {
            if let Err(other) = run(site, &smaller, DEADLINE / 2).await {
                (sequence, fault) = (smaller, other);
                continue 'again;
            }
        }
        return (sequence, fault);
    }
}

/// The negative control: what must not be is seen.
#[tokio::test]
async fn what_does_not_hold_is_found() {
    let site = FaultSite::new(Engine::Chromium, &Page::new()).await;
    let view = View { faults: vec![Fault { target: Target::Runtime, how: How::Missing }], ..View::CALM };
    let fails =
        async |sequence: &Sequence| run(&site, sequence, Duration::from_secs(3)).await.err().unwrap_or_default();
    let mut sequence = Sequence { guard: false, consent: false, flags: false, views: vec![view] };
    let fault = fails(&sequence).await;
    assert!(fault.starts_with("view 0: nothing healthy is on the screen"), "{fault}");
    sequence.guard = true;
    assert_eq!(fails(&sequence).await, "");
    // A stable that draws, and loads its page again for ever.
    sequence.views[0].faults =
        vec![Fault { target: Target::Config, how: How::Missing }, Fault { target: Target::Stable, how: How::Reloads }];
    let fault = fails(&sequence).await;
    assert!(fault.starts_with("view 0: the page loads again and again"), "{fault}");
}

#[test]
fn a_seed_makes_one_sequence_and_many_make_all_faults() {
    let all: Vec<_> = (1..=400).map(Sequence::new).collect();
    assert!(all.iter().zip(1..).all(|(sequence, seed)| *sequence == Sequence::new(seed)));
    let views = || all.iter().flat_map(|sequence| &sequence.views);
    for target in Target::ALL {
        for &how in target.hows() {
            let fault = Fault { target, how };
            assert!(views().any(|view| view.faults.contains(&fault)), "{fault:?}");
        }
    }
    for store in Store::ALL {
        assert!(views().any(|view| view.store == Some(store)), "{store:?}");
    }
    assert!(
        all.iter().all(|sequence| sequence.guard || !sequence.views.iter().any(|view| view.breaks(Target::Runtime)))
    );
}

#[test]
fn what_is_smaller_is_less() {
    for sequence in (1..100).map(Sequence::new) {
        let size = |sequence: &Sequence| format!("{sequence:?}").len();
        assert!(sequence.smaller().iter().all(|other| size(other) <= size(&sequence) + 1 && *other != sequence));
    }
}
