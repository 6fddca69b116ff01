"""Synthetic trials of psychotherapy as reports print them, and errors of entry planted in them.

No trial is real; each is named so. Scores are drawn person by person from beta-binomial
distributions on the instruments' real ranges, with means and SDs as published trials of
psychotherapy for depression have them (BDI-II before treatment about 28, SD 9; PHQ-9 about 15, SD
4.5; Hamilton about 19, SD 5; WAI of 36 items about 205, SD 27; a fifth lost to follow-up; effects
about 0.45, SD 0.25). Nothing here knows how errors are sought: neither thresholds nor checks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from scipy.stats import betabinom, norm
from scipy.stats import t as student

TRIALS: Final = 40
Row = dict[str, Any]
Chance = np.random.Generator


@dataclass(frozen=True)
class Scale:
    """An instrument: range, usual means before and after usual care, SDs of persons and means."""

    low: int
    high: int
    before: float
    after: float
    sd: float
    between: float
    higher_is_better: bool = False


SCALES: Final = {
    "bdi-ii": Scale(0, 63, 28, 22, 10.0, 3.0),
    "phq-9": Scale(0, 27, 15, 11, 5.0, 1.3),
    "hamd": Scale(0, 52, 19, 14, 6.0, 1.8),
    "wai-c": Scale(36, 252, 190, 205, 27.0, 8.0, higher_is_better=True),
}
STYLES: Final = ("arms", "change", "se", "arms", "ci", "md", "arms", "smd", "p", "arms")
"""How symptoms are reported, trial by trial in turn."""
VIDEO, USUAL = "Video", "Usual care"
TREATMENT: Final = {VIDEO: "Video CBT", USUAL: "Treatment as usual"}


@dataclass
class Trial:
    """One trial: its rows by what they report, and what the generator knows about it."""

    label: str
    style: str
    instrument: str
    rows: list[Row] = field(default_factory=list)
    modelled: bool = False
    """Its means are of a mixed model, so that no whole scores add up to them."""

    def slot(self, name: str) -> list[Row]:
        """Rows of symptoms, alliance, response or follow-up."""
        return [row for row in self.rows if row["_slot"] == name]


def trials(seed: int, count: int = TRIALS) -> list[Trial]:
    """Draw trials; the same seed gives the same."""
    chance = np.random.default_rng(seed)
    return [_trial(number, chance) for number in range(1, count + 1)]


def _scores(chance: Chance, scale: Scale, mean: float, sd: float, n: int) -> np.ndarray:
    """Draw whole scores on the range with about this mean and SD."""
    span = scale.high - scale.low
    share = min(max((mean - scale.low) / span, 0.03), 0.97)
    spread = min(sd**2 / (span * share * (1 - share)), 0.9 * span)
    total = max((span - spread) / max(spread - 1, 1e-3), 1.0)
    drawn = betabinom.rvs(span, share * total, (1 - share) * total, size=n, random_state=chance)
    return scale.low + np.asarray(drawn)


def _test(one: np.ndarray, two: np.ndarray) -> tuple[float, float, float, int]:
    """Return difference, its SE, t and the degrees of freedom (Student)."""
    n1, n2 = len(one), len(two)
    df = n1 + n2 - 2
    pooled = math.sqrt(((n1 - 1) * one.var(ddof=1) + (n2 - 1) * two.var(ddof=1)) / df)
    se = pooled * math.sqrt(1 / n1 + 1 / n2)
    return float(one.mean() - two.mean()), se, float(one.mean() - two.mean()) / se, df


def _p(value: float) -> str:
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _trial(number: int, chance: Chance) -> Trial:
    style = STYLES[(number - 1) % len(STYLES)]
    instrument = ("bdi-ii", "phq-9")[int(chance.integers(2))]
    if number in (11, 15, 24, 37):
        instrument = "hamd"
    trial = Trial(f"Synthetic {number:02d}", style, instrument, modelled=chance.random() < 0.12)
    digits = 2 if chance.random() < 0.4 else 1
    randomised = int(np.clip(chance.lognormal(math.log(48), 0.45), 15, 220))
    sizes = [int(n * chance.uniform(0.68, 1.0)) for n in (randomised, randomised + 1)]
    base: Row = {
        "study": trial.label, "year": 2003 + number // 2, "registration": f"NCT900{number:05d}",
        "randomised": "individual",
    }  # fmt: skip
    arms = {
        label: {**base, "arm": label, "treatment": TREATMENT[label], "n_randomised": n,
                "role": role, "delivery_mode": mode}
        for label, n, role, mode in (
            (VIDEO, randomised, "intervention", "videoconference"),
            (USUAL, randomised + 1, "usual_care", "face_to_face"),
        )
    }  # fmt: skip
    effect = chance.normal(0.45, 0.25)

    def contrast(slot: str, instrument: str) -> Row:
        return {
            **arms[VIDEO], "_slot": slot, "versus_arm": USUAL, "versus_treatment": TREATMENT[USUAL],
            "versus_n_randomised": randomised + 1, "versus_delivery_mode": "face_to_face",
            "instrument": instrument, "rater": "self", "timepoint": "post", "analysis_set": "itt",
            "n": sizes[0], "versus_n": sizes[1],
        }  # fmt: skip

    def scored(slot: str, name: str, d: float, timepoint: str, told: str) -> None:
        scale = SCALES[name]
        level = chance.normal(0, scale.between)
        sd = scale.sd * chance.uniform(0.85, 1.15)
        sign = 1 if scale.higher_is_better else -1
        before, after = [], []
        for n, shift in zip(sizes, (d, 0.0), strict=True):
            before.append(_scores(chance, scale, scale.before + level, sd * 0.9, n))
            after.append(_scores(chance, scale, scale.after + level + sign * shift * sd, sd, n))
        difference, se, t, df = _test(*after)
        p = 2 * float(student.sf(abs(t), df))
        better = VIDEO if (difference > 0) == scale.higher_is_better else USUAL
        favours = (better if p < 0.05 else "neither") if chance.random() < 0.8 else None
        if told == "md":
            wide = norm.ppf(0.975) * se
            trial.rows.append(
                contrast(slot, name)
                | {"timepoint": timepoint, "metric": "MD", "estimate": round(difference, digits),
                   "ci_low": round(difference - wide, digits), "favours": favours,
                   "ci_high": round(difference + wide, digits),
                   "p": _p(p) if chance.random() < 0.6 else None}
            )  # fmt: skip
            return
        if told == "smd":
            d_of = t * math.sqrt(1 / sizes[0] + 1 / sizes[1])
            spread = math.sqrt(1 / sizes[0] + 1 / sizes[1] + d_of**2 / (2 * sum(sizes)))
            row = {"timepoint": timepoint, "metric": "SMD", "estimate": round(d_of, 2),
                   "se": round(spread, 2), "favours": favours}  # fmt: skip
            trial.rows.append(contrast(slot, name) | row)
            return
        if told == "p":
            row = {"timepoint": timepoint, "p": _p(p), "favours": better}
            trial.rows.append(contrast(slot, name) | row)
            return
        for arm, n, pre, post in zip(arms.values(), sizes, before, after, strict=True):
            mean, own = float(post.mean()), float(post.std(ddof=1))
            if trial.modelled:
                mean += float(chance.normal(0, 0.05 * own))
            row = {**arm, "_slot": slot, "instrument": name, "rater": "self",
                   "timepoint": timepoint, "analysis_set": "itt", "n": n,
                   "mean": round(mean, digits), "favours": favours}  # fmt: skip
            if told == "se":
                row["se"] = round(own / math.sqrt(n), 2)
            elif told == "ci":
                wide = float(student.ppf(0.975, n - 1)) * own / math.sqrt(n)
                row |= {"ci_low": round(mean - wide, digits), "ci_high": round(mean + wide, digits)}
            else:
                row["sd"] = round(own, digits)
            if told in ("arms", "change") and slot == "symptoms":
                row["baseline_mean"] = round(float(pre.mean()), digits)
                row["baseline_sd"] = round(float(pre.std(ddof=1)), digits)
            if told == "change":
                # persons keep their rank in part: the SD of change as with a correlation of 0.5
                row["mean_change"] = round(mean - float(pre.mean()), digits)
                both = own**2 + pre.var(ddof=1) - own * pre.std(ddof=1)
                row["sd_change"] = round(math.sqrt(both), digits)
            trial.rows.append(row)
        if told in ("arms", "se", "ci") and chance.random() < 0.6:
            printed = {"timepoint": timepoint, "t": round(t, 2), "p": _p(p), "favours": favours}
            trial.rows.append(contrast(slot, name) | printed)

    scored("symptoms", instrument, effect, "post", style)
    if style == "arms" and chance.random() < 0.6:
        scored("follow-up", instrument, effect * 0.8, "6 months", "arms")
    if chance.random() < 0.5:
        scored("alliance", "wai-c", chance.normal(0, 0.25), "post", "arms")
    if chance.random() < 0.7:
        shares = [norm.cdf(norm.ppf(0.3) + shift) for shift in (effect, 0.0)]
        events = [int(chance.binomial(n, s)) for n, s in zip(sizes, shares, strict=True)]
        if number % 3 == 0 and all(0 < e < n for e, n in zip(events, sizes, strict=True)):
            (a, c), (n1, n2) = events, sizes
            ratio = math.log(a * (n2 - c) / (c * (n1 - a)))
            wide = norm.ppf(0.975) * math.sqrt(1 / a + 1 / c + 1 / (n1 - a) + 1 / (n2 - c))
            trial.rows.append(
                contrast("response", "response")
                | {"metric": "OR", "estimate": round(math.exp(ratio), 2),
                   "ci_low": round(math.exp(ratio - wide), 2),
                   "ci_high": round(math.exp(ratio + wide), 2)}
            )  # fmt: skip
        else:
            for arm, n, happened in zip(arms.values(), sizes, events, strict=True):
                trial.rows.append(
                    {**arm, "_slot": "response", "instrument": "response", "rater": "self",
                     "timepoint": "post", "analysis_set": "itt", "n": n, "events": happened}
                )  # fmt: skip
    return trial


Spoil = Callable[[Trial, list[Row], Chance], bool]
"""Change rows of one slot in place; False where the trial's way of reporting leaves no room."""


