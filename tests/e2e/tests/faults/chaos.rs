//! Random sequences of faults, several in one page view of one of two apps. After each view something healthy is on the screen:
//! the app, wherever the same page with plain scripts shows it. No page reloads without end, sends a form again or runs the
//! other app, and nobody else's error counts as the app's.
//!
//! A sequence follows from its seed. A failure shows the smallest sequence that fails too, and how to repeat it:
//!
//! ```sh
//! CANARY_CHAOS_SEED=42 CANARY_CHAOS_COUNT=1 cargo test -p canary-e2e --test faults chaos::random_faults::chromium
//! ```

mod app;
mod fault;
mod noise;
mod plain;
mod random;
mod run;
mod sequence;
mod state;

use app::App;
use canary_e2e::engine::Engine;
use canary_e2e::fault_site::{FaultSite, Page};
use canary_e2e::wait::DEADLINE;
use fault::{Fault, How, Store, Target};
use noise::Noise;
use run::run;
use sequence::{Post, Sequence, View};
use std::env;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

canary_e2e::fault_tests! {
    random_faults: test [chromium] long [firefox webkit];
    new_random_faults: long [chromium firefox webkit];
}

/// The number of browsers at a time. They mostly wait.
const BROWSERS: usize = 3;

async fn random_faults(engine: Engine) {
    run_sequences(engine, 1, 12);
}

/// Other sequences each time.
async fn new_random_faults(engine: Engine) {
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs());
    run_sequences(engine, seed, if engine == Engine::Chromium { 500 } else { 40 });
}

/// Runs the sequences of `count` seeds from `seed` on, or of those in the environment.
fn run_sequences(engine: Engine, seed: u64, count: usize) {
    let seed = number("CANARY_CHAOS_SEED").unwrap_or(seed);
    let count = number("CANARY_CHAOS_COUNT").unwrap_or(count);
    println!("{engine}: CANARY_CHAOS_SEED={seed} CANARY_CHAOS_COUNT={count}");
    let begin = Instant::now();
    let failures: Vec<String> = thread::scope(|scope| {
        let browsers: Vec<_> = (0..BROWSERS.min(count))
            .map(|first| scope.spawn(move || failures(engine, (seed..).take(count).skip(first).step_by(BROWSERS))))
            .collect();
        browsers.into_iter().flat_map(|browser| browser.join().expect("a browser that finishes")).collect()
    });
    println!("{engine}, {count} sequences: {} failed; {:.1} s", failures.len(), begin.elapsed().as_secs_f64());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A number in the environment.
fn number<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}: found {text:?}, expected a number")))
}

/// The failures of these seeds.
fn failures(engine: Engine, seeds: impl Iterator<Item = u64>) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let site = FaultSite::new(engine, &Page::new()).await;
        let mut failures = Vec::new();
        for seed in seeds {
            let sequence = Sequence::new(seed);
            if let Err(fault) = run(&site, &sequence, DEADLINE).await {
                let (sequence, fault) = shrink(&site, sequence, fault).await;
                let again = format!("CANARY_CHAOS_SEED={seed} CANARY_CHAOS_COUNT=1");
                failures.push(format!("in {engine}, {fault}\nby {sequence:#?}\nof {again}"));
                println!("{}", failures[failures.len() - 1]);
            }
        }
        failures
    })
}

/// The smallest sequence that fails too, and its failure.
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

/// Negative control: each kind of unhealthy page is found.
#[tokio::test]
async fn unhealthy_pages_are_found() {
    let site = FaultSite::new(Engine::Chromium, &Page::new()).await;
    let view = View { faults: vec![Fault { target: Target::Runtime, how: How::Missing }], ..View::SOUND };
    let fails =
        async |sequence: &Sequence| run(&site, sequence, Duration::from_secs(3)).await.err().unwrap_or_default();
    let mut sequence =
        Sequence { guard: false, consent: false, flags: false, optional: false, views: vec![view.clone()] };
    let fault = fails(&sequence).await;
    assert!(fault.starts_with("view 0: the plain page shows the app, and this one does not"), "{fault}");
    sequence.guard = true;
    // Unlike a fault, which is there for good, a sound page may need longer on a busy machine.
    assert_eq!(run(&site, &sequence, DEADLINE).await, Ok(()));
    // A stable that draws and reloads its page without end, which is the answer to a form or not.
    let reloads =
        vec![Fault { target: Target::Config, how: How::Missing }, Fault { target: Target::Stable, how: How::Reloads }];
    for (post, expected) in
        [(None, "view 0: the page loads again and again"), (Some(Post::Untold), "view 0: the form is sent again")]
    {
        sequence.views[0] = View { faults: reloads.clone(), post, ..View::SOUND };
        let fault = fails(&sequence).await;
        assert!(fault.starts_with(expected), "{fault}");
    }
    // A page that shows nothing with plain scripts either, without a word about it.
    let silent = Fault { target: Target::Stable, how: How::Silent };
    sequence.views[0] =
        View { faults: vec![Fault { target: Target::Config, how: How::Missing }, silent], ..View::SOUND };
    let fault = fails(&sequence).await;
    assert!(fault.starts_with("view 0: nothing healthy is on the screen"), "{fault}");
    // An error of the app that nothing explains, and a canary that is the other app's.
    sequence.views[0] = View { faults: vec![Fault { target: Target::Canary, how: How::Foreign }], ..View::SOUND };
    let fault = fails(&sequence).await;
    assert!(fault.starts_with("view 0: the app of another path runs"), "{fault}");
}

/// Negative control: an error of others that would count as the app's is found.
#[test]
fn blame_is_found() {
    assert!(run::blames_the_app(
        "[canary] E406 the canary left nothing on the screen; the page loads again, with stable"
    ));
    assert!(!run::blames_the_app(
        "[canary] E404 the canary was not up within 600 ms; the page loads again, with stable"
    ));
}

#[test]
fn seeds_are_reproducible_and_cover_all_faults() {
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
    for noise in Noise::ALL {
        assert!(views().any(|view| view.noise == Some(noise)), "{noise:?}");
    }
    for post in [Post::Told, Post::Untold] {
        assert!(views().any(|view| view.post == Some(post) && view.breaks(Target::Canary)), "{post:?}");
    }
    assert!(views().any(|view| view.slow_html.is_some()) && views().any(|view| view.app == App::Admin));
    assert!(
        all.iter().all(|sequence| sequence.guard || !sequence.views.iter().any(|view| view.breaks(Target::Runtime)))
    );
}

#[test]
fn shrinking_makes_a_sequence_smaller() {
    for sequence in (1..100).map(Sequence::new) {
        let size = |sequence: &Sequence| format!("{sequence:?}").len();
        assert!(sequence.smaller().iter().all(|other| size(other) <= size(&sequence) + 1 && *other != sequence));
    }
}
