//! Merged windows of any number of collectors equal a direct count, for every split of the views and every order.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;

use canary_collector::{Collector, ConfigLabels, Counts, Gaps, Group, Labels, Outcome, Row, Sender, Timing, Windows};
use proptest::prelude::*;
use serde_json::{Value, json};

const START: f64 = 1_800_000_000_000.0;

/// A report that reaches a collector.
#[derive(Clone, Debug)]
struct Sent {
    collector: usize,
    /// The milliseconds since the report before it.
    after: u32,
    age: f64,
    body: Value,
    nonce: u64,
    client: u64,
}

/// Something that happens to one collector.
#[derive(Clone, Debug)]
enum Step {
    Report(Sent),
    /// Its clock is set.
    Clock {
        collector: usize,
        by: f64,
    },
    /// It writes what is final.
    Write {
        collector: usize,
    },
}

fn body() -> impl Strategy<Value = Value> {
    let event = prop_oneof![
        3 => Just(json!({"kind": "exposure"})),
        2 => (0.0..9e3).prop_map(|time: f64| json!({"kind": "ready", "readyMs": time})),
        1 => prop_oneof![Just("E401"), Just("E404"), Just("X1")].prop_map(|code| json!({"kind": "failed", "code": code})),
        1 => Just(json!({"kind": "left"})),
        1 => any::<bool>().prop_map(|own| json!({"kind": "error", "own": own})),
        2 => (0.0..9e3, 0.0..2e3, 0.0..1.0).prop_map(|(lcp, inp, cls): (f64, f64, f64)| {
            json!({"kind": "vitals", "lcpMs": lcp, "inpMs": inp, "cls": cls})
        }),
        1 => Just(json!({"kind": "vitals", "lcpMs": 1, "final": true})),
    ];
    let arms = prop_oneof![
        Just(("canary", "canary", "1.5.0")),
        Just(("canary", "stable", "1.4.2")),
        Just(("control", "stable", "1.4.2")),
        Just(("rest", "stable", "1.4.2")),
    ];
    let salt = prop_oneof![4 => Just("release"), 1 => Just("invented")];
    let revision = prop_oneof![Just(json!(7)), Just(json!(8)), Just(Value::Null)];
    let first = prop_oneof![Just(json!("run")), Just(json!("cohort")), Just(Value::Null)];
    let engine = prop_oneof![Just("chromium"), Just("webkit")];
    (event, arms, salt, revision, first, any::<bool>(), any::<bool>(), engine).prop_map(
        |(event, (cohort, arm, version), salt, revision, first, both, returning, engine)| {
            let mut body = json!({"v": 1, "age": 0, "salt": salt, "revision": revision, "version": version,
                "cohort": cohort, "arm": arm, "first": first, "both": both, "returning": returning, "engine": engine,
                "device": "desktop"});
            body.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
            body
        },
    )
}

fn steps(collectors: usize, jumps: bool) -> impl Strategy<Value = Vec<Step>> {
    let report = (0..collectors, 0..20_000_u32, 0.0..75_000.0, body(), any::<u64>(), 0..3_u64)
        .prop_map(|(collector, after, age, body, nonce, client)| {
            Step::Report(Sent { collector, after, age, body, nonce, client })
        })
        .boxed();
    let write = (0..collectors).prop_map(|collector| Step::Write { collector }).boxed();
    let clock =
        (0..collectors, -400_000.0..400_000.0).prop_map(|(collector, by)| Step::Clock { collector, by }).boxed();
    let step = if jumps {
        prop_oneof![20 => report, 2 => write, 1 => clock].boxed()
    } else {
        prop_oneof![20 => report, 2 => write].boxed()
    };
    prop::collection::vec(step, 1..120)
}

/// Collectors, and what was written of each.
struct Fleet {
    timing: Timing,
    collectors: Vec<(Collector, f64)>,
    /// When each clock was set, and how far it was off from then on.
    clocks: Vec<Vec<(f64, f64)>>,
    written: BTreeMap<(usize, u64), Vec<Row>>,
    time: f64,
}

impl Fleet {
    fn new(count: usize) -> Self {
        let timing = Timing::new(60, 60);
        let collector = |_| {
            let windows = Windows::new(timing, Gaps::default(), timing.last_final(START));
            let mut collector = Collector::new(windows, Labels::default(), 20, (3, 4));
            let labels = |revision| ConfigLabels {
                salt: "release".into(),
                revision: Some(revision),
                version: Some("1.5.0".into()),
                endpoint: "/runtime/r".into(),
            };
            collector.set_config(labels(7));
            collector.set_config(labels(8));
            (collector, 0.0)
        };
        Self {
            timing,
            collectors: (0..count).map(collector).collect(),
            clocks: vec![vec![(0.0, 0.0)]; count],
            written: BTreeMap::new(),
            time: START,
        }
    }

