"""The manuscript bundle: everything that authors take out of a review, in one folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy.orm import Session

from review.export.contents.registry import Collection, collect
from review.export.files import DATA, Format, write_tables
from review.export.manuscript.checklists import checklists_of
from review.export.manuscript.facts import Facts, facts_of
from review.export.manuscript.figures import Drawing, drawings
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
from review.export.manuscript.writing import manuscript
from review.export.printing import NumberStyle
from review.export.tables import Table
from review.protocol.models import Review


class DocumentFormat(StrEnum):
    """A kind of file that the manuscript is written to."""

    DOCX = "docx"
    QMD = "qmd"


@dataclass(frozen=True, slots=True)
class Material:
    """All that a bundle is written from, read in one transaction."""

    facts: Facts
    tables: Collection


def material_of(session: Session, review: Review) -> Material:
    """Read what a bundle needs; raise NotFoundError where nothing is planned."""
    facts = facts_of(session, review)
    runs = [analysed.latest for analysed in facts.analysed]
    return Material(facts, collect(session, review, runs))


def write_bundle(
    material: Material,
    folder: Path,
    *,
    style: NumberStyle = NumberStyle.APA,
    formats: Sequence[DocumentFormat] = tuple(DocumentFormat),
) -> Iterator[list[Path]]:
    """Write the bundle part by part into a folder, which is made where it does not exist.

    Parameters
    ----------
    material : Material
        From `material_of`.
    folder : Path
        Files of the same names are replaced; others are left alone.
    style : NumberStyle
        Of all numbers for print.
    formats : sequence of DocumentFormat
        Of the manuscript; figures, tables and checklists come with either.

    Yields
    ------
    list of Path
        The files of each part once they are written: figures, documents, tables, checklists. The
        same state of the database gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    drawn = list(drawings(material.facts, style))
    yield list(_figures(drawn, folder / "figures"))
    document = manuscript(
        material.facts,
        material.tables.printed,
        {drawing.block.name: drawing.block for drawing in drawn},
        style=style,
    )
    if DocumentFormat.DOCX in formats:
        yield [_bytes(folder / "manuscript.docx", render_word(document, style))]
    if DocumentFormat.QMD in formats:
        yield [
            _text(folder / "manuscript.qmd", render_quarto(document, style)),
            _text(folder / FILTER, LUA),
            _text(folder / BIBLIOGRAPHY, literature_json(document)),
        ]
    yield [_text(folder / NUMBERS, numbers_json(document))]
    yield _tables(material.tables, folder / "tables", style)
    yield write_checklists(material.facts, folder / "checklists", style=style)


def write_checklists(
    facts: Facts,
    folder: Path,
    formats: Sequence[Format] = tuple(Format),
    *,
    style: NumberStyle = NumberStyle.APA,
) -> list[Path]:
    """Write PRISMA 2020, PRISMA-LSR and AMSTAR 2 in each format asked for."""
    return list(write_tables(checklists_of(facts), folder, formats, style=style))


def _figures(drawn: Sequence[Drawing], folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    for drawing in drawn:
        for file_format, content in drawing.files.items():
            yield _bytes(folder / f"{drawing.block.name}.{file_format.value}", content)


def _tables(tables: Collection, folder: Path, style: NumberStyle) -> list[Path]:
    by_format: dict[Format, Mapping[str, Table]] = {
        name: tables.data if name in DATA else tables.printed for name in Format
    }
    return [
        path
        for name, chosen in by_format.items()
        for path in write_tables(chosen, folder, [name], style=style)
    ]


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _text(path: Path, content: str) -> Path:
    return _bytes(path, content.encode("utf-8"))