def _one(rows: list[Row], chance: Chance, *columns: str) -> Row | None:
    """Return a row of an arm, or of a contrast, that has these columns."""
    fit = [row for row in rows if all(row.get(column) is not None for column in columns)]
    return fit[int(chance.integers(len(fit)))] if fit else None


def _arms(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if "versus_arm" not in row]


def _cell(column: str, change: Callable[[Row, Chance], Any], *needs: str) -> Spoil:
    def spoil(_trial: Trial, rows: list[Row], chance: Chance) -> bool:
        row = _one(rows, chance, column, *needs)
        if row is None:
            return False
        new = change(row, chance)
        changed = new is not None and new != row[column]
        if changed:
            row[column] = new
        return bool(changed)

    return spoil


def _swapped(column: str) -> Spoil:
    def spoil(_trial: Trial, rows: list[Row], _chance: Chance) -> bool:
        both = [row for row in _arms(rows) if row.get(column) is not None]
        if len(both) != 2 or both[0][column] == both[1][column]:
            return False
        both[0][column], both[1][column] = both[1][column], both[0][column]
        return True

    return spoil


def _moved(source: str, target: str) -> Spoil:
    """A number in another column, which was empty."""

    def spoil(_trial: Trial, rows: list[Row], _chance: Chance) -> bool:
        fit = [r for r in _arms(rows) if r.get(source) is not None and r.get(target) is None]
        for row in fit:
            row[target] = row.pop(source)
        return bool(fit)

    return spoil


