"""What a positive Hedges g of a Metapsy file means: proved from the file's own means. Pure.

The format does not say it. metapsyTools computes arm 1 minus arm 2 and lets each database turn it
(`change.sign`): depression-psyctr and ptsd-psyctr hold g that is positive where arm 1 did better,
panic-psyctr and the template hold the difference of the scores. A log risk ratio is always of the
events in arm 1 against those in arm 2.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from review.extraction.formats.source import Directions, SourceRow
from review.extraction.vocabulary import Positive
from review.wording import counted

READY: Final = (".g", "precalc_g")

CLEAR: Final = 0.05
"""|g| from which a sign says something."""

NEAR: Final = 0.15
"""The part of |d| by which |g| may miss it: other corrections and rounded SDs, not other data."""

FEW: Final = 0.10
"""The part of a file's rows that may be slips of the pen."""

GOOD: Final = re.compile(
    r"respon[sd]|remi(ss|t)|recover|improve|abstinen|success|sustained change|no longer|free of|"
    r"diagnosis.?free|loss of diagnosis",
    re.I,
)
BAD: Final = re.compile(
    r"deteriorat|drop.?out|attrition|discontinu|relapse|recurren|attempt|suicid|self.?harm|death|"
    r"died|mortal|dead|adverse|harm|worsen|non.?respon|hospitali|crisis|withdr[ae]w|"
    r"lost to follow|onset|incidence|caseness",
    re.I,
)
"""Words for events: those a trial hopes for, and those that it hopes to prevent."""


def event_is_good(outcome: str) -> bool | None:
    """Return whether more events of this name are better; None where the name does not tell."""
    if BAD.search(outcome):
        return False
    return True if GOOD.search(outcome) else None


def is_counted(row: SourceRow) -> bool:
    """Whether a row is of events: it has their counts, or a log risk ratio."""
    names = ("event_arm1", ".event_arm1", ".log_rr", "precalc_log_rr")
    return any(row.number(name) is not None for name in names)


@dataclass(frozen=True, slots=True)
class Proof:
    """The rows whose own numbers show what their g means, by line."""

    better: tuple[int, ...] = ()
    """g has the sign opposite to arm 1 minus arm 2, or that of the events hoped for."""
    higher: tuple[int, ...] = ()
    """g has the sign of arm 1 minus arm 2."""

    @property
    def positive(self) -> Positive | None:
        """What the file shows; None where no row does, or rows contradict each other."""
        total = len(self.better) + len(self.higher)
        if not total:
            return None
        share = len(self.better) / total
        if share >= 0.5:
            return Positive.BETTER
        return Positive.HIGHER if share <= FEW else None


def proof_of(rows: Iterable[SourceRow]) -> Proof:
    """Return which rows show what a positive g means: by means or changes, else by events.

    A difference of means that g equals apart from its sign is one; |d| and |g| below 0.05 say
    nothing. Scores that are better when they are lower are what makes both readings differ: a file
    whose g all have the sign of the difference is read as differences, which is right for scores
    that are better when they are higher by either reading.
    """
    by_means: tuple[list[int], list[int]] = ([], [])
    by_events: tuple[list[int], list[int]] = ([], [])
    for row in rows:
        g = row.number(*READY)
        if g is None or abs(g) < CLEAR:
            continue
        d = difference(row)
        if d is not None:
            if _same_size(g, d):
                by_means[g * d > 0].append(row.line)
            continue
        expected = _g_of_events(row)
        if expected is not None and _same_size(g, expected):
            by_events[g * expected < 0].append(row.line)
    better, higher = by_means if any(by_means) else by_events
    return Proof(tuple(better), tuple(higher))


def _same_size(g: float, d: float) -> bool:
    return abs(d) >= CLEAR and abs(abs(g) - abs(d)) <= NEAR * abs(d) + 0.02


