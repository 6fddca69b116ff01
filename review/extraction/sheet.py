"""Entries as rows of the extraction table, and what its columns mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy.orm import Session

from review.errors import InvalidDataError
from review.extraction import queries
from review.extraction.entered import Entered, EnteredResult, ResultKey
from review.extraction.fields import FieldSpec
from review.extraction.models import Entry, Study
from review.extraction.rules import STUDY_FACTS
from review.extraction.vocabulary import EntryKind
from review.protocol.models import Review

EXPLAINED: Final[Mapping[str, str]] = {
    "study": "The trial's name in this review; the same on each of its rows",
    "year": "Year of the first report",
    "registration": "Number in a trial registry",
    "randomised": "What was allocated: individual, cluster, crossover, not_randomised",
    "cluster_size": "Mean number of participants in a cluster",
    "icc": "Intracluster correlation, as the study reports it",
    "therapists": "crossed: the same therapists in all arms; nested: each in one",
    "citation": "The report the row is from",
    "arm": "The arm's name; the same on each of its rows",
    "treatment": "What the arm was given",
    "delivery_mode": "How it reached the client",
    "n_randomised": "Participants allocated to the arm",
    "role": "intervention, active_control, usual_care, wait_list, no_treatment, placebo",
    "versus_arm": "The other arm, for a result of a contrast (arm minus versus_arm)",
    "instrument": "The instrument's short name (review instrument list)",
    "rater": "client, therapist, observer, clinician, self, not_reported",
    "timepoint": "When, in words; post where empty",
    "analysis_set": "itt, completers, per_protocol, not_reported",
    "with_instrument": "The other instrument, for an association; the estimate is then r or B",
    "n": "Participants analysed (of versus_arm: versus_n)",
    "mean": "Mean score",
    "sd": "Standard deviation of scores within an arm (of a contrast: within both arms), not the "
    "standard error, and not what is left after adjustment",
    "events": "Participants with the event",
    "estimate": "An estimate that is no mean; say in metric of what",
    "se": "Standard error of the mean or of the estimate",
    "variance": "Sampling variance of the estimate",
    "ci_low": "Lower limit of the interval of the mean or estimate",
    "ci_high": "Its upper limit",
    "ci_level": "Its level, 0.9 or 90 for a 90 % interval; 0.95 where empty",
    "baseline_mean": "Mean before treatment",
    "baseline_sd": "Standard deviation before treatment",
    "mean_change": "Mean change from baseline",
    "sd_change": "Standard deviation of change",
    "correlation": "Of the two occasions, or of a crossover trial's two periods; of an adjusted "
    "result, of the outcome with its covariate",
    "t": "Student's t of the contrast",
    "f": "F of the contrast",
    "p": "p of the contrast",
    "df1": "Numerator degrees of freedom of F; 1 where empty",
    "p_sides": "1 if p (or p_below) is one-sided; two-sided where empty",
    "residual_sd": "The SD that is left after adjustment (root mean square error)",
    "r_squared": "Share of the outcome's variance that the covariates explain, 0 to 1",
    "p_below": "Where the report only says p < 0.05: the threshold",
    "weeks": "Weeks from the start of treatment",
    "metric": "What estimate (or t, F, p) is of: MD, MD of change, SMD, d, partial eta squared, OR "
    "(as printed), log OR, HR, r, ...",
    "positive": "better where a positive estimate (a ratio above 1) means that arm did better; "
    "empty or higher where it means that arm scored higher",
    "adjusted": "yes if adjusted for covariates",
    "clusters_analysed": "yes if the report's analysis took account of clusters",
    "favours": "The arm that the report's words say did better, or neither",
    "page": "Page or table",
    "quote": "The passage, verbatim",
    "study_version": "Leave as it is: it tells whether somebody changed the study since",
    "arm_version": "Leave as it is: it tells whether somebody changed the arm since",
    "version": "Leave as it is: it tells whether somebody changed the result since",
}
"""What columns mean, where their name does not say it all."""


def explained(fields: Sequence[FieldSpec]) -> dict[str, str]:
    """Return what the columns of a review's table mean, custom ones too."""
    bounds = {
        f.slug: f" ({'; '.join(f.choices)})"
        if f.choices
        else "".join(
            f", {word} {bound:g}"
            for word, bound in (("from", f.lowest), ("to", f.highest))
            if bound is not None
        )
        for f in fields
    }
    return {**EXPLAINED, **{f.slug: f"{f.label}{bounds[f.slug]}" for f in fields}}


def entry_rows(
    session: Session,
    review: Review,
    *,
    kind: EntryKind | None = None,
    person: str | None = None,
    viewer: str | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of a review's entries, which an import takes back without a change.

    Parameters
    ----------
    session, review
        The review.
    kind
        None takes of each study the entry that counts, and a row of its own for a study without
        one. ``EntryKind.BLIND`` takes a person's own.
    person
        Whose blind entries; nobody else's are ever in the rows.
    viewer
        Who asks.

    Raises
    ------
    InvalidDataError
        If the viewer may not see a blind entry yet (`review.extraction.queries.visible`).
    """
    if kind is EntryKind.BLIND and person is None:
        raise InvalidDataError("whose blind entries?")
    studies = queries.studies(session, review)
    of_study: dict[int, list[Entry]] = {study.id: [] for study in studies}
    for entry in queries.entries(session, list(of_study)):
        of_study[entry.study_id].append(entry)
    chosen: dict[int, Entry] = {}
    for study_id, entries in of_study.items():
        if kind is None:
            found = queries.counting(entries)
        else:
            own = [
                e
                for e in entries
                if e.kind is kind and (kind is not EntryKind.BLIND or e.person.name == person)
            ]
            found = next(iter(own), None)
        if found is not None:
            chosen[study_id] = found
    hidden = [
        study.label
        for study in studies
        if study.id in chosen
        and chosen[study.id] not in queries.visible(of_study[study.id], viewer)
    ]
    if hidden:
        raise InvalidDataError(
            f"what {person} entered is hidden until both entries are finished: {'; '.join(hidden)}"
        )
    told = {e.entry_id: e for e in queries.entered(session, list(chosen.values()))}
    rows: list[dict[str, Any]] = []
    for study in studies:
        if study.id in chosen:
            rows += _rows(told[chosen[study.id].id])
        elif kind is None:
            rows.append(_study_row(study))
    return rows


def _study_row(study: Study) -> dict[str, Any]:
    facts = {name: getattr(study, name) for name in STUDY_FACTS}
    return {"study": study.label, "study_version": study.version, **facts}


def _rows(entered: Entered) -> Iterator[dict[str, Any]]:
    study = {"study": entered.study, "study_version": entered.version, **entered.values}
    covered = {key.arm for key in entered.results}
    for key, result in entered.results.items():
        yield {**study, **_arm(entered, key.arm), **_result(key, result)}
    alone = [label for label in entered.arms if label not in covered]
    for label in alone:
        yield {**study, **_arm(entered, label)}
    if not entered.results and not alone:
        yield study


def _arm(entered: Entered, label: str) -> dict[str, Any]:
    arm = entered.arms.get(label)
    if arm is None:
        return {"arm": label}
    return {"arm": label, "arm_version": arm.version, **arm.values}


def _result(key: ResultKey, result: EnteredResult) -> dict[str, Any]:
    return {
        **dict.fromkeys(result.not_reported, "NR"),
        **result.values,
        **{name: value for name, value in key._asdict().items() if value is not None},
        "version": result.version,
    }
