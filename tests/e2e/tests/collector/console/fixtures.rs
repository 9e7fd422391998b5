//! States of a controller, as its `/status` answers them.

use serde_json::{Value, json};

/// A state, what the page shows of it, and what it must not show.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) status: fn() -> Value,
    pub(crate) shows: &'static [&'static str],
    /// The tone of the state: what its border says, beside the word and the sign.
    pub(crate) tone: &'static str,
    pub(crate) hides: &'static [&'static str],
}

/// RFC 3339 of so many seconds ago.
fn ago(seconds: i64) -> String {
    let time = time::OffsetDateTime::now_utc() - time::Duration::seconds(seconds);
    let (date, clock) = (time.date(), time.time());
    format!("{date}T{:02}:{:02}:{:02}Z", clock.hour(), clock.minute(), clock.second())
}

fn metric(name: &str, mark: &str, canary: (u64, u64), stable: (u64, u64), ratio: Option<f64>) -> Value {
    json!({
        "name": name, "mark": mark, "note": "", "action": "rollback",
        "canary": {"bad": canary.0, "of": canary.1}, "stable": {"bad": stable.0, "of": stable.1},
        "ratio": ratio, "low": ratio.map_or(0.0, |it| it / 2.0), "high": ratio.map(|it| it * 2.0), "limit": 1.1,
        "e": 1.2, "logE": ratio.map_or(0.0, f64::ln), "holdLine": 80.0, "harmLine": 2000.0, "stratum": null, "code": null
    })
}

/// A run at 10 % in which nothing is wrong.
pub(crate) fn progressing() -> Value {
    json!({
        "name": "frontend", "namespace": "shop", "at": ago(0), "state": "Progressing", "phase": "Progressing",
        "sentence": "Progressing at 10 %: no metric is above its limit. Decides 14:52 UTC.",
        "reason": "the step is not over", "cause": "step", "ends": null, "run": "2.5.0", "version": "2.5.0",
        "stable": "2.4.1", "stableSince": null, "step": 2, "steps": 3, "weights": [5, 10, 50], "weight": 10,
        "verdict": "hold", "next": ago(-2220), "started": ago(5400), "duration": 5400,
        "views": {"canary": 1712, "stable": 15408, "needed": 300, "perSecond": 5.0, "left": null},
        "share": {"set": 10, "seen": 9.9, "sampleRatio": {"ok": true, "e": 1.0, "line": 1000, "canary": 1712, "expected": 1700}},
        "ladder": [
            {"step": 1, "weight": 5, "state": "done", "at": ago(5000), "seen": ago(4900)},
            {"step": 2, "weight": 10, "state": "now", "at": ago(1500), "seen": ago(1400)},
            {"step": 3, "weight": 50, "state": "next", "at": null, "seen": null}
        ],
        "time": {"covered": 23, "needed": 60, "stepLeft": 2220, "stepEnds": ago(-2220), "runLeft": 9600, "runEnds": ago(-9600)},
        "metrics": [
            metric("not-ready", "ok", (31, 1712), (262, 15408), Some(1.06)),
            metric("error", "ok", (3, 1712), (30, 15408), Some(0.9))
        ],
        "faults": [{"code": "E401", "canary": 31, "stable": 250}],
        "data": {"through": ago(95), "age": 95, "stale": false, "collectors": {"seen": 2, "expected": 2}, "missing": [], "gaps": []},
        "failedChecks": 0,
        "commits": [
            {"commit": "0b1c2d3aaaaaaa", "at": ago(1500), "subject": "rollout(frontend): raise canary from 5 % to 10 %",
             "phase": "Progressing", "step": 2, "weight": 10, "revision": 4, "seen": ago(1400)}
        ],
        "runs": [
            {"run": "2.5.0", "version": "2.5.0", "phase": "Progressing", "started": ago(5400), "ended": null, "weight": 10,
             "commit": "0b1c2d3aaaaaaa", "subject": "rollout(frontend): raise canary from 5 % to 10 %"},
            {"run": "2.4.1", "version": "2.4.1", "phase": "Succeeded", "started": ago(99000), "ended": ago(90000), "weight": 50,
             "commit": "77aa88bbbbbbb", "subject": "rollout(frontend): finish 2.4.1: everyone on stable"}
        ],
        "command": null, "error": null, "series": {"window": 60, "every": 1, "minutes": []}
    })
}

/// A status with some values replaced.
pub(crate) fn patched(mut status: Value, patch: &Value) -> Value {
    for (key, value) in patch.as_object().unwrap() {
        status[key] = value.clone();
    }
    status
}

/// The ladder after the end of a run that has reached so many steps: none is the current one.
fn ended(reached: usize) -> Value {
    let mut ladder = progressing()["ladder"].clone();
    for (index, rung) in ladder.as_array_mut().unwrap().iter_mut().enumerate() {
        rung["state"] = json!(if index < reached { "done" } else { "next" });
    }
    ladder
}