def difference(row: SourceRow) -> float | None:
    """Return arm 1 minus arm 2 over the pooled SD, of scores or else of changes, as Hedges g."""
    for mean, sd, persons in (("mean", "sd", "n"), ("mean_change", "sd_change", "n_change")):
        cells = [row.number(f"{x}_arm{arm}") for x in (mean, sd, persons) for arm in (1, 2)]
        given = [cell for cell in cells if cell is not None]
        if len(given) < len(cells):
            continue
        m1, m2, s1, s2, n1, n2 = given
        df = n1 + n2 - 2
        if df < 2 or min(n1, n2) < 1:
            continue
        pooled = math.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / df)
        if pooled > 0:
            return (m1 - m2) / pooled * (1 - 3 / (4 * df - 1))
    return None


def _g_of_events(row: SourceRow) -> float | None:
    """Return the g of events that are hoped for, positive where arm 1 had more (Chinn 2000)."""
    if event_is_good(row.text("outcome_type") or "") is not True:
        return None
    cells = [row.number(f"{what}_arm{arm}", f".{what}_arm{arm}")
             for arm in (1, 2) for what in ("event", "totaln")]  # fmt: skip
    if any(cell is None for cell in cells):
        return None
    e1, n1, e2, n2 = (float(cell) for cell in cells if cell is not None)
    if not (0 < e1 < n1 and 0 < e2 < n2):
        return None
    odds = math.log(e1 * (n2 - e2) / (e2 * (n1 - e1)))
    return odds * math.sqrt(3) / math.pi


@dataclass(frozen=True, slots=True)
class Reading:
    """How the ready effects of a file are read, and why."""

    positive: Positive
    why: str
    """``stated``, ``proved``, ``before`` (as older software took it) or ``format``."""
    proof: Proof
    below: int = 0
    """Ready effects below zero."""
    ready: int = 0

    @property
    def meant(self) -> str:
        """What a positive effect is taken to say."""
        did = {Positive.BETTER: "did better", Positive.HIGHER: "scored higher"}[self.positive]
        return f"that arm 1 {did}"

    @property
    def words(self) -> str | None:
        """What a positive effect is taken to say, and why; None without ready effects."""
        if not self.ready:
            return None
        if self.why not in ("stated", "proved"):
            by = "as an earlier import took it" if self.why == "before" else "as the format is used"
            other = next(p for p in Positive if p is not self.positive)
            return (
                f"No row shows by means or counts what a positive g means; it is taken to mean "
                f"{self.meant} ({by}): {self.below} of {self.ready} are below zero. Look at one "
                f"trial's report; if it is not so, import again with --positive {other.value}"
            )
        shown = {Positive.BETTER: self.proof.better, Positive.HIGHER: self.proof.higher}
        agreeing = shown[self.positive]
        against = sorted({*self.proof.better, *self.proof.higher} - {*agreeing})
        rows = counted(len(agreeing), "row")
        why = f"as stated; {rows} of the file show it" if self.why == "stated" else (
            f"shown by the arms' own numbers in {rows}"
        )  # fmt: skip
        lines = ", ".join(map(str, against[:5])) + (", …" if len(against) > 5 else "")
        but = f"; {counted(len(against), 'row')} say the opposite (line {lines})" if against else ""
        return f"A positive g is taken to mean {self.meant} ({why}{but})"

    @property
    def plain(self) -> Mapping[str, Any]:
        """As a release keeps it."""
        return {"positive": self.positive.value, "why": self.why}


LEGACY: Final[Mapping[str, Any]] = {"positive": Positive.HIGHER.value, "why": "legacy"}
"""How releases were read before signs were looked at."""


def reading_of(
    rows: Sequence[SourceRow],
    directions: Directions,
    before: Mapping[str, Any] | None,
) -> Reading:
    """Return how a file's ready effects are read.

    What the person says comes first, then what the file proves, then how the release before it was
    read, then the meaning that its users give the format: positive where arm 1 did better.
    """
    proof = proof_of(rows)
    effects = [g for row in rows if not is_counted(row) and (g := row.number(*READY)) is not None]
    below = sum(g < 0 for g in effects)
    if directions.positive is not None:
        positive, why = directions.positive, "stated"
    elif proof.positive is not None:
        positive, why = proof.positive, "proved"
    elif before is not None:
        positive = Positive(before["positive"])
        why = before["why"] if before["why"] != LEGACY["why"] else "before"
    else:
        positive, why = Positive.BETTER, "format"
    return Reading(positive, why, proof, below, len(effects))
