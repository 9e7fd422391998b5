#!/usr/bin/env python3
"""Computes the judge's vectors by the definitions, with 40 digits, and independently of the Rust code.

    pip install mpmath && python3 tests/vectors/judge/generate.py

Nothing is rearranged here for speed or for floats: factors are products, restarts are kept apart, and the two-by-two
factor's root is that of the quadratic formula. The outputs, `histories.json` and `windows.json`, are frozen.
"""

import json
import pathlib
import random
from collections import defaultdict

from mpmath import beta, exp, log, mp, mpf, sqrt

mp.dps = 40
HERE = pathlib.Path(__file__).parent
ALTERNATIVES = [mpf(r) for r in ("1.15", "1.3", "1.6", "2", "3", "5", "10", "30")]
COUNTS = {"not-ready": ("1.10", "0.0005", "rollback"), "error": ("1.25", "0.0005", "rollback"), "left": ("1.25", "0.002", "hold")}
VITALS = {"poor-lcp": "lcp", "poor-inp": "inp", "poor-cls": "cls"}
DEFAULTS = {**COUNTS, **{name: ("1.05", "0", "hold") for name in VITALS}}


def number(value):
    """A float's own value: what a reader of the JSON gets."""
    return mpf(float(value))


def factors(share, rho, r):
    p0 = rho * share / (rho * share + 1 - share)
    pk = rho * r * share / (rho * r * share + 1 - share)
    return pk / p0, (1 - pk) / (1 - p0)


def count_factor(row, metric, rho, delta, r):
    share = number(row["share"])
    if not 0 < share < 1:
        return mpf(1)
    a, b = factors(share, rho, r)
    canary, control = row["canary"], row["control"]
    return a ** canary[metric] * b ** control[metric] * exp(-delta * canary["exposed"] * (a - 1))


def exchanged_factor(row, bad, rho, r):
    share = number(row["share"])
    if not 0 < share < 1:
        return mpf(1)
    a, b = factors(1 - share, rho, r)
    return a ** bad(row["control"]) * b ** bad(row["canary"])


def table_factor(row, vital, threshold, rho, r, past):
    n, x = past
    canary, control = row["canary"][vital], row["control"][vital]
    n_c, n_s = canary["measured"], control["measured"]
    if n == 0 or n_c == 0 or n_s == 0 or not 0 < row["share"] < 1:
        return mpf(1)
    theta_s = (x + mpf("0.5")) / (n + 1)
    if rho * theta_s >= number(0.95):
        return mpf(1)
    theta_c = min(rho * r * theta_s, number(0.95))
    x_c, x_s = canary["above"][threshold], control["above"][threshold]
    square, linear = rho * (n_c + n_s), n_c * (theta_c + rho) + n_s * (1 + rho * theta_s)
    constant = n_c * theta_c + n_s * theta_s
    t = (linear - sqrt(linear**2 - 4 * square * constant)) / (2 * square)
    return (
        (theta_c / (rho * t)) ** x_c * ((1 - theta_c) / (1 - rho * t)) ** (n_c - x_c)
        * (theta_s / t) ** x_s * ((1 - theta_s) / (1 - t)) ** (n_s - x_s)
    )  # fmt: skip


def merge(rows):
    merged = {}
    for row in rows:
        key = (row["minute"], row["revision"], row["first"], row["share"], row["stratum"])
        if key not in merged:
            merged[key] = json.loads(json.dumps(row))
            continue
        for side in ("canary", "control"):
            for name, value in row[side].items():
                into = merged[key][side]
                if isinstance(value, dict):
                    into[name]["measured"] += value["measured"]
                    into[name]["above"] = [a + b for a, b in zip(into[name]["above"], value["above"])]
                else:
                    into[name] += value
    return list(merged.values())


