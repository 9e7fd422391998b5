"""Windows of collectors, and the judge's rows that they make, by the definition."""

import random


def binomial(rng, n, p):
    return sum(rng.random() < p for _ in range(n)) if n < 400 else max(0, min(n, round(rng.gauss(n * p, (n * p * (1 - p)) ** 0.5))))


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
