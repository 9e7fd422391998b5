#!/usr/bin/env python3
"""Makes windows.json: reports with the time at which they arrive, and the lines that GET /windows answers to them.

An independent count with exact fractions, which shares nothing with the collector but docs/reports.md:
    tests/vectors/telemetry/generate.py > tests/vectors/telemetry/windows.json
"""
import json
from fractions import Fraction

START = 1_800_000_000_000  # The beginning of a minute, in milliseconds since 1970.
BASE = {"v": 1, "age": 0, "salt": "release-1.5.0", "revision": 7, "cohort": "canary", "arm": "canary", "version": "1.5.0",
        "first": "run", "both": False, "returning": False, "engine": "chromium", "device": "desktop"}
STABLE = {"cohort": "rest", "arm": "stable", "version": "1.4.2"}
FIELDS = ["salt", "revision", "cohort", "arm", "version", "first", "returning", "engine", "device"]
VITALS = {"lcp": ("lcpMs", [2500, 4000, 6000]), "inp": ("inpMs", [200, 500, 1000]),
          "cls": ("cls", [Fraction(1, 10), Fraction(1, 4), Fraction(1, 2)])}
CODES = {"E401", "E404"}


def report(at, kind, **fields):
    body = {**BASE, "kind": kind, **fields}
    return {"at": at, "body": {name: value for name, value in body.items() if value is not None}}


def raw(at, text):
    return {"at": at, "text": text}


def empty():
    vital = lambda: {"measured": 0, "above": [0, 0, 0]}
    return {"exposed": 0, "both": 0, "ready": 0, "failed": 0, "left": 0, "errors": 0, "foreignErrors": 0, "codes": {},
            "lcp": vital(), "inp": vital(), "cls": vital()}


def rank(value, order):
    return (0, 0) if value is None else (2, 0) if order is None and value == "other" else (1, value)


def count(case):
    window, horizon = case["window"] * 1000, case["horizon"] * 1000
    salts = {config["salt"] for config in case["configs"]}
    revisions = {config["revision"] for config in case["configs"]}
    versions = {config["version"] for config in case["configs"]}
    rows, refused = {}, 0
    for step in case["reports"]:
        body = step.get("body")
        is_final = body is not None and body.get("final") is True
        if body is None or body["age"] < 0 or (body["age"] > horizon * 1.25 and not is_final):
            refused += 1
            continue
        if is_final:
            continue
        minute = (START + step["at"] - Fraction(body["age"])) // window
        group = {name: body.get(name) for name in FIELDS}
        group["salt"] = group["salt"] if group["salt"] in salts else "other"
        if group["revision"] is not None and group["revision"] not in revisions:
            group["revision"] = "other"
        if group["arm"] == "canary" and group["version"] is not None and group["version"] not in versions:
            group["version"] = "other"
        row = rows.setdefault((int(minute), json.dumps(group)), empty())
        kind = body["kind"]
        if kind == "exposure":
            row["exposed"] += 1
            row["both"] += body["both"]
        elif kind == "failed":
            row["failed"] += 1
            code = body["code"] if body["code"] in CODES else "other"
            row["codes"][code] = row["codes"].get(code, 0) + 1
        elif kind == "error":
            row["errors" if body["own"] else "foreignErrors"] += 1
        elif kind == "vitals":
            for name, (field, thresholds) in VITALS.items():
                if field in body:
                    row[name]["measured"] += 1
                    for at, threshold in enumerate(thresholds):
                        row[name]["above"][at] += Fraction(str(body[field])) > threshold
        else:
            row[kind] += 1
    lines = []
    for (minute, group), counts in rows.items():
        group = json.loads(group)
        counts["codes"] = dict(sorted(counts["codes"].items()))
        key = (minute, group["salt"], rank(group["revision"], None), group["cohort"], group["arm"],
               rank(group["version"], 0), rank(group["first"], 0), group["returning"], group["engine"], group["device"])
        lines.append((key, {"minute": minute, **group, **counts}))
    lines.sort(key=lambda line: line[0])
    return [json.dumps(line, separators=(",", ":")) for _, line in lines], refused