class Process:
    """The factors of one e-process, each with its minute."""

    def __init__(self):
        self.factors = []

    def e(self, first, now):
        def part(start):
            products = [mpf(1)] * 8
            for minute, factor in self.factors:
                if start <= minute <= now:
                    products = [product * f for product, f in zip(products, factor)]
            return sum(products) / 8

        begun = (now - first) // 10
        restarts = sum(mpf("0.2") / (i * (i + 1)) * part(first + 10 * i) for i in range(1, begun + 1))
        return mpf("0.8") * part(first) + restarts + mpf("0.2") / (begun + 1)


def processes(rows, metric, rho, delta, stratum=None):
    if metric in COUNTS:
        process = Process()
        for row in rows:
            if stratum in (None, row["stratum"]):
                process.factors.append((row["minute"], [count_factor(row, metric, rho, delta, r) for r in ALTERNATIVES]))
        return [process]
    vital, found = VITALS[metric], [Process() for _ in range(3)]
    for threshold, process in enumerate(found):
        for row in rows:
            if stratum not in (None, row["stratum"]):
                continue
            earlier = [o["control"][vital] for o in rows if o["minute"] < row["minute"] and o["stratum"] == row["stratum"]]
            past = (sum(o["measured"] for o in earlier), sum(o["above"][threshold] for o in earlier))
            factor = [table_factor(row, vital, threshold, rho, r, past) for r in ALTERNATIVES]
            process.factors.append((row["minute"], factor))
    return found


def mean_e(found, first, now):
    return sum(process.e(first, now) for process in found) / len(found)


def bad_of(metric):
    return (lambda side: side[metric]) if metric in COUNTS else (lambda side: side[VITALS[metric]]["above"][0])


def range_of(rows, metric):
    bad = bad_of(metric)
    sums = defaultdict(lambda: [0, 0])
    for row in rows:
        sums[row["share"]][0] += bad(row["canary"])
        sums[row["share"]][1] += bad(row["control"])
    counts = [({"share": share, "canary": {"bad": c, "exposed": 0}, "control": {"bad": s}}) for share, (c, s) in sums.items()]

    def product(factor):
        total = mpf(0)
        for r in ALTERNATIVES:
            term = mpf(1)
            for row in counts:
                term *= factor(row, r)
            total += term
        return total / 8

    def low_e(ln_rho):
        return product(lambda row, r: count_factor(row, "bad", exp(ln_rho), mpf(0), r))

    def high_e(ln_rho):
        return product(lambda row, r: exchanged_factor(row, lambda side: side["bad"], exp(-ln_rho), r))

    def search(e, falls):
        low, high = mpf(-60), mpf(60)
        if e(low if falls else high) < 40:
            return None
        for _ in range(75):
            middle = (low + high) / 2
            if (e(middle) >= 40) == falls:
                low = middle
            else:
                high = middle
        return exp(low)

    low, high = search(low_e, True), search(high_e, False)
    return {"low": 0.0 if low is None else float(low), "high": None if high is None else float(high)}


def sample_ratio(rows):
    sums = defaultdict(lambda: [0, 0])
    for row in rows:
        key = (row["revision"], row["first"], row["share"])
        sums[key][0] += row["canary"]["exposed"]
        sums[key][1] += row["control"]["exposed"]
    product, surplus = mpf(1), mpf(0)
    for (_, _, share), (n_c, n_s) in sums.items():
        f, k = number(share), mpf(2000)
        surplus += n_c - f * (n_c + n_s)
        if 0 < f < 1:
            product *= beta(k * f + n_c, k * (1 - f) + n_s) / beta(k * f, k * (1 - f)) / (f**n_c * (1 - f) ** n_s)
    return product, surplus


def silent(rows, minute):
    recent = [row for row in rows if minute - 10 < row["minute"] <= minute]
    expected = sum(number(r["share"]) * r["control"]["exposed"] / (1 - number(r["share"])) for r in recent if r["share"] < 1)
    return expected >= 30 and all(row["canary"]["exposed"] == 0 for row in recent)


