"""Appraisals as CSV files: the long form with every answer, and robvis' table of judgements."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from review.errors import FileError, InvalidDataError, Problem
from review.extraction.appraisal.form import Answered, Appraisal, Form, Stated, Target
from review.extraction.appraisal.rules import OVERALL, Cast, assessed, judgements_of
from review.extraction.appraisal.tool import Tool
from review.extraction.appraisal.vocabulary import Answer
from review.tabular.formulas import guarded
from review.tabular.header import Columns, Others
from review.tabular.numbers import Kind
from review.tabular.reading import bytes_of, read_table
from review.tabular.table import Read, Table

TARGET_COLUMNS: Final = ("study", "outcome", "instrument", "timepoint")
COLUMNS: Final = (
    *TARGET_COLUMNS, "domain", "item", "question", "assessors", "answer", "support",
)  # fmt: skip
FILLED_IN: Final = ("study", "domain", "item", "answer")
"""Columns that a file must have; `question` and `assessors` are for the reader alone."""

JUDGEMENT: Final = "judgement"
"""The item that is no question: the domain's judgement, empty where the algorithm's is right."""


def _table(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([guarded(cell or "") for cell in row] for row in rows)
    return out.getvalue()


@dataclass
class _Lines:
    """The lines of one target on their way into the long form."""

    tool: Tool
    target: Target
    answers: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    stated: dict[str, tuple[str, str | None]] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def rows(self) -> Iterable[tuple[str | None, ...]]:
        where = (
            self.target.study, self.target.outcome, self.target.instrument, self.target.timepoint,
        )  # fmt: skip
        for domain in self.tool.domains:
            for q in domain.questions:
                text = f"{q.text} (if {q.only_if})" if q.only_if else q.text
                given = self.answers.get(q.number, ("", None))
                yield *where, domain.key, q.number, text, self.said.get(q.number), *given
            given = self.stated.get(domain.key, ("", None))
            yield *where, domain.key, JUDGEMENT, domain.name, self.said.get(domain.key), *given
        given = self.stated.get(OVERALL, ("", None))
        yield *where, OVERALL, JUDGEMENT, "Overall", self.said.get(OVERALL), *given


def blank_form(tool: Tool, targets: Sequence[Target]) -> str:
    """Return the long form of some targets, to be filled in."""
    return _table(COLUMNS, (row for t in targets for row in _Lines(tool, t).rows()))


def filled_form(appraisals: Iterable[tuple[Tool, Appraisal]]) -> str:
    """Return complete appraisals in the long form; reading it gives the same appraisals.

    Judgements stand there whether or not they are the algorithm's.
    """
    rows: list[tuple[str | None, ...]] = []
    for tool, appraisal in appraisals:
        lines = _Lines(tool, appraisal.target)
        lines.answers = {n: (a.answer.value, a.support) for n, a in appraisal.answers.items()}
        lines.stated = {
            key: (tool.judgement(j.judgement).label, j.support)
            for key, j in {**appraisal.domains, OVERALL: appraisal.overall}.items()
        }
        rows += lines.rows()
    return _table(COLUMNS, rows)


def consensus_form(tool: Tool, cast: Sequence[Cast]) -> str:
    """Return the form for a consensus: equal cells carried over, the rest left to be decided.

    The column ``assessors`` says what each of them said where they differ.
    """
    own = assessed(cast)
    if not own:
        return _table(COLUMNS, ())
    first = next(iter(own.values()))
    lines = _Lines(tool, first.target)
    for number in dict.fromkeys(n for a in own.values() for n in a.answers):
        given = {p: a.answers.get(number) for p, a in own.items()}
        values = {p: g.answer.value if g else "not asked" for p, g in given.items()}
        if len({*values.values()}) == 1:
            supports = dict.fromkeys(g.support for g in given.values() if g and g.support)
            lines.answers[number] = (values[next(iter(own))], " / ".join(supports) or None)
        else:
            lines.said[number] = "; ".join(f"{p} {v}" for p, v in values.items())
    for key in judgements_of(first):
        judged = {p: ({**a.domains, OVERALL: a.overall})[key] for p, a in own.items()}
        labels = {p: tool.judgement(j.judgement).label for p, j in judged.items()}
        stated = any(j.judgement != j.proposed for j in judged.values())
        if len({*labels.values()}) > 1:
            lines.said[key] = "; ".join(f"{p} {label}" for p, label in labels.items())
        elif stated:
            supports = dict.fromkeys(j.support for j in judged.values() if j.support)
            lines.stated[key] = (labels[next(iter(own))], " / ".join(supports) or None)
    return _table(COLUMNS, lines.rows())


_FORM: Final = Columns(
    dict.fromkeys(COLUMNS, Kind.TEXT),
    FILLED_IN,
    synonyms={
        "judgment": "answer", "rating": "answer", "comment": "support", "quote": "support",
        "reason": "support", "number": "item", "trial": "study", "time": "timepoint",
    },
    form="the form of review rob template",
    listed_by=f"the form has {', '.join(COLUMNS)}",
)  # fmt: skip


def _opened(path: Path, columns: Columns, sheet: str | None) -> Table:
    return read_table(bytes_of(path), columns, file=str(path), sheet=sheet)


@dataclass
class _Reading:
    """One target's lines on their way out of the long form."""

    answers: dict[str, Answered] = field(default_factory=dict)
    domains: dict[str, Stated] = field(default_factory=dict)
    lines: dict[str | None, int] = field(default_factory=dict)