def _mean_and_sd(_trial: Trial, rows: list[Row], chance: Chance) -> bool:
    row = _one(rows, chance, "mean", "sd")
    if row is not None:
        row["mean"], row["sd"] = row["sd"], row["mean"]
    return row is not None


def _follow_up(trial: Trial, rows: list[Row], chance: Chance) -> bool:
    later = _arms(trial.slot("follow-up"))
    if len(later) != 2:
        return False
    place = int(chance.integers(2))
    _arms(rows)[place]["mean"] = later[place]["mean"]
    return True


def _text(column: str, new: str, only: str | None = None) -> Spoil:
    def spoil(trial: Trial, rows: list[Row], _chance: Chance) -> bool:
        # what is said of an arm is said in all rows of the trial
        fit = [row for row in (trial.rows if only else rows) if only is None or row[column] == only]
        for row in fit:
            row[column] = new
        return bool(fit)

    return spoil


def _favours(trial: Trial, rows: list[Row], _chance: Chance) -> bool:
    said = {row["favours"] for row in rows if row.get("favours") in (VIDEO, USUAL)}
    if len(said) != 1 or trial.style == "p":
        return False
    other = USUAL if VIDEO in said else VIDEO
    for row in rows:
        row["favours"] = other
    return True


def _level(_trial: Trial, rows: list[Row], _chance: Chance) -> bool:
    """90 % limits, entered without saying so."""
    fit = [row for row in rows if row.get("ci_low") is not None and row.get("metric") != "OR"]
    for row in fit:
        middle = (row["ci_low"] + row["ci_high"]) / 2
        half = (row["ci_high"] - row["ci_low"]) / 2 * norm.ppf(0.95) / norm.ppf(0.975)
        row["ci_low"], row["ci_high"] = round(middle - half, 2), round(middle + half, 2)
    return bool(fit)


