"""The algorithms of the tools, what makes an appraisal complete, and what several amount to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from review.extraction.appraisal.form import (
    Answered,
    Appraisal,
    Flaw,
    Form,
    Judged,
    Stated,
    Target,
)
from review.extraction.appraisal.tool import Domain, Question, Tool
from review.extraction.appraisal.vocabulary import Answer, Kind, State
from review.independent.judgement import Outcome, newest, outcome, visible

ASSESSORS: Final = 2
"""How many judge each result where a review does not say otherwise (MECIR standard C53)."""

OVERALL: Final = "Overall"


@dataclass(frozen=True, slots=True)
class Settled:
    """The overall judgement that counts for a target, and how it came about."""

    target: Target
    study_id: int
    tool: str
    version: str
    judgement: str
    label: str
    state: State
    domains: Mapping[str, str] = field(default_factory=dict)
    """The judgement of each domain."""


def asked(domain: Domain, answers: Mapping[str, Answer]) -> list[Question]:
    """Return the questions that apply, given the answers so far, in order."""
    return [
        question
        for question in domain.questions
        if question.condition is None or question.condition.holds(answers)
    ]


def worst(tool: Tool, judgements: Iterable[str | None]) -> str | None:
    """Return the worst of some judgements, or None where what is unknown could be worse.

    Parameters
    ----------
    tool : Tool
        Its scale is ordered from the least risk to the most.
    judgements : iterable of str or None
        Values of the scale; None for one that is not known.

    Returns
    -------
    str or None
        The worst that is known, if all are known or it settles the matter; otherwise None. ROBINS-I
        names this rule: no information in a domain, and none at serious or critical risk, is for
        the assessor to judge (Sterne 2016, BMJ 355:i4919, table 2).

    Examples
    --------
    >>> from review.extraction.appraisal.catalogue import shipped_tool
    >>> worst(shipped_tool("rob2-parallel"), ["low", "high", None])
    'high'
    """
    place = {step.value: i for i, step in enumerate(tool.scale) if not step.unknown}
    given = list(judgements)
    known = [value for value in given if value is not None and value in place]
    if not known:
        return None
    found = max(known, key=place.__getitem__)
    return found if len(known) == len(given) or tool.judgement(found).settles else None


def proposed(tool: Tool, domain: Domain, answers: Mapping[str, Answer]) -> str | None:
    """Return the judgement that the algorithm of a domain proposes.

    Parameters
    ----------
    tool : Tool
        Whose domain it is.
    domain : Domain
        With its algorithm.
    answers : mapping of question number to Answer
        A question that is missing was not asked.

    Returns
    -------
    str or None
        A value of the scale: the worst of the algorithm's parts, each the first rule that applies.
        None where the domain has no algorithm, or none of a part's rules applies.

    Notes
    -----
    RoB 2: Sterne 2019, BMJ 366:l4898, and the figures of the guidance of 22 August 2019.
    """
    if not domain.algorithm:
        return None
    return worst(
        tool,
        [
            next((rule.then for rule in part if rule.condition.holds(answers)), None)
            for part in domain.algorithm
        ],
    )


def answer_problems(domain: Domain, answers: Mapping[str, Answer]) -> dict[str, str]:
    """Return what is wrong with the answers of a domain, by question number."""
    applicable = {question.number for question in asked(domain, answers)}
    problems = {}
    for question in domain.questions:
        answer = answers.get(question.number)
        given = answer is not None and answer is not Answer.NOT_APPLICABLE
        if question.number not in applicable:
            if given:
                problems[question.number] = f"is asked only if {question.only_if}; leave it empty"
        elif answer is None:
            problems[question.number] = f"has no answer; it takes {question.answers}"
        elif answer not in question.allowed:
            problems[question.number] = f"takes {question.answers}, not {answer.value}"
    return problems


def _judged(
    key: str, stated: Stated, proposal: str | None, otherwise: str, flaws: list[Flaw]
) -> Judged | None:
    judgement = stated.judgement or proposal
    if judgement is None:
        flaws.append(Flaw(key, f"{key}: {otherwise}"))
        return None
    if stated.judgement is not None and stated.judgement != proposal and not stated.support:
        instead = f"the algorithm proposes {proposal}" if proposal else "no algorithm judges it"
        flaws.append(Flaw(key, f"{key}: {instead}; say in the support why it is {judgement}"))
        return None
    return Judged(judgement, proposal, stated.support)


_UNANSWERED: Final = (
    "its questions have no answers; answer them, or state the judgement and its source as support"
)
_UNDECIDED: Final = (
    "the algorithm proposes nothing here; state the judgement, and in the support why"
)


def _domain_answers(
    domain: Domain, given: Mapping[str, Answered], flaws: list[Flaw]
) -> dict[str, Answered]:
    numbers = [q.number for q in domain.questions if q.number in given]
    answers = {number: given[number].answer for number in numbers}
    if not any(answer is not Answer.NOT_APPLICABLE for answer in answers.values()):
        return {}
    found = answer_problems(domain, answers)
    flaws += [Flaw(number, f"question {number} {reason}") for number, reason in found.items()]
    applicable = {question.number for question in asked(domain, answers)}
    return {number: given[number] for number in numbers if number in applicable}


def _unknown(tool: Tool, form: Form) -> list[Flaw]:
    """Return what a form has and its tool has not."""
    known = {q.number for domain in tool.domains for q in domain.questions}
    keys = {domain.key for domain in tool.domains}
    values = {step.value for step in tool.scale}
    flaws = [Flaw(n, f"question {n} is not in {tool.slug}") for n in form.answers if n not in known]
    flaws += [Flaw(k, f"domain {k} is not in {tool.slug}") for k in form.domains if k not in keys]
    return flaws + [
        Flaw(name, f"{name}: {stated.judgement!r} is not on the scale")
        for name, stated in (*form.domains.items(), (OVERALL, form.overall))
        if stated.judgement is not None and stated.judgement not in values
    ]


def complete(tool: Tool, form: Form) -> tuple[Appraisal | None, list[Flaw]]:
    """Return the complete appraisal that a form makes, or what is missing and wrong in it.

    Parameters
    ----------
    tool : Tool
        What the form is of.
    form : Form
        Answers, and judgements where they differ from the proposed ones. A domain without any
        answer is a judgement taken over from elsewhere, and must be stated with its source as
        support.

    Returns
    -------
    appraisal : Appraisal or None
        None where there are flaws.
    flaws : list of Flaw
        Each a sentence, with the question or domain that it is about.
    """
    if not form.answers and not form.domains and form.overall == Stated():
        return None, [Flaw(None, "nothing is filled in; answer it, or take its lines out")]
    flaws = _unknown(tool, form)
    answers: dict[str, Answered] = {}
    domains: dict[str, Judged] = {}
    for domain in tool.domains:
        before = len(flaws)
        own = _domain_answers(domain, form.answers, flaws)
        if len(flaws) > before:
            continue
        answers |= own
        proposal = proposed(tool, domain, {n: a.answer for n, a in own.items()}) if own else None
        otherwise = _UNDECIDED if own or not domain.questions else _UNANSWERED
        stated = form.domains.get(domain.key, Stated())
        judged = _judged(domain.key, stated, proposal, otherwise, flaws)
        if judged is not None:
            domains[domain.key] = judged
    whole = worst(tool, [judged.judgement for judged in domains.values()])
    overall = _judged(OVERALL, form.overall, whole, _UNDECIDED, flaws) if not flaws else None
    if flaws or overall is None:
        return None, flaws
    return Appraisal(form.target, answers, domains, overall), []


@dataclass(frozen=True, slots=True)
class Cast:
    """An appraisal as it stands in the ledger."""

    id: int
    person: str
    kind: Kind
    appraisal: Appraisal

    @property
    def stands(self) -> bool:
        """Whether it is one assessor's; a consensus settles theirs."""
        return self.kind is Kind.ASSESSOR


