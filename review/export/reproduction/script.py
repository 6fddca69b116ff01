"""An R and a Python script that compute a review's pooled estimates again, with their data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from review import __version__
from review.effects import ZeroCells
from review.export.reproduction.effects import (
    asked_for,
    covariances_table,
    effects_table,
    is_text,
    structure_table,
    variances_table,
)
from review.export.reproduction.expected import expected_table, heterogeneity_of, part_of
from review.export.reproduction.literals import (
    comment,
    python_string,
    r_string,
    variable_in_python,
)
from review.export.reproduction.reported import reported_table
from review.export.runs import LatestRun, model_words
from review.export.tables.writers.csv import write_csv
from review.formula import FACTORS, Formula, Name, parse
from review.living.estimates.asymmetry import Asymmetry, asymmetry_of
from review.living.estimates.whole_variants import MODELS
from review.living.estimates.zero_cells import added_to
from review.living.runs.contents import RunInputs
from review.living.runs.heterogeneity import HeterogeneityLine
from review.living.runs.joint import JointLine
from review.living.runs.levels import LevelsLine
from review.living.runs.networks import NetworkLine
from review.living.runs.posterior import PosteriorLine
from review.living.runs.results import ModeratorLine, VariantLine
from review.living.runs.sizes import natural_of
from review.measures import MIXED, OF_COUNTS
from review.natural import Natural
from review.protocol.levels import terms_of
from review.protocol.pairs import pair_of
from review.protocol.rules import Plan
from review.protocol.vocabulary import Variant

SCRIPTS: Final = {"reproduce.R": "reproduce.R.jinja", "reproduce.py": "reproduce.py.jinja"}


@dataclass(frozen=True, slots=True)
class VariantSection:
    """The lines of one variant: those with an estimate by number, and why others have none."""

    name: str
    label: str
    lines: tuple[tuple[int, VariantLine], ...]
    without: tuple[VariantLine, ...]


@dataclass(frozen=True, slots=True)
class ModeratorSection:
    """A planned subgroup analysis or meta-regression."""

    part: str
    kind: str
    formula: str
    column: str | None
    """The characteristic that makes subgroups; None for a formula."""
    columns: tuple[str, ...]
    categories: tuple[str, ...]
    """Which of the columns are text."""
    constant: bool
    """Whether the columns of the model can give a constant; else metafor's tau² is not right."""
    intercept: bool
    centred: bool
    """Whether the run has the effect at the means of the moderators."""
    variables: tuple[str, ...]
    """The formula's variables as expressions of the Python script over columns ``d``."""
    terms: tuple[tuple[int, ...], ...]
    """The variables of each term, by place."""
    note: str | None
    apart: bool = False
    """Of a network: whether the run has a coefficient for each treatment besides."""
    at_zero: bool = False
    """Whether a tau² that depends on a number runs to zero, where searches end as they please."""


@dataclass(frozen=True, slots=True)
class NetworkSection:
    """The treatments of a network, the reference first, and its pairs as they are numbered."""

    names: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class JointSection:
    """Outcomes taken together that trials have, in the plan's order, and when each is."""

    labels: tuple[str, ...]
    times: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class LevelsSection:
    """Random effects in the model: the names of each, and its name; by their place."""

    terms: tuple[tuple[str, tuple[str, ...]], ...]
    apart: bool
    """Whether comparisons of several arms stand apart, so that arms are shared."""