def _logged(_trial: Trial, rows: list[Row], chance: Chance) -> bool:
    row = _one(rows, chance, "metric", "ci_low")
    if row is None or row["metric"] != "OR":
        return False
    for name in ("estimate", "ci_low", "ci_high"):
        row[name] = round(math.log(max(row[name], 0.01)), 2)
    return True


def _transposed(row: Row, _chance: Chance) -> float | None:
    """14.2 for 12.4: two digits of the mean in the other order."""
    whole, dot, rest = f"{row['mean']}".partition(".")
    if len(whole) < 2 or whole[-1] == whole[-2]:
        return None
    return float(f"{whole[:-2]}{whole[-1]}{whole[-2]}{dot}{rest}")


def _tenfold(row: Row, chance: Chance) -> int:
    return int(row["n"]) * 10 if chance.random() < 0.5 else max(2, int(row["n"]) // 10)


def _slipped(column: str) -> Callable[[Row, Chance], float]:
    return lambda row, chance: round(row[column] * (10 if chance.random() < 0.5 else 0.1), 3)


def _other_instrument(trial: Trial, rows: list[Row], _chance: Chance) -> bool:
    other = {"bdi-ii": "phq-9", "phq-9": "bdi-ii"}.get(trial.instrument)
    if other is None or trial.style not in ("arms", "se", "ci") or trial.slot("follow-up"):
        return False
    for row in rows:
        row["instrument"] = other
    return True


def _copied(trial: Trial, rows: list[Row], _chance: Chance) -> bool:
    """The same report entered again under another name."""
    copies = [{**row, "study": f"Invented clinic {trial.label[-2:]}", "registration": None}
              for row in rows]  # fmt: skip
    trial.rows.extend(copies)
    return trial.style not in ("p",)


def _second_report(trial: Trial, rows: list[Row], chance: Chance) -> bool:
    """A second report of the same trial, with a few more persons, as a trial of its own."""
    if trial.style not in ("arms", "se"):
        return False
    more = [{**row, "study": f"Invented report {trial.label[-2:]}", "n": row["n"] + 1,
             "mean": round(row["mean"] + float(chance.normal(0, 0.4)), 1)}
            for row in _arms(rows)]  # fmt: skip
    for row in more:
        row["n_randomised"] = row["n_randomised"] + 1
    trial.rows.extend(more)
    return True


def _percent(row: Row, _: Chance) -> int:
    return round(100 * float(row["events"]) / float(row["n"]))


def _standard_error(row: Row, _: Chance) -> float:
    return round(float(row["sd"]) / math.sqrt(row["n"]), 2)


def _called(metric: str, wrong: str) -> Spoil:
    return _cell("metric", lambda row, _: wrong if row["metric"] == metric else None)


_baseline = _cell("mean", lambda row, _: row["baseline_mean"], "baseline_mean")

RENAMED: Final = "CBT by video"
SYMPTOMS, RESPONSE = ("symptoms",), ("response",)
ANYWHERE = ("symptoms", "alliance")
ERRORS: Final[dict[str, tuple[tuple[str, ...], Spoil]]] = {
    "SE in the column of SDs": (ANYWHERE, _cell("sd", _standard_error)),
    "SD in the column of SEs": (ANYWHERE, _moved("sd", "se")),
    "variance in the column of SDs": (ANYWHERE, _cell("sd", lambda r, _: round(r["sd"] ** 2, 1))),
    "decimal point of a mean": (ANYWHERE, _cell("mean", _slipped("mean"))),
    "decimal point of an SD": (ANYWHERE, _cell("sd", _slipped("sd"))),
    "sign of a mean change": (SYMPTOMS, _cell("mean_change", lambda r, _: -r["mean_change"])),
    "arms swapped": (SYMPTOMS, _swapped("mean")),
    "n above randomised": (ANYWHERE, _cell("n", lambda r, _: r["n_randomised"] + 7)),
    "n ten-fold or a tenth": (SYMPTOMS, _cell("n", _tenfold)),
    "events above n": (RESPONSE, _cell("events", lambda r, _: r["n"] + 3)),
    "percent as events": (RESPONSE, _cell("events", _percent)),
    "mean outside the range": (SYMPTOMS, _cell("mean", lambda r, _: round(-r["mean"], 2))),
    "90 % interval as 95 %": (SYMPTOMS, _level),
    "timepoint in another spelling": (SYMPTOMS, _text("timepoint", "post-treatment")),
    "treatment in another spelling": (SYMPTOMS, _text("treatment", RENAMED, "Video CBT")),
    "study twice, another name": (SYMPTOMS, _copied),
    "second report as a trial": (SYMPTOMS, _second_report),
    "SMD entered as MD": (SYMPTOMS, _called("SMD", "MD")),
    "p printed as 0.00": (SYMPTOMS, _cell("p", lambda r, _: "0.00" if "t" not in r else None)),
    "digits transposed": (ANYWHERE, _cell("mean", _transposed)),
    "favours the other arm": (SYMPTOMS, _favours),
    "log ratio in the ratio's column": (RESPONSE, _logged),
    "ratio as its logarithm": (RESPONSE, _called("OR", "log OR")),
    "follow-up mean at post": (SYMPTOMS, _follow_up),
    "minus dropped": (SYMPTOMS, _cell("estimate", lambda r, _: -r["estimate"])),
    "mean and SD swapped": (ANYWHERE, _mean_and_sd),
    "another instrument": (SYMPTOMS, _other_instrument),
    "baseline mean at post": (SYMPTOMS, _baseline),
}  # fmt: skip
"""What people get wrong, where it can be made, and how. An instrument's direction is in the run."""


@dataclass(frozen=True)
class Error:
    """One planted error: of which kind, in which trial, in which of its rows."""

    kind: str
    trial: Trial
    slot: str
    before: tuple[Row, ...]
    instruments: frozenset[str]
    labels: frozenset[str]
    mark: str
    """What a doubt must name to be about this error; of numbers nothing but its place."""


def plant(found: list[Trial], seed: int, count: int) -> list[Error]:
    """Plant errors of each kind in turn, one to a trial's outcome; change the trials in place."""
    chance = np.random.default_rng(seed + 10_000)
    errors: list[Error] = []
    taken: set[tuple[str, str]] = set()
    kinds = list(ERRORS)
    for turn in range(6 * len(kinds)):
        if len(errors) >= count:
            break
        kind = kinds[turn % len(kinds)]
        slots, spoil = ERRORS[kind]
        places = [(t, slot) for t in found for slot in slots if t.slot(slot)]
        for place in chance.permutation(len(places)):
            trial, slot = places[place]
            if (trial.label, slot) in taken:
                continue
            before = tuple(dict(row) for row in trial.rows)
            if not spoil(trial, trial.slot(slot), chance):
                trial.rows[:] = [dict(row) for row in before]
                continue
            taken.add((trial.label, slot))
            changed = [row for row in trial.rows if row not in before]
            errors.append(
                Error(
                    kind, trial, slot, before,
                    frozenset(row["instrument"] for row in changed),
                    frozenset({trial.label, *(row["study"] for row in changed)}),
                    RENAMED if kind == "treatment in another spelling" else "",
                )
            )  # fmt: skip
            break
    return errors
