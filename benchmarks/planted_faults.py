"""Plant errors of entry in synthetic trials, enter them by the commands a user types, and count.

    python -m benchmarks.planted_faults                    # three seeds, as docs/planted-faults.md
    python -m benchmarks.planted_faults --seeds 7 --errors 60 --full

Prints JSON: for every kind of error how many were planted and where they were first said: refused
or asked about by the import, a doubt or remark of the import, a doubt of `review extract check`,
a notice beside the pooled result, or nowhere; of those that were said nowhere, whether the numbers
themselves hold a sign of them; and the false alarms on the same trials without errors.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scipy.stats import norm

from benchmarks.planted_trials import (
    RENAMED,
    SCALES,
    TREATMENT,
    USUAL,
    VIDEO,
    Error,
    Row,
    Trial,
    plant,
    trials,
)

ANALYSES: Final = ("symptoms", "alliance", "response")
DIRECTION: Final = "direction of an instrument"
WHERE: Final = ("refused or asked", "doubt at import", "check", "beside the result", "nowhere")
_NAMES: Final = {"bdi-ii": "BDI-II", "phq-9": "PHQ-9", "hamd": "HAM-D", "wai-c": "WAI"}


def protocol(turned: str | None = None) -> str:
    """Return the review's protocol; the direction of one instrument may be turned."""
    lines = [
        "review: {slug: planted, title: Synthetic trials with planted errors}",
        "outcomes:",
        *(
            f"  - {{slug: {o}, name: {o.capitalize()}}}"
            for o in ("symptoms", "alliance", "response")
        ),
        "instruments:",
    ]
    for slug, scale in SCALES.items():
        higher = scale.higher_is_better != (slug == turned)
        outcome = "alliance" if slug == "wai-c" else "symptoms"
        lines.append(
            f"  - {{slug: {slug}, name: {_NAMES[slug]}, outcome: {outcome}, higher_is_better: "
            f"{str(higher).lower()}, lowest: {scale.low}, highest: {scale.high}, step: 1}}"
        )
    lines += [
        "  - {slug: response, name: Response, outcome: response, higher_is_better: true}",
        "analyses:",
    ]
    sides = (
        f"intervention: {{label: video, treatment: [{TREATMENT[VIDEO]}]}}, "
        "comparator: {label: usual care, delivery_mode: [face_to_face]}"
    )
    for outcome, more in (
        ("symptoms", "timepoints: [post], margin: 0.5"),
        ("alliance", "timepoints: [post], margin: 0.5"),
        ("response", "timepoints: [post], measure: OR"),
    ):
        plan = f"{{title: {outcome}, outcome: {outcome}, {sides}, {more}}}"
        lines += [f"  - slug: {outcome}", f"    plan: {plan}"]
    return "\n".join(lines) + "\n"


@dataclass
class Told:
    """What the program said, by the moment at which it did."""

    refused: list[str] = field(default_factory=list)
    """Lines of refusals and questions, each with the row that it is about."""
    entry: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """Doubts and remarks of the accepted import, by line."""
    check: list[dict[str, Any]] = field(default_factory=list)
    halted: dict[int, str] = field(default_factory=dict)
    """What stopped an analysis, by the place of the error, which is then mended."""
    notices: list[dict[str, Any]] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    """The rows of the accepted file."""
    unsaid: list[str] = field(default_factory=list)
    """Studies with an open doubt on a number that entered, which no notice names."""


@contextmanager
def _fresh(folder: Path) -> Iterator[Any]:
    from click.testing import CliRunner

    from review.cli import main
    from review.config import settings

    kept = {name: os.environ.get(name) for name in ("REVIEW_DATABASE_URL", "REVIEW_ACTOR")}
    os.environ |= {
        "REVIEW_DATABASE_URL": f"sqlite:///{folder / 'planted.db'}",
        "REVIEW_ACTOR": "ada",
    }
    settings.cache_clear()
    try:
        yield lambda *words: CliRunner().invoke(main, [str(word) for word in words])
    finally:
        for name, value in kept.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        settings.cache_clear()


def _written(path: Path, found: Sequence[Trial]) -> list[Row]:
    rows = [row for trial in found for row in trial.rows]
    header = list(dict.fromkeys(c for row in rows for c in row if not c.startswith("_")))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return rows


def _mend(error: Error) -> None:
    """Put right the rows of one error, as the person does who is refused."""
    trial = error.trial
    good = [dict(row) for row in error.before if row["_slot"] == error.slot]
    trial.rows[:] = [row for row in trial.rows if row["_slot"] != error.slot] + good
    # what is said of an arm is said in all rows of the trial, mended or not
    kept = not error.mark and any(row["treatment"] == RENAMED for row in trial.rows)
    for row in trial.rows:
        row["treatment"] = RENAMED if kept and row["arm"] == VIDEO else TREATMENT[row["arm"]]