def _take(tool: Tool, cells: dict[str, str], into: _Reading) -> tuple[str, str] | None:
    """Take one line; return the column and what is wrong with it."""
    key, item = cells.get("domain", ""), cells.get("item", "")
    answer, support = cells.get("answer", ""), cells.get("support") or None
    domain = tool.domain(key)
    if domain is None and key != OVERALL:
        keys = ", ".join([*(d.key for d in tool.domains), OVERALL])
        return "domain", f"{tool.slug} has no domain {key!r} ({keys})"
    if item == JUDGEMENT:
        value = tool.value_called(answer) if answer else None
        if answer and value is None:
            labels = ", ".join(step.label for step in tool.scale)
            return "answer", f"{answer!r} is not on the scale ({labels})"
        if key in into.domains:
            return "item", f"the judgement of {key} appears twice"
        if value or support:
            into.domains[key] = Stated(value, support)
        return None
    if domain is None or item not in {q.number for q in domain.questions}:
        return "item", f"{key} has no question {item!r}"
    if item in into.answers:
        return "item", f"question {item} appears twice"
    if answer:
        try:
            into.answers[item] = Answered(Answer(answer.upper()), support)
        except ValueError:
            return "answer", f"{answer!r} is none of {', '.join(Answer)}"
    elif support:
        return "answer", f"question {item} has a support and no answer"
    return None


def read_forms(path: Path, tool: Tool, *, sheet: str | None = None) -> Read[Form]:
    """Read the long form, CSV or XLSX; raise FileError with every problem, by line and column."""
    table = _opened(path, _FORM, sheet)
    problems: list[Problem] = []
    found: dict[Target, _Reading] = {}
    for row in table.lines:
        line, cells = row.line, {name: cell.strip() for name, cell in row.cells.items()}
        if not cells["study"]:
            problems.append(table.problem(line, "study", "which study?"))
            continue
        target = Target(cells["study"], *(cells.get(name) or None for name in TARGET_COLUMNS[1:]))
        reading = found.setdefault(target, _Reading(lines={None: line}))
        item = cells.get("item", "")
        reading.lines[cells.get("domain", "") if item == JUDGEMENT else item] = line
        wrong = _take(tool, cells, reading)
        if wrong is not None:
            problems.append(table.problem(line, *wrong))
    if problems or table.problems:
        table.refuse(problems)
    forms = [
        Form(
            target,
            reading.answers,
            {key: stated for key, stated in reading.domains.items() if key != OVERALL},
            reading.domains.get(OVERALL, Stated()),
            reading.lines,
        )
        for target, reading in found.items()
    ]
    return Read(tuple(forms), table.remarks)