def assessed(cast: Sequence[Cast]) -> dict[str, Appraisal]:
    """Return each assessor's newest appraisal, in the order of their first."""
    return {person: one.appraisal for person, one in newest(cast).items()}


def judgements_of(appraisal: Appraisal) -> dict[str, str]:
    """Return the judgements of an appraisal by domain, the overall one last."""
    found = {key: judged.judgement for key, judged in appraisal.domains.items()}
    return {**found, OVERALL: appraisal.overall.judgement}


def standing(cast: Sequence[Cast], *, required: int = ASSESSORS) -> tuple[State, Appraisal | None]:
    """Return what the appraisals of a target amount to, and the one that counts.

    Parameters
    ----------
    cast : sequence of Cast
        All of one target by one tool, in order of time.
    required : int
        How many assessors a result needs.

    Returns
    -------
    state : State
        A consensus counts before all; without one, assessors whose judgements of every domain and
        overall are equal agree, even where answers to single questions differ.
    appraisal : Appraisal or None
        None while it is awaited or in conflict.
    """
    decided = [c.appraisal for c in cast if c.kind is Kind.CONSENSUS]
    if decided:
        return State.CONSENSUS, decided[-1]
    own = list(newest(cast).values())
    found = outcome(
        own, required=required, by=lambda c: frozenset(judgements_of(c.appraisal).items())
    )
    if found is not Outcome.AGREED:
        return State(found), None
    return State.SINGLE if len(own) == 1 else State.AGREED, own[0].appraisal


