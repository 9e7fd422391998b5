//! Tests of faults, one for each engine, and the table of them in `docs/faults.md`.
//!
//! ```no_run
//! use canary_e2e::engine::Engine;
//!
//! canary_e2e::fault_tests! {
//!     e104_config_is_html: test [chromium webkit] long [firefox];
//!     i414_prerendered: test [chromium] cannot [firefox "no prerendering", webkit "no prerendering"];
//! }
//!
//! async fn e104_config_is_html(engine: Engine) {}
//! async fn i414_prerendered(engine: Engine) {}
//! # fn main() {}
//! ```
//!
//! declares the tests `e104_config_is_html::chromium` and so on, and the list `TESTS` of the module. A name begins with the
//! code of its fault, where it has one. `make test` runs those behind `test`; the others are ignored until
//! `make test-long`, which also expects a test to fail in an engine that cannot pass it.

use crate::engine::Engine;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A fault test as declared.
#[derive(Debug, Clone, Copy)]
pub struct FaultTest {
    /// The name of its function.
    pub name: &'static str,
    /// The engines of `make test`.
    pub test: &'static [Engine],
    /// The engines of `make test-long`.
    pub long: &'static [Engine],
    /// The engines that cannot pass it, with the reason.
    pub cannot: &'static [(Engine, &'static str)],
}

/// Declares fault tests. See [the module](self).
#[macro_export]
macro_rules! fault_tests {
    ($(
        $name:ident:
        $(test [$($now:ident)*])? $(long [$($long:ident)*])? $(cannot [$($not:ident $reason:literal),*])?;
    )*) => {
        /// The fault tests of this module.
        pub(crate) const TESTS: &[$crate::faults::FaultTest] = &[$($crate::faults::FaultTest {
            name: stringify!($name),
            test: &[$($($crate::fault_tests!(@engine $now)),*)?],
            long: &[$($($crate::fault_tests!(@engine $long)),*)?],
            cannot: &[$($(($crate::fault_tests!(@engine $not), $reason)),*)?],
        }),*];
        $(mod $name {
            $($($crate::fault_tests!(@test $now $name run);)*)?
            $($($crate::fault_tests!(@test $long $name run ignore = "make test-long");)*)?
            $($($crate::fault_tests!(@test $not $name run_failing ignore = $reason);)*)?
        })*
    };
    (@test $engine:ident $name:ident $run:ident $($meta:meta)?) => {
        #[test]
        $(#[$meta])?
        fn $engine() {
            $crate::faults::$run(super::$name($crate::fault_tests!(@engine $engine)));
        }
    };
    (@engine chromium) => { $crate::engine::Engine::Chromium };
    (@engine firefox) => { $crate::engine::Engine::Firefox };
    (@engine webkit) => { $crate::engine::Engine::WebKit };
}

/// Runs a test to its end.
///
/// # Panics
///
/// When the test does.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap_or_else(|e| panic!("cannot make a runtime: {e}")).block_on(test);
}

/// Runs a test that has to fail, because its engine cannot pass it.
///
/// # Panics
///
/// When the test passes.
pub fn run_failing(test: impl Future<Output = ()>) {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(test)));
    assert!(outcome.is_err(), "found a passing test, expected a failure: can this engine pass it now?");
}

impl FaultTest {
    /// The code of its fault, such as `E101`; none where nothing fails.
    fn code(&self) -> Option<String> {
        let (code, _) = self.name.split_once('_')?;
        is_code(&code.to_uppercase()).then(|| code.to_uppercase())
    }

    /// Where an engine runs it.
    fn place(&self, engine: Engine) -> Option<Place> {
        let reason = self.cannot.iter().find(|(other, _)| *other == engine).map(|(_, reason)| *reason);
        let places = [
            self.test.contains(&engine).then_some(Place::Test),
            self.long.contains(&engine).then_some(Place::Long),
            reason.map(Place::Cannot),
        ];
        let mut places = places.into_iter().flatten();
        places.next().filter(|_| places.next().is_none())
    }
}

/// Where an engine runs a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Test,
    Long,
    Cannot(&'static str),
}