def robvis_table(appraisals: Sequence[tuple[Tool, Appraisal]]) -> str:
    """Return judgements as robvis reads them: ``Study,D1,…,Overall`` with the scale's labels.

    Targets of one study are told apart in the first column. Raises InvalidDataError for tools with
    different domains: robvis draws one tool at a time.
    """
    keys = {tuple(domain.key for domain in tool.domains) for tool, _ in appraisals}
    if len(keys) > 1:
        slugs = ", ".join(sorted({tool.slug for tool, _ in appraisals}))
        raise InvalidDataError(
            f"{slugs} have different domains; export one tool at a time, with --tool"
        )
    labels = [appraisal.target.study for _, appraisal in appraisals]
    rows = [
        [
            a.target.study if labels.count(a.target.study) == 1 else str(a.target),
            *(tool.judgement(value).label for value in judgements_of(a).values()),
        ]
        for tool, a in appraisals
    ]
    header = ["Study", *next(iter(keys), ()), OVERALL]
    return _table(header, rows)


def read_robvis(
    path: Path,
    tool: Tool,
    *,
    outcome: str | None = None,
    instrument: str | None = None,
    timepoint: str | None = None,
    sheet: str | None = None,
) -> Read[Form]:
    """Read a table of judgements in robvis' layout, one row a study.

    Parameters
    ----------
    path : Path
        CSV or XLSX: study, one column a domain in the tool's order, overall, and perhaps
        ``Weight``, which is left.
    tool : Tool
        Whose judgements they are; a cell is a label or value of its scale.
    outcome, instrument, timepoint : str, optional
        What of each study was judged.
    sheet : str, optional
        Which sheet of a workbook with several.

    Returns
    -------
    Read of Form
        Without answers; each judgement's support names the file.

    Raises
    ------
    FileError
        With every problem, by line and column.
    """
    keys = [domain.key for domain in tool.domains]
    wanted = dict.fromkeys(("Study", *keys, "Overall", "Weight"), Kind.TEXT)
    table = _opened(path, Columns(wanted, others=Others.KEPT), sheet)
    columns = [name for name in table.columns if name.casefold() != "weight"]
    if len(columns) != len(keys) + 2 or columns[-1].casefold() != "overall":
        reason = f"expected the columns Study, {', '.join(keys)}, Overall"
        raise FileError(str(path), [table.problem(table.header_line, None, reason)])
    middle = keys if set(keys) == set(columns[1:-1]) else columns[1:-1]
    where = dict(zip(keys, middle, strict=True)) | {OVERALL: columns[-1]}
    support = f"taken over from {path.name}"
    forms: dict[str, Form] = {}
    problems: list[Problem] = []
    for row in table.lines:
        line, cells = row.line, {name: cell.strip() for name, cell in row.cells.items()}
        study = cells[columns[0]]
        if not study or study in forms:
            reason = f"{study!r} appears twice" if study else "which study?"
            problems.append(table.problem(line, columns[0], reason))
            continue
        stated: dict[str, Stated] = {}
        for key, column in where.items():
            value = tool.value_called(cells[column])
            if value is None:
                labels = ", ".join(step.label for step in tool.scale)
                reason = f"{cells[column]!r} is not on the scale ({labels})"
                problems.append(table.problem(line, column, reason))
            stated[key] = Stated(value, support)
        overall = stated.pop(OVERALL)
        target = Target(study, outcome, instrument, timepoint)
        forms[study] = Form(target, {}, stated, overall, {None: line})
    if problems or table.problems:
        table.refuse(problems)
    return Read(tuple(forms.values()), table.remarks)