/// A metric that is above its limit.
pub(crate) fn above() -> Value {
    json!({
        "state": "Holding", "cause": "evidence", "time": null,
        "sentence": "Holding at 10 %: not-ready is at its hold line. Advances when the evidence falls below the hold line, \
            rolls back when it is proven.",
        "metrics": [
            metric("error", "ok", (3, 1712), (30, 15408), Some(0.9)),
            metric("not-ready", "above", (93, 1712), (270, 15408), Some(3.1)),
        ]
    })
}

pub(crate) fn collecting() -> Value {
    let patch = json!({
        "state": "Collecting", "cause": "few-views", "sentence": "Collecting at 10 %: 118 of 300 views, about 9 min.",
        "views": {"canary": 118, "stable": 1064, "needed": 300, "perSecond": 0.5, "left": 540},
        "metrics": [metric("not-ready", "collecting", (2, 118), (20, 1064), Some(0.9))]
    });
    patched(progressing(), &patch)
}

/// A history of so many minutes.
pub(crate) fn with_history(status: &Value, minutes: u64) -> Value {
    let first = u64::try_from(time::OffsetDateTime::now_utc().unix_timestamp()).unwrap() / 60 - minutes - 2;
    let each = |value: u64| vec![value; usize::try_from(minutes).unwrap()];
    let evidence: Vec<_> = (0..minutes).map(|it| f64::from(u32::try_from(it % 40).unwrap()) / 20.0).collect();
    let arm = |exposed, bad| json!({"exposed": each(exposed), "bad": {"not-ready": each(bad)}, "measured": {}});
    let series = json!({
        "window": 60, "every": 1, "minutes": (first..first + minutes).collect::<Vec<_>>(), "canary": arm(30, 2),
        "stable": arm(270, 5), "set": each(10), "seen": each(10), "logE": {"not-ready": evidence, "error": evidence},
        "logMeanE": evidence, "logHoldLine": 4.4, "logRollbackLine": 6.9
    });
    patched(status.clone(), &json!({"series": series}))
}