/// A letter and three digits.
fn is_code(text: &str) -> bool {
    let digits = text.strip_prefix(['E', 'I']);
    digits.is_some_and(|digits| digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What is wrong with the tests, each in one sentence: an engine that is named twice or not at all, a code that the
/// documentation lacks, a documented code without a test in `make test`.
#[must_use]
pub fn problems(tests: &[FaultTest], docs: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for test in tests {
        for engine in Engine::ALL.into_iter().filter(|engine| test.place(*engine).is_none()) {
            problems.push(format!("{}: found {engine} not exactly once", test.name));
        }
    }
    let documented = documented_codes(docs);
    let tested: BTreeSet<_> = tests.iter().filter(|test| !test.test.is_empty()).filter_map(FaultTest::code).collect();
    let all: BTreeSet<_> = tests.iter().filter_map(FaultTest::code).collect();
    problems.extend(documented.difference(&tested).map(|code| format!("{code}: no test in make test")));
    problems.extend(all.difference(&documented).map(|code| format!("{code}: not in docs/faults.md")));
    problems
}

/// The codes of the tables, which are in the first column.
fn documented_codes(docs: &str) -> BTreeSet<String> {
    let first = |line: &str| Some(line.strip_prefix("| ")?.split(' ').next()?.to_owned());
    let (tables, _) = split(docs);
    tables.lines().filter_map(first).filter(|cell| is_code(cell)).collect()
}

/// The heading of the table that [`with_matrix`] writes.
const HEADING: &str = "## Where each fault is tested\n";

/// The documentation up to that table, and the table.
fn split(docs: &str) -> (&str, &str) {
    docs.split_once(HEADING).unwrap_or((docs, ""))
}

/// The documentation with the table of these tests: each code, and where each engine runs its tests. A code that has
/// several tests is tested where the first of them is.
#[must_use]
pub fn with_matrix(docs: &str, tests: &[FaultTest]) -> String {
    let (before, _) = split(docs);
    let mut codes: BTreeMap<String, Vec<&FaultTest>> = BTreeMap::new();
    for test in tests {
        codes.entry(test.code().unwrap_or_else(|| "none".to_owned())).or_default().push(test);
    }
    let mut text = format!(
        "{before}{HEADING}\n`test`: in `make test`; `long`: only in `make test-long`; `none`: tests in which nothing fails. This table is generated from \
         the tests, by\n`CANARY_UPDATE_DOCS=1 cargo test -p canary-e2e --test faults matrix`.\n\n\
         | code | tests | Chromium | Firefox | WebKitGTK |\n|---|---|---|---|---|\n"
    );
    let mut notes = BTreeSet::new();
    for (code, tests) in &codes {
        let cells = Engine::ALL.map(|engine| {
            let place = tests.iter().filter_map(|test| test.place(engine)).min();
            place.map_or("", |place| match place {
                Place::Test => "test",
                Place::Long => "long",
                Place::Cannot(_) => "cannot",
            })
        });
        let _ = writeln!(text, "| {code} | {} | {} |", tests.len(), cells.join(" | "));
        notes.extend(tests.iter().flat_map(|test| test.cannot.iter().map(|(_, reason)| (test.name, *reason))));
    }
    text.push_str("\nSome browsers cannot show a fault:\n\n");
    for (name, reason) in notes {
        let _ = writeln!(text, "- `{name}`: {reason}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{FaultTest, problems, run_failing, with_matrix};
    use crate::engine::Engine::{Chromium, Firefox, WebKit};

    const DOCS: &str = "# Faults\n\n| code | |\n|---|---|\n| E104 | HTML |\n| I414 | ahead |\n\n";

    const HTML: FaultTest =
        FaultTest { name: "e104_config_is_html", test: &[Chromium, WebKit], long: &[Firefox], cannot: &[] };

    const PRERENDERED: FaultTest = FaultTest {
        name: "i414_prerendered",
        test: &[Chromium],
        long: &[Firefox],
        cannot: &[(WebKit, "WebKitGTK: no prerendering")],
    };

    #[test]
    fn tests_and_documentation_have_the_same_codes() {
        let docs = with_matrix(DOCS, &[HTML, PRERENDERED]);
        assert_eq!(problems(&[HTML, PRERENDERED], &docs), [""; 0]);
        assert_eq!(problems(&[HTML], &docs), ["I414: no test in make test"]);
        let other = FaultTest { name: "e999_other", ..HTML };
        assert_eq!(problems(&[HTML, PRERENDERED, other], &docs), ["E999: not in docs/faults.md"]);
        let long = FaultTest { test: &[], long: &[Chromium, Firefox, WebKit], ..HTML };
        assert_eq!(problems(&[long, PRERENDERED], &docs), ["E104: no test in make test"]);
    }

    #[test]
    #[should_panic(expected = "can this engine pass it now?")]
    fn a_test_that_cannot_pass_has_to_fail() {
        run_failing(async { panic!("as expected") });
        run_failing(async {});
    }

    #[test]
    fn each_engine_is_named_once() {
        let missing = FaultTest { long: &[], ..HTML };
        assert_eq!(problems(&[missing, PRERENDERED], DOCS), ["e104_config_is_html: found firefox not exactly once"]);
        let twice = FaultTest { long: &[Firefox, WebKit], ..HTML };
        assert_eq!(problems(&[twice, PRERENDERED], DOCS), ["e104_config_is_html: found webkit not exactly once"]);
    }

    #[test]
    fn the_table_says_where_each_engine_runs_the_tests() {
        let uncoded = FaultTest { name: "refreshes_leak_nothing", ..HTML };
        let docs = with_matrix(DOCS, &[HTML, PRERENDERED, uncoded]);
        assert!(docs.starts_with(DOCS));
        for line in [
            "| E104 | 1 | test | long | test |",
            "| I414 | 1 | test | long | cannot |",
            "| none | 1 | test | long | test |",
            "- `i414_prerendered`: WebKitGTK: no prerendering",
        ] {
            assert!(docs.lines().any(|other| other == line), "{line:?} in {docs}");
        }
        assert_eq!(with_matrix(&docs, &[HTML, PRERENDERED, uncoded]), docs);
    }
}