    fn write(&mut self, index: usize) {
        let (collector, offset) = &mut self.collectors[index];
        let snapshot = collector.snapshot(self.time + *offset, false);
        let minutes: Vec<_> = snapshot.minutes.iter().map(|(minute, _)| *minute).collect();
        for (minute, rows) in snapshot.minutes {
            // What is final never changes.
            let before = self.written.insert((index, minute), rows.clone());
            assert!(before.is_none_or(|before| before == rows), "minute {minute} changed");
        }
        collector.confirm(&minutes, true);
    }

    /// Plays the steps, and returns the sum of all windows and the minutes that any collector lost.
    fn play(
        mut self,
        steps: &[Step],
        mut direct: impl FnMut(u64, &Sent, Outcome),
    ) -> (BTreeMap<(u64, Group), Counts>, Gaps) {
        for step in steps {
            match step {
                Step::Report(sent) => {
                    self.time += f64::from(sent.after);
                    let (collector, offset) = &mut self.collectors[sent.collector];
                    let now = self.time + *offset;
                    let mut body = sent.body.clone();
                    body["age"] = json!(sent.age);
                    let sender = Sender { client: sent.client, nonce: Some(sent.nonce) };
                    let outcome = collector.take(body.to_string().as_bytes(), sender, now);
                    let exposed = self.time - sent.age;
                    let setting = self.clocks[sent.collector].iter().rev().find(|(since, _)| *since <= exposed);
                    direct(self.timing.minute(exposed + setting.unwrap().1), sent, outcome);
                }
                Step::Clock { collector: index, by } => {
                    let (collector, offset) = &mut self.collectors[*index];
                    let before = self.time + *offset;
                    *offset += by;
                    self.clocks[*index].push((self.time, *offset));
                    collector.set_clock(before, self.time + *offset);
                }
                Step::Write { collector } => self.write(*collector),
            }
        }
        // Until all of them are final.
        self.time += 2_000_000.0;
        let mut gaps = Gaps::default();
        for index in 0..self.collectors.len() {
            self.write(index);
            for (from, to) in self.collectors[index].0.windows().gaps().ranges() {
                gaps.add(*from, *to);
            }
        }
        let mut sums: BTreeMap<(u64, Group), Counts> = BTreeMap::new();
        for row in self.written.into_values().flatten() {
            sums.entry((row.minute, row.group)).or_default().add(&row.counts);
        }
        (sums, gaps)
    }
}

/// An independent count: by the words of the body, in strings.
fn key(minute: u64, body: &Value) -> (u64, String) {
    let mut fields = body.clone();
    if fields["salt"] != "release" {
        fields["salt"] = json!("other");
    }
    let names = ["salt", "revision", "cohort", "arm", "version", "first", "returning", "engine", "device"];
    (minute, names.map(|name| fields[name].to_string()).join(" "))
}

/// What one report adds, by name.
fn additions(body: &Value) -> Vec<String> {
    let mut names = Vec::new();
    match body["kind"].as_str().unwrap() {
        "exposure" => {
            names.push("exposed".to_owned());
            names.extend((body["both"] == true).then(|| "both".to_owned()));
        }
        "failed" => {
            let code = body["code"].as_str().unwrap();
            names.extend(["failed".to_owned(), format!("code {}", if code == "X1" { "other" } else { code })]);
        }
        "error" => names.push(if body["own"] == true { "errors" } else { "foreignErrors" }.to_owned()),
        "vitals" if body["final"] == true => {}
        "vitals" => {
            let vitals = [
                ("lcp", "lcpMs", [2.5e3, 4e3, 6e3]),
                ("inp", "inpMs", [200.0, 500.0, 1e3]),
                ("cls", "cls", [0.1, 0.25, 0.5]),
            ];
            for (name, field, thresholds) in vitals {
                names.push(format!("{name} measured"));
                let value = body[field].as_f64().unwrap();
                names
                    .extend(thresholds.iter().filter(|threshold| value > **threshold).map(|at| format!("{name} {at}")));
            }
        }
        kind => names.push(kind.to_owned()),
    }
    names
}

type Direct = BTreeMap<(u64, String), BTreeMap<String, u64>>;