@dataclass(frozen=True, slots=True)
class Section:
    """What a script says and does about one analysis."""

    slug: str
    plan: Plan
    model: str
    counted: bool
    """Whether the counts themselves are pooled: Mantel-Haenszel, Peto, mixed models."""
    mixed: bool
    """Whether they are pooled by a mixed model."""
    asymmetry: bool
    """Whether Egger's test is made."""
    zero_cells: ZeroCells | None
    """What is added to cells of the trials' own effects; None where the measure has no counts."""
    natural: Natural | None
    """The scale that the pooled estimate is read on besides."""
    measured: str
    """Of a ratio: what it is as measured; empty for differences."""
    network: NetworkSection | None
    joint: JointSection | None
    levels: LevelsSection | None
    stated: tuple[tuple[str, str, float], ...]
    """Correlations of errors that the plan states of two."""
    models: Mapping[Variant, Mapping[str, str]]
    """Variants that fit the same trials by another model, and what of the model is other."""
    variants: tuple[VariantSection, ...]
    moderators: tuple[ModeratorSection, ...]
    heterogeneity: tuple[ModeratorSection, ...]
    """Location-scale models; of a category alone, `column` is it."""
    posterior: PosteriorLine | None

    @property
    def level(self) -> str:
        """Percent, as metafor takes it."""
        return f"{100 * self.plan.level:.12g}"

    @property
    def above(self) -> tuple[float, ...]:
        """The values above which posterior probabilities are told."""
        chances = self.posterior.chances if self.posterior is not None else ()
        return tuple(-chance.margin if chance.margin else 0.0 for chance in chances)

    @property
    def margins_in_r(self) -> str:
        """The margins as R takes them, NA for none."""
        return f"c({', '.join(map(repr, self.plan.margins)) or 'NA'})"

    @property
    def margins_in_python(self) -> str:
        """The same for Python, None for none."""
        return str(list(self.plan.margins)) if self.plan.margins else "[None]"