def judge(rows, policy):
    rows = merge(rows)
    metrics = {}
    for entry in policy.get("metrics") or [{"name": name} for name in DEFAULTS]:
        rho, delta, action = DEFAULTS[entry["name"]]
        metrics[entry["name"]] = {
            "rho": number(entry.get("rho", rho)), "delta": number(entry.get("delta", delta)),
            "action": entry.get("action", action), "weight": number(entry.get("weight", 1)),
        }  # fmt: skip
    alpha, min_views = number(policy.get("alpha", 0.001)), policy.get("minViews", 300)
    on_sample_ratio = policy.get("onSampleRatio", "hold")
    rolling = {name: metric for name, metric in metrics.items() if metric["action"] == "rollback"}
    acting = [name for name, metric in metrics.items() if metric["action"] in ("rollback", "hold")]
    if not rows:
        nothing = {name: {"e": 1.0, "logE": 0.0, "logNoWorse": 0.0 if name in COUNTS else None, "ratio": {"low": 0.0, "high": None}} for name in metrics}
        return {"verdict": "no-data", "minute": None, "metrics": nothing, "sampleRatio": 1.0, "stratum": None}
    first, last = rows[0]["minute"], rows[-1]["minute"]
    found = {name: processes(rows, name, metric["rho"], metric["delta"]) for name, metric in metrics.items()}

    def weighted(es):
        return sum(rolling[name]["weight"] * es[name] for name in rolling) / sum(m["weight"] for m in rolling.values())

    roll_back = None
    for minute in range(first, last + 1):
        so_far = [row for row in rows if row["minute"] <= minute]
        ratio, surplus = sample_ratio(so_far)
        by_evidence = rolling and weighted({name: mean_e(found[name], first, minute) for name in rolling}) >= 1 / alpha
        by_ratio = on_sample_ratio == "rollback" and ratio >= 1000 and surplus < 0
        if by_evidence or silent(rows, minute) or by_ratio:
            roll_back = (minute, "evidence" if by_evidence else "other")
            break
    es = {name: mean_e(found[name], first, last) for name in metrics}
    ratio, _ = sample_ratio(rows)
    revision = max(row["revision"] for row in rows)
    step = [row for row in rows if row["revision"] == revision]
    sides = [sum(row[side]["exposed"] for row in step) for side in ("canary", "control")]
    held = [name for name in acting if es[name] >= 20 * len(acting)]
    blame = None
    if roll_back:
        verdict, blame = "rollback", (list(rolling) if roll_back[1] == "evidence" else None)
    elif on_sample_ratio != "warn" and ratio >= 1000:
        verdict = "hold"
    elif held:
        verdict, blame = "hold", [max(held, key=lambda name: es[name])]
    elif 0 in sides:
        verdict = "no-data"
    elif sum(row["canary"]["exposed"] for row in rows) < min_views:
        verdict = "hold"
    else:
        verdict = "advance"
    stratum = None
    if blame:
        def in_stratum(name):
            e = {m: mean_e(processes(rows, m, metrics[m]["rho"], metrics[m]["delta"], name), first, last) for m in blame}
            return weighted(e) if verdict == "rollback" else e[blame[0]]

        stratum = max(sorted({row["stratum"] for row in rows}), key=in_stratum)
    evidence = {}
    for name in metrics:
        no_worse = None
        if name in COUNTS:
            rho = 1 / mpf("1.5")
            products = []
            for r in ALTERNATIVES:
                product = mpf(1)
                for row in rows:
                    product *= exchanged_factor(row, bad_of(name), rho, r)
                products.append(product)
            no_worse = float(log(sum(products) / 8))
        evidence[name] = {"e": min(float(es[name]), 1.797e308), "logE": float(log(es[name])), "logNoWorse": no_worse, "ratio": range_of(rows, name)}
    return {"verdict": verdict, "minute": roll_back[0] if roll_back else last, "metrics": evidence, "sampleRatio": min(float(ratio), 1.797e308), "stratum": stratum}


# Histories.


