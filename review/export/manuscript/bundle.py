"""The manuscript bundle: everything that authors take out of a review, in one folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from enum import StrEnum
from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from review.export.contents.registry import collect, write_collection
from review.export.manuscript.checklists import checklists_of
from review.export.manuscript.document import Manuscript
from review.export.manuscript.facts import Facts, facts_of
from review.export.manuscript.figures import drawings
from review.export.manuscript.quarto import (
    BIBLIOGRAPHY,
    FILTER,
    LUA,
    NUMBERS,
    literature_json,
    numbers_json,
    render_quarto,
)
from review.export.manuscript.word import render_word
from review.export.manuscript.writing import manuscript, supplement
from review.export.reproduction.bibliography import bibliography
from review.export.reproduction.folder import write_reproduction
from review.export.reproduction.references import included_references
from review.export.tables.model import Table
from review.export.tables.printing import NumberStyle
from review.export.tables.writers.files import Format, write_tables
from review.export.tracing.provenance import write_provenance
from review.figures.saving import load
from review.protocol.models import Review


class DocumentFormat(StrEnum):
    """A kind of file that the manuscript is written to."""

    DOCX = "docx"
    QMD = "qmd"


CITATION_STYLES: Final = {
    NumberStyle.APA: "apa", NumberStyle.AMA: "ama", NumberStyle.COCHRANE: "vancouver"
}  # fmt: skip
"""The citation style that goes with a style of numbers."""

Exported = dict[Path, Mapping[str, Table]]
"""Files with the tables that they hold, as `write_provenance` takes them."""


def write_bundle(
    session: Session,
    review: Review,
    folder: Path,
    *,
    style: NumberStyle = NumberStyle.APA,
    formats: Sequence[DocumentFormat] = tuple(DocumentFormat),
    executor: Executor | None = None,
) -> Iterator[list[Path]]:
    """Write the bundle part by part into a folder, which is made where it does not exist.

    Parameters
    ----------
    session, review
        What the bundle is about.
    folder : Path
        Files of the same names are replaced; others are left alone.
    style : NumberStyle
        Of all numbers for print, and of the references.
    formats : sequence of DocumentFormat
        Of the manuscript; figures, tables and checklists come with either.
    executor : Executor or None
        What makes files of figures beside this process; None for this process alone. They are the
        same bytes.

    Yields
    ------
    list of Path
        The files of each part once they are written: tables, checklists, reproduction, figures,
        documents. The same state of the database gives the same bytes. In each
        folder ``provenance.json`` says where its numbers come from.

    Raises
    ------
    NotFoundError
        Where nothing is planned.
    """
    if executor is not None:
        executor.submit(load)
    facts = facts_of(session, review)
    figures = drawings(session, review, facts, style, executor)  # workers begin with them
    tables = collect(session, review, [analysed.latest for analysed in facts.analysed])
    included = included_references(session, review)
    folder.mkdir(parents=True, exist_ok=True)

    def told(
        exported: Exported, texts: Mapping[str, Sequence[Sequence[str]]] | None = None
    ) -> list[Path]:
        place = next(iter(exported)).parent
        return [*exported, write_provenance(session, place, exported, texts=texts or {})]

    if tables.data:
        yield told(write_collection(tables, folder / "tables", style=style, zipped=True))
    yield write_checklists(facts, folder / "checklists", style=style)
    written = write_reproduction(
        session, review, folder / "reproduction", style=CITATION_STYLES[style]
    )
    if written:
        yield written
    document = manuscript(facts, tables.printed, figures.shown, style=style)
    more = supplement(
        facts,
        tables.printed,
        figures.shown,
        included=bibliography(included, CITATION_STYLES[style]).splitlines(),
        beside=figures.supplement,
    )
    # what is shown is there by now; documents are made while workers make the rest
    documents = _documents({"manuscript": document, "supplement": more}, style, formats)
    if figures.drawn:
        yield told(_written(figures.files(), folder / "figures"), figures.texts())
    yield told(_written(documents, folder))
    yield _beside(document, folder, formats)


def write_checklists(
    facts: Facts,
    folder: Path,
    formats: Sequence[Format] = tuple(Format),
    *,
    style: NumberStyle = NumberStyle.APA,
) -> list[Path]:
    """Write PRISMA 2020, PRISMA-LSR and AMSTAR 2 in each format asked for."""
    made = {n: facts.spelling.table(t, cells=True) for n, t in checklists_of(facts).items()}
    return list(write_tables(made, folder, formats, style=style, together="checklists"))


def _documents(
    documents: Mapping[str, Manuscript], style: NumberStyle, formats: Sequence[DocumentFormat]
) -> dict[str, bytes]:
    made = {}
    for name, document in documents.items():
        if DocumentFormat.DOCX in formats:
            made[f"{name}.docx"] = render_word(document, style)
        if DocumentFormat.QMD in formats:
            made[f"{name}.qmd"] = render_quarto(document, style).encode()
    return made


def _written(files: Mapping[str, bytes], folder: Path) -> Exported:
    folder.mkdir(exist_ok=True)
    return {_bytes(folder / name, content): {} for name, content in files.items()}


def _beside(document: Manuscript, folder: Path, formats: Sequence[DocumentFormat]) -> list[Path]:
    """Write the numbers of the text, and what Quarto needs to render it."""
    written = [_text(folder / NUMBERS, numbers_json(document))]
    if DocumentFormat.QMD in formats:
        written.append(_text(folder / FILTER, LUA))
        written.append(_text(folder / BIBLIOGRAPHY, literature_json(document)))
    return written


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _text(path: Path, content: str) -> Path:
    return _bytes(path, content.encode("utf-8"))