CONFIG = {"salt": "release-1.5.0", "revision": 7, "version": "1.5.0"}
CASES = [
    {"name": "a view of each kind", "window": 60, "horizon": 60, "configs": [CONFIG], "reports": [
        report(1000, "exposure", decisionMs=40.5), report(1400, "ready", age=400, readyMs=400),
        report(61000, "vitals", age=60000, lcpMs=2500.1, inpMs=200, cls=0.25),
        report(130000, "vitals", age=129000, lcpMs=9000, final=True),
        report(2000, "exposure", returning=True), report(2500, "failed", age=500.5, code="E401", returning=True),
        report(3000, "exposure", first=None, engine="webkit", device="mobile"),
        report(3100, "left", age=100, first=None, engine="webkit", device="mobile"),
        report(4000, "exposure", **STABLE), report(4500, "ready", age=500, **STABLE),
        report(5000, "error", age=900, own=True, **STABLE), report(5000, "error", age=900, own=False, **STABLE),
        report(6000, "exposure", cohort="control", arm="stable", version="1.4.2", first="cohort", both=True),
        report(6500, "exposure", cohort="canary", arm="stable", version="1.4.2", device="tablet", engine="gecko"),
        report(6600, "failed", age=100, cohort="canary", arm="stable", version="1.4.2", device="tablet",
               engine="gecko", code="E999")]},
    {"name": "the minute of exposure counts, to the millisecond", "window": 60, "horizon": 60, "configs": [CONFIG],
     "reports": [
        report(59999, "exposure"), report(60000, "exposure"), report(60001, "exposure", age=1.5),
        report(119999, "ready", age=60000), report(134999, "ready", age=75000), report(120000, "ready", age=60000),
        report(130000, "ready", age=75000.1), report(130000, "ready", age=-1), report(130000, "ready", age=-0.001)]},
    {"name": "labels that no config has are other, and absent ones null", "window": 60, "horizon": 60,
     "configs": [CONFIG, {"salt": "release-1.6.0", "revision": 10, "version": "1.6.0"}], "reports": [
        report(0, "exposure"), report(0, "exposure", revision=10), report(0, "exposure", revision=9),
        report(0, "exposure", revision=None), report(0, "exposure", salt="x"), report(0, "exposure", version="9.9.9"),
        report(0, "exposure", version="1.6.0"), report(0, "exposure", version=None),
        report(0, "exposure", salt="release-1.6.0", revision=10, version="1.6.0", unknown={"field": [1]})]},
    {"name": "short minutes for a demonstration", "window": 5, "horizon": 10, "configs": [CONFIG], "reports": [
        report(0, "exposure"), report(4999, "exposure"), report(5000, "exposure"), report(12500, "ready", age=12500),
        report(12501, "ready", age=12501)]},
    {"name": "vitals at their thresholds", "window": 60, "horizon": 60, "configs": [CONFIG], "reports": [
        report(9000, "vitals", age=1, lcpMs=value * 1000, inpMs=value * 100, cls=value / 10)
        for value in (1, 2, 2.5, 3, 4, 5, 6, 7, 10, 11)] + [report(9000, "vitals", age=1)]},
    {"name": "what is no report", "window": 60, "horizon": 60, "configs": [CONFIG], "reports":
        [report(0, "exposure")] + [raw(0, text) for text in ["", "{}", "[]", "null", "exposure", "\u0000", '{"v":1}']] +
        [raw(0, json.dumps({name: value for name, value in {**BASE, "kind": "exposure"}.items() if name != gone}))
         for gone in ["v", "kind", "age", "salt", "cohort", "arm", "both", "returning", "engine", "device"]] +
        [raw(0, json.dumps({**BASE, "kind": "exposure", **change})) for change in [
            {"v": 2}, {"v": "1"}, {"kind": "seen"}, {"age": "0"}, {"age": None}, {"salt": ""}, {"salt": "a b"},
            {"salt": "x" * 65}, {"salt": 5}, {"revision": -1}, {"revision": 1.5}, {"revision": "7"}, {"cohort": "none"},
            {"arm": "control"}, {"version": "1 5"}, {"version": ""}, {"first": "view"}, {"both": 1}, {"returning": "no"},
            {"engine": "trident"}, {"device": "tv"}, {"decisionMs": -1}, {"decisionMs": "4"}]] +
        [raw(0, json.dumps({**BASE, **change})) for change in [
            {"kind": "failed"}, {"kind": "failed", "code": "E 1"}, {"kind": "error"}, {"kind": "error", "own": 1},
            {"kind": "vitals", "cls": -0.1}, {"kind": "vitals", "lcpMs": True}]] +
        [raw(0, json.dumps({**BASE, "kind": "exposure"}) + text) for text in ["x", "{}", ","]] +
        [raw(0, '{"v":1,' + json.dumps({**BASE, "kind": "exposure"})[1:])]},
]

for case in CASES:
    case["start"] = START
    case["expected"], case["refused"] = count(case)
print("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]")
