//! Random histories against the phase machine: whatever happens, the weight never rises without evidence.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

use canary_judge::{Circumstances, Decision as Judged, Hold, Judge, NoData, Policy, RollBack};
use canary_rollout::event::Windows;
use canary_rollout::evidence::Evidence;
use canary_rollout::{
    Answers, Commit, Decision, Head, Outcome, Phase, Question, Rollout, Run, Situation, Trailers, decide, salt,
};
use serde_json::{Value, json};

/// Numbers that look random, the same for each seed (`SplitMix64`).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// One chance in so many.
    fn one_in(&mut self, limit: u64) -> bool {
        self.below(limit) == 0
    }
}

/// What Git has.
struct World {
    random: Random,
    rollout: Rollout,
    head: Head,
    run: Option<Run>,
    used: Vec<String>,
    now: i64,
    commits: usize,
    verdict: Judged,
}

fn rollout(random: &mut Random) -> Rollout {
    let strategies = [
        json!({"stepWeights": [1, 5, 50]}),
        json!({"stepWeight": 20, "maxWeight": 50}),
        json!({"iterations": 3}),
        json!({"iterations": 2, "match": [{"plan": "pro"}], "maxWeight": 30}),
        json!({"stepWeight": 50, "maxWeight": 100, "stepWeightPromotion": 30}),
    ];
    let mut analysis = strategies[random.below(5) as usize].clone();
    analysis["threshold"] = json!(3);
    let kinds =
        ["confirm-rollout", "pre-rollout", "rollout", "confirm-traffic-increase", "confirm-promotion", "rollback"];
    let hooks: Vec<_> = kinds
        .iter()
        .filter(|_| random.one_in(2))
        .map(|kind| json!({"name": "h", "type": kind, "url": "http://h"}))
        .collect();
    analysis["webhooks"] = json!(hooks);
    let image = |path: &str| json!({"url": "http://s", "image": {"path": path, "name": "i"}});
    let mut spec = json!({"configRef": {"path": "cm.yaml"}, "canary": image("c"), "analysis": analysis});
    spec["stable"] = if random.one_in(3) { json!({"url": "http://s"}) } else { image("s") };
    spec["skipAnalysis"] = Value::from(random.one_in(8));
    let file = json!({"apiVersion": "canary.rollout/v1alpha1", "kind": "ClientCanary", "metadata": {"name": "f"}, "spec": spec});
    Rollout::read(&file).unwrap()
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let rollout = rollout(&mut random);
        let head = Head { canary_tag: Some("1".to_owned()), stable_tag: Some("0".to_owned()), ..Head::default() };
        Self {
            random,
            rollout,
            head,
            run: None,
            used: Vec::new(),
            now: 1_800_000_000,
            commits: 0,
            verdict: Judged::Hold(Hold::Step),
        }
    }

    fn evidence(&mut self) -> Evidence {
        self.verdict = match self.random.below(12) {
            0 => Judged::RollBack(RollBack::SampleRatio),
            1..6 => Judged::Advance { is_early: false },
            6 => Judged::NoData(NoData::Gap),
            7 => Judged::Hold(Hold::FewViews(3)),
            _ => Judged::Hold(Hold::Step),
        };
        let mut verdict = Judge::new(Policy::default()).verdict(&Circumstances::default());
        verdict.decision = self.verdict;
        let missing = if self.random.one_in(6) { vec!["collector a".to_owned()] } else { Vec::new() };
        let seen = (!self.random.one_in(6)).then_some(1);
        if !missing.is_empty() || seen.is_none() {
            // Neither lets it advance.
            if !matches!(self.verdict, Judged::RollBack(_)) {
                self.verdict = Judged::Hold(Hold::Step);
            }
        }
        let through = u64::try_from(self.now / 60).ok();
        Evidence {
            all: Windows::default(),
            verdict,
            rows: Vec::new(),
            uncapped: Vec::new(),
            read: None,
            through,
            seen,
            is_alive: true,
            window: 60,
            covered: (1, 1),
            missing,
        }
    }

    /// One decision, and what its push leaves in Git.
    fn step(&mut self) -> Decision {
        let next_salt =
            salt(self.head.canary_tag.as_deref().unwrap(), |salt| self.used.iter().any(|used| used == salt));
        let mut answers = Answers::default();
        let mut asked = 0;
        let decision = loop {
            asked += 1;
            assert!(asked < 20, "it asks for ever");
            let it = Situation {
                rollout: &self.rollout,
                head: &self.head,
                run: self.run.as_ref(),
                next_salt: &next_salt,
                now: self.now,
            };
            match decide(it, &answers) {
                Outcome::Done(decision) => {
                    // The same answers give the same decision.
                    let Outcome::Done(again) = decide(it, &answers) else { panic!("it asks again") };
                    assert_eq!(format!("{decision:?}"), format!("{again:?}"));
                    break *decision;
                }
                Outcome::Ask(Question::Evidence) => answers.evidence = Some(self.evidence()),
                Outcome::Ask(Question::Canary(_)) => {
                    answers.canary = Some(if self.random.one_in(4) { Err("404".to_owned()) } else { Ok(json!({})) });
                }
                Outcome::Ask(Question::Stable(_)) => {
                    answers.stable = Some(if self.random.one_in(2) { Err("404".to_owned()) } else { Ok(()) });
                }
                Outcome::Ask(Question::Hooks(kind)) => {
                    let failed = self.random.one_in(6).then(|| "h".to_owned());
                    answers.hooks.insert(kind, failed.into_iter().collect());
                }
                Outcome::Ask(Question::Metrics) => answers.metrics = Some(Vec::new()),
            }
        };
        self.check(&decision);
        self.push(&decision);
        decision
    }

    fn check(&self, decision: &Decision) {
        let before = self.head.percentage;
        let phase = self.run.as_ref().map(Run::phase).unwrap_or_default();
        let Some(change) = &decision.change else {
            assert!(decision.weight == before, "{decision:?}");
            return;
        };
        if let Some(weight) = change.percentage.filter(|weight| *weight > before) {
            let is_first = before == 0.0 && phase == Phase::Initializing;
            let is_promotion = phase == Phase::Promoting;
            let is_judged = decision.verdict == Some("advance") && matches!(self.verdict, Judged::Advance { .. });
            assert!(is_first || is_promotion || is_judged, "rises to {weight} without evidence: {decision:?}");
            assert!(is_promotion || self.rollout.analysis.ladder.after(before).unwrap().1 == weight, "{decision:?}");
            assert!(self.head.foreign.is_empty() && !self.head.is_rewritten && !self.rollout.pause, "{decision:?}");
        }
        if decision.phase == Phase::Failed {
            assert!(change.percentage == Some(0.0), "{decision:?}");
        }
        assert!(!phase.is_over() || change.start.is_some(), "a run that is over goes on: {decision:?}");
    }

    fn push(&mut self, decision: &Decision) {
        let Some((salt, version)) = decision.run.clone() else { return };
        if decision.change.is_none() && decision.events.is_empty() {
            return;
        }
        // The push is lost now and then: then nothing of it is left.
        if self.random.one_in(10) {
            return;
        }
        if self.run.as_ref().is_none_or(|run| run.salt != salt) {
            self.used.push(salt.clone());
            self.run = Some(Run { salt: salt.clone(), version: version.clone(), ..Run::default() });
        }
        let run = self.run.as_mut().unwrap();
        // What Git has is text.
        for event in &decision.events {
            let line = serde_json::to_string(event).unwrap();
            run.events.push(serde_json::from_str(&line).unwrap());
        }
        let Some(change) = &decision.change else { return };
        self.commits += 1;
        if let Some(percentage) = change.percentage {
            self.head.percentage = percentage;
            self.head.largest_revision += 1;
        }
        match change.image {
            Some(canary_rollout::ImageChange::Promote) => self.head.stable_tag = Some(version.clone()),
            Some(canary_rollout::ImageChange::Restore) => self.head.stable_tag = Some("0".to_owned()),
            None => {}
        }
        let trailers = Trailers {
            run: salt,
            version,
            phase: decision.phase,
            step: (decision.step, 5),
            weight: decision.weight,
            ..Trailers::default()
        };
        let trailers = Trailers::parse(&format!("subject\n\n{trailers}")).unwrap();
        let hash = format!("{:040}", self.commits);
        run.commits.push(Commit { hash, time: self.now, revision: self.head.largest_revision, trailers });
        self.head.foreign.clear();
    }

    /// Somebody else, the clock or a new version.
    fn disturb(&mut self) {
        match self.random.below(60) {
            0 => {
                self.head.percentage = [0.0, 3.0, 100.0][self.random.below(3) as usize];
                self.head.foreign.push(("f".repeat(40), self.head.percentage));
            }
            1 => self.rollout.pause = !self.rollout.pause,
            2 => self.now -= 3_600,
            3 => self.head.canary_tag = Some(self.random.below(4).to_string()),
            4 => self.now += 100_000,
            5 => self.rollout.analysis.ladder.0 = vec![2.0, 40.0],
            _ => {}
        }
        self.now += 20 + i64::try_from(self.random.below(90)).unwrap();
    }
}

/// Plays histories, and returns how many ended in each way: promoted, rolled back.
fn play(seeds: std::ops::Range<u64>) -> (u64, u64) {
    let (mut promoted, mut failed) = (0, 0);
    for seed in seeds {
        let mut world = World::new(seed);
        for _ in 0..80 {
            let decision = world.step();
            match decision.phase {
                Phase::Succeeded if decision.change.is_some() => promoted += 1,
                Phase::Failed if decision.change.is_some() => failed += 1,
                _ => {}
            }
            world.disturb();
        }
    }
    (promoted, failed)
}

#[test]
fn no_history_raises_the_weight_without_evidence() {
    let (promoted, failed) = play(0..10_000);
    assert!(promoted > 1_000 && failed > 1_000, "{promoted} promoted, {failed} rolled back");
}

#[test]
#[ignore = "takes about a minute"]
fn no_long_series_of_histories_does() {
    play(0..100_000);
}
