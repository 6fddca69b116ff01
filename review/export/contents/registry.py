"""Every table that ``review export tables`` writes, by name: the one place that knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.agreement import agreement_table
from review.export.contents.changes import changes_data, changes_table
from review.export.contents.characteristics import characteristics_data, characteristics_table
from review.export.contents.effects import results_table as effects_table
from review.export.contents.excluded import excluded_data, excluded_table
from review.export.contents.findings import findings_data, findings_table
from review.export.contents.heterogeneity import heterogeneity_table
from review.export.contents.joint import joint_tables
from review.export.contents.levels import levels_tables
from review.export.contents.moderators import moderators_data, moderators_table
from review.export.contents.network import network_tables
from review.export.contents.notices import names_in, notices_data, notices_table
from review.export.contents.pooled import pooled_data, pooled_table
from review.export.contents.posterior import posterior_table
from review.export.contents.reported import reported_table
from review.export.contents.results import results_data, results_table
from review.export.contents.risk_of_bias import bias_tables
from review.export.contents.searches import searches_data, searches_table
from review.export.contents.since import since_data, since_table
from review.export.contents.variants import variants_data, variants_table
from review.export.runs import LatestRun
from review.export.spelling import spelling_of
from review.export.tables.model import Table
from review.export.tables.printing import NumberStyle
from review.export.tables.writers.files import DATA, Format, write_tables
from review.protocol.models import Review

Builder = Callable[[Session, Review, Sequence[LatestRun]], Mapping[str, Table]]


@dataclass(frozen=True, slots=True)
class Content:
    """A table, or some of one kind, that can be exported."""

    name: str
    what: str
    remedy: str
    """The command that brings content where there is none."""
    printed: Builder | None
    """For documents; None where it is for machines only."""
    data: Builder | None = None
    """For machines, with more columns; None where the printed table serves both."""


@dataclass(frozen=True, slots=True)
class Collection:
    """The tables of a review that have content, by file name, and those that have none."""

    printed: Mapping[str, Table]
    data: Mapping[str, Table]
    empty: tuple[Content, ...]


def _of_review(name: str, table: Callable[[Session, Review], Table]) -> Builder:
    return lambda session, review, _: {name: table(session, review)}


def _of_runs(name: str, table: Callable[[str, Sequence[LatestRun]], Table]) -> Builder:
    return lambda _, review, runs: {name: table(review.title, runs)}


def _effects(session: Session, review: Review, runs: Sequence[LatestRun]) -> Mapping[str, Table]:
    names = names_in(session, review)
    return {f"study_results_{run.analysis}": effects_table(run, names) for run in runs}


def _where_modelled(
    review: Review, runs: Sequence[LatestRun], *, print_: bool
) -> Mapping[str, Table]:
    """Return the table of heterogeneity where a plan models it."""
    if not any(run.results.heterogeneity for run in runs):
        return {}
    return {"heterogeneity": heterogeneity_table(review.title, runs, print_=print_)}


def _where_believed(
    review: Review, runs: Sequence[LatestRun], *, print_: bool
) -> Mapping[str, Table]:
    """Return the table of posteriors where a plan states priors."""
    if not any(run.results.posterior is not None for run in runs):
        return {}
    return {"posteriors": posterior_table(review.title, runs, print_=print_)}


CONTENTS: Final = (
    Content(
        "search_strategies",
        "each search: source, platform, date, strategy, limits, records found and imported",
        "review search add, review import",
        _of_review("search_strategies", searches_table),
        _of_review("search_strategies", searches_data),
    ),
    Content(
        "excluded_studies",
        "reports excluded at full text and studies taken out later, with reasons",
        "review screen decide, review study exclude",
        _of_review("excluded_studies", excluded_table),
        _of_review("excluded_studies", excluded_data),
    ),
    Content(
        "characteristics",
        "included studies: design, participants, funding, arms, outcomes and instruments",
        "review extract import",
        _of_review("characteristics", characteristics_table),
        _of_review("characteristics", characteristics_data),
    ),
    Content(
        "results",
        "every result that counts, by study and arm, as reported, with its source",
        "review extract import",
        _of_review("results", results_table),
        _of_review("results", results_data),
    ),
    Content(
        "risk_of_bias",
        "a family of tools each: judgements by domain, and a second table with their support",
        "review rob adopt, then review rob assess",
        lambda session, review, _: bias_tables(session, review),
        lambda session, review, _: bias_tables(session, review, whole_rows=True),
    ),
    Content(
        "summary_of_findings",
        "GRADE: each planned contrast in absolute and relative terms, with its certainty",
        "review repool, and review grade rate",
        lambda session, review, runs: {
            "summary_of_findings": findings_table(session, review, runs)
        },
        lambda session, review, runs: {"summary_of_findings": findings_data(session, review, runs)},
    ),
    Content(
        "pooled_estimates",
        "one row an analysis and margin: estimate, intervals, heterogeneity, conclusion",
        "review repool",
        _of_runs("pooled_estimates", pooled_table),
        _of_runs("pooled_estimates", pooled_data),
    ),
    Content(
        "notices",
        "trials left out with reason and remedy, open doubts, plans changed after results",
        "nothing to do: no trial is left out and no doubt is open",
        _of_review("notices", notices_table),
        _of_review("notices", notices_data),
    ),
    Content(
        "variants",
        "every planned analysis with its sensitivity variants, one row a line",
        "review repool",
        lambda session, review, runs: {"variants": variants_table(session, review, runs)},
        _of_runs("variants", variants_data),
    ),
    Content(
        "moderators",
        "planned subgroups and meta-regressions: test for differences, each level",
        "subgroups or moderators in the plan, then review repool",
        lambda session, review, runs: {"moderators": moderators_table(session, review, runs)},
        _of_runs("moderators", moderators_data),
    ),
    Content(
        "heterogeneity",
        "what tau² depends on: the test of each planned model, each level or term",
        "heterogeneity in the plan, then review repool",
        lambda _, review, runs: _where_modelled(review, runs, print_=True),
        lambda _, review, runs: _where_modelled(review, runs, print_=False),
    ),
    Content(
        "posteriors",
        "posteriors by Bayes beside the planned estimates: intervals, τ, probabilities",
        "bayes in the plan, then review repool",
        lambda _, review, runs: _where_believed(review, runs, print_=True),
        lambda _, review, runs: _where_believed(review, runs, print_=False),
    ),
    Content(
        "network",
        "networks: league table of each, every pair by direct and indirect evidence, treatments",
        "kind: network in a plan, then review repool",
        network_tables,
    ),
    Content(
        "joint",
        "several outcomes taken together: each beside its own analysis, and their differences",
        "model: multivariate in a plan, then review repool",
        joint_tables,
    ),
    Content(
        "levels",
        "random effects of groups: the variance of each, and what it is of all variance",
        "random in a plan, then review repool",
        levels_tables,
    ),
    Content(
        "study_results",
        "an analysis each: the trials with sizes, effect, variance, interval, weight",
        "review repool",
        _effects,
    ),
    Content(
        "changes",
        "what moved in the newest run of each analysis and why, by shares and signals",
        "review repool",
        _of_runs("changes", changes_table),
        _of_runs("changes", changes_data),
    ),
    Content(
        "whats_new",
        "since the last release, or older data: conclusions, trials, searches",
        "review repool after readers saw results",
        lambda session, review, runs: {"whats_new": since_table(session, review, runs)},
        lambda session, review, runs: {"whats_new": since_data(session, review, runs)},
    ),
    Content(
        "agreement",
        "screening by stage and pair, double entry by field, risk of bias by domain",
        "two reviewers who work independently",
        _of_review("agreement", agreement_table),
        lambda session, review, _: {"agreement": agreement_table(session, review, whole_rows=True)},
    ),
    Content(
        "reported_numbers",
        "every number that entered an analysis, as reported (CSV, XLSX, JSON)",
        "review repool",
        None,
        _of_runs("reported_numbers", reported_table),
    ),
)
"""In the order in which documents have them."""

IN_OUR_WORDS: Final = frozenset(
    {
        "summary_of_findings", "pooled_estimates", "notices", "variants", "moderators",
        "heterogeneity", "posteriors", "changes", "whats_new",
    }
)  # fmt: skip
"""Tables whose cells the program words; the cells of the others are from reports and people."""

NAMES: Final = tuple(content.name for content in CONTENTS)


def collect(
    session: Session, review: Review, runs: Sequence[LatestRun], names: Sequence[str] = ()
) -> Collection:
    """Return the tables of a review.

    Parameters
    ----------
    session : Session
        To read with.
    review : Review
        Whose tables.
    runs : sequence of LatestRun
        The newest run of each analysis; may be empty.
    names : sequence of str
        Of `NAMES`; none takes all.

    Returns
    -------
    Collection
        Tables without a row are left out; a content without any table is told as empty.
    """
    printed: dict[str, Table] = {}
    data: dict[str, Table] = {}
    empty = []
    for content in CONTENTS:
        if names and content.name not in names:
            continue
        shown = _filled(content.printed, session, review, runs)
        full = _filled(content.data, session, review, runs) if content.data else shown
        printed |= shown
        data |= full
        if not full:
            empty.append(content)
    spelling = spelling_of(review, runs, names_in(session, review).values())
    spelled = {
        name: spelling.table(table, cells=name in IN_OUR_WORDS) for name, table in printed.items()
    }
    return Collection(spelled, data, tuple(empty))


def write_collection(
    collection: Collection,
    folder: Path,
    formats: Iterable[Format] = tuple(Format),
    *,
    style: NumberStyle = NumberStyle.APA,
    zipped: bool = False,
) -> dict[Path, Mapping[str, Table]]:
    """Write the tables for print or for machines, as each format has them; `zipped`, JSON by gzip.

    Returns
    -------
    dict of Path to mapping of str to Table
        The files, each with the tables it holds, as `write_provenance` takes them.
    """
    exported: dict[Path, Mapping[str, Table]] = {}
    for chosen in formats:
        tables = collection.data if chosen in DATA else collection.printed
        written = write_tables(tables, folder, [chosen], style=style, zipped=zipped)
        for path, names in written.items():
            exported[path] = {name: tables[name] for name in names}
    return exported


def _filled(
    build: Builder | None, session: Session, review: Review, runs: Sequence[LatestRun]
) -> dict[str, Table]:
    if build is None:
        return {}
    return {name: table for name, table in build(session, review, runs).items() if table.rows}
