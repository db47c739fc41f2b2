"""Compute every grade of a course anew, from its files alone: reports, assignment, roster, and the decisions.

This script shares nothing with the program: `python sums.py COURSE` prints the points by learner, as JSON.
"""

import datetime
import hashlib
import json
import math
import sqlite3
import sys
import tomllib
from fractions import Fraction
from pathlib import Path


def half_up(value, step):
    return math.floor(value / step + Fraction(1, 2)) * step


def attempt_of(report, key, rules, decided):
    """Add up an attempt's items; give its time and its points before lateness, None if it has none."""
    at, total, extra = datetime.datetime.fromisoformat(report["submission"]["submitted_at"]), 0, 0
    fractions = {c["id"]: Fraction(str(c["fraction"])) for i in report["items"] for c in i["checks"]}
    for item in rules["items"]:
        most, weights = Fraction(str(item["points"])), [Fraction(c.get("weight", 1)) for c in item["checks"]]
        if (key, item["id"]) in decided["reviews"]:
            given, remarks = decided["reviews"][key, item["id"]]
            added = sum(decided["remarks"][one] for one in remarks)
            points = min(most, max(0, most + added) if given is None else Fraction(given))
        elif report["items"]:
            shares = [w * fractions[c["id"]] for w, c in zip(weights, item["checks"], strict=True)]
            points = half_up(most * sum(shares) / sum(weights), Fraction(1, 10000))
        elif item.get("extra_credit"):
            points = 0
        else:  # no score, and nobody has judged it
            return at, None
        if item.get("extra_credit"):
            extra += points
        else:
            total += points
    return at, total + min(extra, Fraction(str(rules["extra_credit"]["most"])))


def grade(attempts, due, rules):
    """Take what lateness costs, and keep the best attempt."""
    late, maximum = rules["late"], sum(i["points"] for i in rules["items"] if not i.get("extra_credit"))
    accepted = [(at, p) for at, p in attempts if (at - due).total_seconds() <= late["cut_off_hours"] * 3600]
    if accepted and all(points is None for _, points in accepted):
        return None
    best = Fraction(0)
    for at, points in accepted:
        by = (at - due).total_seconds()
        days = math.ceil(by / 86400) if by > late["grace_minutes"] * 60 else 0
        best = max(best, points - min(points, Fraction(days * late["percent"] * maximum, 100)))
    return float(half_up(best, Fraction(str(rules["rounding"]["step"]))))


def main(course):
    (definition,) = course.glob("source/*/assignment.toml")
    rules = tomllib.loads(definition.read_text())
    there = sqlite3.connect(course / "gradebook.sqlite3")
    rows = there.execute("SELECT attempt, item, withdrawn, points, remarks FROM reviews ORDER BY row")
    newest = {(key, item): review for key, item, *review in rows}
    decided = {
        "attempts": dict(there.execute("SELECT sha256, attempt FROM reports")),
        "reviews": {
            k: (points, json.loads(remarks)) for k, (gone, points, remarks) in newest.items() if not gone
        },
        "remarks": {
            k: Fraction(p) for k, p in there.execute("SELECT remark, points FROM remarks ORDER BY row")
        },
    }
    until = dict(there.execute("SELECT learner, until FROM extensions ORDER BY row"))
    excused = dict(there.execute("SELECT learner, excused FROM excuses ORDER BY row"))
    handed_in, grades = {}, {}
    for path in course.glob("reports/reports/*/*.json"):
        report, key = json.loads(path.read_bytes()), hashlib.sha256(path.read_bytes()).hexdigest()
        for learner in report["learner"]["id"].split(" + "):  # a pair's work counts for both
            attempt = attempt_of(report, decided["attempts"][key], rules, decided)
            handed_in.setdefault(learner, []).append(attempt)
    for (learner,) in there.execute("SELECT DISTINCT learner FROM persons ORDER BY learner"):
        attempts = handed_in.get(learner)
        due = datetime.datetime.fromisoformat(until.get(learner) or rules["due_at"])
        counts = attempts and not excused.get(learner)
        grades[learner] = grade(attempts, due, rules) if counts else None
    print(json.dumps(grades))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