pub(crate) const CASES: [Case; 12] = [
    Case {
        name: "no run",
        tone: "quiet",
        status: || {
            patched(
                progressing(),
                &json!({"state": "No run", "phase": "Initialized", "cause": null, "run": null, "weight": 0, "ladder": [],
                "time": null, "metrics": [], "commits": [], "stableSince": ago(7200), "share": {"set": 0, "seen": null},
                "sentence": "No run: 2.4.1 serves everyone.", "command": "canaryctl rollout start --version 2.5.0"}),
            )
        },
        shows: &["No run", "2.4.1 serves everyone", "everyone since", "canaryctl rollout start --version 2.5.0"],
        hides: &["Step ends in"],
    },
    Case {
        name: "not seen",
        tone: "quiet",
        status: || {
            let mut status = patched(
                progressing(),
                &json!({"state": "Collecting", "cause": "not-seen", "time": {"covered": 0, "needed": 60, "stepLeft": null,
                "stepEnds": null, "runLeft": null, "runEnds": null}, "metrics": [],
                "sentence": "Collecting at 10 %: committed, not yet seen in browsers. The step's clock starts with the first view."}),
            );
            status["commits"][0]["seen"] = Value::Null;
            status
        },
        shows: &["Not seen yet", "not yet seen in browsers", "the clock is stopped", "0b1c2d3"],
        hides: &["within its limit"],
    },
    Case {
        name: "collecting",
        tone: "quiet",
        status: collecting,
        shows: &["Collecting", "118 of 300 views, about 9 min", "… not enough views yet", "118 (needs 300)"],
        hides: &["✓ within"],
    },
    Case {
        name: "progressing",
        tone: "good",
        status: progressing,
        shows: &[
            "Progressing",
            "Decides 14:52 UTC",
            "37 min",
            "✓ within its limit",
            "31 / 1,712",
            "1.81 %",
            "nothing to do",
            "● under way",
            "✓ promoted",
            "77aa88b",
        ],
        hides: &["Canary fails"],
    },
    Case {
        name: "hold",
        tone: "wait",
        status: || patched(progressing(), &above()),
        shows: &[
            "Holding",
            "Advances when the evidence falls",
            "! above its limit, unproven",
            "Canary fails 3.1 times as often; E401.",
        ],
        hides: &["Step ends in"],
    },
    Case {
        name: "gap",
        tone: "wait",
        status: || {
            let gap = [ago(400), ago(340)];
            let data = json!({"through": ago(95), "age": 95, "stale": false, "collectors": {"seen": 1, "expected": 2},
                "missing": ["collector 10.0.0.7:9090 did not answer"], "gaps": [gap]});
            let status = patched(
                progressing(),
                &json!({"state": "Holding", "cause": "gap", "data": data, "time": null,
                "sentence": "Holding at 10 %: minutes are missing. Decides after a whole interval without a gap."}),
            );
            with_history(&status, 30)
        },
        shows: &[
            "Holding",
            "Decides after a whole interval without a gap",
            "▨",
            "1 of 2 answer",
            "collector 10.0.0.7:9090 did not answer",
        ],
        hides: &["Step ends in"],
    },
    Case {
        name: "stale",
        tone: "wait",
        status: || {
            let data = json!({"through": ago(420), "age": 420, "stale": true, "collectors": {"seen": 0, "expected": 2},
                "missing": [], "gaps": []});
            patched(
                progressing(),
                &json!({"state": "Holding", "cause": "collectors", "data": data,
                "sentence": "Holding at 10 %: collector a is 7 min behind. Decides when they are back."}),
            )
        },
        shows: &[
            "These data are 7 min old. Nothing is decided until new ones come.",
            "No time left is shown: the clock is stopped.",
        ],
        hides: &["Step ends in"],
    },
    Case {
        name: "rolled back",
        tone: "bad",
        status: || {
            let mut worse = metric("not-ready", "worse", (93, 1712), (270, 15408), Some(3.1));
            worse["stratum"] = json!("webkit/mobile/new");
            worse["code"] = json!("E401");
            patched(
                progressing(),
                &json!({"state": "Rolled back", "phase": "Failed", "ladder": ended(2), "cause": null, "weight": 0, "time": null, "metrics": [worse],
                "stableSince": ago(600), "share": {"set": 0, "seen": null},
                "sentence": "Rolled back: everyone on 2.4.1 since 14:31 UTC. Errors 3.1 times, WebKit.",
                "command": "canaryctl rollout start --version 2.5.0"}),
            )
        },
        shows: &[
            "Rolled back",
            "everyone on 2.4.1 since 14:31 UTC",
            "✕ worse",
            "93 / 1,712",
            "Canary fails 3.1 times as often in WebKit on mobile",
            "E401",
            "0b1c2d3",
            "10 % ✓",
        ],
        hides: &["Step ends in", "● now"],
    },
    Case {
        name: "promoted",
        tone: "good",
        status: || {
            let commits = json!([
                {"commit": "9f8e7d6ccccccc", "at": ago(700), "subject": "rollout(frontend): promote 2.5.0 to stable",
                 "phase": "Promoting", "step": 3, "weight": 50, "revision": 6, "seen": ago(690)},
                {"commit": "5a4b3c2ddddddd", "at": ago(600), "subject": "rollout(frontend): finish 2.5.0: everyone on stable",
                 "phase": "Succeeded", "step": 3, "weight": 0, "revision": 7, "seen": null}
            ]);
            patched(
                progressing(),
                &json!({"state": "Promoted", "commits": commits, "ladder": ended(3), "phase": "Succeeded", "cause": null, "weight": 0, "time": null, "stable": "2.5.0",
                "stableSince": ago(600), "share": {"set": 0, "seen": null},
                "sentence": "Promoted: everyone on 2.5.0 since 14:31 UTC.", "command": "canaryctl rollout verify"}),
            )
        },
        shows: &[
            "✓ Promoted",
            "everyone on 2.5.0 since 14:31 UTC",
            "31 / 1,712",
            "9f8e7d6",
            "promote 2.5.0 to stable",
            "canaryctl rollout verify",
        ],
        hides: &["Step ends in", "within 5 min", "● now"],
    },
    Case {
        name: "rolling back",
        tone: "bad",
        status: || {
            let mut worse = metric("not-ready", "worse", (93, 1712), (270, 15408), Some(3.1));
            worse["code"] = json!("E401");
            patched(
                progressing(),
                &json!({"state": "Rolling back", "cause": "rollback", "time": null, "metrics": [worse],
                "sentence": "Rolling back at 10 %: not-ready 3.1 times, WebKit."}),
            )
        },
        shows: &[
            "↩ Rolling back",
            "Rolling back at 10 %: not-ready 3.1 times",
            "✕ worse",
            "Canary fails 3.1 times as often; E401.",
        ],
        hides: &["Step ends in", "✓ within"],
    },
    Case {
        name: "promoting",
        tone: "good",
        status: || {
            patched(
                progressing(),
                &json!({"state": "Promoting", "phase": "Promoting", "cause": "promoting", "time": null, "weight": 50,
                "share": {"set": 50, "seen": 50.1},
                "sentence": "Promoting at 50 %: 1 of 3 addresses of stable serve 2.5.0. Goes on when every address serves the version."}),
            )
        },
        shows: &["⇧ Promoting", "Goes on when every address serves the version.", "50 %", "✓ within its limit"],
        hides: &["Step ends in"],
    },
    Case {
        name: "paused",
        tone: "wait",
        status: || {
            patched(
                progressing(),
                &json!({"state": "Paused by operator", "cause": "pause", "time": null, "command": "canaryctl rollout resume",
                "sentence": "Paused by operator at 10 %: paused by spec.pause; the judge goes on and may roll back. \
                    Goes on with canaryctl rollout resume."}),
            )
        },
        shows: &["‖ Paused by operator", "the judge goes on and may roll back", "canaryctl rollout resume"],
        hides: &["Step ends in"],
    },
];
