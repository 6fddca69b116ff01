"""One unit of work: evidence in, runs' contents out. Pure, so that any process can do it."""

from __future__ import annotations

import gc
import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from review.canonical import CanonicalText, canonical_json
from review.errors import InvalidDataError, ReviewError
from review.extraction.appraisal.form import Target
from review.extraction.appraisal.rules import Settled
from review.extraction.evidence import Evidence
from review.living.estimates.effects import TrialEffects, trial_effects
from review.living.estimates.pooling import pool_inputs
from review.living.inputs.select import select
from review.living.inputs.variants import with_alternatives
from review.living.reports.changes import ChangeReport, compare
from review.living.runs.contents import RunInputs
from review.living.runs.digests import Digest, digest_of
from review.living.runs.results import RunResults
from review.protocol.rules import Plan

IN_FLIGHT: Final = 6
"""Chunks handed out before the first is waited for: enough to keep a few workers busy, and few
enough that the evidence of all of them fits in memory."""


@dataclass(frozen=True, slots=True)
class Task:
    """One analysis to look at: its plan and the evidence of its outcome."""

    analysis_id: int
    plan: dict[str, Any]
    evidence: tuple[Evidence, ...]
    fingerprint: str | None
    """Of the newest run; None where there is none."""
    forced: bool
    """Compute it although its inputs are those of its last run (a new engine)."""
    settled: dict[Target, Settled] = field(default_factory=dict)
    """Risk of bias that counts, where a variant asks for it."""


@dataclass(frozen=True)
class Made:
    """The inputs differ from those of the last run; here is what the new one keeps.

    It is JSON from here on: who computes writes it, who hands over and stores it only copies, and
    who reads it parses it once.
    """

    inputs_json: CanonicalText
    results_json: CanonicalText
    fingerprint: str
    digest: Digest
    """The same in short, for later reports."""
    report: ChangeReport | None
    """Of a first run; the job compares a later one with the run before, which is not here."""

    @cached_property
    def inputs(self) -> RunInputs:
        """Everything that entered."""
        return RunInputs.model_validate(json.loads(self.inputs_json))

    @cached_property
    def results(self) -> RunResults:
        """What was computed."""
        return RunResults.model_validate(json.loads(self.results_json))


@dataclass(frozen=True, slots=True)
class Same:
    """The inputs are those of the last run."""


@dataclass(frozen=True, slots=True)
class NoTrial:
    """No trial can enter."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The inputs cannot be pooled."""

    reason: str


Found = Made | Same | NoTrial | Unfit


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause Python's collector of cycles for a chunk.

    A chunk makes hundreds of thousands of values, and no cycle among them; to look through them
    again and again was a third of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@collector_paused()
def work_off(tasks: Sequence[Task]) -> list[Found]:
    """Return what each task comes to; those to compute are pooled as one batch."""
    found: dict[int, Found] = {}
    ready: list[tuple[int, RunInputs, TrialEffects, str]] = []
    for index, task in enumerate(tasks):
        try:
            inputs = select(Plan.model_validate(task.plan), task.evidence)
            inputs = with_alternatives(inputs, task.evidence, task.settled)
            if not inputs.trials:
                found[index] = NoTrial()
                continue
            fingerprint = inputs.fingerprint
            if fingerprint == task.fingerprint and not task.forced:
                found[index] = Same()
            else:
                ready.append((index, inputs, trial_effects(inputs), fingerprint))
        except InvalidDataError as error:
            found[index] = Unfit(str(error))
    pooled = _pooled([(inputs, effects) for _, inputs, effects, _ in ready])
    for (index, inputs, _, fingerprint), results in zip(ready, pooled, strict=True):
        found[index] = (
            Unfit(results)
            if isinstance(results, str)
            else Made(
                inputs_json=_json(inputs),
                results_json=_json(results),
                digest=digest_of((inputs, results)),
                fingerprint=fingerprint,
                report=compare(None, (inputs, results))
                if tasks[index].fingerprint is None
                else None,
            )
        )
    return [found[index] for index in range(len(tasks))]


def _json(kept: RunInputs | RunResults) -> CanonicalText:
    return CanonicalText(canonical_json(kept.model_dump(mode="json")))


def _pooled(analyses: Sequence[tuple[RunInputs, TrialEffects]]) -> list[RunResults | str]:
    """Pool as one batch; where one analysis cannot be pooled, each on its own."""
    try:
        return list(pool_inputs(analyses))
    except ReviewError:
        return [_pooled_alone(inputs, effects) for inputs, effects in analyses]


def _pooled_alone(inputs: RunInputs, effects: TrialEffects) -> RunResults | str:
    try:
        return pool_inputs([(inputs, effects)])[0]
    except ReviewError as error:
        return str(error)


def in_order(
    executor: Executor | None, chunks: Iterable[Sequence[Task]]
) -> Iterator[tuple[Sequence[Task], list[Found]]]:
    """Yield each chunk with what it came to, in order, whoever worked it off.

    Without an executor the work is done here, chunk by chunk; the results are the same, bit for
    bit, because the chunks are.
    """
    if executor is None:
        for chunk in chunks:
            yield chunk, work_off(chunk)
        return
    handed_out: deque[tuple[Sequence[Task], Future[list[Found]]]] = deque()
    for chunk in chunks:
        handed_out.append((chunk, executor.submit(work_off, chunk)))
        if len(handed_out) >= IN_FLIGHT:
            first, future = handed_out.popleft()
            yield first, future.result()
    for chunk, future in handed_out:
        yield chunk, future.result()
