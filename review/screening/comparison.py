"""Agreement of a review's reviewers: which decisions are compared, and what comes of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from review.independent.agreement import FleissKappa, Kappa, by_pair, cohen_kappa, fleiss_kappa
from review.screening.ledger import Ledger
from review.screening.vocabulary import Stage, Verdict

FORWARD = "include or maybe"


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Two reviewers on the records that both decided."""

    first: str
    second: str
    kappa: Kappa
    forward: Kappa | None
    """At title and abstract where *maybe* was used: forward (include or maybe) against exclude."""


@dataclass(frozen=True, slots=True)
class StageAgreement:
    """Agreement at a stage, before adjudication."""

    stage: Stage
    records: int
    """Records that all required reviewers decided, and so were compared."""
    incomplete: int
    """Records begun but not complete; they say nothing yet."""
    changed: int
    """Compared records on which somebody's newest decision is not their independent one."""
    basis: str
    pairs: tuple[PairAgreement, ...]
    overall: tuple[FleissKappa, ...]
    """Where more than two reviewers took part: Fleiss' kappa, by number of verdicts a record."""


def agreement_at(
    ledger: Ledger,
    handles: Mapping[int, str],
    stage: Stage,
    *,
    batch: int | None = None,
    pilot: int | None = None,
    final: bool = False,
    level: float = 0.95,
    alike: Mapping[int, int] | None = None,
) -> StageAgreement:
    """Return how far reviewers agree at a stage, of one batch or pilot round or of all records.

    Parameters
    ----------
    ledger : Ledger
        Of the review.
    handles : mapping of int to str
        Names of persons.
    stage : Stage
        Adjudications are left aside.
    batch, pilot : int, optional
        Id of a batch; number of a pilot round of the stage.
    final : bool
        Compare each reviewer's newest decision; by default the independent ones are compared, made
        before the record was complete, for a change after that may follow the other's opinion.
    level : float
        Of the intervals.
    alike : mapping of int to int, optional
        For how many records each of the ledger stands; each for itself where it is not given.

    Returns
    -------
    StageAgreement
        Without pairs where nothing is complete.
    """
    compared: list[tuple[dict[str, str], int]] = []
    incomplete = changed = 0
    for record, of_batch in ledger.records.items():
        if batch is not None and of_batch != batch:
            continue
        drawn = ledger.pilot(stage, record)
        if pilot is not None and (drawn is None or drawn.number != pilot):
            continue
        number = 1 if alike is None else alike[record]
        ballots = ledger.compared(stage, record, final=final)
        if ballots:
            said = {handles[p]: ballot.verdict.value for p, ballot in ballots.items()}
            compared.append((said, number))
            newest = ledger.compared(stage, record, final=True)
            if any(newest[p].verdict is not one.verdict for p, one in ballots.items()):
                changed += number
        elif ledger.cast(stage, record):
            incomplete += number
    persons = {person for verdicts, _ in compared for person in verdicts}
    return StageAgreement(
        stage=stage,
        records=sum(number for _, number in compared),
        incomplete=incomplete,
        changed=changed,
        basis="newest decisions" if final else "independent decisions",
        pairs=tuple(_pair(*names, both, stage, level) for names, both in _paired(compared).items()),
        overall=_overall(compared, level) if len(persons) > 2 else (),
    )


def _paired(
    compared: Sequence[tuple[Mapping[str, str], int]],
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Return what each two persons said of the same records, once for each record."""
    counted = ({who: (said, number) for who, said in all_.items()} for all_, number in compared)
    return {
        pair: [(one, other) for (one, n), (other, _) in both for _ in range(n)]
        for pair, both in by_pair(counted).items()
    }


def _categories(used: set[str]) -> tuple[str, ...]:
    return tuple(v.value for v in Verdict if v is not Verdict.MAYBE or v.value in used)


def _pair(
    first: str, second: str, both: Sequence[tuple[str, str]], stage: Stage, level: float
) -> PairAgreement:
    one, other = [pair[0] for pair in both], [pair[1] for pair in both]
    categories = _categories({*one, *other})
    forward = None
    if stage is Stage.TITLE_ABSTRACT and Verdict.MAYBE.value in categories:
        exclude = Verdict.EXCLUDE.value
        forward = cohen_kappa(
            [verdict if verdict == exclude else FORWARD for verdict in one],
            [verdict if verdict == exclude else FORWARD for verdict in other],
            categories=(FORWARD, exclude),
            level=level,
        )
    kappa = cohen_kappa(one, other, categories=categories, level=level)
    return PairAgreement(first, second, kappa, forward)


def _overall(
    compared: Sequence[tuple[Mapping[str, str], int]], level: float
) -> tuple[FleissKappa, ...]:
    by_number: dict[int, list[list[str]]] = defaultdict(list)
    for verdicts, number in compared:
        by_number[len(verdicts)] += [list(verdicts.values())] * number
    return tuple(
        fleiss_kappa(rows, categories=_categories({v for row in rows for v in row}), level=level)
        for number, rows in sorted(by_number.items())
        if number >= 2
    )
