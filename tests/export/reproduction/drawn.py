"""Plans and trials drawn by chance, of every measure, method, test, variant. No trial is real."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from review.errors import InvalidDataError
from review.living.runs.contents import Alternative, ArmInput, TrialInput
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant
from tests.export.reproduction.synthetic import arm, plan, trial

Drawn = tuple[Plan, list[TrialInput], list[Alternative]]

MEASURES: dict[str, tuple[str, ...]] = {
    "means": ("MD", "SMD", "SMDH"), "counts": ("OR", "RR", "RD", "AS", "PETO"),
    "rates": ("IRR", "IRD", "IRSD"), "change": ("SMD", "MD"), "share": ("PLO", "PFT"),
    "mean": ("MN",), "rate": ("IR", "IRLN", "IRS", "IRFT"),
    "within": ("MC", "SMCC", "SMCR", "SMCRH", "SMCRP", "SMCRPH"), "r": ("ZCOR", "COR"),
}  # fmt: skip
"""By what trials report: of two arms, changes between two, one arm, changes within one, r."""
OF_TWO = ("means", "counts", "rates", "change")

OWN_METHODS = {
    "OR": ("MH", "UM.FS", "CM.EL", "CM.AL"), "RR": ("MH",), "RD": ("MH",), "PETO": ("PETO",),
    "IRR": ("MH", "UM.FS", "CM.EL"), "IRD": ("MH",),
}  # fmt: skip
VARIANTS = (
    "fixed", "z_test", "dersimonian_laird", "leave_one_out", "trim_and_fill", "pet_peese",
    "without_influential", "low_risk_only", "three_level", "aggregated", "by_rater",
)  # fmt: skip


class Lot:
    """One review after the other by a seed; `plans` has some, as many as were asked."""

    def __init__(self, seed: int):
        self.by = random.Random(seed)

    def plans(self, n: int) -> Iterator[Drawn]:
        """Yield plans that are accepted, each with trials; what a plan refuses is drawn anew."""
        found = 0
        while found < n:
            kind = self.by.choice(list(MEASURES))
            measure = self.by.choice(MEASURES[kind])
            try:
                chosen = plan(measure, **self._options(kind, measure))
            except (ValidationError, InvalidDataError):
                continue
            found += 1
            yield chosen, *self._trials(kind, measure, chosen)

    def _perhaps(self, share: float) -> bool:
        return self.by.random() < share

    def _options(self, kind: str, measure: str) -> dict[str, Any]:
        by, given = self.by, dict[str, Any]()
        if kind == "r":
            given |= {"kind": "association", "predicts": "symptoms"}
        elif kind not in OF_TWO:
            given["kind"] = "single_arm"
        if kind in ("change", "within"):
            given["change_correlation"] = 0.5
        if kind == "change":
            given["scores"] = "change"
        if kind in OF_TWO and self._perhaps(0.3):
            given["margin"] = by.choice([0.2, 0.5])
        if self._perhaps(0.2):
            given["level"] = by.choice([0.9, 0.99])
        if measure in OWN_METHODS and self._perhaps(0.4):
            return given | {"method": by.choice(OWN_METHODS[measure]), "test": "z"}
        given["method"] = by.choice(
            ["REML", "REML", "DL", "ML", "PM", "EE", "SJ", "HE", "EB", "HS", "HSk", "PMM"]
        )
        given["test"] = by.choice(["z", "t", "knha", "adhoc"])
        if given["method"] != "EE" and self._perhaps(0.2):
            given["prediction"] = by.choice(["k-1", "k-2", "HK"])
        if kind == "counts" and self._perhaps(0.3):
            to = by.choice(["only0", "all", "if0all"])
            given["zero_cells"] = {"add": 0.25, "to": to, "by_arm": self._perhaps(0.4)}
        if kind == "means" and self._perhaps(0.3):
            given["medians"] = by.choice(["qe", "bc", "mln"])
        if measure == "SMD" and self._perhaps(0.3):
            given |= {"vtype": by.choice(["LS2", "UB"]), "correct": self._perhaps(0.5)}
        if self._perhaps(0.6):
            given["variants"] = by.sample(VARIANTS, by.randint(1, 6))
        if self._perhaps(0.35):
            given["subgroups"] = [by.choice(["rater", "year"])]
        if self._perhaps(0.35):
            given["moderators"] = by.choice([["year"], ["rater"], ["year", "rater"]])
        return given

    def _trials(
        self, kind: str, measure: str, chosen: Plan
    ) -> tuple[list[TrialInput], list[Alternative]]:
        by = self.by
        k, risk = by.choice([1, 2, 3, 4, 6, 9, 12]), by.choice([0.02, 0.1, 0.5, 0.97])
        better = self._perhaps(0.5)
        mixed = kind != "counts" and chosen.method not in ("MH", "CM.EL", "CM.AL", "UM.FS")

        def one(number: int) -> TrialInput:
            return self._trial(
                kind, measure, number, risk, better != (mixed and self._perhaps(0.2))
            )

        trials = [one(i) for i in range(1, k + 1)]
        alternatives = []
        for variant in chosen.variants:
            if variant is Variant.BY_RATER:
                alternatives += [
                    Alternative(
                        variant=variant, label=f"rated by {rater}",
                        trials=tuple(t for t in trials if t.rater == rater),
                    )
                    for rater in ("client", "therapist")
                ]  # fmt: skip
            elif variant is Variant.LOW_RISK_ONLY:
                low = tuple(by.sample(trials, min(4, k)))
                alternatives.append(
                    Alternative(variant=variant, label="low risk of bias only", trials=low)
                )
            elif variant in (Variant.THREE_LEVEL, Variant.AGGREGATED):
                same = [
                    one(t.study_id).model_copy(update={"study_id": t.study_id, "study": t.study})
                    for t in trials
                    if self._perhaps(0.6)
                ]
                alternatives.append(
                    Alternative(variant=variant, label="all", trials=(*trials, *same))
                )
        return trials, alternatives

    def _trial(self, kind: str, measure: str, number: int, risk: float, better: bool) -> TrialInput:
        by = self.by
        given: dict[str, Any] = {
            "higher_is_better": better,
            "year": by.randint(1990, 2024),
            "rater": by.choice(["client", "therapist", "observer"]),
        }
        if kind == "means" and self._perhaps(0.1):
            ready = arm(
                "video", estimate=by.gauss(0.2, 0.4), se=by.uniform(0.1, 0.5), metric=measure
            )
            return trial(number, contrast=ready, **given)
        if kind in ("means", "counts") and self._perhaps(0.12):
            given |= {"cluster_size": by.choice([4.0, 9.5]), "icc": 0.05}
        medians = kind == "means" and self._perhaps(0.15)
        make: dict[str, Callable[[str], ArmInput]] = {
            "means": self._median if medians else self._mean, "mean": self._mean,
            "rates": self._rate, "rate": self._rate, "change": self._change, "within": self._change,
            "counts": lambda name: self._count(name, risk),
            "share": lambda name: self._count(name, risk),
            "r": lambda name: arm(
                name, n=by.randint(8, 200), estimate=round(by.uniform(-0.8, 0.9), 2), metric="r"
            ),
        }  # fmt: skip
        arms = {"intervention": (make[kind]("video"),)}
        if kind in OF_TWO:
            arms["comparator"] = (make[kind]("in person"),)
        else:
            given["side"] = by.choice(["video", "in person"])
        return trial(number, **arms, **given)

    def _mean(self, name: str) -> ArmInput:
        by = self.by
        return arm(name, n=by.randint(3, 90), mean=by.uniform(2, 9), sd=by.uniform(0.8, 3))

    def _median(self, name: str) -> ArmInput:
        by, m = self.by, self.by.uniform(4, 9)
        q1, q3 = m - by.uniform(0.6, 2), m + by.uniform(0.6, 3)
        return arm(name, n=by.randint(10, 90), median=m, q1=q1, q3=q3)

    def _count(self, name: str, risk: float) -> ArmInput:
        n = self.by.randint(5, 90)
        return arm(name, n=n, events=sum(self._perhaps(risk) for _ in range(n)))

    def _rate(self, name: str) -> ArmInput:
        by = self.by
        events = by.randint(0, by.choice([2, 30]))
        return arm(name, n=by.randint(10, 60), events=events, person_years=by.uniform(5, 90))

    def _change(self, name: str) -> ArmInput:
        by = self.by
        known = {"correlation": by.uniform(0.1, 0.9)} if self._perhaps(0.5) else {}
        return arm(
            name, n=by.randint(6, 90), baseline_mean=by.uniform(15, 25), mean=by.uniform(8, 20),
            baseline_sd=by.uniform(3, 7), sd=by.uniform(3, 7), **known,
        )  # fmt: skip
