"""Synthetic runs of every kind that the scripts reproduce. No number here is a real trial's."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from review.export.runs import LatestRun
from review.extraction.numbers import ReportedNumbers
from review.living.estimates.effects import trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.reports.changes import compare
from review.living.runs.contents import (
    Alternative,
    ArmInput,
    RunInputs,
    Source,
    TrialInput,
)
from review.protocol.rules import Plan
from review.protocol.sampling import planned_formulas
from review.protocol.vocabulary import Variant

NASTY = (
    'O"Brien & D\'Arcy {2001}', "back\\slash\\n", "two\nlines", "=1+1", "Müller, Ł. 学",
    "NA", "#hash %d $x_^~", "tab\there", "'); quit(status = 0) #", "😀 emoji",
)  # fmt: skip
"""Study names that quoting, escaping and encoding have to survive."""

_ids = count(1)


def arm(name: str, **numbers: Any) -> ArmInput:
    source = Source(result_id=next(_ids), entry_kind="consensus", report=None, page="3")
    return ArmInput(arm=name, numbers=ReportedNumbers(**numbers), source=source)


def trial(number: int, **given: Any) -> TrialInput:
    return TrialInput(
        **{
            "study_id": number,
            "study": NASTY[(number - 1) % len(NASTY)] + f" {number}",
            "year": 2000 + 3 * number,
            "instrument": "wai",
            "higher_is_better": True,
            "rater": "client" if number % 2 else "therapist",
            "timepoint": "post",
            "analysis_set": "itt",
            **given,
        }
    )


def plan(measure: str, **given: Any) -> Plan:
    return Plan.model_validate(
        {
            "title": f"{measure} of \"quoted\" and \\ 'single'\nsecond line",
            "outcome": "alliance",
            "intervention": {"label": "video", "treatment": ["video"]},
            "comparator": {"label": "in person", "treatment": ["in person"]},
            "measure": measure,
            **given,
        }
    )


def run(
    slug: str, chosen: Plan, trials: Sequence[TrialInput], alternatives: Sequence[Alternative] = ()
) -> LatestRun:
    """Pool trials as the job does."""
    inputs = RunInputs(
        plan=chosen, trials=tuple(trials), left_out=(), alternatives=tuple(alternatives)
    )
    (results,) = pool_inputs([(inputs, trial_effects(inputs))])
    return LatestRun(slug, 1, inputs, results, compare(None, (inputs, results)), "0" * 64)


MEANS = (
    (41, 5.1, 1.9, 39, 4.0, 2.1), (25, 6.2, 2.4, 28, 6.0, 2.0), (60, 4.9, 1.7, 57, 5.3, 1.8),
    (18, 7.7, 2.9, 17, 4.9, 2.6), (33, 5.6, 2.2, 35, 5.5, 2.5), (50, 6.4, 1.6, 48, 5.2, 1.9),
    (22, 5.0, 2.0, 20, 3.1, 2.2), (71, 5.9, 2.3, 69, 5.4, 2.1),
)  # fmt: skip
EVENTS = (
    (4, 41, 9, 39), (0, 25, 3, 28), (12, 60, 17, 57), (6, 18, 7, 17), (9, 33, 5, 35),
    (20, 50, 27, 48), (2, 22, 0, 20), (31, 71, 40, 69),
)  # fmt: skip

APART = (
    (1, 40, 9, 41), (8, 50, 3, 52), (0, 30, 6, 31), (12, 60, 17, 57), (2, 45, 11, 44),
    (9, 33, 5, 35),
)  # fmt: skip


def of_means(number: int, **given: Any) -> TrialInput:
    n1, m1, s1, n2, m2, s2 = MEANS[number - 1]
    return trial(
        number,
        intervention=(arm("video", n=n1, mean=m1, sd=s1),),
        comparator=(arm("in person", n=n2, mean=m2, sd=s2),),
        **given,
    )


def scaled(number: int, factor: float) -> TrialInput:
    """The same on another scale, where tau² is large."""
    n1, m1, s1, n2, m2, s2 = MEANS[number - 1]
    return trial(
        number,
        intervention=(arm("video", n=n1, mean=m1 * factor, sd=s1 * factor),),
        comparator=(arm("in person", n=n2, mean=m2 * factor, sd=s2 * factor),),
    )


def of_events(number: int, **given: Any) -> TrialInput:
    a, n1, c, n2 = EVENTS[number - 1]
    return trial(
        number,
        intervention=(arm("video", n=n1, events=a),),
        comparator=(arm("in person", n=n2, events=c),),
        **given,
    )


def means() -> list[TrialInput]:
    return [of_means(i) for i in range(1, 9)]


def events(*, higher: bool = False) -> list[TrialInput]:
    return [of_events(i, higher_is_better=higher) for i in range(1, 9)]


def shared(number: int, how: str, **numbers: Sequence[Any]) -> TrialInput:
    """A trial with two intervention arms and one comparator; numbers in that order."""
    one, two, control = (
        arm(name, **{key: values[i] for key, values in numbers.items()})
        for i, name in enumerate(("video", "telephone", "in person"))
    )
    share = 0.5 if how == "split" else 1.0
    parts = tuple(
        trial(number, intervention=(x,), comparator=(control,), comparator_share=share)
        for x in (one, two)
    )
    return trial(number, intervention=(one, two), comparator=(control,), parts=parts, joined=how)


THREE_MEANS = {"n": (30, 28, 31), "mean": (5.5, 6.1, 4.7), "sd": (2.0, 2.3, 2.2)}
THREE_EVENTS = {"n": (30, 28, 31), "events": (5, 8, 11)}

EVERY = (
    "fixed", "z_test", "dersimonian_laird", "leave_one_out", "trim_and_fill",
    "pet_peese", "without_influential", "by_rater", "itt_only", "low_risk_only", "aggregated",
    "three_level",
)  # fmt: skip


def linked() -> LatestRun:
    """Mean differences by two instruments, one of them reversed, in points of the first."""
    trials = [
        of_means(n) if n % 2 else of_means(n, instrument="cals", higher_is_better=False)
        for n in range(1, 9)
    ]
    trials[3] = trial(
        4, instrument="cals", contrast=arm("video", estimate=1.1, se=0.4, metric="MD")
    )
    both = (trials[4], trials[5].model_copy(update={"study_id": 5}))
    trials[4] = trials[4].model_copy(update={"parts": both, "joined": "aggregate"})
    own = tuple(t for t in trials if t.instrument == "wai" and not t.parts)
    return run(
        "linked",
        plan(
            "MD",
            target_instrument="wai",
            reference_scores=("wai = 5.5 (1.1); Invented 2001", "cals = 60 (7.7); Invented 2002"),
            variants=["without_linked"],
        ),
        trials,
        [Alternative(variant=Variant.WITHOUT_LINKED, label="measured by wai only", trials=own)],
    )


def with_every_variant() -> LatestRun:
    """Standardized differences with all variants, subgroups and regressions; odd designs too."""
    trials = means()
    trials[1] = of_means(2, cluster_size=8.0, icc=0.05)
    trials[2] = trials[2].model_copy(update={"higher_is_better": False})
    trials[4] = trial(  # two arms of one side, combined
        5,
        intervention=(
            arm("video", n=16, mean=5.2, sd=2.0), arm("telephone", n=17, mean=6.0, sd=2.4),
        ),
        comparator=(arm("in person", n=35, mean=5.5, sd=2.5),),
    )  # fmt: skip
    trials[5] = trial(  # an SD from an SE: a conversion
        6,
        intervention=(arm("video", n=50, mean=6.4, se=0.22),),
        comparator=(arm("in person", n=48, mean=5.2, sd=1.9),),
    )
    second = [
        of_means(i).model_copy(update={"rater": "observer", "study_id": i}) for i in (1, 4, 7, 8)
    ]
    many = (*trials, *(t.model_copy(update={"higher_is_better": True}) for t in second))
    pick: dict[Variant, list[tuple[str, Sequence[TrialInput]]]] = {
        Variant.BY_RATER: [("rated by client", trials[::2]), ("rated by therapist", trials[1::2])],
        Variant.LOW_RISK_ONLY: [("low risk of bias only", trials[2:6])],
        Variant.ITT_ONLY: [("intention to treat only", ())],
        Variant.AGGREGATED: [("all", many)],
        Variant.THREE_LEVEL: [("all", many)],
    }
    return run(
        "every-variant",
        plan("SMD", variants=EVERY, subgroups=["rater"], moderators=["year", "rater"], rho=0.6),
        trials,
        [
            Alternative(variant=variant, label=label, trials=tuple(chosen))
            for variant, found in pick.items()
            for label, chosen in found
        ],
    )


def contrasts() -> list[TrialInput]:
    """Ready estimates with a variance, an SE or an interval; one reported the other way round."""
    return [
        trial(1, contrast=arm("video", estimate=0.31, variance=0.04)),
        trial(2, contrast=arm("video", estimate=0.12, se=0.15), contrast_reversed=True),
        trial(3, contrast=arm("video", estimate=0.55, ci_low=0.05, ci_high=1.05, ci_level=0.9)),
        trial(4, contrast=arm("video", estimate=-0.2, ci_low=-0.6, ci_high=0.2)),
    ]


def association(measure: str = "ZCOR", *reliability: str) -> LatestRun:
    chosen = Plan.model_validate(
        {
            "title": "Alliance and outcome", "kind": "association", "outcome": "alliance",
            "predicts": "symptoms", "measure": measure, "test": "knha", "subgroups": ["side"],
            "moderators": ["side"], "reliability": reliability,
            "intervention": {"label": "video", "delivery_mode": ["videoconference"]},
            "comparator": {"label": "in person", "delivery_mode": ["face_to_face"]},
        }
    )  # fmt: skip
    found = (0.31, 0.12, 0.4, 0.22, -0.05, 0.5)
    trials = [
        trial(i, side="video" if i % 2 else "in person", higher_is_better=i != 3,
              with_instrument="bdi" if reliability and i != 2 else None,
              intervention=(arm("arm", n=30 + 7 * i, estimate=r, metric="r"),))
        for i, r in enumerate(found, 1)
    ]  # fmt: skip
    slug = "-".join(("association", measure.lower(), *("corrected" for _ in reliability[:1])))
    return run(slug, chosen, trials)


def single_arm(measure: str, method: str = "REML") -> LatestRun:
    test = "z" if method == "UM.RS" else "adhoc"
    chosen = plan(measure, kind="single_arm", method=method, test=test)
    numbers: list[dict[str, Any]] = [
        {"n": m[0], "mean": m[1], "sd": m[2]}
        if measure in ("MN", "MNLN")
        else {"n": e[1], "events": e[0]}
        for m, e in zip(MEANS, EVENTS, strict=True)
    ]
    trials = [
        trial(i, side="video", intervention=(arm("video", **given),))
        for i, given in enumerate(numbers, 1)
    ]
    return run(f"single-{measure.lower()}-{method[:2].lower()}", chosen, trials)


CHANGES: tuple[dict[str, Any], ...] = (
    {"n": 40, "baseline_mean": 20.1, "baseline_sd": 5.2, "mean": 14.0, "sd": 6.1,
     "correlation": 0.6},
    {"n": 25, "baseline_mean": 22.0, "baseline_sd": 4.4, "mean": 16.5, "sd": 5.0},
    {"n": 61, "baseline_sd": 6.0, "sd": 6.6, "mean_change": -4.4, "sd_change": 5.1},
    {"n": 18, "baseline_mean": 19.0, "baseline_sd": 5.5, "mean": 17.2, "se": 1.4},
    {"n": 33, "baseline_mean": 21.0, "baseline_sd": 5.0, "mean_change": -7.0, "sd_change": 6.2,
     "mean": 14.0, "sd": 7.4},
    {"n": 47, "baseline_mean": 24.0, "baseline_sd": 5.9, "median": 15.0, "q1": 10.0, "q3": 21.0},
)  # fmt: skip
"""Arms before and after treatment, as reports give them."""


def changes() -> list[LatestRun]:
    """Changes within arms by each measure, and contrasts of change whose correlation is assumed."""
    found = []
    for measure in ("MC", "SMCC", "SMCR", "SMCRH", "SMCRP", "SMCRPH", "ROMC", "VRC", "CVRC"):
        ratio = measure in ("ROMC", "CVRC")
        trials = [
            trial(
                i, side="video", intervention=(arm("video", **given),),
                higher_is_better=i == 2 or measure in ("VRC", "CVRC"),
            )
            for i, given in enumerate(CHANGES, 1)
            if not ratio or "baseline_mean" in given
        ]  # fmt: skip
        chosen = plan(measure, kind="single_arm", change_correlation=0.45)
        found.append(run(f"within-{measure.lower()}", chosen, trials))
        for vtype, correct in (("LS2", True), ("LS", False), ("LS2", False)):
            known = "LS2" in planned_formulas(chosen.measure)
            if measure not in ("MC", "VRC") and (known or vtype == "LS"):
                how = chosen.model_copy(update={"vtype": vtype, "correct": correct})
                found.append(
                    run(f"within-{measure.lower()}-{vtype.lower()}-{correct}", how, trials)
                )
    pairs = [
        trial(
            i,
            intervention=(arm("video", **one),),
            comparator=(arm("in person", **{**other, "correlation": None}),),
        )
        for i, (one, other) in enumerate(zip(CHANGES[:2], CHANGES[1::-1], strict=True), 1)
    ]
    return [
        *found,
        *(
            run(f"changes-{m.lower()}", plan(m, scores="change", change_correlation=0.45), pairs)
            for m in ("SMD", "MD")
        ),
    ]


def in_clusters(trials: Sequence[TrialInput]) -> list[TrialInput]:
    """The same, randomised by clusters of about seven."""
    return [one.model_copy(update={"cluster_size": 7.3, "icc": 0.04}) for one in trials]


def mixed_models() -> list[LatestRun]:
    """Counts by each mixed model, of two arms and of one, with trials that say nothing."""
    empty = trial(
        9,
        higher_is_better=False,
        intervention=(arm("video", n=20, events=0),),
        comparator=(arm("in person", n=22, events=0),),
    )
    apart = [
        trial(
            i,
            higher_is_better=False,
            intervention=(arm("video", n=n1, events=a),),
            comparator=(arm("in person", n=n2, events=c),),
        )
        for i, (a, n1, c, n2) in enumerate(APART, 1)
    ]
    return [
        run("mixed-clusters", plan("OR", method="CM.AL"), [*apart[:2], *in_clusters(apart[2:])]),
        *(
            run(
                f"mixed-{m.lower().replace('.', '-')}",
                plan("OR", method=m, margin=0.4),
                [*apart, empty],
            )
            for m in ("UM.FS", "UM.RS", "CM.EL", "CM.AL")
        ),
        run(
            "mixed-alike",
            plan("OR", method="CM.EL"),
            [*events(higher=False), empty],
        ),
        single_arm("PLO", "UM.RS"),
    ]


RATES = (
    (4, 41.5, 9, 39.0), (0, 25.25, 3, 28.5), (12, 60.0, 17, 57.0), (6, 9.1, 7, 17.0),
    (9, 33.0, 25, 35.5), (20, 50.0, 27, 48.0), (2, 22.0, 0, 20.0), (31, 71.0, 90, 69.0),
)  # fmt: skip


def of_rates(number: int, **given: Any) -> TrialInput:
    a, t1, c, t2 = RATES[number - 1]
    return trial(
        number,
        higher_is_better=False,
        intervention=(arm("video", events=a, person_years=t1),),
        comparator=(arm("in person", n=20, events=c, person_years=t2),),
        **given,
    )


def rates() -> list[LatestRun]:
    """Events in person-time: of two arms and one, by each way of pooling."""
    trials = [of_rates(i) for i in range(1, 9)]
    empty = of_rates(2, study="Without events").model_copy(
        update={
            "study_id": 9,
            "intervention": (arm("video", events=0, person_years=12.0),),
            "comparator": (arm("in person", events=0, person_years=13.0),),
        }
    )
    alone = [
        trial(i, side="video", intervention=(arm("video", events=x, person_years=t),))
        for i, (x, t, _, _) in enumerate(RATES, 1)
    ]
    three = {"events": (5, 8, 11), "person_years": (30.0, 28.5, 31.0)}
    return [
        *(run(f"rates-{m.lower()}", plan(m, margin=0.4), trials) for m in ("IRR", "IRD", "IRSD")),
        *(
            run(f"rates-{to}", plan("IRR", zero_cells={"add": 0.25, "to": to}), trials)
            for to in ("all", "if0all")
        ),
        *(
            run(f"rates-mh-{m.lower()}", plan(m, method="MH"), [*trials, empty])
            for m in ("IRR", "IRD")
        ),
        run("rates-clusters", plan("IRR", method="MH"), in_clusters(trials)),
        *(
            run(f"mixed-rates-{m.lower()}", plan("IRR", method=m), [*trials, empty])
            for m in ("UM.FS", "UM.RS", "CM.EL")
        ),
        run("mixed-rates-clusters", plan("IRR", method="CM.EL"), in_clusters(trials)),
        *(
            run(f"rates-{m.lower()}", plan(m, kind="single_arm"), alone)
            for m in ("IR", "IRLN", "IRS", "IRFT")
        ),
        run("mixed-rates-alone", plan("IRLN", kind="single_arm", method="UM.RS"), alone),
        *(
            run(
                f"rates-covariance-{m.lower()}",
                plan(m, several_arms="covariance"),
                [
                    shared(9, "covariance", **three),
                    *(t.model_copy(update={"higher_is_better": True}) for t in trials),
                ],
            )
            for m in ("IRR", "IRD", "IRSD")
        ),
    ]


def edges() -> list[LatestRun]:
    """Where models are at their limits: few trials, equal effects, tables without events."""
    together = ("three_level", "aggregated")
    one_each = [
        Alternative(variant=Variant(v), label="all", trials=tuple(means())) for v in together
    ]
    equal = [
        trial(
            i,
            intervention=(arm("video", n=20, mean=5.0, sd=1.0),),
            comparator=(arm("in person", n=20, mean=4.0, sd=1.0),),
        )
        for i in range(1, 6)
    ]
    empty = [
        trial(
            i,
            intervention=(arm("video", n=20, events=0),),
            comparator=(arm("in person", n=20, events=0 if i < 3 else 2),),
        )
        for i in range(1, 6)
    ]
    pair = means()[:2]
    skewed = trial(
        1,
        intervention=(arm("video", n=39, median=6.0, q1=4.1, q3=7.6),),
        comparator=(arm("in person", n=79, median=6.8, q1=5.7, q3=9.6),),
    )
    of_many = {"study_id": 9, "comparator": (arm("in person", n=61, events=0),)}
    unlike = of_events(2).model_copy(update=of_many)
    return [
        run(
            "one-result-each",
            plan("SMD", variants=together, subgroups=["year"], moderators=["rater"]),
            means(),
            one_each,
        ),
        run("two-trials", plan("SMD", variants=EVERY, subgroups=["rater"]), pair),
        run("equal-effects", plan("MD", test="knha", variants=EVERY[:6]), equal),
        run("few-events", plan("OR", method="MH"), [*empty, of_events(1)]),
        run(
            "mh-many",
            plan("OR", method="MH"),
            [
                *events(),
                *(
                    of_events(i, higher_is_better=False).model_copy(update={"study_id": 6 + i})
                    for i in (3, 4, 5)
                ),
            ],
        ),
        run(
            "one-year",
            plan("AS", moderators=["year"]),
            [of_events(i).model_copy(update={"year": 2009}) for i in (3, 4)],
        ),
        run("sidik-jonkman", plan("MD", method="SJ", variants=["leave_one_out"]), means()),
        run("skewed-first", plan("SMD", medians="qe"), [skewed, *means()[1:]]),
        run("two-apart", plan("MD", test="z", level=0.99), [scaled(i, 100.0) for i in (1, 4)]),
        run("lone-mh", plan("RD", method="MH"), events()[1:2]),
        run("lone-rates", plan("IRD", method="MH"), [of_rates(2)]),
        *(
            run(f"mixed-lone-{m[3:].lower()}", plan("OR", method=m), [of_events(1)])
            for m in ("UM.FS", "CM.EL", "CM.AL")
        ),
        run("mixed-lone-rates", plan("IRR", method="UM.FS"), [of_rates(1)]),
        *(
            run(f"zero-{to}", plan(measure, zero_cells={"add": 0.25, "to": to}), events())
            for measure, to in (("OR", "all"), ("RR", "if0all"), ("RD", "only0"))
        ),
        *(
            run(
                f"zero-by-arm-{measure.lower()}",
                plan(measure, zero_cells={"add": 0.4, "to": to, "by_arm": True}),
                [*events(), unlike],
            )
            for measure, to in (("OR", "only0"), ("RR", "all"), ("RD", "if0all"), ("PETO", "only0"))
        ),
        run("zero-none", plan("OR", zero_cells={"to": "none"}), [of_events(i) for i in (1, 3, 4)]),
        run("few-events-peto", plan("PETO", method="PETO"), [*empty, of_events(1)]),
    ]


def synthetic_runs() -> list[LatestRun]:
    """One run a kind: every measure, method family, test and way of joining."""
    counted = [
        run(f"mh-{m.lower()}", plan(m, method="MH"), events(higher=higher))
        for m, higher in (("OR", False), ("RR", True), ("RD", False))
    ]
    covariances = [
        run(
            f"covariance-{m.lower()}",
            plan(m, several_arms="covariance"),
            [shared(9, "covariance", **numbers), *others],
        )
        for m, numbers, others in (
            ("SMD", THREE_MEANS, means()), ("MD", THREE_MEANS, means()),
            ("OR", THREE_EVENTS, events()), ("RR", THREE_EVENTS, events()),
            ("RD", THREE_EVENTS, events()),
        )
    ]  # fmt: skip
    averaged = trial(9, parts=(of_means(1), of_means(4)), joined="aggregate")
    methods = [
        run(f"method-{m.lower()}", plan("MD", method=m, test=test, level=level), means())
        for m, test, level in (
            ("DL", "z", 0.9), ("HE", "t", 0.95), ("HS", "knha", 0.95), ("HSk", "adhoc", 0.95),
            ("SJ", "z", 0.99), ("ML", "adhoc", 0.95), ("EB", "z", 0.95), ("PM", "knha", 0.95),
            ("PMM", "adhoc", 0.95), ("EE", "z", 0.95),
        )
    ]  # fmt: skip
    predictions = [
        run(f"prediction-{kind.lower()}", plan("MD", prediction=kind, test=test), means())
        for kind, test in (("k-1", "z"), ("k-2", "adhoc"), ("HK", "z"))
    ]
    number = arm("video", estimate=0.31, variance=0.04, metric="SMD")
    ready = trial(9, contrast=number)
    formulas = [
        run(
            f"formula-{m.lower()}-{vtype.lower()}-{correct}",
            plan(m, vtype=vtype, correct=correct), of,
        )
        for m, vtype, correct, of in (
            *(("SMD", vtype, correct, [*means(), ready])
              for vtype in ("LS2", "UB", "H0") for correct in (True, False)),
            ("SMD", "LS", False, means()), ("SMDH", "LS", False, means()),
            ("ROM", "LS", False, means()), ("ROM", "HO", True, means()),
            ("MD", "HO", True, means()), ("RD", "UB", True, events()),
        )
    ]  # fmt: skip
    more = [
        of_means(1 + i % 8).model_copy(update={"study_id": i + 1, "study": f"Study {i + 1}"})
        for i in range(12)
    ]
    tested = [
        run(f"egger-{name}", plan("SMD", asymmetry=name), more)
        for name in ("vi", "ni", "ninv", "sqrtni", "sqrtninv")
    ]
    by_arm = {"add": 0.5, "to": "only0", "by_arm": True}
    return [
        with_every_variant(),
        *formulas,
        *tested,
        run("formula-by-arm", plan("RD", vtype="UB", zero_cells=by_arm), events()),
        *predictions,
        *counted,
        run("peto", plan("PETO", method="PETO"), events()),
        run(
            "unreliable",
            plan("SMD", reliability=("wai = 0.85",)),
            [of_means(n) for n in range(1, 7)],
        ),
        linked(),
        run("mh-clusters", plan("OR", method="MH"), in_clusters(events())),
        *mixed_models(),
        *rates(),
        *changes(),
        *(run(f"events-{m.lower()}", plan(m), events()) for m in ("OR", "RR", "RD", "AS")),
        *(run(f"means-{m.lower()}", plan(m), means()) for m in ("SMDH", "ROM")),
        *covariances,
        run(
            "split",
            plan("SMD", several_arms="split"),
            [shared(9, "split", **THREE_MEANS), *means()],
        ),
        run("averaged", plan("SMD", several_results="aggregate"), [averaged, *means()]),
        run("contrasts", plan("GEN", moderators=["year"]), contrasts()),
        run("large-numbers", plan("MD", test="knha"), [scaled(i, 250.0) for i in range(1, 9)]),
        run("one-trial", plan("SMD"), means()[:1]),
        association(),
        association("COR"),
        association("COR", "wai = 0.93", "bdi = 0.86"),
        association("ZCOR", "wai = 0.93", "bdi = 0.86"),
        *(single_arm(m) for m in ("PLO", "PR", "PLN", "PAS", "MN", "MNLN", "PFT")),
        *methods,
        *edges(),
    ]