/// The merged windows in the form of the independent count.
fn plain(sums: &BTreeMap<(u64, Group), Counts>) -> Direct {
    let mut direct = Direct::new();
    for ((minute, group), counts) in sums {
        let counts = serde_json::to_value(counts).unwrap();
        let mut names = BTreeMap::new();
        let mut add = |name: String, count: &Value| {
            let count = count.as_u64().unwrap();
            if count > 0 {
                names.insert(name, count);
            }
        };
        for name in ["exposed", "both", "ready", "failed", "left", "errors", "foreignErrors"] {
            add(name.to_owned(), &counts[name]);
        }
        counts["codes"].as_object().unwrap().iter().for_each(|(code, count)| add(format!("code {code}"), count));
        for (vital, thresholds) in [("lcp", [2.5e3, 4e3, 6e3]), ("inp", [200.0, 500.0, 1e3]), ("cls", [0.1, 0.25, 0.5])]
        {
            add(format!("{vital} measured"), &counts[vital]["measured"]);
            for (at, threshold) in thresholds.iter().enumerate() {
                add(format!("{vital} {threshold}"), &counts[vital]["above"][at]);
            }
        }
        direct.insert(key(*minute, &serde_json::to_value(group).unwrap()), names);
    }
    direct
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn merged_windows_equal_a_direct_count(steps in steps(4, false)) {
        let mut direct = Direct::new();
        let (sums, gaps) = Fleet::new(4).play(&steps, |minute, sent, outcome| {
            assert_eq!(outcome, Outcome::Counted);
            for name in additions(&sent.body) {
                *direct.entry(key(minute, &sent.body)).or_default().entry(name).or_default() += 1;
            }
        });
        prop_assert!(gaps.ranges().is_empty());
        prop_assert_eq!(plain(&sums), direct);
    }

    /// One collector counts what many do, in any order: a merge is a sum.
    #[test]
    fn any_split_and_order_gives_the_same_sum(steps in steps(4, false), seed in any::<u64>()) {
        // All reports at one time, so that their order does not move their minutes.
        let fixed: Vec<Step> = steps.iter().filter_map(|step| match step {
            Step::Report(sent) => Some(Step::Report(Sent { after: 0, ..sent.clone() })),
            _ => None,
        }).collect();
        let mut shuffled: Vec<(u64, Step)> = fixed.iter().enumerate().map(|(at, step)| {
            let number = canary_collector::hash((seed, 1), at as u64);
            let Step::Report(sent) = step else { unreachable!() };
            (number, Step::Report(Sent { collector: (number % 7) as usize, ..sent.clone() }))
        }).collect();
        shuffled.sort_by_key(|(number, _)| *number);
        let shuffled: Vec<Step> = shuffled.into_iter().map(|(_, step)| step).collect();
        let alone: Vec<Step> = fixed.iter().map(|step| match step {
            Step::Report(sent) => Step::Report(Sent { collector: 0, ..sent.clone() }),
            other => other.clone(),
        }).collect();
        let expected = Fleet::new(1).play(&alone, |_, _, _| {}).0;
        prop_assert_eq!(Fleet::new(4).play(&fixed, |_, _, _| {}).0, expected.clone());
        prop_assert_eq!(Fleet::new(7).play(&shuffled, |_, _, _| {}).0, expected);
    }

    /// A view belongs to the minute that its collector's clock showed at its exposure. Where a clock is set, minutes are a gap;
    /// all others are exact.
    #[test]
    fn clocks_that_are_set_leave_gaps_and_nothing_wrong(steps in steps(3, true)) {
        let mut direct = Direct::new();
        let (sums, gaps) = Fleet::new(3).play(&steps, |minute, sent, _| {
            for name in additions(&sent.body) {
                *direct.entry(key(minute, &sent.body)).or_default().entry(name).or_default() += 1;
            }
        });
        let counted = plain(&sums);
        for (at, names) in counted.iter().filter(|((minute, _), _)| !gaps.contains(*minute)) {
            prop_assert_eq!(direct.get(at), Some(names), "{:?}, gaps {:?}", at, gaps.ranges());
        }
        for (at, names) in direct.iter().filter(|((minute, _), _)| !gaps.contains(*minute)) {
            prop_assert_eq!(counted.get(at), Some(names), "{:?}, gaps {:?}", at, gaps.ranges());
        }
    }

    #[test]
    fn no_bytes_panic(body in prop::collection::vec(any::<u8>(), 0..300), age in any::<f64>()) {
        let _ = canary_collector::Report::parse(&body, age);
    }
}
