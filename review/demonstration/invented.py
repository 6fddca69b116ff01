"""A small invented review at work: something waits at every step, and all of it is synthetic."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Set
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

from review.citations import duplicates, pair_queries, queries
from review.citations.actions import SearchSpec, add_search, import_batch
from review.citations.files import CitationFile
from review.citations.formats.reading import read_citations
from review.citations.vocabulary import Verdict as Sameness
from review.demonstration import records
from review.demonstration.pdfs import page_of
from review.demonstration.steps import Step, Story
from review.demonstration.trial_report import trial_report
from review.export.site.kept import kept_now
from review.extraction.actions import define_field, import_extraction
from review.extraction.appraisal.actions import adopt_tool, appraise, settle
from review.extraction.appraisal.catalogue import shipped_tool
from review.extraction.appraisal.certainty import rate_certainty
from review.extraction.appraisal.form import Answered, Form, Target
from review.extraction.appraisal.grade import Step as Lowering
from review.extraction.appraisal.vocabulary import Answer, Consideration, Design
from review.extraction.assigning.actions import share_out
from review.extraction.consensus import reach_consensus, resolve, sides
from review.extraction.fields import FieldKind, FieldLevel, FieldSpec
from review.extraction.files import read_extraction
from review.extraction.linking.actions import link_report
from review.extraction.pdfs import add_pdf
from review.extraction.queries import reports, study_called
from review.extraction.rows import NumberedRow
from review.extraction.rules import ExtractionRow
from review.extraction.vocabulary import EntryKind, Taken
from review.living.job.schedule import set_mode, set_search
from review.living.releases.releases import ReleaseSpec, create_release
from review.people.actions import add_person, person_called
from review.people.rules import Role
from review.protocol.actions import take_protocol
from review.protocol.files import read_protocol
from review.screening.actions import adjudicate, decide
from review.screening.choices import Choice
from review.screening.conduct import add_reason, close_pilot, open_pilot
from review.screening.guidance.actions import add_note, put_label, set_criteria, set_terms
from review.screening.guidance.vocabulary import TermKind
from review.screening.retrieval import Pdf, note_retrieval
from review.screening.vocabulary import RetrievalOutcome, Stage, Verdict

NAME: Final = "invented"
A: Final = "Demonstration reviewer A"
B: Final = "Demonstration reviewer B"
C: Final = "Demonstration adjudicator C"
_PEOPLE: Final = {
    A: Role.REVIEWER,
    B: Role.REVIEWER,
    C: Role.ADJUDICATOR,
    "Demonstration statistician": Role.STATISTICIAN,
    "Demonstration viewer": Role.VIEWER,
}
_REASONS: Final = ("wrong population", "no comparison face to face", "no outcome of interest")
_TOOL: Final = "rob2-parallel"
_FIELDS: Final = (
    FieldSpec(
        "blind_raters", FieldLevel.STUDY, "Raters were blind", FieldKind.CHOICE,
        ("yes", "no", "self-reports alone"), help="To the arm, as the report says it.", place=1,
    ),
    FieldSpec(
        "dropout", FieldLevel.ARM, "Share that dropped out", FieldKind.NUMBER, lowest=0.0,
        highest=1.0, help="Between randomisation and the last assessment.", place=1,
    ),
)  # fmt: skip
"""What the invented review records beside what every review does."""

_MAIN: Final = range(1, records.TRIALS + 1)
_EXTRA: Final = range(records.TRIALS + 1, records.TRIALS + 3)
"""Second reports of the first trials."""
_MISLED: Final = range(11, 17)
"""Records that look as if they belonged, until somebody reads them."""


def tell(story: Story, released: Path) -> None:
    """Make the review; its release is written to the folder `released`."""
    _begin(story)
    _search(story)
    _screen_titles(story)
    _read_full_texts(story)
    _extract(story)
    _appraise(story)
    story.pool(12)
    _agree(story, 9, 4)
    _agree(story, 8.5, 6, most=1)
    story.pool(8)
    _rate(story)
    story.pool(6.5)
    with story.step(6, "first release of the demonstration") as step:
        spec = ReleaseSpec("1.0", "first release of the demonstration (synthetic data)")
        create_release(
            step.session, step.review, spec, folder=released, now=step.now,
            shown=kept_now(step.session, step.review),
        )  # fmt: skip
    _search_again(story)
    _await_entry(story)


def _data(name: str) -> Path:
    return Path(str(files("review.demonstration") / "data" / name))


def _begin(story: Story) -> None:
    with story.making(80, "an invented review, for demonstration") as (session, now):
        take_protocol(session, read_protocol(_data("protocol.yaml")), owner=story.person, now=now)
    with story.step(80) as step:
        for name, role in _PEOPLE.items():
            add_person(
                step.session, step.review.id, name, role=role, actor=story.person, is_new=True
            )
        for reason in _REASONS:
            add_reason(step.session, step.review, reason)
        set_criteria(
            step.session, step.review, include=_WANTED, exclude=_UNWANTED[:2], now=step.now
        )
        for name, kind, terms in _TERMS:
            set_terms(step.session, step.review, name, kind=kind, terms=terms)
        adopt_tool(step.session, step.review, shipped_tool(_TOOL), now=step.now)
        for field in _FIELDS:
            define_field(step.session, step.review, field, now=step.now)
        set_mode(
            step.session, step.review, update_when="a search finds an eligible trial",
            retire_when="the question is settled (it is invented)",
        )  # fmt: skip

    with story.step(71, "students were asked about (synthetic)") as step:
        set_criteria(step.session, step.review, include=_WANTED, exclude=_UNWANTED, now=step.now)


_WANTED: Final = (
    "Population: adults with panic disorder (invented)",
    "Intervention: cognitive behavioural therapy by video",
    "Comparison: the same therapy face to face",
    "Outcome: panic severity or working alliance, reported by clients or therapists",
    "Design: randomised trials",
)
_UNWANTED: Final = (
    "Protocols without results",
    "Waiting lists or usual care as the only comparison",
    "Students who were not treated",
)
_TERMS: Final = (
    ("design", TermKind.INCLUDE, ("random*", "trial", "controlled")),
    ("delivery", TermKind.INCLUDE, ("video*", "face to face", "telehealth")),
    ("other designs", TermKind.EXCLUDE,
     ("qualitative study", "cohort study", "case series", "study protocol", "survey")),
    ("what is treated", TermKind.OTHER, ("panic disorder", "working alliance")),
)  # fmt: skip


def _search(story: Story) -> None:
    with story.step(75, "searches of two invented indexes") as step:
        _import(step, "Invented Index", "invented-index.ris", records.first_search())
        _import(step, "Other Invented Index", "other-index.ris", records.second_search())
    with story.step(74, "comparison of new records") as step:
        _compare(step)
    with story.step(73, "the pages of both show it", by=A) as step:
        first = pair_queries.open_pairs(step.session, step.review)[0].pair.id
        duplicates.decide_pair(
            step.session, step.review, pair=first, verdict=Sameness.DUPLICATE, person=A,
            now=step.now, reason="same trial and authors (synthetic)",
        )  # fmt: skip


def _search_again(story: Story) -> None:
    with story.step(3, "the search brought up to date") as step:
        _import(step, "Invented Index", "invented-index-update.ris", records.third_search())
    with story.step(2.9, "comparison of new records") as step:
        _compare(step)


def _import(step: Step, source: str, name: str, content: bytes) -> None:
    spec = SearchSpec(
        source=source,
        ran_on=step.now.date().isoformat(),
        searched_by=step.person,
        platform="invented",
        strategy="1 panic disorder\n2 (video* or telehealth)\n3 1 and 2\n(synthetic strategy)",
        hits=content.count(b"ER  - "),
    )
    search = add_search(step.session, step.review, spec, now=step.now)
    reading = read_citations(content, file=name)
    file = CitationFile(name, content, hashlib.sha256(content).hexdigest())
    import_batch(step.session, step.review, reading, file=file, search=search, now=step.now)
    set_search(step.session, step.review, source, days=30, searched=step.now)


def _compare(step: Step) -> None:
    found = duplicates.compare_new_records(step.session, step.review)
    duplicates.store_comparisons(step.session, step.review, found, now=step.now)


def _ids(step: Step) -> dict[int, int]:
    """Return the record of each number of `records.title_of` that is no duplicate."""
    by_title = {
        r.title: r.id for r in reversed(queries.records_in_scope(step.session, step.review))
    }
    titles = {n: records.title_of(n) for n in range(1, 100)}
    return {n: by_title[title] for n, title in titles.items() if title in by_title}


def _decide(
    story: Story,
    days: float,
    who: str,
    said: Mapping[int, Verdict],
    stage: Stage,
    reasons: Mapping[int, str] = MappingProxyType({}),
) -> None:
    with story.step(days, by=who) as step:
        ids = _ids(step)
        choices = [
            Choice(ids[n], verdict, reasons.get(n) if verdict is Verdict.EXCLUDE else None)
            for n, verdict in said.items()
        ]
        decide(step.session, step.review, choices, stage=stage, handle=who, now=step.now)


def _adjudicate(story: Story, days: float, number: int, stage: Stage, note: str) -> None:
    with story.step(days, by=C) as step:
        choice = Choice(_ids(step)[number], Verdict.EXCLUDE, note=note)
        adjudicate(step.session, step.review, choice, stage=stage, handle=C, now=step.now)


_TITLES: Final = Stage.TITLE_ABSTRACT
_TEXTS: Final = Stage.FULL_TEXT
_SPLIT: Final = (18, 26, 34, 42)
"""Records that A includes and B does not, at title and abstract."""

_LATE: Final = 57
"""A record that B includes after the release: its full text is sought."""


_PILOT_SEED: Final = 3148
"""Draws a round of which both read all records, one of them otherwise."""


def _screen_titles(story: Story) -> None:
    wanted = {*_MAIN, *_EXTRA, *_MISLED}
    of_a, of_b = wanted | {*_SPLIT, _LATE}, wanted
    drawn = _draw_pilot(story)
    for who, days, included in ((A, 71.6, of_a), (B, 71.4, of_b)):
        _decide(story, days, who, _titles(drawn, included), _TITLES)
    with story.step(71, "both have read the pilot round") as step:
        close_pilot(step.session, step.review, stage=_TITLES, now=step.now)
    for who, days, most, included in ((A, 70.0, 60, of_a), (B, 69.5, 52, of_b)):
        for place, first in enumerate(range(1, most + 1, 13)):
            some = {*range(first, min(first + 13, most + 1))} - drawn
            _decide(story, days - 2 * place, who, _titles(some, included), _TITLES)
    with story.step(58.5, by=A) as step:
        ids, person = _ids(step), person_called(step.session, A)
        for number, label in (
            (18, "ask the authors"),
            (26, "ask the authors"),
            (34, "dissertation"),
        ):
            put_label(
                step.session, step.review, ids[number], label, stage=_TITLES, person=person,
                now=step.now,
            )  # fmt: skip
        add_note(
            step.session, step.review, ids[_SPLIT[2]],
            "The abstract says that some sessions were by video; the full text will tell.",
            stage=_TITLES, person=person, now=step.now,
        )  # fmt: skip
    for number in _SPLIT[:2]:
        _adjudicate(story, 58, number, _TITLES, "the comparison is with a waiting list (synthetic)")
    for days, who, part in (
        (5.0, A, range(61, 66)),
        (3.5, B, range(53, 57)),
        (1.2, A, range(66, 68)),
    ):
        _decide(story, days, who, dict.fromkeys(part, Verdict.EXCLUDE), _TITLES)
    _decide(story, 3.4, B, {_LATE: Verdict.INCLUDE}, _TITLES)


def _draw_pilot(story: Story) -> set[int]:
    """Open the pilot round; return its records by their numbers."""
    with story.step(72, "a pilot round before screening") as step:
        pilot = open_pilot(
            step.session, step.review, stage=_TITLES, size=10, reviewers=2, seed=_PILOT_SEED,
            now=step.now,
        )  # fmt: skip
        return {n for n, record in _ids(step).items() if record in pilot.record_ids}


def _titles(numbers: Iterable[int], included: Set[int]) -> dict[int, Verdict]:
    """Return what somebody says of titles who includes some."""
    return {n: Verdict.INCLUDE if n in included else Verdict.EXCLUDE for n in sorted(numbers)}


def _read_full_texts(story: Story) -> None:
    *sought, missing = (*_MAIN, *_EXTRA, *_MISLED)
    entered = read_extraction(_data("entry-a.csv"))
    quotes = {
        n: [str(r.row.quote) for r in entered if r.row.study == records.label_of(n)] for n in _MAIN
    }
    for number in sought:
        lines = records.report_of(number, quotes.get(number, ()))
        with story.step(50, "full text obtained", by=A) as step:
            pdf = Pdf(f"invented-{number:03d}.pdf", page_of(lines))
            note_retrieval(
                step.session, step.review, [_ids(step)[number]], handle=A, now=step.now, pdf=pdf,
                outcome=RetrievalOutcome.RETRIEVED,
            )  # fmt: skip
    with story.step(49, by=A) as step:
        note_retrieval(
            step.session, step.review, [_ids(step)[missing]], handle=A, now=step.now,
            outcome=RetrievalOutcome.NOT_RETRIEVED, reason="in no library (it is invented)",
        )  # fmt: skip
    include, exclude = Verdict.INCLUDE, Verdict.EXCLUDE
    why = {11: _REASONS[0], 12: _REASONS[1], 13: _REASONS[1], 14: _REASONS[2]}
    by_a = {**dict.fromkeys((*_MAIN, *_EXTRA), include), **dict.fromkeys((11, 12, 13), exclude)}
    by_b = {n: verdict for n, verdict in by_a.items() if n != records.TRIALS}
    _decide(story, 45, A, {**by_a, 14: include, 15: include}, _TEXTS, why)
    _decide(story, 44, B, {**by_b, 14: exclude}, _TEXTS, why)


def _extract(story: Story) -> None:
    *trials, _ = _MAIN
    with story.step(40, "reports sorted by study", by=A) as step:
        ids = _ids(step)
        for number in (*trials, *_EXTRA):
            link_report(
                step.session, step.review, ids[number],
                records.label_of(number if number in trials else number - records.TRIALS),
                handle=A, now=step.now, new=number in trials, distinct=True,
            )  # fmt: skip
    with story.step(39, "who enters which trial") as step:
        share_out(step.session, step.review, [A, B], now=step.now)
    _enter(story, 36, A, "entry-a.csv", {records.label_of(n) for n in trials})
    _enter(story, 33, B, "entry-b.csv", {records.label_of(n) for n in trials[:6]})
    _enter(story, 32, B, "entry-b.csv", {records.label_of(trials[6])}, draft=True)
    for number in (1, 2, 3, 5):
        _agree(story, 25, number)


def _enter(
    story: Story, days: float, who: str, name: str, studies: set[str], *, draft: bool = False
) -> None:
    rows = [row for row in read_extraction(_data(name)) if row.row.study in studies]
    with story.step(days, "blind entry", by=who) as step:
        import_extraction(
            step.session, step.review, rows, file=name, person=who, kind=EntryKind.BLIND,
            finished=None if draft else step.now,
        )  # fmt: skip


def _await_entry(story: Story) -> None:
    """A trial whose report is there, and nothing of it entered: to try the page with."""
    label = f"{records.label_of(records.TRIALS + 1)} (to be entered)"
    row = ExtractionRow(study=label, year=2026, citation="Nobody 2026, invented trial report")
    with story.step(2, "a report that waits to be entered") as step:
        import_extraction(
            step.session, step.review, [NumberedRow(1, row)], file="by hand", person=step.person
        )
        study = study_called(step.session, step.review, label)
        (report,) = reports(step.session, [study.id])
        add_pdf(
            step.session, step.review, report.id, Pdf("invented-trial.pdf", trial_report()),
            person=step.person, now=step.now,
        )  # fmt: skip


def _agree(story: Story, days: float, number: int, *, most: int | None = None) -> None:
    """Decide `most` of the cells in which A and B differ, all by default, as A has them."""
    with story.step(days, "consensus of A and B", by=C) as step:
        found = sides(step.session, step.review, records.label_of(number))
        for cell in found.open[:most]:
            resolve(
                step.session, step.review, found, cell.id, taken=Taken.FIRST, person=C,
                now=step.now, reason="as the report has it (synthetic)",
            )  # fmt: skip
        if most is None:
            found = sides(step.session, step.review, records.label_of(number))
            reach_consensus(step.session, step.review, found, person=C, now=step.now)


_LOW: Final = {
    "1.1": "Y", "1.2": "PY", "1.3": "N", "2.1": "N", "2.2": "PN", "2.6": "Y", "3.1": "Y",
    "4.1": "N", "4.2": "N", "4.3": "PN", "5.1": "Y", "5.2": "N", "5.3": "N",
}  # fmt: skip
"""Answers of a result at low risk of bias in every domain."""


def _appraisal(number: int, **changed: str) -> Form:
    answers = {**_LOW, **{name[1:].replace("_", "."): said for name, said in changed.items()}}
    return Form(
        Target(records.label_of(number), "panic"),
        {q: Answered(Answer(said), "synthetic report") for q, said in answers.items()},
    )


def _appraise(story: Story) -> None:
    unsure = {"q1_2": "NI"}
    forms = {
        A: [_appraisal(1), _appraisal(2, **unsure), _appraisal(3), _appraisal(4)],
        B: [_appraisal(1), _appraisal(2), _appraisal(3, **unsure)],
    }
    for days, (who, given) in zip((20, 18), forms.items(), strict=True):
        with story.step(days, "risk of bias", by=who) as step:
            for form in given:
                appraise(step.session, step.review, _TOOL, form, handle=who, now=step.now)
    with story.step(16, "concealment is not described", by=C) as step:
        settle(
            step.session, step.review, _TOOL, _appraisal(2, **unsure), handle=C, now=step.now,
            reason="the report does not describe concealment (synthetic)",
        )  # fmt: skip


def _rate(story: Story) -> None:
    with story.step(7, "certainty of the evidence") as step:
        rate_certainty(
            step.session, step.review, "panic", handle=story.person, now=step.now,
            design=Design.RANDOMISED, run_number=2, note="synthetic data",
            steps={
                Consideration.IMPRECISION: Lowering(-1, "five small trials (synthetic)"),
                Consideration.RISK_OF_BIAS: Lowering(-1, "concealment is unclear (synthetic)"),
            },
        )  # fmt: skip