def entered(found: list[Trial], errors: Sequence[Error], *, turned: str | None = None) -> tuple[
    Told, dict[int, str]
]:  # fmt: skip
    """Enter trials by the commands, mending only what is refused; return what was said.

    The second value holds, by the place of the error in `errors`, the refusal or question.
    """
    told, stopped = Told(), dict[int, str]()
    with tempfile.TemporaryDirectory() as name, _fresh(Path(name)) as run:
        folder = Path(name)
        (folder / "protocol.yaml").write_text(protocol(turned), encoding="utf-8")
        for words in (("init",), ("new", "--file", folder / "protocol.yaml")):
            done = run(*words)
            assert done.exit_code == 0, done.output
        for _ in range(len(errors) + 1):
            told.lines = _written(folder / "trials.csv", found)
            done = run("extract", "import", folder / "trials.csv", "--json")
            if done.exit_code == 0:
                break
            told.refused += done.output.splitlines()
            spots = {
                int(m[1]): text
                for text in done.output.splitlines()
                if (m := re.match(r"\s*line (\d+)", text))
            }
            rows = {line: told.lines[line - 2] for line in spots}
            due = {
                at: spots[line]
                for at, error in enumerate(errors)
                for line, row in rows.items()
                if at not in stopped and row["study"] in error.labels
                and (row["_slot"] == error.slot)
            }  # fmt: skip
            if not due:
                raise AssertionError(f"refused, and no error is there:\n{done.output}")
            stopped |= due
            for at in due:
                _mend(errors[at])
        report = json.loads(done.stdout)
        for doubt in report["doubts"]:
            told.entry[doubt["line"]].append(
                doubt | {"place": doubt["what"], "message": doubt["why"]}
            )
        for line, text in report["asides"]:
            remark = {"study": "", "kind": "remark", "place": text, "message": text}
            told.entry[line].append(remark)
        told.check = json.loads(run("extract", "check", "--json").stdout)
        for _ in range(len(errors) + 1):
            job = json.loads(run("repool", "--json").stdout)
            due = {
                at: failure["reason"]
                for failure in job["failed"]
                for at, error in enumerate(errors)
                if any(label in str(failure) for label in error.labels)
                and failure["name"]["analysis"] == _analysis(error.slot)
            }
            if not due:
                break
            told.halted |= due
            for at in due:
                _mend(errors[at])
            _written(folder / "trials.csv", found)
            done = run("extract", "import", folder / "trials.csv")
            assert done.exit_code == 0, done.output
        assert not job["failed"], job["failed"]
        for analysis in ANALYSES:
            shown = json.loads(run("runs", "show", analysis, "--json").stdout)
            told.notices += [notice | {"analysis": analysis} for notice in shown["notices"]]
            pooled = {
                (one["study"], "against" in one["recipe"] or one["recipe"].startswith("contrast"))
                for one in shown["results"]["effects"]
            }
            named = {n["key"] for n in shown["notices"] if n["key"]}
            told.unsaid += [
                f"{analysis}: {d['study']}: {d['message']}"
                for d in json.loads(run("extract", "check", "--json").stdout)
                if (d["study"], " against " in d["place"]) in pooled and d["doubt"] not in named
                and _concerns(d["place"], analysis)
            ]  # fmt: skip
    return told, stopped


def _analysis(slot: str) -> str:
    return slot if slot in ("alliance", "response") else "symptoms"


def _concerns(place: str, analysis: str) -> bool:
    if ", 6 months," in place:
        return False
    slug = {"alliance": "wai-c", "response": "response"}.get(analysis)
    return slug in place if slug else any(s in place for s in ("bdi-ii", "phq-9", "hamd"))


def _of(error: Error, study: str, place: str) -> bool:
    return study in error.labels and (
        any(slug in place for slug in error.instruments)
        or place.startswith(("study", "treatment", "timepoint", "arm"))
    )


OMITTED: Final = frozenset({"left_out", "in_part", "another_question", "unmatched", "no_result"})
"""Kinds of notices that tell of a trial which does not enter as it was meant to."""


