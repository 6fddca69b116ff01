"""A planned analysis as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, Field, model_validator

from review.canonical import sha256_of
from review.conventions import Medians
from review.formula import parse
from review.measures import OF_COUNTS, OF_TABLES, Family, Measure, measures_of
from review.protocol.absolute import baseline_problem
from review.protocol.asymmetry import PredictorName, asymmetry_problem
from review.protocol.attenuation import ReliabilityText, attenuation_problem, reliabilities
from review.protocol.beside import (
    change_problem,
    heterogeneity_problem,
    prior_problem,
    refused_beside,
)
from review.protocol.characteristics import Condition, condition
from review.protocol.directions import direction_of
from review.protocol.frozen import Frozen, Line, Slug
from review.protocol.joint import JointOutcome, ModelName, StructureName, joint_problem
from review.protocol.levels import levels_problem, names_of_levels
from review.protocol.linking import ReferenceText, linking_problem, links
from review.protocol.networked import network_problem
from review.protocol.pairs import pairs_problem
from review.protocol.parts import (
    NOBODY,
    ArmRule,
    PriorRules,
    SequentialRules,
    SignalRules,
    ZeroCellRule,
)
from review.protocol.sampling import VarianceName, sampling_problem
from review.protocol.values import (
    BaselineRate,
    BaselineRisk,
    Margin,
    MethodName,
    ModeratorFormula,
    PairText,
    PredictionName,
    RandomText,
    TestName,
    Where,
)
from review.protocol.vocabulary import AnalysisKind, AnalysisSet, Rater, Variant

ChoiceT = TypeVar("ChoiceT")

WITHOUT_TAU2: Final = frozenset({"EE", *OF_TABLES})
"""Methods of one common effect: they have no variance between trials."""


def _is_none(value: object) -> bool:
    return value is None


def _is_empty(value: object) -> bool:
    return value == ()


def _sorted_unique(margins: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sorted(set(margins)))


def _unique(values: tuple[ChoiceT, ...]) -> tuple[ChoiceT, ...]:
    return tuple(dict.fromkeys(values))


class Plan(Frozen):
    """A planned analysis: what is pooled, how, and against which margins.

    The effect is oriented so that a positive value always favours the intervention. Lists of
    instruments, raters, timepoints and analysis sets are in order of preference: of each study the
    first that is present counts; an empty list accepts any, as long as only one is present.
    """

    title: Line
    outcome: Slug
    intervention: ArmRule
    comparator: ArmRule
    instruments: tuple[Slug, ...] = ()
    raters: tuple[Rater, ...] = ()
    timepoints: tuple[Line, ...] = ()
    analysis_sets: tuple[AnalysisSet, ...] = ()
    measure: Measure = Measure.SMD
    effect: Line | None = None
    """What outputs call the effect, where the measure's own name says too little."""
    vtype: Annotated[VarianceName, Field(exclude_if=lambda name: name == "LS")] = "LS"
    """Formula of the sampling variances, by metafor's name; kept out of what is stored, as
    `correct`, where it is the usual one."""
    correct: Annotated[bool, Field(exclude_if=lambda corrected: corrected)] = True
    """Whether effects are corrected for small-sample bias, where their measure knows one."""
    asymmetry: Annotated[PredictorName, Field(exclude_if=lambda name: name == "sei")] = "sei"
    """What Egger's test regresses on, by metafor's name; out of what is stored where as usual."""
    method: MethodName = "REML"
    test: TestName = "adhoc"
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    prediction: Annotated[PredictionName, Field(exclude_if=lambda how: how == "test")] = "test"
    """How the prediction interval is made: as the test, by t with k-1 or k-2 degrees of freedom and
    the model's standard error, or with Hartung-Knapp's. Kept out of what is stored where as the
    test."""
    margin: Margin | None = None
    """The noninferiority margin on the scale of the measure; None plans no such reading."""
    other_margins: Annotated[tuple[Margin, ...], AfterValidator(_sorted_unique)] = ()

    several_arms: Literal["combine", "split", "covariance"] = "combine"
    """Of several intervention arms: one arm of all; each against its share of the comparator; or
    each against the whole comparator, their covariance known."""
    several_results: Literal["choose", "aggregate"] = "choose"
    """Of several results of a study: the first by the lists above, or all, averaged by `rho`."""
    scores: Literal["endpoint", "change"] = "endpoint"
    """Which means count: of scores at the timepoint, or of change since baseline."""
    icc: Annotated[float, Field(ge=0, le=1)] | None = None
    """Assumed intracluster correlation, for cluster trials that do not report theirs."""
    crossover_correlation: Annotated[float, Field(ge=-1, lt=1)] | None = None
    """Assumed correlation of the periods, for crossover trials that do not report theirs; without
    any their arms count as independent, which is conservative."""

    change_correlation: Annotated[
        Annotated[float, Field(ge=-1, lt=1)] | None, Field(exclude_if=_is_none)
    ] = None
    """Assumed correlation of scores before and after, where change is pooled and an arm does not
    report it; kept out of what is stored where none is assumed."""

    medians: Annotated[Medians, Field(exclude_if=lambda how: how is Medians.NORMAL)] = (
        Medians.NORMAL
    )
    """How means and SDs come from medians with quartiles or range; kept out of what is stored where
    they are taken as of normal samples."""

    reliability: Annotated[tuple[ReliabilityText, ...], Field(exclude_if=_is_empty)] = ()
    """By which standardized differences or correlations are corrected for unreliability: of an
    instrument (``wai = 0.93``), or a characteristic with the trial's own, of what an association
    predicts with ``predicts.`` before it. Kept out of what is stored where none is."""
    target_instrument: Annotated[Slug | None, Field(exclude_if=_is_none)] = None
    """The instrument whose points mean differences of all are put in, or standardized ones read in;
    kept out of what is stored, as `reference_scores`, where none is named."""
    reference_scores: Annotated[tuple[ReferenceText, ...], Field(exclude_if=_is_empty)] = ()
    """Mean (SD) of instruments in a reference sample, and source: ``wai = 5.6 (0.9); Authors``."""
    baseline_risks: Annotated[
        tuple[BaselineRisk, ...], AfterValidator(_sorted_unique), Field(exclude_if=_is_empty)
    ] = ()
    """Risks of the comparator at which absolute effects and numbers needed to treat are told; of
    standardized differences its share of responders. Kept out of what is stored where none is."""
    baseline_rates: Annotated[
        tuple[BaselineRate, ...], AfterValidator(_sorted_unique), Field(exclude_if=_is_empty)
    ] = ()
    """The same of rates, in events per person-year."""
    kind: AnalysisKind = AnalysisKind.CONTRAST
    predicts: Slug | None = None
    """The outcome that an association relates `outcome` to."""
    variants: Annotated[tuple[Variant, ...], AfterValidator(_unique)] = ()
    """The sensitivity analyses that every run brings along."""
    rho: Annotated[float, Field(ge=0, lt=1)] = 0.6
    """Assumed correlation of several results of one trial (metapsyTools' default)."""
    subgroups: Annotated[tuple[Line, ...], AfterValidator(_unique)] = ()
    """Characteristics of trials, a subgroup analysis each."""
    moderators: Annotated[tuple[ModeratorFormula, ...], AfterValidator(_unique)] = ()
    """Formulae over characteristics, a meta-regression each: ``year``, ``year * diagnosis``."""
    heterogeneity: Annotated[
        tuple[ModeratorFormula, ...], AfterValidator(_unique), Field(exclude_if=_is_empty)
    ] = ()
    """Formulae over characteristics on which tau² depends, a location-scale model each; the mean
    depends on the same."""
    bayes: Annotated[PriorRules | None, Field(exclude_if=_is_none)] = None
    """Priors of a posterior beside the planned estimate; kept out of what is stored where none."""
    where: Annotated[
        tuple[Where, ...], AfterValidator(_unique), Field(exclude_if=lambda told: not told)
    ] = ()
    """Conditions that all must hold for a study, an arm or a result to enter."""
    other_treatments: Annotated[tuple[ArmRule, ...], Field(exclude_if=_is_empty)] = ()
    """Of a network: the treatments beside intervention and comparator, an arm's being the first of
    all that describes it. Kept out of what is stored where there are none."""
    model: Annotated[ModelName, Field(exclude_if=lambda name: name == "univariate")] = "univariate"
    """Whether a study gives one effect, or one of each of several `outcomes`. Kept out of what is
    stored, as all that goes with it, where a study gives one."""
    outcomes: Annotated[tuple[JointOutcome, ...], Field(exclude_if=_is_empty)] = ()
    """Of a multivariate model: what it takes together, the one that decides first."""
    structure: Annotated[StructureName, Field(exclude_if=lambda name: name == "UN")] = "UN"
    """Of a multivariate model: how true effects of the outcomes go together."""
    random: Annotated[
        tuple[RandomText, ...], AfterValidator(_unique), Field(exclude_if=_is_empty)
    ] = ()
    """Groups whose true effects differ, nested or crossed: ``study / result``, ``study +
    instrument``. Then all results of each study enter. Kept out of what is stored, as `phi`, where
    a study gives one effect."""
    phi: Annotated[Annotated[float, Field(gt=0, lt=1)] | None, Field(exclude_if=_is_none)] = None
    """Of random effects: by which errors of results of one study correlate that are a week apart,
    beside `rho`."""
    correlations: Annotated[tuple[PairText, ...], Field(exclude_if=_is_empty)] = ()
    """Errors of two outcomes, or with random effects two instruments, that have not `rho`."""
    zero_cells: Annotated[ZeroCellRule | None, Field(exclude_if=_is_none)] = None
    """What is done about cells without events; None is metafor's default for the measure. Kept out
    of what is stored where nothing is planned."""
    signals: SignalRules = SignalRules()
    sequential: SequentialRules | None = None
    """Frozen with the plan, the panel for repeated looks is prospective; else retrospective."""

    @model_validator(mode="before")
    @classmethod
    def _a_single_arm_has_no_comparator(cls, values: object) -> object:
        if isinstance(values, dict) and values.get("kind") == AnalysisKind.SINGLE_ARM:
            return {"comparator": NOBODY, **values}
        return values

    @model_validator(mode="after")
    def _measure_suits_the_kind(self) -> Plan:
        allowed = measures_of(self.kind)
        if self.measure not in allowed:
            raise ValueError(f"an analysis of this kind pools one of {', '.join(sorted(allowed))}")
        if (self.kind is AnalysisKind.ASSOCIATION) != (self.predicts is not None):
            raise ValueError("an association, and only that, names the outcome that it predicts")
        if not self.compares and self.margin is not None:
            raise ValueError("only a contrast or a network is read against a margin")
        return self

    @model_validator(mode="after")
    def _models_have_what_they_need(self) -> Plan:
        problems = (
            network_problem, joint_problem, levels_problem, attenuation_problem,
            heterogeneity_problem, baseline_problem, linking_problem, change_problem,
            sampling_problem, asymmetry_problem, prior_problem, pairs_problem,
        )  # fmt: skip
        problem = next(filter(None, (found(self) for found in problems)), None)
        if problem is not None:
            raise ValueError(problem)
        return self

    @model_validator(mode="before")
    @classmethod
    def _some_models_have_tests_of_their_own(cls, values: object) -> object:
        given = values if isinstance(values, dict) else {}
        if given.get("method") in OF_COUNTS:
            return {"test": "z", **given}
        whole = given.get("model") == "multivariate" or given.get("random")
        return {"test": "t", **given} if whole else values

    @model_validator(mode="after")
    def _counts_are_pooled_as_such(self) -> Plan:
        if self.method not in OF_COUNTS:
            return self
        if self.measure not in OF_COUNTS[self.method]:
            planned = measures_of(self.kind)
            allowed = ", ".join(sorted(m for m in OF_COUNTS[self.method] if m in planned))
            raise ValueError(f"method {self.method} pools {allowed}, not {self.measure.value}")
        if self.test != "z":
            raise ValueError(f"method {self.method} goes with test z")
        problem = refused_beside(
            self,
            "of inverse-variance models; plan them as an analysis of their own beside "
            f"{self.method}, which adds nothing to counts",
        )
        if problem is not None:
            raise ValueError(problem)
        return self

    @model_validator(mode="after")
    def _zero_cells_are_of_counts(self) -> Plan:
        if self.zero_cells is None:
            return self
        if not self.measure.facts.zero_cells:
            measures = ", ".join(sorted(m for m in Measure if m.facts.zero_cells))
            raise ValueError(f"zero_cells is of measures of counts: {measures}")
        if self.zero_cells.by_arm and self.measure.facts.family is not Family.EVENTS:
            raise ValueError("zero_cells by_arm is of events of two groups: OR, RR, RD, AS, PETO")
        return self

    @model_validator(mode="after")
    def _prediction_is_of_random_effects(self) -> Plan:
        common = self.method in WITHOUT_TAU2
        if self.prediction != "test" and (
            common
            or self.method in OF_COUNTS
            or self.kind is AnalysisKind.NETWORK
            or self.is_joint
            or self.random
        ):
            raise ValueError(
                "prediction chooses among intervals of an inverse-variance model with tau² of one "
                "comparison and outcome; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _margins_have_a_primary(self) -> Plan:
        if self.margin is None and self.other_margins:
            raise ValueError("other_margins need a margin: name the one that decides")
        return self

    @property
    def compares(self) -> bool:
        """Whether two sides meet in its effects, of which one may do better."""
        return self.kind in (AnalysisKind.CONTRAST, AnalysisKind.NETWORK)

    @property
    def has_null(self) -> bool:
        """Whether zero means no effect: of a single arm only its change has such a value."""
        return self.kind is not AnalysisKind.SINGLE_ARM or self.within_arms

    @property
    def within_arms(self) -> bool:
        """Whether it pools how arms changed, with nothing that they are compared with."""
        return self.measure.facts.family is Family.CHANGES

    @property
    def is_joint(self) -> bool:
        """Whether several outcomes are taken together."""
        return self.model == "multivariate"

    @property
    def of_several(self) -> bool:
        """Whether a study gives several effects to one model."""
        return self.is_joint or bool(self.random)

    @property
    def measured(self) -> tuple[Slug, ...]:
        """The outcomes whose results it takes."""
        return tuple(dict.fromkeys(one.outcome or self.outcome for one in self.outcomes)) or (
            self.outcome,
        )

    def outcome_of(self, label: str | None) -> Slug:
        """Return whose results those called as one of several outcomes are; its own for None."""
        own = next((one.outcome for one in self.outcomes if one.label == label), None)
        return own or self.outcome

    def of_outcome(self, one: JointOutcome) -> Plan:
        """Return the plan of one of several outcomes alone, called as the outcome."""
        given = ("outcome", "instruments", "raters", "timepoints")
        own = {name: getattr(one, name) or getattr(self, name) for name in given}
        alone = {"title": one.label, "model": "univariate", "outcomes": (), "structure": "UN"}
        return self.model_copy(update={**alone, **own})

    @property
    def bare(self) -> Plan:
        """The same with nothing computed beside its main result."""
        nothing = ("variants", "subgroups", "moderators", "heterogeneity")
        return self.model_copy(update={**dict.fromkeys(nothing, ()), "bayes": None})

    @property
    def treatments(self) -> tuple[ArmRule, ...]:
        """All that arms are sought for, the comparator first: of a network it is the reference."""
        if self.kind is AnalysisKind.SINGLE_ARM:
            return (self.intervention,)
        return self.comparator, *self.other_treatments, self.intervention

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold for a study, an arm or a result to enter."""
        return tuple(condition(text) for text in self.where)

    @property
    def characteristics(self) -> tuple[str, ...]:
        """The names that subgroups and models of effect or heterogeneity use, each once."""
        formulae = (*self.moderators, *self.heterogeneity)
        used = [name for text in formulae for name in parse(text).names]
        own = reliabilities(self.reliability).characteristics
        levels = names_of_levels(self.random, self.phi)
        return tuple(dict.fromkeys((*self.subgroups, *used, *own, *levels)))

    @property
    def by_instrument(self) -> bool:
        """Whether effects depend on what measured them, beside the numbers."""
        return bool(self.reliability) or links(self)

    @property
    def names(self) -> tuple[str, ...]:
        """All characteristics that the plan speaks of."""
        return tuple(dict.fromkeys((*self.characteristics, *(c.name for c in self.conditions))))

    @property
    def margins(self) -> tuple[float, ...]:
        """All margins, the deciding one first."""
        if self.margin is None:
            return ()
        return (self.margin, *(m for m in self.other_margins if m != self.margin))

    @property
    def direction(self) -> str:
        """The sentence every output prints."""
        return direction_of(self)

    @property
    def content(self) -> dict[str, object]:
        """What identifies the plan.

        A choice that later software added counts only where it is made, so that older plans keep
        their identity and no analysis looks changed because the software is new.
        """
        values = self.model_dump(mode="json")
        for name in ADDED_LATER:
            if getattr(self, name) == type(self).model_fields[name].default:
                values.pop(name, None)
        return values

    @property
    def sha256(self) -> str:
        """Identifies the plan by its content."""
        return sha256_of(self.content)


_NAMING: Final = ("subgroups", "moderators", "heterogeneity", "reliability", "where", "random")


def names_in(plan: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the characteristics that a stored plan speaks of (`Plan.names`)."""
    if not any(plan.get(choice) for choice in _NAMING):
        return ()
    return Plan.model_validate(plan).names


ADDED_LATER: Final = (
    "several_arms", "several_results", "scores", "icc", "crossover_correlation",
    "kind", "predicts", "variants", "rho", "subgroups", "moderators", "where", "signals",
    "sequential", "zero_cells", "medians", "other_treatments", "prediction", "model", "outcomes",
    "structure", "heterogeneity", "reliability", "target_instrument", "reference_scores",
    "baseline_risks", "change_correlation", "vtype", "correct", "bayes", "baseline_rates",
    "random", "phi", "asymmetry", "correlations",
)  # fmt: skip
"""Choices that the first plans did not have."""
