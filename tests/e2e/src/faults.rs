//! The table of faults: one test for each row and engine, and what became of each.
//!
//! ```no_run
//! use canary_e2e::engine::Engine;
//!
//! canary_e2e::rows! {
//!     row_03_config_hangs: make_test [Chromium, WebKit];
//!     row_23_wasm_blocked: make_test [Chromium], cannot [WebKit "why it cannot"];
//! }
//!
//! async fn row_03_config_hangs(engine: Engine) {}
//! async fn row_23_wasm_blocked(engine: Engine) {}
//! # fn main() {}
//! ```
//!
//! makes the tests `row_03_config_hangs::chromium` and so on. `make test` runs those of
//! the engines behind `make_test`; with `CANARY_ALL_ENGINES=1` in the environment all
//! run, but for engines that cannot. Each test leaves a file with its outcome below the
//! target directory, from which `cargo run -p canary-e2e --bin rows` prints the table.

use crate::engine::Engine;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What each row is about, from 1 on.
pub const ROWS: [&str; 55] = [
    "config answers an error",
    "network failure",
    "config hangs",
    "config trickles",
    "config is a web page",
    "config empty, cut off, not UTF-8",
    "config huge, or a bomb",
    "config nested too deep",
    "duplicate keys",
    "no percentage",
    "newer schema",
    "too many flags",
    "flag named __proto__",
    "asset addresses",
    "a lower percentage",
    "pods that disagree",
    "expired config",
    "client clock off",
    "percentage 0 while pages load",
    "wasm missing, wrong type",
    "wasm damaged",
    "no WebAssembly",
    "policy blocks wasm",
    "wasm traps",
    "glue and wasm of two builds",
    "storage blocked",
    "quota exceeded",
    "stored values corrupt",
    "last known good traps",
    "storage cleared",
    "20 tabs at once",
    "script included twice",
    "canary script missing",
    "canary script is HTML",
    "canary throws",
    "canary waits forever",
    "canary loops forever",
    "canary crashes after render",
    "canary stylesheet missing",
    "integrity mismatch",
    "lazy chunk missing",
    "reload guard not storable",
    "stable fails as well",
    "bfcache restore",
    "prerendered, never shown",
    "automation, crawler",
    "reports blocked",
    "keepalive missing",
    "collector fails",
    "100,000 refreshes",
    "query overrides",
    "strict policy",
    "consent withdrawn",
    "old service worker",
    "a million reads",
];