def write_scripts(title: str, runs: Sequence[LatestRun], folder: Path) -> list[Path]:
    """Write ``reproduce.R``, ``reproduce.py`` and their data into a folder.

    Parameters
    ----------
    title
        Of the review.
    runs
        The runs to reproduce, one an analysis.
    folder
        Made if it is not there; files of the same names are replaced.

    Returns
    -------
    list of Path
        The scripts, then ``reported.csv``, ``expected.csv.gz``, ``effects_<analysis>.csv`` and, of
        networks, ``covariances_<analysis>.csv``, of several outcomes ``structure_<analysis>.csv``,
        of random effects ``variances_<analysis>.csv``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in scripts(title, runs).items():
        path = folder / name
        path.write_bytes(text.encode())
        written.append(path)
    tables = {
        "reported": reported_table([(run.analysis, run.inputs) for run in runs]),
        **{f"effects_{run.analysis}": effects_table(run) for run in runs},
        **{
            f"covariances_{run.analysis}": covariances_table(run)
            for run in runs
            if run.results.network is not None
        },
        **{
            f"structure_{run.analysis}": structure_table(run)
            for run in runs
            if run.results.joint is not None
        },
        **{
            f"variances_{run.analysis}": variances_table(run)
            for run in runs
            if run.results.levels is not None
        },
    }
    written += [write_csv(t, folder / f"{name}.csv") for name, t in tables.items()]
    expected = expected_table([(run.analysis, (run.inputs, run.results)) for run in runs])
    return [*written, write_csv(expected, folder / "expected.csv.gz")]


def scripts(title: str, runs: Sequence[LatestRun]) -> dict[str, str]:
    """Return the text of both scripts by file name."""
    environment = Environment(
        loader=PackageLoader("review.export.reproduction"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # R and Python, no HTML: every text passes `r`, `py` or `comment`
    )
    environment.filters |= {"r": r_string, "py": python_string, "comment": comment}
    given = {
        "title": title,
        "version": __version__,
        "analyses": [section(run) for run in runs],
        "mixed": any(run.inputs.plan.method in MIXED for run in runs),
        "networks": any(run.results.network is not None for run in runs),
        "heterogeneity": any(run.results.heterogeneity for run in runs),
        "posterior": any(run.results.posterior is not None for run in runs),
        "joint": any(run.results.joint is not None for run in runs),
        "levels": any(run.results.levels is not None for run in runs),
        "text": sorted(
            {n for run in runs for n in asked_for(run.inputs) if is_text(run.inputs, n)}
        ),
    }
    return {
        name: environment.get_template(template).render(given) for name, template in SCRIPTS.items()
    }


def section(run: LatestRun) -> Section:
    """Return what the scripts need to know of one run."""
    plan, results = run.inputs.plan, run.results
    return Section(
        slug=run.analysis,
        plan=plan,
        model=f"{model_words(results.pooled)}, {100 * plan.level:g} % intervals",
        counted=plan.method in OF_COUNTS,
        mixed=plan.method in MIXED,
        asymmetry=isinstance(asymmetry_of(run.inputs, results), Asymmetry),
        zero_cells=added_to(run.inputs),
        natural=natural_of(plan.measure, run.inputs.trials),
        measured=(
            f"As measured: {run.scale.text(results.pooled.estimate, results.pooled.ci)}. "
            f"{run.scale.direction(plan)} The numbers below are its logarithm"
            f"{' with its sign turned' if run.scale.sign < 0 else ''}."
            if run.scale.as_ratio
            else ""
        ),
        network=_network(results.network),
        joint=_joint(plan, results.joint),
        levels=_levels(plan, results.levels),
        stated=tuple(map(pair_of, plan.correlations)),
        models=MODELS,
        variants=_variants(results.variants),
        moderators=tuple(_moderator(run.inputs, one) for one in results.moderators),
        heterogeneity=tuple(_scaled(run.inputs, one) for one in results.heterogeneity),
        posterior=results.posterior,
    )


def _network(line: NetworkLine | None) -> NetworkSection | None:
    if line is None:
        return None
    return NetworkSection(
        tuple(t.name for t in line.treatments), tuple(c.pair for c in line.comparisons)
    )


def _joint(plan: Plan, line: JointLine | None) -> JointSection | None:
    if line is None:
        return None
    labels = tuple(one.label for one in line.outcomes)
    times = tuple(
        (one.label, one.time)
        for one in plan.outcomes
        if one.time is not None and one.label in labels
    )
    return JointSection(labels, times)


def _levels(plan: Plan, line: LevelsLine | None) -> LevelsSection | None:
    if line is None:
        return None
    named = {" / ".join(names): names for names in terms_of(plan.random)}
    terms = tuple((one.term, named[one.term]) for one in line.told)
    return LevelsSection(terms, plan.several_arms != "combine")


def _variants(lines: Sequence[VariantLine]) -> tuple[VariantSection, ...]:
    by_name: dict[str, list[VariantLine]] = {}
    for line in lines:
        by_name.setdefault(line.variant, []).append(line)
    return tuple(
        VariantSection(
            name=name,
            label=name.replace("_", " "),
            lines=tuple((i, x) for i, x in enumerate(found, 1) if x.estimate is not None),
            without=tuple(x for x in found if x.estimate is None),
        )
        for name, found in by_name.items()
    )


def _moderator(inputs: RunInputs, one: ModeratorLine) -> ModeratorSection:
    subgroups = one.kind == "subgroups"
    formula = parse(f"`{one.moderator}`" if subgroups else one.moderator)
    found = _formula(inputs, formula, part_of(one), one.kind, one.note)
    column = found.columns[0] if subgroups else None
    return replace(
        found, column=column, centred=one.at_mean is not None, apart=bool(one.by_treatment)
    )


def _scaled(inputs: RunInputs, one: HeterogeneityLine) -> ModeratorSection:
    formula = parse(one.formula)
    if one.by_level:
        formula = replace(formula, intercept=False)
    found = _formula(inputs, formula, heterogeneity_of(one), "location-scale", one.note)
    ended = not one.by_level and any(term.coefficient is None for term in one.terms)
    return replace(found, column=found.columns[0] if one.by_level else None, at_zero=ended)


def _formula(
    inputs: RunInputs, formula: Formula, part: str, kind: str, note: str | None
) -> ModeratorSection:
    columns = formula.names
    categories = tuple(name for name in columns if is_text(inputs, name))
    return ModeratorSection(
        part=part,
        kind=kind,
        formula=str(formula),
        column=None,
        columns=columns,
        categories=categories,
        constant=formula.intercept or _has_all_levels(formula, categories),
        intercept=formula.intercept,
        centred=False,
        variables=tuple(variable_in_python(v, categories) for v in formula.variables),
        terms=formula.terms,
        note=note,
    )


def _has_all_levels(formula: Formula, categories: Sequence[str]) -> bool:
    """Whether a category stands alone in a model without intercept, so that its levels add to 1."""
    alone = [formula.variables[term[0]] for term in formula.terms if len(term) == 1]
    return any(
        variable.name in categories if isinstance(variable, Name) else variable.function in FACTORS
        for variable in alone
    )
