"""Forty simulated trials and errors of ten kinds in their entry. Synthetic: no trial is real."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr

from review.extraction.evidence import Allocation, ArmSide, Evidence, ScoreRange
from review.extraction.numbers import NUMBER_FIELDS
from review.extraction.vocabulary import ArmRole, Level, Randomised
from review.protocol.vocabulary import AnalysisSet, DeliveryMode, Rater
from tests.extraction.reported import evidence_with

STUDIES = 40
RATE = 0.08
GROSS = (
    "se_for_sd", "variance_for_sd", "mean_decimal", "sd_decimal", "n_tenfold", "arms_swapped",
    "copied_from_another",
)  # fmt: skip
COLUMN = {
    "se_for_sd": "sd", "variance_for_sd": "sd", "sd_decimal": "sd", "n_tenfold": "n",
    "arms_swapped": "mean", "mean_decimal": "mean", "copied_from_another": "mean",
    "wrong_choice": "rater",
}  # fmt: skip
"""Where an error is made that can be made in one column only."""
SMALL = ("last_digit", "wrong_choice", "left_out")

Row = dict[str, Any]


@dataclass(frozen=True)
class Error:
    kind: str
    rows: tuple[int, ...]
    before: tuple[Row, ...]
    """The rows as they were before this error."""


def _arm(rng: np.random.Generator, n: int, centre: float) -> tuple[float, float]:
    scores = np.clip(np.round(rng.normal(centre, 8.5, n)), 0, 63)
    return round(float(scores.mean()), 2), round(float(scores.std(ddof=1)), 2)


def _printed(p: float) -> dict[str, float]:
    """Return p as a report prints it: three decimals, and "<0.001" below that."""
    return {"p": round(p, 3)} if p >= 0.0005 else {"p_below": 0.001}


def clean_rows(seed: int) -> list[Row]:
    """Two arms and their contrast a study: integer scores from 0 to 63, lower is better."""
    rng = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(1, STUDIES + 1):
        effect = rng.normal(0.4, 0.2)
        sizes = rng.integers(25, 90, 2)
        before = rng.normal(28, 2)
        arms: list[dict[str, Any]] = []
        for label, n, shift in (("Video", sizes[0], effect), ("Waiting", sizes[1], 0.0)):
            baseline = _arm(rng, int(n), before)
            after = _arm(rng, int(n), before - 6 - 8.5 * shift)
            arms.append(
                {
                    "study": f"Synthetic {number:02d}",
                    "arm": label,
                    "role": "intervention" if label == "Video" else "wait_list",
                    "n_randomised": int(n + rng.integers(0, 12)),
                    "instrument": "bdi", "rater": "client", "timepoint": "post",
                    "analysis_set": "completers",
                    "n": int(n), "mean": after[0], "sd": after[1],
                    "baseline_mean": baseline[0], "baseline_sd": baseline[1],
                }
            )  # fmt: skip
        a, b = arms
        df = a["n"] + b["n"] - 2
        pooled = np.sqrt(((a["n"] - 1) * a["sd"] ** 2 + (b["n"] - 1) * b["sd"] ** 2) / df)
        t = (a["mean"] - b["mean"]) / (pooled * np.sqrt(1 / a["n"] + 1 / b["n"]))
        p = 2 * float(stdtr(df, -abs(t)))
        better = "Video" if t < 0 else "Waiting"
        for arm in arms:
            arm["favours"] = better if p < 0.05 else "neither"
        contrast = {key: a[key] for key in ("study", "arm", "role", "instrument", "rater",
                                            "timepoint", "analysis_set")}  # fmt: skip
        contrast |= {"versus_arm": "Waiting", "t": round(float(t), 2), **_printed(p)}
        rows += [*arms, contrast]
    return rows


def with_errors(clean: list[Row], seed: int) -> tuple[list[Row], list[Error]]:
    """The same rows, about eight cells in a hundred of them wrong."""
    rng = np.random.default_rng(seed)
    rows = [dict(row) for row in clean]
    cells = [
        (i, column)
        for i, row in enumerate(rows)
        if "versus_arm" not in row
        for column in ("mean", "sd", "n", "baseline_mean", "baseline_sd", "rater")
    ]
    kinds = (*GROSS, *SMALL)
    touched: set[tuple[int, str]] = set()
    errors: list[Error] = []
    for turn, place in enumerate(rng.permutation(len(cells))):
        if turn >= round(RATE * len(cells)):
            break
        i, column = cells[place]
        kind = kinds[turn % len(kinds)]
        other = (i + 1) if rows[i]["arm"] == "Video" else (i - 1)
        wanted = COLUMN.get(kind, "mean" if column == "rater" else column)
        spot = {(i, wanted), (other, wanted)}
        if kind == "copied_from_another":
            spot |= {(i, "sd")}
        if spot & touched or rows[i].get(wanted) is None:
            continue
        touched |= spot
        involved = (i, other) if kind == "arms_swapped" else (i,)
        before = tuple(dict(rows[j]) for j in involved)
        _spoil(rows, clean, i, other, kind, wanted, rng)
        if any(rows[j] != b for j, b in zip(involved, before, strict=True)):
            errors.append(Error(kind, involved, before))
    return rows, errors


def _spoil(
    rows: list[Row], clean: list[Row], i: int, other: int, kind: str, column: str,
    rng: np.random.Generator,
) -> None:  # fmt: skip
    row = rows[i]
    up = bool(rng.integers(2))
    if kind == "se_for_sd":
        row["sd"] = round(row["sd"] / np.sqrt(row["n"]), 2)
    elif kind == "variance_for_sd":
        row["sd"] = round(row["sd"] ** 2, 2)
    elif kind in ("mean_decimal", "sd_decimal"):
        row[column] = round(row[column] * (10 if up else 0.1), 3)
    elif kind == "n_tenfold":
        row["n"] = row["n"] * 10 if up else max(2, row["n"] // 10)
    elif kind == "arms_swapped":
        row["mean"], rows[other]["mean"] = rows[other]["mean"], row["mean"]
    elif kind == "copied_from_another":
        source = clean[(i + 3 * int(rng.integers(1, STUDIES))) % len(clean)]
        row["n"], row["mean"], row["sd"] = source["n"], source["mean"], source["sd"]
    elif kind == "last_digit":
        row[column] = row[column] + 1 if column == "n" else round(row[column] + 0.01, 2)
    elif kind == "wrong_choice":
        row["rater"] = "clinician"
    else:
        row[column] = None


def evidence_of(rows: list[Row]) -> list[Evidence]:
    """The rows as an import would keep them."""
    arms: dict[tuple[str, str], ArmSide] = {}
    studies: dict[str, int] = {}
    for row in rows:
        studies.setdefault(row["study"], len(studies) + 1)
        if "versus_arm" not in row:
            arms[row["study"], row["arm"]] = ArmSide(
                len(arms) + 1, row["arm"], row["arm"], DeliveryMode.VIDEOCONFERENCE,
                ArmRole(row["role"]), row["n_randomised"],
            )  # fmt: skip
    return [
        evidence_with(
            result_id=number,
            entry_kind="single",
            study_id=studies[row["study"]],
            study=row["study"],
            year=2020,
            excluded_because=None,
            outcome="depression",
            instrument="bdi",
            instrument_name="BDI-II",
            higher_is_better=False,
            rater=Rater(row["rater"]),
            timepoint=row["timepoint"],
            analysis_set=AnalysisSet(row["analysis_set"]),
            arm=arms[row["study"], row["arm"]],
            versus=arms[row["study"], row["versus_arm"]] if "versus_arm" in row else None,
            level=Level.CONTRAST if "versus_arm" in row else Level.ARM,
            design=Allocation(randomised=Randomised.INDIVIDUAL),
            scale=ScoreRange(0.0, 63.0, 1.0),
            favours=row.get("favours"),
            **{name: row[name] for name in NUMBER_FIELDS if row.get(name) is not None},
        )
        for number, row in enumerate(rows, start=1)
    ]