def binomial(rng, n, p):
    return sum(rng.random() < p for _ in range(n)) if n < 400 else max(0, min(n, round(rng.gauss(n * p, (n * p * (1 - p)) ** 0.5))))


def side(rng, n, rates, returning):
    not_ready, error, left, poor = rates
    views = {"exposed": n, "not-ready": binomial(rng, n, not_ready) + rng.choice([-1 if n > 30 else 0, 0, 0, 1]), "error": binomial(rng, n, error), "left": binomial(rng, n, left)}
    for vital in ("lcp", "inp", "cls"):
        measured = 0 if returning else binomial(rng, n, 0.7)
        above = [binomial(rng, measured, poor)]
        above += [binomial(rng, above[0], 0.4)]
        above += [binomial(rng, above[1], 0.3)]
        views[vital] = {"measured": measured, "above": above}
    return views


def history(rng, minutes, views, ladder, bad=(1, 1, 1, 1), since=0, strata=2, cohort=True, silent_from=None, surplus=1.0, skip=0.0):
    names = ["chromium/desktop/new", "webkit/mobile/new", "gecko/desktop/returning", "chromium/mobile/returning"][:strata]
    base = (0.04, 0.01, 0.02, 0.2)
    rows = []
    for minute in range(minutes):
        if rng.random() < skip:
            continue
        step = min(minute * len(ladder) // minutes, len(ladder) - 1)
        for first in ("run", "cohort") if cohort and step else ("run",):
            share = ladder[step] if first == "run" else 0.5
            if ladder[step] > 0.5 and first == "cohort":
                continue
            for name in names:
                n = binomial(rng, views, 0.5) if first == "run" else binomial(rng, views, 0.1)
                n_c = binomial(rng, n, min(1, share * surplus))
                if silent_from is not None and minute >= silent_from:
                    n_c = 0
                scale = bad if minute >= since and (len(bad) < 5 or name.startswith(bad[4])) else (1, 1, 1, 1)
                canary = side(rng, n_c, [min(1, b * s) for b, s in zip(base, scale)], "returning" in name)
                control = side(rng, n - n_c, base, "returning" in name)
                rows.append({"minute": 29712345 + minute, "revision": 7 + step, "first": first, "share": share, "stratum": name, "canary": canary, "control": control})
    return rows


def histories():
    rng = random.Random(7)
    small = {"minViews": 40}
    three = {"metrics": [{"name": "not-ready"}, {"name": "error", "weight": 3}, {"name": "poor-lcp", "action": "rollback", "rho": 1.1}]}
    cases = [
        ("nothing", {}, []),
        ("clean", small, history(rng, 25, 60, [0.05, 0.2])),
        ("too few views", {}, history(rng, 12, 40, [0.01])),
        ("nothing boots", {}, history(rng, 14, 60, [0.05], bad=(25, 1, 1, 1))),
        ("late breakage", small, history(rng, 45, 30, [0.1, 0.5], bad=(9, 1, 1, 1), since=32, strata=1)),
        ("errors in one engine", small, history(rng, 20, 120, [0.25], bad=(1, 25, 1, 1, "webkit"), strata=4)),
        ("slow", small, history(rng, 24, 120, [0.5], bad=(1, 1, 1, 2))),
        ("slow, rolled back", {**three, **small}, history(rng, 24, 120, [0.5], bad=(1, 1, 1, 2.4))),
        ("left", small, history(rng, 20, 150, [0.25], bad=(1, 1, 6, 1))),
        ("silent", small, history(rng, 22, 150, [0.1], silent_from=6)),
        ("too few on the canary", small, history(rng, 20, 300, [0.25], surplus=0.6, strata=1)),
        ("too few, rolled back", {**small, "onSampleRatio": "rollback"}, history(rng, 16, 300, [0.25], surplus=0.6, strata=1)),
        ("too many on the canary", {**small, "onSampleRatio": "rollback"}, history(rng, 20, 300, [0.25], surplus=1.5, strata=1)),
        ("sample ratio ignored", {**small, "onSampleRatio": "warn"}, history(rng, 20, 300, [0.25], surplus=1.5, strata=1)),
        ("everybody", small, history(rng, 12, 60, [0.5, 1.0])),
        ("minutes without rows", small, history(rng, 60, 60, [0.1, 0.25], skip=0.6, strata=1)),
        ("one metric, tight", {"alpha": 0.01, "minViews": 0, "metrics": [{"name": "error", "rho": 1, "delta": 0}]}, history(rng, 20, 60, [0.25], bad=(1, 4, 1, 1))),
        ("nothing acts", {"minViews": 0, "metrics": [{"name": "not-ready", "action": "warn"}, {"name": "left", "action": "dryRun"}]}, history(rng, 10, 60, [0.25], bad=(25, 1, 1, 1))),
        ("no canary views in the step", small, history(rng, 8, 100, [0.25])),
        ("large counts", {}, history(rng, 6, 400_000, [0.01, 0.25], strata=1, bad=(1.6, 1, 1, 1))),
        ("beyond a float", {}, history(rng, 6, 40_000, [0.25], strata=1, bad=(12, 1, 1, 1))),
        ("a thousandth", small, history(rng, 15, 30_000, [0.00001, 0.001], strata=1)),
    ]
    cases[18][2].append({**cases[18][2][-1], "minute": cases[18][2][-1]["minute"] + 1, "revision": 9, "canary": side(rng, 0, (0, 0, 0, 0), True)})
    double = history(rng, 12, 60, [0.25], strata=1)
    cases.append(("rows that add up", small, [row for row in double for row in (row, {**row, "canary": side(rng, 5, (0.1, 0.1, 0.1, 0.3), False)})]))
    return cases


# Windows of collectors, folded by the definition.


def windows(rng, collector, minutes, capped):
    rows = []
    for minute in range(*minutes):
        for _ in range(8):
            cohort = rng.choice(["canary", "control", "rest"])
            first = rng.choice(["run", "run", "cohort", None]) if cohort != "rest" else rng.choice(["run", None])
            def counts():
                exposed = rng.randrange(0, 30)
                ready = binomial(rng, exposed, 0.9)
                measured = binomial(rng, ready, 0.8)
                above = sorted((rng.randrange(0, measured + 1) for _ in range(3)), reverse=True)
                return {"exposed": exposed, "both": rng.randrange(0, 2) if cohort != "rest" else 0, "ready": ready, "failed": 0, "left": exposed - ready if rng.random() < 0.5 else 0, "errors": rng.randrange(0, 3), "foreignErrors": 1, "codes": {"E401": 1} if rng.random() < 0.3 else {}, "lcp": {"measured": measured, "above": above}, "inp": {"measured": 0, "above": [0, 0, 0]}, "cls": {"measured": measured, "above": above}}
            row = {"minute": minute, "salt": rng.choice(["r1", "r1", "r1", "r0", None]), "revision": rng.choice([3, 4, 5, 5, 9, "other", None]), "cohort": cohort, "arm": "canary" if cohort == "canary" else "stable", "version": "1.5.0", "first": first, "returning": rng.random() < 0.5, "engine": rng.choice(["chromium", "webkit"]), "device": "desktop", **counts()}
            if capped and rng.random() < 0.3:
                row["capped"] = counts()
            rows.append(row)
    return {"header": {"collector": collector, "window": 60, "since": minutes[0], "through": minutes[1] - 1, "gaps": []}, "windows": rows}


def fold(answers, run):
    through = min(answer["header"]["through"] for answer in answers)
    lost = set()
    for answer in answers:
        lost |= {m for m in range(run["since"], through + 1) if m < answer["header"]["since"]}
        for start, end in answer["header"]["gaps"]:
            lost |= {m for m in range(run["since"], through + 1) if start <= m <= end}
    gaps = []
    for minute in sorted(lost):
        if gaps and gaps[-1][1] == minute - 1:
            gaps[-1][1] = minute
        else:
            gaps.append([minute, minute])
    zero = lambda: {"exposed": 0, "not-ready": 0, "error": 0, "left": 0, **{v: {"measured": 0, "above": [0, 0, 0]} for v in ("lcp", "inp", "cls")}}

    def rows(pick):
        sums = {}
        for answer in answers:
            for w in answer["windows"]:
                share = run["percentages"].get(str(w["revision"]))
                if w["salt"] != run["salt"] or not run["since"] <= w["minute"] <= through or not share or w["first"] is None:
                    continue
                if w["cohort"] == "rest" and (w["first"] == "cohort" or run["balanced"]):
                    continue
                f = 0.5 if (w["first"] == "cohort" or run["balanced"]) and share <= 50 else share / 100
                stratum = f"{w['engine']}/{w['device']}/{'returning' if w['returning'] else 'new'}"
                key = (w["minute"], w["revision"], 0 if w["first"] == "run" else 1, stratum)
                row = sums.setdefault(key, {"minute": w["minute"], "revision": w["revision"], "first": w["first"], "share": f, "stratum": stratum, "canary": zero(), "control": zero()})
                into, counts = row["canary" if w["cohort"] == "canary" else "control"], pick(w)
                into["exposed"] += counts["exposed"]
                into["not-ready"] += counts["exposed"] - counts["ready"] - counts["left"]
                into["error"] += counts["errors"]
                into["left"] += counts["left"]
                for vital in ("lcp", "inp", "cls") if not w["returning"] else ():
                    into[vital]["measured"] += counts[vital]["measured"]
                    into[vital]["above"] = [a + b for a, b in zip(into[vital]["above"], counts[vital]["above"])]
        return [row for _, row in sorted(sums.items()) if row["canary"] != zero() or row["control"] != zero()]

    mine = [w for a in answers for w in a["windows"] if w["salt"] == run["salt"] and run["since"] <= w["minute"] <= through]
    capped = lambda w: w.get("capped", w)
    assigned = [capped(w) for w in mine if w["cohort"] != "rest"]
    return {
        "rows": rows(capped), "uncapped": rows(lambda w: w) if any("capped" in w for w in mine) else None,
        "through": through, "gaps": gaps,
        "assigned": sum(c["exposed"] for c in assigned), "both": sum(c["both"] for c in assigned),
        "foreign": sum(w["exposed"] for w in mine if str(w["revision"]) not in run["percentages"]),
        "codes": {code: n for code, n in [("E401", sum(capped(w)["codes"].get("E401", 0) for w in mine if w["cohort"] == "canary"))] if n},
    }  # fmt: skip


def window_cases():
    rng = random.Random(11)
    percentages = {"3": 0, "4": 5, "5": 12.5}
    one = [windows(rng, "a", (100, 103), False)]
    two = [windows(rng, "a", (100, 104), True), windows(rng, "b", (101, 103), True)]
    two[0]["header"]["gaps"] = [[90, 100], [102, 102]]
    high = [windows(rng, "a", (100, 102), False)]
    return [
        ("one collector", one, {"salt": "r1", "since": 100, "percentages": percentages, "balanced": False}),
        ("two collectors, caps and gaps", two, {"salt": "r1", "since": 100, "percentages": percentages, "balanced": False}),
        ("balanced", one, {"salt": "r1", "since": 101, "percentages": percentages, "balanced": True}),
        ("balanced above half", high, {"salt": "r1", "since": 100, "percentages": {"4": 60, "5": 100}, "balanced": True}),
    ]


def write(name, cases):
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (HERE / name).write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    write("histories.json", [{"name": name, "policy": policy, "rows": rows, "expected": judge(rows, policy)} for name, policy, rows in histories()])
    write("windows.json", [{"name": name, "answers": answers, "run": run, "expected": fold(answers, run)} for name, answers, run in window_cases()])