def _where(
    at: int, error: Error, told: Told, stopped: dict[int, str], clean: set[str]
) -> tuple[str, str]:
    """Return where an error was first said, and in which words."""
    if at in stopped:
        return WHERE[0], stopped[at]
    for line, doubts in told.entry.items():
        row = told.lines[line - 2]
        if row["study"] in error.labels and row["instrument"] in error.instruments:
            for doubt in doubts:
                if _shown(doubt) not in clean and error.mark in doubt["message"]:
                    return WHERE[1], f"{doubt['kind']}: {doubt['message']}"
    for doubt in told.check:
        fresh = _shown(doubt) not in clean and error.mark in doubt["message"]
        if fresh and _of(error, doubt["study"], doubt["place"]):
            return WHERE[2], f"{doubt['kind']}: {doubt['message']}"
    if at in told.halted:
        return WHERE[3], told.halted[at]
    for notice in told.notices:
        about = notice["kind"] in (
            "left_out",
            "in_part",
            "another_question",
            "unmatched",
            "no_result",
        )
        known = f"{notice['analysis']}: {notice['study']}: {notice['what']}" in clean
        if (
            about
            and notice["study"] in error.labels
            and notice["analysis"] == _analysis(error.slot)
            and not known
        ):
            return WHERE[3], f"{notice['kind']}: {notice['what']}"
    return WHERE[4], ""


def _shown(doubt: dict[str, Any]) -> str:
    """Kind and place: the same doubt with other numbers is no find."""
    return f"{doubt['study']}: {doubt['kind']}: {doubt['place']}"


def _said_of(told: Told) -> set[str]:
    """What was said of trials without errors: no find, if it is said again."""
    said = {_shown(doubt) for doubts in told.entry.values() for doubt in doubts}
    said |= {_shown(doubt) for doubt in told.check}
    return said | {f"{n['analysis']}: {n['study']}: {n['what']}" for n in told.notices}


def contradicted(error: Error, after: Sequence[Row], clean: Sequence[Row]) -> str | None:
    """Return what in the data gives an error away, by plain arithmetic of the generator's own.

    None where the wrong number fits the rest of its trial within rounding and lies among the
    numbers that other trials have: nobody can see it without the report.
    """
    rows = [r for r in after if r["_slot"] == error.slot and r["study"] == error.trial.label]
    arms = [r for r in rows if "versus_arm" not in r]
    signs = [sign for row in rows for sign in (*_alone(row, clean), *_of_difference(row, clean))]
    if len(arms) == 2 and all(_sd(r) and r.get("mean") is not None for r in arms):
        signs += _of_two(arms, rows)
    return signs[0] if signs else None


def _sd(row: Row) -> float | None:
    if row.get("sd") or row.get("mean") is None:
        return row.get("sd")
    return row["se"] * row["n"] ** 0.5 if row.get("se") else None


def _sds(row: Row, clean: Sequence[Row]) -> list[float]:
    return [r["sd"] for r in clean if r["instrument"] == row["instrument"] and r.get("sd")]


def _alone(row: Row, clean: Sequence[Row]) -> Iterator[str]:
    scale, mean, sd, others = (
        SCALES.get(row["instrument"]),
        row.get("mean"),
        _sd(row),
        _sds(row, clean),
    )
    if scale and mean is not None and not scale.low <= mean <= scale.high:
        yield "outside the range"
    if row["n"] > row["n_randomised"]:
        yield "more than randomised"
    if sd and others and not min(others) / 1.5 <= sd <= 1.5 * max(others):
        yield "a spread beyond all others"
    change = row.get("mean_change")
    if None not in (mean, change) and abs(mean - row["baseline_mean"] - change) > 0.5:
        yield "means and their change"
    if mean is not None and mean == row.get("baseline_mean"):
        yield "the mean before treatment"
    if mean is not None and row.get("ci_low") is not None:
        low, high = row["ci_low"], row["ci_high"]
        if abs((low + high) / 2 - mean) > 0.15 * (high - low):
            yield "a number beside its interval"


def _of_difference(row: Row, clean: Sequence[Row]) -> Iterator[str]:
    if row.get("metric") not in ("MD", "SMD"):
        return
    shown = USUAL if row["estimate"] > 0 else VIDEO
    if row.get("favours") in (VIDEO, USUAL) and row["favours"] != shown:
        yield "the words"
    if row["metric"] != "MD":
        return
    limits = row.get("ci_low") is not None
    se = (row["ci_high"] - row["ci_low"]) / 2 / norm.ppf(0.975) if limits else row["se"]
    held, others = se / (1 / row["n"] + 1 / row["versus_n"]) ** 0.5, _sds(row, clean)
    if others and not min(others) / 2 <= held <= 2 * max(others):
        yield "a spread beyond all others"
    if row.get("p") and "<" not in row["p"] and float(row["p"]) > 0:
        z = norm.isf(float(row["p"]) / 2)
        if abs(abs(row["estimate"]) / se - z) > 0.15 + 0.1 * z:
            yield "the test"