def shows_others(cast: Sequence[Cast], *, required: int = ASSESSORS) -> bool:
    """Whether what others judged may be shown: not before all assessors have judged."""
    return standing(cast, required=required)[0] is not State.AWAITING


def seen_by(cast: Sequence[Cast], viewer: str, *, required: int = ASSESSORS) -> list[Cast]:
    """Return the appraisals of a target that a person may see: a consensus ends the blindness."""
    settled = any(not c.stands for c in cast)
    return visible(cast, viewer, required=required, settled=settled)


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that assessors filled in differently; None is no answer."""

    cell: str
    values: Mapping[str, str | None]


def differences(cast: Sequence[Cast]) -> list[Difference]:
    """Return the cells in which assessors differ: questions first, then judgements."""
    own = assessed(cast)
    if len(own) < 2:
        return []
    numbers = list(dict.fromkeys(n for a in own.values() for n in a.answers))
    answered = {
        number: {
            person: a.answers[number].answer.value if number in a.answers else None
            for person, a in own.items()
        }
        for number in numbers
    }
    keys = list(dict.fromkeys(k for a in own.values() for k in judgements_of(a)))
    judged = {key: {person: judgements_of(a).get(key) for person, a in own.items()} for key in keys}
    cells: dict[str, dict[str, str | None]] = {**answered, **judged}
    return [Difference(c, values) for c, values in cells.items() if len({*values.values()}) > 1]


def judgement_of(
    settled: Mapping[Target, Settled],
    *,
    study: str,
    outcome: str | None = None,
    instrument: str | None = None,
    timepoint: str | None = None,
) -> Settled | None:
    """Return the judgement for a result: the narrowest target that holds it.

    An appraisal of the outcome at this timepoint by this instrument comes before one of the
    instrument, that before one of the timepoint, that before one of the whole outcome, and that
    before one of the study. None says that nobody judged it, or that it is not settled.
    """
    for target in (
        Target(study, outcome, instrument, timepoint),
        Target(study, outcome, instrument, None),
        Target(study, outcome, None, timepoint),
        Target(study, outcome, None, None),
        Target(study),
    ):
        if target in settled:
            return settled[target]
    return None