/// Declares rows, each with the async function of its name, which takes the engine.
///
/// See [the module](self). Names begin with `row_` and two digits; a row may have
/// several tests.
#[macro_export]
macro_rules! rows {
    ($($(#[$meta:meta])* $name:ident: make_test [$($now:ident),*] $(, cannot [$($not:ident $reason:literal),*])?;)*) => {$(
        mod $name {
            use $crate::engine::Engine;
            use $crate::faults::Row;

            const ROW: Row = Row {
                name: stringify!($name),
                now: &[$(Engine::$now),*],
                cannot: &[$($((Engine::$not, $reason)),*)?],
            };

            $crate::rows!(@test $(#[$meta])* chromium Chromium $name);
            $crate::rows!(@test $(#[$meta])* firefox Firefox $name);
            $crate::rows!(@test $(#[$meta])* webkit WebKit $name);
        }
    )*};
    (@test $(#[$meta:meta])* $test:ident $engine:ident $name:ident) => {
        #[test]
        $(#[$meta])*
        fn $test() {
            ROW.run(Engine::$engine, || super::$name(Engine::$engine));
        }
    };
}

/// A row's test, as declared.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The name of its function.
    pub name: &'static str,
    /// The engines that `make test` runs.
    pub now: &'static [Engine],
    /// The engines that cannot, and why.
    pub cannot: &'static [(Engine, &'static str)],
}

/// What became of a row in an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Some test of it failed.
    Failed,
    /// No test of it told anything.
    Missing,
    /// All that ran passed.
    Passed,
    /// It runs with the others, in the long run.
    Later,
    /// This engine cannot.
    Cannot(String),
}

impl Row {
    /// Runs the test in one engine, if it is to run now, and writes down what came of it.
    ///
    /// # Panics
    ///
    /// When the test does.
    pub fn run<F: Future<Output = ()>>(self, engine: Engine, test: impl FnOnce() -> F) {
        let write = |outcome: &str| {
            crate::files::write(&folder().join(format!("{}.{engine}", self.name)), outcome);
        };
        if let Some((_, reason)) = self.cannot.iter().find(|(other, _)| *other == engine) {
            return write(&format!("cannot {reason}"));
        }
        let all = std::env::var_os("CANARY_ALL_ENGINES").is_some_and(|value| value != "0");
        if !all && !self.now.contains(&engine) {
            return write("later");
        }
        // Says so until it has passed, however it ends.
        write("failed");
        let start = Instant::now();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap_or_else(|e| panic!("cannot make a runtime: {e}")).block_on(test());
        write(&format!("passed {:.1} s", start.elapsed().as_secs_f64()));
    }
}

/// The outcomes of all tests that ran since the folder was last removed.
#[must_use]
pub fn outcomes() -> Vec<[Outcome; 3]> {
    read(&folder())
}

fn read(folder: &Path) -> Vec<[Outcome; 3]> {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files: Vec<_> = files.filter_map(|file| Some((file.file_name().into_string().ok()?, file.path()))).collect();
    let outcome = |number: usize, engine: Engine| {
        let is_its =
            |name: &str| name.starts_with(&format!("row_{number:02}_")) && name.ends_with(&format!(".{engine}"));
        let texts = files.iter().filter(|(name, _)| is_its(name)).map(|(_, path)| crate::files::read(path));
        sum_up(&texts.collect::<Vec<_>>())
    };
    (1..=ROWS.len()).map(|number| Engine::ALL.map(|engine| outcome(number, engine))).collect()
}

/// One outcome of all tests of a row in an engine.
fn sum_up(texts: &[String]) -> Outcome {
    let is = |start: &str| texts.iter().any(|text| text.starts_with(start));
    if is("failed") {
        Outcome::Failed
    } else if is("passed") {
        Outcome::Passed
    } else if is("later") {
        Outcome::Later
    } else {
        let reason = texts.iter().find_map(|text| text.strip_prefix("cannot "));
        reason.map_or(Outcome::Missing, |reason| Outcome::Cannot(reason.to_owned()))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("failed"),
            Self::Missing => f.write_str("missing"),
            Self::Passed => f.write_str("passed"),
            Self::Later => f.write_str("later"),
            Self::Cannot(reason) => write!(f, "-- {reason}"),
        }
    }
}

/// Where the outcomes are kept: beside the programs of this profile.
#[must_use]
pub fn folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_else(|e| panic!("cannot tell where this program is: {e}"));
    // Tests are a folder below the programs of the same profile.
    let folder = program.parent().filter(|folder| !folder.ends_with("deps")).or(program.ancestors().nth(2));
    folder.unwrap_or_else(|| panic!("{} is in no target directory", program.display())).join("row-outcomes")
}

#[cfg(test)]
mod tests {
    use super::{Outcome, ROWS, Row, folder, read, sum_up};
    use crate::engine::Engine;
    use crate::files::{self, temp_dir};

    #[test]
    fn one_failure_outweighs_all_others() {
        let sum = |texts: &[&str]| sum_up(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>());
        assert_eq!(sum(&["passed 1.0 s", "failed", "later"]), Outcome::Failed);
        assert_eq!(sum(&["later", "passed 1.0 s", "cannot x"]), Outcome::Passed);
        assert_eq!(sum(&["cannot x", "later"]), Outcome::Later);
        assert_eq!(sum(&["cannot no such switch"]), Outcome::Cannot("no such switch".to_owned()));
        assert_eq!(sum(&[]), Outcome::Missing);
    }

    #[test]
    fn files_belong_to_their_row_and_engine() {
        let dir = temp_dir();
        files::write(&dir.path().join("row_03_config_hangs.firefox"), "passed 1.0 s");
        let rows = read(dir.path());
        assert_eq!(rows.len(), ROWS.len());
        assert_eq!(rows[2], [Outcome::Missing, Outcome::Passed, Outcome::Missing]);
        assert_eq!(rows[3], [Outcome::Missing, Outcome::Missing, Outcome::Missing]);
    }

    #[test]
    fn a_test_that_panics_has_failed() {
        let row = Row { name: "unit_panics", now: &[Engine::Chromium], cannot: &[(Engine::WebKit, "a reason")] };
        let path = |engine: &str| folder().join(format!("unit_panics.{engine}"));
        let result = std::panic::catch_unwind(|| row.run(Engine::Chromium, || async { panic!("red") }));
        assert!(result.is_err());
        row.run(Engine::WebKit, || async { panic!("not to be run") });
        let found = ["chromium", "webkit"].map(|engine| files::read(&path(engine)));
        for engine in ["chromium", "webkit"] {
            std::fs::remove_file(path(engine)).unwrap();
        }
        assert_eq!(found, ["failed", "cannot a reason"]);
    }
}
