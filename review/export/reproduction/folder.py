"""Scripts and references of a review in one folder, as other exports bring them along."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy.orm import Session

from review.export.reproduction.bibliography import Markup, bibliography
from review.export.reproduction.references import REFERENCES, included_references
from review.export.reproduction.script import write_scripts
from review.export.runs import latest_runs
from review.protocol.models import Review

_SUFFIXES: Final = {"csl-json": "json", "ris": "ris", "bibtex": "bib"}
_PAGES: Final = {Markup.TEXT: "txt", Markup.HTML: "html", Markup.MARKDOWN: "md"}


def write_reproduction(
    session: Session, review: Review, folder: Path, *, style: str = "apa"
) -> list[Path]:
    """Write what lets others check a review: scripts with their data, and references.

    Parameters
    ----------
    session, review
        To read from.
    folder
        Made if it is not there; files of the same names are replaced.
    style
        Of the bibliography, as `bibliography` takes it.

    Returns
    -------
    list of Path
        ``reproduce.R``, ``reproduce.py`` and their data where there are runs;
        ``references.json``, ``.ris`` and ``.bib``, ``bibliography.txt``, ``.html`` and ``.md``
        where included studies have reports.
    """
    folder.mkdir(parents=True, exist_ok=True)
    runs = latest_runs(session, review)
    written = write_scripts(review.title, runs, folder) if runs else []
    found = included_references(session, review)
    if not found:
        return written
    texts = {
        f"references.{_SUFFIXES[name]}": write([reference.entry for reference in found], ())
        for name, write in REFERENCES.items()
    }
    for markup, suffix in _PAGES.items():
        texts[f"bibliography.{suffix}"] = bibliography(found, style, markup)
    for name, text in texts.items():
        path = folder / name
        path.write_bytes(text.encode())
        written.append(path)
    return written