def _of_two(arms: Sequence[Row], rows: Sequence[Row]) -> Iterator[str]:
    (a, b), (s, u) = arms, [_sd(row) or 0.0 for row in arms]
    difference = a["mean"] - b["mean"]
    t = difference / (s**2 / a["n"] + u**2 / b["n"]) ** 0.5
    better = (difference > 0) == SCALES[a["instrument"]].higher_is_better
    said = {row["favours"] for row in rows if row.get("favours")} & {VIDEO, USUAL}
    if said and (VIDEO in said) != better:
        yield "the words"
    if any(abs(t - r["t"]) > 0.4 + 0.15 * abs(r["t"]) for r in rows if r.get("t") is not None):
        yield "the test"
    if abs(difference) / ((s**2 + u**2) / 2) ** 0.5 > 2.5:
        yield "an effect beyond all others"


STRUCTURAL: Final = frozenset(
    {"timepoint in another spelling", "treatment in another spelling", "study twice, another name",
     "events above n", "log ratio in the ratio's column", "p printed as 0.00"}
)  # fmt: skip
"""Kinds that show in the table itself, whatever the numbers."""


def outcome(seed: int, count: int, *, size: int = 40) -> dict[str, Any]:
    """Plant, enter, and return what was found of one seed."""
    good = trials(seed, size)
    rows = [row for trial in good for row in trial.rows]
    before, none = entered(good, ())
    assert not none
    known = _said_of(before)
    bad = trials(seed, size)
    errors = plant(bad, seed, count - 1)
    after = [[dict(row) for row in error.trial.rows] for error in errors]
    told, stopped = entered(bad, errors)
    found = []
    for at, error in enumerate(errors):
        where, words = _where(at, error, told, stopped, known)
        sign = "the table" if error.kind in STRUCTURAL else contradicted(error, after[at], rows)
        found.append(
            {"kind": error.kind, "trial": error.trial.label, "slot": error.slot, "where": where,
             "words": words, "sign": sign}
        )  # fmt: skip
    turned, _ = entered(trials(seed, size), (), turned="hamd")
    fresh = [d for d in turned.check if _shown(d) not in known and "hamd" in d["place"]]
    found.append(
        {"kind": DIRECTION, "trial": "hamd", "slot": "protocol", "sign": "the words",
         "where": WHERE[1] if fresh else WHERE[4], "words": fresh[0]["message"] if fresh else ""}
    )  # fmt: skip
    alarmed = {d["study"] for d in before.check}
    return {
        "seed": seed,
        "errors": len(found),
        "found": found,
        "pooled_unmentioned": told.unsaid,
        "clean": {
            "trials": size,
            "doubted": len(alarmed),
            "doubted_with_modelled_means": len(alarmed & {t.label for t in good if t.modelled}),
            "modelled": sum(t.modelled for t in good),
            "by_kind": dict(Counter(d["kind"] for d in before.check)),
            "doubts": [f"{d['study']}, {d['place']}: {d['message']}" for d in before.check],
        },
    }


def summary(runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return counts by kind, and false alarms, over runs."""
    kinds: dict[str, Counter[str]] = defaultdict(Counter)
    for run in runs:
        for one in run["found"]:
            kinds[one["kind"]]["planted"] += 1
            kinds[one["kind"]][one["where"]] += 1
            if one["where"] == WHERE[4]:
                kinds[one["kind"]]["with a sign" if one["sign"] else "without a sign"] += 1
    total: Counter[str] = Counter()
    for counts in kinds.values():
        total += counts
    alarms: Counter[str] = Counter()
    for run in runs:
        alarms += Counter(run["clean"]["by_kind"])
    keys = ("trials", "doubted", "modelled", "doubted_with_modelled_means")
    return {
        "seeds": [run["seed"] for run in runs],
        "kinds": {kind: dict(counts) for kind, counts in kinds.items()},
        "total": dict(total),
        "pooled_unmentioned": sum(len(run["pooled_unmentioned"]) for run in runs),
        "clean": {key: sum(run["clean"][key] for run in runs) for key in keys}
        | {"by_kind": dict(alarms)},
    }


def main() -> None:
    """Print JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", default="1,2,3", help="of the synthetic trials")
    parser.add_argument("--errors", type=int, default=60, help="for each seed")
    parser.add_argument("--full", action="store_true", help="every error and alarm in words")
    given = parser.parse_args()
    runs = [outcome(int(seed), given.errors) for seed in given.seeds.split(",")]
    print(json.dumps({"summary": summary(runs)} | ({"runs": runs} if given.full else {}), indent=1))


if __name__ == "__main__":
    main()
